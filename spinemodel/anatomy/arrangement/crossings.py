"""Where the edges of one solid pass through the triangles of another, and the segments in which triangles cut.

Every point is named by its edge and its triangle, so that the two triangles at the edge and all triangles around the
pierced one hold the very same point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.predicates import (
    INSIDE,
    NEAR_MM,
    UNDECIDED,
    Degenerate,
    heights,
    length,
    pierce,
)
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import BoolArray, FloatArray, IntArray

PAIRS_AT_ONCE: Final = 1 << 16
"""Bounds the memory of a pass to about 50 MB, and keeps it in the cache. A choice."""


@dataclass(frozen=True, eq=False)
class Crossings:
    """Points on edges and segments in triangles.

    Attributes
    ----------
    edge, face
        (h,) the edge and the triangle of every point; sorted by edge and by the place along it.
    points
        (3, h) mm.
    pairs
        (k, 2) faces that cut each other, the one of the solid with the lower number first.
    ends
        (k, 2) the points at which their common segment starts and ends; it runs along n0 x n1, the normals of the pair,
        so that in face 0 the inside of solid 1 lies left of it, and in face 1 the inside of solid 0 lies right.
    """

    edge: IntArray
    face: IntArray
    points: FloatArray
    pairs: IntArray
    ends: IntArray


def reaching(soup: Soup, pairs: IntArray, slack_mm: float) -> IntArray:
    """Return those pairs of faces that come nearer than ``slack_mm`` to each other's planes, (k, 2)."""
    return np.vstack([_part(soup, block, slack_mm)[0] for block in _blocks(pairs)])


def cross_edges(soup: Soup, pairs: IntArray) -> Crossings:
    """Return where the faces of ``pairs`` (k, 2) cut each other.

    Raises
    ------
    Degenerate
        Where they touch, so that no sign can tell.
    """
    cut = [_part(soup, block, NEAR_MM) for block in _blocks(pairs)]
    pairs = np.vstack([found[0] for found in cut])
    sides = np.vstack([found[1] for found in cut])
    slots = np.argwhere(_possible(sides))
    state = np.concatenate([_pierced(soup, pairs, block) for block in _blocks(slots)])
    pair, slot = slots.T
    _require_decided(soup, pairs[pair[state == UNDECIDED]])
    pair, slot = pair[state == INSIDE], slot[state == INSIDE]
    used, pair = np.unique(pair, return_inverse=True)
    return _assemble(soup, pairs[used], sides[used], pair, slot)


def _blocks(rows: IntArray) -> list[IntArray]:
    """Return rows in blocks of bounded size."""
    return np.array_split(rows, len(rows) // PAIRS_AT_ONCE + 1)


def _part(soup: Soup, pairs: IntArray, near_mm: float) -> tuple[IntArray, IntArray]:
    """Return the pairs whose faces reach both each other's planes, and the sides of their corners, (k, 6).

    The first three are the sides of face 0's corners over face 1, the last three those of face 1's over face 0.
    """
    sides: list[IntArray] = []
    for one, other in ((0, 1), (1, 0)):
        plane = soup.corners(pairs[:, other])
        three = np.stack([heights(plane, corner, near_mm)[1] for corner in soup.corners(pairs[:, one])])
        reach = np.flatnonzero(np.abs(three[0] + three[1] + three[2]) < 3)
        pairs, sides = pairs[reach], [*(side[:, reach] for side in sides), three[:, reach]]
    return pairs, np.vstack(sides).T


def _possible(sides: IntArray) -> BoolArray:
    """Return which of the six edges of pairs do not lie clear of the other face's plane, (k, 6)."""
    following = sides[:, [1, 2, 0, 4, 5, 3]]
    return np.asarray(sides * following <= 0)


def _edge_of(soup: Soup, pairs: IntArray, pair: IntArray, slot: IntArray) -> tuple[IntArray, IntArray]:
    """Return the edges in the slots 0 to 5 of pairs, and the faces that they may pierce."""
    one = slot // 3
    return soup.sides[pairs[pair, one], slot % 3], pairs[pair, 1 - one]


def _pierced(soup: Soup, pairs: IntArray, at: IntArray) -> IntArray:
    """Return whether the edges in slots pierce the other face, for (j, 2) pairs and slots."""
    edge, face = _edge_of(soup, pairs, at[:, 0], at[:, 1])
    p, q = soup.points[:, soup.edges[edge, 0]], soup.points[:, soup.edges[edge, 1]]
    return pierce(p, q, soup.corners(face))[0]


def _require_decided(soup: Soup, pairs: IntArray) -> None:
    """Raise where faces touch."""
    if len(pairs):
        raise Degenerate(soup.owner[pairs], soup.points[:, soup.faces[pairs[:, 0], 0]].T)


def _assemble(soup: Soup, pairs: IntArray, sides: IntArray, pair: IntArray, slot: IntArray) -> Crossings:
    """Return the points, each once, and the segments between them; ``pair`` and ``slot`` say which edges pierce."""
    edge, face = _edge_of(soup, pairs, pair, slot)
    _, first, point = np.unique(edge * len(soup.faces) + face, return_index=True, return_inverse=True)
    edge, face = edge[first], face[first]
    p, q = soup.points[:, soup.edges[edge, 0]], soup.points[:, soup.edges[edge, 1]]
    along = pierce(p, q, soup.corners(face))[1]
    order = np.lexsort((along, edge))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    edge, face, along = edge[order], face[order], along[order]
    points = (p + (q - p) * along[place])[:, order] if len(order) else np.empty((3, 0))
    _require_apart(soup, edge, face, along)
    return Crossings(edge, face, points, pairs, _ends(soup, pairs, sides, pair, slot, place[point]))


def _require_apart(soup: Soup, edge: IntArray, face: IntArray, along: FloatArray) -> None:
    """Raise where two points on one edge, neighbours in the order, are too near to say which comes first."""
    two = np.flatnonzero(edge[1:] == edge[:-1])
    span = length(soup.points[:, soup.edges[edge[two], 1]] - soup.points[:, soup.edges[edge[two], 0]])
    tied = two[(along[two + 1] - along[two]) * span < NEAR_MM]
    if len(tied):
        solids = np.stack([soup.owner[face[tied]], soup.edge_owner[edge[tied]]], axis=1)
        raise Degenerate(solids, soup.points[:, soup.edges[edge[tied], 0]].T)


def _ends(soup: Soup, pairs: IntArray, sides: IntArray, pair: IntArray, slot: IntArray, point: IntArray) -> IntArray:
    """Return the starts and ends of the segments (k, 2).

    Going round face 0, a step from below face 1 to above it leaves the inside of solid 1 on the left of a segment that
    sets out there. Seen from face 1 the segment runs the other way.
    """
    rising = sides[pair, slot] < 0
    starts = rising == (slot < 3)
    ends = np.full((len(pairs), 2), -1)
    ends[pair[starts], 0] = point[starts]
    ends[pair[~starts], 1] = point[~starts]
    wrong = (ends < 0).any(axis=1) | (np.bincount(pair, minlength=len(pairs)) != 2)
    _require_decided(soup, pairs[wrong])
    return ends
