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
    chord,
    column_at_or_above,
    height,
    may_cross,
    misses,
    row_at_or_above,
    u_of,
    v_of,
)
from spinemodel.volume._snap import Int32Array, Mesh
from spinemodel.volume._threads import shares, side_by_side
from spinemodel.volume.grid import Shape

Uint64Array: TypeAlias = NDArray[np.uint64]

_sort_column = compiled(_columns.sort_column)
_sweep_column = compiled(_columns.sweep_column)


class Runs(NamedTuple):
    """First voxel, the one behind the last, and the rank of the mesh, of every run; and the ranks of open meshes."""

    start: IntArray
    stop: IntArray
    rank: IntArray
    open: tuple[int, ...]


def runs(meshes: Sequence[Mesh], shape: Shape) -> Runs:
    """Return the runs of voxels inside meshes; of meshes that overlap, the later has the voxel."""
    found = side_by_side(
        lambda part: _crossings(meshes[part[0]], *part, shape),
        [(rank, faces) for rank, mesh in enumerate(meshes) for faces in shares(len(mesh.faces))],
    )
    sums = np.zeros(len(meshes), dtype=np.int64)
    np.add.at(sums, [part[0] for part in found], [part[1] for part in found])
    opened = tuple(np.flatnonzero(sums).tolist())
    if not any(len(part[2]) for part in found):
        none = np.empty(0, dtype=np.int64)
        return Runs(none, none, none, opened)
    columns, keys = np.concatenate([part[2] for part in found]), np.concatenate([part[3] for part in found])
    first = int(columns.min())
    places = _by_column(columns, keys, first, int(columns.max()))
    swept = side_by_side(
        lambda part: _sweep(*places, part.start, part.stop, first, len(meshes), shape[2]), shares(len(places[0]) - 1)
    )
    start, stop, rank = (np.concatenate(part) for part in zip(*swept, strict=True))
    return Runs(start, stop, rank, opened)


def _crossings(mesh: Mesh, rank: int, part: slice, shape: Shape) -> tuple[int, int, Int32Array, IntArray]:
    """Return the rank, the sum of the edges, and column and key of every crossing of some faces of a mesh."""
    faces = mesh.faces[part].reshape(-1).view(np.uint64)
    chosen = np.empty(part.stop - part.start, dtype=np.int32)
    edges, end = _choose(faces, mesh.places, mesh.marks, chosen)
    column, key = np.empty(end + 1024, dtype=np.int32), np.empty(end + 1024, dtype=np.int64)
    done, count = 0, 0
    while True:
        done, count = _collect(faces, mesh.places, mesh.heights, chosen[:end], done, rank, *shape, column, key, count)
        if done == end:
            return rank, edges, column[:count], key[:count]
        column, key = np.concatenate([column, np.empty_like(column)]), np.concatenate([key, np.empty_like(key)])


@compiled
def _choose(faces: Uint64Array, places: IntArray, marks: IntArray, chosen: Int32Array) -> tuple[int, int]:
    """Write which faces may cross a column; return the sum of the edges of all, and how many faces are written.

    Over a closed mesh the sum is zero. Most faces cross nothing, so this loop is most of the work: its arrays are flat
    and its indices without a sign, so that no place need be multiplied out or counted from an array's end.
    """
    edges, count = 0, 0
    for n in range(len(faces) // 3):
        p, q, r = faces[3 * n], faces[3 * n + 1], faces[3 * n + 2]
        edges = add_edges(edges, marks[p], marks[q], marks[r])
        a, b, c = places[p], places[q], places[r]
        if may_cross(a, b, c):
            chosen[count] = n
            count += not misses(a, b, c)  # Counted, since a branch could not be foretold.
    return edges, count


@compiled
def _collect(
    faces: Uint64Array,
    places: IntArray,
    heights: Int32Array,
    chosen: Int32Array,
    done: int,
    rank: int,
    nx: int,
    ny: int,
    nz: int,
    column: Int32Array,
    key: IntArray,
    count: int,
) -> tuple[int, int]:
    """Write crossings from place ``count`` on; return how many faces are done, and how many crossings there are.

    It stops at a face whose crossings find no room.
    """
    for m in range(done, len(chosen)):
        n, before = 3 * int(chosen[m]), count
        low, middle, high, turned = ascending(
            u_of(places[faces[n]]), u_of(places[faces[n + 1]]), u_of(places[faces[n + 2]])
        )
        a, b, c = faces[n + low], faces[n + middle], faces[n + high]
        au, av, aw = u_of(places[a]), v_of(places[a]), int(heights[a])
        bu, bv, bw = u_of(places[b]), v_of(places[b]), int(heights[b])
        cu, cv, cw = u_of(places[c]), v_of(places[c]), int(heights[c])
        for i in range(max(row_at_or_above(au), 0), min(row_at_or_above(cu), nx)):
            v0, w0, v1, w1, swapped = chord(i, au, av, aw, bu, bv, bw, cu, cv, cw)
            first, last = max(column_at_or_above(v0), 0), min(column_at_or_above(v1), ny)
            if last - first > len(key) - count:
                return m, before
            for j in range(first, last):
                k = min(max(height(j, v0, w0, v1, w1), 0), nz)
                column[count] = i * ny + j
                key[count] = (k << 33) | (rank << 1) | (turned ^ swapped)
                count += 1
    return len(chosen), count


@compiled
def _by_column(column: Int32Array, key: IntArray, first: int, last: int) -> tuple[IntArray, IntArray]:
    """Return where the crossings of each column from first to last begin, and the keys by column (a counting sort)."""
    places = np.zeros(last - first + 3, dtype=np.int64)
    for n in range(len(column)):
        places[column[n] - first + 2] += 1
    for n in range(2, len(places)):
        places[n] += places[n - 1]
    ordered = np.empty_like(key)
    for n in range(len(column)):
        at = column[n] - first + 1
        ordered[places[at]] = key[n]
        places[at] += 1
    return places[:-1], ordered


@compiled
def _sweep(
    places: IntArray, keys: IntArray, begin: int, end: int, above: int, n_meshes: int, nz: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Sort the crossings of some columns and return their runs; ``above`` columns come before the first of all."""
    size = places[end] - places[begin]
    start, stop, rank = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    winding = np.zeros(n_meshes, dtype=np.int64)
    n = 0
    for column in range(begin, end):
        first, last = places[column], places[column + 1]
        if first < last:
            _sort_column(keys, first, last)
            n = _sweep_column(keys, first, last, winding, (above + column) * nz, start, stop, rank, n)
    return start[:n], stop[:n], rank[:n]
