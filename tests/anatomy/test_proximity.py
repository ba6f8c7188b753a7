import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.proximity import Proximity, closest_on_triangles, signed_distance
from tests.shapes import box, sphere

UNIT = st.floats(-2, 3, allow_nan=False)


@given(st.lists(st.tuples(UNIT, UNIT, UNIT), min_size=1, max_size=20))
def test_distance_to_a_cube_is_the_closed_form(points) -> None:
    p = np.array(points, float)
    off = np.abs(p - 0.5) - 0.5
    exact = np.linalg.norm(np.maximum(off, 0), axis=1) + np.minimum(off.max(axis=1), 0)
    distance, _ = signed_distance(Proximity(box()), p)
    np.testing.assert_allclose(distance, exact, atol=1e-12)


def test_distance_to_a_fine_sphere() -> None:
    rng = np.random.default_rng(0)
    p = rng.normal(size=(500, 3)) * 1.5
    distance, direction = signed_distance(Proximity(sphere(rows=120)), p)
    np.testing.assert_allclose(distance, np.linalg.norm(p, axis=1) - 1, atol=1e-3)
    radial = p / np.linalg.norm(p, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", direction, radial).min() > 0.99


def test_few_neighbours_still_prove_the_exact_distance() -> None:
    uneven = sphere(rows=60)
    stretched = type(uneven)("long", "test", uneven.vertices * [1, 1, 30], uneven.faces)
    p = np.random.default_rng(1).normal(size=(50, 3)) * [2, 2, 20]
    distance, _ = signed_distance(Proximity(stretched), p)
    every = closest_on_triangles(p[:, None], stretched.vertices[stretched.faces][None])
    np.testing.assert_allclose(np.abs(distance), np.linalg.norm(every - p[:, None], axis=2).min(axis=1), atol=1e-12)


def test_far_points_are_only_known_within_reach() -> None:
    proximity = Proximity(sphere(rows=60))
    p = np.array([[50.0, 0, 0]])
    near, _ = signed_distance(proximity, p, exact_within_mm=1.0)
    assert near[0] == pytest.approx(49.0, abs=proximity.reach)
