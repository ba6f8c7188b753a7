"""Axons as an engine takes them: compartments in a row, and the potential outside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import InputError
from spinemodel.recruitment.geometry import PERIOD, Geometry, joined

Model: TypeAlias = Literal["mrg", "gaines-motor", "gaines-sensory", "sweeney"]
"""The membrane and the cable.

``mrg``: McIntyre, Richardson and Grill 2002. ``gaines-motor``, ``gaines-sensory``: Gaines et al. 2018, with active
internodes. ``sweeney``: Sweeney, Mortimer and Durand 1987, nodes only.
"""

Ends: TypeAlias = Literal["sealed", "continued"]
"""What lies beyond the first and the last node.

``sealed``: nothing; the slope of the potential there drives the end, as it does a cut axon.
``continued``: the axon goes on in a potential of constant slope, which drives no node of it: for a stretch cut
out of a longer fibre.
"""

PERIODS: Final = {"mrg": PERIOD, "gaines-motor": PERIOD, "gaines-sensory": PERIOD, "sweeney": 1}
"""Compartments from a node to before the next, by model."""


@dataclass(frozen=True, eq=False)
class Axons:
    """Axons of one model, of any number and diameter.

    Attributes
    ----------
    model
        Its membrane and cable.
    geometry
        Sizes of the n axons.
    nodes
        (n,) nodes of Ranvier of each, 3 or more. An axon has ``period (nodes - 1) + 1`` compartments: it begins and
        ends with a node.
    potential
        (n, most) mV per mA (of the montage as told) outside the middle of each compartment, from the first node on;
        what lies beyond an axon's own compartments is not read.
    ends
        What lies beyond its ends.
    """

    model: Model
    geometry: Geometry
    nodes: IntArray
    potential: FloatArray
    ends: Ends = "continued"

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that they fit each other."""
        object.__setattr__(self, "nodes", freeze_int(self.nodes))
        object.__setattr__(self, "potential", freeze(self.potential))
        n, own = len(self.geometry), compartments(self.model, self.nodes)
        if self.nodes.shape != (n,) or self.potential.ndim != 2 or len(self.potential) != n:
            raise InputError(f"axons: got nodes {self.nodes.shape} and potentials {self.potential.shape} of {n} axons; "
                             "expected (n,) and (n, compartments)")  # fmt: skip
        if n and (self.nodes.min() < 3 or own.max() > self.potential.shape[1]):
            raise InputError(
                f"axons: got {self.nodes.min()} to {self.nodes.max()} nodes with potentials of "
                f"{self.potential.shape[1]} compartments; expected 3 nodes or more, and all of theirs"
            )
        known = np.arange(self.potential.shape[1]) >= own[:, None]
        if not (np.isfinite(self.potential) | known).all():
            raise InputError("axons: a compartment has no potential; leave the axon out, or end it before")

    def __len__(self) -> int:
        """Return the number of axons."""
        return len(self.geometry)

    def take(self, which: IntArray) -> Axons:
        """Return some of the axons."""
        return Axons(self.model, self.geometry.take(which), self.nodes[which], self.potential[which], self.ends)


def together(several: Sequence[Axons]) -> Axons:
    """Return axons of one model and with ends alike as one, one after the other."""
    one, most = several[0], max(axons.potential.shape[1] for axons in several)
    return Axons(
        model=one.model,
        geometry=joined([axons.geometry for axons in several]),
        nodes=np.concatenate([axons.nodes for axons in several]),
        potential=np.vstack([_wider(axons.potential, most) for axons in several]),
        ends=one.ends,
    )


def compartments(model: Model, nodes: IntArray) -> IntArray:
    """Return how many compartments axons of ``nodes`` nodes have."""
    return np.asarray(PERIODS[model] * (np.asarray(nodes) - 1) + 1)


def _wider(potential: FloatArray, most: int) -> FloatArray:
    """Return potentials with zeros up to ``most`` compartments."""
    return np.pad(potential, ((0, 0), (0, most - potential.shape[1])))
