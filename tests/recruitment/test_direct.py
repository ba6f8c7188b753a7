"""The direct engine, beside what NEURON was seen to do, and beside what must hold of any solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.errors import ConvergenceError
from spinemodel.recruitment import direct
from spinemodel.recruitment._direct_kernels import rest
from spinemodel.recruitment._double_cable import solve
from spinemodel.recruitment._membranes import conduct
from spinemodel.recruitment.direct import Direct, traces
from spinemodel.recruitment.engine import FIRES_MV
from spinemodel.recruitment.geometry import mrg_geometry
from spinemodel.recruitment.propagation import WALK, walks
from spinemodel.recruitment.pulse import biphasic, monophasic
from tests.recruitment.point_sources import (
    BETWEEN_MA,
    FAR_MA,
    NODES,
    THRESHOLDS_MA,
    VELOCITY_M_PER_S,
    WIDTHS_MS,
    beside_source,
    fires,
    thresholds,
)

DIAMETERS = list(THRESHOLDS_MA)
GEOMETRY = mrg_geometry(DIAMETERS, "table")
OVER_NODE = beside_source("mrg", GEOMETRY)
TEN = np.array([DIAMETERS.index(10.0)])
NO_CURRENT = monophasic(0.1)


def bracketed(axons: direct.Axons, known: dict[float, float], width_ms: float) -> None:
    """Assert that thresholds lie within 0.5 % of the known ones: a spike arrives over that, and none does under it."""
    both = np.concatenate([factor * np.array(list(known.values())) for factor in (0.995, 1.005)])
    fired = fires(axons, np.tile(np.arange(len(axons)), 2), both, monophasic(width_ms))
    assert fired.tolist() == [False] * len(axons) + [True] * len(axons)


@pytest.mark.parametrize("width", range(len(WIDTHS_MS)), ids=[f"{width:g} ms" for width in WIDTHS_MS])
def test_thresholds_over_a_node_are_known(width: int) -> None:
    bracketed(OVER_NODE, {one: values[width] for one, values in THRESHOLDS_MA.items()}, WIDTHS_MS[width])


def test_thresholds_far_off_are_known() -> None:
    bracketed(beside_source("mrg", GEOMETRY, height_mm=3.0), FAR_MA, 0.2)


def test_thresholds_between_nodes_are_known() -> None:
    bracketed(beside_source("mrg", GEOMETRY, past=0.5), BETWEEN_MA, 0.2)


def test_velocities_are_known() -> None:
    """Of steps of 5 and 2.5 us, extrapolated to none: the error is of first order."""
    both = []
    for step_ms in (0.005, 0.0025):
        amplitudes = 1.3 * np.array([values[1] for values in THRESHOLDS_MA.values()])
        axon = np.arange(len(OVER_NODE))
        first = Direct().run(OVER_NODE, axon, amplitudes, monophasic(0.1), step_ms=step_ms, end_ms=1.6).first_ms
        both.append(8e-3 * GEOMETRY.spacing_um / (first[:, 35] - first[:, 27]))
    assert 2 * both[1] - both[0] == pytest.approx(list(VELOCITY_M_PER_S.values()), rel=0.02)


def test_nodes_rest_where_they_should_and_stay_there() -> None:
    trace = traces(OVER_NODE, TEN[0], 0.0, NO_CURRENT, end_ms=5.0)
    assert trace[0, NODES // 2] == pytest.approx(-79.96, abs=5e-3)
    assert trace == pytest.approx(np.tile(trace[0], (len(trace), 1)), abs=1e-8)
    # The end nodes draw towards -70 mV, and their neighbours with them.
    assert (np.diff(trace[0, :5]) < 0).all()


@pytest.mark.parametrize("model", ["mrg", "gaines-motor", "gaines-sensory"])
def test_no_current_gets_lost_at_rest(model: direct.Axons) -> None:
    """What comes along the axon leaves through the membrane, and what comes along the gap through the myelin."""
    solver = direct._Solver.of(replace(OVER_NODE, model=model), NO_CURRENT, 0.005, None)
    m = 11 * (NODES - 1) + 1
    line, channels = solver._line(3, m), solver._channels(3, m)
    x, gates = np.empty((2, m)), np.zeros((len(channels.places), solver.tables.shape[2]))
    assert rest(line, channels, x, gates)
    through = line.leak[0] * (x[0] - x[1]) - line.leak[1]
    for i, j in enumerate(channels.places):
        conductance, constant = conduct(gates, i, channels)
        through[j] += conductance * (x[0, j] - x[1, j]) - constant
    arrived = -np.diff(line.along * -np.diff(x, axis=1), axis=1, prepend=0, append=0)
    largest = np.abs(line.along * np.diff(x, axis=1)).max()
    assert arrived[0] == pytest.approx(through, abs=1e-7 * largest)
    assert arrived[1] + through == pytest.approx(line.myelin * x[1], abs=1e-7 * largest)


def test_the_elimination_solves_the_system() -> None:
    rng = np.random.default_rng(5)
    for m in (3, 4, 23, 34):
        along, across, outward, right = (rng.uniform(0.5, 2, s) for s in ((2, m - 1), (m,), (2, m), (2, m)))
        outward[:, :-1] += along
        outward[:, 1:] += along
        x = np.empty((2, m))
        solve(along, across, outward, right, x, np.empty((m, 5)))
        blocks = [
            np.diag(across + outward[row]) - np.diag(along[row], 1) - np.diag(along[row], -1) for row in range(2)
        ]
        matrix = np.block([[blocks[0], -np.diag(across)], [-np.diag(across), blocks[1]]])
        assert x.ravel() == pytest.approx(np.linalg.solve(matrix, right.ravel()), rel=1e-12)


def test_thresholds_order_fibres_widths_and_distances() -> None:
    diameters = [6.0, 9.0, 12.0, 15.5]
    found = {
        (height, width): thresholds(
            beside_source("mrg", mrg_geometry(diameters), height_mm=height, nodes=21), monophasic(width), tolerance=0.01
        )
        for height in (1.0, 2.0)
        for width in (0.1, 0.4)
    }
    for values in found.values():
        assert (np.diff(values) < 0).all()
    for height in (1.0, 2.0):
        assert (found[height, 0.4] < found[height, 0.1]).all()
    for width in (0.1, 0.4):
        assert (found[2.0, width] > 2 * found[1.0, width]).all()


def test_resistivity_and_current_trade_off() -> None:
    twice = beside_source("mrg", GEOMETRY, rho_ohm_cm=600.0)
    lane = np.arange(len(OVER_NODE))
    ours, theirs = (
        Direct().run(axons, lane, np.full(len(lane), mA), monophasic(0.2)).first_ms
        for axons, mA in ((OVER_NODE, 0.4), (twice, 0.2))
    )
    assert np.isfinite(ours[:, 1:-1]).all()
    assert theirs == pytest.approx(ours, rel=1e-6)


def test_errors_are_of_first_order_in_the_step() -> None:
    axons = beside_source("mrg", GEOMETRY.take(TEN), nodes=21)
    coarse, middle, fine = (
        thresholds(axons, monophasic(0.1), step_ms, tolerance=2e-5)[0] for step_ms in (0.02, 0.01, 0.005)
    )
    assert (coarse - middle) / (middle - fine) == pytest.approx(2.0, rel=0.1)
    exact = 2 * fine - middle
    assert 1.008 < fine / exact < 1.02
    assert 2 * middle - coarse == pytest.approx(exact, rel=3e-3)


def test_spikes_run_both_ways_at_the_same_pace() -> None:
    first = Direct().run(OVER_NODE, TEN, np.array([0.4]), monophasic(0.1)).first_ms[0]
    assert first[1:-1] == pytest.approx(first[-2:0:-1], abs=1e-6)
    assert (np.diff(first[NODES // 2 : -1]) > 0).all()


def test_times_are_those_of_the_traces() -> None:
    first = Direct().run(OVER_NODE, TEN, np.array([0.3]), monophasic(0.2)).first_ms[0]
    trace = traces(OVER_NODE, TEN[0], 0.3, monophasic(0.2))
    for node in (5, 20, 30):
        after = np.argmax(trace[:, node] >= FIRES_MV)
        at = np.interp(FIRES_MV, trace[after - 1 : after + 1, node], [after - 1, after])
        assert first[node] == pytest.approx(0.005 * at, rel=1e-6)


def test_a_watched_lane_ends_early_and_tells_the_same_until_then() -> None:
    watch = np.tile([15, 39], (len(OVER_NODE), 1))
    amplitude = np.array([0.4])
    all_told = Direct().run(OVER_NODE, TEN, amplitude, NO_CURRENT).first_ms[0]
    some = Direct().run(OVER_NODE, TEN, amplitude, NO_CURRENT, watch=watch).first_ms[0]
    told = np.isfinite(some)
    assert told[15:26].all()
    assert not told[:12].any()
    assert (some[told] == all_told[told]).all()


def test_a_lane_whose_spike_has_walked_ends_early_and_tells_the_same_until_then() -> None:
    amplitude = np.array([0.4])
    all_told = Direct().run(OVER_NODE, TEN, amplitude, NO_CURRENT).first_ms
    some = Direct().run(OVER_NODE, TEN, amplitude, NO_CURRENT, walk=WALK).first_ms
    told = np.isfinite(some)
    assert walks(some).all()
    assert told.sum() < np.isfinite(all_told).sum()
    assert (some[told] == all_told[told]).all()


def test_lanes_do_not_know_of_each_other() -> None:
    """Axons of different lengths, in any order, as alone."""
    axons = replace(OVER_NODE, nodes=np.linspace(21, 41, len(OVER_NODE)).astype(int))
    lane = np.array([8, 0, 3, 3, 1, 7, 5])
    amplitude = np.linspace(0.1, 0.9, 7)
    together = Direct().run(axons, lane, amplitude, biphasic(0.1)).first_ms
    for i in (0, 2, 6):
        alone = Direct().run(axons, lane[i : i + 1], amplitude[i : i + 1], biphasic(0.1)).first_ms
        assert (together[i] == alone[0]).all()
    assert np.isinf(together[1, 21:]).all()


def test_nothing_fires_without_current_or_lanes() -> None:
    assert np.isinf(Direct().run(OVER_NODE, TEN, np.zeros(1), NO_CURRENT).first_ms).all()
    assert Direct().run(OVER_NODE, TEN[:0], np.zeros(0), NO_CURRENT).first_ms.shape == (0, NODES)


def test_axons_without_rest_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "rest", lambda *_: False)
    with pytest.raises(ConvergenceError, match="axon 3 of 10 um: no state of rest"):
        traces(OVER_NODE, 3, 0.1, NO_CURRENT)
