"""Dorsal roots that fan out into rootlets, and ventral roots beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate, place
from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.rootlets.chart import SIGN, Chart, chart_of, on_cord
from spinemodel.anatomy.rootlets.courses import TAIL, courses_of
from spinemodel.anatomy.rootlets.ends import drawn
from spinemodel.anatomy.rootlets.fan import STEP_MM, Fan
from spinemodel.anatomy.rootlets.parameters import RootletParameters
from spinemodel.anatomy.rootlets.parting import Trial, parted, strings_of
from spinemodel.anatomy.rootlets.placing import free_zones
from spinemodel.anatomy.rootlets.strings import String, relaxed
from spinemodel.anatomy.sweep import SECTION
from spinemodel.arrays import FloatArray

TAPER_MM: Final = 6.0
"""Distance over which a ventral root's line grows from a rootlet's radius to the root's own; as dorsal roots do."""

LIFTED_MM: Final = 0.8
"""Height above the cord at which ventral roots pass the levels below: their rootlets find room underneath. A choice."""

RISING: Final = 0.3
"""Height above the cord gained per mm until then: 17 degrees, as steep as roots leave the dura. A choice."""

COARSE_MM: Final = 0.5
"""Distance between the points of a ventral root while it is parted from the others."""

COARSE_GAP_MM: Final = 0.05
"""Added to the gap meanwhile: two tubes 0.6 mm apart are nearer than such points by up to this."""

JOINING_MM: Final = 5.0
"""Length over which a ventral root runs into its dorsal root, at an angle of about ten degrees."""


def dorsal_rootlets(
    lines: Mapping[str, Centreline],
    cord: Proximity,
    dura: Proximity,
    axis: Axis,
    parameters: RootletParameters | None = None,
) -> tuple[Fan, ...]:
    """Return every dorsal root as a trunk and a fan of rootlets, clear of each other, of the cord and of the dura.

    Parameters
    ----------
    lines
        The roots' centrelines by name, from the cord outwards, clear of each other.
    cord, dura
        The walls.
    axis
        Of the spine.
    parameters
        Numbers and sizes.
    """
    return _fans(lines, (), cord, dura, axis, parameters or RootletParameters(), ventral=False)


def ventral_roots(
    lines: Mapping[str, Centreline],
    dorsal: Sequence[Fan],
    cord: Proximity,
    dura: Proximity,
    axis: Axis,
    parameters: RootletParameters | None = None,
) -> tuple[Fan, ...]:
    """Return a ventral root with its rootlets for every dorsal one, joined to it before it leaves the dura.

    A ventral root is a taut string from the ventrolateral line of the cord, at the height of the dorsal entry, to the
    dorsal root, in front of it and medial to it all the way, as in the cauda equina (Wall et al. 1990, Spine 15:1244).

    Parameters
    ----------
    lines
        The dorsal roots' centrelines by name.
    dorsal
        Their fans; they stay as they are.
    cord, dura, axis, parameters
        As for :func:`dorsal_rootlets`.
    """
    parameters = parameters or RootletParameters()
    ventral = _ventral_lines(chart_of(axis, cord), lines, dorsal, dura, parameters)
    return _fans(ventral, dorsal, cord, dura, axis, parameters, ventral=True)


def _fans(
    lines: Mapping[str, Centreline],
    others: Sequence[Fan],
    cord: Proximity,
    dura: Proximity,
    axis: Axis,
    parameters: RootletParameters,
    *,
    ventral: bool,
) -> tuple[Fan, ...]:
    """Return the fans of the roots along ``lines``, clear of ``others``."""
    if not lines:
        return ()
    chart = chart_of(axis, cord)
    zones = free_zones(chart, lines, parameters, ventral=ventral)

    def draft(numbers: Sequence[int], trial: Trial) -> list[Fan]:
        tried = replace(parameters, radius_mm=max(trial.share * parameters.radius_mm, parameters.least_radius_mm))
        courses = courses_of(chart, [zones[k] for k in numbers], lines, tried, trial.turned)
        return [drawn(chart, course, tried) for course in courses]

    return tuple(parted(draft, len(zones), others, cord, dura, parameters))


def _ventral_lines(
    chart: Chart, lines: Mapping[str, Centreline], dorsal: Sequence[Fan], dura: Proximity, parameters: RootletParameters
) -> dict[str, Centreline]:
    """Return the axes of the ventral roots, parted from each other and from all dorsal ones."""
    fixed = [s for number, fan in enumerate(dorsal) for s in strings_of(fan, number, False, -np.inf, parameters)]
    fixed = [replace(string, trunk=False) for string in fixed]
    first = [_first(chart, fan, dura, parameters) for fan in dorsal]
    free = [_string(number, points, parameters) for number, points in enumerate(first)]
    found = relaxed([*fixed, *free], chart.cord, dura, parameters.gap_mm + COARSE_GAP_MM)[len(fixed) :]
    done = {}
    for fan, points in zip(dorsal, found, strict=True):
        s = arc_length(points)
        even = resample(points, np.linspace(0, s[-1], round(s[-1] / STEP_MM) + 1))
        radius = np.interp(arc_length(even), [0, TAPER_MM], [parameters.radius_mm, parameters.ventral_radius_mm])
        name = f"{fan.root}_ventral"
        done[name] = Centreline(name, fan.trunk.space, even, radius, np.ones(len(even), dtype=bool))
    return done


def _first(chart: Chart, fan: Fan, dura: Proximity, parameters: RootletParameters) -> FloatArray:
    """Return the first way (n, 3) of a ventral root: straight beside the axis, ending inside its dorsal root."""
    inside = -signed_distance(dura, fan.trunk.points, exact_within_mm=1.0)[0]
    leaves = int(np.max(np.flatnonzero(inside > 0), initial=0))
    join = max(2 * TAIL, leaves - round(parameters.join_mm / STEP_MM))
    end = fan.trunk.points[join : join + 1]
    middle = fan.rootlets[fan.middle].points[1:2]
    at, _, _ = locate(chart.axis, middle)
    angle = SIGN[fan.root.side] * (np.pi - np.radians([parameters.ventral_deg]))
    start = on_cord(chart, at, angle, np.zeros(1))
    low, high = locate(chart.axis, end), locate(chart.axis, start)
    length = float(high[0][0] - low[0][0])
    t = np.linspace(0, 1, max(8, round(length / COARSE_MM)) + 1)
    s, right, dorsal = (h + (lo - h) * t for h, lo in zip(high, low, strict=True))
    return np.asarray(place(chart.axis, s, right, dorsal))


def _string(number: int, points: FloatArray, parameters: RootletParameters) -> String:
    """Return a ventral root's string; it may touch its dorsal root where it joins it."""
    s = arc_length(points)
    radius = SECTION * np.interp(s, [0, TAPER_MM], [parameters.radius_mm, parameters.ventral_radius_mm])
    free = np.ones(len(points), dtype=bool)
    free[[0, -1]] = False
    off = radius + parameters.gap_mm
    above = np.minimum(LIFTED_MM, RISING * s)
    together = np.where(s > s[-1] - JOINING_MM, -np.inf, np.inf)
    return String(number, points, radius, free, together, above, off)
