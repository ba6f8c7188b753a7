"""Whether a study's folder is as it was written: every file hashed again, the first stage that differs first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spinemodel.errors import InputError
from spinemodel.io.files import plain
from spinemodel.io.study_file import read_study
from spinemodel.io.study_rows import Study
from spinemodel.study.hashing import files_in, hash_of, hash_of_file
from spinemodel.study.record import FILE, Done, Record, read_record
from spinemodel.study.run_stage import hash_of_result
from spinemodel.study.stage import Stage
from spinemodel.study.stages import STAGES
from spinemodel.study.uncertainty_stage import NAME as UNCERTAINTY
from spinemodel.study.variants import FOLDER as VARIANTS

MISSING: Final = "states the study, and is missing; copy it there along with the folder"
"""Said where the file is not where it was, seen from the folder."""


@dataclass(frozen=True)
class Difference:
    """What differs in a stage, in a sentence."""

    stage: str
    what: str


def verify_study(folder: Path, stages: Sequence[Stage] = STAGES) -> tuple[Difference, ...]:
    """Return what differs from the record, stages in order; nothing where all is as it was.

    Read anew are the files that each stage wrote, those that it read from outside, and the study, where they are still
    there to be found.

    Raises
    ------
    InputError
        If the folder has no record, or that cannot be read.
    """
    record = read_record(folder)
    if record is None:
        raise InputError(f"{folder}: no {FILE}; give a folder that `spinemodel run` wrote")
    source = folder / record.source
    if not source.is_file():
        missing = Difference("study", f"{source}: {MISSING}")
        return (missing, *_of_stages(record, folder, None, stages))
    return tuple(_of_stages(record, folder, read_study(source), stages))


def _of_stages(
    record: Record, folder: Path, study: Study | None, stages: Sequence[Stage]
) -> Iterator[Difference]:
    """Yield what differs, stage by stage."""
    for stage in stages:
        done = record.stages.get(stage.name)
        if done is None:
            yield Difference(stage.name, "was not done")
            continue
        found = (*_settings(stage, done, study), *_inputs(done, folder), *_more_inputs(stage, done, study))
        made = (*_earlier(done, record), *_outputs(stage.name, done, folder))
        yield from (Difference(stage.name, what) for what in (*found, *made))
        if stage.name == UNCERTAINTY:
            yield from (Difference(stage.name, what) for what in _variants(folder))


def _settings(stage: Stage, done: Done, study: Study | None) -> Iterator[str]:
    """Yield whether the study asks for something else now."""
    if study is not None and hash_of(plain(stage.settings(study))) != hash_of(plain(done.inputs.settings)):
        was, now = plain(done.inputs.settings), plain(stage.settings(study))
        changed = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
        yield f"the study has changed since: {', '.join(changed)}"


def _inputs(done: Done, folder: Path) -> Iterator[str]:
    """Yield which files from outside are missing or have changed."""
    for name, value in done.inputs.files.items():
        yield from _compared(folder / done.places[name], value, "read, and")


def _more_inputs(stage: Stage, done: Done, study: Study | None) -> Iterator[str]:
    """Yield which files from outside the stage would read now and did not."""
    try:
        now = stage.files(study) if study else {}
    except InputError as problem:
        yield str(problem)
        return
    yield from (f"{path}: is new, and was not read" for name, path in now.items() if name not in done.inputs.files)


def _outputs(stage: str, done: Done, folder: Path) -> Iterator[str]:
    """Yield which files that the stage wrote are missing or have changed, and which it did not write."""
    for way, value in done.outputs.items():
        yield from _compared(folder / way, value, "written, and")
    for path in files_in(folder / stage).values():
        if path.relative_to(folder).as_posix() not in done.outputs:
            yield f"{path}: is new, and was not written by the stage"


def _variants(folder: Path) -> Iterator[str]:
    """Yield which files of variants are missing or have changed; the tables stay true where variants were removed."""
    for path in sorted((folder / VARIANTS).glob(f"*/{FILE}")):
        record = read_record(path.parent)
        for stage, done in record.stages.items() if record else ():
            yield from _outputs(stage, done, path.parent)


def _compared(path: Path, value: str, how: str) -> Iterator[str]:
    """Yield whether a file is missing, or no longer what its hash says."""
    if not path.is_file():
        yield f"{path}: was {how} is missing"
    elif hash_of_file(path) != value:
        yield f"{path}: was {how} has changed since"


def _earlier(done: Done, record: Record) -> Iterator[str]:
    """Yield which earlier stages were done anew since."""
    for name, value in done.inputs.stages.items():
        if name not in record.stages or hash_of_result(record.stages[name]) != value:
            yield f"was made from another result of {name}"
