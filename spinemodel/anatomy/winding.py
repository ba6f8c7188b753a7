"""How often closed surfaces wind round a point: once round what is inside, not at all round what is outside."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled

INSIDE_TURNS: Final = 0.5
"""A point is inside a closed surface that winds round it once, outside one that winds round it 0 times."""

ENTRIES: Final = 8
"""Most cells that a triangle lies over, in the mean; cells are made larger until it holds. A choice: even meshes have
about 4 where there are as many cells as triangles, and 8 take 64 bytes of each."""


def turns_round(triangles: FloatArray) -> float:
    """Return how often triangles (m, 3, 3) wind round the origin (van Oosterom and Strackee 1983, eq. 8)."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    dots = [np.einsum("ij,ij->i", *pair) for pair in ((a, b), (b, c), (c, a))]
    triple = np.einsum("ij,ij->i", a, np.cross(b, c))
    return float(2 * np.arctan2(triple, la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb).sum() / (4 * np.pi))


def turns_of_others(points: FloatArray, own: IntArray, triangles: FloatArray, part: IntArray) -> IntArray:
    """Return how often the parts of a closed surface, each point's own left out, wind round points, (n,).

    A ray from the point leaves them so many times more than it enters them. Rays run along the axis in which the
    triangles reach least, and cells of the plane across it tell which triangles a ray may meet: the cost grows with the
    points times the triangles over each, not times all.

    Parameters
    ----------
    points
        (n, 3) mm, on no triangle of another part.
    own
        (n,) part that does not count.
    triangles, part
        (m, 3, 3) mm, anticlockwise seen from outside, and (m,) the part of each.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> triangles = corners[[[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]]
    >>> points = np.array([[0.2, 0.2, 0.2], [0.5, 0.5, 0.5], [0.2, 0.2, 0.2]])
    >>> turns_of_others(points, np.array([1, 1, 0]), triangles, np.zeros(4, dtype=np.int64)).tolist()
    [1, 0, 0]
    """
    turns = np.zeros(len(points), dtype=np.int64)
    if not len(points):
        return turns
    low, high = points.min(axis=0), points.max(axis=0)
    least, most = (
        extreme(triangles[:, 0], extreme(triangles[:, 1], triangles[:, 2])) for extreme in (np.fmin, np.fmax)
    )
    order = np.roll([0, 1, 2], 2 - int((most.max(axis=0) - least.min(axis=0)).argmin()))
    across = order[:2]
    over = np.flatnonzero(((most >= low) & (least <= high))[:, across].all(axis=1))
    start, side = low[across], _side(low[across], high[across], least[over][:, across], most[over][:, across])
    at = ((points[:, across] - start) // side).astype(np.int64)
    shape = tuple(at.max(axis=0) + 1)
    first, last = (
        np.clip((edge[over][:, across] - start) // side, 0, np.array(shape) - 1).astype(np.int64)
        for edge in (least, most)
    )
    count: IntArray = np.zeros(shape, dtype=np.int64)
    _count(first, last, count)
    end = np.cumsum(count).reshape(shape) - count
    member = np.empty(int(count.sum()), dtype=np.int64)
    _enter(first, last, end, member)
    _turn(points[:, order], own, triangles[over][..., order], part[over], at, end - count, end, member, turns)
    return turns


def _side(low: FloatArray, high: FloatArray, least: FloatArray, most: FloatArray) -> float:
    """Return the side of cells between two corners (2,), so that triangles (m, 2), (m, 2) have few entries, mm."""
    size = np.maximum(high - low, 1e-9)
    side = float(np.sqrt(np.prod(size) / (len(least) + 1)))
    reach = np.minimum(most, high) - np.maximum(least, low)
    while np.prod(reach / side + 1, axis=1).sum() > ENTRIES * (len(least) + 1):
        side *= 1.5
    return side


@compiled
def _count(first: IntArray, last: IntArray, count: IntArray) -> None:
    """Add up how many triangles lie over each cell, (nu, nv), from ``first`` to ``last`` (m, 2)."""
    for t in range(len(first)):
        for i in range(first[t, 0], last[t, 0] + 1):
            for j in range(first[t, 1], last[t, 1] + 1):
                count[i, j] += 1


@compiled
def _enter(first: IntArray, last: IntArray, place: IntArray, member: IntArray) -> None:
    """Write the triangles over each cell from its ``place`` on, which becomes the end of them."""
    for t in range(len(first)):
        for i in range(first[t, 0], last[t, 0] + 1):
            for j in range(first[t, 1], last[t, 1] + 1):
                member[place[i, j]] = t
                place[i, j] += 1


@compiled
def _turn(
    points: FloatArray,
    own: IntArray,
    triangles: FloatArray,
    part: IntArray,
    at: IntArray,
    begin: IntArray,
    end: IntArray,
    member: IntArray,
    turns: IntArray,
) -> None:
    """Add up the crossings of the ray from each point, which lies in the cell ``at``."""
    for n in range(len(points)):
        i, j = at[n, 0], at[n, 1]
        for k in range(begin[i, j], end[i, j]):
            t = member[k]
            if part[t] != own[n]:
                way = _way_round(triangles, t, points[n, 0], points[n, 1])
                if way != 0 and way * _height(triangles, t, points, n) > 0:
                    turns[n] += way


@compiled
def _way_round(triangles: FloatArray, t: int, u: float, v: float) -> int:
    """Return 1 where triangle ``t`` runs round a place across the last axis anticlockwise, -1 clockwise, 0 elsewhere.

    Of triangles that meet at an edge over the place one has it: edges are run from their lower end, whichever way the
    triangle runs them (winding number by crossings, Sunday 2001, "Inclusion of a Point in a Polygon").
    """
    way = 0
    for tail in range(3):
        head = (tail + 1) % 3
        rises = triangles[t, tail, 1] <= v < triangles[t, head, 1]
        if rises or triangles[t, head, 1] <= v < triangles[t, tail, 1]:
            low, high = (tail, head) if rises else (head, tail)
            one = (triangles[t, low, 0] - u) * (triangles[t, high, 1] - v)
            other = (triangles[t, low, 1] - v) * (triangles[t, high, 0] - u)
            if one > other:
                way += 1 if rises else -1
    return way


@compiled
def _height(triangles: FloatArray, t: int, points: FloatArray, n: int) -> float:
    """Return six times the volume between triangle ``t`` and point ``n``, which lies on its inner side: mm3."""
    total = 0.0
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        one = (triangles[t, 1, u] - triangles[t, 0, u]) * (triangles[t, 2, v] - triangles[t, 0, v])
        other = (triangles[t, 1, v] - triangles[t, 0, v]) * (triangles[t, 2, u] - triangles[t, 0, u])
        total += (triangles[t, 0, axis] - points[n, axis]) * (one - other)
    return total
