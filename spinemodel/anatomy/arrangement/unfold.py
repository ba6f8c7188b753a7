"""Faces of the shared complex that are folded onto each other are laid out flat.

Two faces at an edge that lie on the same side of it at no angle leave no room between them, and no mesher can fill it.
Cuts through flat sides of surfaces, and merging what is small, leave a handful of them in a million faces. Each is
mended by the one exchange of a diagonal, or merging of an edge, that leaves the fewest folds and moves the least
volume. Parts stay closed and share their interfaces: a merge maps cycles to cycles, an exchange keeps the outline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.tidy import Face, combined
from spinemodel.arrays import BoolArray, FloatArray, IntArray

FOLDED_DEG: Final = 0.05
"""Faces at a smaller angle are folded. A choice: on sub-03 folds were below 1e-9 degrees, no other angle below 0.5."""

MOST_ROUNDS: Final = 10
"""A mended fold can leave another beside it; three rounds were seen on sub-03. A choice."""

MOST_AT_EDGE: Final = 6
"""Most faces at an edge that are compared with each other; more than four were not seen."""


def unfold(
    vertices: FloatArray, faces: IntArray, sides: IntArray, folded_deg: float = FOLDED_DEG
) -> tuple[IntArray, IntArray]:
    """Return faces and sides with folds laid out, where a single step can.

    Parameters
    ----------
    vertices
        (n, 3) mm.
    faces, sides
        (m, 3) vertices and (m, 2) labels on the inner and outer side of each face.
    folded_deg
        Angle between two faces, degrees, below which they are folded.
    """
    rows = np.hstack([faces, sides])
    for _ in range(MOST_ROUNDS):
        pairs = _wrong(vertices, rows, folded_deg)
        for corners in [np.unique(rows[pair, :3]) for pair in pairs]:
            rows = _mended(vertices, rows, corners, folded_deg)
        if len(_wrong(vertices, rows, folded_deg)) in (0, len(pairs)):
            break
    return rows[:, :3], rows[:, 3:]


def _wrong(vertices: FloatArray, rows: IntArray, folded_deg: float) -> IntArray:
    """Return the pairs of faces that are folded, or between which sheets were pushed through each other."""
    return np.vstack([folds(vertices, rows[:, :3], folded_deg), crossed(vertices, rows[:, :3], rows[:, 3:])])


def crossed(vertices: FloatArray, faces: IntArray, sides: IntArray) -> IntArray:
    """Return the pairs of faces (k, 2) that follow each other about an edge but do not agree on what lies between."""
    low, high, apex = _edges(faces)
    key = low * len(vertices) + high
    _, edge, size = np.unique(key, return_inverse=True, return_counts=True)
    several = np.flatnonzero(size[edge] > 2)
    turn = turns(vertices, low[several], high[several], apex[several], edge[several])
    order = several[np.lexsort((turn, edge[several]))]
    first = np.append(True, np.diff(edge[order]) > 0)[: len(order)]
    start = np.flatnonzero(first)[np.cumsum(first) - 1]
    following = np.where(np.append(first[1:], True)[: len(order)], start, np.arange(len(order)) + 1)
    along = (faces.ravel()[order] == low[order]).astype(np.int64)
    ahead, behind = sides[order // 3, along], sides[order // 3, 1 - along]
    unlike = ahead != behind[following]
    return np.stack([order[unlike], order[following[unlike]]], axis=1) // 3


def turns(vertices: FloatArray, low: IntArray, high: IntArray, apex: IntArray, edge: IntArray) -> FloatArray:
    """Return the angle of every face about its edge, anticlockwise seen against the edge's own direction."""
    along = vertices[high] - vertices[low]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    away = vertices[apex] - vertices[low]
    away -= np.einsum("ij,ij->i", away, along)[:, None] * along
    first, number = np.unique(edge, return_index=True, return_inverse=True)[1:]
    reference = away[first][number]
    upwards = np.cross(along, reference)
    return np.asarray(np.arctan2(np.einsum("ij,ij->i", away, upwards), np.einsum("ij,ij->i", away, reference)))


def folds(vertices: FloatArray, faces: IntArray, folded_deg: float = FOLDED_DEG) -> IntArray:
    """Return the pairs of faces (k, 2) that share an edge and lie on the same side of it at less than an angle."""
    low, high, apex = _edges(faces)
    along = vertices[high] - vertices[low]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    away = vertices[apex] - vertices[low]
    away -= np.einsum("ij,ij->i", away, along)[:, None] * along
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-300)
    key = low * len(vertices) + high
    order = np.argsort(key, kind="stable")
    found = []
    for gap in range(1, MOST_AT_EDGE):
        first = np.flatnonzero(key[order[gap:]] == key[order[:-gap]])
        a, b = order[first], order[first + gap]
        near = np.linalg.norm(away[a] - away[b], axis=1) < 2 * np.sin(np.radians(folded_deg) / 2)
        found.append(np.stack([a[near], b[near]], axis=1) // 3)
    return np.vstack(found)


def _edges(faces: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the lower and higher end of the three edges of every face, and the vertex across."""
    tail, head, apex = (np.roll(faces, -k, axis=1).ravel() for k in range(3))
    return np.minimum(tail, head), np.maximum(tail, head), apex


def _mended(vertices: FloatArray, rows: IntArray, corners: IntArray, folded_deg: float) -> IntArray:
    """Return the rows after the best step at the corners of a fold; the same rows where none is better."""
    ring = np.unique(rows[np.isin(rows[:, :3], corners).any(axis=1), :3])
    near = np.isin(rows[:, :3], ring).any(axis=1)
    given = rows[near]
    best, least = given, _faults(vertices, given, given, folded_deg)
    if least[0] == 0:
        return rows
    for tried in _steps(given, corners):
        faults = _faults(vertices, given, tried, folded_deg)
        if faults[0] < least[0] or (best is not given and faults < least):
            best, least = tried, faults
    return rows if best is given else np.vstack([rows[~near], best])


def _faults(vertices: FloatArray, given: IntArray, rows: IntArray, folded_deg: float) -> tuple[int, float]:
    """Return the number of folds and of edges where a part touches itself, and the volume that a step moves, mm3.

    At the rim of the rows not all faces of an edge are there; what is counted there is the same after any step.
    """
    pairs = len(_wrong(vertices, rows, folded_deg))
    moved = np.abs(_swept(vertices, rows, given[0, 0]) - _swept(vertices, given, given[0, 0])).sum()
    return pairs + _branching(rows), float(moved)


def _swept(vertices: FloatArray, rows: IntArray, origin: int) -> FloatArray:
    """Return the volume under the faces of every label."""
    a, b, c = np.moveaxis(vertices[rows[:, :3]] - vertices[origin], 1, 0)
    under = np.einsum("ij,ij->i", np.cross(a, b), c) / 6
    count = 1 + 255
    return np.asarray(np.bincount(rows[:, 3], under, count) - np.bincount(rows[:, 4], under, count))


def _branching(rows: IntArray) -> int:
    """Return the number of edges at which a part has more than two faces."""
    low, high, _ = _edges(rows[:, :3])
    ends = np.stack([low, high], axis=1)
    beside = np.vstack([np.column_stack([ends, np.repeat(rows[:, side], 3)]) for side in (3, 4)])
    return int((np.unique(beside, axis=0, return_counts=True)[1] > 2).sum())


def _steps(rows: IntArray, corners: IntArray) -> Iterator[IntArray]:
    """Yield the rows after every single step at edges between corners or across from them."""
    low, high, _ = _edges(rows[:, :3])
    among = np.isin(low, corners) & np.isin(high, corners)
    for u, v in np.unique(np.stack([low[among], high[among]], axis=1), axis=0).tolist():
        at_edge = ((rows[:, :3] == u).any(axis=1)) & ((rows[:, :3] == v).any(axis=1))
        for tried in (_merged(rows, at_edge, u, v), _merged(rows, at_edge, v, u), _exchanged(rows, at_edge, u, v)):
            if tried is not None:
                yield tried


def _merged(rows: IntArray, at_edge: BoolArray, drop: int, keep: int) -> IntArray | None:
    """Return the rows with one end of an edge merged into the other, or None if the sheets do not fit."""
    left = rows[~at_edge]
    return _made_one(np.hstack([np.where(left[:, :3] == drop, keep, left[:, :3]), left[:, 3:]]))


def _exchanged(rows: IntArray, at_edge: BoolArray, u: int, v: int) -> IntArray | None:
    """Return the rows with the other diagonal of the two faces at an edge, or None if there are more or unlike ones."""
    pair = rows[at_edge]
    if len(pair) != 2 or (pair[0, 3:] != pair[1, 3:]).any():
        return None
    one, other = pair
    turned = np.roll(one[:3], -next(k for k in range(3) if one[k] not in (u, v)))
    far = next(vertex for vertex in other[:3] if vertex not in (u, v))
    p, a, b = turned.tolist()
    fresh = [[p, a, far, *one[3:]], [p, far, b, *one[3:]]]
    return _made_one(np.vstack([rows[~at_edge], fresh]))


def _made_one(rows: IntArray) -> IntArray | None:
    """Return rows with faces on the same three vertices made one, or none."""
    faces: list[Face] = [tuple(row) for row in rows.tolist()]
    whole = combined(faces)
    return None if whole is None else np.array(whole, dtype=np.int64).reshape(-1, 5)
