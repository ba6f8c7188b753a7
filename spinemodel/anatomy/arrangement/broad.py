"""Which triangles of different solids may touch: pairs of overlapping boxes, by a tree of boxes.

Triangles are sorted along a space-filling curve within each solid and boxed by fours, these boxes by fours, and so on
up to one box a solid. All pairs of solids descend together, so that neither many small solids nor triangles of very
different size cost more than the pairs that are found. Boxes are cut at their edges too (nine directions), which parts
the layers of nested walls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray

CHILDREN: Final = 4
"""Boxes in a box; a choice: fewer make more levels, more make more tests a level."""

PAIRS_AT_ONCE: Final = 1 << 14
"""Pairs that descend together; a choice that stays in the cache."""

SLACK_MM: Final = 1e-3
"""Boxes are larger than their triangles by this on each side: they are kept in single precision (1e-4 mm at 1 m), and
surfaces that touch are moved by nanometres later."""

_DIRECTIONS: Final = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, -1, 0], [1, 0, 1], [1, 0, -1], [0, 1, 1], [0, 1, -1]],
    dtype=np.float32,
)

_BITS: Final = 16
"""Bits per axis of the space-filling curve: 3 um over 200 mm."""


@dataclass(frozen=True, eq=False)
class _Level:
    """Boxes (9, k), the solid of each, and where its children start in the level below, (k + 1,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    owner: IntArray
    starts: IntArray


def overlapping(corners: tuple[FloatArray, FloatArray, FloatArray], owner: IntArray) -> IntArray:
    """Return the pairs of triangles of different owners whose boxes overlap, (k, 2).

    The first of a pair belongs to the owner with the lower number.

    Parameters
    ----------
    corners
        Three times (3, m) mm.
    owner
        (m,) ascending.
    """
    order = np.argsort((owner << (3 * _BITS)) | _along_curve(sum(corners, np.zeros(1))), kind="stable")
    a, b, c = (_DIRECTIONS @ corner[:, order].astype(np.float32) for corner in corners)
    slack = np.float32(SLACK_MM)
    levels = _levels(np.minimum(np.minimum(a, b), c) - slack, np.maximum(np.maximum(a, b), c) + slack, owner[order])
    top = levels[-1]
    i, j = np.triu_indices(len(top.owner), 1)
    pairs = _meeting(top, top, i.astype(np.int64), j.astype(np.int64))
    for upper, lower in zip(levels[:0:-1], levels[-2::-1], strict=True):
        starts = range(0, max(len(pairs[0]), 1), PAIRS_AT_ONCE)
        below = [_below(upper, lower, *(side[a : a + PAIRS_AT_ONCE] for side in pairs)) for a in starts]
        pairs = np.concatenate([found[0] for found in below]), np.concatenate([found[1] for found in below])
    return order[np.stack(pairs, axis=1)]


def _levels(low: NDArray[np.float32], high: NDArray[np.float32], owner: IntArray) -> list[_Level]:
    """Return the levels of boxes, from the single ones to one a solid."""
    levels = [_Level(low, high, owner, np.arange(len(owner) + 1))]
    solids = 1 + int((owner[1:] != owner[:-1]).sum())
    while len(levels[-1].owner) > solids:
        below = levels[-1]
        first = np.searchsorted(below.owner, below.owner)
        starts = np.flatnonzero((np.arange(len(below.owner)) - first) % CHILDREN == 0)
        boxes = np.minimum.reduceat(below.low, starts, axis=1), np.maximum.reduceat(below.high, starts, axis=1)
        levels.append(_Level(*boxes, below.owner[starts], np.append(starts, len(below.owner))))
    return levels


def _below(upper: _Level, lower: _Level, i: IntArray, j: IntArray) -> tuple[IntArray, IntArray]:
    """Return the overlapping pairs of children of pairs of boxes."""
    i, j = _descend(upper.starts, i, j)
    i, j = _meeting(lower, upper, i, j)
    j, i = _descend(upper.starts, j, i)
    return _meeting(lower, lower, i, j)


def _descend(starts: IntArray, parents: IntArray, others: IntArray) -> tuple[IntArray, IntArray]:
    """Return the children of ``parents``, each beside the other box of its pair."""
    child = starts[parents][:, None] + np.arange(CHILDREN)
    real = child < starts[parents + 1][:, None]
    return child[real], np.repeat(others, real.sum(axis=1))


def _meeting(one: _Level, other: _Level, i: IntArray, j: IntArray) -> tuple[IntArray, IntArray]:
    """Return those pairs whose boxes overlap in every direction."""
    for low, high, other_low, other_high in zip(one.low, one.high, other.low, other.high, strict=True):
        meet = np.flatnonzero((low[i] <= other_high[j]) & (other_low[j] <= high[i]))
        i, j = i[meet], j[meet]
    return i, j


def _along_curve(points: FloatArray) -> IntArray:
    """Return the place of points (3, m) along Morton's curve through their bounding box."""
    low = points.min(axis=1, keepdims=True)
    extent = max(float((points.max(axis=1, keepdims=True) - low).max()), 1e-300)
    cell = ((points - low) * ((2**_BITS - 1) / extent)).astype(np.int64)
    return (_spread(cell[0]) << 2) | (_spread(cell[1]) << 1) | _spread(cell[2])


def _spread(cell: IntArray) -> IntArray:
    """Return numbers of 16 bits with two zeros before every bit."""
    for shift, mask in ((16, 0x0000FF0000FF), (8, 0x00F00F00F00F), (4, 0x0C30C30C30C3), (2, 0x249249249249)):
        cell = (cell | (cell << shift)) & mask
    return cell
