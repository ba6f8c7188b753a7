"""``spinemodel place``: files, tables, the verdict and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.place import place
from spinemodel.cli.placed import compare, tell
from spinemodel.cli.show import console
from spinemodel.errors import InputError
from spinemodel.io.lead_site import site_of, target_of
from spinemodel.io.slicer import Markup, write_markups
from spinemodel.leads.placement import Placed
from spinemodel.leads.placement import place as place_on
from spinemodel.leads.shape import shape
from spinemodel.leads.under_contacts import EntryZone
from tests.leads.models import straight_model
from tests.leads.phantoms import paddle

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


def _run(folder: Path, *arguments: str, columns: int = 200) -> tuple[int, str]:
    result = CliRunner().invoke(
        app, [str(folder / "sub-toy"), "--lead", str(folder / "small.toml"), *arguments], env={"COLUMNS": str(columns)}
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


def test_a_series_that_leaves_the_dura_writes_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lead 2 of 2: offset 60 mm: the dura ends .*; none of the series was"):
        _run(folder, "--at", "L1", "--out", str(tmp_path / "lead.json"), "--series", "2", "--step", "60mm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--gap", "-1"), "^--gap -1: expected 0 to 10 mm"),
        (("--gap", "nan"), "^--gap nan: expected 0 to 10 mm"),
        (("--tilt", "inf"), "^--tilt inf: expected at most 60"),
        (("--tilt", "-61"), "^--tilt -61: expected at most 60"),
        (("--series", "3", "--turn", "40"), "^--turn 40: tilts the last of the series by 80"),
        (("--offset", "nan"), "^--offset nan: expected a number of mm"),
        (("--lateral", "inf"), "^--lateral inf: expected a number of mm"),
        (("--out", "a-file/lead.json"), r"^--out: .*a-file cannot be written to \(Not a directory\)"),
        (("--meshes", "a-file/parts"), "^--meshes: .*cannot be written to"),
    ],
)
def test_what_needs_no_model_is_refused_before_one_is_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "a-file").write_text("taken", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("spinemodel.io.whole_model.read_model", lambda _: pytest.fail("the model was read"))
    with pytest.raises(InputError, match=said):
        _run(folder, "--at", "L1", "--out", "lead.json", *arguments)


def test_a_point_is_told_with_its_distance_and_refused_far_off(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "marks.mrk.json"
    write_markups(path, [Markup("Fiducial", np.array([[0.0, -14.0, 60.0], [0.0, -33.0, 60.0]]), ("near", "far"))])
    _, said = _run(folder, "--at", f"point:{path}:near", "--out", str(tmp_path / "lead.json"))
    assert "point near of marks.mrk.json, 6.0 mm from the dura" in said
    with pytest.raises(InputError, match=r"marks\.mrk\.json.* lies 25\.0 mm from the dura.*coordinateSystem right"):
        _run(folder, "--at", f"point:{path}:far", "--out", str(tmp_path / "far.json"))
    assert not (tmp_path / "far.json").exists()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Placed:
    """A lead whose report has the longest cells: extrapolated discs, and four entries at a contact."""
    model, design = straight_model(tmp_path_factory.mktemp("told") / "sub-toy", tissues=True), paddle()
    placed = place_on(design, site_of(model), target_of("L1", model), own=shape(design, 1.0))
    zones = tuple(EntryZone(root, 2, mm) for root, mm in (("L1_R", 1.1), ("L1_L", -17.3), ("L2_R", 18.0)))
    contacts = tuple(
        replace(one, gap_mm=(0.67, 0.91, 1.28), segment_origin="extrapolated", vertebra="T11/T12",
                vertebra_origin="extrapolated", entries=zones, nearest_root="L1_R", nearest_root_mm=12.3)
        for one in placed.fit.contacts
    )  # fmt: skip
    return replace(placed, fit=replace(placed.fit, contacts=contacts))


def test_tables_read_at_80_columns(told: Placed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 80)
    done = {Path(f"sub-03_lead-a-long-name_{i:02d}.json"): told for i in (1, 2)}
    with console.capture() as caught:
        tell(Path("lead.json"), told)
        compare(Path("lead.tsv"), done)
    lines = [line.split() for line in caught.get().splitlines()]
    row = "C1 0.67-1.28 0.91 L1* T11/T12* L1_R +1.1 L1_L -17.3 L1_R 12.3"
    assert row.split() in lines
    assert "L2_R" not in caught.get()
    heading = next(line for line in lines if line[:1] == ["lead"])
    assert heading == ["lead", "offset", "tilt", "fits", "dura", "cord", "canal", "gap"]
    first = lines[lines.index(heading) + 2]
    assert first[:4] == ["01", "0", "0", "yes"]
    assert float(first[-1]) == pytest.approx(0.91)


def test_a_gap_below_none_keeps_its_sign(told: Placed) -> None:
    deep = replace(told.fit.contacts[0], gap_mm=(-0.12, 0.2, 0.5))
    with console.capture() as caught:
        tell(Path("lead.json"), replace(told, fit=replace(told.fit, contacts=(deep,))))
    assert "-0.12 to 0.50" in caught.get()
