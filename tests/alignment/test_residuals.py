from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.alignment.least_squares import damped_step, normal_equations
from spinemodel.alignment.motions import Bounds, Pose, motion, moved, within
from spinemodel.alignment.residuals import Side, errors, fill_row, residuals, workspace
from spinemodel.alignment.starts import pose_of
from spinemodel.arrays import FloatArray
from spinemodel.volume.distance import DistanceField
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.sampling import Fields, pack

CENTRE = np.array([1.0, -2.0, 3.0])


SLOPES = np.array([[0.3, -0.5, 0.8], [0.9, 0.1, -0.4], [-0.2, 0.7, 0.6]])


def planes() -> Fields:
    """Distances from three planes: trilinear without kinks."""
    grid = Grid((12, 12, 12), np.diag([3.0, 3, 3, 1]) + np.outer([1, 1, 1, 0], [0, 0, 0, -16]), "here")
    points = to_mm(grid, np.indices(grid.shape).reshape(3, -1).T.astype(float))
    values = [(points @ slope).reshape(grid.shape).astype(np.float32) for slope in SLOPES]
    return pack([DistanceField("plane", grid, value, 0.0) for value in values])


FIELDS = planes()
POSE = pose_of(
    Rotation.from_rotvec([0.2, -0.1, 0.3]).as_matrix() @ np.diag([1.1, 0.9, 1.0]), np.array([0.5, -0.3, 0.2])
)


def side(back: bool, n: int = 42) -> Side:
    points = np.random.default_rng(5).uniform(-6, 6, (n, 3))
    return Side(points, np.array([0, 10, 20, n]), np.full(n, 1 / n), FIELDS, back)


def nothing() -> Side:
    return Side(np.empty((0, 3)), np.zeros(4, dtype=np.int64), np.empty(0), FIELDS, True)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("free", [6, 7, 12])
def test_derivatives_are_those_of_the_residuals(free: int, back: bool) -> None:
    one, step = side(back), 1e-2
    _, w, y = residuals(one, POSE)
    rows = np.zeros((len(w), 12))
    for n in range(len(w)):
        fill_row(rows[n], w[n], y[n], CENTRE, free)
    for k in range(free):
        change = np.zeros(free)
        change[k] = step
        there, here = (residuals(one, moved(POSE, sign * change, CENTRE))[0] for sign in (1, -1))
        assert rows[:, k] == pytest.approx((there - here) / (2 * step), abs=2e-3)


@pytest.mark.parametrize("free", [6, 7, 12])
def test_the_gradient_is_that_of_the_cost(free: int) -> None:
    sides, scale, step = (side(False), side(True)), 3.0, 1e-2
    work = tuple(workspace(42) for _ in sides)
    _, matrix, gradient = normal_equations(*sides, work, POSE, CENTRE, scale, free)
    for k in range(free):
        change = np.zeros(free)
        change[k] = step
        ahead, behind = (errors(sides, moved(POSE, sign * change, CENTRE), scale)[0] ** 2 for sign in (1, -1))
        # The cost is a sum of squares: its derivative is twice what the normal equations hold.
        assert 2 * gradient[k] == pytest.approx((ahead - behind) / (2 * step), rel=1e-3, abs=2e-3)
    assert np.linalg.eigvalsh(np.tril(matrix) + np.tril(matrix, -1).T).min() > 0


def test_far_points_pull_no_more() -> None:
    one = side(False)
    far = one._replace(points=one.points + np.array([1000.0, 0, 0]))
    works = workspace(42), workspace(0)
    _, _, near = normal_equations(one, nothing(), works, POSE, CENTRE, 1.0, 6)
    _, _, gone = normal_equations(far, nothing(), works, POSE, CENTRE, 1.0, 6)

    assert np.abs(gone[:3]).max() < 1e-5 * np.abs(near[:3]).max()
    assert errors((far, nothing()), POSE, 1.0)[0] == pytest.approx(1.0, abs=1e-4)


def test_a_motion_is_a_rotation_a_scale_or_a_matrix() -> None:
    vector = np.array([0.4, -0.7, 0.2])
    turn = Rotation.from_rotvec(vector).as_matrix()
    entries = np.arange(9) / 10

    assert motion(np.array([9, 9, 9, *vector])) == pytest.approx(turn)
    assert motion(np.zeros(6)) == pytest.approx(np.eye(3))
    assert motion(np.array([9, 9, 9, *vector, np.log(1.3)])) == pytest.approx(1.3 * turn)
    assert motion(np.array([9, 9, 9, *entries])) == pytest.approx(np.eye(3) + entries.reshape(3, 3))


def test_a_pose_moves_about_the_centre_and_keeps_its_inverse() -> None:
    step = np.array([0.1, 0.2, 0.3, 0.5, -0.4, 0.3, 0.1])
    there = moved(POSE, step, CENTRE)
    point = np.array([3.0, 4.0, 5.0])
    was = POSE.linear @ point + POSE.shift

    assert there.linear @ point + there.shift == pytest.approx(CENTRE + step[:3] + motion(step) @ (was - CENTRE))
    assert there.linear @ there.inverse == pytest.approx(np.eye(3))


@pytest.mark.parametrize(
    ("stretches", "kept"), [((1, 1, 1), True), ((0.6, 0.6, 0.6), True), ((1, 1, 0.05), False), ((3, 3, 3), False)]
)
def test_bounds_refuse_a_collapse(stretches: tuple[float, float, float], kept: bool) -> None:
    turn = Rotation.from_rotvec([0.3, 0.4, 0.5]).as_matrix()
    assert within(pose_of(turn * np.array(stretches), np.zeros(3)), Bounds(0.5, 2.0)) is kept


def test_bounds_refuse_a_mirror() -> None:
    assert not within(pose_of(np.diag([1.0, 1.0, -1.0]), np.zeros(3)), Bounds(0.5, 2.0))


def test_damped_step_solves_the_damped_equations() -> None:
    random = np.random.default_rng(6)
    root = random.normal(size=(7, 7))
    matrix, gradient = root @ root.T, random.normal(size=7)
    solved, step = damped_step(matrix, gradient, 0.1, 10.0)

    assert solved
    assert (matrix + 0.1 * np.diag(np.diag(matrix))) @ step == pytest.approx(-gradient)
    broken: Any = damped_step(-matrix, gradient, 0.1, 10.0)
    assert not broken[0]


def test_pose_is_its_matrix() -> None:
    assert isinstance(POSE, Pose)
    assert POSE.linear @ POSE.inverse == pytest.approx(np.eye(3))


def test_workspace_is_not_shared() -> None:
    first, _, _ = residuals(side(False), POSE)
    second, _, _ = residuals(side(True), POSE)
    assert not np.allclose(first, second)
    again: FloatArray = residuals(side(False), POSE)[0]
    assert again.tolist() == first.tolist()
