"""On which side of a plane a point lies, with a bound that proves the answer.

Points are columns, (3, k), so that every step runs over contiguous memory.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray

_HALF_ULP: Final = 2.0**-53

ORIENT_BOUND: Final = (7 + 56 * _HALF_ULP) * _HALF_ULP
"""Forward error of the determinant below over its permanent: ``o3derrboundA`` of Shewchuk 1997 (Discrete Comput. Geom.
18:305). Holds for the very order of operations in :func:`orient`, rounded one by one."""

NEAR_MM: Final = 1e-10
"""Nearer than this counts as touching. Planes that were meant to be one differ by the rounding of their coordinates,
1e-13 mm at 1 m, which a sign would take for a true gap. A choice between that and the least gap that is ever meant."""

INSIDE: Final = 1
OUTSIDE: Final = -1
UNDECIDED: Final = 0


class Degenerate(Exception):  # noqa: N818 - a finding that the caller acts on, not an error
    """Surfaces touch where they should cross or keep apart.

    Attributes
    ----------
    solids
        (k, 2) numbers of the solids that touch.
    place
        (k, 3) where, mm.
    """

    def __init__(self, solids: IntArray, place: FloatArray) -> None:
        """Keep the solids and the places."""
        super().__init__(f"{len(solids)} places where surfaces touch")
        self.solids, self.place = solids, place


def orient(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return six times the volume of the tetrahedron a, b, c, d (k,) mm3, and a bound of its error.

    Positive where ``d`` lies on the side to which the normal (b - a) x (c - a) points. A value that exceeds its bound
    has the true sign for the coordinates as they are.

    Examples
    --------
    >>> a, b, c, d = np.eye(3)[:, :, None].transpose(1, 0, 2).tolist() + [[[0.0], [0.0], [0.0]]]
    >>> value, bound = orient(*(np.array(p) for p in (a, b, c, d)))
    >>> float(value[0]), bool(bound[0] < 1e-15)
    (-1.0, True)
    """
    ax, ay, az = a - d
    bx, by, bz = b - d
    cx, cy, cz = c - d
    bc, cb, ca, ac, ab, ba = bx * cy, cx * by, cx * ay, ax * cy, ax * by, bx * ay
    value = az * (bc - cb) + bz * (ca - ac) + cz * (ab - ba)
    permanent = (
        (np.abs(bc) + np.abs(cb)) * np.abs(az)
        + (np.abs(ca) + np.abs(ac)) * np.abs(bz)
        + (np.abs(ab) + np.abs(ba)) * np.abs(cz)
    )
    return -value, ORIENT_BOUND * permanent


def heights(
    corners: tuple[FloatArray, FloatArray, FloatArray], point: FloatArray, near: float = NEAR_MM
) -> tuple[FloatArray, IntArray]:
    """Return how far points lie over the planes of triangles, times twice the area, and the sign; 0 where undecided."""
    value, bound = orient(*corners, point)
    return value, _sign(value, np.maximum(bound, near * length(normal(corners))))


def pierce(
    p: FloatArray, q: FloatArray, corners: tuple[FloatArray, FloatArray, FloatArray], near: float = NEAR_MM
) -> tuple[IntArray, FloatArray]:
    """Return whether the segments ``p`` ``q`` pass through triangles, and at which fraction of their length.

    ``INSIDE`` and ``OUTSIDE`` are proven for the given coordinates; ``UNDECIDED`` is anything nearer than ``near`` to
    touching the triangle's rim or plane.
    """
    (over_p, side_p), (over_q, side_q) = heights(corners, p, near), heights(corners, q, near)
    span = np.abs(over_p - over_q)
    twice_area = np.maximum(length(normal(corners)), 1e-300)
    turns = []
    for i in range(3):
        start, end = corners[i], corners[(i + 1) % 3]
        value, bound = orient(p, q, start, end)
        # The three values add up to the span; each one's share is the height of the point over that side.
        turns.append(_sign(value, np.maximum(bound, near * length(end - start) * span / twice_area)))
    low, high = np.minimum.reduce(turns), np.maximum.reduce(turns)
    outside = (side_p * side_q > 0) | ((low < 0) & (high > 0))
    inside = (side_p * side_q < 0) & (low == high) & (low != 0)
    state = np.where(outside, OUTSIDE, np.where(inside, INSIDE, UNDECIDED))
    return state, np.divide(over_p, over_p - over_q, out=np.zeros_like(span), where=span > 0)


def normal(corners: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    """Return the normals (3, k) of triangles, with twice the area as length."""
    a, b, c = corners
    return cross(b - a, c - a)


def cross(u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the cross products of columns."""
    return np.stack([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])


def length(columns: FloatArray) -> FloatArray:
    """Return the lengths of columns."""
    return np.asarray(np.sqrt((columns * columns).sum(axis=0)))


def _sign(value: FloatArray, bound: FloatArray) -> IntArray:
    """Return the sign of values, 0 where it does not exceed the bound."""
    return (value > bound).astype(np.int64) - (value < -bound)
