"""Triangles that fill an outline in the plane and keep the outlines drawn in it.

The refinement of Ruppert 1995 (J. Algorithms 18:548): segments that have a point in their diametral circle are halved,
then the middles of the circles round poor triangles are added. Where outlines meet at right angles or wider it ends
with no angle below 20.7 degrees; the limit asked for here is a little higher, which practice allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree

from spinemodel.arrays import BoolArray, FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import GeometryError

LEAST_ANGLE: Final = 25.0
"""Degrees; triangles with a smaller angle are refined. A choice between 20.7, which is proven, and 33, where refinement
stops ending in practice."""

COARSEST: Final = 0.7
"""Largest circumradius in edges asked for; 0.58 is that of an equilateral triangle. A choice."""

FRAME: Final = 8
"""How many points stand round the figure; they come first."""

SHORTEST: Final = 1 / 1000
"""Share of the shortest side below which no side is cut: the outlines as good as touch. A choice."""

_ROUNDS: Final = 1000
_BATCH: Final = 1000
"""Most triangles that one round mends."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, eq=False)
class PlaneMesh:
    """A triangulated plane figure.

    Attributes
    ----------
    points
        (n, 2) mm.
    triangles
        (m, 3) anticlockwise.
    region
        (m,) the loop that a triangle lies in, the innermost one: 0 for the outer.
    """

    points: FloatArray
    triangles: IntArray
    region: IntArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points))
        object.__setattr__(self, "triangles", freeze_int(self.triangles))
        object.__setattr__(self, "region", freeze_int(self.region))


def triangulate(loops: Sequence[FloatArray], edge_mm: float) -> PlaneMesh:
    """Return triangles that fill the first loop and have the sides of all loops among their edges.

    Parameters
    ----------
    loops
        (k, 2) mm, convex and anticlockwise; the first holds the others, which lie apart from each other. Their vertices
        are kept and new ones are put on their sides where needed.
    edge_mm
        Length of edges to aim at.

    Raises
    ------
    GeometryError
        If refinement does not end, as between outlines that nearly touch.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    >>> mesh = triangulate([3 * square, square + 1], 0.5)
    >>> sorted(set(mesh.region.tolist()))
    [0, 1]
    """
    kept, segments = _joined([divided(loop, edge_mm) for loop in loops])
    points = np.vstack([_frame(loops[0]), kept, _lattice(loops[0], kept, edge_mm)])
    segments = segments + FRAME
    least = SHORTEST * _half(points, segments).min()
    for _ in range(_ROUNDS):
        triangles = _inside(points, Delaunay(points).simplices)
        half = _half(points, segments)
        crowded = cKDTree(points).query(_middles(points, segments))[0] < half * (1 - _ROUNDING)
        if half.min() < least:
            break
        if crowded.any():
            points, segments = _halved(points, segments, crowded)
            continue
        centres, radii = _poor(points[triangles], edge_mm)
        if not len(centres):
            return _finished(points, triangles, loops)
        points, segments = _refined(points, segments, centres, radii)
    raise GeometryError(
        f"outline of {len(loops)} loops: no mesh of edge {edge_mm:g} mm with {len(points)} points; expected outlines "
        "farther apart, or ask for another edge"
    )


def divided(loop: FloatArray, edge_mm: float) -> FloatArray:
    """Return a closed loop (k, 2) with every side cut into equal ones of ``edge_mm`` at most.

    Examples
    --------
    >>> divided(np.array([[0.0, 0], [2, 0], [0, 1]]), 1.5).tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 0.5], [0.0, 1.0]]
    """
    parts = []
    for a, b in zip(loop, np.roll(loop, -1, axis=0), strict=True):
        count = max(1, int(np.ceil(np.linalg.norm(b - a) / edge_mm - 1e-6)))
        parts.append(a + np.arange(count)[:, None] / count * (b - a))
    return np.vstack(parts)


def _joined(loops: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Return the vertices of all loops and their sides, as pairs of vertices."""
    start = np.cumsum([0, *(len(loop) for loop in loops)])
    sides = [np.stack([np.arange(len(loop)), np.roll(np.arange(len(loop)), -1)], axis=1) for loop in loops]
    return np.vstack(loops), np.vstack([side + first for side, first in zip(sides, start[:-1], strict=True)])


def _frame(outer: FloatArray) -> FloatArray:
    """Return points far round the outer loop.

    Its sides are then inside the hull, where no triangle can be flat; and since it is convex, the triangles outside it
    are those that have one of these points.
    """
    angle = 2 * np.pi * np.arange(FRAME) / FRAME
    radius = 3 * np.ptp(outer, axis=0).max()
    return np.asarray(outer.mean(axis=0) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _lattice(outer: FloatArray, kept: FloatArray, edge_mm: float) -> FloatArray:
    """Return corners of equilateral triangles inside the outer loop, none near a vertex that is kept."""
    low, high = outer.min(axis=0), outer.max(axis=0)
    row = edge_mm * np.sqrt(3) / 2
    x, y = np.meshgrid(np.arange(low[0], high[0], edge_mm), np.arange(low[1], high[1], row))
    x[1::2] += edge_mm / 2
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    places = places[_within(outer, places)]
    return np.asarray(places[cKDTree(kept).query(places)[0] > 0.7 * edge_mm])


def _within(loop: FloatArray, places: FloatArray) -> BoolArray:
    """Return which places (k, 2) lie inside a convex anticlockwise loop."""
    side = np.roll(loop, -1, axis=0) - loop
    away = places[:, None] - loop
    return np.asarray((side[:, 0] * away[..., 1] - side[:, 1] * away[..., 0] > 0).all(axis=1))


def _inside(points: FloatArray, triangles: NDArray[np.int32]) -> IntArray:
    """Return the triangles inside the outer loop, their corners anticlockwise."""
    triangles = triangles[(triangles >= FRAME).all(axis=1)]
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    turned = (b - a)[:, 0] * (c - a)[:, 1] < (b - a)[:, 1] * (c - a)[:, 0]
    return np.where(turned[:, None], triangles[:, ::-1], triangles).astype(np.int64)


def _middles(points: FloatArray, segments: IntArray) -> FloatArray:
    """Return the middles of segments, (s, 2)."""
    return np.asarray(points[segments].mean(axis=1))


def _half(points: FloatArray, segments: IntArray) -> FloatArray:
    """Return half the lengths of segments, (s,)."""
    return np.asarray(np.linalg.norm(points[segments[:, 1]] - points[segments[:, 0]], axis=1) / 2)


def _halved(points: FloatArray, segments: IntArray, chosen: BoolArray) -> tuple[FloatArray, IntArray]:
    """Return points and segments with the chosen ones cut at their middles."""
    new = len(points) + np.arange(int(chosen.sum()))
    first, last = segments[chosen].T
    halves = np.vstack([np.stack([first, new], axis=1), np.stack([new, last], axis=1)])
    return np.vstack([points, _middles(points, segments[chosen])]), np.vstack([segments[~chosen], halves])


def _poor(corners: FloatArray, edge_mm: float) -> tuple[FloatArray, FloatArray]:
    """Return middles and radii of the circles round triangles (m, 3, 2) too sharp or too large, worst first."""
    a = corners[:, 0]
    (bx, by), (cx, cy) = (corners[:, 1] - a).T, (corners[:, 2] - a).T
    twice = 2 * (bx * cy - by * cx)
    if not (twice > 0).all():
        raise GeometryError("outlines: the triangles between them have no area; expected outlines farther apart")
    b2, c2 = bx**2 + by**2, cx**2 + cy**2
    offset = np.stack([cy * b2 - by * c2, bx * c2 - cx * b2], axis=1) / twice[:, None]
    radius = np.linalg.norm(offset, axis=1)
    shortest = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2).min(axis=1)
    sharp = shortest / (2 * radius) < np.sin(np.radians(LEAST_ANGLE))
    chosen = np.flatnonzero(sharp | (radius > COARSEST * edge_mm))
    chosen = chosen[np.argsort(-radius[chosen], kind="stable")][:_BATCH]
    return a[chosen] + offset[chosen], radius[chosen]


def _refined(
    points: FloatArray, segments: IntArray, centres: FloatArray, radii: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Return the points with those centres that crowd neither a segment nor each other; crowded segments are halved."""
    middles, half = _middles(points, segments), _half(points, segments)
    crowds = np.linalg.norm(centres[:, None] - middles, axis=2) < half * (1 - _ROUNDING)
    free = ~crowds.any(axis=1)
    taken: list[int] = []
    for i in np.flatnonzero(free):
        if not taken or np.linalg.norm(centres[taken] - centres[i], axis=1).min() > radii[i]:
            taken.append(int(i))
    points, segments = _halved(points, segments, crowds.any(axis=0))
    return np.vstack([points, centres[taken]]), segments


def _finished(points: FloatArray, triangles: IntArray, loops: Sequence[FloatArray]) -> PlaneMesh:
    """Return the mesh without the points that no triangle has, and the loop that each triangle lies in."""
    used, where = np.unique(triangles, return_inverse=True)
    middles = points[triangles].mean(axis=1)
    region = np.zeros(len(triangles), dtype=np.int64)
    for i, loop in enumerate(loops[1:], start=1):
        region[_within(loop, middles)] = i
    return PlaneMesh(points[used], where.reshape(triangles.shape), region)


def rim(triangles: IntArray) -> IntArray:
    """Return the edges (k, 2) round triangles (m, 3), with the triangles on the left.

    Examples
    --------
    >>> rim(np.array([[0, 1, 2], [0, 2, 3]])).tolist()
    [[0, 1], [1, 2], [2, 3], [3, 0]]
    """
    edges = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2)
    count = int(triangles.max()) + 1
    key, back = edges @ [count, 1], edges @ [1, count]
    return np.asarray(edges[~np.isin(key, back)])
