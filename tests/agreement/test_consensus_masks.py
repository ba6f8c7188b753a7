"""Majority and STAPLE against SimpleITK and known truth, and raters against them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK

from spinemodel.agreement.consensus_masks import against, against_others, first_drawings, majority, staple
from spinemodel.agreement.masks import Drawing, Masks
from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid

SHAPE = (20, 18, 12)
GRID = Grid(SHAPE, np.diag([0.5, 0.5, 1.0, 1.0]), "sub-01/scanner")
TRUTH = np.zeros(SHAPE, dtype=bool)
TRUTH[4:15, 5:13, 3:9] = True
SENSITIVITY = {"A": 0.97, "B": 0.95, "C": 0.55, "D": 0.5, "E": 0.5}
SPECIFICITY = {"A": 0.99, "B": 0.98, "C": 0.97, "D": 0.99, "E": 0.96}
"""Two good raters and three bad ones, whom a majority lets prevail."""


def raters(names: str = "ABCDE") -> Masks:
    """Masks of raters with known sensitivity and specificity, each voxel by itself."""
    drawn = {}
    for name in names:
        chance = np.random.default_rng(ord(name)).random(SHAPE)
        drawn[Drawing(name)] = np.where(TRUTH, chance < SENSITIVITY[name], chance > SPECIFICITY[name])
    return Masks(GRID, drawn)


def images(masks: Masks) -> list[SimpleITK.Image]:
    """The masks with axes as SimpleITK has them."""
    return [
        SimpleITK.GetImageFromArray(mask.astype(np.uint8).transpose(2, 1, 0).copy()) for mask in masks.masks.values()
    ]


@pytest.mark.parametrize("names", ["ABC", "ABCDE"])
def test_majority_as_simpleitk(names: str) -> None:
    found = SimpleITK.GetArrayFromImage(SimpleITK.LabelVoting(images(raters(names)), 255)).transpose(2, 1, 0)
    np.testing.assert_array_equal(majority(raters(names)), found == 1)


def test_ties() -> None:
    found = raters("AB")
    one, other = found.masks.values()
    np.testing.assert_array_equal(majority(found), one & other)
    voting = SimpleITK.GetArrayFromImage(SimpleITK.LabelVoting(images(found), 255)).transpose(2, 1, 0)
    np.testing.assert_array_equal((one | other) & ~majority(found), voting == 255)


def test_staple_as_simpleitk() -> None:
    found = staple(raters())
    measure = SimpleITK.STAPLEImageFilter()
    measure.SetForegroundValue(1)
    expected = SimpleITK.GetArrayFromImage(measure.Execute(images(raters()))).transpose(2, 1, 0)
    np.testing.assert_allclose(found.probability, expected, atol=1e-9)
    np.testing.assert_allclose(list(found.sensitivity.values()), measure.GetSensitivity(), atol=1e-9)
    np.testing.assert_allclose(list(found.specificity.values()), measure.GetSpecificity(), atol=1e-9)
    assert found.reason == ""


def test_staple_finds_who_the_raters_are() -> None:
    found = staple(raters())
    for name in SENSITIVITY:
        # 528 voxels inside, 3792 outside: three standard errors are 0.065 at most, and 0.01.
        assert found.sensitivity[Drawing(name)] == pytest.approx(SENSITIVITY[name], abs=0.065)
        assert found.specificity[Drawing(name)] == pytest.approx(SPECIFICITY[name], abs=0.01)
    wrong = np.count_nonzero(found.mask != TRUTH)
    others = (majority(raters()), *raters().masks.values())
    assert wrong < min(np.count_nonzero(mask != TRUTH) for mask in others)


def test_a_margin_leaves_out_background() -> None:
    """Raters that draw nothing amiss far away: then the whole grid makes all specificities larger."""
    box = np.zeros(SHAPE, dtype=bool)
    box[2:17, 3:15, 2:10] = True
    near = Masks(GRID, {key: mask & box for key, mask in raters().masks.items()})
    whole, close = staple(near), staple(near, margin=0)
    for key in near.masks:
        assert whole.specificity[key] > close.specificity[key]
    assert np.all(close.probability[~box] == 0)
    cut = Masks(Grid((15, 12, 8), np.eye(4), "cut"), {k: m[2:17, 3:15, 2:10].copy() for k, m in near.masks.items()})
    np.testing.assert_allclose(close.probability[2:17, 3:15, 2:10], staple(cut).probability, atol=1e-12)


def test_who_drew_twice_votes_once() -> None:
    found = raters("ABC")
    twice = Masks(GRID, {Drawing("A", 2): found.masks[Drawing("C")], **found.masks})
    assert list(first_drawings(twice).masks) == [Drawing("A"), Drawing("B"), Drawing("C")]
    np.testing.assert_array_equal(majority(twice), majority(found))
    np.testing.assert_array_equal(staple(twice).probability, staple(found).probability)


def test_one_rater_is_the_consensus() -> None:
    found = raters("A")
    np.testing.assert_array_equal(majority(found), found.masks[Drawing("A")])
    np.testing.assert_array_equal(staple(found).mask, found.masks[Drawing("A")])


def test_one_who_drew_nothing() -> None:
    drawn = {**raters("AB").masks, Drawing("Z"): np.zeros(SHAPE, bool)}
    found = staple(Masks(GRID, drawn))
    assert found.sensitivity[Drawing("Z")] == 0
    assert found.specificity[Drawing("Z")] == 1
    assert np.isfinite(found.probability).all()


@pytest.mark.parametrize(("value", "told"), [(False, "nothing was drawn"), (True, "every voxel")])
def test_staple_without_an_answer(value: bool, told: str) -> None:
    found = staple(Masks(GRID, {Drawing(name): np.full(SHAPE, value) for name in "AB"}))
    assert told in found.reason
    np.testing.assert_array_equal(found.mask, np.full(SHAPE, value))
    assert np.isnan(list(found.sensitivity.values())).all()


def test_each_rater_against_the_consensus() -> None:
    found = raters()
    rows = against(found, majority(found), "majority")
    assert [row.first.rater for row in rows] == list("ABCDE")
    assert {row.kind for row in rows} == {"consensus"}
    for row, mask in zip(rows, found.masks.values(), strict=True):
        both = (mask & majority(found)).sum()
        assert row.dice == pytest.approx(2 * both / (mask.sum() + majority(found).sum()))
        assert str(row.second) == "majority"
    assert max(row.dice for row in rows) == rows[0].dice  # A is the best


def test_a_rater_flatters_a_consensus_of_its_own() -> None:
    found = raters("ABC")
    within = against(found, majority(found), "majority")
    without = against_others(found)
    assert all(own.dice > other.dice for own, other in zip(within, without, strict=True))
    one, other, own = (found.masks[Drawing(name)] for name in "BCA")
    agreed = one & other
    assert without[0].dice == pytest.approx(2 * (own & agreed).sum() / (own.sum() + agreed.sum()))


def test_staple_of_the_others() -> None:
    rows = against_others(raters(), lambda masks: staple(masks).mask, name="STAPLE of the others")
    assert len(rows) == 5
    assert all(0.5 < row.dice < 1 for row in rows)


def test_refusals() -> None:
    with pytest.raises(InputError, match="'A' is a rater too"):
        against(raters(), TRUTH, "A")
    with pytest.raises(InputError, match="one rater"):
        against_others(raters("A"))
    with pytest.raises(InputError, match="mask of"):
        against(raters(), TRUTH[1:], "majority")


def test_answers_are_read_only() -> None:
    found = staple(raters("AB"))
    with pytest.raises(ValueError, match="read-only"):
        found.probability[0, 0, 0] = 1
    with pytest.raises(TypeError):
        found.sensitivity[Drawing("A")] = 1  # type: ignore[index]
