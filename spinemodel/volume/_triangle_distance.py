"""From voxels to triangles: the arithmetic of both processors.

Functions that take arrays are plain ones, which each processor compiles for itself.
"""

from __future__ import annotations

from math import ceil, floor, sqrt

from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled
from spinemodel.volume._triangle_frames import APEX_X, APEX_Y, BASE, CENTRE, HALF, LEFT, REACH, RIGHT, H, X, Y


@compiled
def squared_in_plane(
    x: float, y: float, half: float, base: float, apex_x: float, apex_y: float, right: float, left: float
) -> float:
    """Return the squared distance of (x, y) from a triangle in its own plane, mm2; the sizes are those of its row."""
    rise, height = y - base, apex_y - base
    from_b, to_apex_b = x - half, apex_x - half
    from_a, to_apex_a = x + half, apex_x + half
    if height > 0 and rise >= 0 and to_apex_b * rise >= height * from_b and height * from_a >= to_apex_a * rise:
        return 0.0
    beyond = max(abs(x) - half, 0.0)
    share_b = min(max((to_apex_b * from_b + height * rise) * right, 0.0), 1.0)
    share_a = min(max((to_apex_a * from_a + height * rise) * left, 0.0), 1.0)
    beside_b, above_b = from_b - share_b * to_apex_b, rise - share_b * height
    beside_a, above_a = from_a - share_a * to_apex_a, rise - share_a * height
    nearest = min(beside_b * beside_b + above_b * above_b, beside_a * beside_a + above_a * above_a)
    return min(beyond * beyond + rise * rise, nearest)


@compiled
def can_be_nearer(x: float, y: float, h: float, radius: float, best: float) -> bool:
    """Tell whether a triangle in a circle round 0 in the plane may be nearer than the square root of ``best``.

    Its squared distance is at least h2 + (t - radius)2 with t2 = x2 + y2; squared once more, that needs no root. Both
    sides keep a millionth more than rounding takes.
    """
    room = best * 1.000001 - h * h
    over = x * x + y * y - radius * radius - room
    return room >= 0 and (over <= 0 or over * over <= 4.000001 * radius * radius * room)


@compiled
def stretch(
    x: float, y: float, h: float, dx: float, dy: float, dh: float, band: float, reach: float, top: int
) -> tuple[int, int]:
    """Return the voxels [first, stop) of a column that lie within ``reach`` of the axis and ``band`` of the plane.

    Parameters
    ----------
    x, y, h
        Coordinates of the column's voxel 0, mm.
    dx, dy, dh
        Their steps per voxel; a step of none is taken for one too small to leave the grid.
    band, reach
        Limits, mm.
    top
        Voxels in the column.
    """
    slope = dh if abs(dh) > 1e-12 else 1e-12
    across = max(dx * dx + dy * dy, 1e-24)
    middle = -(x * dx + y * dy) / across
    room = middle * middle - (x * x + y * y - reach * reach) / across
    if room < 0:
        return 0, 0
    half, at_plane, to_band = sqrt(room), -h / slope, band / abs(slope)
    first = max(middle - half, at_plane - to_band, 0.0)
    last = min(middle + half, at_plane + to_band, top - 1.0)
    return int(ceil(first)), int(floor(last)) + 1  # noqa: RUF046 - on a GPU, ceil and floor return floats


def side(rows: FloatArray, n: int, axis: int, gram: FloatArray, band: float, top: int) -> tuple[int, int]:
    """Return the indices [first, stop) along an axis of ``top`` voxels of the box that triangle ``n`` visits.

    Parameters
    ----------
    rows
        See :mod:`spinemodel.volume._triangle_frames`.
    gram
        (3, 3) inner products of the gradients of the three indices, 1/mm2.
    """
    g0, g1, g2 = gram[axis, 0], gram[axis, 1], gram[axis, 2]
    along_x = g0 * rows[n, X] + g1 * rows[n, X + 1] + g2 * rows[n, X + 2]
    along_y = g0 * rows[n, Y] + g1 * rows[n, Y + 1] + g2 * rows[n, Y + 2]
    along_h = g0 * rows[n, H] + g1 * rows[n, H + 1] + g2 * rows[n, H + 2]
    extent = rows[n, REACH] * sqrt(along_x * along_x + along_y * along_y) + band * abs(along_h)
    middle = rows[n, CENTRE + axis]
    first, last = max(middle - extent, 0.0), min(middle + extent, top - 1.0)
    return int(ceil(first)), int(floor(last)) + 1  # noqa: RUF046 - on a GPU, ceil and floor return floats


def placed(rows: FloatArray, n: int, i: int, j: int, k: int) -> tuple[float, float, float]:
    """Return x, y and h of a voxel in triangle ``n``'s coordinates, mm."""
    u, v, w = i - rows[n, CENTRE], j - rows[n, CENTRE + 1], k - rows[n, CENTRE + 2]
    x = u * rows[n, X] + v * rows[n, X + 1] + w * rows[n, X + 2]
    y = u * rows[n, Y] + v * rows[n, Y + 1] + w * rows[n, Y + 2]
    h = u * rows[n, H] + v * rows[n, H + 1] + w * rows[n, H + 2]
    return x, y, h


def squared(rows: FloatArray, n: int, x: float, y: float, h: float) -> float:
    """Return the squared distance from triangle ``n`` of a place in its coordinates, mm2."""
    return h * h + squared_in_plane(
        x, y, rows[n, HALF], rows[n, BASE], rows[n, APEX_X], rows[n, APEX_Y], rows[n, RIGHT], rows[n, LEFT]
    )
