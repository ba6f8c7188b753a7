"""Recruitment curves: the steps, who is counted, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import (
    RecruitmentCurve,
    current_at,
    curves,
    lowest_threshold,
    merged_amplitudes,
    share_at,
)
from spinemodel.recruitment.thresholds import Outcome
from tests.recruitment.made_fibres import curve, table, whole_table

THRESHOLDS = st.lists(st.one_of(st.just(np.nan), st.floats(0.1, 20.0)), min_size=1, max_size=20)


class TestShare:
    def test_steps(self) -> None:
        (one,) = curves(table([3.0, 1.0, 2.0, 1.0]))
        np.testing.assert_array_equal(one.amplitude_mA, [1, 2, 3])
        np.testing.assert_allclose(one.share, [0.5, 0.75, 1])
        np.testing.assert_allclose(share_at(one, [0.99, 1, 1.99, 2, 3, 10, 10.01]),
                                   [0, 0.5, 0.5, 0.75, 1, 1, np.nan])  # fmt: skip

    def test_weights(self) -> None:
        (one,) = curves(table([1.0, 2.0, np.nan], weight=[0.2, 0.5, 0.3]))
        np.testing.assert_allclose(one.share, [0.2, 0.7])

    def test_only_those_left_out_leave_the_denominator(self) -> None:
        (one,) = curves(table([1.0, 2.0, np.nan, np.nan, np.nan], [0, Outcome.AT_END, 1, 3, 4]))
        np.testing.assert_array_equal(one.amplitude_mA, [1])
        np.testing.assert_allclose(one.share, [0.25])
        assert one.counts == dict.fromkeys(Outcome, 1)
        assert one.in_play == 4

    def test_no_fibre_in_play(self) -> None:
        (one,) = curves(table([np.nan, np.nan], [4, 4]))
        assert one.in_play == 0
        assert np.isnan(share_at(one, [1.0])).all()
        assert np.isnan(current_at(one, 0.1))

    def test_none_activated(self) -> None:
        (one,) = curves(table([np.nan, np.nan]))
        assert share_at(one, 5.0) == 0
        assert current_at(one, 0.1) == np.inf
        assert lowest_threshold([one]) == np.inf
        assert not len(merged_amplitudes([one]))

    @given(THRESHOLDS, st.floats(0.01, 100.0), st.randoms())
    def test_rises_from_0_to_1_whatever_scale_and_order(self, found: list[float], scale: float, random) -> None:
        weight = np.arange(1.0, len(found) + 1)
        (one,) = curves(table(found, weight=weight, up_to=20.0))
        assert (np.diff(one.share) >= 0).all()
        assert ((one.share > 0) & (one.share <= 1)).all()
        (scaled,) = curves(table(found, weight=weight * scale, up_to=20.0))
        np.testing.assert_allclose(scaled.share, one.share, rtol=1e-12)
        order = random.sample(range(len(found)), len(found))
        (mixed,) = curves(table([found[i] for i in order], weight=weight[order], up_to=20.0))
        np.testing.assert_array_equal(mixed.amplitude_mA, one.amplitude_mA)
        np.testing.assert_allclose(mixed.share, one.share, rtol=1e-12)

    @given(THRESHOLDS)
    def test_is_the_share_with_at_most_that_threshold(self, found: list[float]) -> None:
        (one,) = curves(table(found, up_to=20.0))
        for amplitude in [0.05, 1.0, *(each for each in found if np.isfinite(each)), 20.0]:
            assert share_at(one, amplitude) == pytest.approx(np.mean([each <= amplitude for each in found]))


class TestCurrents:
    @given(THRESHOLDS, st.floats(0.01, 1.0))
    def test_least_that_reaches(self, found: list[float], share: float) -> None:
        (one,) = curves(table(found, up_to=20.0))
        current = current_at(one, share)
        if np.isfinite(current):
            assert share_at(one, current) >= share - 1e-9
            assert share_at(one, np.nextafter(current, 0)) < share
        else:
            assert share_at(one, 20.0) < share

    def test_tenths_are_reached_in_spite_of_round_off(self) -> None:
        (one,) = curves(table(list(np.arange(1.0, 11.0))))
        assert [current_at(one, share) for share in (0.1, 0.5, 0.9)] == [1, 5, 9]

    def test_lowest(self) -> None:
        found = [curve("L3_R", {2.0: 1.0}), curve("L3_R", {3.0: 1.0}, fibre_class="II")]
        assert lowest_threshold(found) == 2
        assert lowest_threshold(found, "II") == 3
        assert lowest_threshold(found, "motor") == np.inf

    def test_nothing_is_merged_beyond_what_all_know(self) -> None:
        found = [curve("L3_R", {2.0: 0.5, 9.0: 1.0}), curve("L3_L", {2.0: 0.5, 3.0: 1.0}, up_to=4.0)]
        np.testing.assert_array_equal(merged_amplitudes(found), [2, 3])


class TestGroups:
    def test_by_root_and_class(self) -> None:
        found = curves(whole_table())
        assert len(found) == 28
        assert [(one.target, one.fibre_class) for one in found[:3]] == [("L1_L", "Ia"), ("L1_L", "II"), ("L1_R", "Ia")]
        assert sum(sum(one.counts.values()) for one in found) == len(whole_table())

    def test_pooled_roots_count_alike(self) -> None:
        two = table([1.0, 1.0, 1.0, 5.0], roots=["L3_R"] * 3 + ["L3_L"], weight=[1 / 3] * 3 + [1.0])
        (level,) = curves(two, by=("level",))
        assert (level.target, level.fibre_class) == ("L3", "")
        np.testing.assert_allclose(level.share, [0.5, 1])
        left, right = curves(two, by=("side", "class"))[::-1]
        assert (left.target, right.target, left.fibre_class) == ("L", "R", "Ia")
        np.testing.assert_array_equal(left.amplitude_mA, [5])

    def test_pooled_share_is_the_mean_of_roots(self) -> None:
        roots = [one for one in curves(whole_table()) if one.fibre_class == "Ia" and one.target.endswith("L")]
        side = curves(whole_table(), by=("side", "class"))[0]
        assert (side.target, side.fibre_class) == ("L", "Ia")
        at = np.linspace(0.5, 7.9, 40)
        mean = np.mean([share_at(one, at) for one in roots], axis=0)
        np.testing.assert_allclose(share_at(side, at), mean, rtol=1e-12)

    def test_ventral_roots_have_level_and_side(self) -> None:
        (one,) = curves(table([1.0], roots=["S1_L_ventral"]), by=("level", "side"))
        assert one.target == "S1_L"


@pytest.mark.parametrize(("amplitude", "share"), [([1, 1], [0.1, 0.2]), ([1, 2], [0.3, 0.2]), ([1], [0.1, 1])])
def test_what_is_no_curve_is_refused(amplitude: list[float], share: list[float]) -> None:
    with pytest.raises(InputError, match="L3_R Ia"):
        RecruitmentCurve("L3_R", "Ia", amplitude, share, 10.0, {})


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(InputError, match="expected one of each a fibre"):
        replace(table([1.0, 2.0]), latency_ms=np.zeros(3))
