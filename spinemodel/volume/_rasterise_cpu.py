"""Rasterising on the CPU: one pass over the triangles, one over the columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.volume import _columns
from spinemodel.volume._crossed import Crossed, Search, collected, search, write
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
from spinemodel.volume._rasterise_staggered import collect_staggered
from spinemodel.volume._snap import Int32Array, Mesh
from spinemodel.volume._threads import shares, side_by_side
from spinemodel.volume.grid import Shape
from spinemodel.volume.samples import Samples

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
    wanted = [search(mesh, rank, shape) for rank, mesh in enumerate(meshes)]

    def found_by(rank: int, faces: slice) -> Crossed:
        part = meshes[rank]._replace(faces=meshes[rank].faces[3 * faces.start : 3 * faces.stop])
        if samples is None:
            return collected(partial(_collect, part, wanted[rank]), len(part.faces) // 3)
        pattern = samples.aside, samples.phase
        return collected(partial(collect_staggered, part, wanted[rank], *pattern), len(part.faces) // 3)

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


@compiled
def _choose(
    faces: Uint32Array,
    u: Int32Array,
    v: Int32Array,
    cells: Int32Array,
    hidden: int,
    first: int,
    last: int,
    chosen: Int32Array,
) -> int:
    """Write which of some faces may cross a column, and return how many.

    Few do, so these loops are most of the work. Arrays are flat and indices without a sign, so that no place need be
    multiplied out or counted from an array's end, and what is found is counted, since a branch could not be foretold.
    """
    count, kept = 0, 0
    for n in range(first, last):
        chosen[count] = n
        count += may_cross(cells[faces[3 * n]], cells[faces[3 * n + 1]], cells[faces[3 * n + 2]], hidden)
    for m in range(count):
        n = 3 * int(chosen[m])
        a, b, c = faces[n], faces[n + 1], faces[n + 2]
        chosen[kept] = chosen[m]
        kept += not misses(u[a], v[a], u[b], v[b], u[c], v[c])
    return kept


@compiled
def _collect(mesh: Mesh, wanted: Search, done: int, found: Crossed, count: int) -> tuple[int, int]:
    """Write the crossings of faces from number ``done`` on, as :func:`~spinemodel.volume._crossed.collected` asks."""
    u, v, w, cells, faces, _ = mesh
    rank, nx, ny, nz, hidden, stop = wanted
    column, key = found
    chosen, end = np.empty(BLOCK, dtype=np.int32), len(faces) // 3
    for begin in range(done, end, BLOCK):
        for m in range(_choose(faces, u, v, cells, hidden, begin, min(begin + BLOCK, end), chosen)):
            n, before = 3 * int(chosen[m]), count
            low, middle, high, turned = ascending(u[faces[n]], u[faces[n + 1]], u[faces[n + 2]])
            a, b, c = faces[n + low], faces[n + middle], faces[n + high]
            au, av, aw, bu, bv, bw, cu, cv, cw = u[a], v[a], w[a], u[b], v[b], w[b], u[c], v[c], w[c]
            for i in range(max(row_at_or_above(au), 0), min(row_at_or_above(cu), nx)):
                v0, w0, v1, w1, swapped = chord(i, au, av, aw, bu, bv, bw, cu, cv, cw)
                first, last = max(column_at_or_above(v0), 0), min(column_at_or_above(v1), ny)
                if 2 * (last - first) > len(key) - count:
                    return int(chosen[m]), before
                for j in range(first, last):
                    k, side = height(j, v0, w0, v1, w1), rank << 1 | turned ^ swapped
                    count = write(column, key, count, i * ny + j, k, side, nz, stop)
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
