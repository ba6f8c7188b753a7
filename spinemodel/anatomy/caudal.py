"""The way of a root below its last marker: down the thecal sac, out through its wall, and to its ganglion."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate, place
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.loft import plane_of
from spinemodel.anatomy.roots import FittedRoot, reach
from spinemodel.anatomy.sac import Wall, wall_radius
from spinemodel.anatomy.sweep import SECTION
from spinemodel.arrays import FloatArray
from spinemodel.levels import Level

EXIT_DEG: Final[dict[Level, float]] = {
    "L1": 26.2,
    "L2": 23.7,
    "L3": 21.3,
    "L4": 18.8,
    "L5": 16.3,
    "S1": 16.3,
    "S2": 16.3,
}
"""Angle between a root that leaves the dura and the sac's axis, degrees: L1 and L5 from Torun 2008; linear between,
held below."""

APPROACH_MM: Final = 5.0
"""Straight way inside the sac before the exit, on which the root turns to its angle of exit. A choice."""

_ROUNDS: Final = 30
"""Fixed-point iterations for the height of an exit; the wall narrows by less than 0.1 mm a mm, times 1/tan 16 deg."""


def through_sac(
    start: FloatArray,
    along: FloatArray,
    ganglion: FloatArray,
    turn_mm: float,
    *,
    axis: Axis,
    wall: Wall,
    exit_deg: float,
) -> FloatArray:
    """Return the points of a root from ``start`` (left out) through the sac's wall and its ganglion.

    In the coordinates of the axis the root runs straight to where it turns outwards, leaves the wall at ``exit_deg``
    to the axis, at the bearing of its ganglion, and runs straight on to it. Where that exit would lie above ``start``,
    the root goes straight to the ganglion and leaves at a larger angle.

    Parameters
    ----------
    start, along
        (3,) mm and a direction: end of the annotation.
    ganglion
        (k, 3) mm, k of 0, 1 or 2, ordered outwards.
    turn_mm
        Distance within which the root turns from its annotated direction.
    axis, wall
        Of the sac.
    exit_deg
        Angle of exit, degrees.
    """
    if not len(ganglion):
        return reach(start, along, ganglion, turn_mm)
    first, direction = _to_axis(axis, np.stack([start, start + 0.5 * along / np.linalg.norm(along)]))
    targets = _to_axis(axis, ganglion)
    turning = _before_exit(targets[0], wall, exit_deg)
    if turning[2] > first[2] - APPROACH_MM / 2:
        return reach(start, along, ganglion, turn_mm)
    inside = reach(first, direction - first, turning[None], turn_mm)
    outwards = reach(turning, turning - first, targets, APPROACH_MM)
    path = np.vstack([inside, outwards])
    return place(axis, path[:, 2], path[:, 0], path[:, 1])


def _to_axis(axis: Axis, points: FloatArray) -> FloatArray:
    """Return ``points`` (n, 3) as (right, dorsal, along) mm."""
    s, right, dorsal = locate(axis, points)
    return np.stack([right, dorsal, s], axis=1)


def _before_exit(ganglion: FloatArray, wall: Wall, exit_deg: float) -> FloatArray:
    """Return the point ``APPROACH_MM`` before the exit on the straight line to the ganglion, (right, dorsal, along)."""
    far, bearing = float(np.hypot(*ganglion[:2])), float(np.arctan2(ganglion[0], ganglion[1]))
    slope = np.tan(np.radians(exit_deg))
    radius_at, rise = wall_radius(wall, bearing), 0.0
    for _ in range(_ROUNDS):
        rise = max(0.0, far - radius_at(float(ganglion[2]) + rise)) / slope
    back = APPROACH_MM * np.cos(np.radians(exit_deg))
    radius = far - slope * (rise + back)
    return np.array([radius * np.sin(bearing), radius * np.cos(bearing), ganglion[2] + rise + back])


def end_above(root: FittedRoot, last: FloatArray, gap_mm: float) -> FittedRoot:
    """Return the root, ended above the plane of the ``last`` contour (m, 3) where it comes down to it.

    Its round end stays ``gap_mm`` clear of the plane.
    """
    line = root.centreline
    centre, normal = plane_of(last)
    clear = (line.points - centre) @ normal > line.radius * SECTION + gap_mm
    kept = int(np.flatnonzero(clear).max(initial=1)) + 1
    cut = Centreline(line.name, line.space, line.points[:kept], line.radius[:kept], line.extrapolated[:kept])
    return replace(root, centreline=cut)
