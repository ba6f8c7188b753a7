"""Whether a model lies where an image shows it: other frames, shifts, and images of little contrast."""

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.quality.fit import Classes
from spinemodel.quality.pose import better_place, require_place
from spinemodel.quality.rasterised import model_regions
from spinemodel.quality.regions import Region, Regions
from spinemodel.volume.grid import Grid
from spinemodel.volume.image import ScalarVolume
from tests.bent import BENT, HERE, MIRROR, T1, T2, bent_image, bent_model


def regions(affine: np.ndarray = HERE) -> Regions:
    return model_regions(bent_model(affine), BENT)


def moved(*way: float) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, 3] = way
    return affine


@pytest.mark.parametrize("levels", [T2, T1], ids=["T2", "T1"])
def test_a_mirrored_model_is_refused(levels) -> None:
    image = bent_image(levels)
    with pytest.raises(InputError, match=r"CNR .* 0\.\d\d where .* \d\.\d\d with x and y mirrored; is it LPS"):
        require_place(image, regions(MIRROR))
    assert require_place(image, regions()) == ()


@pytest.mark.parametrize(
    ("levels", "way", "said"),
    [
        (T2, (6, 0, 0), r"moved by 6\.0 mm \(6\.0 mm to the left\); is it of this subject and in the image's frame"),
        (T1, (0, -9, 8), r"moved by 1\d\.\d mm \(9\.0 mm to the front, (6|8|10)\.0 mm to the feet\)"),
    ],
)
def test_a_shifted_model_is_refused_with_how_far(levels, way, said) -> None:
    with pytest.raises(InputError, match=said):
        require_place(bent_image(levels), regions(moved(*way)))


def test_the_better_place_is_the_right_one() -> None:
    found = better_place(bent_image(), regions(moved(-12, 9, 30)))
    assert not found.mirrored
    assert found.way == pytest.approx((12, -9, -30), abs=2.01)
    assert found.there.contrast[0] == pytest.approx(600 / 40 / np.sqrt(2), rel=0.2)


def test_a_small_shift_is_a_note() -> None:
    (note,) = require_place(bent_image(), regions(moved(3, 0, 0)))
    assert "moved by 3.0 mm (3.0 mm to the left)" in note


@pytest.mark.parametrize(("levels", "noise"), [(T2, 300.0), (T2, 4000.0), (T1, 40.0), (T1, 1000.0)])
def test_a_model_in_place_stays_whatever_the_noise(levels, noise) -> None:
    assert require_place(bent_image(levels, noise), regions()) == ()


def test_nothing_is_said_of_images_that_show_nothing() -> None:
    flat = ScalarVolume(BENT, np.full(BENT.shape, 7.0, np.float32))
    assert require_place(flat, regions(MIRROR)) == ()
    none = Region(np.zeros(0, np.int64), np.zeros(0))
    assert require_place(bent_image(), Regions(BENT, none, regions().cord)) == ()


def test_a_slope_is_no_edge() -> None:
    """Values that rise evenly, and from slice to slice, correlate with nothing; a disc in a ring does by its own SD."""
    grid = Grid((21, 21, 3), np.eye(4), "here")
    i, j, k = np.indices(grid.shape)
    away = np.hypot(i - 10, j - 10)
    cord, fluid = (np.flatnonzero(part) for part in (away < 4, (away >= 4) & (away < 8)))
    both = Classes(Regions(grid, Region(fluid, np.ones(len(fluid))), Region(cord, np.ones(len(cord)))))
    slope = ScalarVolume(grid, (3 * i + 5 * j + 100 * k).astype(np.float32))
    assert both.fits(slope, np.zeros((1, 3), np.int64)).edge[0] == pytest.approx(0, abs=1e-6)
    disc = ScalarVolume(grid, (3 * i + 5 * j + 100 * k - 50 * (away < 4)).astype(np.float32))
    assert both.fits(disc, np.zeros((1, 3), np.int64)).edge[0] == pytest.approx(1, abs=1e-6)
    assert both.fits(disc, np.array([[15, 0, 0]])).edge[0] == 0  # most of it beyond the image
