"""Poses of the vertebrae of a column, and the motions by which least squares change them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from spinemodel.arrays import FloatArray

FREE: Final = 8
"""Parameters of one vertebra: a shift (mm), a rotation vector (rad), a change of the logarithm of its size, and one of
the logarithm of its height over its size."""

SCALE_RANGE: Final = (0.5, 2.0)
"""Least and greatest size of a placed vertebra over its own: as alignments have it, wider than people differ."""

HEIGHT_RANGE: Final = (2 / 3, 1.5)
"""The same of its height over its size: a choice, four times the SD that the fit reckons with."""


class Poses(NamedTuple):
    """An affine map per vertebra: a similarity, and a stretch along its own cranial axis.

    Attributes
    ----------
    rotation
        (n, 3, 3).
    scale
        (n,).
    height
        (n,) stretch along ``up``; 1 for a similarity.
    shift
        (n, 3) mm: a point y goes to linear @ y + shift.
    pivot
        (n, 3) mm, the points of the vertebrae about which they turn and grow.
    up
        (n, 3) unit vectors, the vertebrae's cranial axes before they are placed.
    """

    rotation: FloatArray
    scale: FloatArray
    height: FloatArray
    shift: FloatArray
    pivot: FloatArray
    up: FloatArray


def same_for_all(
    rotation: FloatArray, scale: float, shift: FloatArray, pivot: FloatArray, up: FloatArray
) -> Poses:
    """Return one similarity for all vertebrae of a column with pivots and axes (n, 3)."""
    n = len(pivot)
    return Poses(np.tile(rotation, (n, 1, 1)), np.full(n, scale), np.ones(n), np.tile(shift, (n, 1)), pivot, up)


def linear(poses: Poses, vertebra: int) -> FloatArray:
    """Return the linear part (3, 3) of a vertebra's map."""
    up = poses.up[vertebra]
    stretch = np.eye(3) + (poses.height[vertebra] - 1) * np.outer(up, up)
    return np.asarray(poses.scale[vertebra] * poses.rotation[vertebra] @ stretch)


def placed(poses: Poses, vertebra: int, points: FloatArray) -> FloatArray:
    """Return where points (n, 3) of a vertebra lie."""
    return np.asarray(points @ linear(poses, vertebra).T + poses.shift[vertebra])


def pulled_back(poses: Poses, vertebra: int, points: FloatArray) -> FloatArray:
    """Return the points (n, 3) of a vertebra that lie at the given places."""
    return np.asarray((points - poses.shift[vertebra]) @ np.linalg.inv(linear(poses, vertebra)).T)


def outward(poses: Poses, vertebra: int, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return unit gradients (n, 3) of a vertebra's distances where it is placed, and by how much these are stretched.

    A distance times its stretch (n,) is the distance in the subject: exact for a similarity, else to first order, which
    is what counts near the surface.
    """
    there = gradient @ np.linalg.inv(linear(poses, vertebra))
    steep = np.maximum(np.linalg.norm(there, axis=1), 1e-12)
    return there / steep[:, None], np.linalg.norm(gradient, axis=1) / steep


def centre(poses: Poses, vertebra: int) -> FloatArray:
    """Return where the pivot of a vertebra lies, (3,) mm."""
    return np.asarray(placed(poses, vertebra, poses.pivot[vertebra]))


def motion_of(poses: Poses, vertebra: int, at: FloatArray) -> FloatArray:
    """Return the derivative (n, 3, 8) of places (n, 3) of a vertebra's points by its parameters."""
    lever, up = at - centre(poses, vertebra), poses.rotation[vertebra] @ poses.up[vertebra]
    result = np.zeros((len(at), 3, FREE))
    result[:, :, :3] = np.eye(3)
    result[:, :, 3:6] = -_cross_matrix(lever)
    result[:, :, 6] = lever
    result[:, :, 7] = (lever @ up)[:, None] * up
    return result


def moved(poses: Poses, step: FloatArray) -> Poses:
    """Return the poses after a step (n, 8): each vertebra turns and grows about its pivot, and is shifted.

    Sizes and heights stay within their ranges.
    """
    here = np.array([centre(poses, v) for v in range(len(step))]) + step[:, :3]
    after = poses._replace(
        rotation=Rotation.from_rotvec(step[:, 3:6]).as_matrix() @ poses.rotation,
        scale=np.clip(poses.scale * np.exp(step[:, 6]), *SCALE_RANGE),
        height=np.clip(poses.height * np.exp(step[:, 7]), *HEIGHT_RANGE),
    )
    turned = np.array([linear(after, v) @ poses.pivot[v] for v in range(len(step))])
    return after._replace(shift=here - turned)


def moved_together(poses: Poses, step: FloatArray) -> Poses:
    """Return the poses after one rigid motion (6,) of the whole column about its centre."""
    turn = Rotation.from_rotvec(step[3:6]).as_matrix()
    middle = _centres(poses).mean(axis=0)
    shift = middle + step[:3] + (poses.shift - middle) @ turn.T
    return poses._replace(rotation=turn @ poses.rotation, shift=shift)


def together(poses: Poses) -> FloatArray:
    """Return the derivative (8 n, 6) of the vertebrae's parameters by those of :func:`moved_together`."""
    centres = _centres(poses)
    result = np.zeros((len(centres), FREE, 6))
    result[:, :3, :3] = np.eye(3)
    result[:, :3, 3:6] = -_cross_matrix(centres - centres.mean(axis=0))
    result[:, 3:6, 3:6] = np.eye(3)
    return np.asarray(result.reshape(-1, 6))


def _centres(poses: Poses) -> FloatArray:
    """Return where all pivots lie, (n, 3) mm."""
    return np.array([centre(poses, v) for v in range(len(poses.scale))])


def _cross_matrix(vectors: FloatArray) -> FloatArray:
    """Return the matrices (n, 3, 3) whose product with w is ``vectors`` x w."""
    result = np.zeros((len(vectors), 3, 3))
    x, y, z = vectors.T
    result[:, 0, 1], result[:, 0, 2], result[:, 1, 2] = -z, y, -x
    return result - np.swapaxes(result, 1, 2)
