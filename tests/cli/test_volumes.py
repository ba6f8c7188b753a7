from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel.anatomy.compartments import Solid, partition
from spinemodel.anatomy.surface import Surface
from spinemodel.cli.volumes import volumes
from spinemodel.errors import InputError
from spinemodel.io.files import describe
from spinemodel.io.model import FORMAT
from spinemodel.io.partition import write_partition
from spinemodel.io.surfaces import write_surface
from tests.shapes import box

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(volumes)

ROWS = ("z_top_mm", "z_bottom_mm", "spinal", "vertebra", "cord_cm3_per_cm", "roots_cm3_per_cm", "CSF_cm3_per_cm")


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def bar(name: str, low: float, high: float, half: float, x: float = 0.0) -> Surface:
    """An upright bar about (x, 0) of a square section."""
    unit = box()
    size = np.array([2 * half, 2 * half, high - low])
    return Surface(name, "sub-toy/scanner", unit.vertices * size + [x - half, -half, low], unit.faces)


def span(name: str, bottom: float, top: float, origin: str = "annotated") -> dict[str, object]:
    return {"name": name, "bottom_mm": bottom, "top_mm": top, "origin": origin}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Write a cord, a root that leaves the sac at z -25, and fluid; the axis is upright and s is z + 100."""

    def write(name: str = "sub-toy", **fields: object) -> Path:
        folder = tmp_path / "models" / name
        sac = bar("Dura", -25.0, 12.0, 6.0)
        cord, root = bar("White", -8.0, 12.0, 2.0), bar("L5_L", -38.0, -10.0, 1.0, x=3.0)
        solids = [Solid(cord, "White"), Solid(root, "L5_L"), Solid(sac, "CSF")]
        (folder / "tissues").mkdir(parents=True)
        path = folder / "tissues" / "partition.vtp"
        write_partition(path, partition(solids, bar("Bulk", -50.0, 12.0, 30.0)))
        drawn = folder / "surfaces" / "Dura.stl"
        write_surface(drawn, sac, frame="RAS")
        dura = {"name": "Dura", "files": [describe(folder, drawn, "RAS")], "ends": {"caudal": "dome"}}
        record = {
            "format": FORMAT,
            "subject": name,
            "space": "sub-toy/scanner",
            "together": [],
            "structures": [dura],
            "axis": {"points": [[0, 0, z] for z in range(-100, 101)]},
            "spinal_segments": [span("L1", 100, 112), span("L2", 92, 100, "derived")],
            "vertebral_levels": [
                span("L1", 90, 110) | {"disc_bottom_mm": 84}, span("L5", 70, 84, "extrapolated"), span("S1", 40, 70),
            ],
            "partition": {"file": describe(folder, path, "RAS")},
        } | fields  # fmt: skip
        (folder / "model.json").write_text(json.dumps({k: v for k, v in record.items() if v is not None}))
        return folder

    return write


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_slabs_hold_what_lies_in_them(make, tmp_path) -> None:
    out = tmp_path / "deep" / "volumes.tsv"
    shown = run(make(), "--out", out)
    assert shown.exit_code == 0, shown.output
    assert [tuple(row[column] for column in ROWS) for row in read(out)] == [
        ("12.0", "10.0", "L1", "-", "0.160", "0.000", "1.280"),
        ("10.0", "0.0", "L1", "L1", "0.160", "0.000", "1.280"),
        ("0.0", "-10.0", "L2", "L1", "0.128", "0.000", "1.312"),
        ("-10.0", "-20.0", "-", "L1/L5", "0.000", "0.040", "1.400"),
        ("-20.0", "-30.0", "-", "L5", "0.000", "0.040", "0.700"),
        ("-30.0", "-38.0", "-", "S1", "0.000", "0.040", "0.000"),
    ]
    assert {(row["dura_cm3_per_cm"], row["fat_cm3_per_cm"]) for row in read(out)} == {("-", "-")}
    assert [row["vertebra_origin"] for row in read(out)][-2:] == ["extrapolated", "annotated"]
    assert sorted(path.name for path in out.parent.iterdir()) == ["volumes.tsv", "volumes_published.tsv"]
    line = next(line.split() for line in shown.output.splitlines() if "0.0 to -10.0" in line)
    assert line == ["0.0", "to", "-10.0", "L2'", "L1", "0.128", "0.000", "1.312", "-", "-"]
    assert max(map(len, shown.output.splitlines()[:-2])) <= 80


def test_a_finer_step_adds_up_to_the_same(make, tmp_path) -> None:
    folder, sums = make(), []
    for step in (3, 20):
        out = tmp_path / f"{step}.tsv"
        assert run(folder, "--step", step, "--out", out).exit_code == 0
        sums.append(
            sum(
                float(row["CSF_cm3_per_cm"]) * (float(row["z_top_mm"]) - float(row["z_bottom_mm"])) / 10
                for row in read(out)
            )
        )
    assert sums == pytest.approx([(144 * 37 - 16 * 20 - 4 * 15) / 1000] * 2, abs=0.002)


def test_the_comparison_tells_and_explains(make, tmp_path) -> None:
    out = tmp_path / "volumes.tsv"
    shown = run(make(), "--out", out)
    rows = {row["quantity"]: row for row in read(tmp_path / "volumes_published.tsv")}
    assert float(rows["CSF, L5"]["ours"]) == pytest.approx((144 * 9 - 4 * 9) / 1000, abs=0.005)
    assert float(rows["roots, L5"]["ours"]) == pytest.approx(4 * 9 / 1000, abs=0.005), "inside the sac only"
    assert float(rows["roots, whole spine"]["ours"]) == pytest.approx(4 * 15 / 1000, abs=0.005)
    assert float(rows["cord area, largest"]["ours"]) == pytest.approx(16.0)
    assert rows["CSF, L1"]["verdict"] == "inside"
    assert rows["CSF, L1"]["explanation"] == ""
    assert {row["model"] for row in rows.values()} == {"sub-toy"}
    assert not {"CSF, T12-S1", "cord area, T12 segment"} & set(rows)
    printed = " ".join(shown.output.split())
    for row in rows.values():
        assert (row["verdict"] == "inside") == (row["explanation"] == "")
        assert row["explanation"] in printed
        assert row["source"] in printed


def test_a_sac_that_is_cut_has_no_volume_at_the_level_of_the_cut(make, tmp_path) -> None:
    folder = make()
    record = json.loads((folder / "model.json").read_text())
    record["structures"][0]["ends"]["caudal"] = "flat"
    (folder / "model.json").write_text(json.dumps(record))
    assert run(folder, "--out", tmp_path / "v.tsv").exit_code == 0
    quantities = {row["quantity"] for row in read(tmp_path / "v_published.tsv")}
    assert "CSF, L1" in quantities
    assert "CSF, L5" not in quantities


def test_several_models_go_into_one_table(make, tmp_path) -> None:
    make("sub-one")
    folder = make("sub-two")
    assert run(folder.parent, "--out", tmp_path / "v.tsv").exit_code == 0
    assert {row["model"] for row in read(tmp_path / "v.tsv")} == {"sub-one", "sub-two"}
    assert {row["model"] for row in read(tmp_path / "v_published.tsv")} == {"sub-one", "sub-two"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"partition": None}, "has no tissues; build the model again with --tissues"), ({"structures": []}, "no Dura")],
)
def test_a_model_without_what_is_needed_is_refused_by_name(fields, said, make) -> None:
    folder = make(**fields)
    problem = run(folder).exception
    assert isinstance(problem, InputError)
    assert str(problem).startswith(f"{folder}: ")
    assert said in str(problem)
    assert "\n" not in str(problem)


def test_a_partition_that_was_changed_is_refused(make) -> None:
    folder = make()
    with (folder / "tissues" / "partition.vtp").open("ab") as file:
        file.write(b" ")
    problem = run(folder).exception
    assert isinstance(problem, InputError)
    assert "changed since the model was built" in str(problem)


@pytest.mark.parametrize("step", ["0", "-1", "nan", "inf"])
def test_a_step_that_is_no_step_is_refused(step, tmp_path) -> None:
    problem = run(tmp_path, "--step", step).exception
    assert isinstance(problem, InputError)
    assert "expected a positive number of mm" in str(problem)


def test_help_has_examples() -> None:
    shown = run("--help").output
    assert "Example: spinemodel volumes models/sub-03" in shown
    assert "--step 5" in shown
