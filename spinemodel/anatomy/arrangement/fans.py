"""The order of faces round an edge that more than two of them share, and of the lines that they draw where it pierces.

Edges of a closed surface have two faces; edges at which three compartments of a partition meet have three or more.
"""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.arrangement.crossings import Crossings
from spinemodel.anatomy.arrangement.predicates import cross, heights, length
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import IntArray


def fan_ranks(soup: Soup, crossings: Crossings, face: IntArray, other: IntArray, nodes: IntArray) -> IntArray:
    """Return the anticlockwise places (k,) of the lines that the faces ``other`` draw on ``face`` where they begin.

    Places count where an edge that more than two faces share pierces ``face``: the lines then lie round the point as
    the faces lie round the edge. Everywhere else the place is 0.

    Parameters
    ----------
    soup, crossings
        The triangles, and where their edges pierce triangles.
    face, other
        (k,) two triangles that cut each other.
    nodes
        (k,) the ends of their common line; numbered: vertices, then crossings, then others.
    """
    place = np.zeros(len(face), dtype=np.int64)
    crossing = nodes - soup.points.shape[1]
    at = np.flatnonzero((crossing >= 0) & (crossing < len(crossings.edge)))
    at = at[crossings.face[crossing[at]] == face[at]]
    edge = crossings.edge[crossing[at]]
    at, edge = at[soup.edge_faces[edge] > 2], edge[soup.edge_faces[edge] > 2]
    if not len(at):
        return place
    slot = (soup.sides[other[at]] == edge[:, None]).argmax(axis=1)
    turn = _turns(soup, edge)[other[at], slot]
    # Seen from the side to which the pierced face looks, an edge that comes towards the eye shows its faces in order.
    rising = heights(soup.corners(face[at]), soup.points[:, soup.edges[edge, 1]])[1] > 0
    place[at] = np.where(rising, turn, soup.edge_faces[edge] - 1 - turn)
    return place


def _turns(soup: Soup, edges: IntArray) -> IntArray:
    """Return the places (m, 3) of faces round those of their sides that are among ``edges``, anticlockwise about them.

    An edge points from its lower vertex to its higher one.
    """
    wanted = np.zeros(len(soup.edges), dtype=bool)
    wanted[edges] = True
    face, slot = np.nonzero(wanted[soup.sides])
    edge = soup.sides[face, slot]
    order = np.argsort(edge, kind="stable")
    face, slot, edge = face[order], slot[order], edge[order]
    start, end = soup.points[:, soup.edges[edge, 0]], soup.points[:, soup.edges[edge, 1]]
    along = (end - start) / np.maximum(length(end - start), 1e-300)
    # Twice the face's area long; turned by a right angle about the edge from the way to the apex.
    spoke = cross(along, soup.points[:, soup.faces[face, (slot + 2) % 3]] - start)
    first = spoke[:, np.searchsorted(edge, edge)]
    angle = np.arctan2((along * cross(first, spoke)).sum(axis=0), (first * spoke).sum(axis=0)) % (2 * np.pi)
    order = np.lexsort((angle, edge))
    place = np.zeros(soup.sides.shape, dtype=np.int64)
    place[face[order], slot[order]] = np.arange(len(edge)) - np.searchsorted(edge, edge)
    return place
