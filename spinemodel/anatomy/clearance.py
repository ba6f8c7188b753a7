"""What lies beside a wall kept clear of it: markers moved in their slice no nearer to cord or dura than they may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.ordering import path_order
from spinemodel.anatomy.stack import Stack, outside
from spinemodel.arrays import FloatArray

LEAST_MM: Final = 0.5
"""What was drawn apart stays apart by this, or as far as it was drawn. A choice: the radius of a root, which otherwise
would be drawn inside the cord."""

LINE_MM: Final = 4.0
"""Over this length (SD of a Gaussian) the distance of a root's markers from a wall is averaged to tell that of the root
itself: single markers lie off its line. A choice: two slices."""

_ROUNDS: Final = 8
"""Steps of the projection onto a clearance; each leaves a few per cent of what was missing."""

_DIFFERENCE_MM: Final = 0.05
"""Half width of the difference that stands for a gradient."""

Side: TypeAlias = Literal[1, -1]

Wall: TypeAlias = tuple[Stack, Stack, Side]
"""A wall as it was drawn and as it is now, and the side of it on which a thing lies: 1 outside, -1 inside."""


def along_root(points: FloatArray) -> FloatArray:
    """Return each point's distance (n,) mm along the root from its end nearer to the head, in any stored order."""
    order = path_order(points, start=int(points[:, 2].argmax()))
    if points[order[0], 2] < points[order[-1], 2]:
        order = order[::-1]
    s = np.empty(len(points))
    s[order] = arc_length(points[order])
    return s


def line_weights(points: FloatArray) -> FloatArray:
    """Return the weights (n, n) of the markers of a root that average along it; the one of a ganglion stands alone."""
    if len(points) < 3:
        return np.eye(len(points))
    s = along_root(points)
    return np.asarray(np.exp(-(((s[:, None] - s) / LINE_MM) ** 2) / 2))


def held(
    points: FloatArray, drawn: FloatArray, walls: Sequence[Wall], frame: FloatArray, line: FloatArray | None = None
) -> FloatArray:
    """Return ``points`` as clear of every wall as they were drawn of it, or by ``LEAST_MM`` where that is less.

    With the weights ``line`` (n, n) of a root, a marker that was drawn farther from the wall than its line stays as far
    from it: else the line would come as near as its nearest marker.
    """
    for _ in range(2 if len(walls) > 1 else 1):
        for before, now, side in walls:
            gap = side * outside(before, drawn @ frame.T)
            nearer = gap if line is None else np.minimum(gap, _mean(gap, line))
            least = gap - np.maximum(nearer - LEAST_MM, 0.0)
            points = keep_clear(points, now, frame, least, side)
    return points


def _mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted means (n,) of ``values`` (n,), of which those that are nan do not count."""
    known = ~np.isnan(values)
    return np.asarray(weights @ np.where(known, values, 0.0) / np.maximum(weights @ known, 1e-9))


def keep_clear(
    points: FloatArray, wall: Stack, frame: FloatArray, least: FloatArray | float, side: Side
) -> FloatArray:
    """Return ``points`` (n, 3) moved in their slice, where they are too near to a wall, until they are clear of it.

    Parameters
    ----------
    points
        RAS mm. Those above and below the wall stay.
    wall
        Cord or dura, in ``frame``.
    frame
        (3, 3), the subject's right, front and head.
    least
        (n,) mm, distance from the wall in the slice; negative allows the other side, nan is no demand.
    side
        1 for points that lie outside the wall, -1 for those inside.
    """
    for _ in range(_ROUNDS):
        local = points @ frame.T
        short = np.nan_to_num(least - side * outside(wall, local))
        near = short > 1e-6
        if not near.any():
            break
        points = points.copy()
        points[near] += side * short[near, None] * (_outwards(wall, local[near]) @ frame[:2])
    return points


def _outwards(wall: Stack, local: FloatArray) -> FloatArray:
    """Return the directions (n, 2) in the slice in which the distance from the wall grows."""
    steps = _DIFFERENCE_MM * np.eye(2, 3)
    gradient = np.stack([outside(wall, local + step) - outside(wall, local - step) for step in steps], axis=1)
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    return np.asarray(np.nan_to_num(gradient / np.maximum(length, 1e-9)))
