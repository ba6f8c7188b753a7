"""How a field drives an axon: the currents that its potential outside stands for.

Let V be the potential outside, and u and w those inside the axon and under its myelin, both less V. In u and w nothing
but the current along the axon knows of V: of the conductance g between two middles the current is g (u' - u) +
g (V' - V). So a field does what currents into the compartments do, and they are worked out once: the pulse only scales
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemodel.arrays import FloatArray, IntArray, freeze
from spinemodel.jit import compiled
from spinemodel.recruitment.axons import Axons, compartments
from spinemodel.recruitment.cable import Cable


@dataclass(frozen=True, eq=False)
class Drive:
    """What drives n axons, of which the longest has ``most`` compartments.

    Attributes
    ----------
    inside_nA
        (n, most) into the inside of each compartment, per mA; 0 beyond the axon's own.
    under_nA
        (n, most) likewise into the space under the myelin; 0 at nodes, where that is open.
    """

    inside_nA: FloatArray
    under_nA: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "inside_nA", freeze(self.inside_nA))
        object.__setattr__(self, "under_nA", freeze(self.under_nA))


def drive(axons: Axons, cable: Cable) -> Drive:
    """Return what drives axons whose periods ``cable`` has.

    Beyond the ends of axons that are ``continued`` lies one more internode with the slope of the last: the current that
    comes along it is that of a constant slope, which the node would pass on.
    """
    own = compartments(axons.model, axons.nodes)
    inside = _divergence(axons.potential, cable.axial_uS, own)
    under = _divergence(axons.potential, cable.gap_uS, own)
    under[:, :: cable.axial_uS.shape[1]] = 0.0
    if axons.ends == "continued":
        rows, period = np.arange(len(axons)), cable.axial_uS.shape[1]
        internode_uS = 1 / (1 / cable.axial_uS).sum(axis=1)
        values, last = axons.potential, own - 1
        inside[:, 0] -= internode_uS * (values[:, period] - values[:, 0])
        inside[rows, last] += internode_uS * (values[rows, last] - values[rows, last - period])
    return Drive(inside, under)


@compiled
def _divergence(potential: FloatArray, along: FloatArray, own: IntArray) -> FloatArray:
    """Return the current into each compartment (n, most) from its neighbours: nA per mA of mV per mA and uS.

    along
        (n, k) conductances from each compartment of a period to the next.
    own
        (n,) compartments that each axon has.
    """
    current = np.zeros(potential.shape)
    for axon in range(len(own)):
        for left in range(own[axon] - 1):
            flow = along[axon, left % along.shape[1]] * (potential[axon, left + 1] - potential[axon, left])
            current[axon, left] += flow
            current[axon, left + 1] -= flow
    return current
