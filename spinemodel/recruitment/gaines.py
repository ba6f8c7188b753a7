"""Motor and sensory axons with channels under the myelin too.

Gaines, Finn, Slopsema, Heyboer and Polasek (2018, J. Comput. Neurosci. 45:29-43; ModelDB 243841): the axon of MRG, with
fast potassium at the node, and with slow and fast potassium and HCN at MYSA, FLUT and STIN. The sensory axon has other
rates of sodium, other conductances, and HCN that opens at less hyperpolarisation. Numbers were read in the authors'
mechanisms as the public NRV keeps them (``node_motor.mod`` and so on). As there, the channels under the myelin are
spread over the surface of the fibre, not over that of the axon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.recruitment._membranes import INTERNODE, NODE_FAST_K, Membranes
from spinemodel.recruitment.cable import S_PER_CM2, Cable, mrg_cable
from spinemodel.recruitment.geometry import PERIOD, Geometry, lengths_um
from spinemodel.recruitment.rates import (
    FAST_NA_S_PER_CM2,
    PERSISTENT_NA_S_PER_CM2,
    QUICK,
    QUICK_H,
    QUICK_S,
    RATES,
    linoid,
    rates_at,
)

Part = TypeVar("Part")

LEAK_MV: Final = -90.0
"""Reversal potential of all leaks."""

FAST_K: Final = np.array([[0.0462 * QUICK_S, -83.2, 1.1], [-0.0824 * QUICK_S, -66.0, -10.5]])
"""f, V0 and k of the linoid rates at which n opens and closes."""

HCN_PER_MS: Final = 0.00522 * QUICK_S
HCN_SLOPE_MV: Final = 12.2
"""Of the rates of q, which are exponentials of V."""

MOTOR_RATES: Final = RATES.copy()
MOTOR_RATES[0, 0, 1] = -20.4
"""Rates of the motor node: those of MRG but for the opening of m."""

SENSORY_RATES: Final = np.array(
    [
        [[1.77753 * QUICK, -20.1795, 10.3], [-0.0823 * QUICK, -25.4746, -9.16]],
        [[-0.075286 * QUICK_H, -112.7124, -8.3910], [2.8083 * QUICK_H, -30.5435, 10.2263]],
        [[0.00957 * QUICK, -26.852, 10.2], [-0.0002401 * QUICK, -33.8333, -10.0]],
        RATES[3],
    ]
)
"""Rates of the sensory node."""


@dataclass(frozen=True)
class Kind:
    """What tells motor from sensory axons: S/cm2 with all gates open, and where HCN is half open.

    ``fast_k`` is that of node, FLUT and STIN, ``leak`` that of FLUT and STIN.
    """

    node_slow_k: float
    node_leak: float
    slow_k: float
    fast_k: float
    mysa_fast_k: float
    hcn: float
    leak: float
    mysa_leak: float
    hcn_middle_mV: float


MOTOR: Final = Kind(0.08, 0.007, 0.002581, 0.02568, 0.15074, 0.002232, 0.0002, 0.002, -107.3)
SENSORY: Final = Kind(0.04106, 0.006005, 0.001324, 0.02737, 0.1642, 0.003102, 0.0001716, 0.001716, -94.2)
"""The two kinds of axons."""


def gaines_cable(kind: Kind, geometry: Geometry) -> Cable:
    """Return the periods of axons: those of MRG with other leaks, and the channels' area under the myelin."""
    cable = mrg_cable(geometry)
    area = np.pi * geometry.diameter_um[:, None] * lengths_um(geometry)
    area[:, 0] = cable.area_um2[:, 0]
    leak = np.array(_by_kind(kind.node_leak, kind.mysa_leak, kind.leak))
    return replace(cable, area_um2=area, leak_uS=leak * S_PER_CM2 * area, leak_mV=np.full(PERIOD, LEAK_MV))


def gaines_membranes(kind: Kind) -> Membranes:
    """Return the channels of axons of this kind."""
    node = (FAST_NA_S_PER_CM2, PERSISTENT_NA_S_PER_CM2, kind.node_slow_k, kind.fast_k)
    mysa, rest = ((kind.slow_k, fast, kind.hcn, 0.0) for fast in (kind.mysa_fast_k, kind.fast_k))
    return Membranes(
        kinds=np.array(_by_kind(NODE_FAST_K, INTERNODE, INTERNODE)),
        S_per_cm2=np.array(_by_kind(node, mysa, rest)),
        rates=(partial(_node_rates, kind), partial(_internode_rates, kind)),
    )


def _node_rates(kind: Kind, v: FloatArray) -> FloatArray:
    """Return the rates of m, h, p, s and n, (5, 2, n) 1/ms, at V (n,) mV."""
    sodium = rates_at(v, MOTOR_RATES if kind == MOTOR else SENSORY_RATES)
    return np.concatenate([sodium, _fast_k_rates(v)])


def _internode_rates(kind: Kind, v: FloatArray) -> FloatArray:
    """Return the rates of s, n and q, (3, 2, n) 1/ms, at V (n,) mV."""
    from_middle = (v - kind.hcn_middle_mV) / HCN_SLOPE_MV
    hcn = HCN_PER_MS * np.exp([-from_middle, from_middle])
    return np.concatenate([rates_at(v, RATES)[3:], _fast_k_rates(v), hcn[None]])


def _fast_k_rates(v: FloatArray) -> FloatArray:
    """Return the rates of n, (1, 2, n) 1/ms, at V (n,) mV."""
    return np.array([[[linoid(one, rate) for one in v] for rate in FAST_K]])


def _by_kind(node: Part, mysa: Part, rest: Part) -> list[Part]:
    """Return what each compartment of a period has, from what node, MYSA, and FLUT and STIN have."""
    return [node, mysa, *([rest] * (PERIOD - 3)), mysa]
