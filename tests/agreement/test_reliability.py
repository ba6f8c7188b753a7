"""ICC against the papers' table, R, pairs of variances by hand, and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.agreement.bootstrap import Draws
from spinemodel.agreement.gradings import graded, gradings
from spinemodel.agreement.reliability import icc
from spinemodel.errors import InputError

# Shrout & Fleiss 1979, table 2: four judges, six targets.
SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# "anxiety" of R's package irr: three raters, 20 subjects.
ANXIETY = [
    [3, 3, 2], [3, 6, 1], [3, 4, 4], [4, 6, 4], [5, 2, 3], [5, 4, 2], [2, 2, 1], [3, 4, 6], [5, 3, 1], [2, 3, 1],
    [2, 2, 1], [6, 3, 2], [1, 3, 3], [5, 3, 3], [2, 2, 1], [2, 2, 1], [1, 1, 3], [2, 3, 3], [4, 3, 2], [3, 4, 2],
]  # fmt: skip
FORMS = ["2,1", "3,1"]


def test_shrout_and_fleiss() -> None:
    """The values of the paper's table 4, and the intervals that ICC of R's psych has for them."""
    two, three = (icc(graded(SHROUT), form) for form in FORMS)
    assert (two.value, three.value) == pytest.approx((0.29, 0.71), abs=5e-3)
    assert (two.low, two.high) == pytest.approx((0.019, 0.761), abs=5e-4)
    assert (three.low, three.high) == pytest.approx((0.342, 0.946), abs=5e-4)


def test_as_irr() -> None:
    found = icc(graded(ANXIETY), "2,1")
    assert (found.value, found.low, found.high) == pytest.approx((0.198, -0.039, 0.494), abs=5e-4)


def test_consistency_without_agreement() -> None:
    """Three raters with large offsets, from the tests of pyirr, a port of irr."""
    rows = [
        [5, 12, 11, 10, 9, 7, 5, 12, 12, 7, 12, 17, 15, 13, 6, 13, 20, 14, 13, 11],
        [14, 22, 21, 19, 22, 16, 13, 24, 20, 19, 26, 22, 26, 18, 10, 26, 30, 22, 23, 23],
        [27, 31, 29, 29, 32, 23, 29, 28, 30, 28, 31, 35, 34, 32, 30, 29, 39, 37, 33, 29],
    ]
    found = [icc(graded(np.transpose(rows)), form).value for form in FORMS]
    assert found == pytest.approx([0.108, 0.695], abs=5e-4)


def by_hand(values: np.ndarray) -> tuple[float, float]:
    """Both forms from sums of squares written out."""
    n, k = values.shape
    mean = values.mean()
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    subjects = k * ((rows - mean) ** 2).sum() / (n - 1)
    raters = n * ((columns - mean) ** 2).sum() / (k - 1)
    rest = ((values - rows - columns + mean) ** 2).sum() / ((n - 1) * (k - 1))
    return (
        (subjects - rest) / (subjects + (k - 1) * rest + k * (raters - rest) / n),
        (subjects - rest) / (subjects + (k - 1) * rest),
    )


numbers = arrays(float, (6, 3), elements=st.floats(-10, 10, width=32))


@settings(max_examples=40)
@given(numbers)
def test_by_sums_of_squares(values: np.ndarray) -> None:
    assume(values.std(axis=0).min() > 1e-2 and values.std(axis=1).min() > 1e-2)
    assert [icc(graded(values), form).value for form in FORMS] == pytest.approx(by_hand(values), abs=1e-7)


@settings(max_examples=40)
@given(numbers, st.floats(-20, 20), st.floats(0.2, 5), st.sampled_from(FORMS))
def test_a_common_shift_and_scale_do_not_count(values: np.ndarray, shift: float, times: float, form) -> None:
    assume(values.std(axis=0).min() > 1e-2 and values.std(axis=1).min() > 1e-2)
    one, other = icc(graded(values), form), icc(graded(times * values + shift), form)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-6)


@settings(max_examples=40)
@given(numbers, arrays(float, 3, elements=st.floats(-20, 20)))
def test_offsets_of_raters_count_for_agreement_only(values: np.ndarray, offsets: np.ndarray) -> None:
    assume(values.std(axis=0).min() > 1e-2 and values.std(axis=1).min() > 1e-2)
    one, other = icc(graded(values), "3,1"), icc(graded(values + offsets), "3,1")
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-6)


def test_an_offset_lowers_agreement() -> None:
    shifted = SHROUT + np.array([0.0, 20.0, 0.0, 0.0])
    assert icc(graded(shifted), "2,1").value < 0.1 < icc(graded(SHROUT), "2,1").value


def simulated(seed: int, raters_sd: float) -> np.ndarray:
    """30 subjects of variance 4, 5 raters, noise of variance 1; all raters' offsets of the given SD."""
    generator = np.random.default_rng(seed)
    subjects, offsets = generator.normal(0, 2, (30, 1)), generator.normal(0, raters_sd, (1, 5))
    return subjects + offsets + generator.normal(0, 1, (30, 5))


def test_coverage() -> None:
    few = Draws(resamples=400)
    held = np.zeros(3)
    for seed in range(200):
        fixed, random = graded(simulated(seed, 0.0)), graded(simulated(seed, 1.0))
        found = [icc(fixed, "3,1"), icc(fixed, "3,1", interval="bootstrap", draws=few), icc(random, "2,1")]
        held += [each.low <= truth <= each.high for each, truth in zip(found, (0.8, 0.8, 4 / 6), strict=True)]
    assert np.all(held[[0, 2]] / 200 >= 0.91)
    assert held[1] / 200 >= 0.87  # the bootstrap is short of its level with 30 subjects


def test_missing_ratings_are_left_out() -> None:
    found = icc(graded([*SHROUT, [1, 2, np.nan, 4]]), "3,1")
    assert (found.n, found.left_out) == (6, 1)
    assert found.value == icc(graded(SHROUT), "3,1").value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("interval", ["f", "bootstrap"])
def test_undefined(form, interval) -> None:
    for rows, told in (
        (np.full((5, 3), 2.7), "all values are the same"),
        ([[1.0], [2.0], [3.0]], "1 rater"),
        ([[1.0, 2.0]], "1 subject"),
        ([[1.0, np.nan], [np.nan, 2.0]], "0 subject"),
    ):
        found = icc(graded(rows), form, interval=interval)
        assert not found.defined
        assert told in found.reason


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("interval", ["f", "bootstrap"])
def test_perfect_agreement_has_no_interval(form, interval) -> None:
    found = icc(graded([[0.1, 0.1], [0.7, 0.7], [1.3, 1.3], [9.9, 9.9]]), form, interval=interval)
    assert found.value == 1
    assert "cannot be told" in found.reason


def test_raters_that_differ_by_a_constant_alone() -> None:
    """Rounding leaves no residual of its own: 0.1 is no binary number."""
    rows = np.array([0.1, 0.7, 1.3, 9.9])[:, None] + [0.0, 0.1, 0.3]
    assert icc(graded(rows), "3,1").value == 1
    agreement = icc(graded(rows), "2,1")
    assert 0.98 < agreement.value < 1
    assert agreement.low < agreement.value < agreement.high


def test_subjects_that_do_not_differ() -> None:
    """Every subject's mean is 2: the ICC is as low as it can be."""
    found = icc(graded([[1, 3], [3, 1], [1, 3], [2.5, 1.5]]), "3,1")
    assert found.value == -1
    assert found.low <= found.value


def test_refusals() -> None:
    with pytest.raises(InputError, match="form '1,1'"):
        icc(graded(SHROUT), "1,1")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="order"):
        icc(gradings({"A": {"x": "a", "y": "b"}, "B": {"x": "a", "y": "a"}}), "2,1")
