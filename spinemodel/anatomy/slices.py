"""Planes through a closed surface: the closed loops in which a plane cuts it, and their area.

A vertex that lies in the plane counts as above it, as if the plane were shifted down by an infinitely small amount
(simulation of simplicity, Edelsbrunner and Mücke 1990). So no triangle touches the plane in a vertex, an edge or a
face; every triangle is crossed in one segment or not at all, and the loops always close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.anatomy.axis import Axis, frame_at
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray, freeze
from spinemodel.errors import GeometryError


@dataclass(frozen=True, eq=False)
class Planes:
    """Planes in order from caudal to rostral.

    Attributes
    ----------
    at
        (k,) mm, height or distance along an axis.
    points
        (k, 3) mm, one of each plane.
    normals
        (k, 3) of length 1, towards the head.
    """

    at: FloatArray
    points: FloatArray
    normals: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only and refuse planes that do not rise."""
        for name in ("at", "points", "normals"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        if not (self.at.ndim == 1 and self.points.shape == self.normals.shape == (len(self.at), 3)):
            raise GeometryError(f"planes: got {self.at.shape} places and {self.points.shape} points, expected as many")
        if (np.diff(self.at) <= 0).any():
            raise GeometryError("planes: their places do not rise; expected each above the one before")


def planes_at(heights: ArrayLike) -> Planes:
    """Return horizontal planes at ``heights`` (k,) mm.

    Examples
    --------
    >>> planes_at([1, 2]).points.tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]
    """
    z = np.asarray(heights, float)
    return Planes(z, np.stack([0 * z, 0 * z, z], axis=-1), np.tile([0.0, 0.0, 1.0], (len(z), 1)))


def planes_along(axis: Axis, s: ArrayLike) -> Planes:
    """Return the planes perpendicular to ``axis`` at the distances ``s`` (k,) mm from its caudal end."""
    at = np.asarray(s, float)
    points, frame = frame_at(axis, at)
    return Planes(at, points, frame[:, 2])


def section(surface: Surface, point: ArrayLike, normal: ArrayLike) -> list[FloatArray]:
    """Return the closed loops in which a plane cuts a closed surface.

    Parameters
    ----------
    surface
        Closed and oriented; an edge may be shared by more than two faces if as many run one way as the other.
    point, normal
        (3,) mm, a point of the plane and its normal of any length.

    Returns
    -------
    list of FloatArray
        Loops (k, 3) mm, the last point not the first again. Seen from the tip of the normal those around the inside
        run anticlockwise and those around holes clockwise. A point between two vertices is the same to the bit for
        every surface that has these vertices, so neighbouring parts share their outlines.

    Raises
    ------
    GeometryError
        If the surface is not closed there.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> (loop,) = section(Surface("tetrahedron", "test", corners, faces), (0, 0, 0.5), (0, 0, 1))
    >>> len(loop), loop_area(loop, (0, 0, 1))
    (3, 0.125)
    """
    starts, _, start_keys, stop_keys = _segments(surface, point, normal)
    following = _following(surface.name, start_keys, stop_keys)
    loops = [_without_repeats(starts[cycle]) for cycle in _cycles(following)]
    return [loop for loop in loops if len(loop) > 2]


def section_area(surface: Surface, point: ArrayLike, normal: ArrayLike) -> float:
    """Return the area in which a plane cuts the solid inside a closed surface, mm2.

    It is the area enclosed by the segments (Green's theorem); they need not be put in order for that.
    """
    origin, unit = np.asarray(point, float), _unit(normal)
    starts, stops, _, _ = _segments(surface, point, normal)
    return float(np.cross(starts - origin, stops - origin).sum(axis=0) @ unit / 2)


def loop_area(loop: FloatArray, normal: ArrayLike) -> float:
    """Return the area of one loop, mm2: negative where it runs clockwise seen from the tip of the normal.

    Examples
    --------
    >>> loop_area(np.array([[0.0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]]), (0, 0, 1))
    2.0
    """
    from_first = loop - loop[0]
    return float(np.cross(from_first, np.roll(from_first, -1, axis=0)).sum(axis=0) @ _unit(normal) / 2)


def in_plane(normal: ArrayLike) -> FloatArray:
    """Return unit vectors (2, 3) of a plane to the right and ventrally, where its normal points to the head.

    Right is +x made perpendicular to the normal.

    Examples
    --------
    >>> in_plane((0, 0, 1)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    unit = _unit(normal)
    right = np.array([1.0, 0.0, 0.0]) - unit[0] * unit
    if right @ right < 1e-12:
        raise GeometryError("plane: its normal runs from side to side; expected one that points to the head")
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(unit, right)])


def _unit(normal: ArrayLike) -> FloatArray:
    """Return ``normal`` with length 1."""
    vector = np.asarray(normal, float)
    length = np.linalg.norm(vector)
    if vector.shape != (3,) or not np.isfinite(length) or length == 0:
        raise GeometryError(f"plane: got the normal {normal!r}, expected three finite numbers, not all zero")
    return np.asarray(vector / length)


def _segments(
    surface: Surface, point: ArrayLike, normal: ArrayLike
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Return starts and stops (k, 3) of the segments in the plane, and keys (k,) of the edges that they lie on.

    Around a face that looks outwards one edge sinks through the plane and one rises; the inside lies to the left of the
    way from the sinking to the rising one, seen from the tip of the normal.
    """
    height = (surface.vertices - np.asarray(point, float)) @ _unit(normal)
    above = height >= 0
    count = above[surface.faces].sum(axis=1)
    faces = surface.faces[(count > 0) & (count < 3)]
    next_corner = np.roll(faces, -1, axis=1)
    rising = ~above[faces] & above[next_corner]
    sinking = above[faces] & ~above[next_corner]
    starts, start_keys = _crossings(surface.vertices, height, next_corner[sinking], faces[sinking])
    stops, stop_keys = _crossings(surface.vertices, height, faces[rising], next_corner[rising])
    return starts, stops, start_keys, stop_keys


def _crossings(
    vertices: FloatArray, height: FloatArray, below: IntArray, above: IntArray
) -> tuple[FloatArray, IntArray]:
    """Return where edges cross the plane, (k, 3), always reckoned from below, and a key per edge."""
    share = height[below] / (height[below] - height[above])
    points = vertices[below] + share[:, None] * (vertices[above] - vertices[below])
    return np.where(share[:, None] == 1, vertices[above], points), below * len(vertices) + above


def _following(name: str, start_keys: IntArray, stop_keys: IntArray) -> IntArray:
    """Return for every segment the one that starts on the edge where it stops."""
    by_start, by_stop = np.argsort(start_keys, kind="stable"), np.argsort(stop_keys, kind="stable")
    if not np.array_equal(start_keys[by_start], stop_keys[by_stop]):
        raise GeometryError(
            f"surface {name}: a plane cuts it in lines that do not close; expected a closed, oriented surface "
            "(`spinemodel check` names the broken promise)"
        )
    following = np.empty(len(by_start), dtype=np.int64)
    following[by_stop] = by_start
    return following


def _cycles(following: IntArray) -> list[list[int]]:
    """Return the cycles of a permutation."""
    steps, seen, cycles = following.tolist(), np.zeros(len(following), dtype=bool).tolist(), []
    for first in range(len(steps)):
        cycle, here = [], first
        while not seen[here]:
            seen[here] = True
            cycle.append(here)
            here = steps[here]
        if cycle:
            cycles.append(cycle)
    return cycles


def _without_repeats(loop: FloatArray) -> FloatArray:
    """Leave out points that are the same as the one before, as where edges meet in a vertex of the plane."""
    return np.asarray(loop[(loop != np.roll(loop, 1, axis=0)).any(axis=1)])
