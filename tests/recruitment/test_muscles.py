"""Recruitment of muscles from that of roots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.levels import LEVELS
from spinemodel.recruitment.curves import RecruitmentCurve, current_at, curves, share_at
from spinemodel.recruitment.muscles import Muscle, RootToMuscle, muscle_curves
from spinemodel.recruitment.thresholds import Outcome
from tests.recruitment.made_fibres import curve, table, whole_table


def matrix(**rows: dict[str, float]) -> RootToMuscle:
    muscles = tuple(Muscle(name, name, "made up", False) for name in rows)
    return RootToMuscle("made up", muscles, [[row.get(level, 0.0) for level in LEVELS] for row in rows.values()])


L4, L5 = curve("L4_L", {1.0: 0.5, 3.0: 1.0}), curve("L5_L", {2.0: 0.4})


def test_weighted_mean_of_roots() -> None:
    (one,) = muscle_curves([L4, L5], matrix(TA={"L4": 0.75, "L5": 0.25}))
    assert (one.target, one.fibre_class) == ("TA_L", "Ia")
    np.testing.assert_array_equal(one.amplitude_mA, [1, 2, 3])
    np.testing.assert_allclose(one.share, [0.375, 0.475, 0.85])
    assert one.counts[Outcome.ACTIVATED] == 3
    assert current_at(one, 0.9) == np.inf


def test_muscle_of_one_root_is_the_root() -> None:
    own = [one for one in curves(whole_table()) if one.target == "L4_R"]
    for root, muscle in zip(own, muscle_curves(own, matrix(M={"L4": 1.0})), strict=True):
        np.testing.assert_array_equal(muscle.amplitude_mA, root.amplitude_mA)
        np.testing.assert_array_equal(muscle.share, root.share)
        assert (muscle.montage, muscle.counts, muscle.fibre_class) == (root.montage, root.counts, root.fibre_class)


def test_motoneurons_beyond_the_model_are_never_recruited() -> None:
    (one,) = muscle_curves([L4], matrix(M={"L4": 0.6}))
    assert one.share[-1] == pytest.approx(0.6)


@given(st.integers(0, 1000), st.lists(st.floats(0.01, 1.0), min_size=7, max_size=7))
def test_between_its_roots(seed: int, weight: list[float]) -> None:
    roots = [one for one in curves(whole_table(seed, count=5)) if one.fibre_class == "Ia" and one.target[-1] == "L"]
    (one,) = muscle_curves(roots, RootToMuscle("any", (Muscle("M", "", "", False),), [np.divide(weight, sum(weight))]))
    at = np.linspace(0.1, 8.0, 50)
    shares = np.array([share_at(root, at) for root in roots])
    found = share_at(one, at)
    assert (found >= shares.min(axis=0) - 1e-9).all()
    assert (found <= shares.max(axis=0) + 1e-9).all()


def test_unknown_where_a_root_is_missing_or_left_out() -> None:
    nobody = RecruitmentCurve("L5_L", "Ia", [], [], 10.0, {Outcome.LEFT_OUT: 2})
    for roots in ([L4], [L4, nobody]):
        (one,) = muscle_curves(roots, matrix(TA={"L4": 0.75, "L5": 0.25}))
        assert one.in_play == 0
        assert np.isnan(current_at(one, 0.5))


def test_each_class_and_side() -> None:
    found = muscle_curves(curves(whole_table()), matrix(TA={"L4": 0.5, "L5": 0.5}, SOL={"S1": 1.0}))
    assert len(found) == 8
    assert {one.target for one in found} == {"TA_L", "TA_R", "SOL_L", "SOL_R"}


def test_ventral_roots() -> None:
    both = table([1.0, 2.0], roots=["L4_L", "L4_L_ventral"], classes=["Ia", "alpha"])
    found = muscle_curves(curves(both), matrix(M={"L4": 1.0}))
    assert [(one.target, one.fibre_class) for one in found] == [("M_L", "Ia"), ("M_L", "alpha")]


@pytest.mark.parametrize("by", [("side",), ("level",), ("class",)])
def test_curves_that_are_not_of_roots_are_refused(by: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="each root and class"):
        muscle_curves(curves(whole_table(), by=by), matrix(M={"L4": 1.0}))  # type: ignore[arg-type]


def test_two_curves_of_a_root_are_refused() -> None:
    with pytest.raises(InputError, match="each root and class"):
        muscle_curves([L4, L4], matrix(M={"L4": 1.0}))


@pytest.mark.parametrize("weight", [{"L4": -0.1, "L5": 0.5}, {"L4": 0.8, "L5": 0.4}, {}])
def test_weights_that_are_no_shares_are_refused(weight: dict[str, float]) -> None:
    with pytest.raises(InputError, match="at most 1"):
        matrix(M=weight)
    with pytest.raises(InputError, match="expected"):
        RootToMuscle("short", (Muscle("M", "", "", False),), [[1.0]])
