"""Stages that take no time, with thresholds that follow what variants change; as a program, one that can be killed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from spinemodel.errors import GeometryError
from spinemodel.io.recruitment_tables import fibre_rows, write_table
from spinemodel.io.study_file import read_study
from spinemodel.study import run_stage
from spinemodel.study.recruitment_stage import THRESHOLDS
from spinemodel.study.run import run_study
from spinemodel.study.stage import Job, Stage
from spinemodel.study.uncertainty_stage import uncertainty_stage
from tests.recruitment.made_fibres import table
from tests.study.toy import write_study

PRESETS = {"capogrosso2013": 1.0, "nrv": 2.0, "simnibs": 4.0, "gabriel1996": 8.0}


def write(folder: Path, more: str = "seeds = 2\nannotators = 2\npresets = ['nrv', 'simnibs']") -> Path:
    path = write_study(folder)
    path.write_text(f"{path.read_text()}[uncertainty]\n{more}\n")
    return path


def _number(job: Job, stage: str) -> float:
    return float((job.folder / stage / "number.txt").read_text())


def _write(job: Job, number: float) -> list[str]:
    """Write the result, perhaps be killed half-way, and tell that it was computed."""
    here = f"{job.folder.name}/{job.out.name}"
    with job.step(job.out.name):
        (job.out / "number.txt").write_text(str(number))
        if os.environ.get("KILLED") == here:
            os.kill(os.getpid(), signal.SIGKILL)
        (job.out / "more.txt").write_text("more")
    return []


def _model(job: Job) -> list[str]:
    seed = job.study.subject.redrawn_seed
    if seed == int(os.environ.get("FAILS", "-1")):
        raise GeometryError(f"roots of annotation {seed} cross")
    return _write(job, 1.0 if seed is None else 1.1 + seed / 10)


def _field(job: Job) -> list[str]:
    return _write(job, _number(job, "model") * PRESETS[job.study.tissues.preset])


def _recruitment(job: Job) -> list[str]:
    """Thresholds of two roots, the second one of which another annotator might not find."""
    level = _number(job, "field") + job.study.fibres.seed / 100
    one = table([level, 2 * level], roots=["L1_L", os.environ.get("OTHER", "L2_L")] if level > 3 else ["L1_L", "L2_L"])
    write_table(job.out / THRESHOLDS.name, "fibres", fibre_rows([one]), space="toy")
    return _write(job, level)


REPEATED = (
    Stage("model", (), ("numpy",), lambda study: study.subject.model_dump(), lambda _: {}, _model),
    Stage("field", ("model",), (), lambda study: study.tissues.model_dump(), lambda _: {}, _field),
    Stage("recruitment", ("field",), (), lambda study: {"seed": study.fibres.seed}, lambda _: {}, _recruitment),
)

STAGES = (*REPEATED, uncertainty_stage(REPEATED))


if __name__ == "__main__":
    run_stage.own_version = lambda: "of tests"
    run_study(read_study(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[1]), stages=STAGES)
