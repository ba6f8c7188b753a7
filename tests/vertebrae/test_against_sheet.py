"""Grades beside a sheet's: tables whose agreement is known, and what cannot be compared."""

from __future__ import annotations

import pytest

from spinemodel.vertebrae.against_sheet import Pair, agreement, pair_grades
from spinemodel.vertebrae.datasets.verse_rows import Finding, Graded, VerseScan

FOUND = (0, 0, 1, 2, 3, 3, 1, 0, 2, 2, 0, 3)
SHEET = (0, 1, 1, 2, 3, 2, 0, 0, 3, 2, 0, 1)


def pairs(found: tuple[int | str, ...], sheet: tuple[int | str, ...]) -> list[Pair]:
    return [Pair("sub-a", f"T{n + 1}", a, b) for n, (a, b) in enumerate(zip(found, sheet, strict=True))]


def row(**findings: Finding) -> VerseScan:
    return VerseScan("verse004", fractures=findings)


def test_agreement_is_that_of_scikit_learn() -> None:
    """``cohen_kappa_score(FOUND, SHEET, weights="quadratic")`` of scikit-learn 1.9.1."""
    told = agreement(pairs(FOUND, SHEET))
    assert told is not None
    assert told.kappa.value == pytest.approx(0.746031746031746, abs=1e-12)
    assert told.kappa.low < told.kappa.value < told.kappa.high <= 1
    assert told.pairs == told.kappa.n == 12
    assert told.same == pytest.approx(7 / 12)
    assert told.fractured == pytest.approx(10 / 12)
    assert told.table == ((3, 1, 0, 0), (1, 1, 0, 0), (0, 0, 2, 1), (0, 1, 1, 1))


def test_graders_that_agree_fully() -> None:
    told = agreement(pairs(FOUND, FOUND))
    assert told is not None
    assert (told.same, told.fractured, told.kappa.value) == (1, 1, 1)


def test_kappa_of_one_grade_alone_is_undefined_and_says_why() -> None:
    told = agreement(pairs((0, 0, 0), (0, 0, 0)))
    assert told is not None
    assert (told.pairs, told.same) == (3, 1)
    assert not told.kappa.defined
    assert "all gradings are the same" in str(told.kappa)


def test_kappa_beside_a_grader_of_one_grade_is_zero() -> None:
    told = agreement(pairs((0, 0, 0, 0), (0, 1, 2, 0)))
    assert told is not None
    assert told.kappa.value == 0
    assert not told.kappa.bounded
    assert "one rater gave a single grade" in told.kappa.reason
    assert told.fractured == 0.5


def test_only_what_both_graded_counts() -> None:
    told = agreement(pairs((0, "fused", 2, 3), (0, 1, "foreign material", 2)))
    assert told is not None
    assert told.pairs == told.kappa.n == 2
    assert told.same == 0.5


def test_nothing_in_common_has_no_agreement() -> None:
    assert agreement([]) is None
    assert agreement(pairs(("fused", 1), (1, "foreign material"))) is None


def test_levels_are_paired_and_say_why_they_have_no_grade() -> None:
    grades = {"T12": 0, "L1": 2, "L2": "fused", "L3": 1, "L4": 0}
    sheet = row(T11=Graded(0, 0), L1=Graded(1, 3), L2=Graded(0, 0), L3="foreign", L4=Graded(0, None))
    assert pair_grades("sub-a", grades, sheet) == [
        Pair("sub-a", "L1", 2, 3),
        Pair("sub-a", "L2", "fused", 0),
        Pair("sub-a", "L3", 1, "foreign material"),
        Pair("sub-a", "L4", 0, "not graded"),
    ]
    assert pair_grades("sub-a", {"T12": 0}, sheet) == []
