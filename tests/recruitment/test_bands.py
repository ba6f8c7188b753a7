"""Bands: quantiles over repetitions."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.recruitment.bands import bands, enough
from spinemodel.recruitment.curves import SHARES, curves, share_at
from tests.recruitment.made_fibres import curve, table, whole_table


def test_quantiles_of_shares_and_currents() -> None:
    steps = np.arange(1.0, 102.0) / 10
    (one,) = bands([[curve("L3_R", {float(step): 1.0}, up_to=20.0)] for step in steps], "thresholds", 0.9)
    assert (one.repetitions, one.source, one.level) == (101, "thresholds", 0.9)
    at = np.searchsorted(one.amplitude_mA, 5.1)
    np.testing.assert_array_equal([one.low[at], one.middle[at], one.high[at]], [0, 1, 1])
    np.testing.assert_allclose(one.currents_mA, [[0.6, 5.1, 9.6]] * len(SHARES), atol=0.11)


@pytest.mark.parametrize(("count", "holds"), [(3, "range of 3 repetitions"), (9, "range of 9 repetitions"),
                                              (10, "80 % of 10 repetitions")])  # fmt: skip
def test_few_repetitions_tell_their_range(count: int, holds: str) -> None:
    tops = np.linspace(0.1, 1.0, count)
    (one,) = bands([[curve("L3_R", {1.0: float(top)})] for top in tops], "tops", 0.8)
    assert one.holds == holds
    ends = (tops[0], tops[-1]) if count < enough(0.8) else np.quantile(tops, [0.1, 0.9])
    np.testing.assert_allclose([one.low[0], one.high[0]], ends)


def test_all_alike_have_no_spread() -> None:
    found = bands([curves(whole_table())] * 3, "nothing")
    assert len(found) == 28
    for one, each in zip(curves(whole_table()), found, strict=True):
        np.testing.assert_array_equal(each.low, each.high)
        np.testing.assert_array_equal(each.middle, share_at(one, each.amplitude_mA))


def test_ordered_and_rising() -> None:
    for one in bands([curves(whole_table(seed)) for seed in range(8)], "seed of the population", 0.8):
        assert (one.low <= one.middle).all()
        assert (one.middle <= one.high).all()
        assert all((np.diff(part) >= 0).all() for part in (one.low, one.middle, one.high))
        known = np.where(np.isfinite(one.currents_mA), one.currents_mA, 1e9)
        assert (np.diff(known, axis=0) >= 0).all()
        assert (np.diff(known, axis=1) >= 0).all()


def test_currents_that_some_do_not_reach_are_infinite() -> None:
    (one,) = bands([[curve("L3_R", {1.0: 0.2, 2.0: top})] for top in (0.3, 0.6, 0.95)], "top", 0.9)
    np.testing.assert_array_equal(one.currents_mA, [[1, 1, 1], [2, 2, np.inf], [2, np.inf, np.inf]])


def test_nothing_beyond_what_all_tried() -> None:
    (one,) = bands([curves(table([1.0, 5.0], up_to=9.0)), curves(table([1.5, 5.0], up_to=2.0))], "range")
    np.testing.assert_array_equal(one.amplitude_mA, [1, 1.5])


@pytest.mark.parametrize("sets", [[], [[curve("A", {})]], [[curve("A", {})], [curve("B", {})]]])
def test_refused(sets: list[list[object]]) -> None:
    with pytest.raises(InputError, match="bands over seeds"):
        bands(sets, "seeds")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="level"):
        bands([[curve("A", {})]] * 2, "seeds", 1.0)
