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
    passed = _passed(soup, faces, point, axis)
    return UNSURE if passed is None else {1: IN, 0: OUT}.get(int(passed.sum()), UNSURE)


def label_at(soup: Soup, sides: IntArray, point: FloatArray) -> int:
    """Return the label of a partition at a point (3,), 0 outside it; ``UNSURE`` where it almost touches a face.

    Parameters
    ----------
    soup
        All faces of the partition.
    sides
        (m, 2) labels behind and before each face.
    """
    low, high = soup.boxes
    for axis in (2, 0, 1):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        over = np.flatnonzero((high[axis] >= point[axis]) & (low[one] <= point[one]) & (high[one] >= point[one]))
        over = over[(low[other, over] <= point[other]) & (high[other, over] >= point[other])]
        passed = _passed(soup, over, point, axis)
        if passed is None:
            continue
        # A label that is left once more than it is entered is the point's own; outside, each is entered as it is left.
        behind, before = (np.bincount(sides[over, i], passed, minlength=int(sides.max()) + 1) for i in (0, 1))
        left = np.flatnonzero((behind - before)[1:] > 0) + 1
        return int(left[0]) if len(left) else 0
    return UNSURE


def _passed(soup: Soup, faces: IntArray, point: FloatArray, axis: int) -> IntArray | None:
    """Return for faces over a point, along an axis, 1 where the line leaves and -1 where it enters; None on a rim."""
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
        return None
    # A face that looks along the line has the point below it, behind its normal: the line leaves there.
    leaves, enters = hit & (least > 0) & (side < 0), hit & (most < 0) & (side > 0)
    return np.asarray(leaves.astype(np.int64) - enters)
