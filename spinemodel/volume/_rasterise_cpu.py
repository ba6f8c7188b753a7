"""Rasterising on the CPU: one pass over the triangles, one over the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.volume import _columns
from spinemodel.volume._crossings import (
    add_edges,
    ascending,
    cell,
    chord,
    column_at_or_above,
    height,
    mark,
    may_cross,
    row_at_or_above,
)
from spinemodel.volume._threads import shares, side_by_side
from spinemodel.volume.grid import Shape

Int32Array: TypeAlias = NDArray[np.int32]

_sort_column = compiled(_columns.sort_column)
_sweep_column = compiled(_columns.sweep_column)


class Mesh(NamedTuple):
    """A mesh of snapped vertices, (n, 3) in 2^-16 voxels, and its faces."""

    vertices: Int32Array
    faces: IntArray


class Runs(NamedTuple):
    """First voxel, the one behind the last, and the rank of the mesh, of every run; and the ranks of open meshes."""

    start: IntArray
    stop: IntArray
    rank: IntArray
    open: tuple[int, ...]


def runs(meshes: Sequence[Mesh], shape: Shape) -> Runs:
    """Return the runs of voxels inside meshes; of meshes that overlap, the later has the voxel."""
    marked = [_marks(mesh.vertices) for mesh in meshes]
    found = side_by_side(
        lambda part: _crossings(meshes[part[0]], *marked[part[0]], *part, shape),
        [(rank, faces) for rank, mesh in enumerate(meshes) for faces in shares(len(mesh.faces))],
    )
    if not found:
        none = np.empty(0, dtype=np.int64)
        return Runs(none, none, none, ())
    sums = np.zeros(len(meshes), dtype=np.int64)
    np.add.at(sums, [part[0] for part in found], [part[1] for part in found])
    columns, keys = np.concatenate([part[2] for part in found]), np.concatenate([part[3] for part in found])
    places, ordered = _by_column(columns, keys, shape[0] * shape[1])
    return Runs(*_sweep(places, ordered, len(meshes), shape[2]), tuple(np.flatnonzero(sums).tolist()))


def _crossings(
    mesh: Mesh, marks: IntArray, cells: Int32Array, rank: int, faces: slice, shape: Shape
) -> tuple[int, int, Int32Array, IntArray]:
    """Return the rank, the sum of the edges, and column and key of every crossing of some faces of a mesh."""
    size = faces.stop - faces.start + 1024
    column, key = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int64)
    face, count = faces.start, 0
    while True:
        face, count = _collect(*mesh, cells, face, faces.stop, rank, *shape, column, key, count)
        if face == faces.stop:
            return rank, _edge_sum(mesh.faces[faces], marks), column[:count], key[:count]
        column, key = np.concatenate([column, np.empty_like(column)]), np.concatenate([key, np.empty_like(key)])


def _marks(vertices: Int32Array) -> tuple[IntArray, Int32Array]:
    """Return the mark and the cell of every vertex."""
    marks, cells = np.empty(len(vertices), dtype=np.int64), np.empty(len(vertices), dtype=np.int32)
    side_by_side(lambda part: _mark(vertices[part], marks[part], cells[part]), shares(len(vertices)))
    return marks, cells


@compiled
def _mark(vertices: Int32Array, marks: IntArray, cells: Int32Array) -> None:
    """Write the mark and the cell of every vertex."""
    for n in range(len(vertices)):
        u, v, w = int(vertices[n, 0]), int(vertices[n, 1]), int(vertices[n, 2])
        marks[n], cells[n] = mark(u, v, w), cell(u, v)


@compiled
def _edge_sum(faces: IntArray, marks: IntArray) -> int:
    """Return the sum of the edges of some faces; over a closed mesh it is zero."""
    total = 0
    for n in range(len(faces)):
        total = add_edges(total, marks[faces[n, 0]], marks[faces[n, 1]], marks[faces[n, 2]])
    return total


@compiled
def _collect(
    vertices: Int32Array,
    faces: IntArray,
    cells: Int32Array,
    face: int,
    end: int,
    rank: int,
    nx: int,
    ny: int,
    nz: int,
    column: Int32Array,
    key: IntArray,
    count: int,
) -> tuple[int, int]:
    """Write crossings from place ``count`` on; return the first face that found no room, and how many there are."""
    for n in range(face, end):
        p, q, r = faces[n, 0], faces[n, 1], faces[n, 2]
        before = count
        if may_cross(cells[p], cells[q], cells[r]):
            low, middle, high, turned = ascending(int(vertices[p, 0]), int(vertices[q, 0]), int(vertices[r, 0]))
            a, b, c = faces[n, low], faces[n, middle], faces[n, high]
            au, av, aw = int(vertices[a, 0]), int(vertices[a, 1]), int(vertices[a, 2])
            bu, bv, bw = int(vertices[b, 0]), int(vertices[b, 1]), int(vertices[b, 2])
            cu, cv, cw = int(vertices[c, 0]), int(vertices[c, 1]), int(vertices[c, 2])
            for i in range(max(row_at_or_above(au), 0), min(row_at_or_above(cu), nx)):
                v0, w0, v1, w1, swapped = chord(i, au, av, aw, bu, bv, bw, cu, cv, cw)
                first, last = max(column_at_or_above(v0), 0), min(column_at_or_above(v1), ny)
                if last - first > len(key) - count:
                    return n, before
                for j in range(first, last):
                    k = min(max(height(j, v0, w0, v1, w1), 0), nz)
                    column[count] = i * ny + j
                    key[count] = (k << 33) | (rank << 1) | (turned ^ swapped)
                    count += 1
    return end, count


@compiled
def _by_column(column: Int32Array, key: IntArray, n_columns: int) -> tuple[IntArray, IntArray]:
    """Return where each column's crossings begin, (n_columns + 1,), and the keys column by column (a counting sort)."""
    places = np.zeros(n_columns + 2, dtype=np.int64)
    for n in range(len(column)):
        places[column[n] + 2] += 1
    for n in range(2, n_columns + 2):
        places[n] += places[n - 1]
    ordered = np.empty_like(key)
    for n in range(len(column)):
        ordered[places[column[n] + 1]] = key[n]
        places[column[n] + 1] += 1
    return places[: n_columns + 1], ordered


@compiled
def _sweep(places: IntArray, keys: IntArray, n_meshes: int, nz: int) -> tuple[IntArray, IntArray, IntArray]:
    """Sort every column's crossings and return the runs of all."""
    start, stop, rank = np.empty_like(keys), np.empty_like(keys), np.empty_like(keys)
    winding = np.zeros(n_meshes, dtype=np.int64)
    n = 0
    for column in range(len(places) - 1):
        first, last = places[column], places[column + 1]
        if first < last:
            _sort_column(keys, first, last)
            n = _sweep_column(keys, first, last, winding, column * nz, start, stop, rank, n)
    return start[:n], stop[:n], rank[:n]
