"""Directions of fibres against forms on which they are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.axis import Axis, frame_at, locate, place
from spinemodel.anatomy.cord_course import fibre_direction
from spinemodel.errors import GeometryError, InputError
from spinemodel.field.directions import along_axis, along_cord, along_lines, course_of
from tests.leads.phantoms import LENGTH, MIDDLE, bent, straight, tube

RNG = np.random.default_rng(0)


def off_deg(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Angles between unit vectors."""
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-12)
    return np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", found, truth), -1, 1)))


def inside(axis: Axis, radius: float, count: int = 2000, margin: float = 15.0) -> np.ndarray:
    """Points in a tube about an axis."""
    s, angle = RNG.uniform(margin, LENGTH - margin, count), RNG.uniform(0, 2 * np.pi, count)
    r = radius * np.sqrt(RNG.random(count))
    return place(axis, s, r * np.cos(angle), r * np.sin(angle))


def test_fibres_of_a_straight_cord_are_straight() -> None:
    toward = along_cord(course_of(tube(straight(), 3.0, "Cord", sides=40), straight()))
    points = inside(straight(), 3.0)
    assert off_deg(toward(points), np.tile([0.0, 0, 1], (len(points), 1))).max() < 0.01


@pytest.mark.parametrize("radius", [60.0, 150.0])
def test_fibres_of_a_bent_cord_are_circles_about_its_centre(radius: float) -> None:
    axis = bent(radius)
    toward = along_cord(course_of(tube(axis, 3.0, "Cord", sides=40), axis))
    points = inside(axis, 3.0)
    turn = np.arctan2(points[:, 2], radius - points[:, 1])
    truth = np.stack([0 * turn, np.sin(turn), np.cos(turn)], axis=1)
    # 3 mm from the ends, which a smoothing spline leaves straight, the directions begin to miss.
    assert off_deg(toward(points), truth).max() < 0.5
    middle = np.abs(turn) < 0.5 * np.abs(turn).max()
    assert off_deg(toward(points[middle]), truth[middle]).max() < 0.05


def test_fibres_of_a_cone_meet_at_its_tip() -> None:
    straight_cord = tube(straight(), 3.0, "Cord", (10.0, 110.0), 60)
    narrowed = np.array(straight_cord.vertices)
    narrowed[:, :2] *= (0.25 + 0.75 * narrowed[:, 2:] / LENGTH)
    cone = type(straight_cord)("Cord", straight_cord.space, narrowed, straight_cord.faces)
    toward = along_cord(course_of(cone, straight()))
    points = inside(straight(), 3.0)
    points[:, :2] *= 0.25 + 0.75 * points[:, 2:] / LENGTH
    away = points - [0, 0, -LENGTH / 3]
    assert off_deg(toward(points), away / np.linalg.norm(away, axis=1, keepdims=True)).max() < 0.2


def test_laid_out_sections_give_the_course_s_own_directions() -> None:
    axis = bent(80.0)
    course = course_of(tube(axis, 4.0, "Cord", sides=40), axis)
    points = inside(axis, 4.0)
    assert off_deg(along_cord(course)(points), fibre_direction(course, points)).max() < 0.05


def test_a_field_of_directions_has_no_jumps_inside_and_beside_the_cord() -> None:
    axis = bent(80.0)
    toward = along_cord(course_of(tube(axis, 4.0, "Cord", sides=40), axis))
    line = np.linspace(place(axis, np.array([5.0]), np.array([-5.0]), np.array([4.0]))[0], [4.0, 2.0, 40.0], 4000)
    assert off_deg(toward(line)[1:], toward(line)[:-1]).max() < 0.1


def test_many_points_are_taken_some_at_a_time_alike() -> None:
    toward = along_cord(course_of(tube(bent(80.0), 4.0, "Cord", sides=40), bent(80.0)))
    points = inside(bent(80.0), 4.0, 60_000)
    np.testing.assert_array_equal(toward(points)[49_990:50_010], toward(points[49_990:50_010]))


def test_a_cord_of_no_length_is_refused() -> None:
    with pytest.raises(GeometryError, match="cord: 8 mm of it have 0 sections apart from its ends; expected 3"):
        course_of(tube(straight(), 8.0, "Cord", (50.0, 58.0)), straight())


@given(angle=st.floats(-0.6, 0.6), aside=st.floats(-80, 80))
def test_muscle_runs_along_the_axis_at_its_height_however_far_aside(angle: float, aside: float) -> None:
    radius = 100.0
    axis = bent(radius)
    on = np.array([[0.0, radius * (1 - np.cos(angle)), radius * np.sin(angle)]])
    found = along_axis(axis)(on + np.array([aside, 0.0, 0.0]))
    assert off_deg(found, np.array([[0.0, np.sin(angle), np.cos(angle)]])).max() < 0.2


def test_beyond_the_axis_its_end_s_direction_is_kept() -> None:
    axis = bent(100.0)
    found = along_axis(axis)(np.array([[0.0, 0.0, 500.0], [0.0, 0.0, -500.0]]))
    np.testing.assert_allclose(found, axis.frame[[-1, 0], 2], atol=1e-12)


def test_at_the_axis_its_own_tangent_is_found() -> None:
    axis = bent(100.0)
    points = inside(axis, 0.01)
    truth = frame_at(axis, locate(axis, points)[0])[1][:, 2]
    assert off_deg(along_axis(axis)(points), truth).max() < 0.05


def test_an_axis_that_turns_back_is_refused() -> None:
    with pytest.raises(GeometryError, match="turns back"):
        along_axis(bent(20.0))


def helix(turn: np.ndarray, radius: float = 4.0, pitch: float = 10.0) -> np.ndarray:
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), pitch * turn / (2 * np.pi)], axis=1)


def test_a_root_follows_its_line_round_a_helix() -> None:
    toward = along_lines([helix(np.linspace(0, 4 * np.pi, 300))])
    turn = RNG.uniform(0.3, 4 * np.pi - 0.3, 2000)
    truth = np.stack([-4 * np.sin(turn), 4 * np.cos(turn), 0 * turn + 10 / (2 * np.pi)], axis=1)
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    on = helix(turn)
    across = np.cross(truth, RNG.normal(size=(2000, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    assert off_deg(toward(on), truth).max() < 0.2
    # 0.4 mm aside, the nearest place moves by no more than the bend over that distance.
    assert off_deg(toward(on + 0.4 * across), truth).max() < 2.5


def test_between_the_points_of_a_line_the_direction_turns_evenly() -> None:
    toward = along_lines([helix(np.linspace(0, 4 * np.pi, 3000))])
    fine = toward(helix(np.linspace(1, 3, 5000)))
    steps = off_deg(fine[1:], fine[:-1])
    assert steps.max() < 2 * steps.mean()


def test_of_several_lines_the_nearest_counts_and_lines_do_not_run_into_each_other() -> None:
    along_x, along_y = np.array([[0.0, 0, 0], [10, 0, 0]]), np.array([[10.0, 0, 0.01], [10, 10, 0.01]])
    toward = along_lines([along_x, along_y])
    found = toward(np.array([[3.0, 0.3, 0], [10.2, 4, 0], [9.99, 0, 0], [-5.0, 0, 0]]))
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]], atol=1e-12)


def test_no_line_and_a_single_point_are_refused() -> None:
    for lines in ([], [np.zeros((1, 3))]):
        with pytest.raises(InputError, match="expected one or more, of two points"):
            along_lines(lines)


def test_the_phantom_s_middle_is_where_it_is_said_to_be() -> None:
    np.testing.assert_allclose(bent(100.0).points[120], 0.0, atol=1e-9)
    assert MIDDLE == 60.0
