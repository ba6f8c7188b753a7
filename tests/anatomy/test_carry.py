from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.carry import LEAST_REACH_MM, REACH, carried, carried_points
from spinemodel.anatomy.compartments import Solid, check_partition, partition, volumes
from spinemodel.anatomy.edits import Move, move_of
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.surface import Surface, volume
from tests.shapes import box, sphere


def grown(surface: Surface, by: float) -> Move:
    middle = surface.vertices.mean(axis=0)
    outwards = surface.vertices - middle
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    return move_of(surface, replace(surface, vertices=surface.vertices + by * outwards))


def test_the_surface_goes_whole_and_what_is_far_stays() -> None:
    move = grown(sphere(5.0, rows=20), 0.5)
    out = np.array([[0, 0, 1.0]])
    assert carried_points(5.0 * out, [move])[0, 2] == pytest.approx(5.5, abs=1e-9)
    far = (5.1 + max(LEAST_REACH_MM, REACH * 0.5)) * out
    assert np.array_equal(carried_points(far, [move]), far)


@given(st.floats(-2.0, 4.0))
def test_order_along_a_ray_is_kept_however_large_the_edit(by: float) -> None:
    ray = np.linspace(1.0, 25.0, 120)[:, None] * [0, 0, 1.0]
    after = carried_points(ray, [grown(sphere(8.0, rows=16), by)])
    assert (np.diff(after[:, 2]) > 0).all()


def test_a_thin_shell_keeps_its_thickness() -> None:
    ray = np.array([[0, 0, 5.0], [0, 0, 5.3]])
    after = carried_points(ray, [grown(sphere(5.0, rows=20), 1.0)])
    assert after[1, 2] - after[0, 2] == pytest.approx(0.3, abs=0.03)


def test_of_two_edits_each_holds_on_its_own_surface() -> None:
    low, high = sphere(3.0, (0, 0, 0), rows=20), sphere(3.0, (0, 0, 8), rows=20)
    moves = [grown(low, 0.5), move_of(high, replace(high, vertices=np.add(high.vertices, [0.7, 0, 0])))]
    for surface, move in zip((low, high), moves, strict=True):
        assert np.allclose(carried_points(surface.vertices, moves), surface.vertices + move.vectors, atol=1e-6)


def test_tissues_stay_a_partition() -> None:
    inner, wall = sphere(4.0, rows=20), sphere(6.0, rows=20)
    domain = box((-12, -12, -12), 24.0)
    parted = partition([Solid(inner, "Cord"), Solid(wall, "CSF")], domain, "Bulk")
    after = carried(parted, [grown(inner, 0.8)])
    assert check_partition(after, volume(domain)) == ()
    assert volumes(after)["Cord"] == pytest.approx(volumes(parted)["Cord"] * (4.8 / 4) ** 3, rel=1e-6)
    assert sum(volumes(after).values()) == pytest.approx(24.0**3, rel=1e-12)
    assert not len(self_intersections(Surface("all", after.space, after.vertices, after.faces)))


def test_no_edit_changes_nothing() -> None:
    points = np.arange(12.0).reshape(4, 3)
    assert np.array_equal(carried_points(points, []), points)
