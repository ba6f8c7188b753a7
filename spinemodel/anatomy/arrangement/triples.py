"""Points in which three triangles of three solids meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.crossings import Crossings
from spinemodel.anatomy.arrangement.predicates import INSIDE, UNDECIDED, Degenerate, cross, length, normal, pierce
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import BoolArray, FloatArray, IntArray

NEAR_TRIPLE_MM: Final = 1e-9
"""As ``NEAR_MM``, for segments whose ends are rounded themselves (by 1e-13 mm over the sine of the angle at which their
faces cut)."""


@dataclass(frozen=True, eq=False)
class Triples:
    """Points on three triangles.

    Attributes
    ----------
    faces
        (t, 3) in ascending order, so of three solids in ascending order.
    points
        (3, t) mm.
    turn
        (t,) sign of the determinant of the faces' normals.
    segments
        (t, 3) the segments that pass through: of the faces 0 1, 0 2 and 1 2.
    along
        (t, 3) at which fraction of these segments.
    """

    faces: IntArray
    points: FloatArray
    turn: IntArray
    segments: IntArray
    along: FloatArray


def find_triples(soup: Soup, crossings: Crossings) -> Triples:
    """Return all points where three faces meet.

    Each of the three segments is asked whether it pierces the third face. The answers agree, or the point is too near
    to a rim to tell.

    Raises
    ------
    Degenerate
        Where they do not.
    """
    segments = _threes(crossings.pairs, soup.owner)
    pairs = crossings.pairs
    faces = np.stack([pairs[segments[:, 0], 0], pairs[segments[:, 0], 1], pairs[segments[:, 1], 1]], axis=1)
    views = [_view(soup, crossings, segments[:, i], faces[:, 2 - i]) for i in range(3)]
    state, along = (np.stack(values, axis=1) for values in zip(*views, strict=True))
    _require(soup, faces, (state == state[:, :1]).all(axis=1) & (state[:, 0] != UNDECIDED))
    met = state[:, 0] == INSIDE
    faces, segments, along = faces[met], segments[met], along[met]
    turn, lean = _lean(soup, faces)
    _require(soup, faces, np.abs(turn) > NEAR_TRIPLE_MM)
    best, row = lean.argmax(axis=1), np.arange(len(faces))
    start, end = crossings.points[:, crossings.ends[segments[row, best]].T].transpose(1, 0, 2)
    points = start + (end - start) * along[row, best]
    return Triples(faces, points, np.sign(turn).astype(np.int64), segments, along)


def _view(soup: Soup, crossings: Crossings, segment: IntArray, face: IntArray) -> tuple[IntArray, FloatArray]:
    """Return whether and where segments pierce faces."""
    ends = crossings.ends[segment]
    start, end = crossings.points[:, ends[:, 0]], crossings.points[:, ends[:, 1]]
    return pierce(start, end, soup.corners(face), NEAR_TRIPLE_MM)


def _require(soup: Soup, faces: IntArray, held: BoolArray) -> None:
    """Raise for the faces (t, 3) for which something does not hold."""
    bad = faces[~held]
    if len(bad):
        raise Degenerate(soup.owner[bad[:, :2]], soup.points[:, soup.faces[bad[:, 0], 0]].T)


def _lean(soup: Soup, faces: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the determinant of the unit normals of faces (t, 3), and the sine at which each segment meets its face.

    Sines belong to the segments 0 1, 0 2 and 1 2.
    """
    units = []
    for i in range(3):
        across = normal(soup.corners(faces[:, i]))
        units.append(across / np.maximum(length(across), 1e-300))
    tangents = [cross(units[i], units[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    turn = (tangents[0] * units[2]).sum(axis=0)
    sines = [np.minimum(np.abs(turn) / np.maximum(length(t), 1e-300), length(t)) for t in tangents]
    return turn, np.stack(sines, axis=1)


def _threes(pairs: IntArray, owner: IntArray) -> IntArray:
    """Return the threes of segments (t, 3), of faces 0 1, 0 2 and 1 2, where three faces cut each other.

    These are the triangles of the graph whose nodes are faces and whose links are ``pairs``. Each link is directed to
    the end with more links; then no node has more than sqrt(2 k) links that leave it, and looking at all pairs of those
    is cheap even where one large face is cut by thousands of small ones.
    """
    nodes, ends = np.unique(pairs, return_inverse=True)
    ends = ends.reshape(pairs.shape)
    degree = np.bincount(ends.ravel(), minlength=len(nodes))
    swap = degree[ends[:, 0]] > degree[ends[:, 1]]
    low, high = np.where(swap, ends[:, 1], ends[:, 0]), np.where(swap, ends[:, 0], ends[:, 1])
    low, high = _by_order(degree, ends, low, high)
    order = np.argsort(low, kind="stable")
    first, second = _pairs_within(low[order])
    one, two = high[order][first], high[order][second]
    known = np.minimum(ends[:, 0], ends[:, 1]) * len(nodes) + np.maximum(ends[:, 0], ends[:, 1])
    sorter = np.argsort(known)
    third, found = _look_up(known, sorter, np.minimum(one, two) * len(nodes) + np.maximum(one, two))
    links = np.stack([order[first[found]], order[second[found]], third[found]], axis=1)
    return _in_order(pairs, links)


def _by_order(degree: IntArray, ends: IntArray, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
    """Return the ends of links from low to high degree, ties by number."""
    tied = degree[low] == degree[high]
    return np.where(tied, ends.min(axis=1), low), np.where(tied, ends.max(axis=1), high)


def _pairs_within(sorted_keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return the places of all pairs of equal keys, the first before the second."""
    place = np.arange(len(sorted_keys))
    later = np.searchsorted(sorted_keys, sorted_keys, side="right") - place - 1
    first = np.repeat(place, later)
    return first, first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)


def _look_up(known: IntArray, sorter: IntArray, keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return the places of ``keys`` among ``known``, and which of them are there."""
    if not len(known):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    at = sorter[np.minimum(np.searchsorted(known, keys, sorter=sorter), len(known) - 1)]
    return at, np.flatnonzero(known[at] == keys)


def _in_order(pairs: IntArray, links: IntArray) -> IntArray:
    """Return threes of links sorted so that they are those of the faces 0 1, 0 2 and 1 2, faces ascending."""
    key = pairs[links]
    order = np.lexsort((key[:, :, 1], key[:, :, 0]), axis=1)
    return np.take_along_axis(links, order, axis=1)
