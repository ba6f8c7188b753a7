"""Distances to triangles, and the distance transform, on the GPU: the CPU's loops, spread over threads.

One block works on one triangle, and its threads on the columns of that triangle's box: meshes mix large triangles with
small ones, and with one thread for each triangle a warp would wait for its largest. A voxel holds one word, the bits of
its squared distance above the number of the triangle. Distances are not negative, so such words order as the numbers
do, and one atomic minimum settles both: of triangles as near, the first, as on the CPU. What cannot be nearer than what
stands there is skipped before, so that few threads contend. The distance transform has a thread for each line; lines
are neighbours in scratch, so that a warp reads whole sectors.

Formulae and roundings are those of the CPU, compiled anew; in the simulator all results are equal. A real device fuses
multiplications with additions: distances may then differ in the last bit of float32, and far voxels with two nearest
seeds may take the other one.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
from numba import cuda

from spinemodel.arrays import FloatArray
from spinemodel.volume import _triangle_distance
from spinemodel.volume._cuda import THREADS, Array, blocks, kernel, on_device
from spinemodel.volume._distance_cpu import Float32Array, Int32Array
from spinemodel.volume._triangle_distance import can_be_nearer, stretch
from spinemodel.volume._triangle_frames import RADIUS, REACH, H, X, Y
from spinemodel.volume.distance_transform import lowest
from spinemodel.volume.grid import Shape

WARP: Final = 32
"""Threads of a block of one triangle: the box of a small triangle has 10 to 50 columns (a choice)."""

LINES: Final = 1 << 14
"""Lines of the distance transform in work at once; they bound its scratch, 36 bytes per voxel of a line."""

_side = on_device(_triangle_distance.side)
_placed = on_device(_triangle_distance.placed)
_squared = on_device(_triangle_distance.squared)
_lowest = on_device(lowest)


def nearest_in_band(rows: FloatArray, gram: FloatArray, band: float, shape: Shape) -> tuple[Float32Array, Int32Array]:
    """Do what :func:`spinemodel.volume._distance_cpu.nearest_in_band` does."""
    none = int(np.float32(band * band).view(np.int32)) << 32 | 0xFFFFFFFF
    words = cuda.to_device(np.full(shape, none, dtype=np.int64))
    _scatter[len(rows), WARP](cuda.to_device(rows), cuda.to_device(gram), band, words)
    halves = words.copy_to_host().view(np.int32).reshape(*shape, 2)
    return np.ascontiguousarray(halves[..., 1]).view(np.float32), np.ascontiguousarray(halves[..., 0])


@kernel
def _scatter(rows: Array, gram: Array, band: float, words: Array) -> None:
    """Lower the words of the voxels near the block's triangle."""
    n = cuda.blockIdx.x
    nx, ny, nz = words.shape
    i0, i1 = _side(rows, n, 0, gram, band, nx)
    j0, j1 = _side(rows, n, 1, gram, band, ny)
    dx, dy, dh = rows[n, X + 2], rows[n, Y + 2], rows[n, H + 2]
    radius, reach = rows[n, RADIUS], rows[n, REACH]
    width = max(j1 - j0, 0)
    for column in range(cuda.threadIdx.x, max(i1 - i0, 0) * width, cuda.blockDim.x):
        i, j = i0 + column // width, j0 + column % width
        x0, y0, h0 = _placed(rows, n, i, j, 0)
        first, stop = stretch(x0, y0, h0, dx, dy, dh, band, reach, nz)
        for k in range(first, stop):
            x, y, h = x0 + k * dx, y0 + k * dy, h0 + k * dh
            best = np.int32(words[i, j, k] >> 32).view(np.float32)
            if can_be_nearer(x, y, h, radius, float(best)):
                found = np.float32(_squared(rows, n, x, y, h))
                if found < best or (found == best and found < np.float32(band * band)):
                    cuda.atomic.min(words, (i, j, k), (np.int64(found.view(np.int32)) << 32) | n)


def measure(rows: FloatArray, face: Int32Array, values: Float32Array) -> None:
    """Do what :func:`spinemodel.volume._distance_cpu.measure` does."""
    result = cuda.device_array(face.shape, dtype=np.float32)
    _measure[blocks(face.size), THREADS](cuda.to_device(rows), cuda.to_device(face), result)
    result.copy_to_host(values)


@kernel
def _measure(rows: Array, face: Array, values: Array) -> None:
    """Write the distance of every voxel."""
    nx, ny, nz = face.shape
    for place in range(cuda.grid(1), nx * ny * nz, cuda.gridsize(1)):
        i, j, k = place // (ny * nz), place // nz % ny, place % nz
        n = face[i, j, k]
        x, y, h = _placed(rows, n, i, j, k)
        values[i, j, k] = sqrt(_squared(rows, n, x, y, h))


def sweep(squared: Float32Array, label: Int32Array, step: float) -> None:
    """Do what :func:`spinemodel.volume.distance_transform.sweep` does."""
    outer, n, inner = squared.shape
    threads = min(LINES, outer * inner)
    there, names = cuda.to_device(squared), cuda.to_device(label)
    scratch = [cuda.device_array((n, threads), dtype=kind) for kind in ("f8", "f8", "i8", "i8", "i4")]
    _sweep[blocks(threads), THREADS](there, names, step, *scratch)
    there.copy_to_host(squared)
    names.copy_to_host(label)


@kernel
def _sweep(
    squared: Array, label: Array, step: float, cost: Array, until: Array, foot: Array, winner: Array, seed: Array
) -> None:
    """Go along every line of a thread; scratch is (n, threads)."""
    outer, n, inner = squared.shape
    thread, threads = cuda.grid(1), cost.shape[1]
    for line in range(thread, outer * inner if thread < threads else 0, threads):
        o, t = line // inner, line % inner
        for p in range(n):
            cost[p, thread], seed[p, thread] = squared[o, p, t], label[o, p, t]
        if _lowest(cost[:, thread], step, foot[:, thread], until[:, thread], winner[:, thread]):
            for p in range(n):
                at = winner[p, thread]
                away = (p - at) * step
                squared[o, p, t] = cost[at, thread] + away * away
                label[o, p, t] = seed[at, thread]
