"""Montages in order: by selectivity, by current, and what is put last."""

from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import RecruitmentCurve
from spinemodel.recruitment.ranking import By, Ranked, formula_of, in_order, lowest, ranked
from spinemodel.recruitment.thresholds import Outcome


def curve(target: str, thresholds: list[float], montage: str = "C1:-1", of: int = 4) -> RecruitmentCurve:
    """A curve of ``of`` fibres that are alike, of which those with thresholds are activated up to 10 mA."""
    counts = {Outcome.ACTIVATED: len(thresholds), Outcome.NOT_ACTIVATED: of - len(thresholds)}
    share = np.arange(1, len(thresholds) + 1) / of
    return RecruitmentCurve(target, "Ia", np.array(thresholds), share, 10.0, counts, montage, "0.3 ms")


def entry(name: str, at_half: float, half_mA: float, threshold_mA: float = 1.0) -> Ranked:
    return Ranked("", name, threshold_mA, half_mA, at_half, at_half, half_mA, "L", threshold_mA)


def test_closed_form() -> None:
    found = ranked([curve("L", [1.0, 2.0, 3.0, 4.0]), curve("R", [1.5, 8.0]), curve("M", [])], ["L"])
    rest = (0.25 + 0.0) / 2  # the mean of the others, at 2 mA
    assert found.at_half == pytest.approx((0.5 - rest) / (0.5 + rest))
    assert (found.threshold_mA, found.half_mA, found.first, found.first_mA) == (1.0, 2.0, "L", 1.0)
    assert (found.best, found.best_mA, found.montage) == (1.0, 1.0, "C1:-1")


def test_threshold_of_several_is_that_of_their_mean() -> None:
    found = ranked([curve("L1", [1.0]), curve("L2", [2.0]), curve("R", [3.0])], ["L1", "L2"])
    assert found.threshold_mA == 1.0  # 1 of 8 fibres
    assert found.half_mA == inf
    assert isnan(found.at_half)


def test_a_target_that_nothing_recruits() -> None:
    found = ranked([curve("L", []), curve("R", [3.0])], ["L"])
    assert (found.threshold_mA, found.half_mA, found.first, found.first_mA) == (inf, inf, "R", 3.0)
    assert found.best == -1.0


def test_nothing_at_all() -> None:
    found = ranked([curve("L", []), curve("R", [])], ["L"])
    assert (found.first, found.first_mA) == ("", inf)
    assert isnan(found.best)
    assert lowest([]) is None


@pytest.mark.parametrize(("by", "order"), [("contrast", "acbd"), ("threshold", "dbac")])
def test_order(by: By, order: str) -> None:
    several = [entry("a", 0.9001, 2.0, 1.5), entry("b", 0.5, 1.0, 0.8), entry("c", 0.8999, 3.0, 2.0),
               entry("d", nan, inf, 0.5)]  # fmt: skip
    assert "".join(one.montage for one in in_order(several, by)) == order


def test_the_same_selectivity_goes_to_the_smaller_current() -> None:
    several = [entry("a", 1.0, 2.0), entry("b", 1.0, 1.0)]
    assert [one.montage for one in in_order(several)] == ["b", "a"]


@given(st.permutations(["a", "b", "c", "d", "e"]))
def test_order_does_not_depend_on_the_order_given(names: list[str]) -> None:
    values = dict(zip("abcde", [0.9, nan, 0.1, -1.0, 0.5], strict=True))
    several = [entry(name, values[name], inf if isnan(values[name]) else 1.0) for name in names]
    assert "".join(one.montage for one in in_order(several)) == "aecdb"


def test_formula() -> None:
    assert [formula_of(by) for by in ("veraart", "threshold")] == ["veraart", "contrast"]


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(InputError, match="of X"):
        ranked([curve("L", [1.0]), curve("R", [2.0])], ["X"])
