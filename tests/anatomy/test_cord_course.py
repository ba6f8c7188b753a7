import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.cord_course import cord_course, fibre_direction, sections
from spinemodel.anatomy.curves import Contour
from spinemodel.errors import GeometryError

ANGLE = 2 * np.pi * np.arange(256) / 256
UPRIGHT = Axis("test", np.stack([np.zeros(201), np.zeros(201), np.linspace(-20, 80, 201)], axis=1))


def ellipse(wide: float, deep: float):
    return np.stack([wide * np.cos(ANGLE), deep * np.sin(ANGLE), np.zeros(256)], axis=1)


def course(loops, axis=UPRIGHT):
    return cord_course([Contour(loop, loop, "test") for loop in loops], axis)


def stacked(scale, shift=lambda z: (0.0, 0.0), heights=None):
    heights = np.arange(0.0, 61.0, 2.0) if heights is None else heights
    return course([scale(z) * ellipse(4.5, 3.6) + [*shift(z), z] for z in heights])


def test_a_section_has_the_ellipse_s_half_axes_area_and_frame() -> None:
    found = sections(stacked(lambda z: 1.0), np.array([7.3, 30.0]))
    np.testing.assert_allclose(found.half, [[4.5, 3.6]] * 2, rtol=1e-3)
    np.testing.assert_allclose(found.area, np.pi * 4.5 * 3.6, rtol=2e-3)
    np.testing.assert_allclose(found.outline, 1.0, atol=4e-3)
    np.testing.assert_allclose(found.centre, [[0, 0, 7.3], [0, 0, 30]], atol=1e-9)
    np.testing.assert_allclose(found.right, [[1, 0, 0]] * 2, atol=1e-9)
    np.testing.assert_allclose(found.dorsal, [[0, -1, 0]] * 2, atol=1e-9)
    np.testing.assert_allclose(found.s, [27.3, 50.0], atol=1e-6)


def test_noise_of_single_contours_is_smoothed_out_of_the_course_only() -> None:
    rng = np.random.default_rng(0)
    loops = [(1 + rng.normal(0, 0.03)) * ellipse(4.5, 3.6) + [*rng.normal(0, 0.1, 2), z] for z in range(0, 60, 2)]
    noisy = course(loops)
    at = np.linspace(2, 56, 200)
    found = sections(noisy, at)
    assert found.half.std(axis=0).max() < 0.06
    assert np.ptp(found.drawn.reshape(200, -1, 2)[..., 0].max(axis=1)) > 0.3


def test_fibres_of_a_cylinder_are_straight() -> None:
    points = np.random.default_rng(1).uniform([-4, -3, 1], [4, 3, 59], (500, 3))
    np.testing.assert_allclose(fibre_direction(stacked(lambda z: 1.0), points), [[0, 0, 1]] * 500, atol=1e-9)


def test_fibres_of_a_cone_meet_at_its_tip() -> None:
    cone = stacked(lambda z: (z + 10) / 40)
    points = np.random.default_rng(2).uniform([-1, -1, 5], [1, 1, 55], (500, 3))
    away = points - [0, 0, -10]
    np.testing.assert_allclose(fibre_direction(cone, points), away / np.linalg.norm(away, axis=1)[:, None], atol=1e-3)


def test_fibres_of_a_leaning_cylinder_lean() -> None:
    lean = np.array([0.2, -0.1, 1.0]) / np.linalg.norm([0.2, -0.1, 1.0])
    points = np.array([0.2, -0.1, 1.0]) * np.linspace(5, 55, 50)[:, None] + [1.0, -1.5, 0]
    found = fibre_direction(stacked(lambda z: 1.0, lambda z: (0.2 * z, -0.1 * z)), points)
    np.testing.assert_allclose(found, [lean] * 50, atol=1e-6)


def test_fibres_of_a_bent_tube_are_circles() -> None:
    flat, loops = ellipse(4.5, 3.6), []
    for turn in np.linspace(-0.3, 0.3, 31):
        outwards = np.outer(flat[:, 1] + 100, [0, np.cos(turn), np.sin(turn)])
        loops.append(outwards + np.outer(flat[:, 0], [1, 0, 0]))
    turn = np.linspace(-0.4, 0.4, 200)
    bent = Axis("test", 100 * np.stack([np.zeros(200), np.cos(turn), np.sin(turn)], axis=1))
    rng = np.random.default_rng(3)
    angle, radius, side = rng.uniform(-0.28, 0.28, 300), 100 + rng.uniform(-3, 3, 300), rng.uniform(-3, 3, 300)
    points = np.stack([side, radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    truth = np.stack([np.zeros(300), -np.sin(angle), np.cos(angle)], axis=1)
    off = np.degrees(np.arccos(np.clip((fibre_direction(course(loops, bent), points) * truth).sum(axis=1), -1, 1)))
    assert off.max() < 0.1


def test_directions_are_unit_vectors_that_change_smoothly() -> None:
    tapered = stacked(lambda z: np.sqrt((z + 5) / 65), lambda z: (0.3 * np.sin(z / 9), 0.002 * z**2))
    line = np.linspace([0.5, -0.5, -3], [1.5, 6.0, 63], 4000)
    found = fibre_direction(tapered, line)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-12)
    assert np.linalg.norm(np.diff(found, axis=0), axis=1).max() < 0.01


def test_two_contours_are_refused() -> None:
    with pytest.raises(GeometryError, match="2 contours"):
        stacked(lambda z: 1.0, heights=[0.0, 2.0])
