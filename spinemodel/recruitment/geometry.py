"""What a period of a myelinated fibre measures, by its diameter: from one node of Ranvier to the next.

Along a period lie eleven compartments: node, MYSA (the paranode's attachment), FLUT (the paranode's main part), six of
STIN (the internode), FLUT, MYSA. In the MRG model the axon is as thin as the node along the MYSA, and has its own
diameter along FLUT and STIN.

Sizes are those of McIntyre, Richardson and Grill (2002, J. Neurophysiol. 87:995-1006, Table 1), of which 1 and 2 um
were added later by the same group, or the quadratics that were fitted to them for 2 to 16 um, as public models use
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.arrays import FloatArray, IntArray, freeze
from spinemodel.errors import InputError

Rule: TypeAlias = Literal["table", "interpolated"]
"""Sizes of the table's own diameters only, or those of the quadratics fitted to it."""

NODE_UM: Final = 1.0
"""Length of a node of Ranvier."""

MYSA_UM: Final = 3.0
"""Length of a MYSA."""

STIN_PARTS: Final = 6
"""Compartments between the FLUTs."""

PERIOD: Final = 11
"""Compartments from a node to before the next: node, MYSA, FLUT, six STIN, FLUT, MYSA."""

LEAST_UM: Final = 2.0
"""Least diameter of the quadratics."""

MOST_UM: Final = 16.0
"""Largest diameter of the model."""

TABLE: Final = {
    # fibre: axon, node, distance between nodes, FLUT (um), lamellae
    1.0: (0.8, 0.7, 100.0, 5.0, 15.0),
    2.0: (1.6, 1.4, 200.0, 10.0, 30.0),
    5.7: (3.4, 1.9, 500.0, 35.0, 80.0),
    7.3: (4.6, 2.4, 750.0, 38.0, 100.0),
    8.7: (5.8, 2.8, 1000.0, 40.0, 110.0),
    10.0: (6.9, 3.3, 1150.0, 46.0, 120.0),
    11.5: (8.1, 3.7, 1250.0, 50.0, 130.0),
    12.8: (9.2, 4.2, 1350.0, 54.0, 135.0),
    14.0: (10.4, 4.7, 1400.0, 56.0, 140.0),
    15.0: (11.5, 5.0, 1450.0, 58.0, 145.0),
    16.0: (12.7, 5.5, 1500.0, 60.0, 150.0),
}
"""Sizes by the diameter of the fibre, um."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """Sizes of n fibres, one entry a fibre.

    Attributes
    ----------
    diameter_um
        (n,) of the fibre with its myelin.
    axon_um
        (n,) of the axon along FLUT and STIN.
    node_um
        (n,) of the axon along node and MYSA.
    spacing_um
        (n,) from the middle of a node to that of the next.
    flut_um
        (n,) length of a FLUT.
    lamellae
        (n,) layers of myelin, each of two membranes.
    """

    diameter_um: FloatArray
    axon_um: FloatArray
    node_um: FloatArray
    spacing_um: FloatArray
    flut_um: FloatArray
    lamellae: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("diameter_um", "axon_um", "node_um", "spacing_um", "flut_um", "lamellae"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    def __len__(self) -> int:
        """Return the number of fibres."""
        return len(self.diameter_um)

    def take(self, which: IntArray) -> Geometry:
        """Return the sizes of some of the fibres."""
        return Geometry(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def joined(several: Sequence[Geometry]) -> Geometry:
    """Return the sizes of several sets of fibres as one."""
    names = Geometry.__dataclass_fields__
    return Geometry(*(np.concatenate([getattr(one, name) for one in several]) for name in names))


def mrg_geometry(diameter_um: ArrayLike, rule: Rule = "interpolated") -> Geometry:
    """Return the sizes of fibres of the MRG model.

    Parameters
    ----------
    diameter_um
        (n,) of the fibres.
    rule
        Where the sizes come from.

    Raises
    ------
    InputError
        If a diameter is not in the table, or beyond 2 to 16 um: the model says nothing of it.

    Examples
    --------
    >>> mrg_geometry([10.0], "table").spacing_um
    array([1150.])
    >>> mrg_geometry([10.0]).spacing_um.round(1)
    array([1122.3])
    """
    diameter = np.atleast_1d(np.asarray(diameter_um, dtype=np.float64))
    if rule == "table":
        return _of_table(diameter)
    outside = ~((diameter >= LEAST_UM) & (diameter <= MOST_UM))
    if outside.any():
        raise InputError(f"fibre of {diameter[outside][0]:g} um: MRG's interpolated sizes hold for {LEAST_UM:g} to "
                         f"{MOST_UM:g} um")  # fmt: skip
    large = -8.215 * diameter**2 + 272.4 * diameter - 780.2
    return Geometry(
        diameter_um=diameter,
        axon_um=0.02361 * diameter**2 + 0.3673 * diameter + 0.7122,
        node_um=0.01093 * diameter**2 + 0.1008 * diameter + 1.099,
        spacing_um=np.where(diameter >= 5.643, large, 81.08 * diameter + 37.84),
        flut_um=-0.1652 * diameter**2 + 6.354 * diameter - 0.2862,
        lamellae=-0.4749 * diameter**2 + 16.85 * diameter - 0.7648,
    )


def _of_table(diameter: FloatArray) -> Geometry:
    """Return the sizes of diameters (n,) um that the table has."""
    unknown = [one for one in diameter if one not in TABLE]
    if unknown:
        known = ", ".join(f"{one:g}" for one in TABLE)
        raise InputError(f"fibre of {unknown[0]:g} um: MRG's table has {known} um; take rule interpolated for others")
    return Geometry(diameter, *np.array([TABLE[one] for one in diameter]).reshape(-1, 5).T)


def lengths_um(geometry: Geometry) -> FloatArray:
    """Return the lengths of the compartments of a period, (n, 11) um, the node first."""
    n, flut = len(geometry), geometry.flut_um
    stin = (geometry.spacing_um - NODE_UM - 2 * MYSA_UM - 2 * flut) / STIN_PARTS
    half = [np.full(n, MYSA_UM), flut]
    return np.stack([np.full(n, NODE_UM), *half, *([stin] * STIN_PARTS), *half[::-1]], axis=1)


def centres_um(geometry: Geometry) -> FloatArray:
    """Return the middles of the compartments of a period, (n, 11) um from the middle of its node."""
    lengths = lengths_um(geometry)
    ends = np.cumsum(lengths, axis=1)
    return np.asarray(ends - lengths / 2 - NODE_UM / 2)
