"""The drawing that cuts make on every triangle: its rim with the points on it, and the curves inside.

The drawing is walked by the order of the lines round each point. That order follows from which sides are inside and
outside, never from measured angles, so that a thin wedge cannot be walked the wrong way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.arrangement.crossings import Crossings
from spinemodel.anatomy.arrangement.fans import fan_ranks
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.anatomy.arrangement.triples import Triples
from spinemodel.arrays import BoolArray, IntArray


@dataclass(frozen=True, eq=False)
class Curves:
    """Pieces of the segments between neighbouring points: the shared edges of the surfaces.

    Attributes
    ----------
    nodes
        (c, 2) points where a piece starts and ends; numbered: vertices, then crossings, then triples.
    segment
        (c,) the segment it is part of.
    """

    nodes: IntArray
    segment: IntArray


@dataclass(frozen=True, eq=False)
class Drawing:
    """Half-edges on triangles; number 2 i and 2 i + 1 are each other's twin.

    Attributes
    ----------
    face
        (2 e,) the triangle drawn on.
    tail
        (2 e,) the point where it starts; it ends where its twin starts.
    rank
        (2 e,) its place, anticlockwise, among the half-edges that leave the same point.
    outer
        (2 e,) whether the triangle lies right of it: it belongs to the rim and runs clockwise.
    """

    face: IntArray
    tail: IntArray
    rank: IntArray
    outer: BoolArray


@dataclass(frozen=True, eq=False)
class Loops:
    """Closed walks with the face on the left.

    Attributes
    ----------
    nodes
        (sum of lengths,) points, loop after loop.
    starts
        (loops + 1,) where each loop starts.
    face
        (loops,) the triangle it lies in.
    disjoint
        (loops,) whether the drawing on this triangle falls into several parts, so that loops may be holes.
    """

    nodes: IntArray
    starts: IntArray
    face: IntArray
    disjoint: BoolArray


def split_segments(soup: Soup, crossings: Crossings, triples: Triples) -> Curves:
    """Return the segments cut at the triple points on them."""
    points = soup.points.shape[1]
    inner = points + len(crossings.edge) + np.repeat(np.arange(len(triples.faces)), 3)
    count = len(crossings.pairs)
    segment = np.concatenate([np.arange(count), triples.segments.ravel(), np.arange(count)])
    node = np.concatenate([points + crossings.ends[:, 0], inner, points + crossings.ends[:, 1]])
    along = np.concatenate([np.full(count, -np.inf), triples.along.ravel(), np.full(count, np.inf)])
    order = np.lexsort((along, segment))
    segment, node = segment[order], node[order]
    joined = np.flatnonzero(segment[1:] == segment[:-1])
    return Curves(np.stack([node[joined], node[joined + 1]], axis=1), segment[joined])


def draw(soup: Soup, crossings: Crossings, triples: Triples, curves: Curves) -> Drawing:
    """Return the drawings on all triangles that are cut."""
    rims = _rims(soup, crossings)
    inner = [_inner(soup, crossings, triples, curves, view) for view in (0, 1)]
    parts = [np.concatenate(values) for values in zip(rims, *inner, strict=True)]
    return _without_loose_ends(Drawing(parts[0], parts[1], parts[2], parts[3] == 1))


def _rims(soup: Soup, crossings: Crossings) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return face, tail, rank and whether outer of the rims' half-edges."""
    cut = np.unique(crossings.pairs)
    sides, corner = soup.sides[cut].ravel(), soup.faces[cut].ravel()
    rising = soup.edges[sides, 0] == corner
    first = np.searchsorted(crossings.edge, sides)
    count = np.searchsorted(crossings.edge, sides, side="right") - first
    total = count + 1
    side = np.repeat(np.arange(len(sides)), total)
    step = np.arange(len(side)) - np.repeat(np.cumsum(total) - total, total)
    on_edge = first[side] + np.where(rising[side], step - 1, count[side] - step)
    node = np.where(step == 0, corner[side], soup.points.shape[1] + on_edge)
    face = np.repeat(cut, total.reshape(-1, 3).sum(axis=1))
    following = np.arange(1, len(node) + 1)
    last = np.flatnonzero(np.append(face[1:] != face[:-1], True)) if len(face) else np.empty(0, dtype=np.int64)
    following[last] = np.append(0, last[:-1] + 1) if len(last) else last
    tail = np.stack([node, node[following]], axis=1).ravel()
    way = np.tile([0, 1], len(node))
    return np.repeat(face, 2), tail, 2 * way, way


def _inner(
    soup: Soup, crossings: Crossings, triples: Triples, curves: Curves, view: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return face, tail, rank and whether outer of the curves' half-edges in the first or second face of their pair."""
    face, other = crossings.pairs[curves.segment, view], crossings.pairs[curves.segment, 1 - view]
    # Seen from the second face a segment runs against n x n' of the two faces.
    nodes = curves.nodes if view == 0 else curves.nodes[:, ::-1]
    base = soup.points.shape[1] + len(crossings.edge)
    ranks = [_rank(triples, face, other, nodes[:, end] - base, end) for end in (0, 1)]
    ranks = [rank + fan_ranks(soup, crossings, face, other, nodes[:, end]) for end, rank in enumerate(ranks)]
    rank = np.stack(ranks, axis=1).ravel()
    return np.repeat(face, 2), nodes.ravel(), rank, np.zeros(2 * len(face), dtype=np.int64)


def _rank(triples: Triples, face: IntArray, other: IntArray, triple: IntArray, back: int) -> IntArray:
    """Return the anticlockwise place of lines at a point: two lines cross in a triple point, elsewhere one leaves.

    Of the two other faces at a triple point, o and p in ascending order, the line along n x o leaves at 0 and 2. As
    (n x o) x (n x p) = n det(n, o, p), that along n x p leaves at 1 and 3 where the determinant is positive.
    """
    rank = np.ones(len(face), dtype=np.int64)
    at = np.flatnonzero(triple >= 0)
    faces = triples.faces[triple[at]]
    own, second = faces == face[at, None], faces == other[at, None]
    place, line = own.argmax(axis=1), second.argmax(axis=1)
    turn = triples.turn[triple[at]] * np.where(place == 1, -1, 1)
    is_later = line > 3 - place - line
    rank[at] = np.where(is_later, np.where((turn > 0) != bool(back), 1, 3), 2 * back)
    return rank


def _keys(drawing: Drawing) -> IntArray:
    """Return a number for the point at which each half-edge starts, on its triangle."""
    return np.asarray(drawing.face * (int(drawing.tail.max(initial=0)) + 1) + drawing.tail)


def _without_loose_ends(drawing: Drawing) -> Drawing:
    """Return the drawing without curves that end inside a triangle.

    A curve ends where the pierced solid's face was left out, far from all that counts.
    """
    while True:
        _, place, count = np.unique(_keys(drawing), return_inverse=True, return_counts=True)
        loose = (count[place] == 1).reshape(-1, 2).any(axis=1)
        if not loose.any():
            return drawing
        keep = np.repeat(~loose, 2)
        drawing = Drawing(drawing.face[keep], drawing.tail[keep], drawing.rank[keep], drawing.outer[keep])


def walk(drawing: Drawing) -> Loops:
    """Return the loops with a part of their triangle on the left."""
    following = _following(drawing)
    count = len(following)
    graph = coo_array((np.ones(count, dtype=bool), (np.arange(count), following)), shape=(count, count))
    label = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
    loops = int(label.max(initial=-1)) + 1
    outer = np.zeros(loops, dtype=bool)
    outer[label[drawing.outer]] = True
    parts = _parts(drawing, label)
    start = np.full(loops, -1)
    start[label[::-1]] = np.arange(count)[::-1]
    start = start[~outer]
    nodes, lengths = _trace(following, drawing.tail, start)
    face = drawing.face[start]
    return Loops(nodes, np.append(0, np.cumsum(lengths)), face, parts[face] > 1)


def _following(drawing: Drawing) -> IntArray:
    """Return the half-edge that follows each with the same face on the left: the next clockwise from its twin."""
    key = _keys(drawing)
    order = np.argsort(key * (int(drawing.rank.max(initial=0)) + 1) + drawing.rank, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    key = key[order]
    first = np.searchsorted(key, key)
    last = np.searchsorted(key, key, side="right") - 1
    twin = place[np.arange(len(order)) ^ 1]
    return np.asarray(order[np.where(twin == first[twin], last[twin], twin - 1)])


def _parts(drawing: Drawing, label: IntArray) -> IntArray:
    """Return into how many separate parts the drawing on each triangle falls, by Euler's formula: V - E + L = 2 C."""
    count = int(drawing.face.max(initial=0)) + 1
    points = np.unique(_keys(drawing), return_index=True)[1]
    loops = np.unique(label, return_index=True)[1]
    vertices, walks, halves = (np.bincount(drawing.face[at], minlength=count) for at in (points, loops, slice(None)))
    return np.asarray((vertices - halves // 2 + walks) // 2)


def _trace(following: IntArray, tail: IntArray, start: IntArray) -> tuple[IntArray, IntArray]:
    """Return the points of the loops that begin with ``start``, loop after loop, and the loops' lengths."""
    loop, at, rounds = np.arange(len(start)), start, []
    while len(loop):
        rounds.append((loop, tail[at]))
        at = following[at]
        on = at != start[loop]
        loop, at = loop[on], at[on]
    if not rounds:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    loops, nodes = (np.concatenate(values) for values in zip(*rounds, strict=True))
    return nodes[np.argsort(loops, kind="stable")], np.bincount(loops, minlength=len(start))
