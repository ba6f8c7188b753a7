from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.agreement.bland_altman import bland_altman
from spinemodel.agreement.estimate import Estimate, undefined
from spinemodel.agreement.gradings import graded
from spinemodel.agreement.masks import Drawing, MaskAgreement
from spinemodel.agreement.means import MeanPoints
from spinemodel.io import agreement_tables as tables
from spinemodel.io.agreement_tables import ALL, Measured, number


def item(subject: str, level: str, side: str, values: list[float], raters=("a", "b")) -> Measured:
    return Measured(subject, raters, level, side, np.array(values))


def test_pooled_by_everything_level_side_and_subject() -> None:
    items = [
        item("sub-01", "L1", "L", [1.0, 3.0]),
        item("sub-01", "L2", "R", [2.0]),
        item("sub-02", "L1", "R", [6.0]),
        item("sub-02", "L2", "R", []),
    ]
    rows = {(row["subject"], row["level"], row["side"]): row for row in tables.pooled_rows(items)}
    assert rows[ALL, ALL, ALL]["mean_mm"] == "3.000"
    assert rows[ALL, ALL, ALL]["sd_mm"] == "2.160"  # sqrt(14 / 3)
    assert (rows[ALL, ALL, ALL]["n"], rows[ALL, ALL, ALL]["structures"]) == ("4", "3")
    assert rows[ALL, "L1", ALL]["mean_mm"] == "3.333"
    assert rows[ALL, ALL, "R"]["largest_mm"] == "6.000"
    assert rows[ALL, "L1", "R"]["sd_mm"] == "n/a"
    assert rows["sub-02", ALL, ALL]["reason"] == "one subject does not tell how subjects differ"
    assert rows[ALL, ALL, ALL]["reason"] == ""


def test_three_raters_are_pooled_and_the_consensus_comes_last() -> None:
    pairs = [("a", "b"), ("a", "c"), ("b", "c"), ("a", "consensus")]
    rows = tables.pooled_rows([item("sub-01", "L1", "L", [float(k)], pair) for k, pair in enumerate(pairs, 1)])
    assert (rows[0]["first"], rows[0]["second"], rows[0]["mean_mm"], rows[0]["n"]) == (ALL, ALL, "2.000", "3")
    assert rows[-1]["second"] == "consensus"


def test_nothing_to_pool_is_said() -> None:
    rows = tables.pooled_rows([item("sub-01", "L1", "L", [])])
    assert {row["mean_mm"] for row in rows} == {"n/a"}
    assert all(row["reason"] for row in rows)


@given(st.floats(allow_nan=True, allow_infinity=True, width=32))
def test_a_number_is_a_number_or_not_known(value: float) -> None:
    text = number(value)
    assert text == "n/a" if not np.isfinite(value) else abs(float(text) - value) <= 5.1e-4 + 1e-12 * abs(value)
    assert text != "-0.000"


def agreement(first: tuple[str, int], second: tuple[str, int], kind: str, dice: float) -> MaskAgreement:
    return MaskAgreement(Drawing(*first), Drawing(*second), kind, dice, dice / (2 - dice), 1.0, 1.0, 0.5, 8.0, 10.0)


def test_who_drew_twice_counts_once_between_raters() -> None:
    found = [
        ("sub-01", "cord", agreement(("a", 1), ("a", 2), "intra", 0.9)),
        ("sub-01", "cord", agreement(("a", 1), ("b", 1), "inter", 0.8)),
        ("sub-01", "cord", agreement(("a", 2), ("b", 1), "inter", 0.2)),
        ("sub-02", "cord", agreement(("a", 2), ("b", 1), "inter", 0.6)),
    ]
    rows = {(row["kind"], row["measure"]): row for row in tables.mask_summary_rows(found)}
    assert rows["inter", "dice"]["mean"] == "0.700"
    assert rows["inter", "dice"]["pairs"] == "2"
    assert rows["intra", "dice"]["mean"] == "0.900"
    assert rows["inter", "absolute_difference_percent"]["mean"] == "22.222"
    assert len(tables.mask_rows(found)) == 4


def test_estimates_tell_why_a_number_is_missing() -> None:
    row = tables.estimate_row("grade", ALL, "a, b", undefined("kappa; interval: bootstrap", 3, "constant"))
    assert (row["statistic"], row["value"], row["low"], row["reason"]) == ("kappa", "n/a", "n/a", "constant")
    assert row["interval"] == "bootstrap"
    known = tables.estimate_cells(Estimate(0.5, 0.25, 0.75, "kappa", 9), name="bias")
    assert (known["bias_low"], known["bias_high"], known["bias_subjects"]) == ("0.250", "0.750", "9")


def test_bland_altman_is_written_in_full() -> None:
    found = bland_altman(graded([[5.1, 5.0], [6.0, 6.3], [7.2, 7.0], [4.4, 4.1], [5.0, 4.9]], ["a", "b"]), "a", "b")
    row = tables.bland_altman_row("height", ALL, found)
    assert (row["bias"], row["bias_low"], row["bias_high"]) == ("0.080", "-0.203", "0.363")
    assert row["sd"] == "0.228"
    assert abs(float(row["upper"]) - (0.08 + 1.96 * 0.228)) < 1e-3


def test_yardsticks_are_shares() -> None:
    (row,) = tables.yardstick_rows({"roots": 0.75, "none": float("nan")}, {"slice": 2.0})
    assert row["of_paddle_percent"] == "7.5"
    assert row["of_contact_percent"] == "50.0"
    assert row["of_slice_percent"] == "37.5"


def test_every_point_of_a_consensus_has_its_spread() -> None:
    mean = MeanPoints(np.array([[1.0, 2, 3], [1, 2, 1]]), np.array([0.25, np.nan]), np.array([2, 1]),
                      np.array([2, 1]), "slice")
    rows = tables.spread_rows({"nerveroots_L1_L": mean})
    assert [row["sd_mm"] for row in rows] == ["0.250", "n/a"]
    assert [row["raters"] for row in rows] == ["2", "1"]
