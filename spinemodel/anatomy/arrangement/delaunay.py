"""Better triangles inside flat polygons: edges are turned until no angle can grow."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray

MOST_ROUNDS: Final = 200
"""Lawson's flips end by themselves; this bound only guards against rounding. A choice."""

FLAT: Final = 1e-12
"""A triangle whose height is below this share of its longest side would be flat: the edge is not turned. A choice well
above rounding (1e-16)."""


def make_delaunay(faces: IntArray, polygon: IntArray, flat: FloatArray) -> IntArray:
    """Return the triangles after turning edges that the triangles of one polygon share (Lawson 1977).

    An edge is turned where the two angles that face it add up to more than 180 degrees, so the smallest angle grows and
    triangles without area vanish. Edges of the outline and of holes stay.

    Parameters
    ----------
    faces
        (k, 3) rows of ``flat``, anticlockwise; a point on an outline has a row for each polygon that it belongs to.
    polygon
        (k,) the polygon that each triangle fills.
    flat
        (n, 2) mm.
    """
    active = np.arange(len(faces))
    for _ in range(MOST_ROUNDS):
        turned = _turn(faces, active, flat)
        if not len(turned):
            break
        touched = np.zeros(int(polygon.max()) + 1, dtype=bool)
        touched[polygon[turned]] = True
        active = active[touched[polygon[active]]]
    return faces


def _turn(faces: IntArray, active: IntArray, flat: FloatArray) -> IntArray:
    """Turn edges in place, at most one a triangle; return the triangles that changed."""
    left, right, a, b, c, d = _inner_edges(faces, active)
    wanted = _gain(flat[a], flat[b], flat[c], flat[d])
    candidates = np.flatnonzero(wanted > 0)
    candidates = candidates[np.argsort(-wanted[candidates], kind="stable")]
    chosen = candidates[_independent(left[candidates], right[candidates])]
    a, b, c, d = a[chosen], b[chosen], c[chosen], d[chosen]
    left, right = left[chosen], right[chosen]
    faces[left], faces[right] = np.stack([c, a, d], axis=1), np.stack([d, b, c], axis=1)
    return np.concatenate([left, right])


def _inner_edges(faces: IntArray, active: IntArray) -> tuple[IntArray, ...]:
    """Return for every edge inside a polygon the faces left and right, its ends a, b and the points c, d facing it.

    The left face is (a, b, c), the right one (b, a, d).
    """
    tail = faces[active].ravel()
    head, apex = (np.roll(faces[active], -k, axis=1).ravel() for k in (1, 2))
    face = np.repeat(active, 3)
    key = np.minimum(tail, head) * (int(faces.max(initial=0)) + 1) + np.maximum(tail, head)
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    one, two = order[same], order[same + 1]
    return face[one], face[two], tail[one], head[one], apex[one], apex[two]


def _gain(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Return by how much the angles at c and d exceed 180 degrees together, as a sine; 0 where the edge must stay."""
    over_c, along_c = _cross(a - c, b - c), ((a - c) * (b - c)).sum(axis=1)
    over_d, along_d = _cross(b - d, a - d), ((b - d) * (a - d)).sum(axis=1)
    angle = np.arctan2(np.abs(over_c), along_c) + np.arctan2(np.abs(over_d), along_d)
    excess = angle - np.pi
    span = ((c - d) ** 2).sum(axis=1)
    least = FLAT * np.maximum(span, ((a - b) ** 2).sum(axis=1))
    can: BoolArray = (_cross(a - c, d - c) > least) & (_cross(d - c, b - c) > least)
    return np.where(can & (excess > 1e-9), excess, 0.0)


def _cross(u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the cross products of rows in the plane."""
    return np.asarray(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])


def _independent(left: IntArray, right: IntArray) -> IntArray:
    """Return the places of edges, the first come, that share no face with an earlier one."""
    order = np.arange(len(left))
    first = np.full(int(max(left.max(initial=0), right.max(initial=0))) + 1, len(left))
    np.minimum.at(first, left, order)
    np.minimum.at(first, right, order)
    return np.flatnonzero((first[left] == order) & (first[right] == order))
