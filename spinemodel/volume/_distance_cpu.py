"""Distances to triangles on the CPU: each triangle is scattered into the voxels that it can be nearest to."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.volume import _triangle_distance
from spinemodel.volume._triangle_distance import can_be_nearer, stretch
from spinemodel.volume._triangle_frames import RADIUS, REACH, H, X, Y
from spinemodel.volume.grid import Shape

Float32Array: TypeAlias = NDArray[np.float32]
Int32Array: TypeAlias = NDArray[np.int32]

_side = compiled(_triangle_distance.side)
_placed = compiled(_triangle_distance.placed)
_squared = compiled(_triangle_distance.squared)


def nearest_in_band(rows: FloatArray, gram: FloatArray, band: float, shape: Shape) -> tuple[Float32Array, Int32Array]:
    """Return the squared distance of every voxel from the nearest triangle, mm2, and which one it is.

    Beyond the band, the first is band2 and the second -1. Of triangles as near, the first counts.
    """
    best, face = np.full(shape, band * band, dtype=np.float32), np.full(shape, -1, dtype=np.int32)
    _scatter(rows, gram, band, best, face)
    return best, face


@compiled
def _scatter(rows: FloatArray, gram: FloatArray, band: float, best: Float32Array, face: Int32Array) -> None:
    """Lower the squared distances of the voxels near each triangle."""
    nx, ny, nz = best.shape
    for n in range(len(rows)):
        i0, i1 = _side(rows, n, 0, gram, band, nx)
        j0, j1 = _side(rows, n, 1, gram, band, ny)
        dx, dy, dh = rows[n, X + 2], rows[n, Y + 2], rows[n, H + 2]
        radius, reach = rows[n, RADIUS], rows[n, REACH]
        for i in range(i0, i1):
            for j in range(j0, j1):
                x0, y0, h0 = _placed(rows, n, i, j, 0)
                first, stop = stretch(x0, y0, h0, dx, dy, dh, band, reach, nz)
                for k in range(first, stop):
                    x, y, h = x0 + k * dx, y0 + k * dy, h0 + k * dh
                    if can_be_nearer(x, y, h, radius, best[i, j, k]):
                        found = np.float32(_squared(rows, n, x, y, h))
                        if found < best[i, j, k]:
                            best[i, j, k], face[i, j, k] = found, n


@compiled
def measure(rows: FloatArray, face: Int32Array, values: Float32Array) -> None:
    """Write the distance of every voxel from the triangle that ``face`` names, mm."""
    nx, ny, nz = face.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                n = face[i, j, k]
                x, y, h = _placed(rows, n, i, j, k)
                values[i, j, k] = np.sqrt(_squared(rows, n, x, y, h))


@compiled
def negate(start: IntArray, stop: IntArray, values: Float32Array) -> None:
    """Turn the sign of the values of runs of voxels; ``values`` is flat."""
    for n in range(len(start)):
        for place in range(start[n], stop[n]):
            values[place] = -values[place]
