"""The order of points, found from where they lie and never from how they were stored."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray

COINCIDENT_MM: Final = 1e-3
"""Points nearer than this are one point clicked or saved twice: a hundredth of the finest voxel in use."""

_GAIN_MM: Final = 1e-9
"""A change of path must shorten it by more than rounding, or the search would not end."""


def distinct(points: FloatArray) -> BoolArray:
    """Return which of the ``points`` (n, 3) mm are not a copy of an earlier one.

    Examples
    --------
    >>> distinct(np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 1e-4]]))
    array([ True,  True, False])
    """
    return np.asarray(~np.tril(distances(points) < COINCIDENT_MM, -1).any(axis=1))


def distances(points: FloatArray) -> FloatArray:
    """Return the (n, n) distances between ``points``, mm."""
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=-1))


def plane_normal(points: FloatArray) -> FloatArray:
    """Return the unit normal of the plane of least squares through ``points``, pointing to the head (z >= 0)."""
    offsets = points - points.mean(axis=0)
    normal = np.linalg.eigh(offsets.T @ offsets)[1][:, 0]
    return np.asarray(-normal if normal[2] < 0 else normal)


def in_plane(points: FloatArray, normal: FloatArray) -> FloatArray:
    """Return ``points`` in their plane, (n, 2) mm about the centroid, anticlockwise seen from the normal's tip."""
    right = np.cross([0.0, 1.0, 0.0], normal)
    right /= np.linalg.norm(right)
    return np.asarray((points - points.mean(axis=0)) @ np.stack([right, np.cross(normal, right)], axis=1))


def contour_order(points: FloatArray) -> IntArray:
    """Return the indices that take ``points`` (n, 3) mm anticlockwise round their contour, seen from the head.

    The order by angle about the centroid is right for every contour that is star-shaped about it, whatever was
    stored. A contour that is not (a crescent) is known by its stored order: a simple polygon, and a shorter one.
    """
    flat = in_plane(points, plane_normal(points))
    by_angle = np.argsort(np.arctan2(flat[:, 1], flat[:, 0]), kind="stable")
    stored = np.arange(len(points))
    if _perimeter(flat) < _perimeter(flat[by_angle]) - _GAIN_MM and _is_simple(flat):
        return stored if _signed_area(flat) > 0 else stored[::-1]
    return np.roll(by_angle, -int(np.argmin(by_angle)))


def is_rotation_or_reversal(order: IntArray) -> bool:
    """Tell whether ``order`` visits a closed loop in its stored order, from any start and either way round."""
    steps = np.diff(order, append=order[0]) % len(order)
    return bool((steps == 1).all() or (steps == len(order) - 1).all())


def path_order(points: FloatArray, start: int) -> IntArray:
    """Return the indices of a shortest open path through ``points`` (n, 3) mm, begun at ``start``.

    The nearest point is taken next; then stretches are reversed (2-opt, Croes 1958) and moved (Or-opt, Or 1976) for
    as long as that shortens the path. Both ends are free.
    """
    gaps = distances(points)
    order = _nearest_next(gaps, start)
    while (shorter := _reversed_stretch(gaps, order)) is not None or (
        shorter := _moved_point(gaps, order)
    ) is not None:
        order = shorter
    return order


def _nearest_next(gaps: FloatArray, start: int) -> IntArray:
    """Return the path that always goes on to the nearest point not yet visited."""
    order, left = [start], np.ones(len(gaps), dtype=bool)
    for _ in range(len(gaps) - 1):
        left[order[-1]] = False
        order.append(int(np.where(left, gaps[order[-1]], np.inf).argmin()))
    return np.array(order)


def _reversed_stretch(gaps: FloatArray, order: IntArray) -> IntArray | None:
    """Return the path with the stretch reversed that shortens it most, or None where none does."""
    walk = np.pad(gaps[np.ix_(order, order)], 1)  # a free end costs nothing
    n = len(order)
    step = np.diagonal(walk, 1)
    i, j = np.triu_indices(n, 1)
    gain = step[i] + step[j + 1] - walk[i, j + 1] - walk[i + 1, j + 2]
    best = int(gain.argmax())
    if gain[best] <= _GAIN_MM:
        return None
    low, high = i[best], j[best] + 1
    return np.concatenate([order[:low], order[low:high][::-1], order[high:]])


def _moved_point(gaps: FloatArray, order: IntArray) -> IntArray | None:
    """Return the path with one point moved where that shortens it most, or None where no move does."""
    walk = np.pad(gaps[np.ix_(order, order)], 1)
    n = len(order)
    step, point = np.diagonal(walk, 1), np.arange(1, n + 1)
    saved = step[:-1] + step[1:] - np.diagonal(walk, 2)
    gain = saved[:, None] - (walk[1:-1, :-1] + walk[1:-1, 1:] - step)
    gain[point - 1, point - 1] = gain[point - 1, point] = -np.inf
    source, slot = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[source, slot] <= _GAIN_MM:
        return None
    rest = np.delete(order, source)
    return np.insert(rest, slot - (slot > source), order[source])


def _perimeter(polygon: FloatArray) -> float:
    return float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())


def _signed_area(polygon: FloatArray) -> float:
    """Return the area of a polygon (n, 2), positive where it runs anticlockwise (the shoelace formula)."""
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _is_simple(polygon: FloatArray) -> bool:
    """Tell whether no two edges of a polygon (n, 2) cross."""
    a, b = polygon, np.roll(polygon, -1, axis=0)
    edge = b - a
    to_a, to_b = _turn(edge, a, a), _turn(edge, a, b)
    straddled = to_a * to_b < 0
    return not bool((straddled & straddled.T).any())


def _turn(edge: FloatArray, start: FloatArray, points: FloatArray) -> FloatArray:
    """Return on which side of edge i point j lies, (n, n): positive to the left."""
    offset = points[None] - start[:, None]
    return np.asarray(edge[:, None, 0] * offset[..., 1] - edge[:, None, 1] * offset[..., 0])
