"""Distances of masks against SimpleITK, closed forms and all pairs of voxels."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.mask_distances import boundary, mask_distances

SHAPE = (22, 18, 14)
TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
SHEARED = np.array([[0.5, 0.4, 0.0], [-0.1, 0.6, 0.3], [0.2, -0.1, 0.7]])


def grid_of(matrix: np.ndarray, shape: tuple[int, int, int] = SHAPE) -> Grid:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = matrix, (4.0, -30.0, 7.0)
    return Grid(shape, affine, "test")


def blobs(seed: int, level: float = 0.01) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), 2.0) > level


def image(mask: np.ndarray, grid: Grid) -> SimpleITK.Image:
    """The mask as SimpleITK holds it: axes reversed, with spacing, direction and origin."""
    found = SimpleITK.GetImageFromArray(mask.astype(np.uint8).transpose(2, 1, 0).copy())
    sides = np.linalg.norm(grid.affine[:3, :3], axis=0)
    found.SetSpacing(sides.tolist())
    found.SetDirection((grid.affine[:3, :3] / sides).ravel().tolist())
    found.SetOrigin(grid.affine[:3, 3].tolist())
    return found


def filtered(first: SimpleITK.Image, second: SimpleITK.Image) -> tuple[float, float]:
    measure = SimpleITK.HausdorffDistanceImageFilter()
    measure.Execute(first, second)
    return measure.GetHausdorffDistance(), measure.GetAverageHausdorffDistance()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("matrix", [np.eye(3), np.diag([0.7, 1.1, 3.3]), TURN * [0.7, 1.1, 3.3]])
def test_masks_and_contours_as_simpleitk_measures_them(seed: int, matrix: np.ndarray) -> None:
    grid = grid_of(matrix)
    first, second = blobs(2 * seed), blobs(2 * seed + 1)
    one, other = image(first, grid), image(second, grid)
    found = mask_distances(first, second, grid)
    assert (found.hausdorff_mm, found.average_hausdorff_mm) == pytest.approx(filtered(one, other), abs=1e-6)
    largest, mean = filtered(SimpleITK.LabelContour(one), SimpleITK.LabelContour(other))
    assert found.surface_hausdorff_mm == pytest.approx(largest, abs=1e-6)
    assert (found.forward_mm + found.backward_mm) / 2 == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_symmetric_mean_as_simpleitks_distance_maps_give_it(seed: int) -> None:
    grid = grid_of(TURN * [0.7, 1.1, 3.3])
    first, second = blobs(2 * seed), blobs(2 * seed + 1)
    for mask in (first, second):  # the map takes voxels at the image's border for boundary
        mask[[0, -1]] = mask[:, [0, -1]] = mask[:, :, [0, -1]] = False
    sides = [image(mask, grid) for mask in (first, second)]
    contours = [SimpleITK.GetArrayFromImage(SimpleITK.LabelContour(side, True)) > 0 for side in sides]
    maps = [SimpleITK.GetArrayFromImage(SimpleITK.SignedMaurerDistanceMap(side, False, False, True)) for side in sides]
    there, back = np.abs(maps[1][contours[0]]), np.abs(maps[0][contours[1]])
    found = mask_distances(first, second, grid, neighbours="corners")
    assert found.surface_mm == pytest.approx(np.concatenate([there, back]).mean(dtype=float), abs=2e-5)  # float32 maps
    assert found.forward_mm == pytest.approx(there.mean(dtype=float), abs=2e-5)
    assert found.backward_mm == pytest.approx(back.mean(dtype=float), abs=2e-5)
    assert found.surface_hausdorff_mm == pytest.approx(max(there.max(), back.max()), abs=2e-5)
    largest = max(np.percentile(there, 95), np.percentile(back, 95))
    assert found.surface_hausdorff95_mm == pytest.approx(largest, abs=2e-5)


@pytest.mark.parametrize(("corners", "neighbours"), [(False, "faces"), (True, "corners")])
def test_boundary_is_label_contour(corners: bool, neighbours: str) -> None:
    mask = blobs(5, -0.01)
    contour = SimpleITK.GetArrayFromImage(SimpleITK.LabelContour(image(mask, grid_of(np.eye(3))), corners)) > 0
    assert np.array_equal(boundary(mask, neighbours), contour.transpose(2, 1, 0))
    assert (mask & ~contour.transpose(2, 1, 0))[0].any()  # the image's border is none


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([SHEARED, TURN * [0.4, 1.0, 2.0]]))
def test_all_pairs_of_voxels_on_any_lattice(seed: int, matrix: np.ndarray) -> None:
    rng = np.random.default_rng(seed)
    grid = grid_of(matrix, (6, 5, 7))
    first, second = rng.random((2, 6, 5, 7)) < rng.uniform(0.05, 0.6)
    if not (first.any() and second.any() and boundary(first).any() and boundary(second).any()):
        return
    found = mask_distances(first, second, grid)
    apart = cdist(*(to_mm(grid, np.argwhere(mask).astype(float)) for mask in (first, second)))
    there, back = apart.min(axis=1), apart.min(axis=0)
    assert found.hausdorff_mm == pytest.approx(max(there.max(), back.max()), abs=1e-9)
    assert found.average_hausdorff_mm == pytest.approx((there.mean() + back.mean()) / 2, abs=1e-9)
    apart = cdist(*(to_mm(grid, np.argwhere(boundary(mask)).astype(float)) for mask in (first, second)))
    there, back = apart.min(axis=1), apart.min(axis=0)
    assert found.surface_mm == pytest.approx(np.concatenate([there, back]).mean(), abs=1e-9)
    assert (found.forward_mm, found.backward_mm) == pytest.approx((there.mean(), back.mean()), abs=1e-9)
    worst = max(np.percentile(there, 95), np.percentile(back, 95))
    assert found.surface_hausdorff95_mm == pytest.approx(worst, abs=1e-9)


def test_a_shift_is_the_hausdorff_distance() -> None:
    first, second = np.zeros((2, 40, 30, 30), dtype=bool)
    first[8:20, 8:20, 8:20], second[12:24, 8:20, 8:20] = True, True
    found = mask_distances(first, second, grid_of(np.diag([0.5, 2.0, 2.0]), first.shape))
    assert found.hausdorff_mm == found.surface_hausdorff_mm == 2.0
    # Of 12**3 - 10**3 voxels, 144 in front and 100 within the back are 2 mm away, and three rings of 44 nearer.
    mean = (244 * 2.0 + 44 * (1.5 + 1.0 + 0.5)) / 728
    assert (found.forward_mm, found.backward_mm, found.surface_mm) == pytest.approx((mean, mean, mean))
    same = mask_distances(first, first, grid_of(np.eye(3), first.shape))
    assert set(vars(same).values()) == {0.0}


def test_a_cavity_counts_for_boundaries_and_little_for_masks() -> None:
    first = np.zeros((30, 30, 30), dtype=bool)
    first[3:27, 3:27, 3:27] = True
    second = first.copy()
    second[14:16, 14:16, 14:16] = False
    found = mask_distances(first, second, grid_of(np.eye(3), first.shape))
    assert found.hausdorff_mm == 1.0
    assert found.surface_hausdorff_mm == pytest.approx(10.0)  # from the cavity's wall (13) to the outside (3)
    assert found.forward_mm == 0.0


def test_what_has_no_distance_is_refused() -> None:
    grid = grid_of(np.eye(3))
    mask = blobs(1)
    with pytest.raises(InputError, match="the second mask is empty"):
        mask_distances(mask, np.zeros(SHAPE, dtype=bool), grid)
    with pytest.raises(InputError, match=r"the first is uint8 \(22, 18, 14\), expected bool"):
        mask_distances(mask.astype(np.uint8), mask, grid)
    with pytest.raises(InputError, match="fills its grid"):
        mask_distances(np.ones(SHAPE, dtype=bool), mask, grid)
