"""Whether points lie inside closed surfaces, by counting the faces above them."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.predicates import NEAR_MM, heights, orient
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import FloatArray, IntArray

IN: Final = 1
OUT: Final = 0
UNSURE: Final = -1


def contains(soup: Soup, solid: int, points: FloatArray) -> IntArray:
    """Return for points (3, k) whether each is inside a solid: ``IN``, ``OUT``, or ``UNSURE`` where it almost touches.

    A line is drawn from the point along x, y or z: the first of them that hits no rim decides.
    """
    start, stop = np.searchsorted(soup.owner, [solid, solid + 1])
    low, high = (extreme[:, start:stop] for extreme in soup.boxes)
    found = np.zeros(points.shape[1], dtype=np.int64)
    near = np.flatnonzero(
        (points >= low.min(axis=1, keepdims=True)).all(axis=0) & (points <= high.max(axis=1, keepdims=True)).all(axis=0)
    )
    for i in near:
        found[i] = _contains(soup, int(start), low, high, points[:, i])
    return found


def _contains(soup: Soup, start: int, low: FloatArray, high: FloatArray, point: FloatArray) -> int:
    """Return the state of one point for the solid whose faces' boxes are given."""
    for axis in (2, 0, 1):
        over = np.flatnonzero(high[axis] >= point[axis])
        for other in range(3):
            if other != axis:
                over = over[(low[other, over] <= point[other]) & (high[other, over] >= point[other])]
        state = _count(soup, start + over, point, axis)
        if state != UNSURE:
            return state
    return UNSURE


def _count(soup: Soup, faces: IntArray, point: FloatArray, axis: int) -> int:
    """Return whether the faces over a point, along an axis, leave one more than they enter."""
    corners = soup.corners(faces)
    start = np.repeat(point[:, None], len(faces), axis=1)
    _, side = heights(corners, start)
    end = start.copy()
    end[axis] += 1.0
    turns = []
    for i in range(3):
        value, bound = orient(start, end, corners[i], corners[(i + 1) % 3])
        span = np.linalg.norm(corners[(i + 1) % 3] - corners[i], axis=0)
        turns.append(np.where(np.abs(value) > np.maximum(bound, NEAR_MM * span), np.sign(value), 0.0))
    least, most = np.minimum.reduce(turns), np.maximum.reduce(turns)
    clear = (least < 0) & (most > 0)
    hit = ~clear
    if ((least == 0) | (most == 0) | (side == 0))[hit].any():
        return UNSURE
    # A face that looks along the line has the point below it, behind its normal: the line leaves there.
    leaves, enters = (hit & (least > 0) & (side < 0)).sum(), (hit & (most < 0) & (side > 0)).sum()
    return {1: IN, 0: OUT}.get(int(leaves - enters), UNSURE)
