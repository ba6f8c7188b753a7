"""``spinemodel vertebrae`` as a user types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spinemodel.io.nifti import write_volume
from tests.cli.test_commands import refused, spinemodel
from tests.spines import LUMBAR, lumbar_mask, written_mask


@pytest.fixture(scope="module")
def mask(tmp_path_factory) -> Path:
    return written_mask(tmp_path_factory.mktemp("mask"))


def test_a_mask_becomes_a_folder(mask: Path, tmp_path: Path) -> None:
    shown = spinemodel("vertebrae", mask, "--out", tmp_path)
    assert shown.exit_code == 0, shown.output
    assert all(name in shown.output for name in LUMBAR)
    folder = tmp_path / "sub-toy"
    assert (folder / "figures" / "sub-toy_spine.png").stat().st_size > 10_000
    assert len(list((folder / "surfaces").glob("*.stl"))) == 8
    again = spinemodel("vertebrae", mask, "--out", tmp_path)
    assert "1 of 1 scans are done already" in again.output


def test_one_broken_scan_does_not_stop_the_others(mask: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    for name in ("sub-a", "sub-b"):
        for end in (".nii.gz", ".tsv", ".json"):
            (tmp_path / "tree" / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(mask.with_name(f"sub-toy_dseg{end}"), tmp_path / "tree" / name / f"{name}_dseg{end}")
    (tmp_path / "tree" / "sub-a" / "sub-a_dseg.nii.gz").write_bytes(b"no volume")
    out = tmp_path / "out"
    message = refused(monkeypatch, capsys, "vertebrae", tmp_path / "tree", "--out", out, "--no-figures", "--jobs", 1)
    assert "1 of 2 scans failed" in message
    assert "sub-a_dseg.nii.gz" in message
    assert json.loads((out / "sub-b" / "vertebrae.json").read_text())["subject"] == "sub-b"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--calibration", "0.8"), "expected SLOPE,INTERCEPT,SOURCE"),
        (("--calibration", "0.8,-3,phantom"), "ask for it with --density or --ct"),
        (("--sheet", "none.csv"), "none.csv"),
        (("--calibration", "-1,2,x"), "expected a slope above 0"),
        (("--format", "xyz"), "unknown format"),
        (("--density",), "no CT beside it"),
        (("--labels", "nothing"), "nothing"),
        (("--ct", "none.nii.gz"), r"none.nii.gz: no such file"),
    ],
)
def test_wrong_requests_are_one_line(arguments, said: str, mask: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    message = refused(monkeypatch, capsys, "vertebrae", mask, "--out", tmp_path / "out", *arguments)
    assert said in message
    assert not (tmp_path / "out" / "sub-toy").exists()


def test_two_masks_of_one_scan_are_refused(mask: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    for name in ("a", "b"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        for end in (".nii.gz", ".tsv"):
            shutil.copy(mask.with_name(f"sub-toy_dseg{end}"), tmp_path / "tree" / name / f"sub-toy_dseg{end}")
    message = refused(monkeypatch, capsys, "vertebrae", tmp_path / "tree", "--out", tmp_path / "out")
    assert "the same scan as" in message
    assert not (tmp_path / "out").exists()


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch, capsys) -> None:
    message = refused(monkeypatch, capsys, "vertebrae", tmp_path / "none.nii.gz", "--out", tmp_path)
    assert "none.nii.gz: no such file" in message


def test_a_scan_is_done_anew_where_what_it_was_read_with_changed(mask: Path, tmp_path: Path) -> None:
    labels, names = tmp_path / "map.json", dict(lumbar_mask().volume.names)
    labels.write_text(json.dumps({str(key): name for key, name in names.items()}))
    call = ("vertebrae", mask, "--labels", labels, "--out", tmp_path / "out", "--no-figures")
    assert "done already" not in spinemodel(*call).output
    assert "done already" in spinemodel(*call).output
    labels.write_text(json.dumps({str(key): name for key, name in names.items()}, indent=1))
    assert "done already" not in spinemodel(*call).output
    assert "done already" not in spinemodel(*call[:-1]).output, "the picture was not drawn yet"


def test_density_is_measured_in_the_ct(mask: Path, tmp_path: Path) -> None:
    volume = lumbar_mask().volume
    hu = np.where(np.isin(volume.values, [19, 20, 21, 22]), 140, np.where(volume.values > 0, 40, -100)).astype(np.int16)
    hu[:, :, :2] = 1000
    image = tmp_path / "ct.nii.gz"
    write_scalars(image, hu, volume.grid.affine)
    shown = spinemodel(
        "vertebrae", mask, "--out", tmp_path, "--no-figures", "--ct", image, "--calibration", "0.8,-3,phantom"
    )
    assert shown.exit_code == 0, shown.output
    assert "mean of T12, L1, L2, L3: 140 HU, 109 mg/cm3" in shown.output


def write_scalars(path: Path, values: np.ndarray, affine: np.ndarray) -> None:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(values, affine), path)


def test_grades_are_set_beside_a_sheet(mask: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "verse004_seg.nii.gz"
    write_volume(renamed, lumbar_mask().volume)
    labels = tmp_path / "map.json"
    labels.write_text(json.dumps({str(k): v for k, v in lumbar_mask().volume.names.items()}))
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("verse_ID,L1_fx-s,L1_fx-g,L2_fx-s,L2_fx-g\n4,0,0,1,2\n")
    shown = spinemodel(
        "vertebrae", renamed, "--labels", labels, "--out", tmp_path / "out", "--no-figures", "--sheet", sheet
    )
    assert shown.exit_code == 0, shown.output
    assert "2 vertebrae beside the sheet: same grade 50 %" in shown.output
    table = (tmp_path / "out" / "fracture_agreement.tsv").read_text().splitlines()
    assert table[0] == "scan\tlevel\tfound\tsheet"
    assert len(table) == 3
    (tmp_path / "out" / "fracture_agreement.tsv").unlink()
    again = spinemodel(
        "vertebrae", renamed, "--labels", labels, "--out", tmp_path / "out", "--no-figures", "--sheet", sheet
    )
    assert "1 of 1 scans are done already" in again.output
    assert "2 vertebrae beside the sheet: same grade 50 %" in again.output
