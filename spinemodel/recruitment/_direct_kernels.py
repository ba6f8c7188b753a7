"""Steps in time of one axon, compiled: NEURON's own discretisation.

Voltages step by backward Euler with the gates as they were; then gates move on at the new voltage. What flows through a
membrane of conductance G and capacitance C over the step is a V - b, with a = C + G.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.recruitment._double_cable import solve
from spinemodel.recruitment._membranes import PER_MV, Channels, conduct, move

BEGIN_MV: Final = -80.0
ROUNDS: Final = 60
SETTLED_MV: Final = 1e-9
"""Where the search for rest begins, its rounds at most, and the change of the last."""

CHECK: Final = 16
"""Steps between looks at how far a spike has walked."""


class Line(NamedTuple):
    """One axon of m compartments, channels apart, as the kernels take it.

    along
        (2, m - 1) conductances to the next compartment, inside and under the myelin.
    store
        (2, m) capacitance of membrane and myelin, over the step.
    myelin
        (m,) its conductance.
    leak
        (2, m) conductance of the membrane, and constant part of its current.
    """

    along: FloatArray
    store: FloatArray
    myelin: FloatArray
    leak: FloatArray


@compiled
def rest(line: Line, channels: Channels, x: FloatArray, gates: FloatArray) -> bool:
    """Find where nothing flows, x (2, m) and gates (c, gates), by Newton's rounds; return whether it was found."""
    m = line.myelin.size
    across, right, work = np.empty(m), np.empty((2, m)), np.empty((m, 5))
    outward = _outward(line.along, line.myelin)
    x[0], x[1] = BEGIN_MV, 0.0
    for _ in range(ROUNDS):
        before = x[0] - x[1]
        across[:], right[0] = line.leak[0], line.leak[1]
        for i in range(channels.places.size):
            j = channels.places[i]
            here = _settled(before[j], gates, i, channels)
            # The tables are straight between rows, so a row's distance tells their slope.
            slope = (_settled(before[j] + 1 / PER_MV, gates, i, channels) - here) * PER_MV
            across[j] += slope
            right[0, j] += slope * before[j] - here
        right[1] = -right[0]
        solve(line.along, across, outward, right, x, work)
        if np.abs(x[0] - x[1] - before).max() < SETTLED_MV:
            for i in range(channels.places.size):
                j = channels.places[i]
                move(x[0, j] - x[1, j], gates, i, channels, True)
            return True
    return False


@compiled
def steps(
    line: Line, channels: Channels, drive: FloatArray, level: FloatArray, x: FloatArray, gates: FloatArray,
    period: int, fires: float, watch: IntArray, walk: int, first: FloatArray, trace: FloatArray,
) -> None:  # fmt: skip
    """Run an axon from x (2, m) and gates (c, gates), both changed in place.

    drive
        (2, m) currents at level 1.
    level
        (steps,) of the pulse.
    period
        Compartments from node to node.
    fires
        V through which a node rises when it fires.
    watch
        Nodes; the run ends when one of them has fired.
    walk
        How many nodes a spike walks until the run ends; 0: it goes on.
    first
        (nodes,) for when each fires, in steps; as it is where it does not.
    trace
        (steps, nodes) for V after each step; none is kept where it has no rows.
    """
    m = line.myelin.size
    across, right, work = np.empty(m), np.empty((2, m)), np.empty((m, 5))
    outward = _outward(line.along, line.myelin + line.store[1])
    before = x[0, ::period] - x[1, ::period]
    for n in range(level.size):
        _assemble(line, drive, level[n], x, across, right)
        for i in range(channels.places.size):
            conductance, constant = conduct(gates, i, channels)
            j = channels.places[i]
            across[j] += conductance
            right[0, j] += constant
            right[1, j] -= constant
        solve(line.along, across, outward, right, x, work)
        for i in range(channels.places.size):
            j = channels.places[i]
            move(x[0, j] - x[1, j], gates, i, channels, False)
        _note(n, x, period, fires, before, first)
        if trace.shape[0]:
            trace[n] = before
        if _fired(first, watch) or (walk and n % CHECK == CHECK - 1 and _walked(first) >= walk):
            return


@compiled
def _assemble(
    line: Line, drive: FloatArray, level: float, x: FloatArray, across: FloatArray, right: FloatArray
) -> None:
    """Fill ``across`` and ``right`` for a step from x, channels apart."""
    store, leak = line.store, line.leak
    for j in range(across.size):
        across[j] = store[0, j] + leak[0, j]
        b = store[0, j] * (x[0, j] - x[1, j]) + leak[1, j]
        right[0, j] = drive[0, j] * level + b
        right[1, j] = drive[1, j] * level - b + store[1, j] * x[1, j]


@compiled
def _note(n: int, x: FloatArray, period: int, fires: float, before: FloatArray, first: FloatArray) -> None:
    """Note which nodes fired in step ``n``, in ``first``, and the new V, in ``before``."""
    for node in range(before.size):
        v = x[0, node * period] - x[1, node * period]
        if before[node] < fires <= v and np.isinf(first[node]):
            first[node] = n + (fires - before[node]) / (v - before[node])
        before[node] = v


@compiled
def _fired(first: FloatArray, watch: IntArray) -> bool:
    """Return whether one of the watched nodes has fired."""
    return bool(np.isfinite(first[watch]).any())


@compiled
def _walked(first: FloatArray) -> int:
    """Return how many nodes a spike has walked, towards either end: each fired after the one before."""
    up, down, walked = 0, 0, 0
    for i in range(1, first.size):
        up = up + 1 if first[i - 1] < first[i] < np.inf else 0
        down = down + 1 if first[i] < first[i - 1] < np.inf else 0
        walked = max(walked, up, down)
    return walked


@compiled
def _settled(v: float, gates: FloatArray, i: int, channels: Channels) -> float:
    """Return what flows through channels, their gates (changed in place) settled at V."""
    move(v, gates, i, channels, True)
    conductance, constant = conduct(gates, i, channels)
    return conductance * v - constant


@compiled
def _outward(along: FloatArray, myelin: FloatArray) -> FloatArray:
    """Return what the neighbours and the myelin add to the diagonal, (2, m)."""
    outward = np.zeros((2, myelin.size))
    outward[:, :-1] += along
    outward[:, 1:] += along
    outward[1] += myelin
    return outward
