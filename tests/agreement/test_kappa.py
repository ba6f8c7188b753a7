"""Kappa against SAS, R, scikit-learn, the papers' tables, its definition and simulated truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.agreement.bootstrap import Draws
from spinemodel.agreement.gradings import Gradings, graded, gradings
from spinemodel.agreement.kappa import cohen_kappa, fleiss_kappa
from spinemodel.errors import InputError

nan = np.nan
FEW = Draws(resamples=50)
"""For tests of the value alone."""


def table(counts: list[list[int]]) -> Gradings:
    """Two raters' grades from how often each pair of grades was given."""
    return graded([pair for pair in product(range(len(counts)), repeat=2) for _ in range(counts[pair[0]][pair[1]])])


SAS_19 = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]  # the example of statsmodels' tests, with the printout of SAS
SAS_72 = [[0, 0, 0], [5, 16, 3], [8, 12, 28]]  # J. Uebersax, saskappa: printout of SAS


@pytest.mark.parametrize(
    ("counts", "weights", "value", "low", "high"),
    [
        (SAS_19, "equal", 0.4842, 0.2137, 0.7547),
        (SAS_19, "linear", 0.4701, 0.1845, 0.7558),
        (SAS_72, "equal", 0.3333, 0.1738, 0.4929),
        (SAS_72, "linear", 0.2895, 0.1414, 0.4376),
    ],
)
def test_as_sas(counts, weights, value: float, low: float, high: float) -> None:
    """Theirs is the interval of Fleiss, Cohen & Everitt 1969 for many subjects; a drawn one is about as long."""
    found = cohen_kappa(table(counts), "1", "2", weights=weights)
    assert found.value == pytest.approx(value, abs=6e-5)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.2 * (high - low))


# 20 subjects, raters 2 and 3 of "anxiety" in R's package irr; kappa2 as told in the tests of statsmodels.
ANXIETY = [
    [3, 2], [6, 1], [4, 4], [6, 4], [2, 3], [4, 2], [2, 1], [4, 6], [3, 1], [3, 1],
    [2, 1], [3, 2], [3, 3], [3, 3], [2, 1], [2, 1], [1, 3], [3, 3], [3, 2], [4, 2],
]  # fmt: skip


@pytest.mark.parametrize(
    ("weights", "value"), [("equal", -0.006289308), ("linear", 0.1459075), ("quadratic", 0.2520325)]
)
def test_as_irr(weights, value: float) -> None:
    ranks = np.unique(ANXIETY, return_inverse=True)[1].reshape(20, 2)  # irr closes the gap at 5, which nobody gave
    assert cohen_kappa(graded(ranks), "1", "2", weights=weights).value == pytest.approx(value, abs=5e-8)


def test_a_grade_that_nobody_gave_keeps_its_place() -> None:
    gap, closed = cohen_kappa(graded(ANXIETY), "1", "2", weights="linear"), 0.1459075
    assert gap.value != pytest.approx(closed, abs=1e-3)


# scikit-learn 1.9.1: cohen_kappa_score(FIRST, SECOND, weights=...)
FIRST = [int(grade) for grade in "3332524235143442443141555155354411223543"]
SECOND = [int(grade) for grade in "3342524235143443434131555155354411114543"]


@pytest.mark.parametrize(
    ("weights", "value"),
    [("equal", 0.746434231378764), ("linear", 0.870863599677159), ("quadratic", 0.9477124183006536)],
)
def test_as_scikit_learn(weights, value: float) -> None:
    found = cohen_kappa(graded(np.transpose([FIRST, SECOND])), "1", "2", weights=weights)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.low < value < found.high


grades = arrays(float, (12, 2), elements=st.integers(0, 3).map(float))


@given(grades, st.permutations([10.0, 3.0, -7.0, 0.5]))
def test_names_of_grades_do_not_count(values: np.ndarray, names: list[float]) -> None:
    renamed = np.array(names)[values.astype(int)]
    one, other = (cohen_kappa(graded(each), "1", "2", draws=FEW) for each in (values, renamed))
    np.testing.assert_allclose([one.value, one.low, one.high], [other.value, other.low, other.high], atol=1e-12)


@given(grades, st.floats(0.5, 4), st.floats(-5, 5), st.sampled_from(["linear", "quadratic"]))
def test_weighted_kappa_follows_scale_and_shift(values: np.ndarray, times: float, shift: float, weights) -> None:
    moved = times * values + shift
    one, other = (cohen_kappa(graded(each), "1", "2", weights=weights, draws=FEW) for each in (values, moved))
    np.testing.assert_allclose(one.value, other.value, atol=1e-9)


@given(grades)
def test_kappa_is_symmetric_and_at_most_one(values: np.ndarray) -> None:
    found, turned = (cohen_kappa(graded(each), "1", "2", draws=FEW) for each in (values, values[:, ::-1]))
    assume(found.defined)
    assert found.value == pytest.approx(turned.value, abs=1e-12)
    assert -1 <= found.value <= 1


def test_constant_gradings_are_undefined() -> None:
    found = cohen_kappa(graded(np.full((8, 2), 3)), "1", "2")
    assert not found.defined
    assert "all gradings are the same" in found.reason
    assert found.n == 8


def test_one_constant_rater_tells_nothing() -> None:
    found = cohen_kappa(graded([[1, 2], [2, 2], [3, 2]]), "1", "2")
    assert found.value == 0
    assert "single grade" in found.reason


def test_perfect_agreement_has_no_interval() -> None:
    found = cohen_kappa(graded([[1, 1], [2, 2]] * 10), "1", "2")
    assert found.value == 1
    assert "cannot be told" in found.reason


def test_missing_gradings_are_left_out_and_counted() -> None:
    whole = [[1, 1], [2, 2], [1, 2], [2, 2], [1, 1]]
    found = cohen_kappa(graded([*whole, [1, nan], [nan, nan]]), "1", "2")
    assert (found.n, found.left_out) == (5, 2)
    assert found.value == cohen_kappa(graded(whole), "1", "2").value
    none = cohen_kappa(graded([[1, nan], [nan, 2]]), "1", "2")
    assert (none.n, none.reason) == (0, "no subject was graded by both")


def test_one_subject_has_no_interval() -> None:
    found = cohen_kappa(graded([[1, 1]]), "1", "2")
    assert not found.defined
    assert fleiss_kappa(graded([[1, 2, 2]])).reason.startswith("one subject")


def test_names_without_order_have_no_weights() -> None:
    found = gradings({"A": {"x": "mild", "y": "none"}, "B": {"x": "mild", "y": "mild"}})
    with pytest.raises(InputError, match="order"):
        cohen_kappa(found, "A", "B", weights="linear")


# Fleiss 1971, table 1: six psychiatrists' diagnoses of 30 patients.
DIAGNOSES = """444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"""


def test_fleiss_1971() -> None:
    found = fleiss_kappa(graded([[int(grade) for grade in row] for row in DIAGNOSES.split()]))
    assert found.value == pytest.approx(0.4302445, abs=5e-8)  # kappam.fleiss of R's irr; the paper has .430
    assert found.low < 0.36 < found.high
    assert found.n == 30


@pytest.mark.parametrize(
    ("given", "value"), [([[7, 1], [3, 5]], 0.161905), ([[6, 1, 0], [0, 7, 0]], 0.708333), ([[7, 0], [0, 7]], 1.0)]
)
def test_fleiss_as_randolphs_calculator(given, value: float) -> None:
    rows = [[grade for grade, times in enumerate(row) for _ in range(times)] for row in given]
    assert fleiss_kappa(graded(rows)).value == pytest.approx(value, abs=6e-7)


@given(arrays(float, (6, 4), elements=st.integers(0, 2).map(float)))
def test_fleiss_by_all_pairs(values: np.ndarray) -> None:
    found = fleiss_kappa(graded(values), draws=FEW)
    pairs = [row[i] == row[j] for row in values for i, j in product(range(4), repeat=2) if i != j]
    chance = sum(np.mean(values == grade) ** 2 for grade in range(3))
    if chance == 1:
        assert "all gradings are the same" in found.reason
    else:
        assert found.value == pytest.approx((np.mean(pairs) - chance) / (1 - chance), abs=1e-12)


def test_fleiss_of_one_rater_or_none_graded_by_all() -> None:
    assert fleiss_kappa(graded([[1], [2]])).reason == "there is one rater"
    found = fleiss_kappa(graded([[1, nan], [nan, 2]]))
    assert (found.reason, found.left_out) == ("no subject was graded by all", 2)


def drawn(seed: int, n: int, raters: int) -> Gradings:
    """Each rater sees the true one of 3 grades with chance 0.7 and guesses otherwise: kappa is 0.49."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=(n, 1))
    return graded(np.where(generator.random((n, raters)) < 0.7, truth, generator.integers(3, size=(n, raters))))


def test_coverage() -> None:
    few = Draws(resamples=400)
    held = np.zeros(2)
    for seed in range(200):
        pair, many = drawn(seed, 40, 2), drawn(seed, 20, 4)
        estimates = [
            cohen_kappa(pair, "1", "2", draws=few),
            fleiss_kappa(many, draws=few),
        ]
        held += [found.low <= 0.49 <= found.high for found in estimates]
    assert np.all(held / 200 >= 0.89)
    assert np.all(held / 200 <= 0.99)
