"""Rows of ranks and of strength-duration."""

from __future__ import annotations

from math import inf, nan

import pytest

from spinemodel.io.ranking_tables import duration_rows, rank_rows, width_rows
from spinemodel.recruitment.curves import RecruitmentCurve
from spinemodel.recruitment.ranking import Ranked
from spinemodel.recruitment.thresholds import Outcome


def curve(target: str, least_mA: list[float]) -> RecruitmentCurve:
    return RecruitmentCurve(target, "Ia", least_mA, [1.0] * len(least_mA), 10.0, {Outcome.ACTIVATED: 1}, "C1:-1")


def test_ranks() -> None:
    (first, second) = rank_rows([Ranked("a", "C1:-1", 1.0, 2.0, 0.5, 1.0, 1.5, "L3_L", 0.25),
                                 Ranked("a", "C2:-1", inf, inf, nan, nan, nan, "", inf)])  # fmt: skip
    assert list(first.values()) == ["1", "a", "C1:-1", "1", "2", "0.5", "1", "1.5", "L3_L", "0.25"]
    assert list(second.values()) == ["2", "a", "C2:-1", *["n/a"] * 5, "", "n/a"]


def test_weiss_is_found_again() -> None:
    widths = (0.1, 0.2, 0.5)
    by_width = [[curve("L3_L", [2.0 * (1 + 0.3 / width)])] for width in widths]
    weiss, lapicque = duration_rows(widths, by_width)
    assert (weiss["montage"], weiss["target"], weiss["class"], weiss["law"]) == ("C1:-1", "L3_L", "Ia", "weiss")
    assert float(weiss["rheobase_mA"]) == pytest.approx(2.0)
    assert float(weiss["chronaxie_ms"]) == pytest.approx(0.3)
    assert float(weiss["residual"]) == pytest.approx(0.0, abs=1e-6)
    assert float(lapicque["residual"]) > 0.01


def test_currents_at_each_width() -> None:
    by_width = [[curve("a", [1.5]), curve("b", [])], [curve("a", [1.0]), curve("b", [2.0])]]
    rows = width_rows((0.1, 0.2), by_width)
    assert [(row["target"], row["width_ms"], row["I10_mA"]) for row in rows] == [
        ("a", "0.1", "1.5"), ("a", "0.2", "1"), ("b", "0.1", "n/a"), ("b", "0.2", "2")
    ]  # fmt: skip
    assert {(row["at_end"], row["up_to_mA"]) for row in rows} == {("0", "10")}


def test_what_is_not_reached_or_does_not_fall_has_no_numbers() -> None:
    by_width = [[curve("a", []), curve("b", [1.0])], [curve("a", [1.0]), curve("b", [2.0])]]
    rows = duration_rows((0.1, 0.2), by_width)
    assert [row["target"] for row in rows] == ["a", "a", "b", "b"]
    assert {row[name] for row in rows for name in ("rheobase_mA", "chronaxie_ms", "residual")} == {"n/a"}
