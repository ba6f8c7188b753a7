"""The fast engine: MRG axons by the modes of their internodes, many lanes side by side.

It solves the same equations as the direct engine, with the same steps in time, and nothing is left out: between two
nodes MRG axons are linear, so that twenty independent modes say all of an internode that its nodes can feel. What
differs is rounding, in single precision, and how finely gates are tabled.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.recruitment._membranes import LOW_MV, PER_MV
from spinemodel.recruitment._modal_axons import ModalAxons, modal_axons
from spinemodel.recruitment._modal_kernels import LANES, run_lanes
from spinemodel.recruitment._modal_lanes import Lanes
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.cable import INTERNODE_LEAK_MV
from spinemodel.recruitment.engine import AFTER_MS, STEP_MS, Spikes
from spinemodel.recruitment.models import MEMBRANES
from spinemodel.recruitment.pulse import Pulse, on_steps
from spinemodel.volume._device import Device, choose
from spinemodel.volume._threads import side_by_side

SINGLE_PER_MV: Final = 8
"""Rows to the mV of the table of gates in single precision, for the second cache's sake."""

SHARE: Final = 16
"""Fewest lanes that are worth a thread: some 5 ms of work."""

GPU_LANES: Final = 8192
"""Lanes that a GPU takes at a time: 100 MB for 41 nodes."""

UNWATCHED: Final = np.empty((2, 0), dtype=np.int64)


@dataclass(frozen=True)
class Modal:
    """The fast engine, of the MRG model.

    Attributes
    ----------
    device
        Processor; ``auto`` takes a GPU where there is one.
    """

    device: Device = "auto"

    def run(
        self,
        axons: Axons,
        axon: IntArray,
        amplitude_mA: FloatArray,
        pulse: Pulse,
        *,
        step_ms: float = STEP_MS,
        end_ms: float | None = None,
        watch: IntArray | None = None,
        walk: int = 0,
    ) -> Spikes:
        """Return when the nodes of every lane fired, as :class:`~spinemodel.recruitment.engine.Engine` tells.

        Raises
        ------
        InputError
            If the axons are of another model.
        ConvergenceError
            If an axon has no state of rest.
        BackendUnavailableError
            If the device is asked for and cannot be had.
        """
        on_cpu = choose(self.device) == "cpu"
        trial = _Trial.of(axons, pulse, step_ms, end_ms, np.dtype(np.float32))
        axon, amplitude = np.asarray(axon, dtype=np.int64), np.asarray(amplitude_mA, dtype=np.float64)
        first = np.full((len(axon), int(axons.nodes.max(initial=0))), np.inf, dtype=np.float32)

        def some(lanes: IntArray) -> None:
            seen = UNWATCHED if watch is None else np.ascontiguousarray(watch[axon[lanes]].T)
            own = axon[lanes], amplitude[lanes], seen
            found = trial.run(*own, walk) if on_cpu else trial.run_on_gpu(*own)
            first[lanes, : len(found)] = found.T * np.float32(step_ms)

        order = np.argsort(-axons.nodes[axon], kind="stable")
        if on_cpu:
            side_by_side(some, _blocks(order, LANES, os.cpu_count() or 1))
        else:
            for lanes in _blocks(order, GPU_LANES, 1):
                some(lanes)
        return Spikes(first)


def traces(
    axons: Axons,
    axon: int,
    amplitude_mA: float,
    pulse: Pulse,
    *,
    step_ms: float = STEP_MS,
    end_ms: float | None = None,
    double: bool = False,
) -> FloatArray:
    """Return the membrane's potential of every node of one axon, (steps + 1, nodes) mV: at rest, and after each step.

    ``double`` computes in double precision.
    """
    trial = _Trial.of(axons, pulse, step_ms, end_ms, np.dtype(np.float64 if double else np.float32))
    nodes = int(axons.nodes[axon])
    trace = np.zeros((len(trial.level) + 1, nodes, LANES), trial.level.dtype)
    trace[0, :, 0] = trial.axons.rest_mV[axon, :nodes]
    trial.run(np.array([axon]), np.array([amplitude_mA]), UNWATCHED, trace=trace)
    return trace[..., 0].astype(np.float64) + INTERNODE_LEAK_MV


@dataclass(frozen=True, eq=False)
class _Trial:
    """What all lanes of a run share."""

    axons: ModalAxons
    step_ms: float
    level: NDArray[Any]
    over: int
    table: NDArray[Any]
    axis: NDArray[Any]

    @classmethod
    def of(cls, axons: Axons, pulse: Pulse, step_ms: float, end_ms: float | None, kind: np.dtype[Any]) -> _Trial:
        """Return what lanes of these axons share, in single or double precision."""
        if axons.model != "mrg":
            raise InputError(f"modal engine: got axons of model {axons.model}, expected mrg, whose internodes have no "
                             "channels; take the direct engine for others")  # fmt: skip
        end = pulse.end_ms + AFTER_MS if end_ms is None else end_ms
        level = on_steps(pulse, step_ms, ceil(end / step_ms - 1e-9)).astype(kind)
        over = ceil(pulse.end_ms / step_ms - 1e-9)
        return cls(modal_axons(axons, step_ms), step_ms, level, over, *_gates(step_ms, kind))

    def run(
        self, axon: IntArray, amplitude_mA: FloatArray, watch: IntArray, walk: int = 0,
        trace: NDArray[Any] | None = None,
    ) -> NDArray[Any]:  # fmt: skip
        """Run lanes, those with most nodes first; return when each node fired, (nodes, lanes) in steps."""
        kind = self.level.dtype
        lanes = Lanes.of(self.axons, axon, amplitude_mA, self.step_ms, LANES, kind)
        run_lanes(
            self.level, self.over, lanes.own, lanes.modes, lanes.jump, lanes.decay, lanes.gain, lanes.state,
            lanes.fixed, lanes.gates, lanes.most, lanes.reversal, self.table, self.axis, lanes.fires, watch, walk,
            lanes.quiet, lanes.first, np.empty((0, 0, 0), kind) if trace is None else trace,
        )  # fmt: skip
        return lanes.first[:, : len(axon)]

    def run_on_gpu(self, axon: IntArray, amplitude_mA: FloatArray, watch: IntArray) -> NDArray[Any]:
        """Run lanes likewise on a GPU, where each is left once a watched node has fired, or it is quiet."""
        from spinemodel.recruitment._modal_cuda import run_lanes

        lanes = Lanes.of(self.axons, axon, amplitude_mA, self.step_ms, len(axon), self.level.dtype)
        return run_lanes(lanes, self.level, self.over, self.table, self.axis, watch)


def _blocks(order: IntArray, most: int, threads: int) -> list[IntArray]:
    """Return lanes in blocks of up to ``most``, enough for all threads where there are lanes enough."""
    count = max(ceil(len(order) / most), min(threads, len(order) // SHARE), 1)
    return np.array_split(order, count) if len(order) else []


@lru_cache(maxsize=4)
def _gates(step_ms: float, kind: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the direct engine's table of gates as kernels take it, and its axis."""
    every = PER_MV // SINGLE_PER_MV if kind == np.float32 else 1
    rows = MEMBRANES["mrg"].tables(step_ms)[0, ::every].swapaxes(1, 2).reshape(-1, 8)
    table = np.concatenate([rows[:-1], np.diff(rows, axis=0)], axis=1)
    return table.astype(kind).ravel(), np.array([LOW_MV - INTERNODE_LEAK_MV, PER_MV / every, len(table) - 1], kind)
