from __future__ import annotations

import numpy as np
import pytest

from spinemodel.alignment.fields import Fields, distances_at, pack, sample
from spinemodel.arrays import FloatArray
from spinemodel.volume.distance import DistanceField
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.sampling import sample as public_sample

OBLIQUE = np.array([[0.8, 0.1, -0.3, 5], [-0.2, 0.9, 0.4, -7], [0.1, -0.2, 2.1, 30], [0, 0, 0, 1]])
SLOPE, LEVEL = np.array([0.3, -0.5, 0.8]), 4.0


def field_of(values: FloatArray, affine: FloatArray = OBLIQUE) -> DistanceField:
    return DistanceField("form", Grid(values.shape, affine, "here"), values.astype(np.float32), 0.0)


def plane(shape: tuple[int, int, int] = (6, 7, 8)) -> DistanceField:
    indices = np.indices(shape).reshape(3, -1).T.astype(float)
    return field_of((to_mm(Grid(shape, OBLIQUE, "here"), indices) @ SLOPE + LEVEL).reshape(shape))


def rough(seed: int = 0) -> DistanceField:
    return field_of(np.random.default_rng(seed).normal(size=(5, 6, 7)))


def sampled(fields: Fields, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    value, gradient = np.empty(len(points)), np.empty((len(points), 3))
    sample(fields, np.array([0, len(points)]), points, value, gradient)
    return value, gradient


def test_a_plane_is_sampled_exactly() -> None:
    points = to_mm(plane().grid, np.random.default_rng(1).uniform([0, 0, 0], [5, 6, 7], (100, 3)))
    value, gradient = sampled(pack([plane()]), points)

    assert value == pytest.approx(points @ SLOPE + LEVEL, abs=1e-5)
    assert gradient == pytest.approx(np.broadcast_to(SLOPE, gradient.shape), abs=1e-5)


def test_the_lattice_gives_its_own_values() -> None:
    indices = np.indices((5, 6, 7)).reshape(3, -1).T.astype(float)
    field = rough()

    assert distances_at(pack([field]), np.array([0, 210]), to_mm(field.grid, indices)) == pytest.approx(
        field.values.reshape(-1), abs=1e-5
    )


@pytest.mark.parametrize("span", [(0.0, 1.0), (-1.5, 2.5)])
def test_gradients_are_those_of_the_values(span: tuple[float, float]) -> None:
    field, step = rough(), 1e-5
    points = to_mm(field.grid, np.random.default_rng(2).uniform(*span, (300, 3)) * [4, 5, 6])
    fields = pack([field])
    _, gradient = sampled(fields, points)
    differences = [
        (sampled(fields, points + step * axis)[0] - sampled(fields, points - step * axis)[0]) / (2 * step)
        for axis in np.eye(3)
    ]
    # A point whose differences reach over the border of a cell has two gradients: a few in 300.
    wrong = np.abs(gradient - np.transpose(differences)).max(axis=1) > 1e-4
    assert wrong.mean() < 0.02


def test_beyond_the_lattice_the_way_back_is_added() -> None:
    field = field_of(np.full((4, 4, 4), 2.0), np.eye(4))
    value, gradient = sampled(pack([field]), np.array([[3.0 + 5, 1, 1], [-3, -4, 1], [1, 1, 1]]))

    assert value == pytest.approx([7, 7, 2])
    assert gradient == pytest.approx(np.array([[1, 0, 0], [-0.6, -0.8, 0], [0, 0, 0]]))


def test_structures_do_not_mix() -> None:
    forms = [plane((3, 3, 3)), rough(), plane((4, 2, 5))]
    points = to_mm(rough().grid, np.random.default_rng(3).uniform(0, 1, (30, 3)))
    together = distances_at(pack(forms), np.array([0, 10, 25, 30]), points)

    alone = [distances_at(pack([form]), np.array([0, 30]), points) for form in forms]
    assert together.tolist() == [*alone[0][:10], *alone[1][10:25], *alone[2][25:]]


def test_the_fast_loop_samples_as_the_public_function_does() -> None:
    points = to_mm(rough().grid, np.random.default_rng(4).uniform(-3, 9, (500, 3)))
    value, gradient = sampled(pack([rough()]), points)
    values, gradients = public_sample(rough(), points)

    assert value == pytest.approx(values, abs=1e-5)
    assert gradient == pytest.approx(gradients, abs=1e-5)
