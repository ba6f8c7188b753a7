"""MetaImage files are written here as SPIDER's are, which is not at hand: compressed ``.mha`` of SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.metaimage import read_image, read_mask
from spinemodel.volume.grid import Grid, to_mm
from tests.io.spine_masks import grid_of, real, spine, write_metaimage, write_nifti

VALUES = spine([20, 21, 22])


def tilted() -> Grid:
    angle = np.deg2rad(20)
    turn = np.array([[0, np.cos(angle), -np.sin(angle)], [-1, 0, 0], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn * (0.5, 4.0, 0.7)
    affine[:3, 3] = (12.0, -34.0, 56.0)
    return Grid(VALUES.shape, affine, "1_t1/scanner")


@pytest.mark.parametrize("packed", [True, False])
def test_metaimage_lies_where_it_was_written(tmp_path: Path, packed: bool) -> None:
    path = write_metaimage(tmp_path / "1_t1.mha", VALUES, tilted(), packed)
    read = read_mask(path, space="1_t1/scanner")
    np.testing.assert_array_equal(read.values, VALUES)
    np.testing.assert_allclose(read.grid.affine, tilted().affine, atol=1e-9)
    assert read.grid.space == "1_t1/scanner"


def test_metaimage_is_lps() -> None:
    """A voxel that ITK puts at (10, 20, 30) mm lies at (-10, -20, 30) in RAS."""
    import SimpleITK

    from spinemodel.io.metaimage import _affine

    image = SimpleITK.Image([4, 5, 6], SimpleITK.sitkUInt8)
    image.SetOrigin((10.0, 20.0, 30.0))
    image.SetSpacing((0.5, 1.0, 2.0))
    grid = Grid((4, 5, 6), _affine(image), "here")
    point = np.array(image.TransformIndexToPhysicalPoint((3, 2, 1))) * (-1, -1, 1)
    np.testing.assert_allclose(to_mm(grid, np.array([[3.0, 2.0, 1.0]]))[0], point)


def test_header_with_voxels_apart(tmp_path: Path) -> None:
    path = write_metaimage(tmp_path / "1_t1.mhd", VALUES)
    np.testing.assert_array_equal(read_mask(path, space="s").values, VALUES)
    next(tmp_path.glob("*.zraw")).unlink()
    with pytest.raises(InputError, match=r"1_t1.mhd: voxels cannot be read; the file is cut off or broken"):
        read_mask(path, space="s")


@pytest.mark.parametrize("packed", [True, False])
def test_cut_off(tmp_path: Path, packed: bool, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_metaimage(tmp_path / "1_t1.mha", VALUES, packed=packed)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"1_t1.mha: voxels cannot be read; the file is cut off or broken"):
        read_mask(path, space="s")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"", b"ObjectType = Tube\n", b"\x00" * 500])
def test_not_a_metaimage(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "1_t1.mha"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"1_t1.mha: not a readable MetaImage file"):
        read_mask(path, space="s")
    assert capfd.readouterr() == ("", "")


def test_four_axes_and_colours(tmp_path: Path) -> None:
    import SimpleITK

    film = SimpleITK.GetImageFromArray(np.zeros((2, 3, 4, 5), np.uint8), isVector=False)
    SimpleITK.WriteImage(film, str(tmp_path / "film.mha"))
    with pytest.raises(InputError, match=r"film.mha: 5 x 4 x 3 x 2 voxels; expected three axes, of one volume"):
        read_mask(tmp_path / "film.mha", space="s")
    colours = SimpleITK.GetImageFromArray(np.zeros((3, 4, 5, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(colours, str(tmp_path / "colours.mha"))
    with pytest.raises(InputError, match=r"colours.mha: 3 numbers per voxel; expected one"):
        read_mask(tmp_path / "colours.mha", space="s")


@pytest.mark.parametrize("value", [1.5, -1.0, np.nan, 70000.0])
def test_no_whole_number(tmp_path: Path, value: float) -> None:
    path = write_metaimage(tmp_path / "1_t1.mha", np.full((3, 4, 5), value, np.float32))
    with pytest.raises(InputError, match=r"1_t1.mha: voxel \(0, 0, 0\) is .*; expected a mask of whole numbers"):
        read_mask(path, space="s")


def test_floats_that_are_whole(tmp_path: Path) -> None:
    path = write_metaimage(tmp_path / "1_t1.mha", VALUES.astype(np.float64))
    np.testing.assert_array_equal(read_mask(path, space="s").values, VALUES)


def test_paths_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder; expected a mask, a file .nii, .nii.gz, .mha or .mhd"):
        read_mask(tmp_path, space="s")
    with pytest.raises(InputError, match=r"a.nrrd: unknown volume format .nrrd; expected .nii"):
        read_mask(tmp_path / "a.nrrd", space="s")
    with pytest.raises(InputError, match=r"a.mha: no such file; expected an image"):
        read_image(tmp_path / "a.mha", space="s")


@pytest.mark.parametrize(("stored", "kept"), [(np.int16, np.int16), (np.uint8, np.int16), (np.float64, np.float32)])
def test_image_of_both_formats(tmp_path: Path, stored: type, kept: type) -> None:
    values = (np.arange(60).reshape(3, 4, 5) % 7).astype(stored)
    grid = grid_of(values)
    for path in (write_metaimage(tmp_path / "a.mha", values, grid), write_nifti(tmp_path / "a.nii.gz", values)):
        image = read_image(path, space="s")
        assert image.values.dtype == kept
        np.testing.assert_array_equal(image.values, values)
        np.testing.assert_allclose(image.grid.affine, grid.affine, atol=1e-6)


def test_image_with_a_scale(tmp_path: Path) -> None:
    """A CT may store HU + 1024, with the intercept in the header."""
    import nibabel

    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    image = nibabel.Nifti1Image(stored, np.eye(4))
    image.header.set_slope_inter(1.0, -1024.0)
    nibabel.save(image, tmp_path / "ct.nii")
    read = read_image(tmp_path / "ct.nii", space="s")
    assert read.values.dtype == np.float32
    np.testing.assert_array_equal(read.values, stored - 1024.0)


def test_image_of_four_axes(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", np.zeros((3, 4, 5, 2), np.int16), np.eye(4))
    with pytest.raises(InputError, match=r"a.nii: 3 x 4 x 5 x 2 voxels; expected an image of three axes"):
        read_image(path, space="s")


def test_real_ct() -> None:
    image = read_image(real("tptbox_samples/sub-ct_label-22_ct.nii.gz"), space="sub-ct/scanner")
    assert image.grid.shape == (73, 47, 73)
    assert image.values.dtype == np.int16
    assert image.values.min() < -20
    assert image.values.max() > 300
