"""Poses, and the motions by which least squares change them, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled


class Pose(NamedTuple):
    """An affine map of points: ``linear`` (3, 3), its ``inverse`` (3, 3), and ``shift`` (3,) mm."""

    linear: FloatArray
    inverse: FloatArray
    shift: FloatArray


class Bounds(NamedTuple):
    """Least and greatest stretch that a pose may have along any direction; volumes may not vanish, nor turn over."""

    low: float
    high: float


@compiled
def motion(step: FloatArray) -> FloatArray:
    """Return the (3, 3) matrix by which a step of 6, 7 or 12 parameters multiplies y - c."""
    result = np.eye(3)
    if len(step) == 12:
        for a in range(3):
            for b in range(3):
                result[a, b] += step[3 + 3 * a + b]
        return result
    angle = np.sqrt(step[3] ** 2 + step[4] ** 2 + step[5] ** 2)
    scale = np.exp(step[6]) if len(step) == 7 else 1.0
    # Rodrigues; the quotients' limits at no rotation.
    sine = np.sin(angle) / angle if angle > 1e-9 else 1.0
    cosine = (1 - np.cos(angle)) / (angle * angle) if angle > 1e-9 else 0.5
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        result[a, a] = scale * (1 - cosine * (step[3 + b] ** 2 + step[3 + c] ** 2))
        result[a, b] = scale * (cosine * step[3 + a] * step[3 + b] - sine * step[3 + c])
        result[b, a] = scale * (cosine * step[3 + a] * step[3 + b] + sine * step[3 + c])
    return result


@compiled
def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the product of two (3, 3) matrices, without the call into BLAS that small ones do not repay."""
    result = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                result[i, j] += a[i, k] * b[k, j]
    return result


@compiled
def inverse_of(a: FloatArray) -> FloatArray:
    """Return the inverse of a (3, 3) matrix by its cofactors."""
    result = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            k, m, p, q = (j + 1) % 3, (j + 2) % 3, (i + 1) % 3, (i + 2) % 3
            result[i, j] = a[k, p] * a[m, q] - a[k, q] * a[m, p]
    det = a[0, 0] * result[0, 0] + a[0, 1] * result[1, 0] + a[0, 2] * result[2, 0]
    for i in range(3):
        for j in range(3):
            result[i, j] /= det
    return result


@compiled
def moved(pose: Pose, step: FloatArray, centre: FloatArray) -> Pose:
    """Return the pose after a step about ``centre``."""
    turn = motion(step)
    linear = product(turn, pose.linear)
    shift = np.empty(3)
    for a in range(3):
        shift[a] = centre[a] + step[a]
        for b in range(3):
            shift[a] += turn[a, b] * (pose.shift[b] - centre[b])
    return Pose(linear, inverse_of(linear), shift)


@compiled
def within(pose: Pose, bounds: Bounds) -> bool:
    """Tell whether no direction is stretched beyond the bounds.

    By the Frobenius norms of the map and of its inverse over sqrt 3, which are at most the greatest stretch and the
    inverse of the least, and equal to them for a similarity; and by the sign of the volume.
    """
    up, down = 0.0, 0.0
    for a in range(3):
        for b in range(3):
            up += pose.linear[a, b] ** 2 / 3
            down += pose.inverse[a, b] ** 2 / 3
    a0, a1, a2 = pose.linear[0], pose.linear[1], pose.linear[2]
    det = (
        a0[0] * (a1[1] * a2[2] - a1[2] * a2[1])
        - a0[1] * (a1[0] * a2[2] - a1[2] * a2[0])
        + a0[2] * (a1[0] * a2[1] - a1[1] * a2[0])
    )
    return det > 0 and up <= bounds.high**2 and down * bounds.low**2 <= 1
