"""Potentials between nodes: which tissue a point is of, and points that have no potential."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.sampling import gradient, potential, tissue_at
from tests.field.sampled_fields import (
    beside_plane,
    cube,
    filled,
    halves,
    line,
    point_source,
    rms,
    slope_of_halves,
    upper,
)


def test_the_tissue_at_a_point_is_that_of_most_nodes_round_it() -> None:
    field = filled((cube(3.0, 0.4),), halves, upper)
    points = np.array([[0.0, 0.5, 0], [0, -0.5, 0], [0, 40, 0]])
    assert tissue_at(field, points).tolist() == [1, 2, 0]


def test_a_known_tissue_counts_before_the_nodes() -> None:
    """Beside the plane, in a cell that is mostly of the other tissue."""
    field, points = filled((cube(3.0, 0.4),), halves, upper), beside_plane(-0.04)
    true = slope_of_halves(points)
    errors = [rms(gradient(field, points, within=within)[0] - true) for within in (None, "White", "CSF")]
    assert errors[1] < 0.2 * rms(true)
    assert errors[2] > 0.5 * rms(true)


def test_a_firmly_known_tissue_goes_on_smoothly_as_far_as_it_has_nodes() -> None:
    """Beyond the plane, where cells hold none of it; and where it has no node within the reach."""
    field = filled((cube(3.0, 0.4),), lambda x: np.where(x[:, 1] > 0, 1.0, 20.0) * x[:, 1], upper)
    beyond, far = np.array([[0.1, -0.1, 0.2], [0, -0.2, 0]]), np.array([[0.1, -1.7, 0.2]])
    assert potential(field, beyond, within="CSF", firmly=True)[0] == pytest.approx(beyond[:, 1], abs=0.03)
    assert potential(field, beyond, within="CSF")[0] == pytest.approx(20 * beyond[:, 1], rel=0.05)
    told = potential(field, np.vstack([far, beyond]), within=["CSF", "White", ""], firmly=True)
    assert np.array_equal(told, potential(field, np.vstack([far, beyond])))


def test_roots_and_rootlets_are_one_tissue() -> None:
    field = filled((cube(2.0, 0.4),), point_source, lambda x: np.where(x[:, 0] > 0, 3, 4))
    whole = filled((cube(2.0, 0.4),), point_source, lambda x: np.full(len(x), 3))
    points = line((1, 0.3, 0), half=1.5)
    assert np.array_equal(potential(field, points), potential(whole, points))


def test_a_point_without_a_potential_is_named() -> None:
    field = filled((cube(2.0, 0.4),), point_source)
    points = np.array([[0, 0, 0], [0, 0, 2.5], [7, 0, 0]], dtype=float)
    with pytest.raises(InputError, match=r"\(0, 0, 2.5\) mm, point 1, and at 1 other .* reaches x, y, z = -2.4 to 2.4"):
        potential(field, points)
    assert np.isfinite(potential(field, points, missing="nan")).tolist() == [[True, False, False]]
    assert np.isnan(gradient(field, points, missing="nan")[0, 1:]).all()


def test_nothing_is_made_up_where_nothing_conducts() -> None:
    field = filled((cube(2.0, 0.4),), point_source)
    labels, values = field.tissue[0].copy(), field.potential[0].copy()
    labels[:8], values[:, :4] = 0, np.nan
    field = replace(field, tissue=(labels,), potential=(values,))
    points = np.array([[-1.5, 0, 0], [0.4, 0, 0]])
    with pytest.raises(InputError, match="nothing conducts there"):
        potential(field, points)
    assert np.isfinite(potential(field, points, missing="nan")).tolist() == [[False, True]]
    assert np.isnan(potential(field, np.array([[np.nan, 0, 0]]), missing="nan")).all()
    near = np.array([[-0.3, 0.1, 0.1]])  # beside the hole
    assert potential(field, near)[0] == pytest.approx(point_source(near), rel=1e-2)


def test_what_cannot_be_is_refused() -> None:
    field = filled((cube(1.0, 0.4),), point_source)
    points = np.zeros((2, 3))
    with pytest.raises(InputError, match=r"got \(3,\), expected \(n, 3\)"):
        potential(field, np.zeros(3))
    with pytest.raises(InputError, match="no tissue Bulk in the field; it has CSF, White, Root"):
        potential(field, points, within="Bulk")
    with pytest.raises(InputError, match=r"tissue: got \(5, 5, 5\), expected"):
        potential(replace(field, tissue=(np.ones((5, 5, 5), dtype=np.uint8),)), points)
    with pytest.raises(InputError, match="one of each of 2 points"):
        potential(field, points, within=["CSF"])


def test_no_points_are_no_error() -> None:
    assert potential(filled((cube(1.0, 0.4),), point_source), np.empty((0, 3))).shape == (1, 0)
