from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.levels import levels
from spinemodel.errors import InputError
from spinemodel.io.files import sha256
from spinemodel.io.model import FORMAT
from spinemodel.io.surfaces import write_surface
from tests.shapes import sphere

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(levels)


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def span(name: str, bottom: float, top: float, origin: str = "annotated") -> dict[str, object]:
    return {"name": name, "bottom_mm": bottom, "top_mm": top, "origin": origin}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with two balls on an upright axis from z -50 to z 50, so that s is z + 50."""
    folder = tmp_path / "sub-toy"
    (folder / "surfaces").mkdir(parents=True)
    structures = []
    for name, ball in (("Cord", sphere(12, (0, 0, 15))), ("L1_L", sphere(5, (8, 0, -20)))):
        path = folder / "surfaces" / f"sub-toy_{name}.stl"
        write_surface(path, ball, frame="RAS")
        file = {"path": f"surfaces/{path.name}", "frame": "RAS", "unit": "mm", "sha256": sha256(path.read_bytes())}
        structures.append({"name": name, "files": [file]})
    write(folder, structures=structures)
    return folder


def write(folder: Path, **fields: object) -> None:
    path = folder / "model.json"
    record = json.loads(path.read_text()) if path.exists() else {
        "format": FORMAT,
        "subject": "sub-toy",
        "space": "sub-toy/scanner",
        "together": [],
        "axis": {"points": [[0, 0, z] for z in range(-50, 51)]},
        "spinal_segments": [span("T12", 70, 80, "extrapolated"), span("L1", 60, 70), span("L2", 40, 60, "derived")],
        "vertebral_levels": [span("L1", 45, 75) | {"disc_bottom_mm": 42}, span("L2", 10, 40)],
    }
    path.write_text(json.dumps({k: v for k, v in (record | fields).items() if v is not None}))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_structures_span_the_levels_beside_them(model, tmp_path) -> None:
    out = tmp_path / "levels.tsv"
    shown = run(model, "--out", out)
    assert shown.exit_code == 0, shown.output
    cord, root = read(out)
    assert cord["model"] == root["model"] == "sub-toy"
    assert (cord["structure"], cord["spinal_from"], cord["spinal_to"]) == ("Cord", "T12", "L2")
    assert (cord["spinal_from_origin"], cord["spinal_to_origin"]) == ("extrapolated", "derived")
    assert (cord["vertebra_from"], cord["vertebra_to"]) == ("L1", "L1")
    assert (cord["z_top_mm"], cord["z_bottom_mm"]) == ("27.0", "3.0")
    assert (root["spinal_from"], root["spinal_from_origin"]) == ("-", "-")
    assert (root["vertebra_from"], root["vertebra_to"]) == ("L2", "L2")
    line = next(line.split() for line in shown.output.splitlines() if "Cord" in line)
    assert line == ["Cord", "T12*", "to", "L2'", "L1", "27.0", "3.0"]
    assert max(map(len, shown.output.splitlines()[:-1])) <= 80


def test_planes_run_from_head_to_foot(model, tmp_path) -> None:
    out = tmp_path / "deep" / "levels.tsv"
    shown = run(model, "--every", 10, "--out", out)
    assert shown.exit_code == 0, shown.output
    rows = read(out)
    assert [row["z_mm"] for row in rows] == ["20.0", "10.0", "0.0", "-10.0", "-20.0"]
    assert [row["s_mm"] for row in rows] == ["70.0", "60.0", "50.0", "40.0", "30.0"]
    assert [row["spinal"] for row in rows] == ["T12", "L1", "L2", "L2", "-"]
    assert [row["vertebra"] for row in rows] == ["L1", "L1", "L1", "L2", "L2"]
    assert [row["structures"] for row in rows] == ["Cord", "Cord", "", "", "L1_L"]
    assert [path.name for path in out.parent.iterdir()] == ["levels.tsv"]
    assert "sub-toy: structures" in shown.output
    assert "sub-toy: planes" in shown.output


def test_a_plane_through_a_disc_names_both_vertebrae(model, tmp_path) -> None:
    out = tmp_path / "levels.tsv"
    assert run(model, "--every", 6.5, "--out", out).exit_code == 0
    beside = {float(row["z_mm"]): row["vertebra"] for row in read(out)}
    assert beside[0.0] == "L1"
    assert beside[-6.5] == "L1/L2"
    assert beside[-13.0] == "L2"


def test_several_models_go_into_one_table(model, tmp_path) -> None:
    out = tmp_path / "levels.tsv"
    (tmp_path / "sub-two").symlink_to(model)
    assert run(tmp_path, "--out", out).exit_code == 0
    assert [row["model"] for row in read(out)] == ["sub-toy", "sub-toy", "sub-two", "sub-two"]


def test_a_model_without_vertebrae_has_dashes(model, tmp_path) -> None:
    write(model, vertebral_levels=[])
    out = tmp_path / "levels.tsv"
    assert run(model, "--out", out).exit_code == 0
    assert {row["vertebra_from"] for row in read(out)} == {"-"}


@pytest.mark.parametrize(
    "fields",
    [
        {"axis": None},
        {"spinal_segments": None},
        {"vertebral_levels": [{"name": "L1"}]},
        {"axis": {"points": []}},
        {"axis": {"points": [[0, 0, "low"]]}},
        {"axis": {"points": [[0, 0], [0, 1]]}},
    ],
)
def test_an_old_or_broken_record_says_how_to_mend_it(fields, model) -> None:
    write(model, **fields)
    shown = run(model)
    assert isinstance(shown.exception, InputError)
    message = str(shown.exception)
    assert message.startswith(f"{model / 'model.json'}: ")
    assert "build the model again" in message
    assert "\n" not in message


def test_a_folder_that_is_no_model_is_named(tmp_path) -> None:
    problem = run(tmp_path / "nowhere").exception
    assert isinstance(problem, InputError)
    assert "nowhere: no model.json; give a folder that `spinemodel build` wrote" in str(problem)


def test_a_step_that_is_no_step_is_refused(model) -> None:
    for step in ("0", "-1", "nan", "inf"):
        problem = run(model, "--every", step).exception
        assert isinstance(problem, InputError)
        assert "expected a positive number of mm" in str(problem)


def test_help_has_examples() -> None:
    shown = run("--help").output
    assert "Example: spinemodel levels models/sub-03" in shown
    assert "--every 10" in shown
