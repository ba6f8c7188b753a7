"""From the functions 1, X, Y, Z, XY, YZ, XZ, XYZ to those that are 1 at one corner of a cell and 0 at the others."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled

MAX_CONDITION: Final = 1e4
"""Of the matrix of functions at corners, its size times its inverse's; beyond it, functions are too much alike."""


@compiled
def set_weights(
    normal: FloatArray,
    reach: float,
    shift: NDArray[np.number],
    order: IntArray,
    weights: NDArray[np.number],
) -> bool:
    """Write the inverse of the functions' values at the corners; tell whether it can be relied on.

    Parameters
    ----------
    normal, reach, shift
        Of the layers, as :class:`spinemodel.field._laminate.Basis` holds them.
    order
        (8,) to work in.
    weights
        (8, 8) written: column a holds the weight of each function for corner a.
    """
    bins = len(shift) - 1
    for a in range(8):
        x, y, z = (a >> 2) - 0.5, ((a >> 1) & 1) - 0.5, (a & 1) - 0.5
        at = ((x * normal[0] + y * normal[1] + z * normal[2]) / reach + 1) * (bins / 2)
        n = min(max(int(np.floor(at)), 0), bins - 1)
        rest = at - n
        X = x + shift[n, 0] + rest * (shift[n + 1, 0] - shift[n, 0])
        Y = y + shift[n, 1] + rest * (shift[n + 1, 1] - shift[n, 1])
        Z = z + shift[n, 2] + rest * (shift[n + 1, 2] - shift[n, 2])
        weights[a, 0], weights[a, 1], weights[a, 2], weights[a, 3] = 1, X, Y, Z
        weights[a, 4], weights[a, 5], weights[a, 6], weights[a, 7] = X * Y, Y * Z, X * Z, X * Y * Z
    size = _size(weights)
    return _invert(weights, order) and size * _size(weights) <= MAX_CONDITION


@compiled
def _size(matrix: NDArray[np.number]) -> float:
    """Return the root of the sum of squares (Frobenius' norm)."""
    total = 0.0
    for a in range(8):
        for b in range(8):
            total += abs(matrix[a, b]) ** 2
    return float(np.sqrt(total))


@compiled
def _invert(matrix: NDArray[np.number], order: IntArray) -> bool:
    """Put the inverse of an (8, 8) matrix in its place; tell whether it could be done (Gauss and Jordan, by rows)."""
    for column in range(8):
        best = column
        for row in range(column + 1, 8):
            if abs(matrix[row, column]) > abs(matrix[best, column]):
                best = row
        if abs(matrix[best, column]) < 1e-12:
            return False
        order[column] = best
        for n in range(8):
            matrix[column, n], matrix[best, n] = matrix[best, n], matrix[column, n]
        _clear_column(matrix, column)
    for column in range(7, -1, -1):
        best = order[column]
        for n in range(8):
            matrix[n, column], matrix[n, best] = matrix[n, best], matrix[n, column]
    return True


@compiled
def _clear_column(matrix: NDArray[np.number], column: int) -> None:
    """Take the row of a pivot from all others, and put in its column what the identity becomes there."""
    pivot = 1 / matrix[column, column]
    matrix[column, column] = 1
    for n in range(8):
        matrix[column, n] *= pivot
    for row in range(8):
        if row != column:
            factor = matrix[row, column]
            matrix[row, column] = 0
            for n in range(8):
                matrix[row, n] -= factor * matrix[column, n]
