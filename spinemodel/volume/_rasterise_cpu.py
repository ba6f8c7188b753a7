"""Rasterising on the CPU: one pass over the triangles, one over the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.volume import _columns
from spinemodel.volume._crossings import (
    ascending,
    chord,
    column_at_or_above,
    height,
    may_cross,
    misses,
    row_at_or_above,
)
from spinemodel.volume._faces import Uint32Array
from spinemodel.volume._rasterise_staggered import Samples, crossings
from spinemodel.volume._snap import Int32Array, Mesh
from spinemodel.volume._threads import shares, side_by_side
from spinemodel.volume.grid import Shape

BLOCK: Final = 1024
"""Faces that are looked through at a time: they and their numbers stay in the first cache until their crossings are
found."""

_sort_column = compiled(_columns.sort_column)
_sweep_column = compiled(_columns.sweep_column)


class Runs(NamedTuple):
    """First voxel, the one behind the last, and the rank of the mesh, of every run."""

    start: IntArray
    stop: IntArray
    rank: IntArray


def runs(meshes: Sequence[Mesh], shape: Shape, samples: Samples | None = None) -> Runs:
    """Return the runs of voxels inside meshes; of meshes that overlap, the later has the voxel."""

    def found_by(rank: int, faces: slice) -> tuple[Int32Array, IntArray]:
        if samples:
            return crossings(meshes[rank], rank, faces, shape, samples)
        return _crossings(meshes[rank], rank, faces, shape)

    found = side_by_side(
        lambda part: found_by(*part),
        [(rank, faces) for rank, mesh in enumerate(meshes) for faces in shares(len(mesh.faces) // 3)],
    )
    if not any(len(column) for column, _ in found):
        return Runs(*np.empty((3, 0), dtype=np.int64))
    columns, keys = (np.concatenate(part) for part in zip(*found, strict=True))
    first = int(columns.min())
    places = _by_column(columns, keys, first, int(columns.max()))
    swept = side_by_side(
        lambda part: _sweep(*places, part.start, part.stop, first, len(meshes), shape[2]), shares(len(places[0]) - 1)
    )
    return Runs(*(np.concatenate(part) for part in zip(*swept, strict=True)))


def _crossings(mesh: Mesh, rank: int, part: slice, shape: Shape) -> tuple[Int32Array, IntArray]:
    """Return the column and the key of every crossing of some faces of a mesh."""
    faces = mesh.faces[3 * part.start : 3 * part.stop]
    column, key = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.int64)
    done, count = 0, 0
    while True:
        done, count = _collect(faces, mesh.u, mesh.v, mesh.w, mesh.cells, done, rank, *shape, column, key, count)
        if 3 * done == len(faces):
            return column[:count], key[:count]
        column, key = np.concatenate([column, np.empty_like(column)]), np.concatenate([key, np.empty_like(key)])


@compiled
def _choose(
    faces: Uint32Array, u: Int32Array, v: Int32Array, cells: Int32Array, first: int, last: int, chosen: Int32Array
) -> int:
    """Write which of some faces may cross a column, and return how many.

    Few do, so these loops are most of the work. Arrays are flat and indices without a sign, so that no place need be
    multiplied out or counted from an array's end, and what is found is counted, since a branch could not be foretold.
    """
    count, kept = 0, 0
    for n in range(first, last):
        chosen[count] = n
        count += may_cross(cells[faces[3 * n]], cells[faces[3 * n + 1]], cells[faces[3 * n + 2]])
    for m in range(count):
        n = 3 * int(chosen[m])
        a, b, c = faces[n], faces[n + 1], faces[n + 2]
        chosen[kept] = chosen[m]
        kept += not misses(u[a], v[a], u[b], v[b], u[c], v[c])
    return kept


@compiled
def _collect(
    faces: Uint32Array,
    u: Int32Array,
    v: Int32Array,
    w: Int32Array,
    cells: Int32Array,
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
    chosen, end = np.empty(BLOCK, dtype=np.int32), len(faces) // 3
    for begin in range(done, end, BLOCK):
        for m in range(_choose(faces, u, v, cells, begin, min(begin + BLOCK, end), chosen)):
            n, before = 3 * int(chosen[m]), count
            low, middle, high, turned = ascending(u[faces[n]], u[faces[n + 1]], u[faces[n + 2]])
            a, b, c = faces[n + low], faces[n + middle], faces[n + high]
            au, av, aw, bu, bv, bw, cu, cv, cw = u[a], v[a], w[a], u[b], v[b], w[b], u[c], v[c], w[c]
            for i in range(max(row_at_or_above(au), 0), min(row_at_or_above(cu), nx)):
                v0, w0, v1, w1, swapped = chord(i, au, av, aw, bu, bv, bw, cu, cv, cw)
                first, last = max(column_at_or_above(v0), 0), min(column_at_or_above(v1), ny)
                if last - first > len(key) - count:
                    return int(chosen[m]), before
                for j in range(first, last):
                    k = min(max(height(j, v0, w0, v1, w1), 0), nz)
                    column[count] = i * ny + j
                    key[count] = (k << 33) | (rank << 1) | (turned ^ swapped)
                    count += 1
    return end, count


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
