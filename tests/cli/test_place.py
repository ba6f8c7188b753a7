"""``spinemodel place``: files, tables, the verdict and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.place import place
from spinemodel.errors import InputError
from tests.leads.models import straight_model

LEAD = """
[small]
title = "a small paddle"
source = "made up for tests"
verified = true
metal_mm = 0.2
backing = { form = "paddle", length_mm = 20.0, width_mm = 6.0, thickness_mm = 1.0, corner_mm = 1.0 }
grid = { columns = [2], outline = "rectangle", width_mm = 2.0, length_mm = 3.0, gap_along_mm = 4.0 }
"""

app = typer.Typer()
app.command()(place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("place")
    straight_model(base / "sub-toy")
    (base / "small.toml").write_text(LEAD, encoding="utf-8")
    return base


def _run(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        app, [str(folder / "sub-toy"), "--lead", str(folder / "small.toml"), *arguments], env={"COLUMNS": "200"}
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_a_lead_is_placed_told_and_written(folder: Path, tmp_path: Path) -> None:
    out, meshes = tmp_path / "lead.json", tmp_path / "parts"
    code, said = _run(folder, "--at", "L1", "--out", str(out), "--meshes", str(meshes), "--strict")
    assert code == 0
    assert "L1: spinal segment L1, beside vertebra T11" in said
    assert f"fits: {out}" in said
    assert json.loads(out.read_text(encoding="utf-8"))["design"]["name"] == "small"
    assert {path.name for path in meshes.iterdir()} == {"lead_Backing.stl", "lead_C1.stl", "lead_C2.stl"}


def test_strict_fails_where_the_lead_does_not_fit_and_writes_it_still(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "lead.json"
    code, said = _run(folder, "--at", "z:106", "--out", str(out), "--strict")
    assert code == 1
    assert "beyond the upper end of the dura" in said
    assert json.loads(out.read_text(encoding="utf-8"))["fits"] is False
    assert _run(folder, "--at", "z:106", "--out", str(out))[0] == 0


def test_a_series_is_numbered_and_compared(folder: Path, tmp_path: Path) -> None:
    code, _ = _run(folder, "--at", "L1", "--out", str(tmp_path / "lead.json"), "--series", "2", "--step", "2mm")
    assert code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lead.tsv", "lead_01.json", "lead_02.json"]
    lines = (tmp_path / "lead.tsv").read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    assert [row["offset_mm"] for row in rows] == ["0", "2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "L1", "--out", "lead.txt"), "expected a name that ends with .json"),
        (("--at", "L1", "--out", "lead.json", "--series", "3"), "a step or a turn"),
        (("--at", "L1", "--out", "lead.json", "--series", "0"), "--series 0: expected 1 to 99"),
        (("--at", "L1", "--out", "lead.json", "--series", "2", "--step", "two"), "--step two: expected a number of mm"),
        (("--at", "L1", "--out", "model.json"), "is the name of a model's record"),
        (("--at", "Q1", "--out", "lead.json"), "has no spinal segment Q1"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        _run(folder, *arguments)
