"""Where an alignment begins: poses spread over the turns that are thought possible."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial.transform import Rotation

from spinemodel.alignment.motions import Pose
from spinemodel.arrays import FloatArray

SEQUENCE: Final = 1.22074408460575947536
"""Real root of x4 = x + 1: its powers give the additive sequence of three dimensions (Roberts 2018, "R3")."""


def starting_poses(moving: FloatArray, fixed: FloatArray, count: int, range_deg: float) -> list[Pose]:
    """Return ``count`` poses that lay the points ``moving`` (n, 3) onto ``fixed`` (m, 3), the same every time.

    First as given, then with the centroids together: without a turn; with the principal axes together, in the ways
    that are within the range; and with turns spread evenly over it. The turns about one point are a ball of rotation
    vectors; even means even over the rotations themselves (Haar measure), of which the ball's shell at angle t holds
    a share growing as 1 - cos t.
    """
    poses = [Pose(np.eye(3), np.eye(3), np.zeros(3))]
    if count == 1:
        return poses
    turns = np.concatenate([np.eye(3)[None], _principal(moving, fixed, range_deg), _spread(count, range_deg)])
    poses += [pose_of(turn, fixed.mean(axis=0) - turn @ moving.mean(axis=0)) for turn in turns[: count - 1]]
    return poses


def pose_of(linear: FloatArray, shift: FloatArray) -> Pose:
    """Return the pose of an affine map."""
    linear = np.ascontiguousarray(linear, dtype=np.float64)
    return Pose(linear, np.ascontiguousarray(np.linalg.inv(linear)), np.ascontiguousarray(shift, dtype=np.float64))


def matrix_of(pose: Pose) -> FloatArray:
    """Return the (4, 4) matrix."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = pose.linear, pose.shift
    return matrix


def _principal(moving: FloatArray, fixed: FloatArray, range_deg: float) -> FloatArray:
    """Return the turns within the range that lay the principal axes onto each other, (n, 3, 3); n is at most 4."""
    one, other = (np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2].T for points in (moving, fixed))
    signs = np.array([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)], dtype=float)
    turns = np.array([other @ np.diag(sign) @ one.T for sign in signs])
    turns = turns[np.linalg.det(turns) > 0]
    return np.asarray(turns[Rotation.from_matrix(turns).magnitude() <= np.radians(range_deg)])


def _spread(count: int, range_deg: float) -> FloatArray:
    """Return ``count`` turns spread evenly over those up to ``range_deg``, (count, 3, 3)."""
    n = np.arange(1, count + 1)
    height, round_, out = (n[:, None] / SEQUENCE ** np.arange(1, 4) % 1).T
    across = np.sqrt(1 - (2 * height - 1) ** 2)
    axis = np.stack([across * np.cos(2 * np.pi * round_), across * np.sin(2 * np.pi * round_), 2 * height - 1], axis=1)
    angles = np.linspace(0, np.radians(range_deg), 500)
    within = angles - np.sin(angles)
    return np.asarray(Rotation.from_rotvec(axis * np.interp(out * within[-1], within, angles)[:, None]).as_matrix())
