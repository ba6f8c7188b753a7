"""``spinemodel agree`` of trees of masks, and what the sidecars of their consensus name."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.agree import agree
from spinemodel.errors import InputError, SpineModelError

app = typer.Typer()
app.command()(agree)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write_mask(path: Path, first: int) -> None:
    values = np.zeros((10, 10, 6), np.uint8)
    values[first : first + 4, 2:7, 1:5] = 1
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)


@pytest.fixture
def trees(tmp_path) -> list[Path]:
    """Two raters' trees of two subjects; one names the subject by the folder alone."""
    for shift, rater in enumerate(("anna", "ben")):
        for subject in ("sub-01", "sub-02"):
            own = "dc" if rater == "ben" else f"{subject}_dc"
            write_mask(tmp_path / rater / subject / "anat" / f"{own}.nii.gz", 2 + shift)
            image = tmp_path / rater / subject / "anat" / f"{subject}_T2w.nii.gz"
            nibabel.save(nibabel.Nifti1Image(np.random.default_rng(0).random((10, 10, 6)), np.eye(4)), image)
    return [tmp_path / "anna", tmp_path / "ben"]


def test_trees_of_masks_are_matched_by_subject(trees, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(*trees, "--out", out, "--no-figures")
    assert result.exit_code == 0, result.exception
    assert "left out as images by their names: sub-01_T2w.nii.gz, sub-02_T2w.nii.gz" in " ".join(result.output.split())
    with (out / "masks.tsv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "inter"]
    assert [(row["subject"], row["structure"]) for row in rows] == [("sub-01", "dc"), ("sub-02", "dc")]
    assert [float(row["dice"]) for row in rows] == [0.75, 0.75]  # 2 x 60 of 80 + 80 voxels
    only = run(*trees, "--out", tmp_path / "one", "--subject", "02", "--no-figures")
    assert only.exit_code == 0
    assert "sub-01" not in (tmp_path / "one" / "masks.tsv").read_text()


def test_the_consensus_names_its_sources(trees, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_mask(trees[0] / "sub-01" / "anat" / "sub-01_dc_2.nii.gz", 3)
    assert run(*trees, "--out", out, "--no-figures").exit_code == 0
    for name in ("sub-01_dc_desc-majority_mask", "sub-01_dc_desc-staple_probseg"):
        told = json.loads((out / "consensus" / f"{name}.json").read_text())
        assert told["Sources"] == ["../../anna/sub-01/anat/sub-01_dc.nii.gz", "../../ben/sub-01/anat/dc.nii.gz"]
        for source in told["Sources"]:
            voted = (out / "consensus" / source).resolve()
            assert told["SourceSHA256"][source] == hashlib.sha256(voted.read_bytes()).hexdigest()


def test_two_masks_of_one_name_in_a_tree_are_refused(trees, tmp_path: Path) -> None:
    write_mask(trees[0] / "sub-01" / "again" / "sub-01_dc.nii.gz", 3)
    problem = run(*trees, "--out", tmp_path / "out").exception
    assert isinstance(problem, InputError)
    assert "are both sub-01_dc" in str(problem)


def test_a_tree_without_anything_says_what_is_expected(trees, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    problem = run(trees[0], tmp_path / "empty", "--out", tmp_path / "out").exception
    assert isinstance(problem, InputError)
    assert "empty: expected marker files such as" in str(problem)
    assert "or masks (NIfTI or MetaImage)" in str(problem)


@pytest.mark.parametrize("fault", ["grid", "damaged"])
def test_one_failing_subject_does_not_hold_up_the_others(fault, trees, tmp_path: Path) -> None:
    for shift, tree in enumerate(trees):
        write_mask(tree / "sub-03" / "anat" / "sub-03_dc.nii.gz", 2 + shift)
    broken = trees[1] / "sub-03" / "anat" / "sub-03_dc.nii.gz"
    if fault == "grid":
        nibabel.save(nibabel.Nifti1Image(np.ones((5, 5, 3), np.uint8), np.diag([2.0, 2, 2, 1])), broken)
    else:
        broken.write_bytes(broken.read_bytes()[:40])
    out = tmp_path / "out"
    result = run(*trees, "--out", out, "--no-figures")
    assert result.exit_code == 1
    assert isinstance(result.exception, SpineModelError), result.exception
    assert str(result.exception).startswith("1 of 3 subjects failed (sub-03), the first: sub-03: ")
    assert str(broken) in str(result.exception)
    record = json.loads((out / "agreement.json").read_text())
    assert (record["subjects"], list(record["failed"])) == (["sub-01", "sub-02"], ["sub-03"])
    assert {path.name[:6] for path in (out / "consensus").iterdir()} == {"sub-01", "sub-02"}
    assert "failed: sub-03: " in (out / "report.html").read_text()
    with (out / "staple.tsv").open(newline="") as file:
        reasons = {row["reason"] for row in csv.DictReader(file, delimiter="\t")}
    assert reasons == {"No interval: sensitivity and specificity of one fit"}
    alone = run(*trees, "--out", tmp_path / "alone", "--subject", "03", "--no-figures").exception
    assert isinstance(alone, SpineModelError)
    assert str(broken) in str(alone)
    assert not (tmp_path / "alone").exists()
