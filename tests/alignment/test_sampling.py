from __future__ import annotations

import numpy as np
import pytest

from spinemodel.alignment.sampling import sample_surface
from spinemodel.alignment.starts import matrix_of, starting_poses
from spinemodel.anatomy.surface import Surface, area, face_vectors
from tests.alignment.forms import farthest, moved, pear, turned
from tests.shapes import box, sphere


def test_as_many_points_per_area_everywhere() -> None:
    points = sample_surface(box(size=10.0), 600)
    on = [np.isclose(points[:, axis], end).sum() for axis in range(3) for end in (0, 10)]

    assert sum(on) == 600
    assert on == pytest.approx([100] * 6, abs=1)


def test_within_a_face_no_place_is_preferred() -> None:
    points = sample_surface(Surface("one", "here", [[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]), 1000)

    assert points.mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 0], abs=0.01)
    assert (points[:, 0] + points[:, 1]).max() <= 1


def test_points_move_with_the_surface() -> None:
    transform = turned((30, -40, 50), (5, 6, 7))
    there = sample_surface(moved(pear(), transform), 500)

    assert farthest(sample_surface(pear(), 500) @ transform.matrix[:3, :3].T + transform.matrix[:3, 3], there) < 1e-9


def test_small_faces_get_their_share() -> None:
    ball = sphere(10.0, rows=30)
    points = sample_surface(ball, 4000)
    cap = points[:, 2] > 8  # Archimedes: a tenth of the area
    assert cap.mean() == pytest.approx(0.1, abs=0.005)
    assert np.linalg.norm(face_vectors(ball), axis=1).sum() == area(ball)


def test_starts_are_within_the_range_and_lay_the_centroids_together() -> None:
    moving, fixed = sample_surface(pear(), 400) + 30.0, sample_surface(pear(), 300)
    poses = starting_poses(moving, fixed, 200, 50.0)
    angles = [np.degrees(np.arccos(np.clip((np.trace(pose.linear) - 1) / 2, -1, 1))) for pose in poses]
    ends = np.array([pose.linear @ moving.mean(axis=0) + pose.shift for pose in poses])

    assert len(poses) == 200
    assert np.array_equal(matrix_of(poses[0]), np.eye(4))
    assert max(angles) <= 50
    assert farthest(ends[1:], np.broadcast_to(fixed.mean(axis=0), (199, 3))) < 1e-9
    # Haar measure: the share of turns up to half the range is (t - sin t) at 25 over that at 50 degrees.
    share = np.mean(np.array(angles[3:]) < 25)
    assert share == pytest.approx((0.43633 - np.sin(0.43633)) / (0.87266 - np.sin(0.87266)), abs=0.03)


def test_principal_axes_find_any_turn() -> None:
    transform = turned((100, -60, 80), (40, 0, 0))
    fixed = sample_surface(pear(), 400)
    moving = fixed @ transform.matrix[:3, :3].T + transform.matrix[:3, 3]
    poses = starting_poses(moving, fixed, 6, 180.0)

    assert min(farthest(moving @ pose.linear.T + pose.shift, fixed) for pose in poses) < 1e-6
    assert len(starting_poses(moving, fixed, 1, 180.0)) == 1
