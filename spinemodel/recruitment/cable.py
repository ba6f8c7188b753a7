"""What a period of an axon conducts and stores: the cable of compartments from a node to before the next.

The axon of the MRG model is a double cable. Current flows along its inside, and along the thin space between its
membrane (the axolemma) and the myelin; across the axolemma between the two, and across the myelin to the outside. At
the nodes that space is open: there it has the potential of the outside.

Each compartment has one potential, at its middle; between two middles lie half the one and half the other, in series,
as NEURON has it with one segment per section.

Units: mV, ms, nA, uS, nF (so that uS mV = nF mV/ms = nA), um.

Constants of the MRG model are those of McIntyre, Richardson and Grill (2002, J. Neurophysiol. 87:995-1006, Table 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.recruitment.geometry import PERIOD, STIN_PARTS, Geometry, lengths_um

RHO_OHM_CM: Final = 70.0
"""Resistivity inside the axon and in the space round it."""

MEMBRANE_UF_PER_CM2: Final = 2.0
"""Capacitance of the axolemma."""

NODE_LEAK_S_PER_CM2: Final = 7e-3
NODE_LEAK_MV: Final = -90.0
"""Leak of a node, and its reversal potential."""

MYSA_LEAK_S_PER_CM2: Final = 1e-3
INTERNODE_LEAK_S_PER_CM2: Final = 1e-4
INTERNODE_LEAK_MV: Final = -80.0
"""Leak of the axolemma under the myelin (of a MYSA; of FLUT and STIN), and its reversal potential."""

LAMELLA_UF_PER_CM2: Final = 0.1
LAMELLA_S_PER_CM2: Final = 1e-3
"""Of one of the two membranes of a lamella of myelin, on the surface of the fibre."""

MYSA_GAP_UM: Final = 0.002
INTERNODE_GAP_UM: Final = 0.004
"""Width of the space under the myelin at node and MYSA, and at FLUT and STIN."""

END_LEAK_S_PER_CM2: Final = 1e-4
END_LEAK_MV: Final = -70.0
"""Leak of the first and the last node, which have no channels, and its reversal potential: as public models have it."""

UF_PER_CM2: Final = 1e-5
"""nF per um2."""

S_PER_CM2: Final = 1e-2
"""uS per um2."""


@dataclass(frozen=True, eq=False)
class Cable:
    """Periods of n axons, of k compartments each, the node first.

    Attributes
    ----------
    axial_uS
        (n, k) inside the axon, from the middle of each compartment to that of the next, the last to the next node.
    gap_uS
        (n, k) likewise in the space under the myelin; 0 where the model has none.
    area_um2
        (n, k) of axolemma.
    membrane_nF
        (n, k) capacitance of the axolemma.
    leak_uS
        (n, k) its constant conductance, channels apart.
    leak_mV
        (k,) reversal potential of that.
    myelin_nF, myelin_uS
        (n, k) of the myelin; 0 at the node, which has none.
    """

    axial_uS: FloatArray
    gap_uS: FloatArray
    area_um2: FloatArray
    membrane_nF: FloatArray
    leak_uS: FloatArray
    leak_mV: FloatArray
    myelin_nF: FloatArray
    myelin_uS: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, freeze(getattr(self, name)))

    def __len__(self) -> int:
        """Return the number of axons."""
        return len(self.axial_uS)


def mrg_cable(geometry: Geometry) -> Cable:
    """Return the periods of MRG axons.

    Examples
    --------
    >>> from spinemodel.recruitment.geometry import mrg_geometry
    >>> mrg_cable(mrg_geometry([10.0], "table")).axial_uS.round(2)[0, :4]
    array([6.11, 1.81, 0.48, 0.3 ])
    """
    length = lengths_um(geometry)
    axon = _by_kind(geometry.node_um, geometry.node_um, geometry.axon_um)
    gap = _by_kind(MYSA_GAP_UM, MYSA_GAP_UM, INTERNODE_GAP_UM)
    area = np.pi * axon * length
    leak = _by_kind(NODE_LEAK_S_PER_CM2, MYSA_LEAK_S_PER_CM2, INTERNODE_LEAK_S_PER_CM2)
    myelin = np.pi * geometry.diameter_um[:, None] * length / (2 * geometry.lamellae[:, None])
    myelin[:, 0] = 0.0
    return Cable(
        axial_uS=between_middles(length, np.pi / 4 * axon**2, RHO_OHM_CM),
        gap_uS=between_middles(length, np.pi * gap * (axon + gap), RHO_OHM_CM),
        area_um2=area,
        membrane_nF=MEMBRANE_UF_PER_CM2 * UF_PER_CM2 * area,
        leak_uS=leak * S_PER_CM2 * area,
        leak_mV=np.array([NODE_LEAK_MV, *([INTERNODE_LEAK_MV] * (PERIOD - 1))]),
        myelin_nF=LAMELLA_UF_PER_CM2 * UF_PER_CM2 * myelin,
        myelin_uS=LAMELLA_S_PER_CM2 * S_PER_CM2 * myelin,
    )


def between_middles(length_um: FloatArray, section_um2: FloatArray, rho_ohm_cm: float) -> FloatArray:
    """Return conductances from each middle to the next, (n, k) uS, of compartments (n, k); the last to the first.

    1 Ohm cm is 1e4 Ohm um, and 1/Ohm 1e6 uS.
    """
    half = rho_ohm_cm * 1e-2 * length_um / (2 * section_um2)
    return 1 / (half + np.roll(half, -1, axis=1))


def _by_kind(node: FloatArray | float, mysa: FloatArray | float, rest: FloatArray | float) -> FloatArray:
    """Return values (n or 1, 11) of the compartments of a period from those of node, MYSA, and FLUT and STIN."""
    within = [mysa, *([rest] * (STIN_PARTS + 2)), mysa]
    return np.atleast_2d(np.stack([np.asarray(one) for one in (node, *within)], axis=-1))
