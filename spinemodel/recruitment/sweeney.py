"""Axons of nodes only: the node of rabbit nerve at 37 C, in an axon that is insulated in between.

Sweeney, Mortimer and Durand (1987, Proc. 9th Annu. Conf. IEEE Eng. Med. Biol. Soc., 1577-1578), numbers as read in
public code (PyFibers' ``sweeney.mod`` and ``models/sweeney.py``).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.arrays import FloatArray
from spinemodel.recruitment._membranes import SODIUM, Membranes
from spinemodel.recruitment.cable import S_PER_CM2, UF_PER_CM2, Cable, between_middles
from spinemodel.recruitment.geometry import Geometry

AXON_PER_FIBRE: Final = 0.6
SPACING_PER_FIBRE: Final = 100.0
"""Diameter of the axon, and distance of the nodes, in diameters of the fibre."""

NODE_UM: Final = 1.5
"""Length of a node."""

RHO_OHM_CM: Final = 54.7
MEMBRANE_UF_PER_CM2: Final = 2.5
LEAK_S_PER_CM2: Final = 0.128
LEAK_MV: Final = -80.01
SODIUM_S_PER_CM2: Final = 1.445
"""Resistivity of the axon; capacitance, leak and its reversal potential, and sodium with all gates open, of a node."""


def sweeney_geometry(diameter_um: ArrayLike) -> Geometry:
    """Return the sizes of fibres of this model; they have neither FLUT nor myelin.

    Examples
    --------
    >>> sweeney_geometry([10.0]).spacing_um
    array([1000.])
    """
    diameter = np.atleast_1d(np.asarray(diameter_um, dtype=np.float64))
    axon, none = AXON_PER_FIBRE * diameter, np.zeros_like(diameter)
    return Geometry(diameter, axon, axon, SPACING_PER_FIBRE * diameter, none, none)


def sweeney_cable(geometry: Geometry) -> Cable:
    """Return the periods of axons of this model: of one compartment, the node."""
    node = geometry.node_um[:, None]
    area, none = np.pi * node * NODE_UM, np.zeros_like(node)
    section = np.pi / 4 * geometry.axon_um[:, None] ** 2
    return Cable(
        axial_uS=between_middles(geometry.spacing_um[:, None], section, RHO_OHM_CM),
        gap_uS=none,
        area_um2=area,
        membrane_nF=MEMBRANE_UF_PER_CM2 * UF_PER_CM2 * area,
        leak_uS=LEAK_S_PER_CM2 * S_PER_CM2 * area,
        leak_mV=np.array([LEAK_MV]),
        myelin_nF=none,
        myelin_uS=none,
    )


def _rates(v: FloatArray) -> FloatArray:
    """Return the rates of m and h, (2, 2, n) 1/ms, at V (n,) mV; 126 + 0.363 V would be negative below -347 mV."""
    open_m = (126 + 0.363 * v) / (1 + np.exp(-(v + 49) / 5.3))
    close_h = 15.6 / (1 + np.exp(-(v + 56) / 10))
    return np.stack([[open_m, open_m * np.exp(-(v + 56.2) / 4.17)], [close_h * np.exp(-(v + 74.5) / 5), close_h]])


SWEENEY: Final = Membranes(np.array([SODIUM]), np.array([[SODIUM_S_PER_CM2]]), (_rates,))
"""Channels of this model."""
