"""The hole of a vertebra's bony ring in a plane."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.slices import loop_area, section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray

LEAST_MM2: Final = 30.0
"""A smaller hole is a gap of a mask or a channel of a vessel, no canal: a choice, far below the least lumbar canal (90
mm2, stenosis) and above any basivertebral vein (10 mm2)."""

OFF_MM: Final = 12.0
"""How far the hole's centre may lie from where the canal is expected. A choice: half a canal's width; a sacral foramen
or a hollow body lies farther away."""


class Hole(NamedTuple):
    """A closed outline (n, 3) mm, its centroid (3,) mm and its area, mm2."""

    outline: FloatArray
    centre: FloatArray
    area: float


def hole(surface: Surface, point: FloatArray, normal: FloatArray, near: FloatArray) -> Hole | None:
    """Return the hole in the section of a surface that is the canal; None where the ring is open.

    The largest one counts of those whose centre, in the plane, is near the place expected.
    """
    loops = [loop for loop in section(surface, point, normal) if loop_area(loop, normal) < -LEAST_MM2]
    holes = [Hole(loop, centroid(loop, normal), -loop_area(loop, normal)) for loop in loops]
    holes = [one for one in holes if np.linalg.norm(np.cross(one.centre - near, normal)) < OFF_MM]
    return max(holes, key=lambda one: one.area, default=None)


def outline(surface: Surface, point: FloatArray, normal: FloatArray, near: FloatArray) -> Hole | None:
    """Return the outline of a solid in a plane, such as a canal that was segmented; None where the plane misses it."""
    loops = [loop for loop in section(surface, point, normal) if loop_area(loop, normal) > LEAST_MM2]
    parts = [Hole(loop, centroid(loop, normal), loop_area(loop, normal)) for loop in loops]
    parts = [one for one in parts if np.linalg.norm(np.cross(one.centre - near, normal)) < OFF_MM]
    return max(parts, key=lambda one: one.area, default=None)


def centroid(loop: FloatArray, normal: FloatArray) -> FloatArray:
    """Return the centroid (3,) of the area that a loop (n, 3) encloses, by its triangles about its first point.

    Examples
    --------
    >>> square = np.array([[0.0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]])
    >>> centroid(square, np.array([0.0, 0, 1])).tolist()
    [1.0, 0.5, 0.0]
    """
    fan = loop - loop[0]
    area = np.cross(fan, np.roll(fan, -1, axis=0)) @ normal
    return np.asarray(loop[0] + (area[:, None] * (fan + np.roll(fan, -1, axis=0))).sum(axis=0) / (3 * area.sum()))
