"""``spinemodel overlap``: boxes that share known parts."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spinemodel.cli import app
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.io.label_table import write_label_table
from spinemodel.io.nifti import write_volume
from spinemodel.io.surfaces import write_surface
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from tests.shapes import box
from tests.toys import toy_model

SPACE = "sub-toy/scanner"


def run(*words: object):
    return CliRunner().invoke(app, ["overlap", *(str(word) for word in words)])


def rows_of(*words: object, out: Path) -> dict[tuple[str, str], list[float]]:
    """The numbers of every pair in the written table."""
    shown = run(*words, "--out", out)
    assert shown.exit_code == 0, shown.exception
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    keys = ("A_cm3", "B_cm3", "both_cm3", "Dice", "Jaccard")
    return {(row["A"], row["B"]): [float(row[key]) for key in keys] for row in rows}


def mask(path: Path, slabs: dict[int, tuple[int, int]], names: dict[int, str], **grid: object) -> Path:
    """A mask of 10 x 10 x 10 voxels of 1 mm with slabs of labels from one x to another."""
    values = np.zeros((10, 10, 10), np.uint16)
    for label, (low, high) in slabs.items():
        values[low:high] = label
    where = {"affine": np.eye(4), "space": SPACE} | grid
    write_volume(path, LabelVolume(Grid((10, 10, 10), **where), values, {}))
    if names:
        write_label_table(path.with_name(path.name.replace(".nii.gz", ".tsv")), names)
    return path


@pytest.fixture
def masks(tmp_path) -> tuple[Path, Path]:
    one = mask(tmp_path / "one.nii.gz", {2: (0, 4), 33: (4, 8)}, {2: "Cord", 33: "CSF"})
    other = mask(tmp_path / "two.nii.gz", {5: (1, 5), 7: (5, 10)}, {5: "Cord", 7: "Bone"})
    return one, other


def test_masks_by_name(masks, tmp_path) -> None:
    rows = rows_of(*masks, out=tmp_path / "o.tsv")
    assert rows == {("Cord", "Cord"): [0.4, 0.4, 0.3, 0.75, 0.6]}
    shown = run(*masks).output
    assert f"only in {masks[0]}: CSF" in shown.replace("\n", "")
    assert "only in" in shown


def test_every_pair(masks, tmp_path) -> None:
    rows = rows_of(*masks, "--all", out=tmp_path / "o.tsv")
    assert rows == {
        ("Cord", "Cord"): [0.4, 0.4, 0.3, 0.75, 0.6],
        ("Cord", "Bone"): [0.4, 0.5, 0.0, 0.0, 0.0],
        ("CSF", "Cord"): [0.4, 0.4, 0.1, 0.25, 0.1429],
        ("CSF", "Bone"): [0.4, 0.5, 0.3, 0.6667, 0.5],
    }
    assert "1 pairs of parts do not overlap" in run(*masks, "--all").output


def test_chosen_parts_of_other_names(masks, tmp_path) -> None:
    assert list(rows_of(*masks, "--structure", "CSF=Bone", out=tmp_path / "o.tsv")) == [("CSF", "Bone")]


def test_same_shape_is_one(masks, tmp_path) -> None:
    for numbers in rows_of(masks[0], masks[0], out=tmp_path / "o.tsv").values():
        assert numbers[3:] == [1.0, 1.0]


def test_mesh_is_rasterised_on_the_mask_s_grid(masks, tmp_path) -> None:
    cube = box((1.5, 1.5, 1.5), 4.0)
    write_surface(tmp_path / "sub-toy_Cord.stl", cube)
    rows = rows_of(tmp_path / "sub-toy_Cord.stl", masks[0], out=tmp_path / "o.tsv")
    assert rows == {("Cord", "Cord"): [0.064, 0.4, 0.032, pytest.approx(0.1379), pytest.approx(0.0741)]}
    given = (masks[0], tmp_path / "sub-toy_Cord.stl", "--label", 33, "--structure", "Cord")
    rows = rows_of(*given, out=tmp_path / "o.tsv")
    assert rows[("CSF", "Cord")][2] == pytest.approx(0.032)


def test_models_whose_parts_overlap_count_each_part_whole(tmp_path) -> None:
    """A cord in a sac: the sac does not lose the cord's voxels to it."""
    parts = {"Dura": box((0, 0, 0), 6.0, "Dura"), "Cord": box((1, 1, 1), 2.0, "Cord")}
    moved = {"Dura": box((3, 0, 0), 6.0, "Dura"), "Cord": box((1, 1, 1), 2.0, "Cord")}
    one, other = (
        toy_model(tmp_path / name / "sub-toy", surfaces, None) for name, surfaces in (("a", parts), ("b", moved))
    )
    rows = rows_of(one, other, "--spacing", 0.5, out=tmp_path / "o.tsv")
    assert rows[("Dura", "Dura")] == [0.216, 0.216, 0.108, 0.5, 0.3333]
    assert rows[("Cord", "Cord")] == [0.008, 0.008, 0.008, 1.0, 1.0]


def test_mask_that_cuts_a_mesh_off_is_told(masks, tmp_path) -> None:
    write_surface(tmp_path / "Cord.stl", box((-20.0, 1, 1), 25.0))
    shown = run(tmp_path / "Cord.stl", masks[0])
    assert shown.exit_code == 0
    assert f"warning: {masks[0]} shows only part of" in shown.output
    write_surface(tmp_path / "Cord.stl", box((40.0, 1, 1), 3.0))
    problem = run(tmp_path / "Cord.stl", masks[0]).exception
    assert isinstance(problem, InputError)
    assert "lies 30.5 mm outside" in str(problem)


def test_what_cannot_be_compared(masks, tmp_path) -> None:
    shifted = mask(tmp_path / "shifted.nii.gz", {2: (0, 4)}, {2: "Cord"}, affine=np.diag([1, 1, 2, 1]))
    foreign = mask(tmp_path / "foreign.nii.gz", {2: (0, 4)}, {2: "Cord"}, space="sub-other/scanner")
    cases = [
        ((masks[0], shifted), SpaceMismatchError, "grids differ"),
        ((masks[0], foreign), SpaceMismatchError, "bring one into the other's with `spinemodel align`"),
        ((*masks, "--spacing", 1), InputError, "--spacing 1: a mask brings its own voxels"),
        ((*masks, "--structure", "Fat"), InputError, "no label Fat; there are 2 Cord, 33 CSF"),
        ((*masks, "--label", 2), InputError, "no label 2; there are 5 Cord, 7 Bone"),
        ((*masks, "--structure", "=Fat"), InputError, "--structure =Fat: expected NAME, or FIRST=SECOND"),
        ((masks[0], tmp_path / "none.stl"), InputError, "none.stl: no such file"),
        ((*masks, "--out", "/dev/null/o.tsv"), InputError, "cannot be written to"),
    ]
    for words, kind, said in cases:
        problem = run(*words).exception
        assert isinstance(problem, kind)
        assert said in str(problem)
        assert "\n" not in str(problem)


def test_nothing_of_one_name(tmp_path) -> None:
    one = mask(tmp_path / "one.nii.gz", {2: (0, 4), 3: (4, 5)}, {2: "Cord", 3: "Fat"})
    other = mask(tmp_path / "two.nii.gz", {5: (1, 5)}, {})
    problem = run(one, other).exception
    assert isinstance(problem, InputError)
    assert "no part of one name" in str(problem)
    assert "has Cord, Fat" in str(problem)
    assert run(one, other, "--structure", "Cord=5").exit_code == 0
    write_surface(tmp_path / "a.stl", box())
    problem = run(tmp_path / "a.stl", tmp_path / "a.stl", "--label", 1).exception
    assert "is a mask; choose parts with --structure" in str(problem)
