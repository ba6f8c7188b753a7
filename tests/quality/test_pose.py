"""Whether a model lies where an image shows it: other frames, shifts, and images of little contrast."""

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.quality.fit import Classes
from spinemodel.quality.pose import UNSEEN, better_place, require_place
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


@pytest.mark.parametrize(
    ("levels", "noise", "said"),
    [(T2, 300.0, ()), (T2, 4000.0, (UNSEEN,)), (T1, 40.0, ()), (T1, 1000.0, (UNSEEN,))],
)
def test_a_model_in_place_stays_whatever_the_noise(levels, noise, said) -> None:
    assert require_place(bent_image(levels, noise), regions()) == said


def stored(axis: int, levels=T2) -> ScalarVolume:
    """The image with its voxels in the other order along an axis, of the same affine.

    Its lowest slices are cut off, and it lies 9 mm higher: else the cord upside down is the cord mirrored in x.
    """
    affine = BENT.affine.copy()
    affine[2, 3] += 8 * affine[2, 2] + 9
    x, y, z = BENT.shape
    return ScalarVolume(Grid((x, y, z - 8), affine, BENT.space), np.flip(bent_image(levels).values[:, :, 8:], axis))


def bent_regions(image: ScalarVolume) -> Regions:
    return model_regions(bent_model(moved(0, 0, 9)), image.grid)


@pytest.mark.parametrize(("axis", "name", "levels"), [(0, "x", T2), (2, "z", T1)])
def test_an_image_stored_the_other_way_round_is_refused(axis, name, levels) -> None:
    image = stored(axis, levels)
    found = better_place(image, bent_regions(image))
    assert found.mirrored == name
    assert found.there.contrast[0] == pytest.approx(own_contrast(levels), rel=0.02)
    said = rf"CNR .*\d with {name} mirrored; do voxels of the image run the other way along it"
    with pytest.raises(InputError, match=said):
        require_place(image, bent_regions(image))


def own_contrast(levels) -> float:
    """That of the image in its own place."""
    return float(Classes(regions()).fits(bent_image(levels), np.zeros((1, 3), np.int64)).contrast[0])


@pytest.mark.parametrize("signs", [(-1, 1, 1), (1, 1, -1)])
def test_a_model_with_one_coordinate_of_the_other_sign_is_refused(signs) -> None:
    """This cord upside down is the cord mirrored in x, so that either may be named."""
    with pytest.raises(InputError, match=r"with [xz] mirrored"):
        require_place(bent_image(), regions(np.diag([*signs, 1.0])))


def test_a_shift_that_explains_it_is_not_called_a_mirror() -> None:
    """A straight cord 1.5 mm beside the image's middle, its model as far on the other side: both put it right."""
    i, j, _ = np.indices(BENT.shape)
    x, y = (BENT.affine[n, n] * at + BENT.affine[n, 3] for n, at in ((0, i), (1, j)))
    regions_at = []
    for middle in (1.5, -1.5):
        away = np.hypot(x - middle, y - 20)
        kinds = [np.flatnonzero(part) for part in ((away < 7) & (away >= 3), away < 3)]
        regions_at.append(Regions(BENT, *(Region(kind, np.ones(len(kind))) for kind in kinds)))
    values = np.full(BENT.shape, 200.0, np.float32)
    values.flat[regions_at[0].csf.voxels], values.flat[regions_at[0].cord.voxels] = 900, 300
    values += np.random.default_rng(1).normal(0, 20, BENT.shape).astype(np.float32)
    found = better_place(ScalarVolume(BENT, values), regions_at[1])
    assert found.mirrored == ""
    assert found.way[:2] == pytest.approx((3, 0), abs=1e-6)  # along a straight cord it may lie anywhere


def test_images_that_show_nothing_are_told_of() -> None:
    flat = ScalarVolume(BENT, np.full(BENT.shape, 7.0, np.float32))
    noise = ScalarVolume(BENT, np.random.default_rng(2).normal(100, 20, BENT.shape).astype(np.float32))
    for image, affine in ((flat, MIRROR), (noise, HERE)):
        assert require_place(image, regions(affine)) == (UNSEEN,)
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
