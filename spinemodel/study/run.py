"""Runs a study's stages one after the other, and skips those that are as they would come out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinemodel.errors import InputError
from spinemodel.io.built_model import Step, unseen
from spinemodel.io.staging import STAGING
from spinemodel.io.study_rows import Study
from spinemodel.study.lock import locked
from spinemodel.study.preflight import require_sound
from spinemodel.study.record import Record
from spinemodel.study.run_stage import begun, inputs_of, is_made_from, is_whole, run_stage
from spinemodel.study.stage import Job, Stage, untold
from spinemodel.study.stages import STAGES


@dataclass(frozen=True)
class Watch:
    """Who is told how a study comes on: a block for each step, a line for each stage, its name before it works."""

    step: Step = unseen
    say: Callable[[str], None] = untold
    ready: Callable[[str], None] = untold


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
        If there is no such stage, the study asks for what there is not, another run works in the folder, or a stage
        refuses what it is given.
    """
    chosen = chosen_stages(stages, until, only)
    if stages is STAGES:
        require_sound(study, source)
    with locked(folder):
        record = begun(folder, source)
        for stage in chosen:
            job = Job(study, folder, folder / STAGING / stage.name, record, watch.step, watch.say, watch.ready)
            if only:
                _require(stage, job, stages)
            record = run_stage(stage, job)
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


def _require(stage: Stage, job: Job, stages: Sequence[Stage]) -> None:
    """Refuse a stage of which one that it rests on, near or far, is not done, or no longer as it was."""
    for earlier in _below(stage, stages):
        name = earlier.name
        done = job.record.stages.get(name)
        if done is None or not is_whole(done, job.folder):
            raise InputError(f"stage {stage.name}: needs {name}, which is not done or was changed; run that first")
        if not is_made_from(done, inputs_of(earlier, job.study, job.record)):
            raise InputError(f"stage {stage.name}: needs {name}, whose settings or files have changed; run that first")


def _below(stage: Stage, stages: Sequence[Stage]) -> list[Stage]:
    """Return all stages that a stage rests on, in order."""
    wanted = set(stage.needs)
    for one in reversed(stages):
        if one.name in wanted:
            wanted |= set(one.needs)
    return [one for one in stages if one.name in wanted]
