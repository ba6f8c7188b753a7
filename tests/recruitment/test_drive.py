from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.cable import mrg_cable
from spinemodel.recruitment.drive import drive
from spinemodel.recruitment.geometry import mrg_geometry
from spinemodel.recruitment.sweeney import sweeney_cable, sweeney_geometry

GEOMETRY = mrg_geometry([8.7, 12.8], "table")
CABLE = mrg_cable(GEOMETRY)
OWN = (45, 34)
POTENTIAL = np.random.default_rng(3).normal(size=(2, 50))
SEALED = Axons("mrg", GEOMETRY, np.array([5, 4]), POTENTIAL, "sealed")


def test_drive_is_the_difference_matrix_times_the_potential() -> None:
    driven = drive(SEALED, CABLE)
    for axon, m in enumerate(OWN):
        for along, current, open_at in (
            (CABLE.axial_uS, driven.inside_nA, slice(0)),
            (CABLE.gap_uS, driven.under_nA, slice(0, m, 11)),
        ):
            step = np.diff(np.eye(m), axis=0)
            expected = -step.T @ (along[axon, np.arange(m - 1) % 11, None] * step) @ POTENTIAL[axon, :m]
            expected[open_at] = 0.0
            assert current[axon, :m] == pytest.approx(expected, abs=1e-12)
            assert (current[axon, m:] == 0).all()


def test_sealed_axons_take_up_as_much_as_they_give() -> None:
    assert drive(SEALED, CABLE).inside_nA.sum(axis=1) == pytest.approx([0, 0], abs=1e-12)


def test_only_the_ends_know_whether_the_axon_goes_on() -> None:
    sealed, continued = drive(SEALED, CABLE), drive(replace(SEALED, ends="continued"), CABLE)
    for axon, m in enumerate(OWN):
        assert (continued.inside_nA[axon, 1 : m - 1] == sealed.inside_nA[axon, 1 : m - 1]).all()
    assert (continued.under_nA == sealed.under_nA).all()


def test_a_constant_potential_drives_nothing() -> None:
    driven = drive(replace(SEALED, potential=np.full((2, 50), 7.0)), CABLE)
    assert (driven.inside_nA == 0).all()
    assert (driven.under_nA == 0).all()


def test_a_constant_slope_drives_only_the_sealed_ends_of_a_uniform_axon() -> None:
    geometry = sweeney_geometry([10.0])
    axons = Axons("sweeney", geometry, np.array([6]), np.arange(6.0)[None], "sealed")
    conductance = sweeney_cable(geometry).axial_uS[0, 0]
    current = drive(axons, sweeney_cable(geometry)).inside_nA[0]
    assert current == pytest.approx(conductance * np.array([1, 0, 0, 0, 0, -1]), abs=1e-12)


@pytest.mark.parametrize(
    ("cable", "geometry", "model"),
    [(mrg_cable, mrg_geometry([8.7, 12.8]), "mrg"), (sweeney_cable, sweeney_geometry([10.0, 5.0]), "sweeney")],
)
def test_a_constant_slope_leaves_the_ends_of_continued_axons_alone(cable, geometry, model) -> None:
    periods = cable(geometry)
    k = periods.axial_uS.shape[1]
    axons = Axons(model, geometry, np.array([4, 4]), np.tile(np.arange(3.0 * k + 1), (2, 1)))
    inside = drive(axons, periods).inside_nA
    for axon, along in enumerate(periods.axial_uS):
        # Share of a current into a compartment that reaches the internode's first node, where both nodes are held.
        to_last = np.concatenate([[0], np.cumsum(1 / along) / (1 / along).sum()])
        to_first = 1 - to_last
        assert inside[axon, : k + 1] @ to_first == pytest.approx(0, abs=1e-12)
        assert inside[axon, -k - 1 :] @ to_last == pytest.approx(0, abs=1e-12)


def test_what_lies_beyond_an_axon_is_not_read() -> None:
    beyond = POTENTIAL.copy()
    for axon, m in enumerate(OWN):
        beyond[axon, m:] = np.nan
    assert (drive(replace(SEALED, potential=beyond), CABLE).inside_nA == drive(SEALED, CABLE).inside_nA).all()
