"""Overlapping closed surfaces into one complex in which every piece of surface is triangulated once.

Booleans, taken pair by pair, cut each part anew: neighbours fill the same volume but do not share triangles. Here all
surfaces are cut by each other together. Points are named by what meets in them (an edge and a triangle, or three
triangles), so that all triangles round a point hold the same one; each triangle is split along its cuts and filled
once; and each piece knows which solids contain its two sides. Parts that are chosen from these pieces share their
interfaces to the bit, leave no gap, do not overlap, and their volumes add up.

Signs are proven (Shewchuk 1997) or refused; surfaces that touch are swollen by a tenth of a nanometre and cut again.
Zhou et al. 2016 (ACM Trans. Graph. 35:39) describe arrangements of this kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.broad import SLACK_MM, overlapping
from spinemodel.anatomy.arrangement.crossings import reaching
from spinemodel.anatomy.arrangement.cutting import cut
from spinemodel.anatomy.arrangement.jitter import swell
from spinemodel.anatomy.arrangement.patches import Pieces, classify, to_pieces
from spinemodel.anatomy.arrangement.predicates import Degenerate
from spinemodel.anatomy.arrangement.soup import Soup, to_soup
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import GeometryError
from spinemodel.spaces import require_same_space

__all__ = ["Arrangement", "arrangement"]

ATTEMPTS: Final = 8
"""How often touching solids are moved before giving up. A choice: sub-03 with all tissues needs one move."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Surfaces cut by each other.

    Attributes
    ----------
    space
        Name of the coordinate space.
    vertices
        (n, 3) mm; the given vertices first, in order, then the points on cuts. Not all are used.
    faces
        (m, 3) anticlockwise seen from outside the solid that the face belongs to.
    owner
        (m,) number of that solid.
    patch
        (m,) number of the patch: pieces joined without crossing a cut.
    inside
        (patches, solids) whether the solid contains the patch; False for the patch's own solid.
    """

    space: str
    vertices: FloatArray
    faces: IntArray
    owner: IntArray
    patch: IntArray
    inside: BoolArray


def arrangement(solids: Sequence[Surface], domain: int | None = None) -> Arrangement:
    """Return the arrangement of closed surfaces.

    Parameters
    ----------
    solids
        Closed, oriented surfaces of one space, each free of self-intersection. Where two of them touch, the earlier one
        is swollen by a tenth of a nanometre per place from the end of the list, so that touching solids overlap and the
        earlier one overhangs; the last is never moved.
    domain
        Number of the solid outside which nothing is kept, or None to keep all. Faces clear of its bounding box are not
        cut, so solids may touch there.

    Raises
    ------
    GeometryError
        If a surface is not closed, cuts itself, or touches another however it is moved.
    """
    space = require_same_space(*(solid.space for solid in solids))
    names = [solid.name for solid in solids]
    given = to_soup(solids)
    kept = _near_domain(given, domain)
    pairs = kept[overlapping(given.corners(kept), given.owner[kept])]
    candidates = reaching(given, pairs, SLACK_MM)
    soup, touched = given, np.zeros(len(solids), dtype=bool)
    for attempt in range(ATTEMPTS):
        try:
            points, pieces = _cut(soup, kept, candidates)
        except Degenerate as found:
            touched[found.solids.min(axis=1)] = True
            soup, last = swell(given, touched, attempt), found
            continue
        inside = classify(soup, points, pieces, domain, names)
        keep = np.ones(len(pieces.faces), dtype=bool)
        if domain is not None:
            keep = inside[pieces.patch, domain] | (pieces.owner == domain)
        return Arrangement(space, points.T, pieces.faces[keep], pieces.owner[keep], pieces.patch[keep], inside)
    one, other = (names[i] for i in last.solids[0])
    raise GeometryError(
        f"{one} and {other} touch near ({', '.join(f'{x:.2f}' for x in last.place[0])}) mm, and still do after "
        f"{ATTEMPTS} moves of less than a nanometre; let them overlap, or keep them apart by 0.001 mm"
    )


def _cut(soup: Soup, kept: IntArray, candidates: IntArray) -> tuple[FloatArray, Pieces]:
    """Return all points (3, n) and all triangles after cutting, or raise ``Degenerate``."""
    done = cut(soup, kept, candidates)
    return done.points, to_pieces(done.faces, soup.owner[done.source], done.curves, soup.owner[done.pairs])


def _near_domain(soup: Soup, domain: int | None) -> IntArray:
    """Return the faces that are not clear of the domain's box."""
    if domain is None:
        return np.arange(len(soup.faces))
    low, high = soup.boxes
    own = soup.owner == domain
    floor, ceiling = low[:, own].min(axis=1, keepdims=True), high[:, own].max(axis=1, keepdims=True)
    clear = (high < floor - SLACK_MM) | (low > ceiling + SLACK_MM)
    return np.flatnonzero(~clear.any(axis=0))
