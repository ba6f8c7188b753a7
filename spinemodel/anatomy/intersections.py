"""Faces of one surface that cut through each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.surface import Surface, corners
from spinemodel.arrays import BoolArray, FloatArray, IntArray

TOUCH: Final = 1e-9
"""Two faces that only touch do not intersect: volumes below this share of the faces' own size count as zero."""

PAIRS_AT_ONCE: Final = 1 << 17
"""Bounds the memory of a pass to about 50 MB."""


def self_intersections(surface: Surface) -> IntArray:
    """Return the pairs of faces that cut through each other, (k, 2).

    Two triangles do so where an edge of one passes through the inside of the other. Candidates come from a tree over
    the faces' centroids, by classes of size, so that a mesh of uneven triangles costs no more than an even one. Faces
    that share a vertex or touch are not counted, unless another part of one passes through the other.
    """
    triangles = corners(surface)
    found = [
        block[_crossing(triangles[block[:, 0]], triangles[block[:, 1]])]
        for pairs in _candidates(triangles)
        for block in np.array_split(pairs, len(pairs) // PAIRS_AT_ONCE + 1)
    ]
    return np.vstack([np.empty((0, 2), dtype=np.int64), *found])


def _candidates(triangles: FloatArray) -> Iterator[IntArray]:
    """Yield pairs of triangles (m, 2) whose boxes overlap, every pair once."""
    centre = triangles.mean(axis=1)
    reach = np.linalg.norm(triangles - centre[:, None], axis=2).max(axis=1)
    size = np.floor(np.log2(np.maximum(reach, 1e-12))).astype(int)
    low, high = (np.ascontiguousarray(extreme(axis=1).T) for extreme in (triangles.min, triangles.max))
    classes = [np.flatnonzero(size == octave) for octave in np.unique(size)]
    trees = [KDTree(centre[members]) for members in classes]
    for a, members in enumerate(classes):
        for b, others in enumerate(classes[: a + 1]):
            within = float(reach[members].max() + reach[others].max())
            i, j = _near(trees[a], trees[b], within)
            i, j = members[i], others[j]
            along = [(lo[i] <= hi[j]) & (lo[j] <= hi[i]) for lo, hi in zip(low, high, strict=True)]
            keep = np.logical_and.reduce(along)
            yield np.stack([i[keep], j[keep]], axis=1)


def _near(one: KDTree, other: KDTree, within: float) -> tuple[IntArray, IntArray]:
    """Return the pairs of points, of one tree or of two, that are less than ``within`` apart."""
    if one is other:
        pairs = one.query_pairs(within, output_type="ndarray")
        return pairs[:, 0], pairs[:, 1]
    near = one.sparse_distance_matrix(other, within, output_type="ndarray")
    return near["i"], near["j"]


def _crossing(a: FloatArray, b: FloatArray) -> BoolArray:
    """Return which triangles ``a`` and ``b`` (m, 3, 3) cut through each other.

    An edge can only pierce a plane that parts its ends, so most pairs are settled by the heights of one triangle's
    corners over the plane of the other.
    """
    result = np.zeros(len(a), dtype=bool)
    over_a = _heights(a, b)
    left = np.flatnonzero(_reach_plane(over_a))
    a, b, over_a = a[left], b[left], over_a[:, left]
    over_b = _heights(b, a)
    cut = np.zeros(len(left), dtype=bool)
    for one, other, over_one, over_other in ((a, b, over_a, over_b), (b, a, over_b, over_a)):
        open_ = np.flatnonzero(_parted(over_one) & _reach_plane(over_other))
        cut[open_] |= _pierce(other[open_], one[open_], over_one[:, open_])
    result[left] = cut
    return result


def _heights(triangles: FloatArray, points: FloatArray) -> FloatArray:
    """Return how far the three ``points`` lie over the planes of ``triangles``, (3, m), as volumes; 0 for touching."""
    a, b, c = (triangles[:, i] for i in range(3))
    normal = np.cross(b - a, c - a)
    height = np.stack([np.einsum("mj,mj->m", points[:, i] - a, normal) for i in range(3)])
    height[np.abs(height) <= TOUCH * np.einsum("mj,mj->m", normal, normal) ** 0.75] = 0.0
    return height


def _parted(heights: FloatArray) -> BoolArray:
    """Return where points lie strictly on both sides of a plane."""
    return np.asarray((heights.min(axis=0) < 0) & (heights.max(axis=0) > 0))


def _reach_plane(heights: FloatArray) -> BoolArray:
    """Return where points lie on both sides of a plane or in it, but not all in it."""
    low, high = heights.min(axis=0), heights.max(axis=0)
    return np.asarray((low <= 0) & (high >= 0) & (low < high))


def _pierce(a: FloatArray, b: FloatArray, heights: FloatArray) -> BoolArray:
    """Return whether an edge of ``a`` passes through the inside of ``b``; ``heights`` of a's corners over b's plane."""
    hit = np.zeros(len(a), dtype=bool)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        p = a[:, i]
        along = a[:, j] - p
        spokes = [b[:, k] - p for k in range(3)]
        sides = np.stack([np.einsum("mj,mj->m", np.cross(spokes[k - 1], spokes[k]), along) for k in range(3)])
        least = TOUCH * np.abs(sides).max(axis=0)
        inside = (sides.min(axis=0) > least) | (sides.max(axis=0) < -least)
        hit |= inside & (heights[i] * heights[j] < 0)
    return hit
