"""How much of every compartment lies between planes, and how large its cross-sections are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.anatomy.slices import Planes, section_area
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.units import MM_PER_CM


@dataclass(frozen=True)
class Slab:
    """What lies of a part between two neighbouring planes.

    Attributes
    ----------
    part
        Name of the part or of the group of parts.
    low, high
        Places of the planes, mm.
    volume_mm3
        Volume.
    """

    part: str
    low: float
    high: float
    volume_mm3: float

    @property
    def per_cm(self) -> float:
        """Volume per length along the axis, cm3/cm: its mean cross-section in cm2."""
        return self.volume_mm3 / (self.high - self.low) / MM_PER_CM**2


@dataclass(frozen=True)
class CrossSection:
    """The area of a part in a plane."""

    part: str
    at: float
    area_mm2: float


def volume_below(surface: Surface, point: ArrayLike, normal: ArrayLike) -> float:
    """Return the volume inside a closed surface that lies below a plane, mm3.

    The divergence theorem for the field (x, 0, 0), where x runs within the plane: nothing flows through the plane, so
    the flux through the faces below it is the volume, and the cap need not be made. Exact but for rounding (about
    1e-16 of area times extent, 1e-9 mm3 for a cord).
    """
    unit = np.asarray(normal, float) / np.linalg.norm(np.asarray(normal, float))
    along = np.cross(unit, np.eye(3)[np.abs(unit).argmin()])
    along /= np.linalg.norm(along)
    points = surface.vertices - np.asarray(point, float)
    height = points @ unit
    above = height >= 0
    count = above[surface.faces].sum(axis=1)
    below = _flux(points[surface.faces[count == 0]], along).sum()
    return float(below + _flux_of_crossed(points, height, above, surface.faces[(count > 0) & (count < 3)], along))


def _flux(triangles: FloatArray, along: FloatArray) -> FloatArray:
    """Return the flux (m,) mm3 of the field x ``along`` through triangles (m, 3, 3): the mean of x counts."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    return np.asarray((triangles.mean(axis=1) @ along) * (np.cross(b - a, c - a) @ along) / 2)


def _flux_of_crossed(
    points: FloatArray, height: FloatArray, above: BoolArray, faces: IntArray, along: FloatArray
) -> float:
    """Return the flux through what lies below of faces that the plane crosses.

    It cuts off the corner that is alone on its side; that triangle lies below, or all but that triangle.
    """
    side = above[faces]
    lone_above = side.sum(axis=1) == 1
    lone = (side == lone_above[:, None]).argmax(axis=1)
    turned = faces[np.arange(len(faces))[:, None], (lone[:, None] + np.arange(3)) % 3]
    share = height[turned[:, :1]] / (height[turned[:, :1]] - height[turned[:, 1:]])
    apex, others = points[turned[:, :1]], points[turned[:, 1:]]
    cut = _flux(np.concatenate([apex, apex + share[..., None] * (others - apex)], axis=1), along)
    return float(np.where(lone_above, _flux(points[turned], along) - cut, cut).sum())


def slab_volumes(parts: Mapping[str, Surface], planes: Planes) -> tuple[Slab, ...]:
    """Return the volume of every part between each two neighbouring planes, part by part from caudal to rostral.

    Where two planes cross within a part, what lies beyond the crossing counts as negative; the sum over all slabs
    is right nonetheless. Choose horizontal planes for parts that reach farther from the axis than it is curved.
    """
    slabs = []
    for name, surface in parts.items():
        below = [volume_below(surface, *plane) for plane in zip(planes.points, planes.normals, strict=True)]
        places = zip(pairwise(planes.at.tolist()), np.diff(below).tolist(), strict=True)
        slabs += [Slab(name, low, high, volume) for (low, high), volume in places]
    return tuple(slabs)


def cross_sections(parts: Mapping[str, Surface], planes: Planes) -> tuple[CrossSection, ...]:
    """Return the area of every part in every plane, part by part from caudal to rostral."""
    return tuple(
        CrossSection(name, at, section_area(surface, point, normal))
        for name, surface in parts.items()
        for at, point, normal in zip(planes.at.tolist(), planes.points, planes.normals, strict=True)
    )


def steps(parts: Iterable[Surface], step_mm: float = 10.0) -> FloatArray:
    """Return multiples of ``step_mm`` that enclose the heights of all parts, mm.

    Examples
    --------
    >>> tip = np.array([[0.0, 0, 3], [1, 0, 3], [0, 1, 28]])
    >>> steps([Surface("tip", "test", tip, np.array([[0, 1, 2]]))])
    array([ 0., 10., 20., 30.])
    """
    heights = np.concatenate([part.vertices[:, 2] for part in parts])
    low, high = np.floor(heights.min() / step_mm), np.ceil(heights.max() / step_mm)
    return np.asarray(np.arange(low, high + 1) * step_mm)
