"""Pieces of surface between curves, and which solids contain each.

Along a curve the sides are known from the signs that made it: of the two pieces of one surface that meet there, one is
inside the other solid. Crossing the curve of one solid leaves all other solids as they were, so what is known spreads.
Only pieces of surface that touch no curve of a solid are asked for by a line of sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.arrangement.inside import IN, UNSURE, contains
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import GeometryError

SIGHTS: Final = 20
"""From how many places a patch is tried before it counts as touching. A choice."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """All triangles after cutting, in patches.

    Attributes
    ----------
    faces
        (m, 3) indices of points.
    owner
        (m,) the solid of each.
    patch
        (m,) the patch of each.
    links
        (k, 2) patches of one solid that meet at a curve.
    across
        (k,) the other solid there.
    within
        (k, 2) whether each of the two is inside that solid.
    """

    faces: IntArray
    owner: IntArray
    patch: IntArray
    links: IntArray
    across: IntArray
    within: BoolArray


def to_pieces(faces: IntArray, owner: IntArray, curves: IntArray, pairs: IntArray) -> Pieces:
    """Return the patches that curves part.

    Parameters
    ----------
    faces, owner
        All triangles and their solids.
    curves
        (c, 2) points joined by pieces of curves.
    pairs
        (c, 2) the two solids that meet there; left of the curve solid 0 is inside solid 1, and right of it solid 1 is
        inside solid 0.
    """
    points = int(max(faces.max(), curves.max(initial=0))) + 1
    left, right, tail, head = _neighbours(faces, owner, points)
    known = np.minimum(*curves.T) * points + np.maximum(*curves.T)
    order = np.argsort(known)
    key = np.minimum(tail, head) * points + np.maximum(tail, head)
    at = np.searchsorted(known, key, sorter=order)
    at = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(key), dtype=np.int64)
    cut = known[at] == key if len(order) else np.zeros(len(key), dtype=bool)
    graph = coo_array((np.ones((~cut).sum(), dtype=bool), (left[~cut], right[~cut])), shape=(len(faces), len(faces)))
    patch = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
    left, right, tail, at = left[cut], right[cut], tail[cut], at[cut]
    is_second = owner[left] != pairs[at, 0]
    across = np.where(is_second, pairs[at, 0], pairs[at, 1])
    # The face with the curve's own direction on its rim lies left of it.
    left_within = (tail == curves[at, 0]) != is_second
    links = np.stack([patch[left], patch[right], across, left_within, ~left_within], axis=1)
    # Thousands of pieces of a curve say the same of two patches.
    links = links[_firsts(links)]
    return Pieces(faces, owner, patch, links[:, :2], links[:, 2], links[:, 3:] == 1)


def _firsts(rows: IntArray) -> IntArray:
    """Return the places of one of each of the different rows."""
    order = np.lexsort(rows.T)
    return np.asarray(order[np.append(True, (rows[order[1:]] != rows[order[:-1]]).any(axis=1))[: len(order)]])


def _neighbours(faces: IntArray, owner: IntArray, points: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return faces of one solid that share an edge: left and right of it, and its ends as the left face has them."""
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    edge = np.minimum(tail, head) * points + np.maximum(tail, head)
    key = 2 * (edge * (int(owner.max()) + 1) + np.repeat(owner, 3)) + (tail > head)
    order = np.argsort(key)
    key = key[order]
    same = np.flatnonzero((key[1:] == key[:-1] + 1) & (key[:-1] % 2 == 0))
    one, two = order[same], order[same + 1]
    return one // 3, two // 3, tail[one], head[one]


def classify(soup: Soup, points: FloatArray, pieces: Pieces, domain: int | None, names: Sequence[str]) -> BoolArray:
    """Return for every patch which solids contain it, (patches, solids).

    With a domain, patches outside it are not asked about other solids.

    Raises
    ------
    GeometryError
        If what is known of a patch contradicts itself: a surface cuts itself or its parts overlap.
    """
    sight = _Sight(soup, points, pieces, names)
    inside = np.zeros((len(sight.owner), len(names)), dtype=bool)
    wanted = np.ones(len(sight.owner), dtype=bool)
    solids = list(range(len(names)))
    if domain is not None:
        solids.remove(domain)
        inside[:, domain] = sight.inside(domain, wanted)
        wanted = inside[:, domain] | (sight.owner == domain)
    for solid in solids:
        inside[:, solid] = sight.inside(solid, wanted)
    return inside


class _Sight:
    """What decides whether patches are inside a solid."""

    def __init__(self, soup: Soup, points: FloatArray, pieces: Pieces, names: Sequence[str]) -> None:
        self.soup, self.points, self.pieces, self.names = soup, points, pieces, names
        self.order = np.argsort(pieces.patch, kind="stable")
        self.size = np.bincount(pieces.patch)
        self.first = np.cumsum(self.size) - self.size
        self.owner = pieces.owner[self.order[self.first]]

    def inside(self, solid: int, wanted: BoolArray) -> BoolArray:
        """Return which of the wanted patches a solid contains, (patches,)."""
        usable = np.logical_and(*wanted[self.pieces.links.T])
        mine = self.pieces.across == solid
        links, count = self.pieces.links[usable & ~mine], len(self.owner)
        graph = coo_array((np.ones(len(links), dtype=bool), (links[:, 0], links[:, 1])), shape=(count, count))
        group = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
        votes = np.zeros((count, 2), dtype=bool)
        told, told_within = self.pieces.links[usable & mine], self.pieces.within[usable & mine]
        votes[group[told].ravel(), told_within.ravel().astype(int)] = True
        clash = np.flatnonzero(votes[group].all(axis=1))
        if len(clash):
            raise self._contradiction(int(clash[0]), solid)
        wanted = wanted & (self.owner != solid)
        result = votes[:, 1].copy()
        unknown = np.flatnonzero(wanted & ~votes[group].any(axis=1))
        # The largest patch of each group speaks for it.
        unknown = unknown[np.lexsort((-self.size[unknown], group[unknown]))]
        speaker = unknown[np.append(True, np.diff(group[unknown]) > 0)[: len(unknown)]]
        result[group[speaker]] = self._ask(solid, speaker)
        return np.asarray(result[group] & wanted)

    def _ask(self, solid: int, patches: IntArray) -> BoolArray:
        """Return which patches a solid contains, from the middle of one of the faces of each."""
        state = np.full(len(patches), UNSURE)
        for attempt in range(SIGHTS):
            open_ = np.flatnonzero(state == UNSURE)
            if not len(open_):
                return np.asarray(state == IN)
            nth = self.first[patches[open_]] + attempt * self.size[patches[open_]] // SIGHTS
            middle = self.points[:, self.pieces.faces[self.order[nth]]].mean(axis=2)
            state[open_] = contains(self.soup, solid, middle)
        raise self._contradiction(int(patches[state.argmin()]), solid)

    def _contradiction(self, patch: int, solid: int) -> GeometryError:
        """Return the error for a patch that seems both inside and outside a solid."""
        face = self.order[self.first[patch]]
        place = ", ".join(f"{x:.2f}" for x in self.points[:, self.pieces.faces[face]].mean(axis=1))
        return GeometryError(
            f"{self.names[self.owner[patch]]} near ({place}) mm is both inside and outside {self.names[solid]}: "
            "expected solids whose own faces and parts do not cut each other; `spinemodel check` finds where they do"
        )
