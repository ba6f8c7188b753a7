"""Where the nodes of MRG axons rest, by what an internode conducts at rest."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.recruitment._membranes import PER_MV, Channels, conduct, move

ROUNDS: Final = 60
SETTLED_MV: Final = 1e-9
"""Newton's rounds at most, and the change at which they end."""


class Nodes(NamedTuple):
    """Nodes of n axons at rest.

    own
        (n,) nodes of each.
    leak
        (n, 2, 2) of inner and of end nodes: uS, and the constant part of the leak's current, nA.
    area
        (n,) um2 of a node.
    out, back
        (n,) uS from a node into an internode at rest by its own V; and by that of the node at its other end, back.
    zero
        mV at which V counts as 0.
    channels
        Of the nodes of the longest axon, per um2.
    """

    own: IntArray
    leak: FloatArray
    area: FloatArray
    out: FloatArray
    back: FloatArray
    zero: float
    channels: Channels


@compiled
def settle(nodes: Nodes, v: FloatArray, gates: FloatArray) -> bool:
    """Find V (n, nodes) and gates (n, nodes, 4) of all axons at rest, by Newton's rounds; return whether there are."""
    diagonal, right = np.empty(v.shape[1]), np.empty(v.shape[1])
    for axon in range(nodes.own.size):
        change, rounds, own = np.inf, 0, v[axon, : nodes.own[axon]]
        while change >= SETTLED_MV:
            if rounds == ROUNDS:
                return False
            _linearise(nodes, axon, own, gates[axon], diagonal, right)
            change = _solve(nodes.back[axon], diagonal, right, own)
            rounds += 1
    return True


@compiled
def _linearise(
    nodes: Nodes, axon: int, v: FloatArray, gates: FloatArray, diagonal: FloatArray, right: FloatArray
) -> None:
    """Write the system of one axon's nodes, linear about V; end nodes have no channels."""
    for i in range(v.size):
        end = 1 if i == 0 or i == v.size - 1 else 0
        area = nodes.area[axon] * (1 - end)
        # The table of gates is straight between rows, so a row's distance tells its slope.
        further = area * _current(v[i] + 1 / PER_MV, nodes.zero, gates, i, nodes.channels)
        here = area * _current(v[i], nodes.zero, gates, i, nodes.channels)
        slope = (further - here) * PER_MV
        diagonal[i] = slope + nodes.leak[axon, end, 0] + (2 - end) * nodes.out[axon]
        right[i] = slope * v[i] - here + nodes.leak[axon, end, 1]


@compiled
def _solve(link: float, diagonal: FloatArray, right: FloatArray, v: FloatArray) -> float:
    """Solve for V (changed in place), neighbours linked alike; return the largest change."""
    for i in range(1, v.size):
        weight = link / diagonal[i - 1]
        diagonal[i] -= weight * link
        right[i] += weight * right[i - 1]
    change, after = 0.0, 0.0
    for i in range(v.size - 1, -1, -1):
        after = (right[i] + link * after) / diagonal[i]
        change = max(change, abs(after - v[i]))
        v[i] = after
    return change


@compiled
def _current(v: float, zero: float, gates: FloatArray, i: int, channels: Channels) -> float:
    """Return the current of channels with gates (changed in place) settled at V."""
    move(v + zero, gates, i, channels, True)
    conductance, constant = conduct(gates, i, channels)
    return conductance * (v + zero) - constant
