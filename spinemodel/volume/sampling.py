"""The distance field between its voxels, and outside its grid."""

from __future__ import annotations

from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume.distance import DistanceField


def sample(field: DistanceField, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distance at points and its gradient.

    Within the grid's outermost centres the field is trilinear. Beyond, it is the value at the border where the point's
    voxel indices are clipped, plus the distance to there, so that what lies outside still feels which way the
    surface is. Without shear, that place is the border's nearest.

    Parameters
    ----------
    field
        The field.
    points
        (n, 3) mm, of the grid's space.

    Returns
    -------
    values
        (n,) mm; negative inside.
    gradients
        (n, 3) mm/mm along RAS: the exact derivative of the values, from one side where cells meet.

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
    affine = field.grid.affine
    inverse = np.asarray(np.linalg.inv(affine), dtype=np.float64)
    return _sample(field.values, affine, inverse, np.asarray(points, dtype=np.float64))


@compiled
def _sample(
    field: NDArray[np.float32], affine: FloatArray, inverse: FloatArray, points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Go through the points."""
    values, gradients = np.empty(len(points)), np.empty((len(points), 3))
    for n in range(len(points)):
        value, gx, gy, gz = sample_at(field, affine, inverse, points[n, 0], points[n, 1], points[n, 2])
        values[n], gradients[n, 0], gradients[n, 1], gradients[n, 2] = value, gx, gy, gz
    return values, gradients


@compiled
def sample_at(
    field: NDArray[np.float32], affine: FloatArray, inverse: FloatArray, x: float, y: float, z: float
) -> tuple[float, float, float, float]:
    """Return the value (mm) and the gradient (x, y, z) at one point, for compiled loops.

    Parameters
    ----------
    field, affine, inverse
        Values of a field, the affine of its grid, and its inverse, (4, 4).
    x, y, z
        The point, mm.
    """
    nx, ny, nz = field.shape
    u = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] * z + inverse[0, 3]
    v = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] * z + inverse[1, 3]
    w = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2] * z + inverse[2, 3]
    cu, cv, cw = _clipped(u, nx), _clipped(v, ny), _clipped(w, nz)
    value, du, dv, dw = _trilinear(field, cu, cv, cw)
    u, v, w = u - cu, v - cv, w - cw
    if u == 0 and v == 0 and w == 0:
        ex, ey, ez = 0.0, 0.0, 0.0
    else:
        ex = affine[0, 0] * u + affine[0, 1] * v + affine[0, 2] * w
        ey = affine[1, 0] * u + affine[1, 1] * v + affine[1, 2] * w
        ez = affine[2, 0] * u + affine[2, 1] * v + affine[2, 2] * w
        away = sqrt(ex * ex + ey * ey + ez * ez)
        value, ex, ey, ez = value + away, ex / away, ey / away, ez / away
    # A clipped index does not move with the point; one that does takes the border's place along with it.
    du = 0.0 if u != 0 else du - (affine[0, 0] * ex + affine[1, 0] * ey + affine[2, 0] * ez)
    dv = 0.0 if v != 0 else dv - (affine[0, 1] * ex + affine[1, 1] * ey + affine[2, 1] * ez)
    dw = 0.0 if w != 0 else dw - (affine[0, 2] * ex + affine[1, 2] * ey + affine[2, 2] * ez)
    return (
        value,
        ex + du * inverse[0, 0] + dv * inverse[1, 0] + dw * inverse[2, 0],
        ey + du * inverse[0, 1] + dv * inverse[1, 1] + dw * inverse[2, 1],
        ez + du * inverse[0, 2] + dv * inverse[1, 2] + dw * inverse[2, 2],
    )


@compiled
def _clipped(index: float, n: int) -> float:
    """Return the index within [0, n - 1]; what is not a number becomes 0, so that nothing is read outside."""
    low = index if index > 0 else 0.0
    return low if low < n - 1 else n - 1.0


@compiled
def _trilinear(field: NDArray[np.float32], u: float, v: float, w: float) -> tuple[float, float, float, float]:
    """Return the value between eight voxels, and its derivatives by the indices."""
    nx, ny, nz = field.shape
    i, j, k = min(floor(u), max(nx - 2, 0)), min(floor(v), max(ny - 2, 0)), min(floor(w), max(nz - 2, 0))
    a, b, c = u - i, v - j, w - k
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    f000, f001 = np.float64(field[i, j, k]), np.float64(field[i, j, k1])
    f010, f011 = np.float64(field[i, j1, k]), np.float64(field[i, j1, k1])
    f100, f101 = np.float64(field[i1, j, k]), np.float64(field[i1, j, k1])
    f110, f111 = np.float64(field[i1, j1, k]), np.float64(field[i1, j1, k1])
    d00, d01, d10, d11 = f001 - f000, f011 - f010, f101 - f100, f111 - f110
    f00, f01, f10, f11 = f000 + c * d00, f010 + c * d01, f100 + c * d10, f110 + c * d11
    f0, f1 = f00 + b * (f01 - f00), f10 + b * (f11 - f10)
    dw0, dw1 = d00 + b * (d01 - d00), d10 + b * (d11 - d10)
    dv0, dv1 = f01 - f00, f11 - f10
    return f0 + a * (f1 - f0), f1 - f0, dv0 + a * (dv1 - dv0), dw0 + a * (dw1 - dw0)
