"""A thin sheet, or a thread, through the middle of a cell: what has the same on both sides has no slope."""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled


@compiled
def find_sheet(
    cells: CellArrays, ball: IntArray, weight: FloatArray, mean: float, i0: int, j0: int, k0: int, normal: FloatArray
) -> bool:
    """Write the unit normal of a sheet through the middle of a ball; tell whether there is one.

    The second moments Q = sum (w - mean)(x x^T - x.x / 3) of a sheet have one value unlike the other two, along its
    normal, and those of a thread one along the thread, of the other sign where both conduct better, or both worse, than
    what lies round them.

    Parameters
    ----------
    cells, ball, weight
        As in :func:`spinemodel.field._normal.find_normal`.
    mean
        Of the weight in the ball.
    i0, j0, k0
        First sub-voxel of the cell.
    normal
        (3,) written.
    """
    s, q, radial = cells.subsamples, np.zeros((3, 3)), 0.0
    x = np.zeros(3)
    square, count, total = 0.0, 0, 0.0
    for n in range(len(ball)):
        for c in range(ball[n, 2], ball[n, 3]):
            label = cells.labels[i0 + ball[n, 0], j0 + ball[n, 1], k0 + c]
            if label > 0:
                a, b = ball[n, 0], ball[n, 1]
                at = cells.places[a % s, b % s, c % s]
                x[0], x[1], x[2] = s * (at[0] + a // s), s * (at[1] + b // s), s * (at[2] + c // s)
                size = x[0] ** 2 + x[1] ** 2 + x[2] ** 2
                count, square, total = count + 1, square + size, total + weight[label] - mean
                radial += (weight[label] - mean) * size
                for a in range(3):
                    for b in range(3):
                        q[a, b] += (weight[label] - mean) * (x[a] * x[b] - (size / 3 if a == b else 0.0))
    # What conducts better in the middle than at the rim has a falling radial moment.
    better = -1.0 if radial * count > total * square else 1.0
    cross = q[0, 0] * (q[1, 1] * q[2, 2] - q[1, 2] * q[2, 1]) - q[0, 1] * (q[1, 0] * q[2, 2] - q[1, 2] * q[2, 0])
    cross += q[0, 2] * (q[1, 0] * q[2, 1] - q[1, 1] * q[2, 0])
    if better * cross >= 0:
        return False
    return _first_axis(-better * q, normal)


@compiled
def _first_axis(matrix: FloatArray, axis: FloatArray) -> bool:
    """Write the unit axis of the greatest value of a symmetric matrix; tell whether there is one."""
    size = 0.0
    for a in range(3):
        for b in range(3):
            size += matrix[a, b] ** 2
    if not size > 0:
        return False
    power = matrix + np.sqrt(size) * np.eye(3)
    # Raised to the 64th power, what is less by a tenth falls to a thousandth.
    for _ in range(6):
        power = _square(power)
    best = 0
    for a in range(1, 3):
        if power[a, a] > power[best, best]:
            best = a
    length = np.sqrt(power[best, 0] ** 2 + power[best, 1] ** 2 + power[best, 2] ** 2)
    for a in range(3):
        axis[a] = power[best, a] / length
    return True


@compiled
def _square(matrix: FloatArray) -> FloatArray:
    """Return the product of a matrix with itself, over its trace."""
    squared = np.zeros((3, 3))
    for a in range(3):
        for b in range(3):
            for c in range(3):
                squared[a, b] += matrix[a, c] * matrix[c, b]
    squared /= squared[0, 0] + squared[1, 1] + squared[2, 2]
    return squared
