"""The commands as a user types them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spinemodel import Phantom, annotate, write_subject, write_surface
from spinemodel.cli import app, main
from spinemodel.errors import SpineModelError
from tests.shapes import box


@pytest.fixture(scope="module")
def markers(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("markers") / "sub-phantom"
    write_subject(annotate(Phantom()), folder)
    return folder


@pytest.fixture(scope="module")
def model(markers, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("model")
    assert spinemodel("build", markers, "--out", out, "--no-figures").exit_code == 0
    return out


def spinemodel(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(monkeypatch, capsys, *arguments: object) -> str:
    """The one line of an error, with exit code 1."""
    monkeypatch.setattr(sys, "argv", ["spinemodel", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    message = str(stop.value)
    assert message.startswith("error: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "command",
    [
        *("", "demo", "build", "check", "levels", "volumes", "rasterise", "align", "overlap", "vertebrae", "score"),
        *("dataset", "dataset summary", "quality", "agree", "place", "export", "edit", "leads list", "leads show"),
        *("solve", "field", "field info", "field show", "field export", "recruit", "sweep", "run", "verify"),
        *("data", "data list", "data fetch", "data verify"),
    ],
)
def test_help_has_an_example(command) -> None:
    shown = spinemodel(*command.split(), "--help")
    assert shown.exit_code == 0
    assert "Example" in shown.output


def test_version() -> None:
    assert spinemodel("--version").output.strip() == "spinemodel 0.1.0"


def test_build_then_check(model) -> None:
    checked = spinemodel("check", model)
    assert checked.exit_code == 0
    assert "every promise is kept" in checked.output
    assert json.loads((model / "sub-phantom" / "model.json").read_text())["failures"] == []


@pytest.fixture(scope="module")
def completed(markers, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("completed")
    options = ("--edge", 1, "--tissues", "--ventral", "--posture", "prone", "--without", "muscle,disc")
    built = spinemodel("build", markers, "--out", out, *options)
    assert built.exit_code == 0, built.output
    assert "Tissues: a partition of space" in built.output
    return out / "sub-phantom"


def test_tissues_are_written_with_their_pictures(completed) -> None:
    record = json.loads((completed / "model.json").read_text())
    names = [row["name"] for row in record["tissues"]]
    assert {"Grey", "White", "CSF", "Bone", "S2_R", "S2_R_rootlets", "S2_R_ventral", "Bulk"} <= set(names)
    assert not {"Muscle", "Disc"} & set(names)
    assert sum(row["volume_mm3"] for row in record["tissues"]) == pytest.approx(record["partition"]["domain_mm3"])
    assert {path.name for path in (completed / "figures").iterdir()} == {
        f"sub-phantom_{name}.png" for name in ("model", "fidelity", "sections", "rootlets")
    }
    assert any("prone" in note for note in record["notes"])
    assert record["tissue_parameters"]["without"] == ["Disc", "Muscle"]
    assert record["tissue_parameters"]["rootlets"]["levels"]["S1"][0] == 5


def test_tissues_are_checked_from_their_files(completed) -> None:
    checked = spinemodel("check", completed)
    assert checked.exit_code == 0, checked.output
    assert "tissues part" in checked.output
    assert "every promise is kept" in checked.output


def test_levels_and_volumes_of_a_model_are_told(completed, tmp_path) -> None:
    rows = spinemodel("levels", completed).output
    assert all(name in rows for name in ("Dura", "S2_R", "Grey", "CSF", "S2_R_ventral"))
    told = spinemodel("volumes", completed, "--out", tmp_path / "volumes.tsv")
    assert told.exit_code == 0, told.output
    assert (tmp_path / "volumes.tsv").read_text().count("\n") > 10


def test_spoilt_partition_is_refused_by_name(completed, tmp_path, monkeypatch, capsys) -> None:
    spoilt = tmp_path / "sub-phantom"
    shutil.copytree(completed, spoilt)
    mesh = spoilt / "tissues" / "sub-phantom_partition.vtp"
    mesh.write_bytes(mesh.read_bytes()[:-1000])
    assert "sub-phantom_partition.vtp: changed since" in refused(monkeypatch, capsys, "check", spoilt)


def test_cut_model_is_drawn_where_it_is(markers, tmp_path) -> None:
    built = spinemodel("build", markers, "--out", tmp_path, "--edge", 1, "--tissues", "--caudal", "cut")
    assert built.exit_code == 0, built.output
    assert (tmp_path / "sub-phantom" / "figures" / "sub-phantom_sections.png").exists()


def test_options_of_tissues_need_tissues(markers, tmp_path, monkeypatch, capsys) -> None:
    line = refused(monkeypatch, capsys, "build", markers, "--out", tmp_path, "--ventral")
    assert "ask for them with --tissues" in line


def test_unknown_tissue_is_refused(markers, tmp_path, monkeypatch, capsys) -> None:
    line = refused(monkeypatch, capsys, "build", markers, "--out", tmp_path, "--tissues", "--without", "Bones")
    assert "Bones: no such part; expected some of Grey" in line


def test_every_format_is_written(markers, tmp_path) -> None:
    formats = "stl,ply,obj,glb,vtp,gii"
    built = spinemodel("build", markers, "--out", tmp_path, "--no-figures", "--format", formats, "--frame", "RAS")
    assert built.exit_code == 0
    assert {path.suffix[1:] for path in (tmp_path / "sub-phantom" / "surfaces").iterdir()} == set(formats.split(","))
    assert spinemodel("check", tmp_path).exit_code == 0


def test_check_names_a_broken_mesh(tmp_path, monkeypatch, capsys) -> None:
    cube = box()
    path = tmp_path / "open.stl"
    write_surface(path, type(cube)("open", "test", cube.vertices, cube.faces[1:]))
    assert "3 open edges" in refused(monkeypatch, capsys, "check", path)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("build", "no/such/folder", "--out", "x"), "no/such/folder"),
        (("check", "no/such/model"), "no/such/model: no such file or folder"),
        (("build", "MARKERS", "--out", "x", "--format", "stl,xyz"), "unknown format xyz"),
        (("build", "MARKERS", "--out", "x", "--radius", "T9=0.4"), "unknown level T9"),
        (("build", "MARKERS", "--out", "x", "--radius", "thin"), "--radius thin: expected a number"),
        (("build", "MARKERS", "--out", "x", "--radius", "40"), "root radius: got 40 mm"),
        (("build", "MARKERS", "--out", "x", "--edge", "0"), "edge_mm: got 0 mm"),
        (("build", "MARKERS", "--out", "x", "--edge", "nan"), "edge_mm: got nan mm"),
        (("build", "MARKERS", "--out", "x", "--noise", "nan"), "root noise: got nan mm"),
        (("build", "MARKERS", "--out", "x", "--noise", "-1"), "root noise: got -1 mm"),
        (("build", "MARKERS", "--out", "/dev/null", "--no-figures"), "/dev/null: cannot be written to"),
        (("demo", "--out", "/dev/null"), "cannot be written to"),
    ],
)
def test_bad_input_is_one_line(arguments, fragment, markers, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    given = [markers if argument == "MARKERS" else argument for argument in arguments]
    assert fragment in refused(monkeypatch, capsys, *given)
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_exit_code_two() -> None:
    assert spinemodel("build").exit_code == 2
    assert spinemodel("build", "a", "--out", "b", "--frame", "XYZ").exit_code == 2


def test_progress_is_silent_without_a_terminal(markers, tmp_path) -> None:
    command = [sys.executable, "-c", "from spinemodel.cli import main; main()", "build", str(markers), "--no-figures"]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_errors_are_the_library_s_own(tmp_path) -> None:
    shown = spinemodel("check", tmp_path)
    assert isinstance(shown.exception, SpineModelError)
