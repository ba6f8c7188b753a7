from __future__ import annotations

import numpy as np

from spinemodel.io.agreement.cells import ALL
from spinemodel.io.agreement.pooled import Measured, pooled_rows


def item(subject: str, level: str, side: str, values: list[float], raters=("a", "b")) -> Measured:
    return Measured(subject, raters, level, side, np.array(values))


def test_pooled_by_everything_level_side_and_subject() -> None:
    items = [
        item("sub-01", "L1", "L", [1.0, 3.0]),
        item("sub-01", "L2", "R", [2.0]),
        item("sub-02", "L1", "R", [6.0]),
        item("sub-02", "L2", "R", []),
    ]
    rows = {(row["subject"], row["level"], row["side"]): row for row in pooled_rows(items)}
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
    rows = pooled_rows([item("sub-01", "L1", "L", [float(k)], pair) for k, pair in enumerate(pairs, 1)])
    assert (rows[0]["first"], rows[0]["second"], rows[0]["mean_mm"], rows[0]["n"]) == (ALL, ALL, "2.000", "3")
    assert rows[-1]["second"] == "consensus"


def test_nothing_to_pool_is_said() -> None:
    rows = pooled_rows([item("sub-01", "L1", "L", [])])
    assert {row["mean_mm"] for row in rows} == {"n/a"}
    assert all(row["reason"] for row in rows)
