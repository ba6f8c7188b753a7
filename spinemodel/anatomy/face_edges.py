"""Which faces of triangle surfaces meet at an edge, and what they fall into where they are joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.arrays import IntArray


@dataclass(frozen=True, eq=False)
class FaceEdges:
    """How faces meet.

    Attributes
    ----------
    left, right
        (k,) the two faces of every well-shared edge: no third one has it, and they run along it in opposite directions.
    open
        Number of edges with one face.
    branching
        Number of edges with more than two faces, or two that run along it in the same direction.
    """

    left: IntArray
    right: IntArray
    open: int
    branching: int


def face_edges(faces: IntArray) -> FaceEdges:
    """Return how faces (m, 3) meet at their edges.

    Examples
    --------
    >>> found = face_edges(np.array([[0, 1, 2], [2, 1, 3], [0, 2, 3]]))
    >>> list(zip(found.left.tolist(), found.right.tolist())), found.open, found.branching
    ([(2, 0), (1, 0), (2, 1)], 3, 0)
    """
    tail, head = faces.T.ravel(), np.roll(faces, -1, axis=1).T.ravel()
    owner = np.tile(np.arange(len(faces)), 3)
    key = np.minimum(tail, head) * (faces.max(initial=0) + 1) + np.maximum(tail, head)
    order = np.argsort(key, kind="stable")
    key, forward, owner = key[order], (tail < head)[order], owner[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.empty(0, np.int64)
    count = np.diff(np.append(first, len(key)))
    pairs = first[count == 2]
    opposed = forward[pairs] != forward[pairs + 1]
    good = pairs[opposed]
    branching = int((count > 2).sum() + (~opposed).sum())
    return FaceEdges(owner[good], owner[good + 1], int((count == 1).sum()), branching)


def groups(one: IntArray, other: IntArray, count: int) -> IntArray:
    """Return the connected component, from 0 on, of each of ``count`` things of which some are joined, (count,).

    Examples
    --------
    >>> groups(np.array([0]), np.array([2]), 4).tolist()
    [0, 1, 0, 2]
    """
    joined = coo_array((np.ones(len(one), dtype=bool), (one, other)), shape=(count, count))
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)
