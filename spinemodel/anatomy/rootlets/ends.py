"""How rootlets begin inside the cord and end, side by side, inside their root."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.proximity import signed_distance
from spinemodel.anatomy.rootlets.chart import Chart
from spinemodel.anatomy.rootlets.courses import TAIL, Course
from spinemodel.anatomy.rootlets.fan import OUTER, STEP_MM, Fan
from spinemodel.anatomy.rootlets.parameters import RootletParameters
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError

APPROACH_MM: Final = 2.0
"""Where a rootlet lies beside its root this far above the focus decides where in the trunk it ends. It tapers there."""

WITHIN: Final = 0.9
"""Share of the trunk's radius within which the ends of its rootlets lie, so that no surface nearly lies on another."""

TURNS: Final = 8
"""Ways to turn the ring of ends that are compared, between one place and the next."""

SIDE_BY_SIDE_MM: Final = 0.09
"""Gap between the ends of a root's rootlets inside its trunk."""


def drawn(chart: Chart, course: Course, parameters: RootletParameters) -> Fan:
    """Return the fan of a course: its rootlets with a stub inside the cord and an end inside the trunk."""
    line, focus, zone = course.line, course.focus, course.zone
    ends, end_radius = _ends(course)
    rootlets = []
    for k, (path, aside) in enumerate(zip(course.paths, ends, strict=True)):
        share = np.clip(1 - arc_length(path[::-1])[::-1] / APPROACH_MM, 0, 1)[:, None]
        inner = line.points[focus + 1 : focus + TAIL] + aside
        whole = np.vstack([_stub(chart, path, course.radius, parameters), path + share * aside, inner])
        whole = whole if k == zone.middle else _evenly(whole)
        left = arc_length(whole[::-1])[::-1]
        radius = np.interp(left, [TAIL * STEP_MM, TAIL * STEP_MM + APPROACH_MM], [end_radius, course.radius])
        derived = np.full(len(whole), k != zone.middle)
        rootlets.append(Centreline(f"{zone.name}_{k + 1}", line.space, whole, radius, derived))
    drawn_from, radii, flags = line.points[focus:], line.radius[focus:], line.extrapolated[focus:]
    trunk = replace(line, name=zone.name, points=drawn_from, radius=radii, extrapolated=flags)
    return Fan(zone.root, tuple(rootlets), trunk, zone.middle, zone.wanted)


def _ends(course: Course) -> tuple[FloatArray, float]:
    """Return the offsets (n, 3) from the annotated line at which the rootlets end in the trunk, and their radius there.

    The middle one ends at the centre and the others on a ring round it, side by side without touching, each as near as
    can be to where it comes from. For m of them the ring has a radius of k (2 r + g), with k = max(1, 1 / (2 sin(pi /
    m))), for the outermost radius r and the gap g; with r it fills ``WITHIN`` of the trunk's radius.
    """
    line, focus, count = course.line, course.focus, len(course.paths) - 1
    room = WITHIN * float(line.radius[focus])
    wide = max(1.0, 0.5 / np.sin(np.pi / count)) if count > 1 else 1.0
    outer = min(OUTER * course.radius, (room - wide * SIDE_BY_SIDE_MM) / (2 * wide + 1))
    if outer <= 0:
        raise GeometryError(
            f"root {line.name}: radius {line.radius[focus]:.2f} mm, too thin for {count + 1} rootlets to end in; "
            "choose a thicker root or fewer rootlets"
        )
    u, v = _across(line.points, focus)
    back = round(APPROACH_MM / STEP_MM)
    others = np.delete(np.arange(count + 1), course.zone.middle)
    beside = line.points[max(0, focus - back)]
    away = np.array([course.paths[k][-1 - back] - beside for k in others]).reshape(-1, 3)
    places = (room - outer) * _slots(np.stack([away @ u, away @ v], axis=1))
    ends = np.zeros((count + 1, 3))
    ends[others] = places[:, :1] * u + places[:, 1:] * v
    return ends, outer / OUTER


def _across(points: FloatArray, at: int) -> tuple[FloatArray, FloatArray]:
    """Return two unit vectors (3,) across a curve at one of its points."""
    along = points[at + 2] - points[max(0, at - 2)]
    u = np.cross(along, [0.0, 1.0, 0.0])
    v = np.cross(along, u)
    return u / np.linalg.norm(u), v / np.linalg.norm(v)


def _slots(coming: FloatArray) -> FloatArray:
    """Return evenly spaced places (m, 2) on the unit circle, dealt out so that the ways to them are shortest.

    ``coming`` (m, 2) are the places that are come from.
    """
    even = 2 * np.pi * np.arange(len(coming)) / max(len(coming), 1)
    best, least = np.zeros_like(coming), np.inf
    for turn in 2 * np.pi * np.arange(TURNS) / (TURNS * max(len(coming), 1)):
        places = np.stack([np.cos(even + turn), np.sin(even + turn)], axis=1)
        cost = ((coming[:, None] - places) ** 2).sum(axis=-1)
        row, column = linear_sum_assignment(cost)
        if (total := cost[row, column].sum()) < least:
            best, least = places[column], total
    return best


def _stub(chart: Chart, path: FloatArray, radius: float, parameters: RootletParameters) -> FloatArray:
    """Return the point (1, 3) inside the cord at which a rootlet begins, in line with the way it leaves."""
    normal = signed_distance(chart.cord, path[:1])[1][0]
    way = path[1] - path[0]
    way = way - (way @ normal) * normal
    slant = np.radians(parameters.slant_deg)
    way = np.cos(slant) * way / np.linalg.norm(way) + np.sin(slant) * normal
    depth = max(parameters.depth_mm - OUTER * radius, 0.02)
    return np.asarray(path[:1] - depth / np.sin(slant) * way)


def _evenly(points: FloatArray) -> FloatArray:
    """Return the points evenly along themselves, the first two kept."""
    s = arc_length(points)
    at = np.linspace(s[1], s[-1], max(8, round((s[-1] - s[1]) / STEP_MM)) + 1)
    return np.vstack([points[:1], resample(points, at)])
