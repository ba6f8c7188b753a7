"""How smoothly a root runs, where it leaves the cord, and where it passes through the dura."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from scipy.interpolate import CubicSpline

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.sweep import SECTION
from spinemodel.arrays import FloatArray

BEND_MM: Final = 0.5
"""Bends are measured over three points so far apart. A choice: a root's radius; coordinates rounded to 0.0001 mm, as in
the table of centrelines, make no more than 0.001 / mm of it."""

ENTRY_MM: Final = 6.0
"""Length from the cord on over which a root turns off it, told apart from what follows. A choice: over as much its
radius grows (:class:`~spinemodel.anatomy.roots.RootParameters`), and at its least slant of 10 degrees it then lies 1 mm
from the cord."""

NEAR_MM: Final = 1.0
"""Distances from the dura are exact up to this; farther points tell the side only."""

Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class RootShape:
    """How a centreline bends.

    Attributes
    ----------
    length_mm
        From the entry to the end.
    rms, most, most_at_entry
        Curvature, 1/mm: root of its mean square over the whole root, greatest beyond its first 6 mm, greatest within.
    bend_s_mm, bend
        Where it bends most beyond its first 6 mm: mm from the entry, and the place.
    bend_drawn
        Whether markers were drawn there.
    fold
        Greatest product of curvature and the tube's radius, entry and all: at 1 the tube would fold.
    turn_deg_per_mm
        Change of direction per length.
    """

    length_mm: float
    rms: float
    most: float
    most_at_entry: float
    bend_s_mm: float
    bend: Point
    bend_drawn: bool
    fold: float
    turn_deg_per_mm: float

    @property
    def least_radius_mm(self) -> float:
        """Radius of the tightest bend beyond the entry; infinite for a straight line."""
        return 1 / self.most if self.most else np.inf


@dataclass(frozen=True)
class RootCourse:
    """Where a centreline leaves the cord and the dura.

    Attributes
    ----------
    entry
        Its first point.
    entry_off_mm
        Distance of that point from the cord's surface, positive outside; None without a cord.
    entry_deg
        Slant at which it leaves the cord: 0 along the surface, 90 straight out. None without a cord.
    exit, exit_s_mm, exit_deg
        The place where it passes through the dura for good, how far along, and the angle to the dura's surface; None
        where it does not.
    end_s_mm
        How far it counts as inside the dura: to the exit, to the end where the tube's end touches the wall, or
        infinitely.
    """

    entry: Point
    entry_off_mm: float | None
    entry_deg: float | None
    exit: Point | None
    exit_s_mm: float | None
    exit_deg: float | None
    end_s_mm: float


def curvature(points: FloatArray, at: FloatArray, span: float = BEND_MM) -> FloatArray:
    """Return the curvature (n,) 1/mm of a polyline at the distances ``at`` (n,) mm along it.

    It is that of the circle through three points ``span`` apart along the line: four times the area of their triangle
    over the product of its sides (Menger's curvature). The points lie on the cubic spline through those of the
    polyline: its chords would misjudge a bend by 6 % where they are 0.25 mm long.

    Examples
    --------
    >>> angle = np.linspace(0, np.pi, 1000)
    >>> ring = 4 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    >>> curvature(ring, np.array([2.0, 6.0])).round(4)
    array([0.25, 0.25])
    """
    smooth = CubicSpline(arc_length(points), points)
    before, here, after = (smooth(at + shift) for shift in (-span, 0.0, span))
    one, two, across = here - before, after - here, after - before
    area = np.linalg.norm(np.cross(one, two), axis=1)
    sides = np.prod([np.linalg.norm(side, axis=1) for side in (one, two, across)], axis=0)
    return np.asarray(2 * area / np.maximum(sides, 1e-12))


def root_shape(line: Centreline) -> RootShape:
    """Return how a root bends."""
    s = arc_length(line.points)
    length = float(s[-1])
    span = min(BEND_MM, length / 8)
    at = np.linspace(span, length - span, max(3, 2 * round(length / span) - 3))
    bends = curvature(line.points, at, span)
    beyond = at > min(ENTRY_MM, length / 2)
    worst = int(np.where(beyond, bends, -1.0).argmax())
    return RootShape(
        length_mm=length,
        rms=float(np.sqrt((bends**2).mean())),
        most=float(bends[worst]),
        most_at_entry=float(bends[~beyond].max(initial=0.0)),
        bend_s_mm=float(at[worst]),
        bend=_point(resample(line.points, at[worst])),
        bend_drawn=not line.extrapolated[np.abs(s - at[worst]).argmin()],
        fold=float((bends * np.interp(at, s, line.radius)).max()),
        turn_deg_per_mm=_turn(line.points, length, span),
    )


def _turn(points: FloatArray, length: float, span: float) -> float:
    """Return the sum of the angles between chords about ``span`` long, per mm, degrees."""
    many = round(length / span)
    chords = np.diff(resample(points, np.linspace(0, length, many + 1)), axis=0)
    one, two = chords[:-1], chords[1:]
    sine = np.linalg.norm(np.cross(one, two), axis=1)
    angles = np.arctan2(sine, np.einsum("ij,ij->i", one, two))
    return float(np.degrees(angles.sum()) / ((many - 1) * length / many))


def root_course(line: Centreline, cord: Proximity | None, dura: Proximity | None) -> RootCourse:
    """Return where a root leaves cord and dura; None stands for a wall that is not there."""
    off = slant = None
    if cord is not None:
        off, slant = float(signed_distance(cord, line.points[:1])[0][0]), _slant(line, 0.0, cord)
    s, end = (None, np.inf) if dura is None else _leaves(line, dura)
    entry = _point(line.points[0])
    if dura is None or s is None:
        return RootCourse(entry, off, slant, None, None, None, end)
    place = resample(line.points, np.array(s))
    return RootCourse(entry, off, slant, _point(place), s, _slant(line, s, dura), end)


def _leaves(line: Centreline, dura: Proximity) -> tuple[float | None, float]:
    """Return how far along a line passes out of the dura for good, and how far it counts as inside."""
    s = arc_length(line.points)
    outside, _ = signed_distance(dura, line.points, exact_within_mm=NEAR_MM)
    if outside[-1] < 0:
        touches = outside[-1] > -SECTION * line.radius[-1]
        return None, float(s[-1]) if touches else np.inf
    leaves = np.flatnonzero((outside[:-1] < 0) & (outside[1:] >= 0))
    if not len(leaves):
        return None, 0.0
    k = leaves[-1]
    at = float(np.interp(0.0, outside[k : k + 2], s[k : k + 2]))
    return at, at


def _slant(line: Centreline, s: float, wall: Proximity) -> float:
    """Return the angle in degrees between a line, ``s`` mm along it, and a wall: how fast it comes clear of it."""
    length = float(arc_length(line.points)[-1])
    ends = resample(line.points, np.clip([s - BEND_MM, s + BEND_MM], 0.0, length))
    outside, _ = signed_distance(wall, ends)
    gained = (outside[1] - outside[0]) / np.linalg.norm(ends[1] - ends[0])
    return float(np.degrees(np.arcsin(np.clip(gained, -1.0, 1.0))))


def _point(values: FloatArray) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z
