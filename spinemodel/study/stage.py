"""What a stage is: what it needs, what it reads, and what it does with that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from spinemodel.io.built_model import Step
from spinemodel.io.study_rows import Study
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.study.hashing import hash_of
from spinemodel.study.record import Record


def untold(_line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Job:
    """What a stage works with.

    Attributes
    ----------
    study
        What is asked for.
    folder
        Of the study; the folders of earlier stages lie in it.
    out
        Empty folder to write into; it becomes the stage's own.
    record
        Of the stages before.
    step
        Tells whoever waits what is being done.
    say
        Tells a line.
    ready
        Waits until the loops of the stage of a name are compiled.
    """

    study: Study
    folder: Path
    out: Path
    record: Record
    step: Step
    say: Callable[[str], None] = untold
    ready: Callable[[str], None] = untold


@lru_cache(maxsize=1)
def model_in(folder: Path, _digest: str) -> WholeModel:
    """Return the model in a folder, read once as long as its record has the digest."""
    return read_model(folder)


def model_of(job: Job) -> WholeModel:
    """Return the model of a study."""
    return model_in(job.folder / "model", hash_of(dict(job.record.stages["model"].outputs)))


Notes = Sequence[str]
"""What the user must know of a result, one sentence each."""


@dataclass(frozen=True)
class Stage:
    """A part of a study.

    Attributes
    ----------
    name
        Its name, and that of its folder.
    needs
        Stages whose files it reads.
    packages
        Others' packages on which its result depends.
    settings
        Its part of a study; what JSON can hold.
    files
        What it reads from outside, by names that stay the same wherever the files lie.
    work
        Does it.
    """

    name: str
    needs: tuple[str, ...]
    packages: tuple[str, ...]
    settings: Callable[[Study], Mapping[str, Any]]
    files: Callable[[Study], Mapping[str, Path]]
    work: Callable[[Job], Notes]


def no_files(_study: Study) -> dict[str, Path]:
    """Read nothing from outside."""
    return {}


NUMERICAL: Final = ("numpy", "scipy", "numba")
"""Packages on which all numbers depend."""
