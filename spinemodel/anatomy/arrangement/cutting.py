"""Triangles of several owners cut by each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemodel.anatomy.arrangement.crossings import cross_edges
from spinemodel.anatomy.arrangement.graph import draw, split_segments, walk
from spinemodel.anatomy.arrangement.polygons import fill
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.anatomy.arrangement.triples import find_triples
from spinemodel.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Cut:
    """Triangles after cutting.

    Attributes
    ----------
    points
        (3, n) mm; those of the soup first, then the points on cuts.
    faces
        (m, 3) indices of points.
    source
        (m,) the face of the soup that each is a piece of.
    whole
        Number of faces that were not cut; they come first.
    curves
        (c, 2) points joined by pieces of curves.
    pairs
        (c, 2) the two faces of the soup that meet there, the one of the lower owner first. Left of the curve, face 0
        lies behind face 1, and right of it face 1 lies behind face 0: on the side that the normal does not point to.
    """

    points: FloatArray
    faces: IntArray
    source: IntArray
    whole: int
    curves: IntArray
    pairs: IntArray


def cut(soup: Soup, kept: IntArray, candidates: IntArray) -> Cut:
    """Return the faces ``kept`` (k,), split along the lines in which the faces of ``candidates`` (p, 2) cut each other.

    Raises
    ------
    Degenerate
        Where they touch, so that no sign can tell.
    """
    crossings = cross_edges(soup, candidates)
    triples = find_triples(soup, crossings)
    curves = split_segments(soup, crossings, triples)
    points = np.hstack([soup.points, crossings.points, triples.points])
    is_cut = np.zeros(len(soup.faces), dtype=bool)
    is_cut[crossings.pairs] = True
    source = kept[~is_cut[kept]]
    faces, whole = soup.faces[source], len(source)
    if len(crossings.pairs):
        split, split_from = fill(soup, points, walk(draw(soup, crossings, triples, curves)))
        faces, source = np.vstack([faces, split]), np.concatenate([source, split_from])
    return Cut(points, faces, source, whole, curves.nodes, crossings.pairs[curves.segment])
