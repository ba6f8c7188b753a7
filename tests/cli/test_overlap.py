"""``spinemodel overlap``: boxes that share known parts."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spinemodel.anatomy.compartments import Solid, partition
from spinemodel.anatomy.surface import Surface
from spinemodel.cli import app
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
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


def test_inputs_are_never_overwritten(masks, tmp_path) -> None:
    write_surface(tmp_path / "b.stl", box())
    table = tmp_path / "one.tsv"
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    cases = [
        ((tmp_path / "b.stl", tmp_path / "b.stl", "--out", tmp_path / "b.stl"), "b.stl: is an input too"),
        ((*masks, "--out", table), f"one.tsv: belongs to the input {masks[0]}"),
        ((*masks, "--out", tmp_path / "model.json"), "is the name of a model's record"),
    ]
    for words, said in cases:
        problem = run(*words).exception
        assert isinstance(problem, InputError)
        assert said in str(problem)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_labels_of_one_name_are_told_apart(tmp_path) -> None:
    one = mask(tmp_path / "one.nii.gz", {3: (0, 4), 4: (4, 6), 5: (6, 10)}, {3: "Cord", 4: "cord", 5: "Fat"})
    other = mask(tmp_path / "two.nii.gz", {3: (0, 2), 4: (4, 6), 5: (6, 10)}, {3: "Cord", 4: "cord", 5: "Fat"})
    rows = rows_of(one, other, out=tmp_path / "o.tsv")
    assert {pair: numbers[3] for pair, numbers in rows.items()} == {
        ("Cord (3)", "Cord (3)"): 0.6667,
        ("cord (4)", "cord (4)"): 1.0,
        ("Fat", "Fat"): 1.0,
    }
    rows = rows_of(one, other, "--structure", "Cord (3)=cord (4)", out=tmp_path / "o.tsv")
    assert rows[("Cord", "cord")][2:] == [0.0, 0.0, 0.0]


def test_high_labels_and_images(tmp_path) -> None:
    one = mask(tmp_path / "one.nii.gz", {60000: (0, 4)}, {})
    other = mask(tmp_path / "two.nii.gz", {65535: (2, 6)}, {})
    assert rows_of(one, other, out=tmp_path / "o.tsv")[("60000", "65535")][3] == 0.5
    values = np.arange(1000, dtype=np.uint16).reshape(10, 10, 10) % 362
    write_volume(tmp_path / "grey.nii", LabelVolume(Grid((10, 10, 10), np.eye(4), SPACE), values, {}))
    problem = run(tmp_path / "grey.nii", one).exception
    assert isinstance(problem, InputError)
    assert "grey.nii: has 361 labels and no table that names them; is it an image rather than a mask?" in str(problem)
    assert run(tmp_path / "grey.nii", one, "--structure", "7=60000").exit_code == 0
    problem = run(tmp_path / "grey.nii", one, "--structure", "no=60000").exception
    assert "there are 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 351 more" in str(problem)


def test_model_is_compared_as_tissues_with_a_volume_of_its_tissues(tmp_path) -> None:
    """L1_L is structure and tissue; the tissue is the larger here, and the volume's."""
    solids = [Solid(box((2, 2, 2), 3.0), "L1_L"), Solid(box((1, 1, 1), 6.0), "CSF")]
    parted = partition(solids, box((0, 0, 0), 10.0))
    surfaces = {"Dura": box((1, 1, 1), 6.0, "Dura"), "L1_L": box((2, 2, 2), 2.0, "L1_L")}
    model = toy_model(tmp_path / "sub-toy", surfaces, parted)
    for what, shared in (("tissues", {"L1_L", "CSF", "Bulk"}), ("structures", {"Dura", "L1_L"})):
        out = tmp_path / f"{what}_dseg.nii.gz"
        words = ["rasterise", str(model), "--spacing", "0.5", "--what", what, "--out", str(out)]
        assert CliRunner().invoke(app, words).exit_code == 0
        rows = rows_of(model, out, out=tmp_path / "o.tsv")
        assert {a for a, _ in rows} == shared
        assert rows[("L1_L", "L1_L")][3:] == [1.0, 1.0]
        assert what == "structures" or all(numbers[3:] == [1.0, 1.0] for numbers in rows.values())
    cord = mask(tmp_path / "mixed.nii.gz", {1: (1, 7), 33: (7, 8)}, {1: "Dura", 33: "CSF"})
    assert {a for a, _ in rows_of(model, cord, out=tmp_path / "o.tsv")} == {"Dura", "CSF"}


def test_what_is_wrong_with_a_mesh_names_its_file(masks, tmp_path) -> None:
    whole = box((2, 2, 2), 4.0)
    write_surface(tmp_path / "gap.stl", Surface("gap", "x", whole.vertices, whole.faces[1:]))
    problem = run(tmp_path / "gap.stl", masks[0], "--label", 2).exception
    assert str(problem).startswith(f"{tmp_path / 'gap.stl'}: surface gap: open")
    write_surface(tmp_path / "small.obj", box((2.1, 2.1, 2.1), 0.08))
    problem = run(tmp_path / "small.obj", masks[0], "--label", 2).exception
    said = "it is 0.14 mm across; is it in metres? If not, the voxels of"
    assert said in str(problem)
    assert "smaller" not in str(problem)
    write_surface(tmp_path / "huge.stl", box((0, 0, 0), 9000.0))
    problem = run(tmp_path / "huge.stl", tmp_path / "huge.stl").exception
    assert str(problem).startswith(f"{tmp_path / 'huge.stl'}, {tmp_path / 'huge.stl'}: grid: got ")
    assert "or is the unit wrong?" in str(problem)


def test_mesh_without_a_frame_is_told(masks, tmp_path) -> None:
    path = tmp_path / "Cord.stl"
    write_surface(path, box((1.0, 1, 1), 4.0))
    path.write_bytes(bytes(80) + path.read_bytes()[80:])
    shown = run(path, path)
    assert f"note: {path} states no frame; taken as LPS, as 3D Slicer does" in shown.output


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


def test_meshes_turned_inside_out_or_with_faces_twice_are_refused(tmp_path) -> None:
    whole = box()
    write_surface(tmp_path / "whole.ply", whole)
    for name, faces in (("turned", whole.faces[:, ::-1]), ("doubled", np.vstack([whole.faces, whole.faces]))):
        write_surface(tmp_path / f"{name}.ply", Surface(name, "x", whole.vertices, faces))
        for pair in ((f"{name}.ply", "whole.ply"), ("whole.ply", f"{name}.ply")):
            problem = run(*(tmp_path / one for one in pair)).exception
            assert isinstance(problem, GeometryError)
            assert str(problem).startswith(f"{tmp_path / name}.ply: surface {name}: ")
