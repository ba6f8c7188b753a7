"""Stages that take no time: numbers added up, each in a file of its own; run as a program, one that can be killed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from spinemodel.io.study_file import read_study
from spinemodel.study import run_stage
from spinemodel.study.run import run_study
from spinemodel.study.stage import Job, Stage

TEXT = """
[subject]
markers = "markers"
[lead]
name = "rado-scs"
at = "L2"
offset_mm = {offset}
[tissues]
preset = "capogrosso2013"
[field]
spacing_mm = {spacing}
[pulse]
width_ms = 0.3
"""


def write_study(folder: Path, offset: float = 1.0, spacing: float = 0.5, marker: str = "7") -> Path:
    (folder / "markers").mkdir(parents=True, exist_ok=True)
    (folder / "markers" / "one.txt").write_text(marker)
    path = folder / "study.toml"
    path.write_text(TEXT.format(offset=offset, spacing=spacing))
    return path


def _numbers(job: Job, *names: str) -> float:
    return sum(float((job.folder / name / "deep" / "number.txt").read_text()) for name in names)


def _write(job: Job, number: float) -> None:
    """Write half of the result, perhaps be killed, and write the other half."""
    stage = job.out.name
    (job.out / "deep").mkdir()
    (job.out / "deep" / "number.txt").write_text(str(number))
    if os.environ.get("KILLED") == stage:
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("FAILS") == stage:
        raise RuntimeError(stage)
    (job.out / "more.txt").write_text(stage)


def _first(job: Job) -> list[str]:
    _write(job, float((job.study.path("markers") / "one.txt").read_text()))
    return ["a note"]


def _second(job: Job) -> list[str]:
    _write(job, _numbers(job, "first") + job.study.lead.offset_mm)
    return []


def _third(job: Job) -> list[str]:
    _write(job, _numbers(job, "second") * job.study.field.spacing_mm)
    return []


def _last(job: Job) -> list[str]:
    _write(job, _numbers(job, "first", "third"))
    return []


STAGES = (
    Stage("first", (), ("numpy",), lambda _: {}, lambda study: {"one": study.path("markers") / "one.txt"}, _first),
    Stage("second", ("first",), (), lambda study: {"offset": study.lead.offset_mm}, lambda _: {}, _second),
    Stage("third", ("second",), (), lambda study: {"spacing": study.field.spacing_mm}, lambda _: {}, _third),
    Stage("last", ("first", "third"), (), lambda _: {}, lambda _: {}, _last),
)


if __name__ == "__main__":
    run_stage.own_version = lambda: "of tests"
    run_study(read_study(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[1]), stages=STAGES)
