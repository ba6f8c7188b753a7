"""One linear system of a double cable, compiled.

A compartment has u inside and w under the myelin, both less the potential outside. Through its membrane flows
a (u - w) less what is constant. So all u and w solve a symmetric system of 2 x 2 blocks in a row: here by elimination
from both ends at once, which is as exact as from one, and keeps the processor twice as busy.
"""

from __future__ import annotations

from typing import TypeAlias

from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled

Eliminated: TypeAlias = tuple[float, float, float, float, float]
"""Of a compartment with those before it eliminated: the inverse p, q, r of its block, and that times its currents."""


@compiled
def solve(
    along: FloatArray, across: FloatArray, outward: FloatArray, right: FloatArray, x: FloatArray, work: FloatArray
) -> None:
    """Solve for u and w.

    along
        (2, m - 1) conductances from each compartment to the next, inside and under the myelin.
    across
        (m,) of the membrane, a.
    outward
        (2, m) what else of the diagonal there is: conductances to both neighbours, and through the myelin.
    right
        (2, m) currents.
    x
        (2, m) for u and w.
    work
        (m, 5) for what elimination leaves.
    """
    m = across.size
    middle = m // 2
    left = other = (0.0, 0.0, 0.0, 0.0, 0.0)
    g = h = g_other = h_other = 0.0
    for i in range(middle):
        left = _eliminate(i, g, h, left, across, outward, right)
        g, h = along[0, i], along[1, i]
        work[i, 0], work[i, 1], work[i, 2], work[i, 3], work[i, 4] = left
        j = m - 1 - i
        if j > middle:
            other = _eliminate(j, g_other, h_other, other, across, outward, right)
            g_other, h_other = along[0, j - 1], along[1, j - 1]
            work[j, 0], work[j, 1], work[j, 2], work[j, 3], work[j, 4] = other
    _meet(middle, g, h, left, g_other, h_other, other, across, outward, right, x)
    for i in range(1, middle + 1):
        j = middle - i
        _substitute(j, j + 1, along[0, j], along[1, j], x, work)
        j = middle + i
        if j < m:
            _substitute(j, j - 1, along[0, j - 1], along[1, j - 1], x, work)


@compiled
def _eliminate(
    j: int, g: float, h: float, before: Eliminated, across: FloatArray, outward: FloatArray, right: FloatArray
) -> Eliminated:
    """Return a compartment with those before it eliminated; g and h are its conductances to the one before."""
    p, q, r, y, z = before
    d = across[j] + outward[0, j] - g * g * p
    e = -across[j] - g * h * q
    f = across[j] + outward[1, j] - h * h * r
    first, second = right[0, j] + g * y, right[1, j] + h * z
    share = 1 / (d * f - e * e)
    p, q, r = f * share, -e * share, d * share
    return p, q, r, p * first + q * second, q * first + r * second


@compiled
def _meet(
    j: int, g: float, h: float, left: Eliminated, g_other: float, h_other: float, other: Eliminated,
    across: FloatArray, outward: FloatArray, right: FloatArray, x: FloatArray,
) -> None:  # fmt: skip
    """Solve for the compartment that both eliminations arrive at."""
    d = across[j] + outward[0, j] - g * g * left[0] - g_other * g_other * other[0]
    e = -across[j] - g * h * left[1] - g_other * h_other * other[1]
    f = across[j] + outward[1, j] - h * h * left[2] - h_other * h_other * other[2]
    first = right[0, j] + g * left[3] + g_other * other[3]
    second = right[1, j] + h * left[4] + h_other * other[4]
    share = 1 / (d * f - e * e)
    x[0, j], x[1, j] = (f * first - e * second) * share, (d * second - e * first) * share


@compiled
def _substitute(j: int, known: int, g: float, h: float, x: FloatArray, work: FloatArray) -> None:
    """Solve for a compartment from its neighbour, which is known."""
    first, second = x[0, known], x[1, known]
    x[0, j] = work[j, 3] + (g * work[j, 0] * first + h * work[j, 1] * second)
    x[1, j] = work[j, 4] + (g * work[j, 1] * first + h * work[j, 2] * second)
