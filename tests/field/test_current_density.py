"""Currents between nodes, and the tensors that they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.current_density import current_density, tensors
from tests.field.sampled_fields import beside_plane, cube, filled, halves, point_source, rms, slope_of_halves, upper


def test_currents_beside_a_plane_are_those_of_their_own_side() -> None:
    field = filled((cube(3.0, 0.2),), halves, upper)
    given = {
        "CSF": Conductivity(1.7, 1.7, "a choice", verified=False),
        "White": Conductivity(0.25, 0.25, "a choice", verified=False),
    }
    sigma = tensors(field, given, {})
    for distance, value in ((-0.1, 0.25), (0.25, 1.7)):
        points = beside_plane(distance)
        true = -value * slope_of_halves(points)
        assert rms(current_density(field, points, sigma)[0] - true) < 0.05 * rms(true)


def test_tensors_lie_along_the_fibres() -> None:
    field = filled((cube(1.0, 0.4),), point_source, lambda x: np.full(len(x), 2))
    white = Conductivity(0.6, 0.083, "a choice", verified=False)
    axis = np.array([0.6, 0.0, 0.8])
    at = tensors(field, {"White": white}, {"White": lambda x: np.broadcast_to(axis, x.shape)})
    sigma = at(np.array([[0.1, 0.2, 0.3], [50, 0, 0]]))
    assert np.allclose(sigma[0] @ axis, 0.6 * axis)
    assert np.allclose(np.linalg.eigvalsh(sigma[0]), [0.083, 0.083, 0.6])
    assert not sigma[1].any()
    with pytest.raises(InputError, match="direction of White: none given"):
        tensors(field, {"White": white}, {})(np.zeros((1, 3)))
    with pytest.raises(InputError, match="conductivity of White: none given"):
        tensors(field, {}, {})(np.zeros((1, 3)))


def test_a_tissue_without_a_name_is_refused_in_a_line() -> None:
    field = filled((cube(1.0, 0.4),), point_source, lambda x: np.full(len(x), 255))
    with pytest.raises(InputError, match=r"^tissue 255 of the lead field: has no name; expected one of the \d numbers"):
        tensors(field, {}, {})(np.zeros((1, 3)))


def test_tensors_of_another_shape_are_refused() -> None:
    field = filled((cube(2.0, 0.4),), point_source)
    with pytest.raises(InputError, match=r"got \(3, 3\), expected tensors \(2, 3, 3\)"):
        current_density(field, np.zeros((2, 3)), lambda x: np.eye(3))
