"""Bias and limits, by hand: repeats of unequal numbers, and few differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, norm, t

from spinemodel.agreement.limits import repeated_limits, single_limits

APART = np.array([1.0, 2.0, 1.5, 4.0, 3.0, 0.5, 0.0, 2.5, 1.0, 2.2])
GROUPS = list("aaabbccccd")


def test_unequal_repeats_by_hand() -> None:
    """Zou 2013 with each step written out; the bias with t."""
    rows = {name: APART[[each == name for each in GROUPS]] for name in "abcd"}
    means = np.array([row.mean() for row in rows.values()])
    between, within = means.var(ddof=1), sum(((row - row.mean()) ** 2).sum() for row in rows.values()) / 6
    harmonic = 4 / (1 / 3 + 1 / 2 + 1 / 4 + 1)
    total = between + (1 - 1 / harmonic) * within
    low = total - np.hypot(
        between * (1 - 3 / chi2.ppf(0.975, 3)), (1 - 1 / harmonic) * within * (1 - 6 / chi2.ppf(0.975, 6))
    )
    high = total + np.hypot(
        between * (3 / chi2.ppf(0.025, 3) - 1), (1 - 1 / harmonic) * within * (6 / chi2.ppf(0.025, 6) - 1)
    )
    z, half = norm.ppf(0.975), t.ppf(0.975, 3) * np.sqrt(between / 4)
    limit = means.mean() + z * np.sqrt(total)
    found = repeated_limits(APART, GROUPS, 0.95, 0.95)
    assert found.sd == pytest.approx(np.sqrt(total))
    assert (found.bias.value, found.bias.low) == pytest.approx((means.mean(), means.mean() - half))
    assert found.upper.value == pytest.approx(limit)
    assert found.upper.low == pytest.approx(limit - np.hypot(half, z * (np.sqrt(total) - np.sqrt(max(low, 0)))))
    assert found.upper.high == pytest.approx(limit + np.hypot(half, z * (np.sqrt(high) - np.sqrt(total))))
    assert found.upper.n == 4


def test_limits_mirror_each_other() -> None:
    one, other = repeated_limits(APART, GROUPS, 0.9, 0.8), repeated_limits(-APART, GROUPS, 0.9, 0.8)
    assert (one.lower.low, one.lower.high) == pytest.approx((-other.upper.high, -other.upper.low))


def test_groups_in_any_order() -> None:
    order = np.random.default_rng(0).permutation(10)
    shuffled = repeated_limits(APART[order], [GROUPS[n] for n in order], 0.95, 0.95)
    assert shuffled.upper.high == pytest.approx(repeated_limits(APART, GROUPS, 0.95, 0.95).upper.high)


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("share", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("interval", ["exact", "approximate"])
def test_few_differences(n: int, share: float, interval) -> None:
    single = single_limits(APART[:n], share, interval, 0.99)
    for found in (single, repeated_limits(APART[:n], "abcde"[:n], share, 0.99)):
        for line in (found.bias, found.lower, found.upper):
            assert line.low < line.value < line.high
        assert found.lower.value < found.bias.value < found.upper.value


def test_exact_intervals_lie_further_out() -> None:
    exact, near = (single_limits(APART, 0.95, kind, 0.95).upper for kind in ("exact", "approximate"))
    assert exact.value == near.value
    assert exact.low > near.low
    assert exact.high > near.high


def test_methods_are_told() -> None:
    assert single_limits(APART, 0.95, "exact", 0.95).upper.method == "upper limit of agreement; interval: exact"
    assert "Zou 2013" in repeated_limits(APART, GROUPS, 0.95, 0.95).lower.method
    assert repeated_limits(APART, GROUPS, 0.95, 0.95).bias.method == "bias; interval: t, subjects' means"
