"""By how much, and which way, one partition sticks out of the domain of another."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError

FLUSH_MM: Final = 2e-4
"""What sticks out by less is cut off without a word: it was meant to be flush, and was swollen by nanometres. A choice:
as fine as single precision holds, see :mod:`spinemodel.anatomy.arrangement.tidy`."""

_WAYS: Final = (("left", "right"), ("backwards", "forwards"), ("towards the feet", "towards the head"))
"""Ways along x, y and z, against and along the axis."""


def require_within(under: Partition, over: Partition, outside: FloatArray, all_outside: bool, least_mm: float) -> None:
    """Raise if points (k, 3) of ``over`` outside the domain of ``under`` are farther from it than ``least_mm``."""
    if not len(outside):
        return
    distance, way = signed_distance(Proximity(_domain(under)), outside)
    names = ", ".join(over.labels)
    if all_outside:
        nearest = int(distance.argmin())
        raise GeometryError(
            f"{names}: all of it lies outside the domain, {distance[nearest]:.2f} mm {_way(way[nearest])} of it at the "
            "nearest; expected it among the tissues; is it placed in the same space and in mm?"
        )
    farthest = int(distance.argmax())
    if distance[farthest] > least_mm:
        place = ", ".join(f"{x:.2f}" for x in outside[farthest])
        raise GeometryError(
            f"{names}: sticks out of the domain by {distance[farthest]:.3g} mm {_way(way[farthest])}, at ({place}) mm; "
            "expected all of it inside; move it, shorten it, or build the tissues with a larger domain"
        )


def _domain(partition: Partition) -> Surface:
    """Return the surface of all that a partition fills."""
    rim = (partition.sides == OUTSIDE).any(axis=1)
    turned = partition.sides[rim, :1] == OUTSIDE
    used, faces = np.unique(partition.faces[rim], return_inverse=True)
    faces = faces.reshape(-1, 3)
    faces = np.where(turned, faces[:, ::-1], faces)
    return Surface("domain", partition.space, partition.vertices[used], faces)


def _way(direction: FloatArray) -> str:
    """Return the main way of a direction (3,), in words."""
    axis = int(np.abs(direction).argmax())
    return _WAYS[axis][int(direction[axis] > 0)]
