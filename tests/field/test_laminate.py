"""The eight functions of a cell: 1 at their corner, continuous in potential and flux, exact for plane layers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from spinemodel.field._laminate import (
    LAMINATE,
    MEAN,
    NOTHING,
    PLAIN,
    UNIFORM,
    Basis,
    evaluate,
    homogenised,
    new_basis,
    prepare,
)
from spinemodel.field.cells import Cells, cells_of
from spinemodel.field.problem import Medium
from tests.field.boxed import ball, conductivity, cube, medium, slab, tube
from tests.field.closed_forms import plane_layers

FIBRES = np.array([1.0, 2.0, 2.0]) / 3
TENSOR = 0.083 * np.eye(3) + (0.6 - 0.083) * np.outer(FIBRES, FIBRES)
CORNERS = np.array([[a >> 2, (a >> 1) & 1, a & 1] for a in range(8)]) - 0.5


def cells(given: Medium) -> Cells:
    """Cells of 1 mm; the one at (2, 2, 2) lies between 0 and 1 mm along each axis."""
    return cells_of(given, [cube(2.0, 1.0)])[0]


def at(basis: Basis, point: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values, gradients and conductivity at a point of the cell."""
    values, gradients, sigma = np.zeros(8), np.zeros((8, 3)), np.zeros((3, 3))
    evaluate(basis, *(float(x) for x in point), values, gradients, sigma)
    return values, gradients, sigma


def three_layers() -> Medium:
    """Across z: along sub-voxels' faces, with fibres in the middle."""
    places = {"a": (-9, 0.25), "b": (0.25, 0.75), "c": (0.75, 9)}
    return medium(
        {name: slab(name, (0, 0, 1), *z) for name, z in places.items()},
        {"a": conductivity(1.7), "b": conductivity(0.6, 0.083), "c": conductivity(0.25)},
        fibres={"b": tuple(FIBRES)},
    )


def curved() -> Medium:
    """A ball with a sheath."""
    return medium(
        {"in": ball("in", 1.0), "sheath": ball("sheath", 1.2, 1.0), "out": ball("out", 9.0, 1.2)},
        {"in": conductivity(1.7), "sheath": conductivity(0.03), "out": conductivity(0.3, 0.5)},
        fibres={"out": tuple(FIBRES)},
    )


@pytest.mark.parametrize("given", [three_layers(), curved()], ids=["plane", "curved"])
def test_each_function_is_one_at_its_corner_and_they_sum_to_one(given: Medium) -> None:
    made = cells(given)
    basis, random = new_basis(made.arrays), np.random.default_rng(0)
    assert prepare(made.arrays, 2, 2, 2, basis) == LAMINATE
    np.testing.assert_allclose([at(basis, corner)[0] for corner in CORNERS], np.eye(8), atol=1e-10)
    for point in random.uniform(-0.5, 0.5, (20, 3)):
        values, gradients, _ = at(basis, point)
        assert values.sum() == pytest.approx(1)
        np.testing.assert_allclose(gradients.sum(axis=0), 0, atol=1e-10)
        step = 1e-6 * np.eye(3)
        numeric = [(at(basis, point + d)[0] - at(basis, point - d)[0]) / 2e-6 for d in step]
        np.testing.assert_allclose(np.transpose(numeric), gradients, atol=1e-5)


def test_plane_layers_with_fibres_are_exact() -> None:
    made, tensors = cells(three_layers()), np.array([1.7 * np.eye(3), TENSOR, 0.25 * np.eye(3)])
    true = partial(plane_layers, normal=(0, 0, 1), offsets=(0.25, 0.75), tensors=tensors, along=(0.5, -1.0, 0))
    basis = new_basis(made.arrays)
    prepare(made.arrays, 2, 2, 2, basis)
    given = true(CORNERS + 0.5)
    for z, tensor in zip((-0.4, 0.1, 0.4), tensors, strict=True):
        point = np.array([0.2, -0.3, z])
        values, gradients, sigma = at(basis, point)
        np.testing.assert_allclose(sigma, tensor, atol=1e-12)
        assert given @ values == pytest.approx(true(point[None] + 0.5)[0], abs=1e-12)
        assert (sigma @ (given @ gradients))[2] == pytest.approx(1.0, abs=1e-12)
        np.testing.assert_allclose((given @ gradients)[:2], (0.5, -1.0), atol=1e-12)


def test_flux_and_potential_are_continuous_where_layers_meet() -> None:
    made = cells(curved())
    basis = new_basis(made.arrays)
    prepare(made.arrays, 2, 2, 2, basis)
    normal, reach, bins = basis.normal, basis.reach[0], len(basis.share)
    corner_values = CORNERS @ np.array([0.3, -0.5, 1.0])
    for border in range(bins // 3, 2 * bins // 3):
        place = normal * (2 * reach * border / bins - reach)
        sides = [at(basis, place + shift * 1e-9 * normal) for shift in (-1, 1)]
        potential = [values @ corner_values for values, _, _ in sides]
        flux = [normal @ sigma @ (corner_values @ gradients) for _, gradients, sigma in sides]
        np.testing.assert_allclose(potential[0], potential[1], atol=1e-7)
        np.testing.assert_allclose(flux[0], flux[1], atol=1e-6)


def test_normal_of_a_ball_is_its_radius() -> None:
    parts = {"in": ball("in", 1.0), "out": ball("out", 9, 1.0)}
    made = cells(medium(parts, {"in": conductivity(0.1), "out": conductivity(1.0)}))
    basis = new_basis(made.arrays)
    assert prepare(made.arrays, 2, 2, 2, basis) == LAMINATE
    np.testing.assert_allclose(np.abs(basis.normal), np.ones(3) / np.sqrt(3), atol=0.02)
    assert len(set(np.sign(basis.normal))) == 1


def test_layers_as_one_conduct_in_series_across_and_side_by_side_along() -> None:
    made = cells(medium(
        {"low": slab("low", (1, 0, 0), -9, 0.25), "high": slab("high", (1, 0, 0), 0.25, 9)},
        {"low": conductivity(2.0), "high": conductivity(0.5)},
    ))  # fmt: skip
    basis = new_basis(made.arrays)
    prepare(made.arrays, 2, 2, 2, basis)
    series, parallel = 1 / (0.25 / 2.0 + 0.75 / 0.5), 0.25 * 2.0 + 0.75 * 0.5
    np.testing.assert_allclose(homogenised(basis), [series, parallel, parallel, 0, 0, 0], atol=1e-12)


def test_kinds_of_cells() -> None:
    made = cells(medium({"a": slab("a", (0, 0, 1), -9, 0.5)}, {"a": conductivity(2.0)}))
    basis = new_basis(made.arrays)
    assert [prepare(made.arrays, 2, 2, k, basis) for k in (3, 2, 1)] == [NOTHING, PLAIN, UNIFORM]
    values, gradients, sigma = at(basis, np.array([0.1, 0.2, 0.3]))
    np.testing.assert_allclose(sigma, 2 * np.eye(3))
    np.testing.assert_allclose(gradients.T @ CORNERS, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(values @ CORNERS, [0.1, 0.2, 0.3])


@pytest.mark.parametrize("sheet", [0.02, 50.0])
def test_a_thin_sheet_through_the_middle_has_its_normal(sheet: float) -> None:
    normal = np.array([1.0, 2.0, -1.5]) / np.linalg.norm([1.0, 2.0, -1.5])
    middle = float(normal @ np.full(3, 0.5))
    made = cells(medium(
        {"sheet": slab("sheet", tuple(normal), middle - 0.15, middle + 0.15)},
        {"sheet": conductivity(sheet), "rest": conductivity(1.0)},
        "rest",
    ))  # fmt: skip
    basis = new_basis(made.arrays)
    assert prepare(made.arrays, 2, 2, 2, basis) == LAMINATE
    assert abs(basis.normal @ normal) > 0.99


def test_a_sheath_between_two_that_conduct_alike_has_its_normal() -> None:
    # Slopes of what conducts better on either side of the sheath cancel; those of the parts' places do not.
    normal = np.array([1.0, 2.0, -1.5]) / np.linalg.norm([1.0, 2.0, -1.5])
    middle = float(normal @ np.full(3, 0.5))
    places = {"a": (-9, middle - 0.15), "b": (middle - 0.15, middle + 0.15), "c": (middle + 0.15, 9)}
    parts = {name: slab(name, tuple(normal), *place) for name, place in places.items()}
    made = cells(medium(parts, {"a": conductivity(1.0), "b": conductivity(0.02), "c": conductivity(1.1)}))
    basis = new_basis(made.arrays)
    assert prepare(made.arrays, 2, 2, 2, basis) == LAMINATE
    assert abs(basis.normal @ normal) > 0.995


@pytest.mark.parametrize("thread", [0.02, 50.0])
def test_a_thread_through_the_middle_has_no_layers(thread: float) -> None:
    parts = {"thread": tube("thread", 0.2, at=(0.5, 0.5, 0)), "rest": tube("rest", 9.0, 0.2, at=(0.5, 0.5, 0))}
    made = cells(medium(parts, {"thread": conductivity(thread), "rest": conductivity(1.0)}))
    basis = new_basis(made.arrays)
    assert prepare(made.arrays, 2, 2, 2, basis) == MEAN
