"""Tables of image quality: their names as in the dataset, and the numbers in them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.anatqc import ImageName, anatqc_folder, anatqc_paths, columns, image_name, read_anatqc, write_anatqc
from spinemodel.quality.regions import Regions, region
from spinemodel.quality.slices import Quality, measure
from spinemodel.quality.summary import by_slice
from spinemodel.volume.grid import Grid
from spinemodel.volume.image import ScalarVolume

NAME = ImageName("sub-03_CISS", "sub-03", "CISS")


@pytest.fixture
def quality() -> Quality:
    """Four slices: none, too little cord, and two that are measured; no air."""
    grid = Grid((30, 30, 4), np.diag([0.4, 0.4, 1.8, 1.0]), "here")
    kind = np.zeros(grid.shape, np.uint8)
    kind[5:25, 5:25, 1:] = 1
    kind[10:15, 10:15, 2:] = 2
    kind[10, 10, 1] = 2
    values = np.array([0, 1000, 300])[kind] + np.random.default_rng(5).normal(0, 40, grid.shape)
    return measure(ScalarVolume(grid, values.astype(np.float32)), Regions(grid, region(kind == 1), region(kind == 2)))


def test_the_names_are_the_datasets(tmp_path) -> None:
    home = tmp_path / "derivatives" / "anatqc"
    expected = {kind: home / "sub-03" / "anat" / f"sub-03_CISS_{kind}.csv" for kind in ("SNR", "CNR")}
    for out in (tmp_path, tmp_path / "derivatives", home):
        assert anatqc_folder(out) == home
        assert anatqc_paths(out, NAME) == expected


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("sub-03_CISS.nii.gz", ("sub-03_CISS", "sub-03", "CISS")),
        ("sub-03_ses-1_acq-sag_T2TSE.nii", ("sub-03_ses-1_acq-sag_T2TSE", "sub-03", "T2TSE")),
        ("1_t2.mha", ("1_t2", "1_t2", "image")),
        ("subject.nii", ("subject", "subject", "image")),
    ],
)
def test_names_of_images(name, known) -> None:
    assert image_name(Path("anywhere") / name) == ImageName(*known)


@pytest.mark.parametrize(
    ("name", "subject", "sequence"),
    [("sub-01_sd5_T2w.nii.gz", "sub-01", "T2w"), ("sub-01-T2w.nii", "sub-01", "T2w"), ("sub-1.mha", "sub-1", "image")],
)
def test_names_that_begin_with_a_subject_are_of_that_subject(name, subject, sequence) -> None:
    found = image_name(Path(name))
    assert (found.subject, found.sequence) == (subject, sequence)
    assert found.stem == name.split(".")[0]
    assert f"{name}: not a name as in BIDS" in found.note
    assert image_name(Path(f"{subject}_acq-sd5_T2w.nii")).note == ""


def test_the_first_measure_is_the_papers() -> None:
    assert columns("SNR") == ("SNR", "SNR_within", "SNR_mriqc_CSF", "SNR_mriqc_cord")
    assert columns("CNR") == ("CNR", "CNR_mriqc")


def test_a_row_for_every_slice_that_shows_something(quality, tmp_path) -> None:
    paths = write_anatqc(tmp_path, NAME, quality)
    assert [path.name for path in paths] == ["sub-03_CISS_SNR.csv", "sub-03_CISS_CNR.csv"]
    with paths[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["slice"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["CNR"] == rows[0]["z_mm"] == "n/a"
    assert (rows[0]["n_CSF"], rows[0]["n_cord"]) == ("399", "1")
    assert "fewer than 20" in rows[0]["note"]
    assert rows[1]["CNR_mriqc"] == "n/a"
    assert rows[1]["note"] == "CNR_mriqc: no air was given"
    assert float(rows[1]["z_mm"]) == pytest.approx(3.6)
    assert (rows[2]["n_CSF"], rows[2]["n_cord"]) == ("375", "25")
    assert float(rows[2]["mean_CSF"]) == pytest.approx(1000, rel=0.01)


def test_what_is_written_is_read_back(quality, tmp_path) -> None:
    for path, kind in zip(write_anatqc(tmp_path, NAME, quality), ("SNR", "CNR"), strict=True):
        found = read_anatqc(path)
        assert "note" not in found
        assert np.isnan(found[kind][0])
        assert found[kind][1:] == pytest.approx(by_slice(quality, kind).tolist(), rel=1e-5)
    again = tmp_path / "again"
    for one, other in zip(write_anatqc(tmp_path, NAME, quality), write_anatqc(again, NAME, quality), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_tables_of_another_form_are_refused(tmp_path) -> None:
    path = tmp_path / "sub-03_CISS_SNR.csv"
    for text, said in (("a,b\n1,2\n", "no column SNR, only a, b"), ("", "no column SNR"), ("SNR\nhigh\n", "'high' is")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            read_anatqc(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_anatqc(tmp_path / "none_SNR.csv")
