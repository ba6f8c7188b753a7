"""An engine whose thresholds are known: nodes fire where the potential bends enough, and spikes walk on from there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.recruitment.axons import Axons, compartments
from spinemodel.recruitment.engine import STEP_MS, Spikes
from spinemodel.recruitment.geometry import Geometry, mrg_geometry
from spinemodel.recruitment.guess import node_differences
from spinemodel.recruitment.pulse import Pulse

FIRES_MV = 10.0
"""A node fires where the second difference, times the amplitude, is this or more."""

HOP_MS = 0.02
"""From node to node."""


def toy_axons(potential_at_nodes: FloatArray, ends: str = "continued", nodes: IntArray | None = None) -> Axons:
    """Return axons of 10 um with these potentials (n, nodes) at their nodes."""
    n, most = potential_at_nodes.shape
    nodes = np.full(n, most) if nodes is None else nodes
    geometry: Geometry = mrg_geometry(np.full(n, 10.0))
    potential = np.zeros((n, compartments("mrg", np.array([most]))[0]))
    potential[:, ::11] = potential_at_nodes
    return Axons("mrg", geometry, nodes, potential, ends)  # type: ignore[arg-type]


@dataclass
class Toy:
    """Fires at the pulse's begin where the potential bends; spikes stop where it bends the other way.

    ``blocks_mV``: bend, of the other sign, that no spike passes. ``lags``: added to the threshold, per ms of the step.
    Counts lanes, and notes the latest end.
    """

    blocks_mV: float = np.inf
    lags_per_ms: float = 0.0
    lanes: int = 0
    latest_ms: float = 0.0
    calls: list[int] = field(default_factory=list)

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
        self.lanes += len(axon)
        self.calls.append(len(axon))
        self.latest_ms = max(self.latest_ms, np.inf if end_ms is None else end_ms)
        bend = pulse.levels[0] * node_differences(axons)[axon] * amplitude_mA[:, None]
        fires, blocks = bend >= FIRES_MV * (1 + self.lags_per_ms * step_ms), bend <= -self.blocks_mV
        k = np.arange(bend.shape[1])
        first = np.full(bend.shape, np.inf, np.float32)
        begin = pulse.edges_ms[0] + 0.1
        for lane in range(len(axon)):
            for site in np.flatnonzero(fires[lane]):
                wall = np.flatnonzero(blocks[lane])
                low = wall[wall < site].max(initial=-1) + 1
                high = wall[wall > site].min(initial=axons.nodes[axon[lane]]) - 1
                reached = (k >= low) & (k <= high)
                at = begin + HOP_MS * abs(k - site) - 1e-4 * bend[lane, site]
                first[lane, reached] = np.minimum(first[lane], at)[reached]
        if watch is not None:
            seen = np.take_along_axis(first, watch[axon], axis=1).min(axis=1)
            first[first > seen[:, None]] = np.inf
        first[first > (np.inf if end_ms is None else end_ms)] = np.inf
        return Spikes(first)
