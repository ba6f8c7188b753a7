"""How fast the gates of the MRG node open and close, by the membrane's potential, at 37 C.

A gate x moves by dx/dt = a (1 - x) - b x. Its rates a and b (1/ms) are of two forms, of V in mV:

- linoid: f (V - V0) / (1 - exp(-(V - V0)/k)), which is f k at V0;
- logistic: f / (1 + exp(-(V - V0)/k)).

McIntyre, Richardson and Grill (2002, J. Neurophysiol. 87:995-1006, appendix): 2.2, 2.9 and 3 are the factors by which
10 K quicken m and p, h, and s.

All compiled functions compute in the type of the table that they are given: float64, or float32.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled

CELSIUS: Final = 37.0
"""Temperature of the model."""

QUICK: Final = 2.2 ** ((CELSIUS - 20) / 10)
QUICK_H: Final = 2.9 ** ((CELSIUS - 20) / 10)
QUICK_S: Final = 3.0 ** ((CELSIUS - 36) / 10)
"""What the rates of m and p, of h, and of s are multiplied by at 37 C: they were given at 20, 20 and 36 C."""

GATES: Final = 4
"""m, h, p and s: activation and inactivation of fast sodium, activation of persistent sodium and of slow potassium."""

RATES: Final = np.array(
    [
        # f (1/ms or 1/(ms mV)), V0 (mV), k (mV): opening, closing
        [[1.86 * QUICK, -21.4, 10.3], [-0.086 * QUICK, -25.7, -9.16]],
        [[-0.062 * QUICK_H, -114.0, -11.0], [2.3 * QUICK_H, -31.8, 13.4]],
        [[0.01 * QUICK, -27.0, 10.2], [-0.00025 * QUICK, -34.0, -10.0]],
        [[0.3 * QUICK_S, -53.0, 5.0], [0.03 * QUICK_S, -90.0, 1.0]],
    ]
)
"""(4, 2, 3) f, V0 and k of the rates of m, h, p and s. All are linoid but the closing of h and both of s."""

FAST_NA_S_PER_CM2: Final = 3.0
PERSISTENT_NA_S_PER_CM2: Final = 0.01
SLOW_K_S_PER_CM2: Final = 0.08
"""Conductances of a node with all gates open: of m^3 h, p^3 and s."""

NA_MV: Final = 50.0
K_MV: Final = -90.0
"""Reversal potentials of sodium and potassium."""


@compiled
def linoid(v: float, rate: FloatArray) -> float:
    """Return f (V - V0) / (1 - exp(-(V - V0)/k)) of a rate (f, V0, k)."""
    x = (v - rate[1]) / rate[2]
    at_middle: float = rate[0] * rate[2]
    return at_middle if x == 0 else at_middle * x / -np.expm1(-x)


@compiled
def logistic(v: float, rate: FloatArray) -> float:
    """Return f / (1 + exp(-(V - V0)/k)) of a rate (f, V0, k)."""
    value: float = rate[0] / (rate.dtype.type(1) + np.exp((rate[1] - v) / rate[2]))
    return value


@compiled
def opening_closing(v: float, gate: int, rates: FloatArray) -> tuple[float, float]:
    """Return the rates at which one of the gates m, h, p and s opens and closes, 1/ms."""
    if gate == 3:
        return logistic(v, rates[3, 0]), logistic(v, rates[3, 1])
    if gate == 1:
        return linoid(v, rates[1, 0]), logistic(v, rates[1, 1])
    return linoid(v, rates[gate, 0]), linoid(v, rates[gate, 1])


@compiled
def rates_at(v: FloatArray, rates: FloatArray) -> FloatArray:
    """Return the rates at which m, h, p and s open and close, (4, 2, n) 1/ms, at V (n,) mV."""
    both = np.empty((GATES, 2, v.size), dtype=rates.dtype)
    for gate in range(GATES):
        for i in range(v.size):
            both[gate, 0, i], both[gate, 1, i] = opening_closing(v[i], gate, rates)
    return both


def steady_gates(v: FloatArray) -> FloatArray:
    """Return m, h, p and s (n, 4) that V (n,) mV would settle at.

    Examples
    --------
    >>> steady_gates(np.array([-80.0])).round(4)
    array([[0.0732, 0.6207, 0.2026, 0.043 ]])
    """
    opening, closing = np.moveaxis(rates_at(np.atleast_1d(np.asarray(v, dtype=np.float64)), RATES), 1, 0)
    return np.asarray(opening / (opening + closing)).T
