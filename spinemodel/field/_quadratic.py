"""Quadratics in space fitted by weighted least squares on a block of nodes: the normal equations, and their solution.

Terms are 1, x, y, z, x2, y2, z2, xy, yz, zx. Their products are the 35 monomials up to the fourth degree, which are
summed up axis by axis, z first: half the work of 55 products at every node.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled

TERMS: Final = 10
"""Of a quadratic in space."""

POWERS: Final = np.array(
    [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (0, 1, 1), (1, 0, 1)]
)
"""Of x, y and z in each."""

DEGREES: Final = 5
"""0 to 4: of the products of two terms."""


@compiled
def moments_of(away: FloatArray, weights: FloatArray, side: int, moments: FloatArray) -> None:
    """Write the weighted sums of the products of two terms, the lower triangle only.

    Parameters
    ----------
    away
        (3, n) x, y and z of the block's nodes, by axis.
    weights
        Of the nodes; the first ``side`` along each axis count.
    side
        Nodes along an axis.
    moments
        (TERMS, TERMS).
    """
    sums, plane = np.zeros((DEGREES, DEGREES, DEGREES)), np.empty((DEGREES, DEGREES))
    for i in range(side):
        _in_plane(away, weights[i], side, plane)
        power = 1.0
        for a in range(DEGREES):
            for b in range(DEGREES - a):
                for c in range(DEGREES - a - b):
                    sums[a, b, c] += power * plane[b, c]
            power *= away[0, i]
    for p in range(TERMS):
        for q in range(p + 1):
            moments[p, q] = sums[POWERS[p, 0] + POWERS[q, 0], POWERS[p, 1] + POWERS[q, 1], POWERS[p, 2] + POWERS[q, 2]]


@compiled
def _in_plane(away: FloatArray, weights: FloatArray, side: int, sums: FloatArray) -> None:
    """Write the weighted sums of the monomials in y and z, (DEGREES, DEGREES), up to the fourth degree."""
    sums[:] = 0.0
    row = np.empty(DEGREES)
    for j in range(side):
        row[:] = 0.0
        for k in range(side):
            power = weights[j, k]
            for c in range(DEGREES):
                row[c] += power
                power *= away[2, k]
        power = 1.0
        for b in range(DEGREES):
            for c in range(DEGREES - b):
                sums[b, c] += power * row[c]
            power *= away[1, j]


@compiled
def straighten(moments: FloatArray) -> None:
    """Part the second-order terms from the others, in the lower triangle: what is solved then is straight."""
    moments[4:, :4] = 0.0


@compiled
def factorise(moments: FloatArray) -> None:
    """Turn the lower triangle of a positive matrix into its Cholesky factor."""
    for a in range(TERMS):
        for b in range(a + 1):
            left = moments[a, b]
            for c in range(b):
                left -= moments[a, c] * moments[b, c]
            moments[a, b] = np.sqrt(left) if a == b else left / moments[b, b]


@compiled
def solve(factor: FloatArray, solved: FloatArray) -> None:
    """Write the first rows of the inverse of a matrix, given its Cholesky factor."""
    for row in range(len(solved)):
        for a in range(TERMS):
            left = 1.0 if a == row else 0.0
            for b in range(a):
                left -= factor[a, b] * solved[row, b]
            solved[row, a] = left / factor[a, a]
        for a in range(TERMS - 1, -1, -1):
            left = solved[row, a]
            for b in range(a + 1, TERMS):
                left -= factor[b, a] * solved[row, b]
            solved[row, a] = left / factor[a, a]


@compiled
def quadratic(of: FloatArray, x: float, y: float, z: float) -> float:
    """Return the value of a quadratic (TERMS,) at a place."""
    along = of[3] + of[9] * x + of[8] * y + of[6] * z
    value: float = of[0] + (of[1] + of[4] * x + of[7] * y) * x + (of[2] + of[5] * y) * y + along * z
    return value
