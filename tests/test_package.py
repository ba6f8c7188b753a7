"""What the package promises as a whole."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import spinemodel

ROOT = Path(__file__).parents[1]


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=True
    )
    return done.stdout.strip()


def test_every_public_name_resolves_and_no_other() -> None:
    assert sorted(spinemodel.__all__) == sorted(["__version__", *spinemodel._HOME])
    for name in spinemodel.__all__:
        assert getattr(spinemodel, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        _ = spinemodel.nothing_of_ours


@pytest.mark.parametrize("module", ["spinemodel", "spinemodel.cli"])
def test_import_loads_nothing_heavy(module) -> None:
    heavy = "vtkmodules pyvista numba bpy matplotlib scipy trimesh manifold3d pooch nibabel"
    assert run(f"import sys, {module}; print([m for m in '{heavy}'.split() if m in sys.modules])") == "[]"


def test_version_is_in_the_changelog() -> None:
    assert f"## {spinemodel.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PRINTED = {
    "01_markers_to_model": r"0\.0\d\d mm",
    "02_partition_of_space": r"0\.0\d\d mm3",
    "03_volume_and_alignment": r"0\.0\d\d mm",
    "04_vertebrae": r"2\d\.\d mm",
    "05_leads_and_exports": r"0\.\d\d mm",
    "06_field": r"impedance off by 0\.\d%, potential 2 mm from the metal by [01]\.\d%",
    "07_recruitment": r"C1:-1: half of L2_[LR] at 1\.\d mA\nC8:-1: half of L5_[LR] at 1\.\d mA",
}
WRITTEN = {
    "03_volume_and_alignment": {"nii.gz", "json"},
    "04_vertebrae": {"stl", "tsv", "vtp", "mrk.json", "json"},
    "05_leads_and_exports": {"stl", "csv", "tsv", "txt", "vtp", "mrk.json", "json"},
    "06_field": set(),
    "07_recruitment": {"stl", "tsv", "vtp", "mrk.json", "json"},
}


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_example_runs_and_prints_its_number(example, tmp_path) -> None:
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert re.fullmatch(PRINTED[example.stem], done.stdout.strip())
    written = {path.name.split(".", 1)[1] for path in tmp_path.rglob("*.*") if path.is_file()}
    assert written == WRITTEN.get(example.stem, {"stl"})


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = "demo build check levels volumes rasterise align overlap data vertebrae score dataset quality agree"
    known += " leads place export edit solve field recruit sweep run verify"
    for command in known.split():
        assert f"spinemodel {command}" in readme


def test_manifest_is_valid_where_it_is_installed() -> None:
    out = run("from spinemodel.cli import app; import sys; sys.argv = ['spinemodel', 'data', 'list', '--json']; app()")
    assert {row["name"] for row in json.loads(out)} >= {"lumbosacral", "verse19", "verse20", "spider"}
