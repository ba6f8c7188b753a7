"""Rasterising on a GPU: the arithmetic of the CPU, a thread per triangle and then a thread per column.

numba-cuda, because it compiles the very functions that the CPU runs (:mod:`spinemodel.volume._crossings`,
:mod:`spinemodel.volume._columns`), is a few megabytes, and comes with a simulator in which the kernels are tested where
there is no GPU. Crossings are counted per column, given their places by a running sum, written, and sorted within their
column: no library for sorting is needed, and since the keys of a column are sorted whole, the order in which threads
wrote them leaves no trace. What comes back are runs, not voxels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numba import cuda

from spinemodel.arrays import IntArray
from spinemodel.volume import _columns
from spinemodel.volume._crossings import (
    ascending,
    cell,
    chord,
    column_at_or_above,
    height,
    may_cross,
)
from spinemodel.volume._crossings import row_at_or_above as at_or_above
from spinemodel.volume._cuda import THREADS, Array, blocks, kernel, on_device
from spinemodel.volume._rasterise_cpu import Runs
from spinemodel.volume._snap import Mesh
from spinemodel.volume.grid import Shape

CHUNK: Final = 256
"""Columns whose counts one thread adds up."""

_sort_column = on_device(_columns.sort_column)
_sweep_column = on_device(_columns.sweep_column)


def runs(meshes: Sequence[Mesh], shape: Shape) -> Runs:
    """Return the runs of voxels inside meshes; the same, bit for bit, as those of the CPU."""
    sent = {
        rank: tuple(map(cuda.to_device, (mesh.faces, mesh.u, mesh.v, mesh.w)))
        for rank, mesh in enumerate(meshes)
        if len(mesh.faces)
    }
    n_columns = shape[0] * shape[1]
    counts = cuda.to_device(np.zeros(n_columns, dtype=np.int64))
    for mesh in sent.values():
        _count[blocks(len(mesh[0]) // 3), THREADS](*mesh, shape[0], shape[1], counts)
    places, total = _running_sum(counts)
    keys = cuda.device_array(max(total, 1), dtype=np.int64)
    cursor = cuda.to_device(places.copy_to_host())
    for rank, mesh in sent.items():
        _emit[blocks(len(mesh[0]) // 3), THREADS](*mesh, rank, *shape, cursor, keys)
    return Runs(*_swept(places, keys, total, n_columns, len(meshes), shape[2]))


@on_device
def _corners(faces: Array, u: Array, v: Array, w: Array, n: int) -> tuple[int, ...]:
    """Return the corners of a face by ascending u, and whether that turns the face."""
    low, middle, high, turned = ascending(int(u[faces[3 * n]]), int(u[faces[3 * n + 1]]), int(u[faces[3 * n + 2]]))
    a, b, c = faces[3 * n + low], faces[3 * n + middle], faces[3 * n + high]
    au, av, aw = int(u[a]), int(v[a]), int(w[a])
    bu, bv, bw = int(u[b]), int(v[b]), int(w[b])
    cu, cv, cw = int(u[c]), int(v[c]), int(w[c])
    return au, av, aw, bu, bv, bw, cu, cv, cw, turned


@kernel
def _count(faces: Array, u: Array, v: Array, w: Array, nx: int, ny: int, counts: Array) -> None:
    """Count the crossings of every column."""
    for n in range(cuda.grid(1), faces.shape[0] // 3, cuda.gridsize(1)):
        au, av, aw, bu, bv, bw, cu, cv, cw, _ = _corners(faces, u, v, w, n)
        if may_cross(cell(au, av, nx, ny), cell(bu, bv, nx, ny), cell(cu, cv, nx, ny), 0):
            for i in range(max(at_or_above(au), 0), min(at_or_above(cu), nx)):
                v0, _, v1, _, _ = chord(i, au, av, aw, bu, bv, bw, cu, cv, cw)
                for j in range(max(column_at_or_above(v0), 0), min(column_at_or_above(v1), ny)):
                    cuda.atomic.add(counts, i * ny + j, 1)


@kernel
def _emit(
    faces: Array, u: Array, v: Array, w: Array, rank: int, nx: int, ny: int, nz: int, cursor: Array, keys: Array
) -> None:
    """Write the key of every crossing at its column's next place."""
    for n in range(cuda.grid(1), faces.shape[0] // 3, cuda.gridsize(1)):
        au, av, aw, bu, bv, bw, cu, cv, cw, turned = _corners(faces, u, v, w, n)
        if may_cross(cell(au, av, nx, ny), cell(bu, bv, nx, ny), cell(cu, cv, nx, ny), 0):
            for i in range(max(at_or_above(au), 0), min(at_or_above(cu), nx)):
                v0, w0, v1, w1, swapped = chord(i, au, av, aw, bu, bv, bw, cu, cv, cw)
                for j in range(max(column_at_or_above(v0), 0), min(column_at_or_above(v1), ny)):
                    k = min(max(height(j, v0, w0, v1, w1), 0), nz)
                    at = cuda.atomic.add(cursor, i * ny + j, 1)
                    keys[at] = (k << 33) | (rank << 1) | (turned ^ swapped)


def _running_sum(counts: Array) -> tuple[Array, int]:
    """Return where each column's part begins, (n + 1,), and the sum of all counts."""
    n = counts.shape[0]
    chunks = -(-n // CHUNK)
    sums = cuda.device_array(chunks, dtype=np.int64)
    _add_chunks[blocks(chunks), THREADS](counts, sums)
    ends = np.cumsum(sums.copy_to_host())
    places = cuda.device_array(n + 1, dtype=np.int64)
    _place_chunks[blocks(chunks), THREADS](counts, cuda.to_device(ends), places)
    return places, int(ends[-1])


@kernel
def _add_chunks(counts: Array, sums: Array) -> None:
    """Add up the counts of every chunk."""
    for chunk in range(cuda.grid(1), sums.shape[0], cuda.gridsize(1)):
        total = 0
        for n in range(chunk * CHUNK, min((chunk + 1) * CHUNK, counts.shape[0])):
            total += counts[n]
        sums[chunk] = total


@kernel
def _place_chunks(counts: Array, ends: Array, places: Array) -> None:
    """Write the running sum of every chunk, from the end of the chunk before it."""
    for chunk in range(cuda.grid(1), ends.shape[0], cuda.gridsize(1)):
        total = 0
        if chunk > 0:
            total = ends[chunk - 1]
        for n in range(chunk * CHUNK, min((chunk + 1) * CHUNK, counts.shape[0])):
            places[n] = total
            total += counts[n]
        if chunk == ends.shape[0] - 1:
            places[counts.shape[0]] = total


def _swept(
    places: Array, keys: Array, total: int, n_columns: int, n_meshes: int, nz: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the runs of all columns: each sweeps into the places of its own crossings, then gaps are closed."""
    start, stop, rank = (cuda.device_array(max(total, 1), dtype=np.int64) for _ in range(3))
    size = blocks(n_columns)
    winding = cuda.to_device(np.zeros((size * THREADS, n_meshes), dtype=np.int64))
    counts = cuda.device_array(n_columns, dtype=np.int64)
    _sweep[size, THREADS](places, keys, winding, nz, start, stop, rank, counts)
    ends, n_runs = _running_sum(counts)
    packed = [cuda.device_array(max(n_runs, 1), dtype=np.int64) for _ in range(3)]
    _pack[size, THREADS](places, ends, start, stop, rank, *packed)
    starts, stops, ranks = (part.copy_to_host()[:n_runs] for part in packed)
    return starts, stops, ranks


@kernel
def _sweep(
    places: Array, keys: Array, winding: Array, nz: int, start: Array, stop: Array, rank: Array, counts: Array
) -> None:
    """Sort and sweep every column, and count its runs."""
    for column in range(cuda.grid(1), counts.shape[0], cuda.gridsize(1)):
        first, last = places[column], places[column + 1]
        _sort_column(keys, first, last)
        mine = winding[cuda.grid(1)]
        counts[column] = _sweep_column(keys, first, last, mine, column * nz, start, stop, rank, first) - first


@kernel
def _pack(
    places: Array, ends: Array, start: Array, stop: Array, rank: Array, starts: Array, stops: Array, ranks: Array
) -> None:
    """Move every column's runs next to those of the column before."""
    for column in range(cuda.grid(1), ends.shape[0] - 1, cuda.gridsize(1)):
        first, to = places[column], ends[column]
        for n in range(ends[column + 1] - to):
            starts[to + n], stops[to + n], ranks[to + n] = start[first + n], stop[first + n], rank[first + n]
