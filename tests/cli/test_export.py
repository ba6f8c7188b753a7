"""``spinemodel export``: a model of boxes written for other programs."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.export import export
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.exports.formats import FORMATS
from tests.io.exports.toy_contents import toy_lead, whole_folder
from tests.toys import nested_model

app = typer.Typer()
app.command()(export)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return whole_folder(tmp_path_factory.mktemp("models") / "sub-toy")


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})


def problem_of(*words: object) -> str:
    """The one line of the error."""
    problem = run(*words).exception
    assert isinstance(problem, SpineModelError), repr(problem)
    assert "\n" not in str(problem)
    return str(problem)


def test_help_and_list_name_every_format_with_a_line() -> None:
    assert run("--help").exit_code == 0
    for told in (run("--help").stdout, run("--to", "list").stdout, run().stdout):
        for name, entry in FORMATS.items():
            assert name in told
            assert " ".join(entry.about.split()[:4]) in " ".join(told.split())


def test_files_and_the_readme_are_printed(model, tmp_path) -> None:
    told = run(model, "--to", "vtk", "--out", tmp_path / "out", "--tissues", "rado-scs", "--frame", "RAS")
    assert told.exit_code == 0, told.exception
    assert "structures/*.vtp" in told.stdout
    assert "sub-toy.vtm" in told.stdout
    assert "README.txt" in told.stdout
    record = json.loads((tmp_path / "out" / "export.json").read_text())
    assert record["conductivities"]["name"] == "rado-scs"
    assert record["options"]["frame"] == "RAS"
    assert {row["frame"] for row in record["files"] if row["path"].endswith("vtp")} == {"RAS"}


def test_a_lead_goes_with_the_model(model, tmp_path, monkeypatch) -> None:
    given = {}

    def read_lead(path, whole):
        given.update(path=path, space=whole.space)
        return toy_lead()

    monkeypatch.setitem(sys.modules, "spinemodel.io.lead", SimpleNamespace(read_lead=read_lead))
    (tmp_path / "lead.json").write_text("{}")
    told = run(model, "--to", "stl", "--out", tmp_path / "out", "--lead", tmp_path / "lead.json")
    assert told.exit_code == 0, told.exception
    assert given == {"path": tmp_path / "lead.json", "space": "sub-toy/scanner"}
    assert (tmp_path / "out" / "lead" / "sub-toy_C1.stl").exists()
    record = json.loads((tmp_path / "out" / "export.json").read_text())
    assert [row["name"] for row in record["sources"]] == ["model.json", "lead.json"]


def test_an_own_table_is_taken(model, tmp_path) -> None:
    own = 'unit = "S/m"\nbase = "simnibs"\n[materials.CSF]\nalong = 2\nacross = 2\nsource = "x"\nverified = false\n'
    (tmp_path / "mine.toml").write_text(own)
    told = run(model, "--to", "stl", "--out", tmp_path / "out", "--tissues", tmp_path / "mine.toml")
    assert told.exit_code == 0, told.exception
    parts = json.loads((tmp_path / "out" / "export.json").read_text())["parts"]
    assert {p["name"]: p["conductivity"]["along"] for p in parts if p["conductivity"]}["CSF"] == 2.0


def test_an_own_table_that_lacks_tissues_is_named(model, tmp_path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('unit = "S/m"\n[materials.CSF]\nalong = 2\nacross = 2\nsource = "x"\nverified = false\n')
    told = problem_of(model, "--to", "stl", "--out", tmp_path / "out", "--tissues", own)
    assert told.startswith(f"{own}: no value for Bulk, White")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "slicr"], "nearest is slicer"),
        (["--to", "stl", "--tissues", "capogroso"], "nearest is capogrosso2013"),
        (["--to", "slicer", "--spacing", "0"], "--spacing 0: expected"),
        (["--to", "slicer", "--spacing", "nan"], "--spacing nan: expected"),
        (["--to", "stl", "--tissues", "gone.toml"], "gone.toml: cannot be read"),
    ],
)
def test_wrong_options_are_one_line_and_write_nothing(model, tmp_path, words, told) -> None:
    assert told in problem_of(model, *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_missing_is_told(model, tmp_path) -> None:
    assert "MODEL missing" in problem_of("--to", "stl", "--out", tmp_path / "out")
    assert "--out missing" in problem_of(model, "--to", "stl")
    assert "no model.json" in problem_of(tmp_path, "--to", "stl", "--out", tmp_path / "out")


def test_the_models_own_folder_is_refused_before_any_work(model) -> None:
    assert "is the folder of the model" in problem_of(model, "--to", "stl", "--out", model / "out")


def test_an_old_model_without_levels_is_one_line(tmp_path) -> None:
    old = nested_model(tmp_path / "sub-toy")
    with pytest.raises(InputError, match="holds no levels"):
        raise run(old, "--to", "stl", "--out", tmp_path / "out").exception


def test_blender_is_given_distances_from_another_model_and_others_are_not(model, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SPINEMODEL_BLENDER_PYTHON", "")
    told = run(model, "--to", "blender", "--against", model, "--out", tmp_path / "out")
    assert told.exit_code == 0, told.exception
    scene = json.loads((tmp_path / "out" / "scene.json").read_text())
    assert [(field["name"], field["unit"]) for field in scene["fields"]] == [("distance", "mm")]
    assert "stl holds none" in problem_of(model, "--to", "stl", "--tetrahedra", "--out", tmp_path / "no")
    assert "are for blender alone" in problem_of(model, "--to", "stl", "--against", model, "--out", tmp_path / "no")
