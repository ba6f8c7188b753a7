"""Selectivity: the three formulas, their best value, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import RecruitmentCurve, curves
from spinemodel.recruitment.selectivity import FORMULAS, Formula, selectivity
from spinemodel.recruitment.thresholds import Outcome
from tests.recruitment.made_fibres import curve, table, whole_table

THREE = [
    curve("A", {1.0: 0.5, 4.0: 0.8}),
    curve("B", {2.0: 0.2, 4.0: 0.4}),
    curve("C", {3.0: 0.6, 4.0: 1.0}),
]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("contrast", [1, (0.5 - 0.1) / 0.6, (0.5 - 0.4) / 0.9, (0.8 - 0.7) / 1.5]),
        ("veraart", [1, 0.5 / 0.7, 0.5 / 1.3, 0.8 / 2.2]),
        ("difference", [0.5, 0.4, 0.1, 0.1]),
    ],
)
def test_formulas(formula: Formula, expected: list[float]) -> None:
    found = selectivity(THREE, "A", formula)
    np.testing.assert_array_equal(found.amplitude_mA, [1, 2, 3, 4])
    np.testing.assert_allclose(found.value, expected)
    assert found.best == (pytest.approx(max(expected)), 1.0)
    assert found.at_half == (pytest.approx(expected[0]), 1.0)


def test_value_at_half_comes_after_the_best() -> None:
    found = selectivity([curve("A", {1.0: 0.1, 3.0: 0.7}), curve("B", {2.0: 0.3, 4.0: 0.9})], "A")
    assert found.best == (1, 1)
    assert found.at_half == (pytest.approx(0.4), 3)


def test_sides_of_several_targets() -> None:
    found = selectivity(THREE, ["A", "B"], "contrast")
    np.testing.assert_allclose(found.share, [0.25, 0.35, 0.35, 0.6])
    np.testing.assert_allclose(found.value[2:], [(0.35 - 0.6) / 0.95, (0.6 - 1) / 1.6])


def test_nothing_recruited_is_not_defined() -> None:
    found = selectivity([curve("A", {2.0: 1.0}), curve("B", {1.0: 0.0, 3.0: 1.0})], "A")
    assert np.isnan(found.value[0])
    assert found.best == (1, 2)
    never = selectivity([curve("A", {}), curve("B", {})], "A")
    assert np.isnan([*never.best, *never.at_half]).all()


def test_half_is_not_reached() -> None:
    found = selectivity([curve("A", {1.0: 0.4}), curve("B", {2.0: 1.0})], "A")
    assert np.isnan(found.at_half).all()


def test_others_without_fibres_are_named_and_not_counted() -> None:
    nobody = RecruitmentCurve("S2_L", "Ia", [], [], 10.0, {Outcome.LEFT_OUT: 3})
    found = selectivity([*THREE, nobody], "A", "difference")
    assert found.unknown == ("S2_L",)
    np.testing.assert_array_equal(found.value, selectivity(THREE, "A", "difference").value)
    assert np.isnan(selectivity([*THREE, nobody], "S2_L").best).all()
    assert np.isnan(selectivity([THREE[0], nobody], "A").best).all()


@given(st.integers(0, 1000), st.sampled_from(FORMULAS), st.sampled_from(["L1_L", "L4_L", "L4_R", "S2_R"]))
def test_bounds(seed: int, formula: Formula, target: str) -> None:
    found = selectivity([one for one in curves(whole_table(seed, count=5)) if one.fibre_class == "Ia"], target, formula)
    value = found.value[~np.isnan(found.value)]
    assert ((value >= (0 if formula == "veraart" else -1)) & (value <= 1)).all()
    assert np.isnan(found.best[0]) or found.best[0] >= found.at_half[0] or np.isnan(found.at_half[0])


@given(st.integers(0, 1000))
def test_two_sets_are_each_others_opposite(seed: int) -> None:
    sides = curves(whole_table(seed, count=5), by=("side",))
    np.testing.assert_allclose(selectivity(sides, "L").value, -selectivity(sides, "R").value, atol=1e-12)


@pytest.mark.parametrize(
    ("of", "targets", "match"),
    [
        (THREE, "a", "nearest is"),
        (THREE, ["A", "B", "C"], "not all"),
        (THREE, [], "nothing"),
        ([], "A", "there are none"),
        ([THREE[0], THREE[0]], "A", "each target once"),
        ([THREE[0], curve("B", {}, fibre_class="II")], "A", "one class"),
        ([*curves(table([1.0])), *curves(table([1.0], montage="C2:-1", roots=["L4_R"]))], "L3_R", "montage"),
    ],
)
def test_refused(of: list[RecruitmentCurve], targets: str | list[str], match: str) -> None:
    with pytest.raises(InputError, match=match):
        selectivity(of, targets)


def test_unknown_formula() -> None:
    with pytest.raises(InputError, match="contrast, veraart, difference"):
        selectivity(THREE, "A", "ratio")  # type: ignore[arg-type]
