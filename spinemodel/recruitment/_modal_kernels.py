"""Steps in time of lanes of MRG axons by their modes, compiled for the CPU, in the type of the arrays given.

Potentials are less the -80 mV at which an internode rests. Currents are divided by a node's capacitance over the step,
so that they are in mV too. A mode's current q into the node before its internode goes on as q' = e q + d U', where
e = 1/(1 + step rate), and U' is the sum of the new V of its two nodes if it is even, the difference if it is odd.
A constant pulse shifts q by a constant. So q is counted from there, and jumps where the pulse changes. What is kept of
q from step to step is e q: the part of q' that is known before the nodes are solved for.

A step is: each node's own row; what modes send it; elimination from node to node; V; the gates at the new V.

Lanes are the last axis of all arrays, ``LANES`` long, ordered by how many nodes they have, most first: the first
``own[i]`` have node i.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.recruitment._gate_rows import move_gates
from spinemodel.recruitment.modes import EACH

LANES: Final = 96
"""Lanes of a block. What 96 of 41 nodes need is 500 kB, which the second cache of a core holds. Fewer are slower, and
of powers of 2 rows come to lie a multiple of 4096 bytes apart, at which processors wait for one to be written before
the other is read."""

STATE: Final = 3
"""Rows of a node that change."""

CHECK: Final = 16
"""Steps between looks at whether lanes can be left."""

# Indices without sign: else each would be looked at whether it counts from the end, and loops would not be vectors.
_ONE, _TWO, _THREE, _FOUR, _EVEN, _ALL = (np.uint64(n) for n in (1, 2, 3, 4, EACH, 2 * EACH))
_1, _2, _3, _4 = (np.uint64(n * LANES) for n in (1, 2, 3, 4))
_NODE = np.uint64(STATE * LANES)


@compiled
def run_lanes(
    level: Any, over: int, own: IntArray, modes: Any, jump: Any, decay: Any, gain: Any, state: Any, fixed: Any,
    gates: Any, most: Any, reversal: Any, table: Any, axis: Any, fires: Any, watch: IntArray, walk: int,
    quiet: Any, first: Any, trace: Any,
) -> None:  # fmt: skip
    """Run a block of lanes; modes, state, gates, fires, first and trace are changed in place.

    level, over
        (steps,) of the pulse; and from which step on there is none.
    own
        (nodes,) lanes that have each node.
    modes, jump
        (nodes - 1, 20 LANES) e q of each mode; and how far level 1 shifts q.
    decay, gain
        (20 LANES) e, and e d.
    state
        (nodes + 2, 3 LANES) V, diagonal and right side of each node, with zeros before the first and after the last.
    fixed
        (nodes + 1, 5 LANES) what stays of them: diagonal, right side, that at level 1, link to the node before, and
        whether there are channels (1 or 0); zeros after the last.
    gates
        (nodes, 4 LANES) m, h, p and s of one lane after the other.
    most, reversal
        (3,) channels with all gates open; (2,) mV of sodium and potassium.
    table, axis
        (rows 16,) as :func:`move_gates` takes it; (3,) V of its first row, rows to the mV, and its last row.
    fires
        (LANES,) V through which a node rises when it fires; infinite once a lane is left.
    watch
        (2, lanes) nodes at whose spike a lane is left, or (2, 0).
    walk
        How many nodes a spike walks until a lane is left; 0: none is.
    quiet
        (nodes + 1, LANES) V at rest, and how far from it all nodes must be below for a lane to be left.
    first
        (nodes, LANES) when each fires, in steps; infinite before.
    trace
        (steps + 1, nodes, LANES) for V; or with no rows.
    """
    row, share, before = np.zeros(LANES, np.int32), np.zeros_like(fires), level.dtype.type(0)
    for n in range(level.size):
        for i in range(own.size):
            _begin(state[i + 1], fixed[i], gates[i], most, reversal, level[n], own[i])
        for i in range(1, own.size):
            if level[n] != before:
                _shift(modes[i - 1], jump[i - 1], level[n] - before)
            _follow(modes[i - 1], decay, gain, _pair(state, i), own[i])
        _solve(own, state, fixed, fires, level.dtype.type(n), first)
        for i in range(own.size):
            _look_up(state[i + 1], axis, row, share, own[i])
            _move(gates[i], table, row, share, own[i])
        before = level[n]
        if trace.shape[0]:
            trace[n + 1] = state[1:-1, :LANES]
        elif n % CHECK == CHECK - 1 and _leave(first, watch, walk, state, quiet, n >= over, fires, own):
            return


@compiled
def _pair(state: Any, i: int) -> Any:
    """Return the rows of two nodes in one, of which the second is node i."""
    return state.reshape(-1)[i * STATE * LANES : (i + 2) * STATE * LANES]


@compiled
def _begin(state: Any, fixed: Any, gates: Any, most: Any, reversal: Any, level: Any, lanes: int) -> None:
    """Begin a node's row of the system: its capacitance, leak and channels, and the pulse."""
    fast, persistent, slow, sodium, potassium = most[0], most[1], most[2], reversal[0], reversal[1]
    for lane in range(np.uint64(lanes)):
        at = _FOUR * lane
        m, h, p, s = gates[at], gates[at + _ONE], gates[at + _TWO], gates[at + _THREE]
        na = fixed[lane + _4] * (fast * m * m * m * h + persistent * p * p * p)
        k = fixed[lane + _4] * (slow * s)
        state[lane + _1] = fixed[lane] + (na + k)
        state[lane + _2] = state[lane] + fixed[lane + _1] + level * fixed[lane + _2] + (na * sodium + k * potassium)


@compiled
def _shift(modes: Any, jump: Any, change: Any) -> None:
    """Count the modes of an internode from where they are shifted to now."""
    for at in range(np.uint64(modes.size)):
        modes[at] -= change * jump[at]


@compiled
def _follow(modes: Any, decay: Any, gain: Any, pair: Any, lanes: int) -> None:
    """Find e q of the modes of an internode, now that V is known, and add all to the rows of its nodes."""
    for lane in range(np.uint64(lanes)):
        drive = pair[lane] + pair[lane + _NODE]
        even = decay[lane] * modes[lane] + gain[lane] * drive
        modes[lane] = even
        for mode in range(_ONE, _EVEN):
            at = mode * _1 + lane
            modes[at] = decay[at] * modes[at] + gain[at] * drive
            even += modes[at]
        drive = pair[lane] - pair[lane + _NODE]
        at = _EVEN * _1 + lane
        odd = decay[at] * modes[at] + gain[at] * drive
        modes[at] = odd
        for mode in range(_EVEN + _ONE, _ALL):
            at = mode * _1 + lane
            modes[at] = decay[at] * modes[at] + gain[at] * drive
            odd += modes[at]
        pair[lane + _2] += even + odd
        pair[lane + _NODE + _2] += even - odd


@compiled
def _solve(own: IntArray, state: Any, fixed: Any, fires: Any, n: Any, first: Any) -> None:
    """Solve the system for V of all nodes."""
    for i in range(own.size):
        _eliminate(_pair(state, i), fixed[i], own[i])
    for i in range(own.size - 1, -1, -1):
        _substitute(_pair(state, i + 1), fixed[i + 1], fires, n, first[i], own[i])


@compiled
def _eliminate(pair: Any, fixed: Any, lanes: int) -> None:
    """Eliminate the node before; leave the inverse of the diagonal, and the solution but for the node after."""
    one = pair.dtype.type(1)
    for lane in range(np.uint64(lanes)):
        link = fixed[lane + _3]
        inverse = one / (pair[lane + _NODE + _1] - link * (link * pair[lane + _1]))
        pair[lane + _NODE + _2] = (pair[lane + _NODE + _2] + link * pair[lane + _2]) * inverse
        pair[lane + _NODE + _1] = inverse


@compiled
def _substitute(pair: Any, fixed: Any, fires: Any, n: Any, first: Any, lanes: int) -> None:
    """Find a node's V from that of the node after, and whether it fires."""
    for lane in range(np.uint64(lanes)):
        before = pair[lane]
        now = pair[lane + _2] + pair[lane + _1] * (fixed[lane + _3] * pair[lane + _NODE])
        pair[lane] = now
        when = n + (fires[lane] - before) / (now - before)
        rises = (before < fires[lane]) & (now >= fires[lane]) & (first[lane] == np.inf)
        first[lane] = when if rises else first[lane]


@compiled
def _look_up(v: Any, axis: Any, row: Any, share: Any, lanes: int) -> None:
    """Find the row of the table before each V, where it begins, and the share of the way to the next."""
    lowest, per_mV, last, zero = axis[0], axis[1], axis[2], v.dtype.type(0)
    for lane in range(np.uint64(lanes)):
        at = min(max((v[lane] - lowest) * per_mV, zero), last)
        whole = np.int32(at)
        row[lane] = whole * np.int32(16)
        share[lane] = at - v.dtype.type(whole)


@compiled
def _move(gates: Any, table: Any, row: Any, share: Any, lanes: int) -> None:
    """Move a node's gates on."""
    for lane in range(np.uint64(lanes)):
        move_gates(table, np.uint64(np.uint32(row[lane])), share[lane], gates, lane * _FOUR)


@compiled
def _leave(
    first: Any, watch: IntArray, walk: int, state: Any, quiet: Any, over: bool, fires: Any, own: IntArray
) -> bool:
    """Leave lanes whose spike has come or walked far enough, or that are quiet; return whether none goes on."""
    for lane in range(watch.shape[1]):
        if np.isfinite(first[watch[0, lane], lane]) or np.isfinite(first[watch[1, lane], lane]):
            fires[lane] = np.inf
    if walk:
        fires[_walked(first, own) >= walk] = np.inf
    if over:
        fires[_furthest(state, quiet, own) < quiet[-1]] = np.inf
    return bool(np.isinf(fires).all())


@compiled
def _walked(first: Any, own: IntArray) -> Any:
    """Return how many nodes a spike has walked in each lane, towards either end: each fired after the one before."""
    up, down = np.zeros(LANES, np.int32), np.zeros(LANES, np.int32)
    walked, none = np.zeros(LANES, np.int32), np.int32(0)
    for i in range(1, own.size):
        before, here = first[i - 1], first[i]
        for lane in range(np.uint64(own[i])):
            up[lane] = up[lane] + np.int32(1) if before[lane] < here[lane] < np.inf else none
            down[lane] = down[lane] + np.int32(1) if here[lane] < before[lane] < np.inf else none
            walked[lane] = max(walked[lane], up[lane], down[lane])
    return walked


@compiled
def _furthest(state: Any, rest: Any, own: IntArray) -> Any:
    """Return how far from rest that node of each lane is that is furthest."""
    furthest = np.zeros_like(state[0, :LANES])
    for i in range(own.size):
        for lane in range(np.uint64(own[i])):
            furthest[lane] = max(furthest[lane], abs(state[i + 1, lane] - rest[i, lane]))
    return furthest
