"""Axons solved as they are: every compartment, in double precision, step by step as NEURON does."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import ConvergenceError
from spinemodel.recruitment._direct_kernels import Line, rest, steps
from spinemodel.recruitment._membranes import Channels, Membranes
from spinemodel.recruitment.axons import Axons, compartments
from spinemodel.recruitment.cable import END_LEAK_MV, END_LEAK_S_PER_CM2, S_PER_CM2, Cable
from spinemodel.recruitment.drive import Drive, drive
from spinemodel.recruitment.engine import AFTER_MS, FIRES_MV, STEP_MS, Spikes
from spinemodel.recruitment.models import MEMBRANES, cable_of, tables_of
from spinemodel.recruitment.pulse import Pulse, on_steps
from spinemodel.volume._threads import side_by_side

LANES: Final = 4
"""Lanes that a thread takes at a time: some ten milliseconds of work."""

OPEN_US: Final = 1e9
"""Conductance from the space under the myelin to the outside at nodes, which are open: what NEURON's 1e10 S/cm2 are."""

NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Direct:
    """The engine of reference: slow, and of every model."""

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
        ConvergenceError
            If an axon has no state of rest.
        """
        solver = _Solver.of(axons, pulse, step_ms, end_ms)
        first = np.full((len(axon), int(axons.nodes.max(initial=0))), np.inf)

        def some(lanes: IntArray) -> None:
            for i in lanes:
                which = int(axon[i])
                seen = NONE if watch is None else watch[which]
                own = first[i, : axons.nodes[which]]
                solver.run(which, float(amplitude_mA[i]), seen, walk, own, np.empty((0, 0)))

        side_by_side(some, np.array_split(np.arange(len(axon)), max(1, len(axon) // LANES)))
        return Spikes((first * step_ms).astype(np.float32))


def traces(
    axons: Axons, axon: int, amplitude_mA: float, pulse: Pulse, *, step_ms: float = STEP_MS, end_ms: float | None = None
) -> FloatArray:
    """Return the membrane's potential of every node of one axon, (steps + 1, nodes) mV: at rest, and after each step.

    Raises
    ------
    ConvergenceError
        If the axon has no state of rest.
    """
    solver, nodes = _Solver.of(axons, pulse, step_ms, end_ms), int(axons.nodes[axon])
    trace = np.empty((solver.level.size + 1, nodes))
    trace[0] = solver.run(axon, amplitude_mA, NONE, 0, np.full(nodes, np.inf), trace[1:])
    return trace


@dataclass(frozen=True, eq=False)
class _Solver:
    """What all lanes of a run share."""

    axons: Axons
    cable: Cable
    driven: Drive
    membranes: Membranes
    tables: FloatArray
    level: FloatArray
    step_ms: float

    @classmethod
    def of(cls, axons: Axons, pulse: Pulse, step_ms: float, end_ms: float | None) -> _Solver:
        """Return what lanes of these axons share."""
        cable, membranes = cable_of(axons.model, axons.geometry), MEMBRANES[axons.model]
        end = pulse.end_ms + AFTER_MS if end_ms is None else end_ms
        level = on_steps(pulse, step_ms, ceil(end / step_ms - 1e-9))
        return cls(axons, cable, drive(axons, cable), membranes, tables_of(axons.model, step_ms), level, step_ms)

    def run(
        self, axon: int, amplitude_mA: float, watch: IntArray, walk: int, first: FloatArray, trace: FloatArray
    ) -> FloatArray:
        """Fill ``first`` (nodes,), in steps, and ``trace`` if it has rows; return V of the nodes at rest."""
        m = int(compartments(self.axons.model, self.axons.nodes[axon]))
        period, line, channels = len(self.membranes.kinds), self._line(axon, m), self._channels(axon, m)
        x, gates = np.empty((2, m)), np.zeros((len(channels.places), self.tables.shape[2]))
        if not rest(line, channels, x, gates):
            diameter = self.axons.geometry.diameter_um[axon]
            raise ConvergenceError(f"axon {axon} of {diameter:g} um: no state of rest; expected sizes of the model")
        begin: FloatArray = (x[0] - x[1])[::period]
        driven = amplitude_mA * np.stack([self.driven.inside_nA[axon, :m], self.driven.under_nA[axon, :m]])
        steps(line, channels, driven, self.level, x, gates, period, FIRES_MV, watch, walk, first, trace)
        return begin

    def _line(self, axon: int, m: int) -> Line:
        """Return an axon of m compartments, channels apart."""
        cable, at = self.cable, np.arange(m) % len(self.membranes.kinds)
        conductance, reversal = cable.leak_uS[axon, at], cable.leak_mV[at]
        conductance[[0, -1]] = END_LEAK_S_PER_CM2 * S_PER_CM2 * cable.area_um2[axon, 0]
        reversal[[0, -1]] = END_LEAK_MV
        return Line(
            along=np.stack([cable.axial_uS[axon, at[:-1]], cable.gap_uS[axon, at[:-1]]]),
            store=np.stack([cable.membrane_nF[axon, at], cable.myelin_nF[axon, at]]) / self.step_ms,
            myelin=np.where(at == 0, OPEN_US, cable.myelin_uS[axon, at]),
            leak=np.stack([conductance, conductance * reversal]),
        )

    def _channels(self, axon: int, m: int) -> Channels:
        """Return the channels of an axon of m compartments; its end nodes have none."""
        at = np.arange(m) % len(self.membranes.kinds)
        places = np.flatnonzero(self.membranes.kinds[at])[1:-1]
        at = at[places]
        most = self.membranes.S_per_cm2[at] * S_PER_CM2 * self.cable.area_um2[axon, at, None]
        return Channels(places, self.membranes.kinds[at], np.minimum(at, 1), most, self.tables)
