"""Krippendorff's alpha against the published examples, its definition by pairs, and other statistics."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.agreement.bootstrap import Draws
from spinemodel.agreement.gradings import graded, gradings
from spinemodel.agreement.kappa import fleiss_kappa
from spinemodel.agreement.krippendorff import krippendorff_alpha
from spinemodel.errors import InputError

nan = np.nan
FEW = Draws(resamples=50)
"""For tests of the value alone."""
METRICS = ["nominal", "ordinal", "interval", "ratio"]

# Krippendorff 2011, example C: 4 observers, 12 units, missing values; also the example of kripp.alpha in R's irr.
FOUR = """1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 ."""
# The three coders and 15 units of the article "Krippendorff's alpha" in Wikipedia.
THREE = """. . . . . 3 4 1 2 1 1 3 3 . 3
1 . 2 1 3 3 4 3 . . . . . . .
. . 2 1 3 4 4 . 2 1 1 3 3 . 4"""


def read(text: str) -> np.ndarray:
    return np.transpose([[nan if cell == "." else float(cell) for cell in row.split()] for row in text.split("\n")])


@pytest.mark.parametrize(
    ("text", "metric", "value", "n"),
    [
        (FOUR, "nominal", 0.743, 11),
        (FOUR, "ordinal", 0.815, 11),
        (FOUR, "interval", 0.849, 11),
        (FOUR, "ratio", 0.797, 11),
        (THREE, "nominal", 0.691, 12),
        (THREE, "interval", 0.811, 12),
    ],
)
def test_published_examples(text: str, metric, value: float, n: int) -> None:
    found = krippendorff_alpha(graded(read(text)), metric)
    assert found.value == pytest.approx(value, abs=5e-4)
    assert found.n == n
    assert found.left_out == len(read(text)) - n
    assert found.low < value < found.high


def difference(metric: str, values: np.ndarray, one: float, other: float) -> float:
    """Squared difference as Krippendorff writes it."""
    if metric == "nominal":
        return float(one != other)
    if metric == "interval":
        return (one - other) ** 2
    if metric == "ratio":
        return ((one - other) / (one + other)) ** 2 if one + other else 0.0
    low, high = sorted([one, other])
    between = [np.sum(values == grade) for grade in np.unique(values) if low <= grade <= high]
    return (sum(between) - (np.sum(values == one) + np.sum(values == other)) / 2) ** 2


def by_pairs(table: np.ndarray, metric: str) -> float:
    """Alpha from all pairs of gradings, one by one."""
    rows = [row[~np.isnan(row)] for row in table]
    rows = [row for row in rows if len(row) > 1]
    values = np.concatenate(rows)
    seen = sum(difference(metric, values, a, b) / (len(row) - 1) for row in rows for a, b in permutations(row, 2))
    chance = sum(difference(metric, values, a, b) for a, b in permutations(values, 2))
    return 1 - (len(values) - 1) * seen / chance if chance else nan


tables = arrays(float, (5, 3), elements=st.sampled_from([nan, 0.0, 1.0, 2.0, 5.0]))


@pytest.mark.parametrize("metric", METRICS)
@given(table=tables)
def test_by_all_pairs(metric, table: np.ndarray) -> None:
    assume((~np.isnan(table)).sum(axis=1).max() > 1)
    found = krippendorff_alpha(graded(table), metric, draws=FEW)
    expected = by_pairs(table, metric)
    assert found.defined == np.isfinite(expected)
    np.testing.assert_allclose(found.value, expected, atol=1e-9)


@given(tables, st.permutations(range(3)), st.permutations(range(5)), st.sampled_from(METRICS))
def test_order_of_raters_and_subjects_does_not_count(table: np.ndarray, raters, subjects, metric) -> None:
    turned = table[subjects][:, raters]
    one, other = (krippendorff_alpha(graded(each), metric, draws=FEW).value for each in (table, turned))
    np.testing.assert_allclose(one, other, atol=1e-9)


@given(tables)
def test_ordinal_alpha_knows_only_the_order(table: np.ndarray) -> None:
    one, other = (krippendorff_alpha(graded(each), "ordinal", draws=FEW).value for each in (table, table**3 + 7))
    np.testing.assert_allclose(one, other, atol=1e-9)


@given(arrays(float, (8, 1), elements=st.integers(0, 4).map(float)), st.sampled_from(METRICS))
def test_perfect_agreement_is_one(column: np.ndarray, metric) -> None:
    assume(np.ptp(column) > 0)
    found = krippendorff_alpha(graded(np.repeat(column, 3, axis=1)), metric, draws=FEW)
    assert found.value == 1
    assert "same value" in found.reason or "undefined in" in found.reason


def test_random_gradings_are_near_zero() -> None:
    found = krippendorff_alpha(graded(np.random.default_rng(0).integers(4, size=(4000, 3))), "nominal")
    assert found.high - found.low < 0.03
    assert abs(found.value) < found.high - found.low  # four standard errors


@given(arrays(float, (7, 3), elements=st.integers(0, 2).map(float)))
def test_fleiss_kappa_with_a_small_samples_correction(table: np.ndarray) -> None:
    """With nothing missing, 1 - alpha is that of Fleiss times (N - 1) / N for N gradings."""
    assume(np.ptp(table) > 0)
    alpha, kappa = krippendorff_alpha(graded(table), "nominal", draws=FEW), fleiss_kappa(graded(table), draws=FEW)
    assert 1 - alpha.value == pytest.approx((1 - kappa.value) * (table.size - 1) / table.size, abs=1e-12)


@given(tables, st.floats(-1000, 1000), st.floats(0.1, 10))
def test_interval_alpha_and_its_draws_follow_scale_and_shift(table: np.ndarray, shift: float, times: float) -> None:
    few = Draws(resamples=100)
    one, other = (krippendorff_alpha(graded(each), "interval", draws=few) for each in (table, times * table + shift))
    np.testing.assert_allclose([one.value, one.low, one.high], [other.value, other.low, other.high], atol=1e-6)
    assert one.reason == other.reason


def test_many_distinct_numbers() -> None:
    values = np.random.default_rng(0).normal(size=(3000, 1)) + np.random.default_rng(1).normal(size=(3000, 4)) / 2
    found = krippendorff_alpha(graded(values), "interval", draws=Draws(resamples=100))
    assert found.low < 0.8 < found.high  # variance 1 between subjects and 1/4 within
    assert found.high - found.low < 0.04


def test_undefined() -> None:
    constant = krippendorff_alpha(graded([[2, 2, nan], [2, 2, 2]]), "ordinal")
    assert "all gradings are the same" in constant.reason
    none = krippendorff_alpha(graded([[1, nan], [nan, 2]]), "nominal")
    assert (none.n, none.left_out, none.reason) == (0, 2, "no subject has two gradings")
    assert krippendorff_alpha(graded([[1], [2]]), "nominal").reason == "no subject has two gradings"
    assert "one subject" in krippendorff_alpha(graded([[1, 2], [1, nan]]), "nominal").reason


def test_refusals() -> None:
    with pytest.raises(InputError, match="negative"):
        krippendorff_alpha(graded([[1, -1]]), "ratio")
    with pytest.raises(InputError, match="order"):
        krippendorff_alpha(gradings({"A": {"x": "a", "y": "b"}, "B": {"x": "a", "y": "a"}}), "interval")
