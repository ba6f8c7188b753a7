"""Masks of several raters against SimpleITK, closed forms, and five raters' real ones."""

from __future__ import annotations

import os
from itertools import combinations
from math import isnan
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.agreement.masks import Drawing, Masks, compare_masks, cropped, masks_of, range_of
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.io.nifti import read_volume
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.labels import LabelVolume

SHAPE = (14, 12, 9)
AFFINE = np.array([[-0.5, 0, 0, 30], [0, 0.5, 0, -30], [0, 0, 2.0, -195], [0, 0, 0, 1]])
GRID = Grid(SHAPE, AFFINE, "sub-01/scanner")


def box(first: tuple[int, int, int], last: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[tuple(slice(a, b) for a, b in zip(first, last, strict=True))] = True
    return mask


def noisy(seed: int, share: float = 0.15) -> np.ndarray:
    return box((3, 3, 2), (11, 9, 7)) ^ (np.random.default_rng(seed).random(SHAPE) < share)


def masks(**drawn: np.ndarray) -> Masks:
    return Masks(GRID, {Drawing(name): mask for name, mask in drawn.items()})


def itk(mask: np.ndarray) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(mask.astype(np.uint8).transpose(2, 1, 0).copy())
    image.SetSpacing([0.5, 0.5, 2.0])
    return image


@pytest.mark.parametrize("seed", range(4))
def test_as_simpleitk(seed: int) -> None:
    one, other = noisy(seed), noisy(seed + 10)
    (row,) = compare_masks(masks(A=one, B=other))
    measure = SimpleITK.LabelOverlapMeasuresImageFilter()
    measure.Execute(itk(one), itk(other))
    assert row.dice == pytest.approx(measure.GetDiceCoefficient())
    assert row.jaccard == pytest.approx(measure.GetJaccardCoefficient())
    # SimpleITK's volume similarity is 2 (second - first) / (first + second) of (source, target).
    assert row.volume_difference == pytest.approx(-measure.GetVolumeSimilarity())
    distance = SimpleITK.HausdorffDistanceImageFilter()
    distance.Execute(SimpleITK.LabelContour(itk(one)), SimpleITK.LabelContour(itk(other)))
    assert row.hausdorff_mm == pytest.approx(distance.GetHausdorffDistance(), abs=1e-6)
    assert row.surface_mm <= row.hausdorff95_mm <= row.hausdorff_mm


def test_shifted_box() -> None:
    """8 x 6 x 5 voxels, moved by 2 voxels of 0.5 mm along x: 6/8 of each is shared."""
    (row,) = compare_masks(masks(A=box((2, 3, 2), (10, 9, 7)), B=box((4, 3, 2), (12, 9, 7))))
    assert row.dice == pytest.approx(0.75)
    assert row.jaccard == pytest.approx(0.6)
    assert row.hausdorff_mm == pytest.approx(1.0)
    assert row.first_mm3 == row.second_mm3 == pytest.approx(240 * 0.5)
    assert row.volume_difference_mm3 == row.volume_difference == 0
    assert row.reason == ""


def test_identical_masks() -> None:
    (row,) = compare_masks(masks(A=noisy(1), B=noisy(1)))
    assert (row.dice, row.jaccard, row.hausdorff_mm, row.hausdorff95_mm, row.surface_mm) == (1, 1, 0, 0, 0)


def test_volume_difference_has_the_seconds_sign() -> None:
    (row,) = compare_masks(masks(A=box((2, 2, 2), (4, 4, 4)), B=box((2, 2, 2), (4, 4, 8))))
    assert row.volume_difference_mm3 == pytest.approx(16 * 0.5)
    assert row.volume_difference == pytest.approx(1.0)  # 8 and 24 voxels: 16 over their mean


@given(st.integers(0, 10_000), st.floats(0.0, 0.6))
def test_dice_and_jaccard_tell_the_same(seed: int, share: float) -> None:
    (row,) = compare_masks(masks(A=noisy(seed, share), B=noisy(seed + 1, 0.2)))
    assert row.dice == pytest.approx(2 * row.jaccard / (1 + row.jaccard))
    (turned,) = compare_masks(masks(B=noisy(seed + 1, 0.2), A=noisy(seed, share)))
    assert turned.dice == row.dice
    assert turned.surface_mm == pytest.approx(row.surface_mm)
    assert turned.volume_difference_mm3 == -row.volume_difference_mm3


def test_raters_and_repeats_are_told_apart() -> None:
    volumes = {
        key: LabelVolume(GRID, noisy(seed).astype(np.uint16), {})
        for seed, key in enumerate([("A", 1), ("A", 2), ("B", 1), ("B", 2), ("C", 1)])
    }
    rows = compare_masks(masks_of(volumes, 1))
    assert len(rows) == 10
    intra = [(str(row.first), str(row.second)) for row in rows if row.kind == "intra"]
    assert intra == [("A", "A (2)"), ("B", "B (2)")]
    assert sum(row.kind == "inter" for row in rows) == 8


def test_a_name_finds_its_number_in_each_volume() -> None:
    one, other = noisy(1).astype(np.uint16) * 3, noisy(2).astype(np.uint16) * 8
    other[other == 0] = 3  # another structure has the number that this one has elsewhere
    volumes = {"A": LabelVolume(GRID, one, {3: "cord"}), "B": LabelVolume(GRID, other, {8: "cord", 3: "csf"})}
    found = masks_of(volumes, "cord")
    np.testing.assert_array_equal(found.masks[Drawing("A")], noisy(1))
    np.testing.assert_array_equal(found.masks[Drawing("B")], noisy(2))
    assert masks_of(volumes, 3).masks[Drawing("B")].sum() == (~noisy(2)).sum()
    assert masks_of(volumes).masks[Drawing("B")].all()
    with pytest.raises(InputError, match="no volume has a label named 'dura'; there are cord, csf"):
        masks_of(volumes, "dura")


def test_who_drew_nothing() -> None:
    rows = compare_masks(masks(A=noisy(1), B=np.zeros(SHAPE, bool), C=np.zeros(SHAPE, bool)))
    one, _, both = rows
    assert (one.dice, one.jaccard, one.second_mm3) == (0, 0, 0)
    assert isnan(one.surface_mm)
    assert one.reason == "B: nothing was drawn"
    assert isnan(both.dice)
    assert isnan(both.volume_difference)
    assert both.reason == "B and C: nothing was drawn"
    assert range_of(row.dice for row in rows) == (0, 0, 0, 2)


def test_a_mask_that_fills_the_grid_has_no_boundary() -> None:
    (row,) = compare_masks(masks(A=noisy(1), B=np.ones(SHAPE, bool)))
    assert 0 < row.dice < 1
    assert isnan(row.hausdorff_mm)
    assert "fills its grid" in row.reason


def test_a_crop_keeps_the_place() -> None:
    small = cropped(masks(A=box((4, 3, 2), (9, 8, 6)), B=box((5, 3, 2), (10, 8, 9))), 1)
    assert small.grid.shape == (8, 7, 8)  # the grid ends behind the ninth slice
    first = to_mm(small.grid, np.zeros((1, 3)))
    np.testing.assert_allclose(first, to_mm(GRID, np.array([[3.0, 2.0, 1.0]])))
    np.testing.assert_array_equal(small.masks[Drawing("A")], box((4, 3, 2), (9, 8, 6))[3:11, 2:9, 1:9])


def test_refusals() -> None:
    elsewhere = Grid(SHAPE, AFFINE, "sub-02/scanner")
    volume = LabelVolume(GRID, noisy(1).astype(np.uint16), {})
    with pytest.raises(SpaceMismatchError):
        masks_of({"A": volume, "B": LabelVolume(elsewhere, volume.values, {})}, 1)
    with pytest.raises(InputError, match="no volume"):
        masks_of({}, 1)
    with pytest.raises(InputError, match="drawing 1 of A"):
        masks_of({"A": volume, ("A", 1): volume}, 1)  # type: ignore[dict-item]
    with pytest.raises(InputError, match="mask of B: got uint16"):
        masks(A=noisy(1), B=volume.values)
    with pytest.raises(InputError, match="none"):
        Masks(GRID, {})


TRACTS = Path(__file__).parents[2] / os.environ.get("SPINEMODEL_DATA", "../shared/data") / "sct_multirater_tracts"
RATERS = ("benjamin", "charles", "julien", "simon", "tanguy")


def tract(name: str) -> Masks:
    """One tract as five raters drew it, four of them twice."""
    if not TRACTS.exists():
        pytest.skip("no sct_multirater_tracts in the data folder")
    files = {
        Drawing(rater, repeat): TRACTS / rater / f"manual_{name}{suffix}.nii.gz"
        for rater in RATERS
        for repeat, suffix in ((1, ""), (2, "_2"))
    }
    volumes = {key: read_volume(path, space="atlas") for key, path in files.items() if path.exists()}
    return masks_of(volumes, 1)


@pytest.mark.parametrize(
    ("name", "least", "largest", "intra"),
    [
        ("dc", 0.49, 0.77, {"benjamin": 0.70, "julien": 0.65, "simon": 0.80, "tanguy": 0.66}),
        ("csl", 0.36, 0.71, {"benjamin": 0.63, "julien": 0.70, "simon": 0.57, "tanguy": 0.47}),
        ("csr", 0.20, 0.76, {"benjamin": 0.69, "julien": 0.61, "simon": 0.57, "tanguy": 0.60}),
    ],
)
def test_five_raters(name: str, least: float, largest: float, intra: dict[str, float]) -> None:
    found = tract(name)
    rows = compare_masks(found)
    assert len(rows) == 36
    first = [row for row in rows if row.kind == "inter" and row.first.repeat == row.second.repeat == 1]
    between = range_of(row.dice for row in first)
    assert (round(between.least, 2), round(between.largest, 2), between.n) == (least, largest, 10)
    assert {row.first.rater: round(row.dice, 2) for row in rows if row.kind == "intra"} == intra
    for row, (one, other) in zip(rows, combinations(found.masks.values(), 2), strict=True):
        assert row.dice == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))
        assert row.first_mm3 == pytest.approx(one.sum() / 8)
    assert all(not row.reason for row in rows)
