"""The least move that satisfies linear inequalities."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from spinemodel.arrays import FloatArray

COMPLIANCE: Final = 1e-6
"""How far a constraint yields per unit of its multiplier: keeps contradictory constraints solvable."""


def least_distance(weights: FloatArray, normals: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the y (k, 3) of least norm with (weights @ y) . normals >= wanted, row by row.

    This is the least-distance problem of Lawson & Hanson (1974, Solving Least Squares Problems, ch. 23). Its dual has
    one non-negative multiplier per row, and the inner product of two rows is the product of those of their weights and
    their normals, so that the problem never grows beyond rows x rows.

    Parameters
    ----------
    weights
        (m, k): how y moves the place of each constraint.
    normals
        (m, 3) unit vectors: in which direction a move counts.
    wanted
        (m,).

    Examples
    --------
    >>> least_distance(np.eye(2), np.array([[1.0, 0, 0], [0, 1, 0]]), np.array([0.5, -1.0])).round(3)
    array([[0.5, 0. , 0. ],
           [0. , 0. , 0. ]])
    """
    gram = (weights @ weights.T) * (normals @ normals.T)
    factor = cholesky(gram + COMPLIANCE * np.eye(len(gram)), lower=True)
    multipliers, _ = nnls(factor.T, solve_triangular(factor, wanted, lower=True))
    return np.asarray(weights.T @ (multipliers[:, None] * normals))
