"""Limits of agreement against the paper's own example, other implementations and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.agreement.bland_altman import BlandAltman, bland_altman
from spinemodel.agreement.bootstrap import Draws
from spinemodel.agreement.gradings import graded, gradings
from spinemodel.errors import InputError

# Bland & Altman 1986, table 1: peak expiratory flow, l/min, first readings by the Wright and the mini Wright meter.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
FLOW = np.transpose([WRIGHT, MINI])
TWO_SD = 2 * scipy.stats.norm.cdf(2) - 1
"""Share between limits of two SD, as the paper of 1986 draws them."""


def ends(found: BlandAltman) -> np.ndarray:
    return np.array([[line.value, line.low, line.high] for line in (found.bias, found.lower, found.upper)])


def test_the_paper() -> None:
    found = bland_altman(graded(FLOW), "1", "2", share=TWO_SD, interval="approximate")
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert ends(found)[0] == pytest.approx([-2.1, -22.0, 17.8], abs=0.05)
    assert ends(found)[1:, 0] == pytest.approx([-79.7, 75.5], abs=0.1)
    # The paper takes 3 s^2 / n for the limit's variance, a SE of 16.3; the one of 1999 is 16.6 for two SD.
    assert ends(found)[1:, 1:] == pytest.approx(np.array([[-114.3, -45.1], [40.9, 110.1]]), abs=0.8)


def test_limits_of_196_sd() -> None:
    """The numbers that other implementations give for the paper's data."""
    found = bland_altman(graded(FLOW), "1", "2")
    assert found.sd == pytest.approx(38.7651298736)
    assert ends(found)[:, 0] == pytest.approx([-2.11764705882, -78.0959054, 73.8606113])
    assert ends(found)[0, 1:] == pytest.approx([-22.0488376966, 17.8135435790])


def test_slope_as_scipy() -> None:
    found = bland_altman(graded(FLOW), "1", "2").slope
    line = scipy.stats.linregress(FLOW.mean(axis=1), FLOW[:, 0] - FLOW[:, 1])
    half = line.stderr * scipy.stats.t.ppf(0.975, 15)
    assert (found.value, found.low, found.high) == pytest.approx((line.slope, line.slope - half, line.slope + half))


def test_exact_limits_are_one_sided_tolerance_limits() -> None:
    """Factor of a one-sided 95 % tolerance limit of 90 % of a normal: 2.355 for n = 10 (Natrella 1963, table A-7)."""
    values = np.zeros((10, 2))
    values[:, 0] = scipy.stats.zscore(np.arange(10.0), ddof=1)
    found = bland_altman(graded(values), "1", "2", share=0.8, draws=Draws(level=0.9))
    assert found.upper.high == pytest.approx(2.355, abs=5e-4)


def test_intervals_agree_for_many_subjects() -> None:
    values = np.random.default_rng(0).normal(size=(20_000, 2))
    exact, near = (ends(bland_altman(graded(values), "1", "2", interval=kind)) for kind in ("exact", "approximate"))
    np.testing.assert_allclose(exact, near, atol=1e-3)


pairs = arrays(float, (9, 2), elements=st.floats(-50, 50, width=32))


@given(pairs, st.floats(-100, 100))
def test_an_offset_moves_all_lines(values: np.ndarray, offset: float) -> None:
    assume((values[:, 0] - values[:, 1]).std() > 1e-2)
    one, other = (bland_altman(graded(v), "1", "2") for v in (values, values + np.array([offset, 0.0])))
    np.testing.assert_allclose(ends(one) + offset, ends(other), atol=1e-8)


@given(pairs)
def test_raters_may_change_places(values: np.ndarray) -> None:
    assume((values[:, 0] - values[:, 1]).std() > 1e-2)
    one, other = ends(bland_altman(graded(values), "1", "2")), ends(bland_altman(graded(values), "2", "1"))
    np.testing.assert_allclose(one[:, 0], -other[[0, 2, 1], 0], atol=1e-9)
    np.testing.assert_allclose(one[:, 1:], -other[[0, 2, 1], :0:-1], atol=1e-9)


@given(pairs, st.sampled_from([0.5, 0.9, 0.95]))
def test_repeats_of_one_are_single_differences(values: np.ndarray, share: float) -> None:
    assume((values[:, 0] - values[:, 1]).std() > 1e-2)
    one = bland_altman(graded(values), "1", "2", share=share)
    other = bland_altman(graded(values, groups="abcdefghi"), "1", "2", share=share)
    assert other.sd == pytest.approx(one.sd)
    np.testing.assert_allclose(ends(other)[:, 0], ends(one)[:, 0], atol=1e-9)
    np.testing.assert_allclose(ends(other)[0], ends(one)[0], atol=1e-9)


def test_equal_repeats_by_analysis_of_variance() -> None:
    """(MS between - MS within) / m + MS within, as Bland & Altman 2007 write it."""
    apart = np.random.default_rng(4).normal(size=(7, 5)) + np.arange(7.0)[:, None]
    between, within = 5 * apart.mean(axis=1).var(ddof=1), apart.var(axis=1, ddof=1).mean()
    groups = [str(n) for n in np.repeat(np.arange(7), 5)]
    found = bland_altman(graded(np.transpose([apart.ravel(), np.zeros(35)]), groups=groups), "1", "2")
    assert found.sd**2 == pytest.approx((between - within) / 5 + within)
    assert found.bias.value == pytest.approx(apart.mean())
    assert found.bias.n == 7


def test_coverage_of_single_differences() -> None:
    held = np.zeros((2, 3))
    truth = 1 + np.array([0, -1, 1]) * 1.959964 * np.sqrt(2)
    for seed in range(400):
        values = np.random.default_rng(seed).normal([1, 0], 1, (8, 2))
        for kind, name in enumerate(("exact", "approximate")):
            lines = ends(bland_altman(graded(values), "1", "2", interval=name))
            held[kind] += (lines[:, 1] <= truth) & (truth <= lines[:, 2])
    assert np.all(abs(held[0] / 400 - 0.95) <= 0.035)  # three standard errors
    assert np.all(held[1, 1:] < held[0, 1:])


def correlated(seed: int) -> tuple[np.ndarray, list[str]]:
    """Offsets between two annotators at 10 levels of 14 subjects: 0.5 in all, SD 0.6 by subject and 0.4 by level."""
    generator = np.random.default_rng(seed)
    offsets = 0.5 + generator.normal(0, 0.6, (14, 1)) + generator.normal(0, 0.4, (14, 10))
    first = generator.normal(20, 3, 140)
    return np.transpose([first + offsets.ravel(), first]), [f"sub-{n:02}" for n in np.repeat(np.arange(14), 10)]


def test_correlated_offsets_are_recovered() -> None:
    held, naive = np.zeros(3), np.zeros(3)
    truth = 0.5 + np.array([0, -1, 1]) * 1.959964 * np.hypot(0.6, 0.4)
    for seed in range(300):
        values, groups = correlated(seed)
        lines = ends(bland_altman(graded(values, groups=groups), "1", "2", draws=Draws("percentile", resamples=100)))
        held += (lines[:, 1] <= truth) & (truth <= lines[:, 2])
        lines = ends(bland_altman(graded(values), "1", "2"))
        naive += (lines[:, 1] <= truth) & (truth <= lines[:, 2])
    assert np.all(held / 300 >= 0.91)
    assert np.all(naive / 300 <= 0.75)


def test_a_growing_difference_has_a_slope() -> None:
    generator = np.random.default_rng(2)
    size = generator.uniform(5, 15, 60)
    values = np.transpose([size * 1.1 + generator.normal(0, 0.1, 60), size * 0.9 + generator.normal(0, 0.1, 60)])
    groups = [str(n // 4) for n in range(60)]
    for found in (bland_altman(graded(values, groups=own), "1", "2") for own in ((), groups)):
        assert found.slope.low < 0.2 < found.slope.high
        assert found.slope.low > 0.15


def test_missing_ones_are_left_out() -> None:
    rows = [[1.0, 2.0], [np.nan, 3.0], [4.0, 4.5], [2.0, 1.5]]
    found = bland_altman(graded(rows, subjects="abcd", groups=["x", "y", "x", "z"]), "1", "2")
    assert found.rows == ("a", "c", "d")
    assert (found.bias.n, found.bias.left_out) == (2, 1)
    np.testing.assert_array_equal(found.differences, [-1, -0.5, 0.5])


def test_undefined() -> None:
    one = bland_altman(graded([[1.0, 2.0]]), "1", "2")
    assert "need two" in one.bias.reason
    assert "three" in one.slope.reason
    none = bland_altman(graded([[np.nan, 2.0]]), "1", "2")
    assert none.upper.n == 0
    assert not none.upper.defined
    group = bland_altman(graded([[1.0, 2.0], [2.0, 2.0], [3.0, 1.0]], groups=["x"] * 3), "1", "2")
    assert "need two" in group.lower.reason
    assert "one subject" in group.slope.reason


def test_differences_that_are_all_the_same() -> None:
    rows = np.array([0.1, 0.7, 1.3])[:, None] + [0.3, 0.0]
    for groups in ((), ["a", "b", "b"]):
        found = bland_altman(graded(rows, groups=groups), "1", "2")
        assert found.bias.value == pytest.approx(0.3)
        assert found.upper.value == pytest.approx(0.3)
        assert found.sd == 0
        assert "all differences are the same" in found.upper.reason
    assert "same" in bland_altman(graded([[1, 3], [2, 2], [3, 1]]), "1", "2").slope.reason


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"share": 95.0}, "share 95"),
        ({"interval": "bca"}, "interval 'bca'"),
    ],
)
def test_refusals(changes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        bland_altman(graded(FLOW), "1", "2", **changes)
    with pytest.raises(InputError, match="order"):
        bland_altman(gradings({"A": {"x": "a", "y": "b"}, "B": {"x": "a", "y": "a"}}), "A", "B")
