"""Distance fields between their voxels, and outside their grids.

Within the grid's outermost centres a field is trilinear. Beyond, it is the value at the border where the point's voxel
indices are clipped, plus the distance to there, so that what lies outside still feels which way the surface is: never
less than the true distance. The gradient is the exact derivative of these values, from one side where cells meet, so
that least squares descend what they measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume.distance import DistanceField


def sample(field: DistanceField, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distance at points and its gradient.

    Parameters
    ----------
    field
        The field.
    points
        (n, 3) mm, of the grid's space.

    Returns
    -------
    values
        (n,) mm; negative inside. What is not a number stays none.
    gradients
        (n, 3) mm/mm along RAS.

    Examples
    --------
    >>> from spinemodel.volume.grid import Grid
    >>> slope = np.arange(4, dtype=np.float32) * np.ones((2, 2, 1), dtype=np.float32)
    >>> field = DistanceField("plane", Grid((2, 2, 4), np.eye(4), "here"), slope, 1.0)
    >>> values, gradients = sample(field, np.array([[0.5, 0.5, 1.25], [0.5, 0.5, 5.0]]))
    >>> values.tolist(), gradients.tolist()
    ([1.25, 5.0], [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    """
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"sample: got points {points.shape}, expected (n, 3)")
    return sample_parts(pack([field]), np.array([0, len(points)]), points)


class Fields(NamedTuple):
    """Distance fields of s structures.

    Attributes
    ----------
    values
        (n,) float32 mm, the fields one after the other, each last axis fastest.
    first
        (s,) place of each field's first value.
    shape
        (s, 3) voxels along each axis.
    edges
        (s, 3, 3) columns are the voxel's edges, mm.
    inverse
        (s, 3, 4) map of mm to voxel indices.
    """

    values: NDArray[np.float32]
    first: IntArray
    shape: IntArray
    edges: FloatArray
    inverse: FloatArray


def pack(fields: Sequence[DistanceField]) -> Fields:
    """Return the fields in one buffer; one alone is not copied."""
    flat = [field.values.reshape(-1) for field in fields]
    values = (flat[0] if len(flat) == 1 else np.concatenate(flat)).view()
    values.setflags(write=False)  # always, since loops are compiled anew for arrays that may be written to
    return Fields(
        values,
        np.cumsum([0] + [len(part) for part in flat[:-1]]),
        np.array([field.grid.shape for field in fields]),
        np.array([field.grid.affine[:3, :3] for field in fields]),
        np.array([np.linalg.inv(field.grid.affine)[:3] for field in fields]),
    )


def sample_parts(fields: Fields, start: IntArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what :func:`sample_into` writes."""
    value, gradient = np.empty(len(points)), np.empty((len(points), 3))
    sample_into(fields, start, np.ascontiguousarray(points, dtype=np.float64), value, gradient)
    return value, gradient


@compiled
def _cell(u: float, n: int) -> tuple[int, float, float]:
    """Return the voxel below index ``u``, the share of the way to the next, and how far u lies off the lattice."""
    inside = u if u > 0.0 else 0.0  # also where u is not a number, so that nothing is read outside
    inside = inside if inside < n - 1.0 else n - 1.0
    low = min(int(inside), max(n - 2, 0))
    return low, inside - low, u - inside


@compiled
def sample_into(fields: Fields, start: IntArray, points: FloatArray, value: FloatArray, gradient: FloatArray) -> None:
    """Write the distances (n,) of points (n, 3) mm from their structures, and the gradients (n, 3), in compiled loops.

    Parameters
    ----------
    fields
        Of s structures.
    start
        (s + 1,) the points ``start[s]`` to ``start[s + 1]`` belong to structure s.
    points, value, gradient
        Places, and where the result goes.
    """
    v = fields.values
    for s in range(len(fields.first)):
        first, nx, ny, nz = fields.first[s], fields.shape[s, 0], fields.shape[s, 1], fields.shape[s, 2]
        i1, j1, k1 = ny * nz * min(nx - 1, 1), nz * min(ny - 1, 1), min(nz - 1, 1)  # steps to the next voxel
        m = fields.inverse[s]
        xx, xy, xz, x0 = m[0, 0], m[0, 1], m[0, 2], m[0, 3]
        yx, yy, yz, y0 = m[1, 0], m[1, 1], m[1, 2], m[1, 3]
        zx, zy, zz, z0 = m[2, 0], m[2, 1], m[2, 2], m[2, 3]
        for n in range(start[s], start[s + 1]):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            i, fx, ox = _cell(xx * x + xy * y + xz * z + x0, nx)
            j, fy, oy = _cell(yx * x + yy * y + yz * z + y0, ny)
            k, fz, oz = _cell(zx * x + zy * y + zz * z + z0, nz)
            a = first + (i * ny + j) * nz + k
            b, c, d = a + j1, a + i1, a + i1 + j1
            g00, g01, g10, g11 = v[a + k1] - v[a], v[b + k1] - v[b], v[c + k1] - v[c], v[d + k1] - v[d]
            v00, v01, v10, v11 = v[a] + fz * g00, v[b] + fz * g01, v[c] + fz * g10, v[d] + fz * g11
            v0, v1 = v00 + fy * (v01 - v00), v10 + fy * (v11 - v10)
            g0, g1 = g00 + fy * (g01 - g00), g10 + fy * (g11 - g10)
            gi, gj, gk = v1 - v0, v01 - v00 + fx * (v11 - v10 - v01 + v00), g0 + fx * (g1 - g0)
            value[n] = v0 + fx * (v1 - v0)
            if ox != 0.0 or oy != 0.0 or oz != 0.0:
                beyond, gi, gj, gk = _beyond(fields.edges[s], (ox, oy, oz), (gi, gj, gk))
                value[n] += beyond
            gradient[n, 0] = xx * gi + yx * gj + zx * gk
            gradient[n, 1] = xy * gi + yy * gj + zy * gk
            gradient[n, 2] = xz * gi + yz * gj + zz * gk


@compiled
def _beyond(
    edges: FloatArray, off: tuple[float, float, float], gradient: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    """Return the distance to the lattice (mm) and the gradient per voxel index of the extended field."""
    dx = edges[0, 0] * off[0] + edges[0, 1] * off[1] + edges[0, 2] * off[2]
    dy = edges[1, 0] * off[0] + edges[1, 1] * off[1] + edges[1, 2] * off[2]
    dz = edges[2, 0] * off[0] + edges[2, 1] * off[1] + edges[2, 2] * off[2]
    far = np.sqrt(dx * dx + dy * dy + dz * dz)
    gi, gj, gk = gradient
    if off[0] != 0.0:
        gi = (edges[0, 0] * dx + edges[1, 0] * dy + edges[2, 0] * dz) / far
    if off[1] != 0.0:
        gj = (edges[0, 1] * dx + edges[1, 1] * dy + edges[2, 1] * dz) / far
    if off[2] != 0.0:
        gk = (edges[0, 2] * dx + edges[1, 2] * dy + edges[2, 2] * dz) / far
    return far, gi, gj, gk
