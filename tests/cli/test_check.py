"""`check` on a phantom's model: what it prints, what the page holds, and that its exit code is that of the promises."""

import json
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spinemodel import Phantom, annotate, write_subject, write_surface
from spinemodel.cli import app
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.model import read_record, read_surfaces
from spinemodel.io.model_quality import read_centrelines
from tests.shapes import box


def spinemodel(*arguments: object, width: str = "200"):
    return CliRunner(env={"COLUMNS": width}).invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def markers(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("markers") / "sub-phantom"
    write_subject(annotate(Phantom()), folder)
    return folder


@pytest.fixture(scope="module")
def model(markers, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("model")
    assert spinemodel("build", markers, "--out", out, "--no-figures", "--edge", 1).exit_code == 0
    return out / "sub-phantom"


@pytest.fixture(scope="module")
def checked(model, markers, tmp_path_factory) -> tuple[str, str]:
    """What is printed, and the page."""
    page = tmp_path_factory.mktemp("page") / "check.html"
    shown = spinemodel("check", model, "--markers", markers, "--page", page)
    assert shown.exit_code == 0, shown.output
    return shown.output, page.read_text(encoding="utf-8")


def cells(page: str, table: str) -> list[list[str]]:
    body = re.search(rf'<table id="sub-phantom-{table}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL).group(1)
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in body.split("</tr>")[:-1]]


TABLES = ("surfaces", "relations", "fidelity", "fidelity-measured", "clearances", "root-clearances", "entries", "exits")


@pytest.mark.parametrize("table", [*TABLES, "smoothness"])
def test_page_holds_what_is_printed(checked, table) -> None:
    printed = [line.split() for line in checked[0].splitlines()]
    rows = cells(checked[1], table)
    assert rows
    for row in rows:
        assert " ".join(row).split() in printed


def test_page_needs_nothing_else(checked) -> None:
    assert not re.search(r'(src|href)="(?!data:|#)', checked[1])
    assert checked[1].count("data:image/png;base64,") == 1
    assert "every promise is kept" in checked[0]
    assert "every promise is kept" in checked[1]


def test_markers_measured_again_are_as_stated(checked, model) -> None:
    stated = cells(checked[1], "fidelity")
    assert np.array([row[1:] for row in cells(checked[1], "fidelity-measured")], float) == pytest.approx(
        np.array([row[1:] for row in stated], float), abs=0.0011
    )
    record = read_record(model)["fidelity"]
    assert {row[0]: row[4] for row in stated} == {name: f"{row['max_mm']:.3f}" for name, row in record.items()}


def test_entries_are_the_first_points_of_the_centrelines(checked, model) -> None:
    lines = read_centrelines(model, read_record(model))
    assert set(lines) == {row[0] for row in cells(checked[1], "entries")}
    for name, x, y, z, segment, off, slant in cells(checked[1], "entries"):
        assert (float(x), float(y), float(z)) == pytest.approx(tuple(lines[name].points[0]), abs=0.051)
        assert segment == name[:2]
        assert float(off) <= 0.005
        assert 0 < float(slant) <= 90


def test_moved_markers_are_seen_and_named(model, markers, tmp_path) -> None:
    moved = tmp_path / "sub-phantom"
    shutil.copytree(markers, moved)
    path = next(moved.glob("*nerveroots_L1_L*.json"))
    told = json.loads(path.read_text())
    for point in told["markups"][0]["controlPoints"]:
        point["position"][0] += 0.5
    path.write_text(json.dumps(told))
    shown = spinemodel("check", model, "--markers", moved)
    assert shown.exit_code == 0
    files = len(list(markers.glob("*.json")))
    assert f"{moved}: 1 of {files} files not as they were when the model was built: {path.name}" in shown.output
    _, again = (line for line in shown.output.splitlines() if line.split()[:1] == ["L1_L"] and len(line.split()) == 5
                and re.fullmatch(r"\d+", line.split()[1]) and re.fullmatch(r"\d\.\d{3}", line.split()[2]))
    assert float(again.split()[4]) > 0.3


def test_other_files_are_told_in_one_note(model, markers, tmp_path) -> None:
    """Every file another by a byte, one of them gone and one new."""
    other = tmp_path / "sub-phantom"
    shutil.copytree(markers, other)
    names = sorted(file.name for file in other.glob("*.json"))
    for name in names:
        (other / name).write_text((other / name).read_text() + "\n")
    gone = next(name for name in names if "ganglion" in name or "nerveroots" in name)
    (other / gone).unlink()
    shown = spinemodel("check", model, "--markers", other)
    notes = [line for line in shown.output.splitlines() if line.startswith("note:") and " files " in line]
    n = len(names)
    assert len(notes) == 2
    assert f": {n - 1} of {n} files not as they were when the model was built: {names[0]}" in notes[0]
    assert re.search(r" and \d+ more$", notes[0])
    assert f": 1 of {n} files used for the model but not there: {gone}" in notes[1]


def test_markers_that_are_not_there_are_refused_before_anything_is_measured(model, tmp_path) -> None:
    for folder, said in ((tmp_path / "none", "no such folder"), (tmp_path, "expected marker files")):
        shown = spinemodel("check", model, "--markers", folder)
        assert isinstance(shown.exception, InputError)
        assert said in str(shown.exception)
        assert "enters the cord" not in shown.output
        assert "promises" not in shown.output


def test_broken_model_is_refused_and_its_page_says_why(tmp_path) -> None:
    cube = box()
    path = tmp_path / "open.stl"
    write_surface(path, type(cube)("open", "test", cube.vertices, cube.faces[1:]))
    shown = spinemodel("check", path, "--page", tmp_path / "open.html")
    assert isinstance(shown.exception, GeometryError)
    page = (tmp_path / "open.html").read_text()
    assert "3 open edges" in page
    assert "every promise is kept" not in page


@pytest.mark.parametrize(
    ("options", "fragment"),
    [(("--page", "x.txt"), "expected the name of an HTML file"), (("--markers", "."), "is a mesh file")],
)
def test_bad_options_are_refused_before_anything_is_read(options, fragment, tmp_path) -> None:
    path = tmp_path / "cube.stl"
    write_surface(path, box())
    shown = spinemodel("check", path, *options)
    assert isinstance(shown.exception, InputError)
    assert fragment in str(shown.exception)


def test_spoilt_table_of_centrelines_is_refused(model, tmp_path) -> None:
    spoilt = tmp_path / "sub-phantom"
    shutil.copytree(model, spoilt)
    record = read_record(spoilt)
    path = next((spoilt / "centrelines").glob("*.tsv"))
    path.write_text(path.read_text().replace("radius_mm", "radius"))
    with pytest.raises(InputError, match="not a table of centrelines"):
        read_centrelines(spoilt, record)
    with pytest.raises(InputError, match="changed since"):
        read_surfaces(spoilt)
