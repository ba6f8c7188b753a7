"""Volumes and areas of cord, roots and CSF by level, beside what was published of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.slices import Planes, planes_along
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.volumes import Slab, cross_sections, slab_volumes
from spinemodel.errors import InputError
from spinemodel.levels import (
    CORD,
    CSF,
    DORSAL_COLUMNS,
    DURA_SHELL,
    FAT,
    GREY,
    ROOT_TISSUES,
    ROOTLET_TISSUES,
    WHITE,
)
from spinemodel.units import MM_PER_CM

Verdict: TypeAlias = Literal["below", "inside", "above"]

GROUPS: Final[Mapping[str, str]] = {
    **dict.fromkeys((CORD.name, WHITE.name, GREY.name, DORSAL_COLUMNS.name), "cord"),
    **dict.fromkeys((*ROOT_TISSUES, *ROOTLET_TISSUES), "roots"),
    CSF.name: "CSF", DURA_SHELL.name: "dura", FAT.name: "fat",
}  # fmt: skip
"""The groups in which volumes are told, by part."""

SUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "cord": ("cord", "cord and roots", "sac"), "roots": ("roots", "cord and roots", "sac"), "CSF": ("CSF", "sac"),
}  # fmt: skip
"""What each group that was published counts towards."""


def group_slabs(parts: Mapping[str, Surface], planes: Planes) -> tuple[Slab, ...]:
    """Return the volume of every group between each two neighbouring planes, group by group from caudal to rostral."""
    sums: dict[tuple[str, float, float], float] = {}
    for slab in slab_volumes({name: part for name, part in parts.items() if name in GROUPS}, planes):
        place = (GROUPS[slab.part], slab.low, slab.high)
        sums[place] = sums.get(place, 0.0) + slab.volume_mm3
    return tuple(Slab(*place, volume) for place, volume in sums.items())


def level_volumes(
    parts: Mapping[str, Surface], axis: Axis, levels: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Return the volumes in cm3 of cord, roots, both, CSF and all three (the sac) at each level, such as ``CSF, L5``.

    Parameters
    ----------
    parts
        The compartments; roots count as far as they are given, see :func:`~spinemodel.anatomy.measured.inside_sac`.
    axis
        The levels' planes are perpendicular to it.
    levels
        Caudal and rostral end of each level along the axis, mm.
    """
    volumes: dict[str, float] = {}
    for level, span in levels.items():
        for slab in group_slabs(parts, planes_along(axis, span)):
            for name in SUMS.get(slab.part, ()):
                volumes[f"{name}, {level}"] = volumes.get(f"{name}, {level}", 0.0) + slab.volume_mm3 / MM_PER_CM**3
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
        Why it lies outside; nothing where it does not.
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
"""Ranges stated in abstracts or open data. Prats-Galino tells CSF from all else, so above L2 the conus counts."""

_CONTINUED: Final = "below the scan the sac is not drawn but continued, and tapers to its end at S2"

EXPLANATIONS: Final[Mapping[str, str]] = {
    "roots": (
        "one line, of 0.5 mm radius unless set, stands for a bundle (dorsal L5 has 2.3-7.7 mm2, Hogan 1996); ventral "
        "roots are an option; roots below S2 and the filum are left out; roots count inside the sac only, as they did "
        "where they were measured"
    ),
    "sac, T12-S1": _CONTINUED,
    "CSF, T12-S1": _CONTINUED,
    "CSF, L5": _CONTINUED,
    "whole spine": "the model holds the lumbosacral part only",
}
"""Why a quantity may lie below its range, by a word in its name; the last that fits counts."""

UNEXPLAINED: Final = (
    "nothing that the model leaves out explains this; 5 of 100 subjects lie outside 2 SD, and so do wrong contours: "
    "look at those"
)
"""Said of any other quantity outside its range."""


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
        Added to rows below their range, by a word in the quantity; others outside it have ``UNEXPLAINED``.

    Raises
    ------
    InputError
        If nothing that was measured was published.
    """
    rows = [
        Comparison(row, ours[row.quantity], _why(row, ours[row.quantity], explanations))
        for row in published
        if row.quantity in ours
    ]
    if not rows:
        raise InputError(f"comparison: none of {', '.join(ours) or 'no quantity'} was published")
    return tuple(rows)


def _why(known: Published, ours: float, explanations: Mapping[str, str]) -> str:
    """Return why a value lies outside its range; nothing where it lies inside."""
    if known.low <= ours <= known.high:
        return ""
    fitting = [text for word, text in explanations.items() if word in known.quantity and ours < known.low]
    return fitting[-1] if fitting else UNEXPLAINED
