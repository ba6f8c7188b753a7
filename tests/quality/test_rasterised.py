"""Models on the voxels of an image: which of them are fluid, cord and roots, and models that lie elsewhere."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.quality.field_of_view import beyond, in_words
from spinemodel.quality.rasterised import model_regions, model_sac
from spinemodel.volume.grid import Grid
from tests.shapes import box, sphere

SPACE = "test"
GRID = Grid((20, 20, 20), np.eye(4), SPACE)


def model(shift=(0.0, 0.0, 0.0), size: float = 8.0):
    """A sac of 8 mm with a cord of 4 in it and a root of 2, half of which is outside; faces between voxels."""
    at = np.array(shift) + 3.5
    return {
        "sac": [box(tuple(at), size, "Dura")],
        "cord": [box(tuple(at + 1), 4.0, "Cord")],
        "roots": [box(tuple(at + np.array([7, 3, 3])), 2.0, "L1_R")],
    }


def test_fluid_is_the_sac_less_cord_and_roots() -> None:
    found = model_regions(model(), GRID)
    assert len(found.csf.voxels) == 8**3 - 4**3 - 4
    assert len(found.cord.voxels) == 4**3 + 4
    assert not set(found.csf.voxels) & set(found.cord.voxels)
    assert found.notes == ()
    places = np.stack(np.unravel_index(found.cord.voxels, GRID.shape), axis=1)
    assert places.min() == 5
    assert places.max() == 11
    alone = model_regions(model(), GRID, roots=False)
    assert len(alone.csf.voxels) == len(found.csf.voxels)
    assert len(alone.cord.voxels) == 4**3


def test_without_a_dura_fluid_is_what_is_called_so() -> None:
    parts = {"csf": [box((3.5, 3.5, 3.5), 8.0)], "cord": [box((4.5, 4.5, 4.5), 4.0)]}
    assert len(model_regions(parts, GRID).csf.voxels) == 8**3 - 4**3


def test_shares_of_voxels_are_their_weights() -> None:
    coarse = Grid((5, 5, 5), np.diag([4.0, 4.0, 4.0, 1.0]), SPACE)
    found = model_regions({"sac": [box((3, 3, 3), 8.0)], "cord": [box((4, 4, 4), 4.0)]}, coarse, samples=4)
    assert 64 * found.csf.weights.sum() == pytest.approx(8**3 - 4**3)
    assert 64 * found.cord.weights.sum() == pytest.approx(4**3)
    assert found.cord.weights.max() == pytest.approx(0.125)
    with pytest.raises(InputError, match="samples: got 0"):
        model_regions(model(), GRID, samples=0)
    with pytest.raises(InputError, match="expected 1 to"):
        model_regions(model(), GRID, samples=500)


def test_oblique_grids_see_the_same_volumes() -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", [25, 10, -40], degrees=True).as_matrix() * [0.3, 0.3, 0.9]
    affine[:3, 3] = affine[:3, :3] @ (-np.array([50, 50, 17]))
    grid = Grid((101, 101, 35), affine, SPACE)
    parts = {"sac": [sphere(10.0)], "cord": [sphere(5.0)]}
    found, voxel = model_regions(parts, grid), 0.3 * 0.3 * 0.9
    ball = 4 / 3 * np.pi
    assert len(found.cord.voxels) * voxel == pytest.approx(ball * 5**3, rel=0.01)
    assert len(found.csf.voxels) * voxel == pytest.approx(ball * (10**3 - 5**3), rel=0.01)


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        ((0, 0, 100), r"nothing of the model's sac: the nearest point lies 84.0 mm \(84.0 mm to the head\) outside"),
        ((-60, 0, 0), r"nearest point lies 48.0 mm \(48.0 mm to the left\) outside"),
        ((0, -50, -50), r"53.7 mm \(38.0 mm to the back, 38.0 mm to the feet\)"),
        ((30, 0, 0), r"\(14.0 mm to the right\) outside"),
        ((0, 30, 0), r"\(14.0 mm to the front\) outside"),
    ],
)
def test_a_model_elsewhere_says_how_far_and_which_way(shift, said) -> None:
    with pytest.raises(InputError, match=said):
        model_regions(model(shift), GRID)


def test_a_mirrored_model_says_so() -> None:
    mirrored = {
        role: [Surface(one.name, SPACE, one.vertices * [-1, -1, 1], one.faces[:, ::-1]) for one in group]
        for role, group in model().items()
    }
    with pytest.raises(InputError, match="is it LPS taken for RAS"):
        model_regions(mirrored, GRID)


def test_a_model_that_the_image_cuts_is_measured_with_a_note() -> None:
    found = model_regions({"sac": [sphere(6.0, (10, 10, 3))], "cord": [sphere(2.0, (10, 10, 10))]}, GRID)
    assert len(found.notes) == 1
    assert "2.5 mm to the feet" in found.notes[0]
    with pytest.raises(InputError, match=r"only \d+ % of the model's sac"):
        model_regions({"sac": [sphere(6.0, (10, 10, -3))], "cord": [sphere(2.0, (10, 10, 0))]}, GRID)


def test_other_spaces_and_missing_parts_are_refused() -> None:
    with pytest.raises(SpaceMismatchError):
        model_regions(model(), Grid(GRID.shape, GRID.affine, "sub-09/scanner"))
    with pytest.raises(InputError, match="no CSF"):
        model_regions({"cord": model()["cord"]}, GRID)
    with pytest.raises(InputError, match="no cord"):
        model_regions({"sac": model()["sac"]}, GRID)


def test_the_sac_is_whole() -> None:
    sac, notes = model_sac(model()["sac"], GRID)
    assert sac.sum() == 8**3
    assert notes == ()


def test_ways_out_of_an_image() -> None:
    found = beyond(GRID, np.array([[5.0, 5.0, 5.0], [-3.5, 5.0, 23.5], [5.0, 5.0, 21.5]]))
    assert found.share == pytest.approx(1 / 3)
    assert found.nearest.tolist() == [0, 0, 0]
    assert found.farthest.tolist() == [-3, 0, 4]
    assert in_words(found.farthest) == "5.0 mm (3.0 mm to the left, 4.0 mm to the head)"
    assert in_words(np.zeros(3)) == "0.0 mm"
