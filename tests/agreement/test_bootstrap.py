"""Bootstrap intervals against scipy's, against simulated truth, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.agreement.bootstrap import Draws, bootstrap, bootstrap_mean
from spinemodel.errors import InputError

SKEWED = np.random.default_rng(1).gamma(1.5, size=25)


def mean(weights: np.ndarray) -> np.ndarray:
    return weights @ SKEWED / weights.sum(axis=1)


def spread(weights: np.ndarray) -> np.ndarray:
    """Standard deviation, not corrected: biased, so that BCa differs from the percentiles."""
    centre = mean(weights)
    return np.sqrt(weights @ SKEWED**2 / weights.sum(axis=1) - centre**2)


@pytest.mark.parametrize(("ours", "theirs"), [(mean, np.mean), (spread, np.std)])
@pytest.mark.parametrize(("interval", "name"), [("bca", "BCa"), ("percentile", "percentile")])
def test_as_scipy(ours, theirs, interval: str, name: str) -> None:
    found = bootstrap(ours, 25, method="x", draws=Draws(interval, resamples=40_000))
    other = scipy.stats.bootstrap((SKEWED,), theirs, n_resamples=40_000, method=name, rng=2)
    expected = other.confidence_interval
    assert found.value == pytest.approx(theirs(SKEWED))
    # Both draw for themselves: the standard error of a 2.5 % quantile of 40 000 draws is about 1 % of the width.
    tolerance = 0.04 * (expected.high - expected.low)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=tolerance)


def test_bca_moves_the_interval_of_a_biased_statistic_up() -> None:
    bca, plain = (bootstrap(spread, 25, method="x", draws=Draws(name)) for name in ("bca", "percentile"))
    assert bca.low > plain.low
    assert bca.high > plain.high


def test_the_seed_decides() -> None:
    first, again, other = (bootstrap(mean, 25, method="x", draws=Draws(seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)


def test_a_higher_level_is_wider() -> None:
    found = [bootstrap(mean, 25, method="x", draws=Draws(level=level)) for level in (0.5, 0.8, 0.95, 0.99)]
    assert np.all(np.diff([each.low for each in found]) < 0)
    assert np.all(np.diff([each.high for each in found]) > 0)


@settings(max_examples=30)
@given(arrays(float, 12, elements=st.integers(-20, 20).map(float)), st.floats(0.1, 5), st.floats(-5, 5))
def test_an_interval_follows_scale_and_shift(values: np.ndarray, times: float, shift: float) -> None:
    assume(np.ptp(values) > 0)
    one, other = bootstrap_mean(values), bootstrap_mean(values * times + shift)
    assert (one.low * times + shift, one.high * times + shift) == pytest.approx((other.low, other.high), abs=1e-6)


def test_coverage_of_the_mean() -> None:
    held = 0
    for seed in range(300):
        found = bootstrap_mean(np.random.default_rng(seed).normal(2.0, 1.0, 30), draws=Draws(resamples=400))
        held += found.low <= 2.0 <= found.high
    assert 0.91 <= held / 300 <= 0.98  # three standard errors about 0.945, which 30 subjects reach


def offsets(seed: int) -> tuple[np.ndarray, list[str]]:
    """Distances at 20 slices of each of 20 subjects; those of a subject share most of their deviation from 1.5."""
    generator = np.random.default_rng(seed)
    values = 1.5 + generator.normal(0, 0.4, (20, 1)) + generator.normal(0, 0.2, (20, 20))
    return values.ravel(), [f"sub-{n:02}" for n in np.repeat(np.arange(20), 20)]


def test_correlated_offsets_are_drawn_by_subject() -> None:
    held, naive = 0, 0
    for seed in range(200):
        values, subjects = offsets(seed)
        found = bootstrap_mean(values, subjects, draws=Draws(resamples=400))
        held += found.low <= 1.5 <= found.high
        alone = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
        naive += abs(values.mean() - 1.5) <= alone
    assert held / 200 >= 0.89
    assert naive / 200 <= 0.5


def test_subjects_of_unlike_size() -> None:
    found = bootstrap_mean([1.0, 1.0, 1.0, 5.0], ["a", "a", "a", "b"])
    assert (found.value, found.n) == (2.0, 2)
    assert (found.low, found.high) == (1.0, 5.0)


def test_no_interval_without_a_reason() -> None:
    assert "one subject" in bootstrap_mean([1.0, 2.0], ["a", "a"]).reason
    assert "same value" in bootstrap_mean([2.5, 2.5, 2.5]).reason
    assert bootstrap_mean([]).reason == "there is no value"


def test_too_many_undefined_draws() -> None:
    rare = np.array([1.0, 1.0, 1.0, 9.0])

    def without_nine(weights: np.ndarray) -> np.ndarray:
        return np.where(weights[:, 3] > 0, weights @ rare / weights.sum(axis=1), np.nan)

    found = bootstrap(without_nine, 4, method="x")
    assert found.value == 3.0
    assert not found.bounded
    assert found.reason.startswith("undefined in ")  # the fourth is missing from (3/4)^4 of the draws
    assert int(found.reason.split()[2]) == pytest.approx(2000 * 0.75**4, abs=70)


def test_blocks_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bootstrap(mean, 25, method="x")
    monkeypatch.setattr("spinemodel.agreement.bootstrap.AT_ONCE", 25 * 7)
    assert bootstrap(mean, 25, method="x") == whole


def test_refusals() -> None:
    with pytest.raises(InputError, match="finite"):
        bootstrap_mean([1.0, np.nan])
    with pytest.raises(InputError, match="r subjects"):
        bootstrap_mean([1.0, 2.0], ["a"])
    with pytest.raises(InputError, match="too few"):
        Draws(resamples=10)
    with pytest.raises(InputError, match="jackknife"):
        Draws("jackknife")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="level"):
        Draws(level=95)
