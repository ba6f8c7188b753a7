"""Estimates: no number is missing without a reason."""

from __future__ import annotations

from math import inf, nan

import pytest

from spinemodel.agreement.estimate import Estimate, require_level, unbounded, undefined
from spinemodel.errors import InputError


def test_a_missing_number_has_a_reason() -> None:
    for numbers in ((nan, nan, nan), (1.0, nan, 2.0), (1.0, 0.0, inf), (nan, 0.0, 1.0)):
        with pytest.raises(InputError, match="kappa"):
            Estimate(*numbers, "kappa", 3)


def test_a_reason_has_a_missing_number() -> None:
    with pytest.raises(InputError, match="too few"):
        Estimate(0.5, 0.1, 0.9, "kappa", 3, reason="too few")


def test_what_is_missing_can_be_asked_for() -> None:
    whole, value, none = Estimate(0.5, 0.1, 0.9, "kappa", 3), unbounded(0.5, "k", 1, "few"), undefined("k", 0, "none")
    assert [(each.defined, each.bounded) for each in (whole, value, none)] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_text_tells_level_and_reason() -> None:
    assert str(Estimate(1 / 3, 0.1, 0.9, "kappa", 3, 0.9)) == "0.333 (90 % interval 0.1 to 0.9, n = 3)"
    assert str(unbounded(0.5, "kappa", 1, "one subject")) == "0.5 (one subject, n = 1)"


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, nan])
def test_levels_are_shares(level: float) -> None:
    with pytest.raises(InputError, match="level"):
        require_level(level)
