"""Which label of one partition lies at the pieces of the other.

Along a curve the faces that meet there tell: left of it a piece lies behind the other's face, right of it before it.
Across any other edge a piece lies where its neighbours lie, so what is known spreads. Only pieces of surface that touch
no curve are asked for by a line of sight.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.arrangement.cutting import Cut
from spinemodel.anatomy.arrangement.inside import UNSURE, label_at
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.anatomy.overlaying.crossing import OVER, UNDER
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError

SIGHTS: Final = 20
"""From how many of its faces a piece of surface is tried before it counts as touching. A choice."""


def other_labels(soup: Soup, done: Cut, under: Partition, over: Partition, sides: IntArray) -> IntArray:
    """Return for every piece the label of the other partition at it, (m,); 0 outside that.

    Parameters
    ----------
    soup, done
        The faces of both partitions, and the pieces into which they cut.
    under, over
        The partitions.
    sides
        (faces of the soup, 2) labels behind and before each face, in its own partition.

    Raises
    ------
    GeometryError
        If what is known contradicts itself: a partition cuts itself.
    """
    piece, curve, label = _told(soup, done, sides)
    group = _groups(soup, done, piece, curve)
    count = int(group.max(initial=-1)) + 1
    least, most = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(least, group[piece], label)
    np.maximum.at(most, group[piece], label)
    clash = np.flatnonzero((least < most)[group])
    if len(clash):
        raise _contradiction(done, int(clash[0]))
    _ask(soup, done, under, over, group, most)
    return most[group]


def _told(soup: Soup, done: Cut, sides: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return pieces (k,), which of their edges (k,) lies on a curve, and the other's label at the piece, (k,)."""
    count = done.points.shape[1]
    known = done.curves.min(axis=1) * count + done.curves.max(axis=1)
    order = np.argsort(known)
    tail, head = done.faces.ravel(), np.roll(done.faces, -1, axis=1).ravel()
    key = np.minimum(tail, head) * count + np.maximum(tail, head)
    if not len(known):
        return (np.empty(0, dtype=np.int64),) * 3
    at = order[np.minimum(np.searchsorted(known, key, sorter=order), len(known) - 1)]
    on = np.flatnonzero(known[at] == key)
    piece, at = on // 3, at[on]
    owner = soup.owner[done.source[piece]]
    left = done.curves[at, 0] == tail[on]
    other = done.pairs[at, 1 - owner]
    # Left of the curve a piece of face 0 lies behind face 1, and a piece of face 1 before face 0.
    before = left == (owner == UNDER)
    return piece, on, sides[other, before.astype(np.int64)]


def _groups(soup: Soup, done: Cut, piece: IntArray, curve: IntArray) -> IntArray:
    """Return the group (m,) of every piece: pieces of one partition that are joined by edges that are no curves."""
    tail, head = done.faces.ravel(), np.roll(done.faces, -1, axis=1).ravel()
    owner = np.repeat(soup.owner[done.source], 3)
    key = 2 * (np.minimum(tail, head) * done.points.shape[1] + np.maximum(tail, head)) + owner
    inner = np.ones(len(key), dtype=bool)
    inner[curve] = False
    inner = np.flatnonzero(inner)
    order = inner[np.argsort(key[inner], kind="stable")]
    joined = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    one, two = order[joined] // 3, order[joined + 1] // 3
    graph = coo_array((np.ones(len(one), dtype=bool), (one, two)), shape=(len(done.faces),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _ask(soup: Soup, done: Cut, under: Partition, over: Partition, group: IntArray, found: IntArray) -> None:
    """Fill the labels of the groups (k,) of which no curve told, -1, from lines of sight."""
    middle = done.points[:, done.faces].mean(axis=2)
    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    starts = np.cumsum(size) - size
    judges = {OVER: _Judge(under), UNDER: _Judge(over)}
    for k in np.flatnonzero(found < 0).tolist():
        owner = int(soup.owner[done.source[order[starts[k]]]])
        some = order[starts[k] + np.arange(SIGHTS) * size[k] // SIGHTS]
        for piece in some.tolist():
            found[k] = judges[owner].label(middle[:, piece])
            if found[k] != UNSURE:
                break
        else:
            raise _contradiction(done, int(some[0]))


class _Judge:
    """Tells the label of a partition at points."""

    def __init__(self, partition: Partition) -> None:
        none = np.empty((0, 2), dtype=np.int64)
        owner = np.zeros(len(partition.faces), dtype=np.int64)
        self.sides = partition.sides
        self.low, self.high = partition.vertices.min(axis=0), partition.vertices.max(axis=0)
        self.soup = Soup(np.ascontiguousarray(partition.vertices.T), partition.faces, owner, none, none)

    def label(self, point: FloatArray) -> int:
        """Return the label at a point (3,), or ``UNSURE``."""
        if (point < self.low).any() or (point > self.high).any():
            return OUTSIDE
        return label_at(self.soup, self.sides, point)


def _contradiction(done: Cut, piece: int) -> GeometryError:
    """Return the error for a piece that seems to lie in two compartments."""
    place = ", ".join(f"{x:.2f}" for x in done.points[:, done.faces[piece]].mean(axis=1))
    return GeometryError(
        f"near ({place}) mm a face lies in two compartments of the other partition: expected partitions whose own "
        "faces do not cut each other; `spinemodel check` finds where they do"
    )
