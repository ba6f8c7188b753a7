"""The course that a lead takes over the dura: a smooth line with the dura's normals and curvature across beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import brentq

from spinemodel.anatomy.axis import locate
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.leads.dura_section import (
    LeadSide,
    Midline,
    Outline,
    bed_of,
    midline_of,
    outline_at,
    place_on,
    quarter_of,
)
from spinemodel.leads.marked_point import arc_to, require_by_dura
from spinemodel.leads.site import Site
from spinemodel.leads.smooth_line import KNOT_MM, SmoothLine, length_from, smooth_through

STATION_MM: Final = 2.0
"""Distance between the sections of the dura: a slice of the drawn contours."""

FINE_MM: Final = 0.25
"""Distance between the points of a track."""

FROM_END_MM: Final = 2.0
"""What of the dura's ends tells no course: its dome and the edge of its flat end. A choice."""

LEAST_WIDTH_MM: Final = 4.0
"""Least width of the dura that tells which way a lead faces, so that a thin one does not roll with single markers. A
choice."""

MOST_TILT_DEG: Final = 60.0
"""Steepest tilt: beyond it a lead lies across the spine, whose course along it tells nothing. A choice."""


@dataclass(frozen=True)
class Course:
    """How a lead lies on the dura.

    Attributes
    ----------
    offset_mm
        Towards the head, along the dura.
    lateral_mm
        To the subject's right of the midline, round the dura.
    tilt_deg
        Turn about the normal, anticlockwise seen from outside the dura: behind the dura, the tip goes to the left.
    side
        Of the dura.
    midline
        Of the cord, or of the canal.
    """

    offset_mm: float = 0.0
    lateral_mm: float = 0.0
    tilt_deg: float = 0.0
    side: LeadSide = "dorsal"
    midline: Midline = "cord"


@dataclass(frozen=True)
class Target:
    """A place on a model; one of s, z and point is given.

    Attributes
    ----------
    asked
        In the user's words, such as ``L1``.
    said
        What that is, such as ``spinal segment L1``.
    s
        mm along the axis.
    z
        Height of the dura, RAS mm.
    point
        RAS mm; the nearest place of the dura beside the same place of the axis.
    """

    asked: str
    said: str
    s: float | None = None
    z: float | None = None
    point: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Keys:
    """What the place and the side are called where they are told: as options, or as a study's keys."""

    at: str
    side: str


OPTIONS: Final = Keys("--at", "--side")


@dataclass(frozen=True, eq=False)
class Track:
    """A line on the dura, with v = 0 at the place asked for.

    Attributes
    ----------
    v
        (n,) mm along it, rising to the head.
    points
        (n, 3) mm, RAS+.
    away
        (n, 3) unit normals away from the dura.
    curvature_across
        (n,) 1/mm, of the dura, positive where it bulges.
    """

    v: FloatArray
    points: FloatArray
    away: FloatArray
    curvature_across: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("v", "points", "away", "curvature_across"):
            object.__setattr__(self, name, freeze(getattr(self, name)))


class _Start(NamedTuple):
    """Where along the axis, and how far round the dura, v = 0 lies, mm."""

    s: float
    lateral: float


def track_over(
    site: Site, target: Target, course: Course, low: float, high: float, width_mm: float, keys: Keys = OPTIONS
) -> Track:
    """Return the line that a lead follows from v = ``low`` to ``high`` mm; errors call the place as ``keys`` do.

    Sections of the dura across the axis give points, normals and curvatures; cubic splines with knots ``KNOT_MM`` apart
    run through them. Where the dura ends the line goes on straight.

    Raises
    ------
    InputError
        If the place is not on the dura, or a point far from it, the tilt too steep, or the line leaves the side of the
        dura that it lies on.
    """
    if abs(course.tilt_deg) > MOST_TILT_DEG:
        raise InputError(f"tilt {course.tilt_deg:g} degrees: expected at most {MOST_TILT_DEG:g} either way")
    require_by_dura(site, target, keys)
    reach = max(-low, high) + abs(course.offset_mm) + KNOT_MM
    rough = _rough_place(site, target, keys)
    outlines = _outlines(site, rough - 1.2 * reach, rough + 1.2 * reach, course)
    s = np.array([outline.s for outline in outlines])
    start = _start(site, outlines, s, target, course, keys)
    along = _lengths(outlines, s, start)
    slope = np.tan(np.radians(course.tilt_deg)) * (-1.0 if course.side == "dorsal" else 1.0)
    lateral = start.lateral + slope * along
    under = (along >= low - STATION_MM) & (along <= high + STATION_MM)
    beside = (along > low - KNOT_MM) & (along < high + KNOT_MM)
    used = under | (beside & (np.abs(lateral) < np.array([quarter_of(outline) for outline in outlines])))
    width = max(width_mm, LEAST_WIDTH_MM)
    beds = [bed_of(outlines[k], float(lateral[k]), width) for k in np.flatnonzero(used)]
    return _through(s[used], [np.array(part) for part in zip(*beds, strict=True)], start.s, course, (low, high))


def _rough_place(site: Site, target: Target, keys: Keys) -> float:
    """Return about where along the axis a target lies, mm; refuse one that is not beside the dura."""
    bottom, top = site.dura_extent
    if target.s is not None:
        s = target.s
    elif target.point is not None:
        s = float(locate(site.axis, np.array([target.point]))[0][0])
    else:
        s = float(site.axis.s[np.abs(site.axis.points[:, 2] - _height(target, keys)).argmin()])
    if not bottom + FROM_END_MM <= s <= top - FROM_END_MM:
        low, high = (float(np.interp(at, site.axis.s, site.axis.points[:, 2])) for at in (bottom, top))
        at = float(np.interp(s, site.axis.s, site.axis.points[:, 2])) if target.z is None else target.z
        raise InputError(
            f"{keys.at} {target.asked}: z {at:.0f} mm, where the model has no dura; expected a place between z "
            f"{low:.0f} and {high:.0f} mm"
        )
    return s


def _outlines(site: Site, low: float, high: float, course: Course) -> list[Outline]:
    """Return the dura's outlines from one place along the axis to another, as far as it reaches."""
    bottom, top = site.dura_extent
    first, last = max(low, bottom + FROM_END_MM), min(high, top - FROM_END_MM)
    middle = midline_of(site, course.midline)
    count = max(2, round((last - first) / STATION_MM) + 1)
    return [outline_at(site, float(s), course.side, middle) for s in np.linspace(first, last, count)]


def _lengths(outlines: list[Outline], s: FloatArray, start: _Start) -> FloatArray:
    """Return the distances (k,) mm of sections along the line that keeps its distance from the midline."""
    line = smooth_through(s, np.array([place_on(outline, start.lateral) for outline in outlines]))
    fine = np.linspace(s[0], s[-1], 8 * len(s))
    return np.interp(s, fine, length_from(line(fine), fine, start.s))


def _start(site: Site, outlines: list[Outline], s: FloatArray, target: Target, course: Course, keys: Keys) -> _Start:
    """Return where v = 0 lies: the target's place, the lateral way round the dura, the offset along it."""
    lateral = course.lateral_mm
    if target.point is not None:
        lateral += arc_to(outlines, target, np.array(target.point), course.side, keys)
    line = smooth_through(s, np.array([place_on(outline, lateral) for outline in outlines]))
    place = _rough_place(site, target, keys) if target.z is None else _at_height(line, s, target, keys)
    fine = np.linspace(s[0], s[-1], 8 * len(s))
    along = length_from(line(fine), fine, place)
    if not along[0] <= course.offset_mm <= along[-1]:
        raise InputError(
            f"offset {course.offset_mm:g} mm: the dura ends {-along[0]:.0f} mm below and {along[-1]:.0f} mm above "
            f"{target.asked}; expected a place on it"
        )
    return _Start(float(np.interp(course.offset_mm, along, fine)), lateral)


def _at_height(line: SmoothLine, s: FloatArray, target: Target, keys: Keys) -> float:
    """Return where along the axis the line comes to the target's height, mm."""
    wanted = _height(target, keys)
    height = line(s)[:, 2] - wanted
    rising = np.flatnonzero((height[:-1] <= 0) & (height[1:] > 0))
    if not len(rising):
        raise InputError(f"{keys.at} {target.asked}: the dura reaches from z {line(s[:1])[0, 2]:.0f} to "
                         f"{line(s[-1:])[0, 2]:.0f} mm here; expected a height between")  # fmt: skip
    i = int(rising[0])
    return float(brentq(lambda at: float(line(np.array([at]))[0, 2]) - wanted, s[i], s[i + 1]))


def _height(target: Target, keys: Keys) -> float:
    """Return the height that a target asks for, mm."""
    if target.z is None:
        raise InputError(f"{keys.at} {target.asked}: expected a place along the axis, a height or a point; got none")
    return target.z


def _through(s: FloatArray, beds: list[FloatArray], zero: float, course: Course, reach: tuple[float, float]) -> Track:
    """Return the smooth track through what lies under a lead at places (k,) along the axis."""
    place, normal, bend = (smooth_through(s, values) for values in beds)
    beyond = reach[1] - reach[0] + KNOT_MM
    fine = np.arange(s[0] - beyond, s[-1] + beyond, FINE_MM)
    points, away = place(fine), normal(np.clip(fine, s[0], s[-1]))
    v = length_from(points, fine, zero)
    keep = (v > reach[0] - KNOT_MM) & (v < reach[1] + KNOT_MM)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    # The curvature of a section across the axis, seen across a line that is tilted against it (Euler).
    across = bend(np.clip(fine, s[0], s[-1])) * np.cos(np.radians(course.tilt_deg)) ** 2
    return Track(v[keep], points[keep], away[keep], across[keep])
