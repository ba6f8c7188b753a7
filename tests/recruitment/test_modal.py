"""The fast engine: the direct one's results, whatever runs beside."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from spinemodel.errors import InputError
from spinemodel.recruitment import _modal_lanes, direct, modal
from spinemodel.recruitment.axons import Axons, Ends
from spinemodel.recruitment.geometry import PERIOD, centres_um, mrg_geometry
from spinemodel.recruitment.modal import Modal
from spinemodel.recruitment.propagation import WALK, walks
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic, train
from spinemodel.recruitment.search import find_thresholds

CPU = Modal("cpu")
OHM_M = 3.0


def under_a_point(diameter_um: ArrayLike, nodes: ArrayLike, mm: ArrayLike, ends: Ends = "continued") -> Axons:
    """Straight axons at distances from a point that draws 1 mA from a homogeneous medium, a fifth of a period off."""
    geometry = mrg_geometry(diameter_um)
    nodes, mm = (np.broadcast_to(one, len(geometry)) for one in (nodes, mm))
    period = geometry.spacing_um[:, None, None] * np.arange(nodes.max())[:, None]
    x = (period + centres_um(geometry)[:, None]).reshape(len(geometry), -1)[:, : PERIOD * (nodes.max() - 1) + 1] * 1e-3
    off = x - ((nodes // 2 + 0.2) * geometry.spacing_um * 1e-3)[:, None]
    own = np.arange(x.shape[1]) <= PERIOD * (nodes[:, None] - 1)
    mV = np.where(own, -OHM_M / (4 * np.pi * np.hypot(off, mm[:, None]) * 1e-3), np.nan)
    return Axons("mrg", geometry, nodes, mV, ends)


def several(n: int, seed: int = 0) -> tuple[Axons, NDArray[np.int64], NDArray[np.float64]]:
    """Axons of all sizes and lengths, as lanes, with amplitudes about their thresholds."""
    rng = np.random.default_rng(seed)
    mm = rng.uniform(0.5, 3, n)
    axons = under_a_point(rng.uniform(2, 16, n), rng.integers(15, 30, n), mm)
    return axons, np.arange(n), rng.uniform(0.05, 0.4, n) * mm**1.5


CASES: list[tuple[float, int, float, float, Pulse, Ends]] = [
    (10.0, 21, 1.0, 0.2, monophasic(0.2), "continued"),
    (2.0, 17, 0.7, -3.0, biphasic(0.1, gap_ms=0.053), "continued"),
    (16.0, 15, 3.0, 1.2, monophasic(0.1234, delay_ms=0.05), "sealed"),
    (5.6, 31, 0.5, 0.7, biphasic(0.2, recovery=0.5), "sealed"),
]


@pytest.mark.parametrize(("diameter", "nodes", "mm", "mA", "pulse", "ends"), CASES)
def test_in_double_precision_it_is_the_direct_engine(
    diameter: float, nodes: int, mm: float, mA: float, pulse: Pulse, ends: Ends
) -> None:
    axons = under_a_point([diameter], nodes, mm, ends)
    true = direct.traces(axons, 0, mA, pulse, end_ms=1.0)
    assert true.max() > 0
    np.testing.assert_allclose(modal.traces(axons, 0, mA, pulse, end_ms=1.0, double=True), true, rtol=0, atol=1e-6)
    np.testing.assert_allclose(modal.traces(axons, 0, mA, pulse, end_ms=1.0), true, rtol=0, atol=0.05)


@pytest.mark.parametrize("step_ms", [0.01, 0.0025])
def test_it_is_the_direct_engine_at_other_steps(step_ms: float) -> None:
    axons = under_a_point([8.0], 15, 1.0)
    one, other = (
        function(axons, 0, 0.4, monophasic(0.1), step_ms=step_ms, end_ms=0.4, **options)
        for function, options in ((direct.traces, {}), (modal.traces, {"double": True}))
    )
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-6)


def test_nodes_fire_when_they_do_in_the_direct_engine() -> None:
    axons, lanes, amplitude = several(8)
    pulse = biphasic(0.1)
    true = direct.Direct().run(axons, lanes, amplitude, pulse, end_ms=1.0).first_ms
    found = CPU.run(axons, lanes, amplitude, pulse, end_ms=1.0).first_ms
    assert 2 <= np.isfinite(true).any(axis=1).sum() <= 7
    np.testing.assert_allclose(found, true, rtol=0, atol=1e-4)


def test_thresholds_are_those_of_the_direct_engine() -> None:
    axons = under_a_point([3.0, 9.0, 15.5], [15, 17, 15], [0.8, 1.5, 4.0])
    fine = {"up_to_mA": 50.0, "tolerance": 1e-4}
    true = find_thresholds(axons, biphasic(0.2), direct.Direct(), **fine).threshold_mA
    found = find_thresholds(axons, biphasic(0.2), CPU, **fine).threshold_mA
    np.testing.assert_allclose(found, true, rtol=2e-4)


def test_lanes_know_nothing_of_each_other() -> None:
    axons, lanes, amplitude = several(150)
    watch = np.stack([np.full(150, 3), axons.nodes - 4], axis=1)
    together = CPU.run(axons, lanes, amplitude, monophasic(0.2), watch=watch).first_ms
    for some in ([7], [149, 3, 20], list(range(40, 63))):
        apart = CPU.run(axons, lanes[some], amplitude[some], monophasic(0.2), watch=watch).first_ms
        np.testing.assert_array_equal(apart, together[some])
    again = CPU.run(axons.take(lanes[::-1]), lanes, amplitude[::-1], monophasic(0.2), watch=watch[::-1]).first_ms
    np.testing.assert_array_equal(again[::-1], together)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    axons, lanes, amplitude = several(40)
    found = []
    for cores in (1, 2, 7):
        monkeypatch.setattr(modal.os, "cpu_count", lambda cores=cores: cores)
        found.append(CPU.run(axons, lanes, amplitude, monophasic(0.2)).first_ms)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_lane_is_left_when_a_watched_node_has_fired() -> None:
    axons = under_a_point([10.0, 10.0], 41, 1.0)
    lanes, amplitude, watch = np.arange(2), np.array([0.3, 0.01]), np.array([[14, 40], [14, 40]])
    whole = CPU.run(axons, lanes, amplitude, monophasic(0.1)).first_ms
    left = CPU.run(axons, lanes, amplitude, monophasic(0.1), watch=watch).first_ms
    assert np.isfinite(whole[0, 1:-1]).all()
    assert left[0, 14] == whole[0, 14] < np.inf == left[0, 1]
    told = np.isfinite(left)
    np.testing.assert_array_equal(left[told], whole[told])
    assert np.isinf(left[1]).all()


def test_a_lane_is_left_when_a_spike_has_walked() -> None:
    axons = under_a_point([10.0, 10.0, 10.0], [81, 61, 61], 1.0)
    lanes, amplitude = np.arange(3), np.array([0.3, 0.3, 0.01])
    whole, left, far = (
        CPU.run(axons, lanes, amplitude, monophasic(0.1), walk=nodes).first_ms for nodes in (0, WALK, 81)
    )
    told = np.isfinite(left)
    np.testing.assert_array_equal(left[told], whole[told])
    np.testing.assert_array_equal(far, whole)
    assert walks(left).tolist() == [True, True, False]
    assert (told.sum(axis=1) < np.isfinite(whole).sum(axis=1)).tolist() == [True, True, False]


def test_lanes_that_are_left_quiet_would_not_have_fired(monkeypatch: pytest.MonkeyPatch) -> None:
    axons, lanes, _ = several(60, seed=3)
    pulse = biphasic(0.1, gap_ms=0.05)
    threshold = find_thresholds(axons, pulse, CPU, up_to_mA=50.0).threshold_mA
    assert np.isfinite(threshold).all()
    for share in (0.9, 0.998, 1.0):
        left = CPU.run(axons, lanes, share * threshold, pulse).first_ms
        with monkeypatch.context() as patch:
            patch.setattr(_modal_lanes, "QUIET_MV", 0.0)
            whole = CPU.run(axons, lanes, share * threshold, pulse).first_ms
        np.testing.assert_array_equal(left, whole)


def test_a_train_fires_at_its_first_pulse_that_reaches_threshold() -> None:
    axons = under_a_point([12.0], 21, 1.0)
    once = CPU.run(axons, np.zeros(1, np.int64), np.array([0.3]), monophasic(0.1, delay_ms=2.0)).first_ms
    pulse = train(monophasic(0.1), 500.0, 2)
    weak_then_strong = Pulse("weak, then strong", pulse.edges_ms, pulse.levels * [0.01, 0.0, 1.0])
    twice = CPU.run(axons, np.zeros(1, np.int64), np.array([0.3]), weak_then_strong).first_ms
    assert once.min() > 2
    np.testing.assert_allclose(twice, once, atol=2e-3)


def test_no_lanes_take_no_time() -> None:
    axons, lanes, amplitude = several(3)
    assert CPU.run(axons, lanes[:0], amplitude[:0], monophasic(0.1)).first_ms.shape == (0, axons.nodes.max())


def test_axons_of_other_models_are_refused() -> None:
    axons = under_a_point([10.0], 15, 1.0)
    other = Axons("gaines-motor", axons.geometry, axons.nodes, axons.potential)
    with pytest.raises(InputError, match="direct engine"):
        CPU.run(other, np.zeros(1, np.int64), np.ones(1), monophasic(0.1))
