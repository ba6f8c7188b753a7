from __future__ import annotations

import nibabel
import numpy as np
import pytest

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.volume.grid import (
    Grid,
    around,
    like,
    refined,
    require_same_grid,
    spacing,
    to_indices,
    to_mm,
    voxel_mm3,
)
from tests.shapes import box

OBLIQUE = np.array([[0.5, 0.1, 0.0, -4.0], [-0.1, 0.6, 0.2, -4.5], [0.0, -0.1, 0.7, -3.7], [0, 0, 0, 1]])


def test_indices_and_mm_undo_each_other() -> None:
    grid = Grid((4, 5, 6), OBLIQUE, "test")
    indices = np.random.default_rng(0).uniform(-3, 9, (50, 3))
    assert np.allclose(to_indices(grid, to_mm(grid, indices)), indices, atol=1e-12)


def test_spacing_and_volume_of_a_known_lattice() -> None:
    grid = Grid((2, 2, 2), np.diag([-0.5, 0.5, 3.0, 1]), "test")
    assert spacing(grid).tolist() == [0.5, 0.5, 3.0]
    assert voxel_mm3(grid) == pytest.approx(0.75)


def test_around_holds_the_surface_with_its_margin_on_whole_multiples() -> None:
    surface = box((0.33, -1.2, 5.0), 2.0)
    grid = around([surface], (0.3, 0.5, 0.7), margin_mm=1.0)
    faces = to_mm(grid, np.array([[-0.5] * 3, np.array(grid.shape) - 0.5]))
    assert (faces[0] <= surface.vertices.min(axis=0) - 1.0 + 1e-9).all()
    assert (faces[1] >= surface.vertices.max(axis=0) + 1.0 - 1e-9).all()
    assert np.allclose(faces / spacing(grid), np.round(faces / spacing(grid)))


def test_around_takes_the_surfaces_of_a_model_by_name() -> None:
    group = [box((0, 0, 0), 2.0, "a"), box((5, 1, 1), 1.0, "b")]
    one, other = around(group, 0.5), around({surface.name: surface for surface in group}, 0.5)
    assert one.shape == other.shape == (20, 12, 12)
    with pytest.raises(InputError, match="0 surfaces"):
        around({}, 0.5)
    for wrong in ([0.5, 0.5], 0.0, float("nan")):
        with pytest.raises(InputError, match="spacing"):
            around(group, wrong)


def test_refined_fills_the_same_space() -> None:
    grid = Grid((4, 5, 6), OBLIQUE, "test")
    fine = refined(grid, 3)
    for corner in ([-0.5, -0.5, -0.5], [3.5, 4.5, 5.5], [-0.5, 4.5, -0.5]):
        place = to_indices(fine, to_mm(grid, np.array([corner])))[0]
        assert np.allclose(place, (np.array(corner) + 0.5) * 3 - 0.5)


def test_like_takes_the_first_three_axes_of_an_image() -> None:
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5, 2)), OBLIQUE)
    grid = like(image, "test")
    assert grid.shape == (3, 4, 5)
    assert np.array_equal(grid.affine, OBLIQUE)


@pytest.mark.parametrize(
    ("shape", "affine"),
    [
        ((0, 4, 4), np.eye(4)),
        ((4, 4, 9000), np.eye(4)),
        ((4, 4), np.eye(4)),
        ((4, 4, 2.7), np.eye(4)),
        ((4, 4, 4), np.diag([1.0, 1.0, 0.0, 1.0])),
        ((4, 4, 4), np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])),
        ((4, 4, 4), np.full((4, 4), np.nan)),
        ((4, 4, 4), np.eye(3)),
    ],
)
def test_a_lattice_that_is_none_is_refused(shape: tuple[int, int, int], affine: np.ndarray) -> None:
    with pytest.raises(InputError, match="grid"):
        Grid(shape, affine, "test")


def test_a_fine_lattice_is_not_taken_for_a_flat_one() -> None:
    assert voxel_mm3(Grid((2, 2, 2), np.diag([1e-4, 1e-4, 1e-4, 1]), "test")) == pytest.approx(1e-12)


def test_grids_that_differ_are_told_apart() -> None:
    grid = Grid((4, 5, 6), OBLIQUE, "test")
    require_same_grid(grid, Grid((4, 5, 6), OBLIQUE.astype(np.float32), "test"))
    moved = OBLIQUE.copy()
    moved[0, 3] += 0.05
    for other in (Grid((4, 5, 7), OBLIQUE, "test"), Grid((4, 5, 6), moved, "test"), Grid((4, 5, 6), OBLIQUE, "else")):
        with pytest.raises(SpaceMismatchError):
            require_same_grid(grid, other)
