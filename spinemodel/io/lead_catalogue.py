"""Leads from TOML: the catalogue that ships with the package, and files of the same form that users write."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spinemodel.errors import InputError
from spinemodel.io.files import one_line
from spinemodel.io.lead_rows import BackingRow, ContactRow, GridRow, LeadRow, to_design
from spinemodel.leads.checks import check_design, in_print
from spinemodel.leads.design import LeadDesign

_ROWS: Final[Mapping[str, type[BaseModel]]] = {"backing": BackingRow, "grid": GridRow, "contacts": ContactRow}
_EXPECTED: Final = {
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "missing": "a value",
    "model_type": "a table",
    "string_type": "text",
    "too_short": "one entry at least",
}
"""What pydantic wanted, by its type of error, in words."""


def read_catalogue(path: Path | None = None) -> dict[str, LeadDesign]:
    """Return the leads of a catalogue by name, in its order.

    Parameters
    ----------
    path
        TOML file in the form of the package's ``leads/leads.toml``, which it says at its head; that one by default.

    Raises
    ------
    InputError
        If the file cannot be read, or a lead breaks the form or cannot exist; the message names file, lead and field.

    Examples
    --------
    >>> leads = read_catalogue()
    >>> len(leads["specify-5-6-5"].contacts), leads["vectris-compact"].backing.form
    (16, 'cylinder')
    """
    place, tables = _tables(path)
    return {name: _lead(place, name, table) for name, table in tables.items()}


def find_lead(name_or_path: str | Path, catalogue: Path | None = None) -> LeadDesign:
    """Return a lead of the catalogue, or of a user's file.

    Parameters
    ----------
    name_or_path
        A name in the catalogue; else a TOML file with one lead; else ``FILE.toml:NAME``.
    catalogue
        TOML file to look names up in; the package's by default.

    Raises
    ------
    InputError
        If there is no such lead or file; the message names the nearest.

    Examples
    --------
    >>> find_lead("rado-drg").backing.width_mm
    1.101
    """
    text = str(name_or_path)
    known = read_catalogue(catalogue)
    if text in known:
        return known[text]
    file, colon, name = text.rpartition(":")
    if colon and file.lower().endswith(".toml"):
        return _of_file(Path(file), name)
    if text.lower().endswith(".toml"):
        return _of_file(Path(text), None)
    raise InputError(f"lead {text}: not in the catalogue; {_unknown(text, known)}, or FILE.toml or FILE.toml:NAME")


def _of_file(path: Path, name: str | None) -> LeadDesign:
    """Return the lead of a file by its name, or its only one."""
    leads = read_catalogue(path)
    if name is None and len(leads) == 1:
        return next(iter(leads.values()))
    if name is None:
        raise InputError(f"{path}: holds {len(leads)} leads; name one, such as {path}:{next(iter(leads))}")
    if name not in leads:
        raise InputError(f"{path}: lead {name}: not there; {_unknown(name, leads)}")
    return leads[name]


def _unknown(name: str, known: Iterable[str]) -> str:
    """Return what is said of a name that is not among the known ones."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}expected {', '.join(names)}"


def _tables(path: Path | None) -> tuple[str, dict[str, Any]]:
    """Return what a file is called in messages, and its tables."""
    source = files("spinemodel.leads").joinpath("leads.toml") if path is None else path
    place = "leads.toml" if path is None else str(path)
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or one_line(problem)
        raise InputError(f"{place}: cannot be read as a catalogue of leads ({reason})") from None
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{place}: not valid TOML ({one_line(problem)})") from None
    if not tables:
        raise InputError(f"{place}: holds no lead; expected a table for each, such as [my-lead]")
    return place, tables


def _lead(place: str, name: str, table: Any) -> LeadDesign:
    """Return the lead of one table."""
    if not isinstance(table, dict):
        raise InputError(f"{place}: {in_print(name)}: expected a table [NAME] that holds a lead, got {_short(table)}")
    try:
        design = to_design(name, LeadRow.model_validate(table))
    except ValidationError as problem:
        first = min(problem.errors(), key=lambda error: error["type"] != "extra_forbidden")
        raise InputError(f"{place}: lead {in_print(name)}: {_in_words(first)}") from None
    try:
        check_design(design)
    except InputError as problem:
        raise InputError(f"{place}: {problem}") from None
    return design


def _in_words(error: ErrorDetails) -> str:
    """Return an error of pydantic as ``field: expected ..., got ...``."""
    steps = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
    where = in_print("".join(steps).lstrip("."))
    if error["type"] == "extra_forbidden":
        table, key = next((s for s in error["loc"] if s in _ROWS), ""), str(error["loc"][-1])
        known = list(_ROWS.get(str(table), LeadRow).model_fields)
        return f"{where}: unknown key; {_unknown(key, known)}"
    context = error.get("ctx", {})
    expected = _EXPECTED.get(error["type"])
    if error["type"] == "value_error":
        return f"{where}: expected {context['error']}".removeprefix(": ")
    if expected is None:
        expected = str(context.get("expected") or error["msg"].removeprefix("Input should be "))
    got = "nothing" if error["type"] == "missing" else _short(error["input"])
    return f"{where}: expected {expected}, got {got}"


def _short(value: object) -> str:
    """Return a value in at most 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
