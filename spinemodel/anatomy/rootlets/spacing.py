"""Exact distances between the tubes of many centrelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray, IntArray

NOTHING: Final = 1e-12
"""Square length, mm2, below which a segment counts as a point."""


@dataclass(frozen=True, eq=False)
class Tube:
    """A polyline with an outermost radius.

    Attributes
    ----------
    name
        For reports.
    root
        Number of the root that it belongs to.
    points, radius
        (n, 3), (n,) mm.
    trunk
        Whether it is the trunk, in which the root's other tubes end.
    """

    name: str
    root: int
    points: FloatArray
    radius: FloatArray
    trunk: bool = False


@dataclass(frozen=True, eq=False)
class Gaps:
    """The least free space between every two tubes that are near, as arrays of equal length m.

    Attributes
    ----------
    a, b
        Numbers of the tubes, a < b.
    gap
        mm, negative where they overlap.
    """

    a: IntArray
    b: IntArray
    gap: FloatArray


def gaps_between(tubes: Sequence[Tube], within_mm: float) -> Gaps:
    """Return the gaps below ``within_mm`` between all tubes, but not between a trunk and its own rootlets.

    Distances are exact between the polylines' segments; a segment has the larger radius of its two ends.
    """
    tube = np.repeat(np.arange(len(tubes)), [len(t.points) - 1 for t in tubes])
    start, end = (np.vstack([t.points[cut] for t in tubes]) for cut in (slice(None, -1), slice(1, None)))
    radius = np.concatenate([np.maximum(t.radius[:-1], t.radius[1:]) for t in tubes])
    root, trunk = (np.array([getattr(t, field) for t in tubes])[tube] for field in ("root", "trunk"))
    length = float(np.linalg.norm(end - start, axis=1).max())
    reach = 2 * float(radius.max()) + within_mm + length
    i, j = KDTree((start + end) / 2).query_pairs(reach, output_type="ndarray").T
    meant = (tube[i] != tube[j]) & ((root[i] != root[j]) | ~(trunk[i] | trunk[j]))
    i, j = i[meant], j[meant]
    gap = segment_distance(start[i], end[i], start[j], end[j]) - radius[i] - radius[j]
    near = gap < within_mm
    return _least(np.minimum(tube[i], tube[j])[near], np.maximum(tube[i], tube[j])[near], gap[near])


def _least(a: IntArray, b: IntArray, gap: FloatArray) -> Gaps:
    """Return the least gap of every pair that occurs."""
    order = np.lexsort([gap, b, a])
    a, b, gap = a[order], b[order], gap[order]
    first = np.ones(len(a), dtype=bool)
    first[1:] = (np.diff(a) != 0) | (np.diff(b) != 0)
    return Gaps(a[first], b[first], gap[first])


def segment_distance(p: FloatArray, q: FloatArray, r: FloatArray, s: FloatArray) -> FloatArray:
    """Return the distances (n,) between the segments from ``p`` to ``q`` and from ``r`` to ``s``, (n, 3) each.

    The nearest points are an end and the other segment, or the feet of the common perpendicular where both lie within.

    Examples
    --------
    >>> x, y, z = np.eye(3)[:, None]
    >>> segment_distance(-x, x, z - y, z + y), segment_distance(0 * x, x, 3 * x, 4 * x)
    (array([1.]), array([2.]))
    """
    d, e, w = q - p, s - r, p - r
    dd, ee, de = _dot(d, d), _dot(e, e), _dot(d, e)
    dw, ew = _dot(d, w), _dot(e, w)
    square = dd * ee - de**2
    crossed = square > NOTHING
    over = np.where(crossed, square, 1.0)
    t, u = (de * ew - ee * dw) / over, (dd * ew - de * dw) / over
    within = crossed & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    foot = np.where(within, np.linalg.norm(w + t[:, None] * d - u[:, None] * e, axis=1), np.inf)
    ends = [_to_segment(p, r, e, ee), _to_segment(q, r, e, ee), _to_segment(r, p, d, dd), _to_segment(s, p, d, dd)]
    return np.asarray(np.minimum(foot, np.min(ends, axis=0)))


def _to_segment(point: FloatArray, start: FloatArray, along: FloatArray, square: FloatArray) -> FloatArray:
    """Return the distances (n,) of points from the segments that begin at ``start`` and run ``along``."""
    t = np.clip(_dot(point - start, along) / np.maximum(square, NOTHING), 0, 1)
    return np.asarray(np.linalg.norm(point - start - t[:, None] * along, axis=1))


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->i", a, b))
