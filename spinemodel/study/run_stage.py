"""Runs one stage of a study, unless it is as it would come out again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from spinemodel.errors import SpineModelError
from spinemodel.io.files import plain
from spinemodel.io.sidecar import relative
from spinemodel.io.staging import staged
from spinemodel.io.study_rows import Study
from spinemodel.study.hashing import files_in, hash_of, hash_of_file, hashes_of, own_version
from spinemodel.study.record import Done, Inputs, Record, read_record, write_record
from spinemodel.study.stage import Job, Stage

SAME: Final = "unchanged"


def begun(folder: Path, source: Path) -> Record:
    """Return the record that is gone on with, under the name of the file that states the study."""
    before = read_record(folder)
    return Record(source.stem, relative(source, folder), before.stages if before else {})


def run_stage(stage: Stage, job: Job) -> Record:
    """Return the record with a stage, which is done where it has to be."""
    inputs, places = inputs_of(stage, job.study, job.record), stage.files(job.study)
    done = job.record.stages.get(stage.name)
    if done and is_made_from(done, inputs) and is_whole(done, job.folder):
        job.say(f"{stage.name}: {SAME}")
        return job.record
    start = time.perf_counter()
    with staged(job.folder):
        job.out.mkdir()
        job.ready(stage.name)
        notes = _worked(stage, job)
        outputs = {f"{stage.name}/{way}": hash_of_file(path) for way, path in files_in(job.out).items()}
        found = {name: relative(path, job.folder) for name, path in places.items()}
        seconds = round(time.perf_counter() - start, 2)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = _moved(stage, job, Done(inputs, found, outputs, tuple(notes), seconds, now))
    job.say(f"{stage.name}: {seconds:.1f} s")
    return record


def inputs_of(stage: Stage, study: Study, record: Record) -> Inputs:
    """Return all that a stage's result depends on."""
    before = {name: hash_of_result(record.stages[name]) for name in stage.needs}
    packages = {"spinemodel": own_version()} | {name: _version(name) for name in stage.packages}
    return Inputs(stage.settings(study), hashes_of(stage.files(study)), before, packages)


def is_made_from(done: Done, inputs: Inputs) -> bool:
    """Tell whether a stage was made from these."""
    return hash_of(plain(done.inputs)) == hash_of(plain(inputs))


def hash_of_result(done: Done) -> str:
    """Return the hash of what a stage made: its files, and what must be known of them."""
    return hash_of([dict(done.outputs), list(done.notes)])


@cache
def _version(package: str) -> str:
    """Return the version of an installed package; of one that is not there, which an extra brings, ``none``."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def is_whole(done: Done, folder: Path) -> bool:
    """Tell whether all files of a stage are as it wrote them."""
    paths = {way: folder / way for way in done.outputs}
    return all(path.is_file() for path in paths.values()) and hashes_of(paths) == dict(done.outputs)


def _worked(stage: Stage, job: Job) -> Sequence[str]:
    """Do a stage's work; what goes wrong is told with its name."""
    try:
        return stage.work(job)
    except SpineModelError as problem:
        raise type(problem)(f"stage {stage.name}: {problem}") from problem


def _moved(stage: Stage, job: Job, done: Done) -> Record:
    """Move a stage's folder into place, and return the record, which does not know the stage until that is done."""
    others = {name: one for name, one in job.record.stages.items() if name != stage.name}
    before = replace(job.record, stages=others)
    write_record(before, job.folder)
    place = job.folder / stage.name
    if place.exists():
        shutil.rmtree(place)
    job.out.replace(place)
    after = replace(before, stages={**others, stage.name: done})
    write_record(after, job.folder)
    return after
