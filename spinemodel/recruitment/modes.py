"""Modes of the internodes of MRG axons: what lies between two nodes of Ranvier, as twenty independent leaky capacitors.

Between two nodes lie ten compartments without channels, each with two potentials: u inside and w under the myelin, both
less the potential outside. With V = u - w across the axolemma, C dx/dt + G x = i for x = (V, w) of all ten: C is
diagonal, of membrane and myelin, G symmetric. The solutions of G f = r C f, with f C f = 1, are the modes. In them the
system falls into dq/dt + r q = f i.

An internode looks the same from both its ends. So its modes are even (the same seen from either end) or odd (opposite),
ten of each, and are found apart: modes of nearly the same rate then never mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.recruitment.cable import Cable
from spinemodel.recruitment.geometry import PERIOD

PARTS: Final = PERIOD - 1
"""Compartments of an internode."""

EACH: Final = PARTS
"""Even modes, and odd ones: two potentials in each of half the compartments."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Modes of the internodes of n axons: ten even ones, then ten odd ones, each by rate.

    Attributes
    ----------
    rate
        (n, 20) 1/ms, at which they decay while both nodes are held.
    reach
        (n, 20) uS/sqrt(nF): the current that a mode of amplitude 1 sends into the node before it. Into the node after
        it even ones send the same, odd ones the opposite. As much of a node's potential drives the mode.
    shape
        (n, 2, 10, 20) u and w of the ten compartments in a mode of amplitude 1, 1/sqrt(nF).
    """

    rate: FloatArray
    reach: FloatArray
    shape: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("rate", "reach", "shape"):
            object.__setattr__(self, name, freeze(getattr(self, name)))


def internode_modes(cable: Cable) -> Modes:
    """Return the modes of the internodes of MRG axons.

    Examples
    --------
    >>> from spinemodel.recruitment.cable import mrg_cable
    >>> from spinemodel.recruitment.geometry import mrg_geometry
    >>> internode_modes(mrg_cable(mrg_geometry([10.0], "table"))).rate[0, :5].round(2).tolist()
    [0.05, 0.07, 0.08, 0.28, 31.09]
    """
    inside, under = _along(cable.axial_uS), _along(cable.gap_uS)
    leak, myelin = cable.leak_uS[:, 1:], cable.myelin_uS[:, 1:]
    scale = 1 / np.sqrt(np.concatenate([cable.membrane_nF[:, 1:6], cable.myelin_nF[:, 1:6]], axis=1))
    found = []
    for sign in (1, -1):
        axial, gap = _half(inside, sign), _half(under, sign)
        across = np.concatenate([leak[:, :5], myelin[:, :5]], axis=1)
        matrix = np.block([[axial, axial], [axial, axial + gap]]) + across[:, :, None] * np.eye(EACH)
        rate, vector = np.linalg.eigh(scale[:, :, None] * matrix * scale[:, None, :])
        vector *= scale[:, :, None] / np.sqrt(2)
        half = np.stack([vector[:, :5] + vector[:, 5:], vector[:, 5:]], axis=1)
        found.append((rate, np.concatenate([half, sign * half[:, :, ::-1]], axis=2)))
    rates, shapes = zip(*found, strict=True)
    shape = np.concatenate(shapes, axis=3)
    return Modes(np.concatenate(rates, axis=1), cable.axial_uS[:, :1] * shape[:, 0, 0], shape)


def _along(conductance: FloatArray) -> FloatArray:
    """Return the matrices (n, 10, 10) of flow along internodes whose nodes are held, from those of a period (n, 11)."""
    n, inner = len(conductance), np.arange(PARTS - 1)
    matrix = (conductance[:, :-1] + conductance[:, 1:])[:, :, None] * np.eye(PARTS)
    matrix[:, inner, inner + 1] = matrix[:, inner + 1, inner] = -conductance[:, 1:-1]
    return matrix.reshape(n, PARTS, PARTS)


def _half(matrix: FloatArray, sign: int) -> FloatArray:
    """Return what even (1) or odd (-1) potentials see of matrices (n, 10, 10): (n, 5, 5)."""
    return np.asarray(matrix[:, :5, :5] + sign * matrix[:, :5, :4:-1])
