"""Runs a study's stages one after the other, and skips those that are as they would come out again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from spinemodel import __version__
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.built_model import Step, unseen
from spinemodel.io.files import plain
from spinemodel.io.sidecar import relative
from spinemodel.io.staging import STAGING, staged
from spinemodel.io.study_rows import Study
from spinemodel.study.hashing import files_in, hash_of, hash_of_file, hashes_of
from spinemodel.study.lock import locked
from spinemodel.study.record import Done, Inputs, Record, read_record, write_record
from spinemodel.study.stage import Job, Stage
from spinemodel.study.stages import STAGES

SAME: Final = "unchanged"


@dataclass(frozen=True)
class Watch:
    """Who is told how a study comes on: a block for each step, a line for each stage."""

    step: Step = unseen
    say: Callable[[str], None] = lambda _line: None


def run_study(
    study: Study,
    folder: Path,
    source: Path,
    *,
    until: str | None = None,
    only: str | None = None,
    watch: Watch = Watch(),
    stages: Sequence[Stage] = STAGES,
) -> Record:
    """Run a study in a folder, and return what was done.

    A stage whose settings, files, earlier stages and packages are those of its record, and whose files are as it wrote
    them, is skipped. Every stage is written aside and moved into place at once: a run that is stopped loses the stage
    that it was in, and no other.

    Parameters
    ----------
    study
        What to do.
    folder
        Where; it holds a folder for each stage, and ``study.json``.
    source
        File that states the study.
    until
        Last stage to run; all without.
    only
        The one stage to run; those that it needs must be as they would come out again.
    watch
        Who is told.
    stages
        All that there are, in order.

    Raises
    ------
    InputError
        If there is no such stage, another run works in the folder, or a stage refuses what it is given.
    """
    chosen = chosen_stages(stages, until, only)
    with locked(folder):
        record = _begun(folder, source)
        for stage in chosen:
            job = Job(study, folder, folder / STAGING / stage.name, record, watch.step)
            if only:
                _require(stage, job, stages)
            record = _run(stage, job, watch)
    return record


def chosen_stages(stages: Sequence[Stage], until: str | None, only: str | None) -> Sequence[Stage]:
    """Return the stages to run.

    Raises
    ------
    InputError
        If there is none of the name.
    """
    names = [stage.name for stage in stages]
    wanted = only or until or names[-1]
    if wanted not in names:
        raise InputError(f"stage {wanted}: there is none; expected one of {', '.join(names)}")
    last = names.index(wanted)
    return stages[last if only else 0 : last + 1]


def _begun(folder: Path, source: Path) -> Record:
    """Return the record that is gone on with, under the name of the file that states the study."""
    before = read_record(folder)
    return Record(source.stem, relative(source, folder), before.stages if before else {})


def _run(stage: Stage, job: Job, watch: Watch) -> Record:
    """Return the record with a stage, which is done where it has to be."""
    inputs, places = inputs_of(stage, job.study, job.record), stage.files(job.study)
    done = job.record.stages.get(stage.name)
    if done and hash_of(plain(done.inputs)) == hash_of(plain(inputs)) and is_whole(done, job.folder):
        watch.say(f"{stage.name}: {SAME}")
        return job.record
    start = time.perf_counter()
    with staged(job.folder):
        job.out.mkdir()
        notes = _worked(stage, job)
        outputs = {f"{stage.name}/{way}": hash_of_file(path) for way, path in files_in(job.out).items()}
        found = {name: relative(path, job.folder) for name, path in places.items()}
        seconds = round(time.perf_counter() - start, 2)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = _moved(stage, job, Done(inputs, found, outputs, tuple(notes), seconds, now))
    watch.say(f"{stage.name}: {seconds:.1f} s")
    return record


def _require(stage: Stage, job: Job, stages: Sequence[Stage]) -> None:
    """Refuse a stage whose earlier ones are not done, or no longer as they were."""
    for name in stage.needs:
        done = job.record.stages.get(name)
        if done is None or not is_whole(done, job.folder):
            raise InputError(f"stage {stage.name}: needs {name}, which is not done or was changed; run that first")
        earlier = next(one for one in stages if one.name == name)
        if hash_of(plain(done.inputs)) != hash_of(plain(inputs_of(earlier, job.study, job.record))):
            raise InputError(f"stage {stage.name}: needs {name}, whose settings or files have changed; run that first")


def inputs_of(stage: Stage, study: Study, record: Record) -> Inputs:
    """Return all that a stage's result depends on."""
    before = {name: hash_of_result(record.stages[name]) for name in stage.needs}
    packages = {"spinemodel": __version__} | {name: _version(name) for name in stage.packages}
    return Inputs(stage.settings(study), hashes_of(stage.files(study)), before, packages)


def hash_of_result(done: Done) -> str:
    """Return the hash of what a stage made: its files, and what must be known of them."""
    return hash_of([dict(done.outputs), list(done.notes)])


@cache
def _version(package: str) -> str:
    """Return the version of an installed package."""
    return version(package)


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
