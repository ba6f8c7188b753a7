"""Steps in time of lanes of MRG axons on a GPU, with numba-cuda: the CPU's arithmetic, a thread for each lane.

In numba's simulator results are those of the CPU to the last bit. A real device fuses multiplications with additions,
and differs by rounding.

How fast it can be: memory moves, hardly anything else. In each step a lane's 20 modes of each internode are read and
written, 160 bytes; 12 rows of its node are read and 8 written, 80 bytes. With 41 nodes and 1000 steps that is 10 MB:
3 microseconds at the 3.35 TB/s of an H100 SXM (NVIDIA's data sheet), were there lanes enough to hide what a thread
waits for, some ten thousand. Not measured: a bound.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.recruitment._modal_kernels import CHECK
from spinemodel.recruitment._modal_lanes import Lanes
from spinemodel.recruitment.modes import EACH
from spinemodel.volume._cuda import Array, kernel, on_device

THREADS: Final = 32
"""Threads of a block: one warp, so that few lanes still find many processors."""

FEWEST_BLOCKS: Final = 128
"""Blocks of a launch: numba warns of fewer. Those without work end at once."""


def run_lanes(
    lanes: Lanes, level: NDArray[Any], over: int, table: NDArray[Any], axis: NDArray[Any], watch: IntArray
) -> NDArray[Any]:
    """Run lanes of single precision; return when each node fired, (nodes, lanes) in steps."""
    width = len(lanes.fires)
    first = cuda.to_device(lanes.first)
    _run[max(-(-width // THREADS), FEWEST_BLOCKS), THREADS](
        *(cuda.to_device(one) for one in (level, lanes.own)), over,
        *(cuda.to_device(one.reshape(-1, width)) for one in (lanes.modes, lanes.jump, lanes.decay, lanes.gain)),
        *(cuda.to_device(one.reshape(len(one), -1, width)) for one in (lanes.state, lanes.fixed)),
        *(cuda.to_device(one) for one in (lanes.gates, lanes.most, lanes.reversal, table, axis, lanes.fires)),
        cuda.to_device(watch), cuda.to_device(lanes.quiet), first,
    )  # fmt: skip
    found: NDArray[Any] = first.copy_to_host()
    return found


@kernel
def _run(
    level: Array, own: Array, over: int, modes: Array, jump: Array, decay: Array, gain: Array, state: Array,
    fixed: Array, gates: Array, most: Array, reversal: Array, table: Array, axis: Array, fires: Array, watch: Array,
    quiet: Array, first: Array,
) -> None:  # fmt: skip
    """Run lanes; see :func:`spinemodel.recruitment._modal_kernels.run_lanes`, whose rows here have the lanes last."""
    for lane in range(cuda.grid(1), fires.size, cuda.gridsize(1)):
        nodes, before = 0, np.float32(0)
        while nodes < own.size and own[nodes] > lane:
            nodes += 1
        for n in range(level.size):
            _assemble(
                lane, nodes, level[n], level[n] - before, modes, jump, decay, gain, state, fixed, gates, most, reversal
            )
            for i in range(nodes - 1, -1, -1):
                _substitute(lane, i, np.float32(n), state, fixed, fires, first)
                _move(lane, state[i + 1, 0, lane], gates[i], table, axis)
            before = level[n]
            if n % CHECK == CHECK - 1 and _leave(lane, nodes, n >= over, state, quiet, watch, first):
                break


@on_device
def _assemble(
    lane: int, nodes: int, level: Any, change: Any, modes: Array, jump: Array, decay: Array, gain: Array, state: Array,
    fixed: Array, gates: Array, most: Array, reversal: Array,
) -> None:  # fmt: skip
    """Write the system of a lane, and eliminate each node before the next."""
    for i in range(nodes):
        _begin(lane, i, state, fixed, gates, most, reversal, level)
        if i > 0:
            _follow(lane, i, change, modes, jump, decay, gain, state)
    for i in range(nodes):
        _eliminate(lane, i, state, fixed)


@on_device
def _begin(
    lane: int, i: int, state: Array, fixed: Array, gates: Array, most: Array, reversal: Array, level: Any
) -> None:
    """Begin a node's row of the system: its capacitance, leak and channels, and the pulse."""
    m, h, p, s = gates[i, 4 * lane], gates[i, 4 * lane + 1], gates[i, 4 * lane + 2], gates[i, 4 * lane + 3]
    na = fixed[i, 4, lane] * (most[0] * m * m * m * h + most[1] * p * p * p)
    k = fixed[i, 4, lane] * (most[2] * s)
    right = state[i + 1, 0, lane] + fixed[i, 1, lane] + level * fixed[i, 2, lane] + (na * reversal[0] + k * reversal[1])
    state[i + 1, 1, lane] = fixed[i, 0, lane] + (na + k)
    state[i + 1, 2, lane] = right


@on_device
def _follow(
    lane: int, i: int, change: Any, modes: Array, jump: Array, decay: Array, gain: Array, state: Array
) -> None:
    """Find e q of the modes of the internode before node i, and add all to the rows of its nodes."""
    before, after = state[i, 0, lane], state[i + 1, 0, lane]
    even, odd = np.float32(0), np.float32(0)
    for mode in range(2 * EACH):
        at = 2 * EACH * (i - 1) + mode
        drive, kept = before + after if mode < EACH else before - after, modes[at, lane]
        if change != 0:
            kept -= change * jump[at, lane]
        moved = decay[mode, lane] * kept + gain[mode, lane] * drive
        modes[at, lane] = moved
        if mode < EACH:
            even += moved
        else:
            odd += moved
    state[i, 2, lane] += even + odd
    state[i + 1, 2, lane] += even - odd


@on_device
def _eliminate(lane: int, i: int, state: Array, fixed: Array) -> None:
    """Eliminate the node before; leave the inverse of the diagonal, and the solution but for the node after."""
    link = fixed[i, 3, lane]
    inverse = np.float32(1) / (state[i + 1, 1, lane] - link * (link * state[i, 1, lane]))
    state[i + 1, 2, lane] = (state[i + 1, 2, lane] + link * state[i, 2, lane]) * inverse
    state[i + 1, 1, lane] = inverse


@on_device
def _substitute(lane: int, i: int, n: Any, state: Array, fixed: Array, fires: Array, first: Array) -> None:
    """Find a node's V from that of the node after, and whether it fires."""
    before, at = state[i + 1, 0, lane], fires[lane]
    now = state[i + 1, 2, lane] + state[i + 1, 1, lane] * (fixed[i + 1, 3, lane] * state[i + 2, 0, lane])
    state[i + 1, 0, lane] = now
    if before < at and now >= at and first[i, lane] == np.inf:
        first[i, lane] = n + (at - before) / (now - before)


@on_device
def _move(lane: int, v: Any, gates: Array, table: Array, axis: Array) -> None:
    """Move a node's gates on."""
    at = min(max((v - axis[0]) * axis[1], np.float32(0)), axis[2])
    whole = np.int32(at)
    share, row = at - np.float32(whole), 16 * whole
    for gate in range(4):
        kept = table[row + gate] + share * table[row + 8 + gate]
        opened = table[row + 4 + gate] + share * table[row + 12 + gate]
        gates[4 * lane + gate] = kept * gates[4 * lane + gate] + opened


@on_device
def _leave(lane: int, nodes: int, over: bool, state: Array, quiet: Array, watch: Array, first: Array) -> bool:
    """Return whether a lane can be left: a watched node of it has fired, or it is quiet."""
    if watch.shape[1] and min(first[watch[0, lane], lane], first[watch[1, lane], lane]) < np.inf:
        return True
    furthest = np.float32(0)
    for i in range(nodes):
        furthest = max(furthest, abs(state[i + 1, 0, lane] - quiet[i, lane]))
    return over and furthest < quiet[quiet.shape[0] - 1, lane]
