"""``spinemodel leads`` as a user runs it."""

import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from spinemodel.anatomy.surface import volume
from spinemodel.cli.leads import app
from spinemodel.errors import InputError
from spinemodel.io.lead_catalogue import read_catalogue
from spinemodel.io.surfaces import read_surface

MINE = """
[mine]
title = "My lead"
source = "my ruler"
verified = true
metal_mm = 0.1
backing = { form = "paddle", length_mm = 20, width_mm = 8, thickness_mm = 1 }
grid = { columns = [2], outline = "rectangle", width_mm = 2, length_mm = 4, gap_along_mm = 3 }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


def run(*arguments: object) -> str:
    """What a command prints; its errors are raised."""
    result = CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False, env={"COLUMNS": "140"})
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    """What a command that is refused says."""
    with pytest.raises(InputError) as problem:
        run(*arguments)
    assert "\n" not in str(problem.value)
    return str(problem.value)


def test_list_names_every_lead_and_marks_what_is_not_verified() -> None:
    output = run("list")
    for name, design in read_catalogue().items():
        row = next(line for line in output.splitlines() if line.split()[:1] == [name])
        assert (" yes " if design.verified else " no ") in row
        assert f" {len(design.contacts)} " in row
    assert "Compare with the maker's manual" in " ".join(output.split())


def test_list_takes_a_users_file(mine: Path) -> None:
    output = run("list", "--catalogue", mine)
    assert "mine" in output
    assert "20 x 8 x 1" in output
    assert "verified" in output
    assert "not verified" not in output


def test_show_draws_the_lead_and_says_where_its_sizes_come_from() -> None:
    output = run("show", "specify-5-6-5")
    assert "specify-5-6-5: NOT VERIFIED" in output
    assert "|  C1     C12 |" in output
    assert "1.5 x 4 (across x along)" in output
    assert "gaps along mm   4.5" in output
    assert "Not read in any document" in output


def test_show_finds_users_leads(mine: Path) -> None:
    for arguments in (["mine", "--catalogue", mine], [mine], [f"{mine}:mine"]):
        assert "mine: verified" in run("show", *arguments)


def test_show_writes_a_figure(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lead.png"
    assert str(path) in run("show", "rado-drg", "--figure", path)
    with Image.open(path) as picture:
        assert picture.size[0] == 1350


def test_show_goes_on_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    output = run("show", "rado-drg", "--figure", tmp_path / "lead.png", "--mesh", tmp_path / "mesh")
    assert "note: figure left out: no matplotlib" in output
    assert (tmp_path / "mesh" / "C4.stl").is_file()


def test_show_writes_every_part_in_the_leads_coordinates(tmp_path: Path, mine: Path) -> None:
    folder = tmp_path / "mesh"
    assert "3 parts" in run("show", mine, "--mesh", folder)
    assert {path.name for path in folder.iterdir()} == {"Backing.stl", "C1.stl", "C2.stl"}
    contact = read_surface(folder / "C1.stl", "lead/mine")
    assert volume(contact) == pytest.approx(2 * 4 * 0.1, rel=1e-5)
    assert contact.vertices.min(axis=0) == pytest.approx([-1, 1.5, 0])
    assert contact.vertices.max(axis=0) == pytest.approx([1, 5.5, 0.1])


def test_show_refuses_what_would_do_harm(tmp_path: Path, mine: Path) -> None:
    assert "is an input too" in refused("show", mine, "--figure", mine)
    assert "ends in .png" in refused("show", mine, "--figure", tmp_path / "lead.jpg")
    assert "is not empty" in refused("show", mine, "--mesh", tmp_path)
    assert "is not empty" in refused("show", mine, "--mesh", mine)
    assert "--edge 0: expected a positive number" in refused("show", mine, "--edge", "0")
    assert "did you mean penta" in refused("show", "pentta")
    assert mine.read_text(encoding="utf-8") == MINE
