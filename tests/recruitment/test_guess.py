from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.geometry import centres_um, mrg_geometry
from spinemodel.recruitment.guess import guessed_mA, node_differences, phases
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic, train
from spinemodel.recruitment.search import find_thresholds
from tests.recruitment.toy_engine import toy_axons


def test_differences_of_a_parabola_are_its_bend() -> None:
    parabola = 1.5 * np.arange(20.0) ** 2
    nodes = np.array([20, 12])
    found = node_differences(toy_axons(np.stack([parabola, parabola]), nodes=nodes))
    assert found[0, 1:-1] == pytest.approx(3.0)
    assert found[1, 1:11] == pytest.approx(3.0)
    assert not found[1, 11:].any()
    sealed = node_differences(toy_axons(np.stack([parabola, parabola]), "sealed", nodes))
    assert sealed[0, [0, -1]].tolist() == [1.5, -1.5 * (19**2 - 18**2)]
    assert sealed[1, 11] == -1.5 * (11**2 - 10**2)
    assert sealed.sum(axis=1) == pytest.approx(0, abs=1e-9)


@given(st.floats(0.02, 1.0), st.floats(0.1, 1.0), st.integers(1, 5))
def test_phases_have_their_charge(width: float, recovery: float, count: int) -> None:
    pulse = train(biphasic(width, recovery=recovery), 20.0, count)
    found = phases(pulse)
    assert len(found) == 2
    assert (found[:, 0] * found[:, 1]).sum() == pytest.approx(0, abs=1e-6)
    assert found[1, 1] == pytest.approx(width, abs=1e-6)


def test_many_small_steps_of_one_sign_are_one_phase() -> None:
    ramp = Pulse("ramp", np.linspace(0, 0.2, 21), np.linspace(0.05, 1, 20))
    assert phases(ramp) == pytest.approx(np.array([[1.0, 0.2 * 0.525]]))


def test_a_fibre_that_nothing_drives_has_no_guess() -> None:
    axons = toy_axons(np.stack([np.arange(41.0), np.abs(np.arange(41.0) - 20)]))
    assert np.isinf(guessed_mA(axons, monophasic(0.2))).tolist() == [True, False]
    assert guessed_mA(toy_axons(np.zeros((0, 41))), monophasic(0.2)).shape == (0,)


def test_the_other_phase_may_be_what_activates() -> None:
    axons = toy_axons(-np.abs(np.arange(41.0) - 20)[None])
    assert guessed_mA(axons, biphasic(0.2))[0] < 0.9 * guessed_mA(axons, monophasic(0.2))[0]


@pytest.mark.parametrize("width", [0.05, 0.2, 1.0])
def test_guesses_beside_a_source_are_good(width: float) -> None:
    rng = np.random.default_rng(4)
    geometry = mrg_geometry(rng.uniform(5.0, 16.0, 6))
    k = np.arange(331)
    x = (centres_um(geometry)[:, k % 11] + (k // 11 - 15) * geometry.spacing_um[:, None]) / 1000
    potential = -239 / np.hypot(x, np.geomspace(0.6, 12.0, 6)[:, None])
    axons = Axons("mrg", geometry, np.full(6, 31), potential)
    found = find_thresholds(axons, monophasic(width), engine("direct"), up_to_mA=1000, tolerance=0.02)
    assert guessed_mA(axons, monophasic(width)) == pytest.approx(found.threshold_mA, rel=0.25)
