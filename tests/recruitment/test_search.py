from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.errors import ConvergenceError, InputError
from spinemodel.recruitment.engine import STEP_MS
from spinemodel.recruitment.pulse import Pulse, monophasic
from spinemodel.recruitment.search import find_thresholds
from spinemodel.recruitment.thresholds import Outcome
from tests.recruitment.toy_engine import FIRES_MV, HOP_MS, Toy, toy_axons

PULSE = monophasic(0.2)


def bent(at: int, nodes: int = 41, bend: float = 2.0) -> np.ndarray:
    """Potential at nodes with a second difference ``bend`` at one of them, and none elsewhere."""
    return bend * np.maximum(np.arange(nodes) - at, 0.0)


def test_thresholds_sites_and_latencies_are_those_of_the_toy() -> None:
    axons = toy_axons(np.stack([bent(20), bent(9, bend=0.1), bent(31, bend=37.0)]))
    toy = Toy()
    found = find_thresholds(axons, PULSE, toy, up_to_mA=200)
    exact = FIRES_MV / np.array([2.0, 0.1, 37.0])
    assert found.outcome.tolist() == [Outcome.ACTIVATED] * 3
    assert (found.threshold_mA >= exact).all()
    assert (found.threshold_mA <= exact * 1.001).all()
    assert found.site_node.tolist() == [20, 9, 31]
    assert found.latency_ms == pytest.approx(0.1 - 1e-4 * 1.1 * FIRES_MV, abs=2e-5)
    assert toy.lanes <= 3 * 15


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-4, 1e4), st.integers(2, 38), st.floats(1e-5, 0.1))
def test_brackets_are_as_narrow_as_told(bend: float, at: int, tolerance: float) -> None:
    found = find_thresholds(toy_axons(bent(at, bend=bend)[None]), PULSE, Toy(), up_to_mA=1e9, tolerance=tolerance)
    assert found.site_node[0] == at
    assert 1 <= found.threshold_mA[0] * bend / FIRES_MV <= 1 + tolerance


def test_what_needs_more_is_not_activated_and_only_just_less_is() -> None:
    axons = toy_axons(np.stack([bent(20), np.zeros(41), bent(20, bend=1.999)]))
    found = find_thresholds(axons, PULSE, Toy(), up_to_mA=FIRES_MV / 2.0)
    assert found.outcome.tolist() == [Outcome.ACTIVATED, Outcome.NOT_ACTIVATED, Outcome.NOT_ACTIVATED]
    assert found.threshold_mA[0] == pytest.approx(FIRES_MV / 2.0)
    assert np.isnan(found.threshold_mA[1:]).all()
    assert np.isnan(found.latency_ms[1:]).all()
    assert found.site_node[1:].tolist() == [-1, -1]
    assert found.activated_mA.tolist() == [found.threshold_mA[0], np.inf, np.inf]


def test_a_fibre_that_larger_amplitudes_block_has_its_threshold() -> None:
    walled = bent(20) - 0.6 * bent(16) / 2 - 0.6 * bent(24) / 2
    found = find_thresholds(toy_axons(walled[None]), PULSE, Toy(blocks_mV=FIRES_MV * 0.5), up_to_mA=1000)
    assert found.outcome.tolist() == [Outcome.ACTIVATED]
    assert found.threshold_mA[0] == pytest.approx(FIRES_MV / 2.0, rel=1e-3)


def test_the_search_goes_down_from_a_guess_that_already_blocks() -> None:
    walled = bent(20, bend=30.0) + bent(12, bend=-9.0) + bent(28, bend=-9.0)
    late = Pulse("late", np.array([0.0, 10.0]), np.array([1.0]))
    axons = toy_axons(walled[None])
    found = find_thresholds(axons, late, Toy(blocks_mV=6.0), up_to_mA=1000)
    assert found.threshold_mA[0] == pytest.approx(FIRES_MV / 30.0, rel=1e-3)
    high = find_thresholds(axons, monophasic(0.001), Toy(blocks_mV=6.0), up_to_mA=1000)
    assert high.threshold_mA[0] == pytest.approx(found.threshold_mA[0], rel=1e-3)


def test_spikes_that_arrive_nowhere_are_blocked() -> None:
    walled = bent(20) - bent(16) / 2 - bent(24) / 2
    found = find_thresholds(toy_axons(walled[None]), PULSE, Toy(blocks_mV=FIRES_MV * 0.2), up_to_mA=1000)
    assert found.outcome.tolist() == [Outcome.BLOCKED]
    assert np.isnan(found.threshold_mA[0])
    assert found.site_node.tolist() == [-1]


def test_a_spike_blocked_on_one_side_arrives_on_the_other_however_long_the_way() -> None:
    nodes = 301
    one_sided = bent(20, nodes) - 0.6 * bent(14, nodes)
    found = find_thresholds(toy_axons(one_sided[None]), PULSE, Toy(blocks_mV=FIRES_MV * 0.2), up_to_mA=100)
    assert found.outcome.tolist() == [Outcome.ACTIVATED]


def test_a_block_far_from_the_site_is_found() -> None:
    """Walls some 60 nodes away stop spikes from 6 mA on, where the site itself needs 5; a second site needs 9."""
    nodes = 301
    walled = bent(150, nodes) - bent(90, nodes, 0.5) - bent(210, nodes, 0.5) + bent(20, nodes, 10 / 9.0)
    found = find_thresholds(toy_axons(walled[None]), PULSE, Toy(blocks_mV=2.0), up_to_mA=100)
    assert found.outcome.tolist() == [Outcome.ACTIVATED]
    assert found.threshold_mA[0] == pytest.approx(9.0, rel=1e-3)
    open_at_5 = find_thresholds(toy_axons(walled[None]), PULSE, Toy(blocks_mV=3.0), up_to_mA=100)
    assert open_at_5.threshold_mA[0] == pytest.approx(5.0, rel=1e-3)


@pytest.mark.parametrize(("at", "outcome"), [(1, Outcome.AT_END), (2, Outcome.ACTIVATED), (3, Outcome.ACTIVATED),
                                             (38, Outcome.ACTIVATED), (39, Outcome.AT_END)])  # fmt: skip
def test_sites_beside_an_end_are_the_end_s(at: int, outcome: Outcome) -> None:
    found = find_thresholds(toy_axons(bent(at)[None]), PULSE, Toy(), up_to_mA=100)
    assert found.outcome.tolist() == [outcome]
    assert found.site_node.tolist() == [at]
    assert found.threshold_mA[0] == pytest.approx(FIRES_MV / 2.0, rel=1e-3)


def test_a_slope_fires_a_sealed_end_and_not_one_that_goes_on() -> None:
    slope = np.arange(41.0)[None]
    sealed = find_thresholds(toy_axons(slope, "sealed"), PULSE, Toy(), up_to_mA=1000)
    assert sealed.outcome.tolist() == [Outcome.AT_END]
    assert sealed.threshold_mA[0] == pytest.approx(FIRES_MV, rel=1e-3)
    continued = find_thresholds(toy_axons(slope), PULSE, Toy(), up_to_mA=1000)
    assert continued.outcome.tolist() == [Outcome.NOT_ACTIVATED]


def test_fibres_of_any_length_and_those_too_short() -> None:
    potentials = np.stack([bent(5), bent(7), bent(7)])
    potentials[:2, 15:] = np.nan
    found = find_thresholds(toy_axons(potentials, nodes=np.array([14, 15, 41])), PULSE, Toy(), up_to_mA=100)
    assert found.outcome.tolist() == [Outcome.LEFT_OUT, Outcome.ACTIVATED, Outcome.ACTIVATED]


def test_no_fibres_have_no_thresholds() -> None:
    assert len(find_thresholds(toy_axons(np.zeros((0, 41))), PULSE, Toy(), up_to_mA=1)) == 0


def test_the_work_is_some_twelve_runs_a_fibre_and_shrinks_with_those_open() -> None:
    rng = np.random.default_rng(1)
    bends = FIRES_MV / rng.uniform(4.0, 40.0, 200) * 3
    toy = Toy()
    seen: list[int] = []
    axons = toy_axons(np.stack([bent(20, bend=bend) for bend in bends]))
    find_thresholds(axons, PULSE, toy, up_to_mA=100, progress=lambda done, total: seen.append(done))
    assert toy.lanes / 200 < 15
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 200


def test_accurate_thresholds_are_those_of_no_step() -> None:
    axons = toy_axons(np.stack([bent(20), bent(12, bend=0.3), np.zeros(41)]))
    engine = Toy(lags_per_ms=3.0)
    plain = find_thresholds(axons, PULSE, engine, up_to_mA=100)
    assert plain.threshold_mA[0] / 5.0 == pytest.approx(1.015, abs=1e-3)
    found = find_thresholds(axons, PULSE, engine, up_to_mA=100, accurate=True)
    assert found.threshold_mA[:2] == pytest.approx(FIRES_MV / np.array([2.0, 0.3]), rel=1e-3)
    assert found.outcome.tolist() == [Outcome.ACTIVATED, Outcome.ACTIVATED, Outcome.NOT_ACTIVATED]


def test_what_fires_without_current_is_told() -> None:
    class Epileptic(Toy):
        def run(self, axons, axon, amplitude_mA, pulse, **options):  # type: ignore[no-untyped-def]
            return super().run(axons, axon, np.full(len(axon), 100.0), pulse, **options)

    with pytest.raises(ConvergenceError, match="without any current"):
        find_thresholds(toy_axons(bent(20)[None]), PULSE, Epileptic(), up_to_mA=100)


@pytest.mark.parametrize("options", [{"up_to_mA": 0}, {"up_to_mA": np.nan}, {"up_to_mA": 1, "tolerance": 0},
                                     {"up_to_mA": 1, "step_ms": -1}])  # fmt: skip
def test_what_is_not_positive_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected all more than 0"):
        find_thresholds(toy_axons(bent(20)[None]), PULSE, Toy(), **options)


def test_latency_counts_from_the_pulse_s_begin() -> None:
    axons = toy_axons(bent(20)[None])
    found = find_thresholds(axons, monophasic(0.2, delay_ms=0.7), Toy(), up_to_mA=100)
    assert found.latency_ms[0] == pytest.approx(0.1, abs=2e-3)
    assert HOP_MS * 17 > 0.1


def test_latency_does_not_depend_on_the_last_bracket() -> None:
    axons = toy_axons(np.stack([bent(20), np.zeros(41)]))
    wide, narrow = (find_thresholds(axons, PULSE, Toy(), up_to_mA=100, tolerance=one) for one in (0.1, 1e-5))
    exact = FIRES_MV / 2.0
    for found, tolerance in ((wide, 0.1), (narrow, 1e-5)):
        above = found.latency_ms[0] - (0.1 - 1e-4 * 1.1 * 2.0 * found.threshold_mA[0])
        assert above == pytest.approx(0, abs=1e-6)
        assert found.threshold_mA[0] <= exact * (1 + tolerance)
        assert np.isnan(found.latency_ms[1])


def test_what_only_the_coarse_step_fires_is_not_blocked() -> None:
    """Half the step needs a tenth more than the whole one: the last fibre's is then beyond what is tried."""

    class Lags(Toy):
        def run(self, axons, axon, amplitude_mA, pulse, *, step_ms, **options):  # type: ignore[no-untyped-def]
            weaker = 1.0 if step_ms == STEP_MS else 1 / 1.1
            return super().run(axons, axon, amplitude_mA * weaker, pulse, step_ms=step_ms, **options)

    axons = toy_axons(np.stack([bent(20, bend=20.0), bent(20)]))
    found = find_thresholds(axons, PULSE, Lags(), up_to_mA=5.2, accurate=True)
    assert found.outcome.tolist() == [Outcome.ACTIVATED, Outcome.NOT_ACTIVATED]
    assert np.isnan(found.threshold_mA[1])
    assert np.isnan(found.latency_ms[1])
