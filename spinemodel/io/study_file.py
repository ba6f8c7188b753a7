"""A study from TOML: every key known, typed and with its unit; what is wrong is one line that names file and field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spinemodel.errors import InputError
from spinemodel.io.files import one_line
from spinemodel.io.study_rows import Study

EXPECTED: Final = {
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "missing": "a value",
    "model_type": "a table",
    "string_too_short": "some text",
    "string_type": "text",
}
"""What pydantic wanted, by its type of error, in words."""


def read_study(path: Path) -> Study:
    """Return the study of a file.

    Raises
    ------
    InputError
        If it cannot be read, or breaks the form: the line names file and field, and of an unknown key the nearest.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or one_line(problem)
        raise InputError(f"{path}: cannot be read as a study ({reason})") from None
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{path}: not valid TOML ({one_line(problem)})") from None
    return study_of(tables, path)


def study_of(tables: dict[str, Any], path: Path) -> Study:
    """Return the study that tables state; ``path`` is the file's, for messages and for the paths in it."""
    if "folder" in tables:
        raise InputError(f"{path}: folder: unknown key; {_nearest('folder', list(_keys(Study)))}")
    try:
        return Study.model_validate({**tables, "folder": path.parent})
    except ValidationError as problem:
        first = min(problem.errors(), key=lambda error: error["type"] != "extra_forbidden")
        raise InputError(f"{path}: {_in_words(first)}") from None


def _in_words(error: ErrorDetails) -> str:
    """Return an error of pydantic as ``field: expected ..., got ...``."""
    steps = [str(step) for step in error["loc"] if not str(step).startswith(("literal[", "list["))]
    where = ".".join(steps)
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key; {_nearest(steps[-1], list(_keys(_table(steps[:-1]))))}"
    if error["type"] == "value_error":
        return f"{where}: expected {error['ctx']['error']}"
    expected = EXPECTED.get(error["type"]) or str(
        error.get("ctx", {}).get("expected") or error["msg"].removeprefix("Input should be ")
    )
    got = "nothing" if error["type"] == "missing" else _short(error["input"])
    return f"{where}: expected {expected}, got {got}"


def _table(steps: Sequence[str]) -> type[BaseModel]:
    """Return the form of the table that steps lead to from the top."""
    form: type[BaseModel] = Study
    for step in steps:
        kind = form.model_fields[step].annotation
        form = next(one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, BaseModel))
    return form


def _keys(form: type[BaseModel]) -> Iterator[str]:
    """Yield the keys that a table may have."""
    return (name for name, field in form.model_fields.items() if not field.exclude)


def _nearest(key: str, known: Sequence[str]) -> str:
    """Return what is said of an unknown key."""
    near = get_close_matches(key.lower(), known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}expected some of {', '.join(known)}"


def _short(value: object) -> str:
    """Return a value in at most 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
