"""What stages are made from is told alike in every process and place; what a page cites counts, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spinemodel.io.files import plain
from spinemodel.io.study_file import read_study
from spinemodel.io.study_rows import Study
from spinemodel.study.field_stage import FIELD
from spinemodel.study.hashing import hash_of
from spinemodel.study.recruitment_stage import RECRUITMENT
from spinemodel.study.report_stage import REPORT
from spinemodel.study.run import run_study
from spinemodel.study.stage import Stage
from spinemodel.study.verify import verify_study
from tests.io.test_study_file import LEAST

ROOT = Path(__file__).parents[2]

STUDY = f"""
{LEAST.replace("capogrosso2013", "own.toml")}
[muscles]
matrix = "muscles.toml"
"""

TISSUES = """
title = "My own"
unit = "S/m"
base = "capogrosso2013"
[materials.Fat]
along = 0.05
across = 0.05
source = "measured"
verified = true
"""

MUSCLES = """
normalise = "muscle"
[muscles.TA]
title = "tibialis anterior"
weights = { L4 = 6, L5 = 2 }
source = "SOURCE"
verified = false
"""

TOLD = """
import sys
from pathlib import Path
from tests.study.test_settings import told
print(told(Path(sys.argv[1])))
"""


def told(path: Path) -> str:
    """Return the hash of the field's settings."""
    return hash_of(plain(FIELD.settings(read_study(path))))


def write(folder: Path, source: str = "a table", study: str = STUDY) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(TISSUES)
    (folder / "muscles.toml").write_text(MUSCLES.replace("SOURCE", source))
    (folder / "study.toml").write_text(study)
    return folder / "study.toml"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_own_conductivities_are_the_same_in_another_process_and_place(tmp_path: Path, seed: str) -> None:
    here, there = write(tmp_path / "here"), write(tmp_path / "there")
    command = [sys.executable, "-c", TOLD, str(there)]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    other = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == told(here)


def test_verify_is_clean_with_own_conductivities(tmp_path: Path) -> None:
    path, out = write(tmp_path / "here"), tmp_path / "out"
    stages = (Stage("field", (), (), FIELD.settings, lambda _: {}, lambda _: []),)
    run_study(read_study(path), out, path, stages=stages)
    assert verify_study(out, stages) == ()
    (path.parent / "own.toml").write_text(TISSUES.replace("along = 0.05", "along = 0.06"))
    assert [one.what for one in verify_study(out, stages)] == ["the study has changed since: conductivities"]


def settings(stage: Stage, study: Study) -> str:
    return hash_of(plain(stage.settings(study)))


def test_what_the_report_cites_is_hashed(tmp_path: Path) -> None:
    one, other = (read_study(write(tmp_path, source)) for source in ("a table", "another table"))
    assert plain(REPORT.settings(other))["cited"]["muscles"] == ["another table"]
    assert plain(REPORT.settings(one))["cited"]["lead"]


def test_the_name_of_a_pulse_file_that_tables_tell_is_hashed(tmp_path: Path) -> None:
    found = [STUDY.replace("width_ms = 0.3", f'file = "{name}"') for name in ("p.csv", "sub/p.csv", "q.csv")]
    one, moved, renamed = (settings(RECRUITMENT, read_study(write(tmp_path, study=text))) for text in found)
    assert one == moved
    assert one != renamed
