"""The NEURON export: hoc that NEURON itself loads, with the lengths and the points that the paths have."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.io.exports.contents import Contents
from spinemodel.io.exports.neuron import FORMAT, segments, to_hoc
from tests.io.exports.fibre_contents import SPACE, block_model

SINGLE_UM = 0.05
"""NEURON keeps 3-D points in single precision."""

READ = """
import json, sys
from neuron import h
h.load_file("fibres.hoc")
def told(section):
    points = [[section.x3d(i), section.y3d(i), section.z3d(i)] for i in range(section.n3d())]
    outside = bool(h.ismembrane("extracellular", sec=section))
    return {"points": points, "L": section.L, "nseg": section.nseg, "outside": outside, "diam": section.diam}
print(json.dumps({section.name(): told(section) for section in h.allsec()}))
"""

APPLY = """
import json
import fibres
sections = fibres.load(diameter_um=5.0)
fibres.apply_potentials(sections, "potentials.csv", 2.0)
told = {}
for name, section in sections.items():
    values = [[segment.x * section.L, segment.e_extracellular] for segment in section]
    told[name] = {"L": section.L, "diam": section.diam, "values": values}
print(json.dumps(told))
"""


def ran(code, folder):
    """Run code in a Python of its own, in a folder, and return what it printed last."""
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def rows(path, separator="\t"):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("neuron")
    listed = FORMAT.write(Contents(block_model()), folder)
    assert {file.path.name for file in listed} == {path.name for path in folder.iterdir()}
    return folder


needs_neuron = pytest.mark.skipif(find_spec("neuron") is None, reason="no NEURON; the extra neuron has it")


@needs_neuron
def test_neuron_loads_the_sections_with_their_points_and_lengths(out):
    found = ran(READ, out)
    points: dict[str, list[list[float]]] = {}
    for row in rows(out / "points.tsv"):
        points.setdefault(row["fibre"], []).append([float(row[f"{axis}_um"]) for axis in "xyz"])
    about = {row["fibre"]: row for row in rows(out / "fibres.tsv")}
    assert set(found) == set(points) == {f"L3_R_fibre{k}" for k in range(1, 5)}
    for name, section in found.items():
        assert np.abs(np.array(section["points"]) - points[name]).max() < SINGLE_UM
        assert section["L"] == pytest.approx(float(about[name]["length_um"]), rel=1e-6)
        assert section["nseg"] == int(about[name]["segments"])
        assert section["outside"]
        assert section["diam"] == pytest.approx(10)


@needs_neuron
def test_potentials_reach_the_segments_linear_between_points_and_scaled(out, tmp_path):
    for name in ("fibres.py", "points.tsv", "fibres.tsv"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    table = [f"{row['fibre']},{row['arc_um']},{0.001 * float(row['arc_um'])}" for row in rows(out / "points.tsv")]
    (tmp_path / "potentials.csv").write_text("\n".join(["fibre,arc_um,potential_mV", *table]) + "\n")
    for section in ran(APPLY, tmp_path).values():
        at, values = np.array(section["values"]).T
        assert values == pytest.approx(2.0 * 0.001 * at, rel=1e-6)
        assert section["diam"] == pytest.approx(5)


@needs_neuron
@pytest.mark.parametrize(("table", "told"), [(None, "no field was solved"), ("L3_R_fibre1,0,1", "no potentials of")])
def test_no_potentials_are_made_up(out, tmp_path, table, told):
    for name in ("fibres.py", "points.tsv", "fibres.tsv"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    if table:
        (tmp_path / "potentials.csv").write_text(f"fibre,arc_um,potential_mV\n{table}\n")
    code = (
        "import fibres, json\nsections = fibres.load()\ntry:\n    fibres.apply_potentials(sections, 'potentials.csv')\n"
        "except (FileNotFoundError, ValueError) as problem:\n    print(json.dumps(str(problem)))"
    )
    assert told in ran(code, tmp_path)


def test_tables_hold_the_paths_in_micrometres(out):
    first = [row for row in rows(out / "points.tsv") if row["fibre"] == "L3_R_fibre1"]
    assert [float(first[0][key]) for key in ("arc_um", "x_um", "y_um", "z_um")] == [0, 2000, 0, 25000]
    assert float(first[-1]["arc_um"]) == pytest.approx(50_000, rel=1e-6)
    about = rows(out / "fibres.tsv")[0]
    assert (about["root"], about["rootlet"], about["points"], about["segments"]) == ("L3_R", "n/a", "201", "201")


def test_the_same_model_gives_the_same_bytes(out, tmp_path):
    for file in FORMAT.write(Contents(block_model()), tmp_path):
        assert (tmp_path / file.path).read_bytes() == (out / file.path).read_bytes()


@pytest.mark.parametrize("name", ['x\nsystem("id")', "1a", "a b", "", "Ä"])
def test_no_name_becomes_code(name):
    path = FibrePath(name, "L3_R", "", SPACE, np.array([[0, 0, 0], [0, 0, 1.0]]))
    with pytest.raises(InputError, match="no name for a section"):
        to_hoc([path])


@pytest.mark.parametrize(("points", "expected"), [(2, 1), (3, 3), (4, 3), (201, 201)])
def test_segments_are_odd_and_as_many_as_steps(points, expected):
    path = FibrePath("a", "L3_R", "", SPACE, np.stack([np.zeros(points)] * 2 + [np.arange(points)], axis=1))
    assert segments(path) == expected


def test_without_centrelines_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="has no centrelines"):
        FORMAT.write(Contents(replace(block_model(), centrelines={})), tmp_path)
