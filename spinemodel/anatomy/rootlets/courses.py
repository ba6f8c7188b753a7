"""The way of each rootlet before it has met the others: from its attachment to the focus, over the cord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from spinemodel.anatomy.curves import Centreline, arc_length
from spinemodel.anatomy.proximity import signed_distance
from spinemodel.anatomy.rootlets.chart import SIGN, Chart, angles, on_cord
from spinemodel.anatomy.rootlets.fan import OUTER, STEP_MM
from spinemodel.anatomy.rootlets.parameters import RootletParameters
from spinemodel.anatomy.rootlets.zones import Zone
from spinemodel.arrays import FloatArray

TAIL: Final = 3
"""Points by which a rootlet reaches into the trunk beyond the focus, 0.75 mm."""

MEDIAL: Final = -0.1
"""A root whose angle falls by more than this, rad, from its entry to the focus runs medially; its fan is mirrored."""

SPREAD: Final = 0.7
"""Share of the room for a rootlet and its gap by which neighbours are parted at first: relaxing does the rest."""

NOMINAL_MM: Final = 4.0
"""Radius of the cord by which a spread in mm becomes one in radians; only a first guess depends on it."""


@dataclass(frozen=True, eq=False)
class Course:
    """A root that is to fan out.

    Attributes
    ----------
    zone
        Its attachments.
    line
        The annotated line.
    focus
        Number of the line's point on which the rootlets converge.
    radius
        Of a rootlet, mm.
    paths
        (n, 3) mm per rootlet, from the attachment on the cord's surface to the focus.
    """

    zone: Zone
    line: Centreline
    focus: int
    radius: float
    paths: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class _Line:
    """The annotated line down to the focus in the chart, from caudal to rostral: s, angle and height, (n,) each."""

    s: FloatArray
    angle: FloatArray
    height: FloatArray


def courses_of(
    chart: Chart,
    zones: Sequence[Zone],
    lines: Mapping[str, Centreline],
    parameters: RootletParameters,
    turned: float = 1.0,
) -> list[Course]:
    """Return the first ways of all rootlets; the middle one of each root is the annotated line itself.

    With ``turned`` of -1 the rostral rootlets pass on the other side than usual.
    """
    started = [_start(chart, zone, lines[zone.name], parameters) for zone in zones]
    flat = [
        way
        for zone, (_, _, line, radius) in zip(zones, started, strict=True)
        for way in _ways(zone, line, radius, parameters, turned)
    ]
    cuts = np.cumsum([0, *(len(way[0]) for way in flat)])
    laid = on_cord(chart, *np.concatenate(flat, axis=1)) if flat else np.empty((0, 3))
    paths = iter([laid[a:b] for a, b in pairwise(cuts)])
    done = []
    for zone, (line, focus, _, radius) in zip(zones, started, strict=True):
        end = line.points[focus]
        own = [line.points[: focus + 1] if k == zone.middle else _ending(next(paths), end) for k in range(len(zone.s))]
        done.append(Course(zone, line, focus, radius, tuple(own)))
    return done


def _start(
    chart: Chart, zone: Zone, line: Centreline, parameters: RootletParameters
) -> tuple[Centreline, int, _Line, float]:
    """Return the line, the number of its point at the focus, the line down to there in the chart, and the radius."""
    focus, s, angle = focus_of(chart, zone, line, parameters)
    height = signed_distance(chart.cord, line.points[: focus + 1])[0]
    back = slice(focus, None, -1)
    shared = line.radius[focus] / np.sqrt(len(zone.s))
    radius = float(np.clip(shared, parameters.least_radius_mm, parameters.radius_mm))
    rising = np.maximum.accumulate(s[back]) + 1e-6 * np.arange(focus + 1)
    return line, focus, _Line(rising, angle[back], height[::-1]), radius


def focus_of(
    chart: Chart, zone: Zone, line: Centreline, parameters: RootletParameters
) -> tuple[int, FloatArray, FloatArray]:
    """Return the number of the line's point on which rootlets converge, and s and angle of its first points."""
    reach = round((np.ptp(zone.s) + 4 * parameters.converge_mm) / STEP_MM)
    s, angle = angles(chart, line.points[:reach], zone.root.side)
    below = s < zone.s[-1] - parameters.converge_mm
    return int(below.argmax()) if below.any() else len(s) - 1 - TAIL, s, angle


def _ways(zone: Zone, line: _Line, radius: float, parameters: RootletParameters, turned: float) -> list[FloatArray]:
    """Return s, angle to the right and height (3, n) along every rootlet but the middle one.

    In the chart the rootlets are straight lines to the focus, bent as the annotated line is, and parted a little more
    where they would lie on one another. The rostral ones pass on the side to which the root runs.
    """
    focus_s, focus_angle = line.s[0], line.angle[0]
    middle_s, middle_angle = zone.s[zone.middle], zone.angle[zone.middle]
    outwards = turned if focus_angle - middle_angle > MEDIAL else -turned
    width = SPREAD * (2 * OUTER * radius + parameters.gap_mm) / NOMINAL_MM
    ways = []
    for k, (s, angle) in enumerate(zip(zone.s, zone.angle, strict=True)):
        if k == zone.middle:
            continue
        at = np.linspace(s, focus_s, max(8, round((s - focus_s) / STEP_MM) + 1))
        done = (s - at) / (s - focus_s)
        sulcus = np.interp(at, zone.s[::-1], zone.angle[::-1])
        drawn = np.where(at > middle_s, sulcus, np.interp(at, line.s, line.angle))
        chord = middle_angle + (focus_angle - middle_angle) * (middle_s - at) / (middle_s - focus_s)
        bent = drawn - np.where(at > middle_s, sulcus, chord)
        parted = outwards * (zone.middle - k) * width * np.minimum(1, s - at) * np.minimum(1, (at - focus_s) / 2)
        across = angle + (focus_angle - angle) * done + bent + parted
        height = _heights(s - at, done, np.interp(at, line.s, line.height), radius, parameters)
        ways.append(np.stack([at, SIGN[zone.root.side] * across, height]))
    return ways


def _heights(
    fallen: FloatArray, done: FloatArray, line: FloatArray, radius: float, parameters: RootletParameters
) -> FloatArray:
    """Return the heights (n,) above the cord: a slanted start, then close to it, then up to the annotated line."""
    lying = np.minimum(np.sin(np.radians(parameters.slant_deg)) * fallen, OUTER * radius + 2 * parameters.gap_mm)
    return np.asarray(np.maximum(lying, line * done**2))


def _ending(path: FloatArray, focus: FloatArray) -> FloatArray:
    """Return the path moved so that it ends at the focus, its last quarter bent."""
    share = np.clip(4 * arc_length(path) / arc_length(path)[-1] - 3, 0, 1)[:, None]
    return np.asarray(path + share * (focus - path[-1]))
