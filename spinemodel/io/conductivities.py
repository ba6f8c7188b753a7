"""Conductivities as TOML: the package's cited presets, and the user's own tables of the same form.

::

    name = "mine"                    # the file's stem where it is left out
    title = "less fat"               # for people; may be left out
    unit = "S/m"                     # must be stated
    base = "capogrosso2013"          # a preset whose other materials are taken; may be left out

    [materials.Fat]
    along = 0.1                      # along the fibres
    across = 0.1                     # across them; the same where there are none
    source = "a choice"
    verified = false                 # whether a document that states the value was read
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any, Final

from spinemodel.errors import InputError
from spinemodel.field.conductivity import MATERIALS, Conductivity, Preset
from spinemodel.io.files import one_line

UNIT: Final = "S/m"

KEYS: Final = ("name", "title", "unit", "base", "materials")
"""Of a table."""

ROW_KEYS: Final = ("along", "across", "source", "verified")
"""Of a material; all must be there."""


def preset_names() -> tuple[str, ...]:
    """Return the names of the package's presets.

    Examples
    --------
    >>> preset_names()
    ('capogrosso2013', 'nrv', 'rado-scs', 'simnibs')
    """
    folder = files("spinemodel.field") / "presets"
    return tuple(sorted(path.name.removesuffix(".toml") for path in folder.iterdir() if path.name.endswith(".toml")))


def read_preset(name_or_path: str | Path) -> Preset:
    """Return conductivities by the name of a preset, or from a TOML file of the user's.

    Parameters
    ----------
    name_or_path
        What ends in ``.toml``, or holds a folder, is a file.

    Raises
    ------
    InputError
        If there is no such preset or file, or the table breaks its form; the line names the field.

    Examples
    --------
    >>> white = read_preset("capogrosso2013").materials["White"]
    >>> white.along, white.across, white.verified
    (0.6, 0.083, True)
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(".toml") or len(Path(text).parts) > 1:
        return _of_file(Path(name_or_path))
    return _of_package(text, more=", or a .toml file")


def _of_package(name: str, where: str = "conductivities", more: str = "") -> Preset:
    """Return a preset of the package."""
    known = preset_names()
    if name not in known:
        raise InputError(
            f"{where}: no preset {name!r}; nearest is {nearest(name, known)}; expected one of {', '.join(known)}{more}"
        )
    content = (files("spinemodel.field") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    return _preset(f"preset {name}", tomllib.loads(content), name)


def _of_file(path: Path) -> Preset:
    """Return the table of a user's file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read as TOML ({one_line(problem)})") from None
    return replace(_preset(str(path), table, path.stem), file=path)


def _preset(where: str, table: Mapping[str, Any], stem: str) -> Preset:
    """Return the preset that a parsed table states."""
    _require_keys(where, table, KEYS)
    if table.get("unit") != UNIT:
        raise InputError(f'{where}: unit {table.get("unit")!r}; expected unit = "{UNIT}", the only one that is read')
    name, title = (_text(where, key, table.get(key, stem)) for key in ("name", "title"))
    base = _of_package(_text(where, "base", table["base"]), f"{where}, base").materials if "base" in table else {}
    rows = table.get("materials", {})
    if not isinstance(rows, dict) or not (rows or base):
        raise InputError(f"{where}: no materials; expected tables such as [materials.Fat]")
    _require_keys(f"{where}, materials", rows, MATERIALS)
    own = {material: _conductivity(f"{where}, materials.{material}", row) for material, row in rows.items()}
    return Preset(name, title, {**base, **own})


def _conductivity(where: str, row: Any) -> Conductivity:
    """Return the values of one material."""
    if not isinstance(row, dict):
        raise InputError(f"{where}: got {row!r}, expected a table with {', '.join(ROW_KEYS)}")
    _require_keys(where, row, ROW_KEYS)
    missing = [key for key in ROW_KEYS if key not in row]
    if missing:
        raise InputError(f"{where}: {', '.join(missing)} missing; expected {', '.join(ROW_KEYS)}")
    if not isinstance(row["verified"], bool):
        raise InputError(f"{where}.verified: got {row['verified']!r}, expected true or false")
    along, across = (_positive(f"{where}.{key}", row[key]) for key in ("along", "across"))
    return Conductivity(along, across, _text(where, "source", row["source"]), row["verified"])


def _positive(where: str, value: Any) -> float:
    """Return a conductivity."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise InputError(f"{where}: got {value!r}, expected a number above 0, {UNIT}; an insulator has a small one")
    return float(value)


def _text(where: str, key: str, value: Any) -> str:
    """Return one line of text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: {key} {value!r}; expected text")
    return " ".join(value.split())


def _require_keys(where: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a key that is not known, naming the nearest that is."""
    names = tuple(known)
    for key in table:
        if key not in names:
            raise InputError(
                f"{where}: {key!r} is not known; nearest is {nearest(key, names)}; expected {', '.join(names)}"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is spelt most like another, whatever the capitals.

    Examples
    --------
    >>> nearest("epidural fat", ["Fat", "CSF"]), nearest("slicr", ["slicer", "stl"])
    ('Fat', 'slicer')
    """
    spelt = {name.lower(): name for name in known}
    return spelt[get_close_matches(word.lower(), spelt, n=1, cutoff=0.0)[0]]
