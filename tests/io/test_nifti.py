"""NIfTI volumes: every orientation there and back, and masks that are none."""

import gzip
import itertools
import json
import logging
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spinemodel.errors import InputError
from spinemodel.io.nifti import read_grid, read_volume, write_shares, write_volume
from spinemodel.io.sidecar import beside, is_volume, stated_space
from spinemodel.io.voxels import MOST
from spinemodel.volume.grid import Grid, to_indices, to_mm
from spinemodel.volume.labels import LabelVolume

SPACE = "sub-03/scanner"
ORIENTATIONS = [
    pytest.param(axes, signs, id="".join(f"{'-+'[s > 0]}{'xyz'[a]}" for a, s in zip(axes, signs, strict=True)))
    for axes in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def oriented(axes: tuple[int, ...], signs: tuple[int, ...]) -> np.ndarray:
    """An affine of unequal sides with its axes permuted and flipped, far from the origin."""
    affine = np.eye(4)
    affine[:3, :3] = 0.0
    for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[axis, column] = sign * (0.75, 1.25, 3.5)[column]
    affine[:3, 3] = (20.5, -41.25, -481.5)
    return affine


def painted(affine: np.ndarray, shape: tuple[int, int, int] = (3, 4, 5)) -> LabelVolume:
    """A volume with another label in every voxel."""
    values = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    return LabelVolume(Grid(shape, affine, SPACE), values, {7: "seven"})


def saved(path: Path, data: np.ndarray) -> Path:
    """A file that nibabel wrote."""
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), path)
    return path


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_all_48_orientations_there_and_back(axes, signs, tmp_path) -> None:
    volume = painted(oriented(axes, signs))
    path = tmp_path / "v_dseg.nii.gz"
    write_volume(path, volume)
    there = nibabel.load(path)
    assert there.header.get_xyzt_units()[0] == "mm"
    for matrix, code in (there.get_sform(coded=True), there.get_qform(coded=True)):
        assert code == 1
        np.testing.assert_allclose(matrix, volume.grid.affine, atol=1e-4)
    back = read_volume(path, space=SPACE)
    np.testing.assert_allclose(back.grid.affine, volume.grid.affine, atol=1e-5)
    assert np.array_equal(back.values, volume.values)
    # The same label at the same millimetres, by way of an image that nibabel turned to RAS.
    turned = nibabel.as_closest_canonical(there)
    assert nibabel.aff2axcodes(turned.affine) == ("R", "A", "S")
    indices = np.argwhere(volume.values >= 0).astype(float)
    canonical = Grid(turned.shape, turned.affine, SPACE)
    moved = np.rint(to_indices(canonical, to_mm(volume.grid, indices))).astype(int)
    assert np.array_equal(np.asarray(turned.dataobj)[tuple(moved.T)], volume.values.ravel())


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_masks_of_others_in_all_48_orientations(axes, signs, tmp_path) -> None:
    volume = painted(oriented(axes, signs))
    image = nibabel.Nifti1Image(volume.values, volume.grid.affine)
    nibabel.save(nibabel.as_closest_canonical(image), tmp_path / "ras.nii")
    back = read_volume(tmp_path / "ras.nii", space=SPACE)
    indices = np.argwhere(volume.values >= 0).astype(float)
    at = np.rint(to_indices(back.grid, to_mm(volume.grid, indices))).astype(int)
    assert np.array_equal(back.values[tuple(at.T)], volume.values.ravel())


def test_oblique_and_sheared_grids_come_back(tmp_path, caplog) -> None:
    turn = np.array([[0.8, -0.6, 0, 3], [0.6, 0.8, 0, -2], [0, 0, 1, 9], [0, 0, 0, 1]])
    shear = np.array([[1, 0.4, 0, 3], [0, 1, 0, -2], [0, 0, 1, 9], [0, 0, 0, 1]], dtype=float)
    for affine, code in ((turn, 1), (shear, 0)):
        write_volume(tmp_path / "v.nii", painted(affine))
        assert nibabel.load(tmp_path / "v.nii").get_qform(coded=True)[1] == code
        np.testing.assert_allclose(read_grid(tmp_path / "v.nii", SPACE).affine, affine, atol=1e-6)
    assert not caplog.records


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_same_volume_same_bytes(suffix, tmp_path) -> None:
    for name in ("one", "two"):
        write_volume(tmp_path / name / f"v{suffix}", painted(np.eye(4)), parameters={"spacing_mm": 1.0})
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [path.name for path in first] == ["v.json", f"v{suffix}"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(("most", "dtype"), [(255, np.uint8), (256, np.uint16), (MOST, np.uint16)])
def test_smallest_type_that_holds_the_labels(most, dtype, tmp_path) -> None:
    values = np.zeros((2, 2, 2), np.uint16)
    values[1, 1, 1] = most
    write_volume(tmp_path / "v.nii", LabelVolume(Grid((2, 2, 2), np.eye(4), SPACE), values, {}))
    assert nibabel.load(tmp_path / "v.nii").get_data_dtype() == dtype
    assert read_volume(tmp_path / "v.nii", space=SPACE).values.max() == most


def test_sidecar_tells_what_the_volume_is(tmp_path) -> None:
    source = tmp_path / "model" / "model.json"
    source.parent.mkdir()
    source.write_text("{}")
    path = tmp_path / "out" / "sub-03_dseg.nii.gz"
    write_volume(path, painted(np.diag([0.3, 0.3, 2, 1])), sources=[source], parameters={"device": "cpu"})
    said = json.loads((tmp_path / "out" / "sub-03_dseg.json").read_text())
    assert said["Sources"] == ["../model/model.json"]
    assert list(said["SourceSHA256"].values()) == ["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]
    assert (said["Frame"], said["Unit"], said["Space"], said["Manual"]) == ("RAS", "mm", SPACE, False)
    assert said["Resolution"] == "0.3 x 0.3 x 2 mm"
    assert said["Parameters"] == {"device": "cpu"}
    assert stated_space(path) == SPACE
    assert stated_space(tmp_path / "other.nii") is None


@given(hnp.arrays(st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64]), (2, 3, 4),
                  elements=st.integers(0, 127)))  # fmt: skip
def test_any_type_of_whole_numbers_is_read(data) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = saved(Path(folder) / "m.nii", data)
        assert np.array_equal(read_volume(path, space=SPACE).values, data)


def test_scaled_labels_are_read(tmp_path) -> None:
    stored = np.array([[[0, 1, 2, 20]]], dtype=np.int16)
    path = saved(tmp_path / "m.nii", stored)
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([0.1, 3.0], "<f4").tobytes()  # scl_slope, scl_inter
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"voxel \(0, 0, 1\) is 3\.1; expected a mask of whole"):
        read_volume(path, space=SPACE)
    content[112:120] = np.array([2.0, 1.0], "<f4").tobytes()
    path.write_bytes(content)
    assert read_volume(path, space=SPACE).values.ravel().tolist() == [1, 3, 5, 41]


@pytest.mark.parametrize(
    ("value", "dtype", "said"),
    [
        (-1, np.int16, "is -1"), (70000, np.int32, "is 70000"), (1.5, np.float32, "is 1.5"),
        (np.nan, np.float32, "is nan"), (np.inf, np.float64, "is inf"), (-0.4, np.float64, "is -0.4"),
    ],
)  # fmt: skip
def test_what_is_no_label_is_refused_by_voxel_and_value(value, dtype, said, tmp_path) -> None:
    data = np.zeros((3, 4, 5), dtype)
    data[2, 1, 3] = value
    path = saved(tmp_path / "m.nii.gz", data)
    with pytest.raises(InputError) as problem:
        read_volume(path, space=SPACE)
    assert str(problem.value).startswith(f"{path}: voxel (2, 1, 3) {said}; expected")
    assert "\n" not in str(problem.value)


def test_four_axes_with_one_volume(tmp_path) -> None:
    data = np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1)
    path = saved(tmp_path / "m.nii", data)
    assert np.array_equal(read_volume(path, space=SPACE).values, data[..., 0])
    path = saved(tmp_path / "two.nii", np.zeros((2, 3, 4, 2), np.uint8))
    with pytest.raises(InputError, match=r"two\.nii: 2 x 3 x 4 x 2 voxels; expected a mask of three axes"):
        read_volume(path, space=SPACE)
    assert read_grid(path, SPACE).shape == (2, 3, 4), "a series may still say where a grid lies"
    with pytest.raises(InputError, match="2 axes; expected a volume of three"):
        read_grid(saved(tmp_path / "flat.nii", np.zeros((2, 3), np.uint8)), SPACE)


def test_header_alone_gives_the_grid(tmp_path) -> None:
    path = tmp_path / "v.nii"
    write_volume(path, painted(oriented((1, 0, 2), (1, -1, 1))))
    path.write_bytes(path.read_bytes()[:360])
    assert read_grid(path, SPACE).shape == (3, 4, 5)
    with pytest.raises(InputError, match=r"v\.nii: voxels cannot be read .*; the file is cut off or broken"):
        read_volume(path, space=SPACE)


def test_cut_off_gzip_is_refused(tmp_path) -> None:
    values = np.random.default_rng(0).integers(0, 99, (20, 20, 20)).astype(np.uint16)
    path = tmp_path / "v.nii.gz"
    write_volume(path, LabelVolume(Grid((20, 20, 20), np.eye(4), SPACE), values, {}))
    whole = path.read_bytes()
    for length in (0, 5, 100, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError) as problem:
            read_volume(path, space=SPACE)
        assert str(problem.value).startswith(f"{path}: ")
        assert "\n" not in str(problem.value)


def without_place(path: Path) -> Path:
    image = nibabel.Nifti1Image(np.ones((2, 3, 4), np.uint8), None)
    image.header.set_zooms((1.5, 2.0, 3.0))
    nibabel.save(image, path)
    return path


def test_a_place_must_be_stated(tmp_path) -> None:
    path = without_place(tmp_path / "m.nii")
    with pytest.raises(InputError, match=r"m\.nii: states no place \(sform and qform code 0\)"):
        read_volume(path, space=SPACE)
    np.testing.assert_array_equal(read_grid(path, SPACE, unplaced=True).affine, np.diag([1.5, 2, 3, 1]))


def test_sform_wins_and_a_disagreement_is_told(tmp_path, caplog) -> None:
    image = nibabel.Nifti1Image(np.zeros((10, 10, 10), np.uint8), np.eye(4))
    image.set_sform(np.diag([2.0, 2, 2, 1]), 2)
    image.set_qform(np.diag([2.0, 2, 2, 1]) + np.eye(4, k=3) * 1e-3, 1)
    nibabel.save(image, tmp_path / "near.nii")
    with caplog.at_level(logging.WARNING):
        read_grid(tmp_path / "near.nii", SPACE)
    assert not caplog.records
    image.set_qform(np.diag([2.0, 2, 2, 1]) + np.eye(4, k=3) * 7, 1)
    nibabel.save(image, tmp_path / "apart.nii")
    with caplog.at_level(logging.WARNING):
        grid = read_grid(tmp_path / "apart.nii", SPACE)
    assert "sform and qform put a corner 7 mm apart; the sform is taken" in caplog.text
    np.testing.assert_array_equal(grid.affine, np.diag([2.0, 2, 2, 1]))


def test_qform_alone_is_a_place(tmp_path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), oriented((2, 0, 1), (1, -1, -1)))
    image.set_sform(None, 0)
    image.set_qform(oriented((2, 0, 1), (1, -1, -1)), 1)
    nibabel.save(image, tmp_path / "q.nii")
    np.testing.assert_allclose(read_grid(tmp_path / "q.nii", SPACE).affine, oriented((2, 0, 1), (1, -1, -1)), atol=1e-4)


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e3), ("micron", 1e-3), ("unknown", 1.0)])
def test_units_other_than_mm(unit, factor, tmp_path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.diag([2.0, 2, 2, 1]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "u.nii")
    np.testing.assert_allclose(np.diag(read_grid(tmp_path / "u.nii", SPACE).affine), [2 * factor] * 3 + [1])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.nii.gz", b"", "not a readable NIfTI file"),
        ("m.nii", b"solid cube\n" * 100, "not a readable NIfTI file"),
        ("m.nii.gz", gzip.compress(b"x" * 500, mtime=0), "not a readable NIfTI file"),
        ("m.mgz", b"", r"unknown volume format \.mgz; expected \.nii or \.nii\.gz"),
    ],
)
def test_what_is_no_nifti_is_refused(name, content, said, tmp_path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_grid(tmp_path / name, SPACE)


def test_missing_file_and_place_that_cannot_be_written(tmp_path) -> None:
    with pytest.raises(InputError, match=r"no\.nii: no such file"):
        read_volume(tmp_path / "no.nii", space=SPACE)
    with pytest.raises(InputError, match="cannot be written to"):
        write_volume(Path("/dev/null/v.nii"), painted(np.eye(4)))
    with pytest.raises(InputError, match=r"unknown volume format \.png"):
        write_volume(tmp_path / "v.png", painted(np.eye(4)))
    assert list(tmp_path.iterdir()) == []


def test_degenerate_transform_is_refused_with_the_file(tmp_path) -> None:
    path = saved(tmp_path / "flat.nii", np.zeros((2, 2, 2), np.uint8))
    content = bytearray(path.read_bytes())
    content[280:296] = bytes(16)  # srow_x
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"flat\.nii: grid: "):
        read_grid(path, SPACE)


def test_shares_are_float(tmp_path) -> None:
    shares = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    write_shares(tmp_path / "p.nii.gz", Grid((2, 3, 4), np.eye(4), SPACE), shares, "CSF")
    np.testing.assert_array_equal(nibabel.load(tmp_path / "p.nii.gz").get_fdata(), shares)
    assert json.loads((tmp_path / "p.json").read_text())["LabelMap"] == ["CSF"]
    with pytest.raises(InputError, match="shares of shape"):
        write_shares(tmp_path / "p.nii.gz", Grid((2, 3, 5), np.eye(4), SPACE), shares, "CSF")


def test_simpleitk_reads_the_same_place(tmp_path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume = painted(oriented((2, 0, 1), (-1, 1, -1)))
    write_volume(tmp_path / "v.nii.gz", volume)
    image = sitk.ReadImage(str(tmp_path / "v.nii.gz"))
    for index in ((0, 0, 0), (2, 1, 4)):
        place = np.array(image.TransformIndexToPhysicalPoint(index)) * (-1, -1, 1)
        np.testing.assert_allclose(place, to_mm(volume.grid, np.array([index], float))[0], atol=1e-4)
        assert image[index] == volume.values[index]


def test_names_of_files() -> None:
    assert is_volume(Path("a.NII.gz"))
    assert not is_volume(Path("a.stl"))
    assert beside(Path("x/a.b_dseg.NII.GZ"), ".tsv") == Path("x/a.b_dseg.tsv")


def test_broken_sidecar_is_warned_of_once(tmp_path, caplog) -> None:
    (tmp_path / "v.json").write_text('{"Space": "sub-03/scan')
    for _ in range(2):
        assert stated_space(tmp_path / "v.nii.gz") is None
    assert len(caplog.records) == 1
    assert "v.json: cannot be read (Unterminated string" in caplog.text
    (tmp_path / "w.json").write_text("{}")
    assert stated_space(tmp_path / "w.nii") is None
    assert len(caplog.records) == 1


def test_source_that_is_gone_leaves_the_volume_as_it_was(tmp_path) -> None:
    write_volume(tmp_path / "v.nii", painted(np.eye(4)))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"gone\.stl: cannot be read"):
        write_volume(tmp_path / "v.nii", painted(np.diag([2.0, 2, 2, 1])), sources=[tmp_path / "gone.stl"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
