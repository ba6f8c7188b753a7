"""Contours as a stack of rings in the subject's own frame, to compare each with its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.curves import closed_spline
from spinemodel.anatomy.ordering import plane_normal
from spinemodel.arrays import FloatArray, freeze

RING: Final = 96
"""Points per ring: at most 0.7 mm apart on a dura."""

DRIFT_SLICES: Final = 5
"""Slices over which the course of the stack at its end is taken."""

BEYOND_MM: Final = 3.0
"""Heights this far beyond the last contour still count as at it: a slice and a half."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Contours in order, in the subject's frame: right, front and head.

    Attributes
    ----------
    contours
        As drawn, ordered, RAS mm.
    rings
        (n, RING, 3) mm, equally spaced on the closed splines, the first point frontmost.
    """

    contours: tuple[Markers, ...]
    rings: FloatArray

    def __post_init__(self) -> None:
        """Make the rings read-only."""
        object.__setattr__(self, "rings", freeze(self.rings))

    @cached_property
    def centres(self) -> FloatArray:
        """(n, 3) mm."""
        return np.asarray(self.rings.mean(axis=1))

    @cached_property
    def heights(self) -> FloatArray:
        """(n,) mm along the axis of the slices."""
        return self.centres[:, 2]


def slice_normal(contours: Sequence[Markers]) -> FloatArray:
    """Return the usual unit normal of the slices, pointing to the head."""
    normal = np.median([plane_normal(contour.points) for contour in contours], axis=0)
    return np.asarray(normal / np.linalg.norm(normal))


def body_frame(contours: Sequence[Markers]) -> FloatArray:
    """Return the directions right, front and head as rows, (3, 3): head is the usual normal of the slices."""
    head = slice_normal(contours)
    right = np.cross([0.0, 1.0, 0.0], head)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(head, right), head])


def stack(contours: Sequence[Markers], frame: FloatArray) -> Stack:
    """Return ordered ``contours`` as rings in ``frame`` (3, 3)."""
    return Stack(tuple(contours), np.array([ring(contour.points, frame) for contour in contours]))


def ring(points: FloatArray, frame: FloatArray) -> FloatArray:
    """Return the closed spline through ordered ``points`` (m, 3) in ``frame``, frontmost point first, (RING, 3)."""
    loop = closed_spline(points @ frame.T, RING)
    offset = (loop - loop.mean(axis=0))[:, :2]
    return np.roll(loop, -int((offset[:, 1] / np.linalg.norm(offset, axis=1)).argmax()), axis=0)


def expected(rings: FloatArray) -> FloatArray:
    """Return each ring as its neighbours let expect it, (n, RING, 3), n >= 3.

    Between two neighbours it is their mean, weighted by height; at an end it is the neighbour, moved along the course
    that the next centres take.
    """
    centres = rings.mean(axis=1)
    heights = centres[:, 2]
    between = ((heights[1:-1] - heights[:-2]) / np.maximum(heights[2:] - heights[:-2], 1e-9))[:, None, None]
    inner = (1 - between) * rings[:-2] + between * rings[2:]
    return np.concatenate([[_continued(rings[::-1], centres[::-1])], inner, [_continued(rings, centres)]])


def _continued(rings: FloatArray, centres: FloatArray) -> FloatArray:
    """Return the last ring as the ones before let expect it."""
    steps = np.diff(centres[-2 - DRIFT_SLICES : -1], axis=0)
    rise = centres[-1, 2] - centres[-2, 2]
    if not len(steps):
        return np.asarray(rings[-2])
    slopes = steps / np.where(np.abs(steps[:, 2:]) < 1e-9, 1e-9, steps[:, 2:])
    return np.asarray(rings[-2] + np.median(slopes, axis=0) * rise)


def misfit(rings: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the largest distance in the slice between each ring and its prediction, (n,) mm (Hausdorff)."""
    return np.array([_hausdorff(cdist(a[:, :2], b[:, :2])) for a, b in zip(rings, predicted, strict=True)])


def _hausdorff(gaps: FloatArray) -> float:
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def middle(stack: Stack, height: FloatArray) -> FloatArray:
    """Return the centre of the slices at the heights (m,), (m, 2) mm; beyond the ends on the line that fits all."""
    within = np.clip(height, stack.heights[0], stack.heights[-1])
    centred = stack.centres - stack.centres.mean(axis=0)
    slope = centred[:, 2] @ centred[:, :2] / (centred[:, 2] @ centred[:, 2])
    at = [np.interp(within, stack.heights, stack.centres[:, i]) for i in (0, 1)]
    return np.stack(at, axis=1) + np.outer(height - within, slope)


def outside(stack: Stack, points: FloatArray) -> FloatArray:
    """Return how far ``points`` (n, 3), in the subject's frame, lie outside the stack in their slice, mm.

    Negative inside; nan above and below the stack. Between slices the two distances are weighted by height.
    """
    height = points[:, 2]
    at = np.interp(height, stack.heights, np.arange(len(stack.heights)))
    low = np.minimum(at.astype(np.int64), len(stack.heights) - 2)
    below, above = (_outside_ring(stack.rings[low + i], points) for i in (0, 1))
    distance = below + (at - low) * (above - below)
    beyond = (height < stack.heights[0] - BEYOND_MM) | (height > stack.heights[-1] + BEYOND_MM)
    return np.where(beyond, np.nan, distance)


def _outside_ring(rings: FloatArray, points: FloatArray) -> FloatArray:
    """Return the signed distance in the slice of each point to its ring (n, RING, 3): to the tangent nearby."""
    offsets = points[:, None, :2] - rings[..., :2]
    nearest = (offsets**2).sum(axis=-1).argmin(axis=1)
    rows = np.arange(len(points))
    tangent = rings[rows, (nearest + 1) % RING, :2] - rings[rows, nearest - 1, :2]
    length = np.linalg.norm(tangent, axis=1)
    offset = offsets[rows, nearest]
    off = (offset[:, 0] * tangent[:, 1] - offset[:, 1] * tangent[:, 0]) / length
    along = np.abs((offset * tangent).sum(axis=1)) / length
    return np.asarray(np.where(along < length / 2, off, np.copysign(np.linalg.norm(offset, axis=1), off)))
