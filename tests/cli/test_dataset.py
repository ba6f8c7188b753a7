"""``spinemodel dataset summary``: the published SPIDER tables, and small trees of known counts."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spinemodel.cli.dataset import app
from spinemodel.errors import InputError
from spinemodel.io.dataset_files import find_dataset
from spinemodel.io.nifti import write_volume
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from tests.datasets import GRADING, SERIES, centroids, published_spider, sheet_book, sheet_row, written


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["summary", *(str(word) for word in words)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def notes(folder: Path, dataset: str) -> list[str]:
    return [row["note"] for row in table(folder, f"{dataset}_notes")]


def mask(path: Path, labels: list[int]) -> Path:
    """A NIfTI or MetaImage mask with one voxel of each label."""
    values = np.zeros((4, 4, 4), np.uint16)
    values.ravel()[1 : 1 + len(labels)] = labels
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".mha":
        sitk = pytest.importorskip("SimpleITK")
        sitk.WriteImage(sitk.GetImageFromArray(values), path)
    else:
        write_volume(path, LabelVolume(Grid((4, 4, 4), np.eye(4), "toy"), values, {}))
    return path


@pytest.fixture
def verse(tmp_path) -> Path:
    """Three scans of two patients, with the sheet: one with centroids and a mask that says otherwise."""
    root = tmp_path / "verse19"
    first = root / "dataset-verse19training/derivatives/sub-verse001"
    mask(first / "sub-verse001_seg-vert_msk.nii.gz", [1, 2, 3])
    centroids(first / "sub-verse001_seg-subreg_ctd.json", [19, 20, 28], missing=[21])
    second = root / "dataset-verse19validation/derivatives/sub-verse400"
    mask(second / "sub-verse400_split-verse002_seg-vert_msk.nii.gz", [7, 8, 25])
    mask(second / "sub-verse400_split-verse003_seg-vert_msk.nii.gz", [22])
    rows = [
        sheet_row(1, {"T12": (1, 2), "L1": ("x", "x")}, subject_ID=1, CT_device="Philips", BMD=110, N_Fx=1),
        sheet_row(2, {"T1": (0, 0)}, subject_ID=2, CT_device="Siemens", N_Fx=0),
    ]
    sheet_book(root / "ryai190138_appendixe1.xlsx", *rows)
    (root / "~$ryai190138_appendixe1.xlsx").write_bytes(b"lock of a spreadsheet")
    return root


def test_published_spider(tmp_path) -> None:
    shown = run(published_spider(), "--out", tmp_path / "out")
    assert "names hold if the lowest vertebra is L5" in shown.replace("\n", "")
    assert "…" not in shown
    by_subset = {row["subset"]: row for row in table(tmp_path / "out", "spider_subsets")}
    assert [by_subset[s]["series"] for s in ("training", "validation", "all")] == ["360", "87", "447"]
    assert by_subset["all"]["patients"] == "218"
    assert len(table(tmp_path / "out", "spider_modic")) == 12
    told = "\n".join(notes(tmp_path / "out", "spider"))
    assert "2 rows of IVD label 0" in told
    assert "birth_date holds ages" in told
    assert "no masks" in told
    assert f"{len(list((tmp_path / 'out').iterdir()))} tables: " in shown


def test_verse_tree(verse, tmp_path) -> None:
    shown = run(verse, "--out", tmp_path / "out")
    assert "…" not in shown
    scans = {row["split"]: row for row in table(tmp_path / "out", "verse_scans")}
    assert list(scans["all"].values()) == ["all", "3", "2", "7", "1", "3", "3", "1", "1"]
    assert list(scans["training"].values()) == ["training", "1", "1", "3", "0", "2", "1", "1", "0"]
    findings = {row["split"]: row for row in table(tmp_path / "out", "verse_findings")}
    assert list(findings["training"].values()) == ["training", "1", "1", "1", "0", "1", "0", "1"]
    assert set(notes(tmp_path / "out", "verse")) == {
        "2 of 3 scans have no centroids; their vertebrae are those of the mask",
        "1 scans without a row in the sheet: verse003",
    }


def test_verse_without_masks_or_without_its_sheet(verse, tmp_path) -> None:
    (verse / "ryai190138_appendixe1.xlsx").rename(tmp_path / "moved.xlsx")
    assert "no sheet (ryai190138_appendixe1.xlsx)" in run(verse)
    alone = tmp_path / "alone"
    alone.mkdir()
    (tmp_path / "moved.xlsx").rename(alone / "any name.xlsx")
    shown = run(alone)
    assert "no masks: no labelled vertebrae" in shown
    assert "Fractures by shape and grade" in shown


def test_challenge_names_do_not_tell_patients(tmp_path) -> None:
    root = tmp_path / "training"
    mask(root / "verse014_seg.nii.gz", [20])
    centroids(root / "verse015_ctd.json", [20, 21])
    mask(root / "verse015_seg.nii.gz", [20])
    run(tmp_path, "--out", tmp_path / "out")
    (row,) = table(tmp_path / "out", "verse_scans")
    assert (row["split"], row["scans"], row["patients"], row["vertebrae"]) == ("training", "2", "-", "3")


def test_spider_of_masks_alone(tmp_path) -> None:
    mask(tmp_path / "s/masks/1_t1.mha", [1, 2, 3, 104, 201, 202, 100])
    mask(tmp_path / "s/masks/1_t2_SPACE.mha", [1, 2, 201])
    shown = run(tmp_path / "s", "--out", tmp_path / "out")
    assert "no overview.csv" in shown
    assert "no radiological_gradings.csv" in shown
    rows = {row["counted_in"]: row for row in table(tmp_path / "out", "spider_structures")}
    assert [rows["series"][c] for c in ("number", "vertebrae", "discs")] == ["2", "6", "3"]
    assert [rows["patients"][c] for c in ("number", "vertebrae", "discs")] == ["1", "4", "2"]


def test_spider_of_one_table_and_masks_of_other_series(tmp_path) -> None:
    written(tmp_path / "overview.csv", SERIES)
    mask(tmp_path / "masks/8_t1.mha", [1])
    shown = run(tmp_path)
    assert "1 series of the overview without a mask: 7_t2_SPACE" in shown
    assert "1 masks without a row in the overview: 8_t1" in shown
    written(tmp_path / "radiological_gradings.csv", GRADING)
    assert "L6-S1" not in run(tmp_path, "--lowest", "L6")
    assert "L5-L6" in run(tmp_path, "--lowest", "L6")


def test_what_is_no_dataset_is_refused(tmp_path, verse) -> None:
    with pytest.raises(InputError, match="no such folder"):
        run(tmp_path / "none")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "other.csv").write_text("a,b\n1,2\n")
    (empty / "broken.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match=r"no dataset recognised; looked at 2 files for SPIDER: overview.*VerSe: "):
        run(empty)
    written(verse / "overview.csv", SERIES)
    with pytest.raises(InputError, match="holds files of SPIDER and of VerSe"):
        run(verse)


def test_two_of_a_table_are_refused(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "overview.csv", SERIES)
    with pytest.raises(InputError, match=r"several overview\.csv, a.overview\.csv and b.overview\.csv"):
        find_dataset(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name / "overview.csv").unlink()
        sheet_book(tmp_path / name / "sheet.xlsx", sheet_row(1, {"T1": (0, 0)}))
    with pytest.raises(InputError, match="several sheets of VerSe"):
        find_dataset(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[3]", '{"label": 3}', '[{"label": 3}]', "[" * 100_000),
        *('[{"label": "L1", "X": 1, "Y": 1, "Z": 1}]', '[{"label": 1e999, "X": 1, "Y": 1, "Z": 1}]'),
    ],
)
def test_broken_centroids_are_named(verse, content) -> None:
    path = next(verse.rglob("*_ctd.json"))
    path.write_text(content)
    with pytest.raises(InputError, match=r"ctd\.json: cannot be read as centroids"):
        run(verse)


def test_a_file_in_place_of_the_output_folder_is_refused(verse, tmp_path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file; expected a folder"):
        run(verse, "--out", tmp_path / "out")
