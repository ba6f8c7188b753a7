"""Variants of a study: one thing changed in each, to tell how far results depend on what was drawn or chosen.

Each has a folder in ``variants/``, run as a study's is: a run that is stopped goes on at the variant and stage that it
was in. What comes out as in the study itself is not computed again but linked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.staging import STAGING
from spinemodel.io.study_rows import Row, Study
from spinemodel.recruitment.bands import ANNOTATORS, PRESETS, SEEDS
from spinemodel.study.field_stage import tissues_of
from spinemodel.study.record import FILE, Done
from spinemodel.study.run_stage import begun, inputs_of, is_made_from, run_stage
from spinemodel.study.stage import Job, Notes, Stage

FOLDER: Final = "variants"


@dataclass(frozen=True)
class Variant:
    """A study with one thing changed.

    Attributes
    ----------
    name
        Of its folder.
    source
        Of spread.
    changed
        Key and value.
    study
        All of it.
    """

    name: str
    source: str
    changed: str
    study: Study


def variants_of(study: Study) -> tuple[Variant, ...]:
    """Return the variants that a study asks for.

    Raises
    ------
    InputError
        If one would be the study itself.
    """
    row, redrawn = study.uncertainty, study.subject.redrawn_seed
    first = 0 if redrawn is None else redrawn + 1
    return (
        *(_variant(study, SEEDS, "fibres", "seed", study.fibres.seed + i) for i in range(1, row.seeds + 1)),
        *(_variant(study, ANNOTATORS, "subject", "redrawn_seed", first + i) for i in range(row.annotators)),
        *(_variant(study, PRESETS, "tissues", "preset", preset) for preset in row.presets),
    )


def _variant(study: Study, source: str, section: str, key: str, value: int | str) -> Variant:
    """Return a study with one key changed."""
    own: Row = getattr(study, section)
    other = study.model_copy(update={section: own.model_copy(update={key: value})})
    if source == PRESETS and tissues_of(other) == tissues_of(study):
        raise InputError(f"uncertainty.presets: {value} is the study's own; name others")
    name = f"{key.replace('_', '-')}-{Path(str(value)).stem}"
    return Variant(name, source, f"{section}.{key} = {value}", other)


def run_variants(job: Job, stages: Sequence[Stage]) -> Iterator[tuple[Variant, str]]:
    """Run the variants of a job's study, and yield each with why it failed, empty where it did not."""
    for variant in variants_of(job.study):
        failed = _run(variant, job, stages)
        job.say(f"{variant.name}: {failed or 'done'}")
        yield variant, failed


def remove_others(job: Job) -> None:
    """Remove the folders of variants that the study no longer asks for."""
    names = {variant.name for variant in variants_of(job.study)}
    for path in sorted((job.folder / FOLDER).glob(f"*/{FILE}")):
        if path.parent.name not in names:
            shutil.rmtree(path.parent)
            job.say(f"{path.parent.name}: removed, no longer asked for")


def folder_of(variant: Variant, job: Job) -> Path:
    """Return where a variant lies."""
    return job.folder / FOLDER / variant.name


def _run(variant: Variant, job: Job, stages: Sequence[Stage]) -> str:
    """Run a variant, and return why it failed."""
    folder = folder_of(variant, job)

    def step(what: str) -> AbstractContextManager[None]:
        return job.step(f"{variant.name}: {what}")

    record = replace(begun(folder, job.folder / job.record.source), name=f"{job.record.name} {variant.name}")
    try:
        for stage in stages:
            own = Job(variant.study, folder, folder / STAGING / stage.name, record, step)
            record = run_stage(_linked_or_done(stage, own, job), own)
    except SpineModelError as problem:
        return str(problem)
    return ""


def _linked_or_done(stage: Stage, own: Job, job: Job) -> Stage:
    """Return a stage that links what the study itself has, where it would come out as that."""
    there = job.record.stages[stage.name]
    if not is_made_from(there, inputs_of(stage, own.study, own.record)):
        return stage
    return replace(stage, work=lambda mine: _link(there, job.folder, mine))


def _link(there: Done, folder: Path, own: Job) -> Notes:
    """Give a stage's files another name, or copy them where that cannot be."""
    for way in there.outputs:
        place = own.out.parent / way
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(folder / way, place)
        except OSError:
            shutil.copyfile(folder / way, place)
    return there.notes
