"""Classes of fibres as TOML: those that ship with the package, and files of the same form that users write."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any, Final, get_args

from spinemodel.errors import InputError
from spinemodel.io.conductivities import nearest
from spinemodel.io.files import reason
from spinemodel.recruitment.axons import Model
from spinemodel.recruitment.geometry import LEAST_UM, MOST_UM
from spinemodel.recruitment.population import FibreClass, Roots

NUMBERS: Final = ("mean_um", "sd_um", "low_um", "high_um")
KEYS: Final = ("roots", *NUMBERS, "model", "source")
"""Of a class; all must be there."""


def read_classes(path: Path | None = None) -> dict[str, FibreClass]:
    """Return the classes of a file by name, in its order.

    Parameters
    ----------
    path
        TOML file in the form of the package's ``recruitment/fibre_classes.toml``, which it says at its head; that one
        by default.

    Raises
    ------
    InputError
        If the file cannot be read, or a class breaks the form; the line names file, class and field.

    Examples
    --------
    >>> classes = read_classes()
    >>> list(classes), classes["Ia"].mean_um
    (['Ia', 'II', 'Abeta', 'alpha'], 13.2)
    """
    source = files("spinemodel.recruitment") / "fibre_classes.toml" if path is None else path
    place = "fibre_classes.toml" if path is None else str(path)
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        raise InputError(f"{place}: cannot be read as classes of fibres ({reason(problem)})") from None
    if not tables:
        raise InputError(f"{place}: holds no class; expected a table for each, such as [Ia]")
    return {name: _class(f"{place}, {name}", name, row) for name, row in tables.items()}


def chosen_classes(names: Iterable[str], known: dict[str, FibreClass]) -> tuple[FibreClass, ...]:
    """Return some of the classes by name.

    Raises
    ------
    InputError
        If there is no such class; the line names the nearest.
    """
    return tuple(known[_one_of("fibre classes", name, tuple(known))] for name in names)


def _class(where: str, name: str, row: Any) -> FibreClass:
    """Return the class that a table states."""
    if not name.isidentifier():
        raise InputError(f"{where}: fibres are named after their class; expected letters, digits and _, such as Abeta")
    if not isinstance(row, dict):
        raise InputError(f"{where}: got {row!r}, expected a table with {', '.join(KEYS)}")
    for key in row:
        _one_of(where, key, KEYS)
    missing = [key for key in KEYS if key not in row]
    if missing:
        raise InputError(f"{where}: {', '.join(missing)} missing; expected {', '.join(KEYS)}")
    roots: Roots = _one_of(f"{where}.roots", row["roots"], get_args(Roots))  # type: ignore[assignment]
    model: Model = _one_of(f"{where}.model", row["model"], get_args(Model))  # type: ignore[assignment]
    mean, sd, low, high = (_number(f"{where}.{key}", row[key]) for key in NUMBERS)
    if low < LEAST_UM or high > MOST_UM:
        raise InputError(
            f"{where}: low_um and high_um {low:g} and {high:g}; expected {LEAST_UM:g} to {MOST_UM:g} um, for which the "
            "models' sizes hold"
        )
    try:
        return FibreClass(name, roots, mean, sd, low, high, model, _text(f"{where}.source", row["source"]))
    except InputError as problem:
        raise InputError(f"{where}: {problem}") from None


def _one_of(where: str, value: Any, known: Sequence[str]) -> str:
    """Return a word that is known, or raise, naming the nearest."""
    if value not in known:
        raise InputError(
            f"{where}: {value!r} is not known; nearest is {nearest(str(value), known)}; expected {', '.join(known)}"
        )
    return str(value)


def _number(where: str, value: Any) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise InputError(f"{where}: got {value!r}, expected a number of um")
    return float(value)


def _text(where: str, value: Any) -> str:
    """Return text on one line that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: got {value!r}, expected text that says where the numbers were read")
    return " ".join(value.split())
