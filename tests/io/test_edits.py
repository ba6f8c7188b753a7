import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spinemodel.anatomy.compartments import Solid, partition, volumes
from spinemodel.anatomy.edited import EditedModel, take_edits
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.cli import app
from spinemodel.errors import InputError
from spinemodel.io.edits import read_edits, write_edited
from spinemodel.io.files import sha256
from spinemodel.io.partition import read_partition
from spinemodel.io.surfaces import read_surface, write_surface
from spinemodel.io.tissues import check_tissues
from spinemodel.io.whole_model import WholeModel, read_model
from tests.shapes import box, sphere
from tests.toys import toy_model


def ball(name: str, radius: float) -> Surface:
    made = sphere(radius, rows=20)
    return Surface(name, "sub-toy/scanner", made.vertices, made.faces)


@pytest.fixture
def model(tmp_path: Path) -> WholeModel:
    """Write a cord in a sac in a block, with tissues and an axis."""
    surfaces = {"Dura": ball("Dura", 8.0), "Cord": ball("Cord", 4.0)}
    block = Surface("block", "sub-toy/scanner", *_of(box((-15, -15, -15), 30.0)))
    parted = partition([Solid(surfaces["Cord"], "White"), Solid(surfaces["Dura"], "CSF")], block, "Bulk")
    folder = toy_model(tmp_path / "models" / "sub-toy", surfaces, parted)
    path = folder / "model.json"
    record = json.loads(path.read_text())
    record |= {"axis": {"points": [[0, 0, z] for z in range(-30, 31)]}, "spinal_segments": [], "vertebral_levels": []}
    sizes = volumes(parted)
    record["partition"]["domain_mm3"] = 27000.0
    record["tissues"] = [{"name": n, "colour": [1, 1, 1], "volume_mm3": v, "files": []} for n, v in sizes.items()]
    path.write_text(json.dumps(record | {"fidelity": {"Cord": {}, "Dura": {}, "Roots": {}}, "notes": ["as it was"]}))
    return read_model(folder)


def _of(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    return surface.vertices, surface.faces


def written(model: WholeModel, folder: Path, **changes: object) -> Path:
    """Write the edits that Blender would: the cord pulled to the left by 1 mm."""
    cord = model.surfaces["Cord"]
    weight = np.exp(-((cord.vertices[:, 0] - cord.vertices[:, 0].min()) ** 2) / 4)
    file = folder / "Cord.ply"
    write_surface(file, replace(cord, vertices=cord.vertices - weight[:, None] * [1, 0, 0]), frame="RAS")
    record = {
        "format": 1,
        "subject": model.subject,
        "space": model.space,
        "model_sha256": sha256((model.folder / "model.json").read_bytes()),
        "frame": "RAS",
        "unit": "mm",
        "made_with": "Blender 5.0.1",
        "structures": [{"name": "Cord", "file": "Cord.ply", "sha256": sha256(file.read_bytes())}],
    }
    if changes.get("structures") == "twice":
        changes["structures"] = 2 * record["structures"]
    (folder / "edits.json").write_text(json.dumps(record | changes))
    return folder


def taken(model: WholeModel, folder: Path) -> EditedModel:
    edits = read_edits(folder, model)
    return take_edits(model.surfaces, model.centrelines, model.partition, model.levels.axis, edits.surfaces)


def test_the_edited_model_is_whole_and_says_what_was_done(model: WholeModel, tmp_path: Path) -> None:
    folder = written(model, tmp_path)
    path = write_edited(model, taken(model, folder), read_edits(folder, model), tmp_path / "edited")
    record, again = json.loads(path.read_text()), read_model(path.parent)
    rows = {row["name"]: row for row in record["structures"]}
    assert rows["Cord"]["edit"]["most_mm"] == pytest.approx(1.0, abs=0.1)
    assert record["edits"][0]["model_sha256"] == sha256((model.folder / "model.json").read_bytes())
    assert record["notes"][0] == "as it was"
    assert "Cord: edited by hand in Blender 5.0.1" in record["notes"][1]
    assert "Cord" not in record["fidelity"]
    assert again.surfaces["Cord"].vertices[:, 0].min() == pytest.approx(-5.0, abs=1e-4)
    assert check_tissues(path.parent, record) == ()
    assert record["partition"]["domain_mm3"] == pytest.approx(27000.0, rel=1e-9)
    parted = read_partition(path.parent / record["partition"]["file"]["path"])
    assert volumes(parted)["White"] == pytest.approx(volume(again.surfaces["Cord"]), rel=1e-4)


def test_the_model_that_was_edited_stays_as_it_was(model: WholeModel, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in model.folder.rglob("*") if path.is_file()}
    folder = written(model, tmp_path)
    write_edited(model, taken(model, folder), read_edits(folder, model), tmp_path / "edited")
    assert {path: path.read_bytes() for path in model.folder.rglob("*") if path.is_file()} == before
    with pytest.raises(InputError, match="holds the model that was edited"):
        write_edited(model, taken(model, folder), read_edits(folder, model), model.folder.parent)


def test_edits_can_be_edited_again(model: WholeModel, tmp_path: Path) -> None:
    folder = written(model, tmp_path)
    path = write_edited(model, taken(model, folder), read_edits(folder, model), tmp_path / "one")
    once = read_model(path.parent)
    again = written(once, tmp_path)
    path = write_edited(once, taken(once, again), read_edits(again, once), tmp_path / "two")
    assert len(json.loads(path.read_text())["edits"]) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "field format: got 2, expected 1"),
        ({"subject": "sub-04"}, "field subject: got 'sub-04', expected 'sub-toy'"),
        ({"frame": "LPS"}, "field frame: got 'LPS', expected 'RAS'"),
        ({"unit": "m"}, "field unit: got 'm', expected 'mm'"),
        ({"model_sha256": "0"}, "field model_sha256: got '0'"),
        ({"structures": []}, "field structures: names no edited structure"),
        ({"structures": [{"name": "Cord"}]}, "lacks name, file or sha256"),
        ({"structures": [{"name": "Cord", "file": "no.ply", "sha256": ""}]}, "no.ply: named in edits.json but missing"),
        ({"structures": [{"name": "Cord", "file": "Cord.ply", "sha256": ""}]}, "Cord.ply: changed since"),
        ({"structures": "twice"}, "names Cord twice"),
        ({"structures": [{"name": "Cord", "file": "../x.ply", "sha256": ""}]}, "lies outside the folder"),
    ],
)
def test_edits_of_something_else_are_refused(model: WholeModel, tmp_path: Path, changes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_edits(written(model, tmp_path, **changes), model)


@pytest.mark.parametrize("subject", ["../../sub-03", "", "sub/03", "a" * 65, None])
def test_a_model_whose_subject_is_no_name_is_refused(model: WholeModel, subject) -> None:
    path = model.folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"subject": subject}))
    with pytest.raises(InputError, match=r"field subject: got .*, expected a name such as sub-03"):
        read_model(model.folder)


def test_a_folder_without_edits_is_refused(model: WholeModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no edits\.json"):
        read_edits(tmp_path, model)


def test_the_command_takes_edits_and_tells_how_far_they_went(model: WholeModel, tmp_path: Path) -> None:
    folder, out = written(model, tmp_path), tmp_path / "edited"
    result = CliRunner().invoke(app, ["edit", str(model.folder), str(folder), "--out", str(out), "--no-figures"])
    assert result.exit_code == 0, result.output
    assert "Cord" in result.output
    assert "1.00" in result.output
    assert read_surface(out / "sub-toy/surfaces/Cord.stl", space="x").vertices[:, 0].min() < -4.9


def test_the_command_writes_nothing_where_an_edit_is_refused(model: WholeModel, tmp_path: Path) -> None:
    folder, out = written(model, tmp_path, unit="m"), tmp_path / "edited"
    result = CliRunner().invoke(app, ["edit", str(model.folder), str(folder), "--out", str(out)])
    assert result.exit_code == 1
    assert not out.exists()
