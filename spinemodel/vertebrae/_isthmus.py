"""The narrowest section of a pedicle: planes across it, at many depths and angles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.slices import loop_area, section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.vertebrae._ring import centroid
from spinemodel.vertebrae.body import Body

DEPTH_MM: Final = (-6.0, 16.0)
"""Where along the anterior axis, from the middle of the foramen, a pedicle is looked for: from the middle of the canal
to well within the body. A choice: half a canal's depth is 6 to 10 mm."""

STEP_MM: Final = 1.0
"""Between the planes."""

AS_NARROW: Final = 1.1
"""Sections count the more, the less their area exceeds the least one, up to this ratio: so the place of the narrowest
does not jump from plane to plane, nor along a pedicle of even thickness. A choice."""

YAW_DEG: Final = (0.0, 10.0, 20.0, 30.0)
"""How far the pedicle's axis may run outwards to the back: 0 at T12 to 30 degrees at L5 (transverse pedicle angles,
Zindrick 1987), in steps of 10, which changes a width by less than 1 %."""

FROM_MIDLINE_MM: Final = 4.0
"""A loop that comes nearer to the midplane than this is body or lamina. A choice: half the narrowest canal between
pedicles is 7 mm (T4 to T6)."""

BESIDE_MM: Final = 12.0
"""How far beside the midplane the planes turn: about where pedicles are. A choice."""

REACH_MM: Final = 30.0
"""The middle of a loop farther from the midplane than this is a transverse process. A choice: the pedicles of L5 lie at
20 to 25 mm."""

LEAST_HEIGHT: Final = 0.25
"""A loop that is lower than this share of the body is the rim of an endplate or an osteophyte, no pedicle. A choice:
pedicles are about half as high as their body."""

OFF_MIDDLE: Final = 0.4
"""How far the centre of a pedicle may lie above or below the middle of its body, as a share of the body's height. A
choice: pedicles spring from its upper half, and a section that also cuts the articular processes lies lower."""


class Section(NamedTuple):
    """The narrowest section: its centroid (3,) mm, extent along the cranial axis (2,) mm, width (mm) and area (mm2)."""

    centre: FloatArray
    rise: FloatArray
    width: float
    area: float


def narrowest(surface: Surface, body: Body, side: float) -> Section | None:
    """Return the narrowest section of the pedicle to the right (``side`` 1) or left (-1); None where there is none.

    Depth by depth the section may only be taken where the loop stands alone beside the canal: farther ventrally it
    is one with the body, farther dorsally with the lamina.
    """
    found = [_cut(surface, body, side, point, normal) for point, normal in _planes(body, side)]
    cuts = [one for one in found if one is not None]
    if not cuts:
        return None
    area = np.array([one.area for one in cuts])
    weight = np.maximum(0.0, AS_NARROW * area.min() - area)
    weight /= weight.sum()
    centre, rise, width = (weight @ np.array([one[i] for one in cuts]) for i in range(3))
    return Section(centre, rise, float(width), float(area.min()))


def _planes(body: Body, side: float) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Return a point and the normal of every plane."""
    beside = body.canal + side * BESIDE_MM * body.axes[0]
    for yaw in np.radians(YAW_DEG):
        forward = np.cos(yaw) * body.axes[1] - side * np.sin(yaw) * body.axes[0]
        for depth in np.arange(*DEPTH_MM, STEP_MM):
            yield beside + depth * body.axes[1], forward


def _cut(surface: Surface, body: Body, side: float, point: FloatArray, normal: FloatArray) -> Section | None:
    """Return the section of the pedicle with one plane; None where no loop stands alone on that side."""
    height = float(np.linalg.norm(body.upper.centre - body.lower.centre))
    loops = [loop for loop in section(surface, point, normal) if loop_area(loop, normal) > 0]
    loops = [loop for loop in loops if _beside((loop - body.canal) @ body.axes.T, side, height)]
    if not loops:
        return None
    loop = max(loops, key=lambda one: loop_area(one, normal))
    rise, width = loop @ body.axes[2], float(np.ptp(loop @ np.cross(normal, body.axes[2])))
    return Section(centroid(loop, normal), np.array([rise.min(), rise.max()]), width, loop_area(loop, normal))


def _beside(local: FloatArray, side: float, height: float) -> bool:
    """Whether a loop (n, 3) in the frame of a vertebra about its foramen lies beside the canal, as a pedicle does."""
    lateral, low, high = side * local[:, 0], local[:, 2].min(), local[:, 2].max()
    beside = lateral.min() > FROM_MIDLINE_MM and lateral.mean() < REACH_MM
    return bool(beside and high - low > LEAST_HEIGHT * height and abs(high + low) / 2 < OFF_MIDDLE * height)
