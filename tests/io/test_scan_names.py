"""Names of VerSe's two layouts and of SPIDER; trees of empty files, since only names are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.scan_names import find_masks, scan_files
from tests.io.spine_masks import real


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.mark.parametrize(
    ("mask", "name", "subject", "image", "centroids"),
    [
        ("verse014_seg.nii.gz", "sub-verse014", "sub-verse014", "verse014.nii.gz", "verse014_ctd.json"),
        (
            "verse512_CT-iso_seg.nii.gz",
            "sub-verse512_dir-iso",
            "sub-verse512",
            "verse512_CT-iso.nii.gz",
            "verse512_CT-iso_iso-ctd.json",
        ),
        ("GL003_seg.nii.gz", "sub-gl003", "sub-gl003", "GL003.nii.gz", "GL003_iso-ctd.json"),
        ("GL017_CT_ax_seg.nii.gz", "sub-gl017_dir-ax", "sub-gl017", "GL017_CT_ax.nii.gz", "GL017_CT_ax_iso-ctd.json"),
        ("GL124_CT-ax_seg.nii.gz", "sub-gl124_dir-ax", "sub-gl124", "GL124_CT-ax.nii.gz", "GL124_CT_ax-iso-ctd.json"),
        (
            "verse400_verse090_CT-iso_seg.nii.gz",
            "sub-verse400_split-verse090_dir-iso",
            "sub-verse400",
            "verse400_verse090_CT-iso.nii.gz",
            "verse400_verse090_CT-iso_iso-ctd.json",
        ),
    ],
)
def test_challenge(tmp_path: Path, mask: str, name: str, subject: str, image: str, centroids: str) -> None:
    tree(tmp_path, mask, image, centroids, "verse999.nii.gz", "verse999_ctd.json")
    scan = scan_files(tmp_path / mask)
    assert scan is not None
    assert (scan.name, scan.subject, scan.dataset) == (name, subject, "VerSe")
    assert (scan.image, scan.centroids) == (tmp_path / image, tmp_path / centroids)


def test_by_subject(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "dataset-verse19training/rawdata/sub-verse000/sub-verse000_ct.nii.gz",
        "dataset-verse19training/derivatives/sub-verse000/sub-verse000_seg-vert_msk.nii.gz",
        "dataset-verse19training/derivatives/sub-verse000/sub-verse000_seg-subreg_ctd.json",
        "dataset-verse19training/derivatives/sub-verse000/sub-verse000_seg-vert_snp.png",
        "03_test/rawdata/sub-verse400/sub-verse400_split-verse090_dir-iso_ct.nii.gz",
        "03_test/derivatives/sub-verse400/sub-verse400_split-verse090_dir-iso_seg-vert_msk.nii.gz",
        "03_test/derivatives/sub-verse400/sub-verse400_split-verse090_dir-iso_seg-vb_ctd.json",
        "03_test/derivatives/sub-verse400/sub-verse400_split-verse155_seg-vert_msk.nii.gz",
    )
    split, alone, plain = find_masks(tmp_path)
    assert (plain.name, plain.subject, plain.split) == ("sub-verse000", "sub-verse000", "training")
    assert plain.image == tmp_path / "dataset-verse19training/rawdata/sub-verse000/sub-verse000_ct.nii.gz"
    assert plain.centroids == plain.mask.with_name("sub-verse000_seg-subreg_ctd.json")
    assert (split.name, split.subject, split.split) == ("sub-verse400_split-verse090_dir-iso", "sub-verse400", "test")
    assert split.image == tmp_path / "03_test/rawdata/sub-verse400/sub-verse400_split-verse090_dir-iso_ct.nii.gz"
    assert split.centroids == split.mask.with_name("sub-verse400_split-verse090_dir-iso_seg-vb_ctd.json")
    assert (alone.name, alone.image, alone.centroids) == ("sub-verse400_split-verse155", None, None)


def test_both_layouts_name_a_scan_alike() -> None:
    one = scan_files(Path("verse400_verse090_CT-iso_seg.nii.gz"))
    other = scan_files(Path("sub-verse400_split-verse090_dir-iso_seg-vert_msk.nii.gz"))
    assert one is not None
    assert other is not None
    assert (one.name, one.subject) == (other.name, other.subject)


def test_spider(tmp_path: Path) -> None:
    names = ("1_t1.mha", "1_t2.mha", "1_t2_SPACE.mha", "10_t2.mha")
    tree(tmp_path, *(f"masks/{name}" for name in names), *(f"images/{name}" for name in names[:3]), "overview.csv")
    found = find_masks(tmp_path)
    assert [(scan.name, scan.subject) for scan in found] == [
        ("10_t2", "10"),
        ("1_t1", "1"),
        ("1_t2", "1"),
        ("1_t2_SPACE", "1"),
    ]
    assert {scan.dataset for scan in found} == {"SPIDER"}
    assert found[0].image is None
    assert found[3].image == tmp_path / "images/1_t2_SPACE.mha"
    assert scan_files(tmp_path / "images/1_t1.mha") is None


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "verse014.nii.gz",
        "verse014_ctd.json",
        "verse014_snapshot.png",
        "sub-verse004_seg-subreg_msk.nii.gz",
        ".cache/verse015_seg.nii.gz",
        "1_t1.mha",
        "README.md",
        "sub-03_T2w.nii.gz",
    )
    with pytest.raises(InputError, match=r"no mask; expected names such as sub-verse004_seg-vert_msk"):
        find_masks(tmp_path)
    tree(tmp_path, "derivatives/sub-03_acq-sag_seg-vert_dseg.nii.gz", "derivatives/sub-03_seg-vert_res-1_msk.nii")
    assert [(scan.name, scan.subject, scan.dataset) for scan in find_masks(tmp_path)] == [
        ("sub-03_acq-sag", "sub-03", "BIDS"),
        ("sub-03", "sub-03", "BIDS"),
    ]


def test_a_folder_above_is_no_split(tmp_path: Path) -> None:
    tree(tmp_path, "test/a/b/c/d/verse014_seg.nii.gz", "mytest/verse015_seg.nii.gz")
    assert [scan.split for scan in find_masks(tmp_path)] == [None, None]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing: no such folder"):
        find_masks(tmp_path / "nothing")


def test_real_sample() -> None:
    (scan,) = find_masks(real("verse_sample"))
    assert scan.name == "sub-verse004"
    assert scan.centroids == scan.mask.with_name("sub-verse004_seg-subreg_ctd.json")
    assert scan.image is None
