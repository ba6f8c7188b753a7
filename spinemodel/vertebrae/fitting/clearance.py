"""Exact space between a sac and the bone round it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze

EXACT_MM: Final = 4.0
"""Distances are exact up to this, which is doubled until a vertex is so near. A choice: epidural space is 2 to 6 mm."""


@dataclass(frozen=True, eq=False)
class Clearance:
    """Space between the dura and one vertebra.

    Attributes
    ----------
    vertebra
        Such as ``L3``.
    least_mm
        Least distance of a vertex of either from the other; negative where one lies inside the other.
    place
        (3,) mm, that vertex.
    dura_inside
        Vertices of the dura inside the bone.
    bone_inside
        Vertices of the bone inside the dura.
    """

    vertebra: str
    least_mm: float
    place: FloatArray
    dura_inside: int
    bone_inside: int

    def __post_init__(self) -> None:
        """Copy the place and make it read-only."""
        object.__setattr__(self, "place", freeze(self.place))


def clearances(dura: Surface, vertebrae: Mapping[str, Surface]) -> dict[str, Clearance]:
    """Return the space between a dura and every vertebra."""
    wall = Proximity(dura)
    return {name: _clearance(name, wall, Proximity(surface)) for name, surface in vertebrae.items()}


def _clearance(name: str, dura: Proximity, bone: Proximity) -> Clearance:
    """Return the space between the dura and a vertebra, looked for where their boxes are near each other."""
    within = EXACT_MM
    while True:
        of_dura, of_bone = _near(dura, bone, within), _near(bone, dura, within)
        to_bone, to_dura = _distances(bone, of_dura, within), _distances(dura, of_bone, within)
        least = min(to_bone.min(initial=np.inf), to_dura.min(initial=np.inf))
        if least <= within:
            break
        within *= 2
    nearest = of_dura[to_bone.argmin()] if least in to_bone else of_bone[to_dura.argmin()]
    return Clearance(name, float(least), nearest, int((to_bone < 0).sum()), int((to_dura < 0).sum()))


def _near(of: Proximity, other: Proximity, within_mm: float) -> FloatArray:
    """Return the vertices (k, 3) of a surface within the other's box and a margin."""
    low, high = other.surface.vertices.min(axis=0) - within_mm, other.surface.vertices.max(axis=0) + within_mm
    points = of.surface.vertices
    return np.asarray(points[((points >= low) & (points <= high)).all(axis=1)])


def _distances(wall: Proximity, points: FloatArray, within_mm: float) -> FloatArray:
    """Return signed distances (k,) mm of points, exact where they count."""
    return signed_distance(wall, points, exact_within_mm=within_mm)[0] if len(points) else np.empty(0)
