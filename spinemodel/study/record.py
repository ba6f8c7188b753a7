"""``study.json``: what each stage was made from and what it made, written anew after every stage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, plain

FILE: Final = "study.json"

FORMAT: Final = 1
"""Version of its layout."""


@dataclass(frozen=True)
class Inputs:
    """All that a stage's result depends on.

    Attributes
    ----------
    settings
        Its part of the study; what JSON can hold.
    files
        SHA-256 of the files that it reads from outside, by their names.
    stages
        Hash of what earlier stages made, by the names of these.
    packages
        Versions.
    """

    settings: Mapping[str, Any]
    files: Mapping[str, str]
    stages: Mapping[str, str]
    packages: Mapping[str, str]


@dataclass(frozen=True)
class Done:
    """A stage that was done.

    Attributes
    ----------
    inputs
        What it was made from.
    places
        Where the files of ``inputs`` lie, from the study's folder; the result does not depend on it.
    outputs
        SHA-256 of what it wrote, by the way from the study's folder.
    notes
        What the user must know of it, one sentence each.
    seconds, finished
        How long it took, and when it was done (UTC).
    """

    inputs: Inputs
    places: Mapping[str, str]
    outputs: Mapping[str, str]
    notes: tuple[str, ...]
    seconds: float
    finished: str


@dataclass(frozen=True)
class Record:
    """What a study's folder holds.

    Attributes
    ----------
    name
        Of the study.
    source
        Way from the folder to the file that states it.
    stages
        Those that were done, by name.
    """

    name: str
    source: str
    stages: Mapping[str, Done] = field(default_factory=dict)


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format: Literal[1]
    name: str
    source: str
    stages: dict[str, Done]


def read_record(folder: Path) -> Record | None:
    """Return the record of a study's folder; None where there is none.

    Raises
    ------
    InputError
        If it breaks the format.
    """
    path = folder / FILE
    try:
        read = _File.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror})") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "top level"
        raise InputError(f"{path}: {where}: {first['msg']}; remove it to begin anew") from None
    return Record(read.name, read.source, read.stages)


def write_record(record: Record, folder: Path) -> None:
    """Write the record, whole or not at all."""
    stated = {"format": FORMAT, "spinemodel": __version__, **plain(record)}
    with atomic(folder / FILE) as temporary:
        temporary.write_text(json.dumps(stated, indent=1, allow_nan=False) + "\n", encoding="utf-8")
