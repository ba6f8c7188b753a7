"""The phantom's roots: where they run, in closed form."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.phantom.shape import HIGHEST_ENTRY_MM, Phantom, cord_scale, dura_sections
from spinemodel.arrays import FloatArray
from spinemodel.levels import Level, RootName

LIFT_MM: Final = 8.0
"""Height over which a root comes off the cord."""

Place: TypeAlias = tuple[float, float]
"""Angle from the dorsal midline about the cord's centre, degrees; part of the way from the cord to the dura."""


class Course(NamedTuple):
    """The way of a level's roots.

    Attributes
    ----------
    entry_above_tip
        Height of the entry above the tip of the conus, mm.
    entry_deg
        Angle of the entry from the dorsal midline about the cord's centre.
    lifted
        Where the root runs free of the cord, ``LIFT_MM`` below the entry.
    turning
        Where it begins to turn towards the ganglion.
    turn
        Height of that turn, mm.
    last
        Where the turn and the annotation end.
    run
        Height from the entry to the end of the annotation, mm; None where the dura's cut ends it.
    ganglion
        Offset of the ganglion from that end: lateral, ventral and caudal, mm.
    """

    entry_above_tip: float
    entry_deg: float
    lifted: Place
    turning: Place
    turn: float
    last: Place
    run: float | None
    ganglion: tuple[float, float, float]


COURSES: Final[dict[Level, Course]] = {
    "L1": Course(HIGHEST_ENTRY_MM, 70, (89, 0.56), (94, 0.65), 6, (92, 0.87), 66, (6.2, 2.9, 9.8)),
    "L2": Course(76, 70, (79, 0.51), (88, 0.67), 6, (90, 0.90), 84, (6.2, 3.0, 9.8)),
    "L3": Course(66, 68, (69, 0.51), (77, 0.72), 16, (83, 0.85), None, (9.0, 6.0, 34.0)),
    "L4": Course(58, 59, (58, 0.53), (68, 0.66), 16, (73, 0.72), None, (11.8, 14.3, 66.0)),
    "L5": Course(51, 50, (47, 0.51), (55, 0.66), 16, (60, 0.68), None, (13.0, 18.0, 98.0)),
    "S1": Course(42, 38, (34, 0.55), (41, 0.65), 16, (42, 0.70), None, (8.8, 9.2, 120.0)),
    "S2": Course(38, 23, (18, 0.51), (23, 0.64), 16, (25, 0.70), None, (10.9, -11.5, 142.0)),
}
"""Heights and ganglia of sub-03, both sides averaged; angles near the means of the dataset, kept apart."""


def root_path(phantom: Phantom, root: RootName) -> CubicHermiteSpline:
    """Return the axis of a root: z -> (x, y) mm, from the ganglion's height up to the entry's, with one tangent.

    About the dura's axis a root leaves the cord on a parabola, runs straight to its turn, and turns; from the end of
    its annotation to the ganglion it is straight in space. The spline's knots are ganglion, last, turning, lifted and
    entry.
    """
    z, places = _knots(phantom, COURSES[root.level])
    free = (places[2] - places[1]) / (z[2] - z[1])
    lifting = 2 * (places[1] - places[0]) / (z[1] - z[0]) - free
    slopes = np.stack([lifting, free, free])
    height = phantom.top_z - phantom.bottom_z
    slopes[:, 1] += 4 * phantom.lordosis_mm / height * (2 * (phantom.top_z - z[:3]) / height - 1)
    places[:, 1] += dura_sections(phantom, z).y
    leaving = (places[4] - places[3]) / (z[4] - z[3])
    slopes = np.vstack([slopes, leaving, leaving])
    sign = [1.0 if root.side == "R" else -1.0, 1.0]
    return CubicHermiteSpline(z[::-1], ([phantom.centre_mm[0], 0.0] + places * sign)[::-1], (slopes * sign)[::-1])


def _knots(phantom: Phantom, course: Course) -> tuple[FloatArray, FloatArray]:
    """Return the heights (5,) of entry, lifted, turning, last and ganglion, and the places (5, 2) of a root there.

    Places are (lateral, ventral) mm from the dura's axis at their height.
    """
    entry = phantom.tip_z + course.entry_above_tip
    last = phantom.bottom_z if course.run is None else entry - course.run
    lateral, ventral, caudal = course.ganglion
    z = np.array([entry, entry - LIFT_MM, last + course.turn, last, last - caudal])
    degrees, way = np.array([(course.entry_deg, 0.0), course.lifted, course.turning, course.last]).T
    places = _between(phantom, z[:4], np.radians(degrees), way)
    y = dura_sections(phantom, z).y
    return z, np.vstack([places, places[3] + [lateral, ventral + y[3] - y[4]]])


def _between(phantom: Phantom, z: FloatArray, angle: FloatArray, way: FloatArray) -> FloatArray:
    """Return the points (n, 2) about the dura's axis that lie part of the ``way`` from the cord to the dura.

    The ray leaves the cord's centre at ``angle`` from the dorsal midline. It meets the cord, about its own centre, in
    closed form, and the dura where a quadratic vanishes.
    """
    dura, dorsal = dura_sections(phantom, z), phantom.cord_dorsal_mm
    square = (np.sin(angle) / dura.lateral) ** 2 + (np.cos(angle) / dura.sagittal) ** 2
    half = dorsal * np.cos(angle) / dura.sagittal**2
    outer = (np.sqrt(half**2 + square * (1 - (dorsal / dura.sagittal) ** 2)) - half) / square
    lateral, sagittal = phantom.cord_mm
    inner = cord_scale(phantom, z) / np.hypot(np.sin(angle) / lateral, np.cos(angle) / sagittal)
    radius = inner + way * (outer - inner)
    return np.stack([radius * np.sin(angle), -dorsal - radius * np.cos(angle)], axis=1)


def centreline_truth(phantom: Phantom, root: RootName, step_mm: float = 0.25) -> FloatArray:
    """Return points (n, 3) mm on a root's axis from entry to ganglion, equally spaced, at most ``step_mm`` apart.

    Examples
    --------
    >>> from spinemodel.anatomy.phantom import cord_level
    >>> entry = centreline_truth(Phantom(), RootName("L3", "R"))[:1]
    >>> cord_level(Phantom(), entry).round(9)
    array([1.])
    """
    path = root_path(phantom, root)
    z = np.linspace(path.x[-1], path.x[0], 4097)
    s = arc_length(np.column_stack([path(z), z]))
    at = np.interp(np.linspace(0, s[-1], int(np.ceil(s[-1] / step_mm)) + 1), s, z)
    return np.column_stack([path(at), at])
