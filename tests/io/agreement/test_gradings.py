from __future__ import annotations

from spinemodel.agreement.bland_altman import bland_altman
from spinemodel.agreement.estimate import undefined
from spinemodel.agreement.gradings import graded
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.agreement.gradings import bland_altman_row, estimate_row


def test_estimates_tell_why_a_number_is_missing() -> None:
    row = estimate_row("grade", ALL, "a, b", undefined("kappa; interval: bootstrap", 3, "constant"))
    assert (row["statistic"], row["value"], row["low"], row["reason"]) == ("kappa", "n/a", "n/a", "constant")
    assert row["interval"] == "bootstrap"


def test_bland_altman_is_written_in_full() -> None:
    found = bland_altman(graded([[5.1, 5.0], [6.0, 6.3], [7.2, 7.0], [4.4, 4.1], [5.0, 4.9]], ["a", "b"]), "a", "b")
    row = bland_altman_row("height", ALL, found)
    assert (row["bias"], row["bias_low"], row["bias_high"]) == ("0.080", "-0.203", "0.363")
    assert row["sd"] == "0.228"
    assert abs(float(row["upper"]) - (0.08 + 1.96 * 0.228)) < 1e-3
