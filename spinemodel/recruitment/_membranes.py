"""Channels of the kinds of membrane: what flows through them, and how their gates move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.recruitment.rates import K_MV, NA_MV

NODE: Final = 1
"""Gates m, h, p, s; channels of fast and persistent sodium, m^3 h and p^3, and slow potassium, s."""

NODE_FAST_K: Final = 2
"""That and a gate n, with fast potassium, n^4."""

INTERNODE: Final = 3
"""Gates s, n and q; slow and fast potassium, s and n^4, and HCN, q."""

SODIUM: Final = 4
"""Gates m and h; sodium, m^2 h."""

HCN_MV: Final = -54.9
SWEENEY_NA_MV: Final = 35.64
"""Reversal potentials of Gaines et al. 2018, and of Sweeney et al. 1987; others are those of MRG."""

LOW_MV: Final = -300.0
HIGH_MV: Final = 150.0
PER_MV: Final = 64
"""Range of the tables of gates, and rows of one per mV. Between rows the error is under 1e-7; beyond the range, which
only electrodes at many times threshold reach, gates move as at its end."""


Rates: TypeAlias = Callable[[FloatArray], FloatArray]
"""Of V (rows,) mV: the rates at which gates open and close, (gates, 2, rows) 1/ms."""


@dataclass(frozen=True, eq=False)
class Membranes:
    """Channels along a period of k compartments.

    Attributes
    ----------
    kinds
        (k,) of each compartment: how its gates and channels go together; 0 without channels.
    S_per_cm2
        (k, channels) of each channel with all gates open.
    rates
        Of the gates of the node, and of those between if there are any.
    """

    kinds: IntArray
    S_per_cm2: FloatArray
    rates: tuple[Rates, ...]

    def tables(self, step_ms: float) -> FloatArray:
        """Return E and F of every gate by V, (membranes, rows, gates, 2): a step takes x to E x + F, V being held."""
        v = np.linspace(LOW_MV, HIGH_MV, round((HIGH_MV - LOW_MV) * PER_MV) + 1)
        known = [rates(v) for rates in self.rates]
        tables = np.zeros((len(known), len(v), max(len(both) for both in known), 2))
        for table, both in zip(tables, known, strict=True):
            opening, closing = both[:, 0].T, both[:, 1].T
            kept = np.exp(-step_ms * (opening + closing))
            table[:, : len(both), 0] = kept
            table[:, : len(both), 1] = opening / (opening + closing) * (1 - kept)
        return tables


class Channels(NamedTuple):
    """Channels of one axon, in the compartments that have any, as compiled functions take them.

    places
        (c,) of these compartments along the axon.
    kinds
        (c,) of their membranes.
    which
        (c,) whose table each has.
    most
        (c, channels) uS with all gates open.
    tables
        (membranes, rows, gates, 2) as :meth:`Membranes.tables` returns them.
    """

    places: IntArray
    kinds: IntArray
    which: IntArray
    most: FloatArray
    tables: FloatArray


@compiled
def move(v: float, gates: FloatArray, i: int, channels: Channels, settle: bool) -> None:
    """Move the gates (c, gates) of place ``i`` (changed in place) on a step at V, or to where they settle."""
    table = channels.tables[channels.which[i]]
    at = min(max((v - LOW_MV) * PER_MV, 0.0), table.shape[0] - 1.0)
    row = min(int(at), table.shape[0] - 2)
    part = at - row
    for gate in range(table.shape[1]):
        kept = table[row, gate, 0] + part * (table[row + 1, gate, 0] - table[row, gate, 0])
        moved = table[row, gate, 1] + part * (table[row + 1, gate, 1] - table[row, gate, 1])
        gates[i, gate] = moved / (1 - kept) if settle else kept * gates[i, gate] + moved


@compiled
def conduct(gates: FloatArray, i: int, channels: Channels) -> tuple[float, float]:
    """Return the conductance of the channels at place ``i``, uS, and what of their current is constant, nA."""
    kind, x, most = channels.kinds[i], gates, channels.most
    if kind == SODIUM:
        sodium = most[i, 0] * x[i, 0] * x[i, 0] * x[i, 1]
        return sodium, sodium * SWEENEY_NA_MV
    if kind == INTERNODE:
        potassium, other = most[i, 0] * x[i, 0] + most[i, 1] * _fourth(x[i, 1]), most[i, 2] * x[i, 2]
        return potassium + other, potassium * K_MV + other * HCN_MV
    sodium = most[i, 0] * x[i, 0] * x[i, 0] * x[i, 0] * x[i, 1] + most[i, 1] * x[i, 2] * x[i, 2] * x[i, 2]
    potassium = most[i, 2] * x[i, 3]
    if kind == NODE_FAST_K:
        potassium += most[i, 3] * _fourth(x[i, 4])
    return sodium + potassium, sodium * NA_MV + potassium * K_MV


@compiled
def _fourth(n: float) -> float:
    """Return n^4."""
    square = n * n
    return square * square
