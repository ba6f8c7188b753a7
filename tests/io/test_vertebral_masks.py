"""One type for every source: the real VerSe and TPTBox samples, and made-up spines in the names and formats of VerSe's
challenge, SPIDER, TotalSpineSeg and TotalSegmentator, none of which is at hand.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.io.files import sha256
from spinemodel.io.vertebral_masks import read_vertebral_mask
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.volume.grid import to_mm
from tests.io.spine_masks import body_centres, grid_of, real, spine, write_metaimage, write_nifti

VERSE = "verse_sample/sub-verse004_seg-vert_msk.nii.gz"
CENTRES = "verse_sample/sub-verse004_seg-subreg_ctd.json"
LABELS = (19, 20, 21, 22, 23)


def verse(folder: Path, values: NDArray[np.generic] | None = None, affine: NDArray[np.float64] | None = None) -> Path:
    values = spine(LABELS) if values is None else values
    return write_nifti(folder / "sub-verse500_seg-vert_msk.nii.gz", values, affine)


def centroids(folder: Path, direction: str = "RAS", shift: float = 0.0) -> Path:
    rows: list[object] = [{"direction": list(direction)}]
    centres = body_centres(LABELS, spine(LABELS))
    rows += [{"label": label, "X": x, "Y": y, "Z": z + shift} for label, (x, y, z) in centres.items()]
    path = folder / "sub-verse500_seg-subreg_ctd.json"
    path.write_text(json.dumps(rows))
    return path


def names(mask: VertebralMask) -> list[str]:
    return [region.name for region in mask.regions.values()]


def flipped(axis: int) -> NDArray[np.float64]:
    """The affine of the made-up spine with one sign changed: the mask is mirrored."""
    affine = np.array(grid_of(spine(LABELS)).affine)
    affine[axis, axis] *= -1
    return affine


def test_real_verse() -> None:
    mask = read_vertebral_mask(real(VERSE))
    assert (mask.subject, mask.space, mask.scheme) == ("sub-verse004", "sub-verse004/scanner", "verse")
    assert labels_of(mask, "vertebra") == dict(
        zip(["T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"], range(16, 25), strict=True)
    )
    assert dict(mask.volume.names) == {label: region.name for label, region in mask.regions.items()}
    assert [source.name for source in mask.sources] == [real(VERSE).name, real(CENTRES).name]
    assert mask.sources[0].sha256 == sha256(real(VERSE).read_bytes())
    assert mask.notes == ()
    for name, label in labels_of(mask).items():
        voxels = np.argwhere(mask.volume.values == label)
        points = to_mm(mask.volume.grid, voxels.astype(float))
        centre = mask.centroids[name]
        assert np.linalg.norm(points - centre, axis=1).min() < 1.5
        assert 9 < centre[1] - points[:, 1].mean() < 15
        assert abs(centre[0] - points[:, 0].mean()) < 3


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("sub-ct_seg-vert_label-22_msk.nii.gz", "tptbox-vert", ["L2", "L3", "L4"]),
        (
            "sub-mri_seg-vert_label-6_msk.nii.gz",
            "spineps-vert",
            ["C5", "C5_endplate", "C5-C6", "C6", "C6_endplate", "C6-C7", "C7", "C7_endplate"],
        ),
    ],
)
def test_real_tptbox(name: str, labels: str, expected: list[str]) -> None:
    mask = read_vertebral_mask(real(f"tptbox_samples/{name}"), labels=labels)
    assert names(mask) == expected
    assert mask.space == mask.subject + "/scanner"


def test_real_parts_left_and_right() -> None:
    """The sides of the shipped map agree with the frame of the file."""
    mask = read_vertebral_mask(real("tptbox_samples/sub-ct_seg-subreg_label-22_msk.nii.gz"), labels="tptbox-subreg")
    right = {name: np.argwhere(mask.volume.values == label) for name, label in labels_of(mask, "part").items()}
    x = {name: to_mm(mask.volume.grid, voxels.astype(float))[:, 0].mean() for name, voxels in right.items()}
    for part in ("CostalProcess", "SuperiorArticular", "InferiorArticular"):
        assert x[f"{part}_L"] < x["SpinousProcess"] < x[f"{part}_R"]


def test_real_mask_with_another_map() -> None:
    with pytest.raises(InputError, match=r"upside down: C1 at z -1075 mm and T2 at z -855 mm; .* label map is another"):
        read_vertebral_mask(real(VERSE), labels="spider")
    with pytest.raises(InputError, match=r"shows trachea, .* and no part of a spine"):
        read_vertebral_mask(real(VERSE), labels="totalsegmentator")


@pytest.mark.parametrize(("axis", "message"), [(0, "contradicts the mask's aff"), (1, "back to front"), (2, "upside")])
def test_real_mask_mirrored(tmp_path: Path, axis: int, message: str) -> None:
    """One sign of the affine is changed, as by a wrong conversion; axes 0, 1 and 2 are x, y and z."""
    image = nibabel.load(real(VERSE))
    affine = np.diag([-1.0 if i == axis else 1.0 for i in range(4)]) @ image.affine
    path = write_nifti(tmp_path / real(VERSE).name, np.asarray(image.dataobj).astype(np.uint8), affine)
    (tmp_path / real(CENTRES).name).write_bytes(real(CENTRES).read_bytes())
    with pytest.raises(InputError, match=message):
        read_vertebral_mask(path)


@pytest.mark.parametrize("codes", ["LPS", "SPL", "AIR"])
def test_real_mask_stored_otherwise(tmp_path: Path, codes: str) -> None:
    """The same mask along other axes has the same centres in mm, from the same file of centres."""
    image = nibabel.load(real(VERSE))
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(tuple(codes))
    )
    path = tmp_path / real(VERSE).name
    nibabel.save(image.as_reoriented(turn), path)
    (tmp_path / real(CENTRES).name).write_bytes(real(CENTRES).read_bytes())
    expected = read_vertebral_mask(real(VERSE)).centroids
    for name, place in read_vertebral_mask(path).centroids.items():
        np.testing.assert_allclose(place, expected[name], atol=1e-3)


def test_made_up_verse(tmp_path: Path) -> None:
    path, marks = verse(tmp_path), centroids(tmp_path)
    mask = read_vertebral_mask(path)
    assert names(mask) == ["T12", "L1", "L2", "L3", "L4"]
    np.testing.assert_allclose(mask.centroids["L1"], to_mm(grid_of(spine(LABELS)), np.array([[11.0, 26.5, 46.5]]))[0])
    assert read_vertebral_mask(path, centroids=None).centroids == {}
    assert read_vertebral_mask(path, centroids=marks).centroids.keys() == mask.centroids.keys()


@pytest.mark.parametrize("name", ["verse512_CT-iso_seg.nii.gz", "GL003_seg.nii.gz"])
def test_challenge_2020(tmp_path: Path, name: str) -> None:
    """Centres in mm along P, I and R of the isotropic image, without a word of it in the file."""
    values = spine(LABELS)
    path = write_nifti(tmp_path / name, values)
    sides = np.rint(np.array(values.shape) * (2.0, 1.5, 3.0))
    rows = []
    for label, voxel in body_centres(LABELS, values).items():
        right, front, head = (np.array(voxel) - (np.array(values.shape) - 1) / 2) * (2.0, 1.5, 3.0) + (sides - 1) / 2
        rows.append({"label": label, "X": sides[1] - 1 - front, "Y": sides[2] - 1 - head, "Z": right})
    (tmp_path / name.replace("_seg.nii.gz", "_iso-ctd.json")).write_text(json.dumps(rows))
    mask = read_vertebral_mask(path)
    expected = to_mm(grid_of(values), np.array([body_centres(LABELS, values)[20]]))[0]
    np.testing.assert_allclose(mask.centroids["L1"], expected, atol=1e-4)


def test_spider(tmp_path: Path) -> None:
    values = spine((107, 6, 5, 4, 3, 2, 1), (207, 206, 205, 204, 203, 202, 201))
    values[11:14, 16:19] = np.where(values[11:14, 16:19] == 0, 100, values[11:14, 16:19])
    path = write_metaimage(tmp_path / "masks/1_t2_SPACE.mha", values)
    mask = read_vertebral_mask(path)
    assert (mask.subject, mask.space, mask.scheme) == ("1_t2_SPACE", "1_t2_SPACE/scanner", "spider")
    assert list(labels_of(mask, "vertebra")) == ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    assert list(labels_of(mask, "disc")) == ["T11-T12", "T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"]
    assert labels_of(mask, "canal") == {"Canal": 100}
    assert [region.name for region in mask.regions.values() if region.partial] == ["T11"]
    assert "lowest is taken for L5" in mask.notes[0]
    assert mask.notes[1] == "Only partly in the image, as the dataset says: T11."
    assert next(iter(labels_of(read_vertebral_mask(path, lowest="L6"), "vertebra"))) == "T12"
    assert next(iter(labels_of(read_vertebral_mask(path, last_thoracic="T13"), "vertebra"))) == "T12"
    np.testing.assert_array_equal(mask.volume.values, values)


def test_spider_image_for_a_mask(tmp_path: Path) -> None:
    path = write_metaimage(tmp_path / "images/1_t1.mha", spine((2, 1)))
    with pytest.raises(InputError, match="lies among the images; expected the mask of that name in the folder masks"):
        read_vertebral_mask(path)


def test_one_vertebra_twice(tmp_path: Path) -> None:
    path = write_metaimage(tmp_path / "masks/1_t1.mha", spine((103, 3, 2, 1)))
    with pytest.raises(InputError, match=r"masks/1_t1.mha: labels 3 and 103 both show L3"):
        read_vertebral_mask(path)


def test_totalspineseg(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "sub-01_T2w.nii.gz", spine((44, 45, 46), (95, 96, 100)))
    mask = read_vertebral_mask(path, labels="totalspineseg")
    assert names(mask) == ["L4", "L4-L5", "L5", "L5-L6", "L6", "L6-S1"]
    assert mask.subject == "sub-01_T2w"


def test_totalsegmentator_leaves_organs_out(tmp_path: Path) -> None:
    values = spine((29, 28, 27))
    values[:3] = 5
    values[-2:] = 52
    mask = read_vertebral_mask(write_nifti(tmp_path / "total.nii", values), labels="totalsegmentator")
    assert names(mask) == ["L3", "L4", "L5"]
    assert set(np.unique(mask.volume.values)) == {0, 27, 28, 29}
    assert mask.notes == (f"Left out 2 labels ({5 * 40 * 42} voxels) of other structures: liver, aorta.",)


def test_users_map_and_table_beside(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "sub-9_dseg.nii.gz", spine((3, 2, 1)))
    own = tmp_path / "own.json"
    own.write_text('{"1": "L3", "2": "L2", "3": "L1"}')
    assert names(read_vertebral_mask(path, labels=own)) == ["L1", "L2", "L3"]
    (tmp_path / "sub-9_dseg.tsv").write_text("index\tname\n1\tvertebrae_L5\n2\tL4\n3\tL3\n")
    mask = read_vertebral_mask(path)
    assert (names(mask), mask.scheme) == (["L3", "L4", "L5"], "sub-9_dseg.tsv")


def test_space_that_a_sidecar_states(tmp_path: Path) -> None:
    path = verse(tmp_path)
    path.with_name("sub-verse500_seg-vert_msk.json").write_text('{"Space": "sub-03/scanner"}')
    assert read_vertebral_mask(path).space == "sub-03/scanner"


def test_centroids_of_what_is_not_in_the_mask(tmp_path: Path) -> None:
    values = spine(LABELS)
    values[values == 23] = 0
    centroids(tmp_path)
    mask = read_vertebral_mask(verse(tmp_path, values))
    assert mask.notes == ("sub-verse500_seg-subreg_ctd.json marks L4, which the mask does not show.",)


@pytest.mark.parametrize(
    ("axis", "message"),
    [(1, "back to front: the vertebral bodies lie .* mm behind"), (2, "upside down: T12 at z .* affine is mirrored")],
)
def test_mirrored(tmp_path: Path, axis: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_vertebral_mask(verse(tmp_path, affine=flipped(axis)))


def test_left_handed_storage_is_no_mirror(tmp_path: Path) -> None:
    """NIfTI may store axes in any order and sign: a negative determinant is legal."""
    values = spine(LABELS)
    affine = np.array(grid_of(values).affine)
    affine[:3, 3] += affine[:3, 0] * (values.shape[0] - 1)
    affine[:3, 0] *= -1
    centroids(tmp_path)
    mask = read_vertebral_mask(verse(tmp_path, values[::-1], affine))
    assert np.linalg.det(mask.volume.grid.affine[:3, :3]) < 0
    np.testing.assert_allclose(mask.centroids["L1"], to_mm(grid_of(values), np.array([[11.0, 26.5, 46.5]]))[0])


def test_mirrored_with_discs(tmp_path: Path) -> None:
    """Discs tell where the vertebrae do not: blocks without processes, the disc between them behind."""
    values = spine((23, 24), (123,))
    values[np.isin(values, (23, 24))] = 0
    values[8:14, 10:24, -11:-3], values[8:14, 10:24, -23:-15] = 23, 24
    path = write_nifti(tmp_path / "a.nii", values)
    assert names(read_vertebral_mask(path, labels="spineps-vert")) == ["L4", "L4-L5", "L5"]
    path = write_nifti(tmp_path / "a.nii", values, flipped(1))
    with pytest.raises(InputError, match="back to front"):
        read_vertebral_mask(path, labels="spineps-vert")


def test_swapped_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"L3 lies 36 mm above L2; labels are swapped"):
        read_vertebral_mask(verse(tmp_path, spine((19, 20, 22, 21, 23, 24))))


def test_centroids_of_another_scan(tmp_path: Path) -> None:
    path = verse(tmp_path)
    marks = centroids(tmp_path, shift=9.0)
    with pytest.raises(InputError, match=r"_ctd.json: T12 lies at voxel .* outside the image of 25 x 40 x 66"):
        read_vertebral_mask(path)
    centroids(tmp_path, shift=-12.0)
    with pytest.raises(InputError, match=r"T12, L1, L2, L3, L4 of 5 lie more than 5 mm outside .* different scans"):
        read_vertebral_mask(path)
    marks.write_text('[{"direction": ["R", "A", "S"]}, {"label": 8, "X": 11, "Y": 26, "Z": 30}]')
    with pytest.raises(InputError, match=r"marks T1, the mask shows T12, L1, L2, L3, L4; they are of different scans"):
        read_vertebral_mask(path)
    marks.write_text('[{"direction": ["R", "A", "S"]}, {"label": 57, "X": 11, "Y": 26, "Z": 30}]')
    with pytest.raises(InputError, match=r"labels 57 are not in the mask's label map"):
        read_vertebral_mask(path)


def test_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sub-verse500_seg-vert_msk.nii.gz: the mask is empty"):
        read_vertebral_mask(verse(tmp_path, np.zeros((4, 5, 6), np.uint8)))


def test_labels_that_the_map_lacks(tmp_path: Path) -> None:
    values = spine((19, 20, 77, 301))
    with pytest.raises(InputError, match=r"_msk.nii.gz: labels 77, 301 are not in the label map verse"):
        read_vertebral_mask(verse(tmp_path, values))


def test_floats_that_are_not_whole(tmp_path: Path) -> None:
    values = spine(LABELS).astype(np.float32)
    assert names(read_vertebral_mask(verse(tmp_path, values)))[0] == "T12"
    values[3, 4, 5] = 0.5
    with pytest.raises(InputError, match=r"voxel \(3, 4, 5\) is 0.5; expected a mask of whole numbers"):
        read_vertebral_mask(verse(tmp_path, values))


def test_four_axes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="25 x 40 x 66 x 2 voxels; expected a mask of three axes"):
        read_vertebral_mask(verse(tmp_path, np.stack([spine(LABELS)] * 2, axis=3), np.eye(4)))


def test_cut_off(tmp_path: Path) -> None:
    path = verse(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"voxels cannot be read .* the file is cut off or broken"):
        read_vertebral_mask(path)
    path.write_bytes(gzip.compress(b"no image"))
    with pytest.raises(InputError, match="not a readable NIfTI file"):
        read_vertebral_mask(path)


def test_no_map_stated(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "spine.nii.gz", spine((1, 2)))
    with pytest.raises(InputError, match=r"none of VerSe or SPIDER.*state .* --labels: spider, .* file"):
        read_vertebral_mask(path)


@pytest.mark.parametrize("labels", [None, "verse"])
def test_paths_that_are_none(tmp_path: Path, labels: str | None) -> None:
    with pytest.raises(InputError, match=r"expected a mask, a file .nii, .nii.gz, .mha or .mhd"):
        read_vertebral_mask(tmp_path, labels=labels)
    with pytest.raises(InputError, match=r"verse001_seg.nii.gz: no such file; expected a mask"):
        read_vertebral_mask(tmp_path / "verse001_seg.nii.gz", labels=labels)
    with pytest.raises(InputError, match=r"a.txt: "):
        read_vertebral_mask(tmp_path / "a.txt", labels=labels)
