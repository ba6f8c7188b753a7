"""MRG axons as the modal engine takes them: nodes, and modes between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import ConvergenceError
from spinemodel.recruitment._membranes import NODE, Channels
from spinemodel.recruitment._modal_rest import Nodes, settle
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.cable import (
    END_LEAK_MV,
    END_LEAK_S_PER_CM2,
    INTERNODE_LEAK_MV,
    NODE_LEAK_MV,
    S_PER_CM2,
    Cable,
    mrg_cable,
)
from spinemodel.recruitment.drive import Drive, drive
from spinemodel.recruitment.geometry import PERIOD
from spinemodel.recruitment.models import MEMBRANES
from spinemodel.recruitment.modes import EACH, Modes, internode_modes

DENSITIES: Final = MEMBRANES["mrg"].S_per_cm2[0] * S_PER_CM2
"""(3,) uS per um2 of a node's channels with all gates open."""


@dataclass(frozen=True, eq=False)
class ModalAxons:
    """n axons, of which the longest has ``most`` nodes. V is less the -80 mV at which internodes rest.

    Attributes
    ----------
    nodes
        (n,) of each.
    capacitance_nF
        (n,) of a node.
    leak
        (n, 2, 2) of inner and of end nodes: uS, and the constant part of the leak's current, nA.
    axial_uS
        (n,) from a node into an internode.
    rate, reach
        (n, 20) of :class:`Modes`.
    rest_mV, gates
        (n, most) and (n, most, 4): V, and m, h, p and s at rest.
    push_nA
        (n, most) that drives each node while a pulse of 1 mA lasts, the modes having settled.
    shift_nA
        (n, most - 1, 20) by which each mode's current is shifted then: included in ``push_nA``.
    """

    nodes: IntArray
    capacitance_nF: FloatArray
    leak: FloatArray
    axial_uS: FloatArray
    rate: FloatArray
    reach: FloatArray
    rest_mV: FloatArray
    gates: FloatArray
    push_nA: FloatArray
    shift_nA: FloatArray


# A search for thresholds runs the same axons again and again.
@lru_cache(maxsize=2)
def modal_axons(axons: Axons, step_ms: float) -> ModalAxons:
    """Return MRG axons, with their modes, at the rest that the gates' table of a step in time has.

    Raises
    ------
    ConvergenceError
        If an axon has no state of rest.
    """
    cable = mrg_cable(axons.geometry)
    modes, most = internode_modes(cable), int(axons.nodes.max(initial=0))
    nodes = _nodes(axons, cable, modes, step_ms)
    v, gates = np.zeros((len(axons), most)), np.zeros((len(axons), most, 4))
    if not settle(nodes, v, gates):
        raise ConvergenceError("axons: one has no state of rest; expected sizes that the model is made for")
    push, shift = _driven(drive(axons, cable), modes, most)
    capacitance = cable.membrane_nF[:, 0]
    return ModalAxons(
        axons.nodes, capacitance, nodes.leak, cable.axial_uS[:, 0], modes.rate, modes.reach, v, gates,
        push, shift,
    )  # fmt: skip


def sums(by_mode: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what modes (..., 20) send into the node before, and into the node after."""
    even, odd = by_mode[..., :EACH].sum(axis=-1), by_mode[..., EACH:].sum(axis=-1)
    return even + odd, even - odd


def _nodes(axons: Axons, cable: Cable, modes: Modes, step_ms: float) -> Nodes:
    """Return the nodes of axons at rest, where a mode conducts reach^2 / rate."""
    area, one = cable.area_um2[:, 0], np.ones(int(axons.nodes.max(initial=0)), dtype=np.int64)
    leak = np.stack([cable.leak_uS[:, 0], END_LEAK_S_PER_CM2 * S_PER_CM2 * area], axis=1)
    feed = leak * (np.array([NODE_LEAK_MV, END_LEAK_MV]) - INTERNODE_LEAK_MV)
    near, far = sums(modes.reach**2 / modes.rate)
    channels = Channels(one, NODE * one, 0 * one, one[:, None] * DENSITIES, MEMBRANES["mrg"].tables(step_ms))
    return Nodes(
        axons.nodes, np.stack([leak, feed], axis=2), area, cable.axial_uS[:, 0] - near, far, INTERNODE_LEAK_MV, channels
    )


def _driven(driven: Drive, modes: Modes, most: int) -> tuple[FloatArray, FloatArray]:
    """Return what a constant field does: currents into nodes (n, most), of which modes send (n, most - 1, 20), nA."""
    n = len(modes.rate)
    both = np.stack([driven.inside_nA, driven.under_nA], axis=1)[:, :, : PERIOD * (most - 1)]
    between = np.moveaxis(both.reshape(n, 2, most - 1, PERIOD)[..., 1:], 1, 2).reshape(n, most - 1, -1)
    shift = between @ (modes.shape.reshape(n, 2 * EACH, 2 * EACH) * (modes.reach / modes.rate)[:, None])
    push = driven.inside_nA[:, : PERIOD * (most - 1) + 1 : PERIOD].copy()
    before, after = sums(shift)
    push[:, :-1] += before
    push[:, 1:] += after
    return push, shift
