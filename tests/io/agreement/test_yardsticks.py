from __future__ import annotations

from spinemodel.io.agreement.yardsticks import yardstick_rows


def test_yardsticks_are_shares() -> None:
    (row,) = yardstick_rows({"roots": 0.75, "none": float("nan")}, {"slice": 2.0})
    assert row["of_paddle_percent"] == "7.5"
    assert row["of_contact_percent"] == "50.0"
    assert row["of_slice_percent"] == "37.5"
