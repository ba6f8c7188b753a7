"""How much of every compartment lies between planes, how large its cross-sections are, and what was published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.slices import Planes, planes_along, section_area
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.levels import CORD, CSF, DORSAL_COLUMNS, GREY, ROOT_TISSUES, ROOTLET_TISSUES, WHITE

MM3_PER_CM3: Final = 1000.0
MM2_PER_CM3_PER_CM: Final = 100.0

Verdict: TypeAlias = Literal["below", "inside", "above"]


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
        return self.volume_mm3 / (self.high - self.low) / MM2_PER_CM3_PER_CM


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


GROUPS: Final[Mapping[str, str]] = {
    CORD.name: "cord", WHITE.name: "cord", GREY.name: "cord", DORSAL_COLUMNS.name: "cord", CSF.name: "CSF",
    **dict.fromkeys((*ROOT_TISSUES, *ROOTLET_TISSUES), "roots"),
}  # fmt: skip
"""The groups in which volumes were published, by part."""

SUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "cord": ("cord", "cord and roots", "sac"), "roots": ("roots", "cord and roots", "sac"), "CSF": ("CSF", "sac"),
}  # fmt: skip
"""What each group counts towards."""


def level_volumes(
    parts: Mapping[str, Surface], axis: Axis, levels: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Return the volumes in cm3 of cord, roots, both, CSF and all three (the sac) at each level, such as ``CSF, L5``.

    Parameters
    ----------
    parts
        The compartments; roots count where they have left the sac, too.
    axis
        The levels' planes are perpendicular to it.
    levels
        Caudal and rostral end of each level along the axis, mm.
    """
    grouped = {name: part for name, part in parts.items() if name in GROUPS}
    volumes: dict[str, float] = {}
    for level, span in levels.items():
        for slab in slab_volumes(grouped, planes_along(axis, span)):
            for group in SUMS[GROUPS[slab.part]]:
                volumes[f"{group}, {level}"] = volumes.get(f"{group}, {level}", 0.0) + slab.volume_mm3 / MM3_PER_CM3
    return volumes


def cord_areas(parts: Mapping[str, Surface], axis: Axis, at: Mapping[str, float]) -> dict[str, float]:
    """Return the cord's area in mm2, as ``cord area, L2 segment``, across the axis at places (mm) along it by name."""
    cord = {name: part for name, part in parts.items() if GROUPS.get(name) == "cord"}
    return {
        f"cord area, {name}": sum(row.area_mm2 for row in cross_sections(cord, planes_along(axis, [s])))
        for name, s in at.items()
    }


@dataclass(frozen=True)
class Published:
    """A published range.

    Attributes
    ----------
    quantity
        What was measured and where, such as ``CSF, L5``.
    unit
        Of all numbers.
    low, high
        The range; equal where one subject was measured.
    source
        Who published it.
    basis
        What the range is, such as ``mean +- 2 SD of 7``.
    """

    quantity: str
    unit: str
    low: float
    high: float
    source: str
    basis: str = ""


@dataclass(frozen=True)
class Comparison:
    """A measured quantity beside a published range.

    Attributes
    ----------
    published
        The range.
    ours
        The measured value, in the range's unit.
    explanation
        Why it lies outside, where that is known.
    """

    published: Published
    ours: float
    explanation: str = ""

    @property
    def verdict(self) -> Verdict:
        """Where the value lies."""
        return "below" if self.ours < self.published.low else "above" if self.ours > self.published.high else "inside"

    @property
    def ratio(self) -> float:
        """The value over the middle of the range."""
        return self.ours / ((self.published.low + self.published.high) / 2)


def mean_and_sd(quantity: str, unit: str, mean: float, sd: float, source: str, number: str) -> Published:
    """Return the range of two standard deviations on both sides of a mean, 95 of 100 subjects where they are normal.

    Examples
    --------
    >>> mean_and_sd("CSF, L5", "cm3", 4.3, 0.7, "Prats-Galino 2012", "7").low.__round__(3)
    2.9
    """
    return Published(quantity, unit, max(0.0, mean - 2 * sd), mean + 2 * sd, source, f"mean \u00b1 2 SD of {number}")


_PRATS: Final = "Prats-Galino 2012, Anaesth Intensive Care 40:643"
_WHOLE_SPINE: Final = "PAM50-normalized-metrics 61c5a21c, whole-spine (OpenNeuro ds005616), averaged by level"
_SASS: Final = "Sass 2017, Fluids Barriers CNS 14:36"

PUBLISHED: Final = (
    mean_and_sd("sac, T12-S1", "cm3", 42.8, 5.8, _PRATS, "7"),
    mean_and_sd("CSF, T12-S1", "cm3", 34.3, 5.1, _PRATS, "7"),
    mean_and_sd("cord and roots, T12-S1", "cm3", 10.4, 2.2, _PRATS, "7"),
    mean_and_sd("cord and roots, T12", "cm3", 2.4, 0.5, _PRATS, "7"),
    mean_and_sd("CSF, L1", "cm3", 5.8, 2.5, _PRATS, "7"),
    mean_and_sd("CSF, L5", "cm3", 4.3, 0.7, _PRATS, "7"),
    mean_and_sd("roots, L5", "cm3", 0.6, 0.1, _PRATS, "7"),
    mean_and_sd("CSF, T12-S1", "cm3", 35.8, 10.9, "Sullivan 2006 (lumbosacral)", "71"),
    *(
        mean_and_sd(f"cord area, {level}", "mm2", area, sd, _WHOLE_SPINE, "58")
        for level, area, sd in (
            ("T10 segment", 39.2, 4.7), ("T11 segment", 41.3, 5.8), ("T12 segment", 44.1, 7.0),
            ("L1 segment", 48.3, 9.4), ("L2 segment", 52.6, 11.5), ("T10 vertebra", 42.5, 5.9),
            ("T11 vertebra", 48.8, 8.6), ("T12 vertebra", 46.5, 15.2), ("L1 vertebra", 18.9, 14.0),
        )
    ),
    mean_and_sd("cord area, largest", "mm2", 59.3, 8.4, "Ugorji 2015, PLoS ONE (lumbosacral enlargement)", "10"),
    *(
        Published(f"{part}, whole spine", "cm3", volume, volume, _SASS, "one subject")
        for part, volume in (("cord", 19.9), ("roots", 5.8), ("CSF", 97.3), ("sac", 123.1))
    ),
)
"""Ranges whose abstracts or data were read. Prats-Galino tells CSF from all else, so above L2 the conus counts."""

EXPLANATIONS: Final[Mapping[str, str]] = {
    "roots": (
        "one line of 0.5 mm radius stands for a bundle (dorsal L5 has 2.3-7.7 mm2, Hogan 1996); ventral roots are an "
        "option, and the roots below S2 and the filum are left out"
    ),
    "CSF, L5": "where no contour was drawn the sac is continued and tapers",
    "whole spine": "the model holds the lumbosacral part only",
}
"""Why a quantity may lie outside its range, by a word in its name; the last that fits counts."""


def compare_published(
    ours: Mapping[str, float],
    published: Sequence[Published] = PUBLISHED,
    explanations: Mapping[str, str] = EXPLANATIONS,
) -> tuple[Comparison, ...]:
    """Return a row for every published range of a measured quantity, in the published order.

    Parameters
    ----------
    ours
        Values by quantity, in the published unit.
    published
        Ranges; a quantity may have several.
    explanations
        Added to rows outside their range, by a word in the quantity.

    Raises
    ------
    InputError
        If nothing that was measured was published.
    """
    rows = []
    for known in (row for row in published if row.quantity in ours):
        row = Comparison(known, ours[known.quantity])
        why = [text for word, text in explanations.items() if word in known.quantity and row.verdict != "inside"]
        rows.append(Comparison(known, row.ours, why[-1] if why else ""))
    if not rows:
        raise InputError(f"comparison: none of {', '.join(ours) or 'no quantity'} was published")
    return tuple(rows)
