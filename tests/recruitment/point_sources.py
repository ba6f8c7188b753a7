"""Axons beside a point source, and thresholds that NEURON was seen to have there."""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.recruitment.axons import PERIODS, Axons, Ends, Model
from spinemodel.recruitment.direct import Direct
from spinemodel.recruitment.geometry import Geometry, centres_um
from spinemodel.recruitment.pulse import Pulse

NODES = 41

RHO_OHM_CM = 300.0

WIDTHS_MS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)

THRESHOLDS_MA = {
    5.7: (0.5744, 0.3463, 0.2179, 0.1731, 0.1375, 0.1136),
    7.3: (0.4239, 0.2641, 0.1719, 0.1392, 0.1133, 0.0967),
    8.7: (0.3507, 0.2235, 0.1490, 0.1225, 0.1017, 0.0890),
    10.0: (0.3167, 0.2033, 0.1366, 0.1128, 0.0940, 0.0825),
    11.5: (0.2944, 0.1911, 0.1295, 0.1074, 0.0900, 0.0797),
    12.8: (0.2796, 0.1824, 0.1241, 0.1032, 0.0867, 0.0768),
    14.0: (0.2693, 0.1768, 0.1210, 0.1008, 0.0849, 0.0754),
    15.0: (0.2610, 0.1722, 0.1186, 0.0992, 0.0839, 0.0748),
    16.0: (0.2536, 0.1681, 0.1162, 0.0973, 0.0825, 0.0737),
}
"""Of a monophasic cathode 1 mm over the middle node, by diameter (um) and width, with steps of 5 us."""

FAR_MA = dict(zip(THRESHOLDS_MA, (1.9126, 1.2471, 0.9623, 0.8216, 0.7325, 0.6746, 0.6328, 0.6000, 0.5714), strict=True))
"""Likewise 3 mm over the node, 0.2 ms."""

BETWEEN_MA = dict(
    zip(THRESHOLDS_MA, (0.2194, 0.1798, 0.1663, 0.1590, 0.1539, 0.1516, 0.1486, 0.1470, 0.1452), strict=True)
)
"""Likewise 1 mm over the middle between two nodes, 0.2 ms."""

VELOCITY_M_PER_S = dict(zip(THRESHOLDS_MA, (25.1, 36.1, 46.9, 55.05, 63.7, 70.9, 77.8, 85.0, 91.8), strict=True))


def beside_source(
    model: Model, geometry: Geometry, *, height_mm: float = 1.0, past: float = 0.0, nodes: int = NODES,
    rho_ohm_cm: float = RHO_OHM_CM, ends: Ends = "sealed",
) -> Axons:  # fmt: skip
    """Return axons with a cathode over their middle node, ``past`` internodes beyond it: V = -rho I / (4 pi r)."""
    period = PERIODS[model]
    at = np.arange(period * (nodes - 1) + 1)
    within = centres_um(geometry)[:, at % period] if period > 1 else 0.0
    along = within + (at // period) * geometry.spacing_um[:, None]
    off_mm = 1e-3 * (along - geometry.spacing_um[:, None] * (nodes // 2 + past))
    potential = -rho_ohm_cm / (4 * np.pi * 0.1 * np.hypot(off_mm, height_mm))
    return Axons(model, geometry, np.full(len(geometry), nodes), potential, ends)


def fires(axons: Axons, axon: IntArray, amplitude_mA: FloatArray, pulse: Pulse, step_ms: float = 0.005) -> FloatArray:
    """Return whether a spike arrives near an end of each lane."""
    watch = np.stack([np.full(len(axons), 2), axons.nodes - 3], axis=1)
    first = Direct().run(axons, axon, amplitude_mA, pulse, step_ms=step_ms, watch=watch).first_ms
    return np.isfinite(np.take_along_axis(first, watch[axon], axis=1)).any(axis=1)


def thresholds(axons: Axons, pulse: Pulse, step_ms: float = 0.005, tolerance: float = 1e-3) -> FloatArray:
    """Return the threshold of every axon by bisection, mA."""
    low, high = np.full(len(axons), 0.01), np.full(len(axons), 10.0)
    while (high / low).max() > 1 + tolerance:
        middle = np.sqrt(low * high)
        fired = fires(axons, np.arange(len(axons)), middle, pulse, step_ms)
        low, high = np.where(fired, low, middle), np.where(fired, middle, high)
    return high
