"""Models of axons other than MRG, and the channels of all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.recruitment._membranes import HIGH_MV, LOW_MV, Channels, move
from spinemodel.recruitment.axons import Axons, Model
from spinemodel.recruitment.direct import Direct, traces
from spinemodel.recruitment.geometry import mrg_geometry
from spinemodel.recruitment.models import MEMBRANES
from spinemodel.recruitment.pulse import monophasic
from spinemodel.recruitment.sweeney import sweeney_geometry
from tests.recruitment.point_sources import beside_source, fires

TEN = mrg_geometry([10.0], "table")
RESTS_MV = {"mrg": -79.96, "sweeney": -80.0, "gaines-motor": -85.9411, "gaines-sensory": -79.3565}
"""Where public models begin, which is where they rest but for hundredths of a mV."""


def axons_of(model: Model) -> Axons:
    return beside_source(model, sweeney_geometry([10.0]) if model == "sweeney" else TEN)


@pytest.mark.parametrize("model", MEMBRANES)
def test_models_rest_where_they_should_and_stay_there(model: Model) -> None:
    trace = traces(axons_of(model), 0, 0.0, monophasic(0.1), end_ms=3.0)
    assert trace[0, 20] == pytest.approx(RESTS_MV[model], abs=0.03)
    assert trace == pytest.approx(np.tile(trace[0], (len(trace), 1)), abs=1e-8)


@pytest.mark.parametrize("model", MEMBRANES)
def test_spikes_rise_from_one_place_and_travel(model: Model) -> None:
    first = Direct().run(axons_of(model), np.zeros(1, int), np.array([0.6]), monophasic(0.1)).first_ms[0]
    assert np.argmin(first) == 20
    assert (np.diff(first[20:-1]) > 0).all()
    velocity = 10 * axons_of(model).geometry.spacing_um[0] * 1e-3 / (first[35] - first[25])
    assert 40 < velocity < 60


def test_sensory_axons_fire_more_easily_than_motor_ones() -> None:
    """Gaines et al. 2018: HCN keeps sensory axons less polarised."""
    fired = {}
    for model in ("gaines-motor", "gaines-sensory"):
        axons = replace(axons_of("mrg"), model=model)
        fired[model] = fires(axons, np.zeros(2, int), np.array([0.19, 0.24]), monophasic(0.1)).tolist()
    assert fired == {"gaines-motor": [False, False], "gaines-sensory": [False, True]}


def test_sweeney_s_axons_are_similar() -> None:
    """Conductance along the axon and surface of the node grow alike with the fibre: in equal potentials all are one."""
    geometry = sweeney_geometry([5.0, 10.0, 20.0])
    potential = -60.0 / np.hypot(1.0, np.arange(31) - 12.0)
    axons = Axons("sweeney", geometry, np.full(3, 31), np.tile(potential, (3, 1)), "sealed")
    first = Direct().run(axons, np.arange(3), np.full(3, 2.0), monophasic(0.1)).first_ms
    assert np.isfinite(first[:, 1:-1]).all()
    assert first == pytest.approx(np.tile(first[0], (3, 1)), rel=1e-5)


@pytest.mark.parametrize("model", MEMBRANES)
def test_gates_move_as_their_rates_tell(model: Model) -> None:
    """What tables are asked for between rows is what the rates give there."""
    step, membranes = 0.005, MEMBRANES[model]
    tables = membranes.tables(step)
    for which, rates in enumerate(membranes.rates):
        channels = Channels(np.zeros(1, int), np.ones(1, int), np.array([which]), np.zeros((1, 4)), tables)
        for v in np.random.default_rng(1).uniform(-200, 100, 60):
            gates = np.full((1, tables.shape[2]), 0.3)
            move(v, gates, 0, channels, False)
            opening, closing = rates(np.array([v]))[:, :, 0].T
            settled = opening / (opening + closing)
            exact = settled + (0.3 - settled) * np.exp(-step * (opening + closing))
            assert gates[0, : len(exact)] == pytest.approx(exact, abs=1e-6)
            move(v, gates, 0, channels, True)
            if -120 < v < 60:
                assert gates[0, : len(exact)] == pytest.approx(settled, abs=5e-5)


@pytest.mark.parametrize("beyond", [(LOW_MV, LOW_MV - 500), (HIGH_MV, HIGH_MV + 1e6)])
def test_beyond_the_tables_gates_move_as_at_their_end(beyond: tuple[float, float]) -> None:
    tables = MEMBRANES["mrg"].tables(0.005)
    channels = Channels(np.zeros(1, int), np.ones(1, int), np.zeros(1, int), np.zeros((1, 4)), tables)
    both = []
    for v in beyond:
        gates = np.full((1, 4), 0.5)
        move(v, gates, 0, channels, False)
        both.append(gates)
    assert (both[0] == both[1]).all()
