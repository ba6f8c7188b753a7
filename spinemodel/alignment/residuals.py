"""The residuals of an alignment, their derivatives, and the sums that least squares need.

A pose maps moving points p to y = A p + b. A point of the moving shape has the residual phi_fixed(A p + b); a point q
of the fixed shape, pulled back, has phi_moving(A^-1 (q - b)). The pose is changed by a motion on its left side,
y -> y + v + M (y - c), about a centre c. Both kinds of residual then have derivatives of one form,

    dr = w . (v + M (y - c)),    w = grad phi_fixed(y) at y = A p + b,    or    w = -A^-T grad phi_moving at y = q,

and a rigid motion (M a cross product), a similarity (plus a scale) and an affine one differ only in what M may be.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spinemodel.alignment.motions import Pose
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.volume.sampling import Fields, sample_into


class Side(NamedTuple):
    """The points of one shape and the fields of the other.

    Attributes
    ----------
    points
        (n, 3) mm.
    start
        (s + 1,) the points ``start[s]`` to ``start[s + 1]`` belong to field s.
    weight
        (n,); all weights of all sides sum to 1.
    fields
        Of the other shape.
    back
        Whether the points are the fixed shape's, which are pulled back.
    """

    points: FloatArray
    start: IntArray
    weight: FloatArray
    fields: Fields
    back: bool


class Work(NamedTuple):
    """What is known of n points at a pose, written over by the next one.

    Residuals (n,), w and y (n, 3), the places where the field is read (n, 3), and the shift that leads there (3,).
    """

    r: FloatArray
    w: FloatArray
    y: FloatArray
    place: FloatArray
    back: FloatArray


@compiled
def workspace(n: int) -> Work:
    """Return room for ``n`` points."""
    return Work(np.empty(n), np.empty((n, 3)), np.empty((n, 3)), np.empty((n, 3)), np.empty(3))


@compiled
def evaluate(side: Side, pose: Pose, work: Work) -> None:
    """Write the residuals, w and y of the module's docstring."""
    i, t, w = pose.inverse, pose.shift, work.w
    if side.back:
        for k in range(3):
            work.back[k] = -(i[k, 0] * t[0] + i[k, 1] * t[1] + i[k, 2] * t[2])
        map_points(i, work.back, side.points, work.place)
    else:
        map_points(pose.linear, t, side.points, work.place)
    sample_into(side.fields, side.start, work.place, work.r, w)
    for n in range(len(w)):
        gx, gy, gz = w[n, 0], w[n, 1], w[n, 2]
        for k in range(3):
            work.y[n, k] = side.points[n, k] if side.back else work.place[n, k]
            if side.back:
                w[n, k] = -(i[0, k] * gx + i[1, k] * gy + i[2, k] * gz)


@compiled
def map_points(linear: FloatArray, shift: FloatArray, points: FloatArray, result: FloatArray) -> None:
    """Write the points (n, 3) after an affine map."""
    for k in range(3):
        x, y, z, t = linear[k, 0], linear[k, 1], linear[k, 2], shift[k]
        for n in range(len(points)):
            result[n, k] = x * points[n, 0] + y * points[n, 1] + z * points[n, 2] + t


def residuals(side: Side, pose: Pose) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return all residuals (n,), w (n, 3) and y (n, 3)."""
    work = workspace(len(side.points))
    evaluate(side, pose, work)
    return work.r, work.w, work.y


@compiled
def fill_row(row: FloatArray, w: FloatArray, y: FloatArray, centre: FloatArray, free: int) -> None:
    """Write the derivatives of r to the ``free`` (6, 7 or 12) parameters of a motion.

    In order: the shift v; then the rotation vector, and for a similarity the logarithm of the scale; or, for an affine
    motion, M row by row.
    """
    wx, wy, wz, ux, uy, uz = w[0], w[1], w[2], y[0] - centre[0], y[1] - centre[1], y[2] - centre[2]
    row[0], row[1], row[2] = wx, wy, wz
    if free == 12:
        row[3], row[4], row[5] = wx * ux, wx * uy, wx * uz
        row[6], row[7], row[8] = wy * ux, wy * uy, wy * uz
        row[9], row[10], row[11] = wz * ux, wz * uy, wz * uz
        return
    row[3], row[4], row[5] = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
    if free == 7:
        row[6] = ux * wx + uy * wy + uz * wz


@compiled
def accumulate(
    side: Side, work: Work, centre: FloatArray, scale: float, hessian: FloatArray, gradient: FloatArray
) -> float:
    """Add an evaluated side to the normal equations (free, free) and (free,), and return its cost, mm2.

    The cost of a residual is r2 / (1 + r2 / scale2), Geman and McClure's estimator scaled to r2 near 0, so that points
    which have no counterpart pull no more once they are far.
    """
    free, cost = len(gradient), 0.0
    row, sharpness = np.empty(12), 1 / (scale * scale)
    for n in range(len(work.r)):
        r, weight = work.r[n], side.weight[n]
        kept = 1 / (1 + r * r * sharpness)
        cost += weight * r * r * kept
        fill_row(row, work.w[n], work.y[n], centre, free)
        pull = weight * kept * kept
        for a in range(free):
            scaled = pull * row[a]
            gradient[a] += scaled * r
            for b in range(a + 1):
                hessian[a, b] += scaled * row[b]
    return cost


def errors(sides: tuple[Side, Side], pose: Pose, scale: float) -> tuple[float, float]:
    """Return the root of the cost of both sides at a pose, and the RMS of all residuals, mm."""
    cost, total = 0.0, 0.0
    for side in sides:
        squares = residuals(side, pose)[0] ** 2
        cost += float(side.weight @ (squares / (1 + squares / scale**2)))
        total += float(side.weight @ squares)
    return float(np.sqrt(cost)), float(np.sqrt(total))
