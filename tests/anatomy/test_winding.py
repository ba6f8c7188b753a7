"""How often surfaces wind round points: closed forms, and rays beside solid angles."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.anatomy.surface import Surface, corners, merge
from spinemodel.anatomy.winding import turns_of_others, turns_round
from spinemodel.arrays import FloatArray, IntArray
from tests.shapes import box, sphere


def turns_at(points: FloatArray, surface: Surface) -> IntArray:
    """As where no point belongs to a part of the surface."""
    part: IntArray = np.zeros(len(surface.faces), dtype=np.int64)
    return turns_of_others(points, part[: len(points)] - 1, corners(surface), part)


def test_a_closed_surface_winds_once_round_what_is_inside() -> None:
    triangles = corners(sphere(2.0))
    assert turns_round(triangles - [0.5, -1.0, 1.0]) == pytest.approx(1.0)
    assert turns_round(triangles - [0.5, -1.0, 2.0]) == pytest.approx(0.0, abs=1e-12)
    assert turns_round(triangles[:, ::-1]) == pytest.approx(-1.0)


def test_rays_turn_as_solid_angles_do_whichever_axis_they_run_along() -> None:
    points = np.random.default_rng(0).uniform(-2.0, 4.0, (400, 3))
    for stretch in ([1.0, 2.0, 3.0], [3.0, 1.0, 2.0], [2.0, 3.0, 1.0]):
        balls = sphere(2.0, rows=12), sphere(3.0, (2.0, 2.0, 2.0), rows=12)
        whole = merge("three", [*balls, box((-0.5, -0.5, -0.5), 9.0)])
        stretched = Surface("three", "test", whole.vertices * stretch, whole.faces)
        found = turns_at(points * stretch, stretched)
        angles = [turns_round(corners(stretched) - point) for point in points * stretch]
        np.testing.assert_allclose(angles, found, atol=1e-9)
        assert set(found) == {0, 1, 2, 3}


def test_rays_through_edges_and_corners_are_counted_once() -> None:
    cube = box(size=2.0)
    places = np.stack(np.meshgrid([0.5, 1.0, 1.5], [0.5, 1.0, 1.5], [-1.0, 1.0, 3.0], indexing="ij"), -1).reshape(-1, 3)
    found = turns_at(places, Surface("cube", "test", cube.vertices, np.tile(cube.faces, (3, 1))))
    assert found.tolist() == [3 if z == 1.0 else 0 for _, _, z in places]
    double = sphere(1.0, rows=8)
    beneath = np.column_stack([double.vertices[:, :2], np.full(len(double.vertices), -2.0)])
    inside = double.vertices * 0.5
    assert not turns_at(beneath, double).any()
    assert (turns_at(inside, double) == 1).all()


def test_a_point_does_not_count_its_own_part() -> None:
    two = merge("two", [box(size=4.0), box((1.0, 1.0, 1.0), 2.0)])
    part = np.repeat([0, 1], 12)
    points = np.full((3, 3), 1.7)
    assert turns_of_others(points, np.array([0, 1, 2]), corners(two), part).tolist() == [1, 1, 2]
    assert turns_of_others(points[:0], np.empty(0, dtype=np.int64), corners(two), part).tolist() == []
