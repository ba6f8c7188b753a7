"""Conductivities as TOML: the package's cited presets, and the user's own tables of the same form.

::

    name = "mine"                    # the file's stem where it is left out
    title = "less fat"               # for people; may be left out
    unit = "S/m"                     # must be stated
    base = "capogrosso2013"          # a preset whose other materials are taken; may be left out
    frequency_hz = 1000              # what complex values hold at; left out: quasi-static

    [materials.Fat]
    along = 0.1                      # along the fibres
    across = 0.1                     # across them; the same where there are none
    permittivity_along = 2.0e4       # relative, at the frequency; may be left out: stores no charge
    permittivity_across = 2.0e4
    source = "a choice"
    verified = false                 # whether a document that states the value was read

    [materials.Grey]
    cole_cole = [4.0, 45.0, 7.958, 0.1, ...]   # in place of values: 14 parameters, as in spinemodel.field.dispersion
    source = "..."
    verified = true

    [replace]
    Fat = "Saline"                   # one material takes the values of another
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
from spinemodel.field.conductivity import KNOWN, MATERIALS, Conductivity, Preset
from spinemodel.field.dispersion import at_frequency, of_row
from spinemodel.io.files import reason

UNIT: Final = "S/m"

KEYS: Final = ("name", "title", "unit", "base", "frequency_hz", "materials", "replace")
"""Of a table."""

ROW_KEYS: Final = ("along", "across", "source", "verified")
"""Of a material; all must be there."""

PERMITTIVITY_KEYS: Final = ("permittivity_along", "permittivity_across")
"""Of a material; both or neither."""

DISPERSION_KEYS: Final = ("cole_cole", "source", "verified")
"""Of a material whose values follow from the frequency; all must be there."""

QUASI_STATIC_HZ: Final = 1000.0
"""Where such a material's conductivity is taken for a quasi-static field. A choice: half the energy of a rectangular
pulse of 270 us lies below."""


def preset_names() -> tuple[str, ...]:
    """Return the names of the package's presets.

    Examples
    --------
    >>> preset_names()
    ('capogrosso2013', 'gabriel1996', 'nrv', 'rado-scs', 'simnibs')
    """
    folder = files("spinemodel.field") / "presets"
    return tuple(sorted(path.name.removesuffix(".toml") for path in folder.iterdir() if path.name.endswith(".toml")))


def read_preset(name_or_path: str | Path, frequency_hz: float | None = None) -> Preset:
    """Return conductivities by the name of a preset, or from a TOML file of the user's.

    Parameters
    ----------
    name_or_path
        What ends with ``.toml``, or holds a folder, is a file.
    frequency_hz
        For complex values at a frequency; None: the one that the table states, or quasi-static.

    Raises
    ------
    InputError
        If there is no such preset or file, or the table breaks its form; the line names the field.

    Examples
    --------
    >>> white = read_preset("capogrosso2013").materials["White"]
    >>> white.along, white.across, white.verified
    (0.6, 0.083, True)
    >>> grey = read_preset("gabriel1996", 1000.0).materials["Grey"]
    >>> round(grey.along, 4), round(grey.permittivity_along), f"{grey.complex_along:.3f}"
    (0.0988, 164063, '0.099+0.009j')
    """
    if frequency_hz is not None:
        _positive("frequency", frequency_hz, "Hz; leave it out for a quasi-static field")
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.lower().endswith(".toml") or len(Path(text).parts) > 1:
        return _of_file(Path(name_or_path), frequency_hz)
    return _of_package(text, frequency_hz, more=", or a .toml file")


def _of_package(name: str, frequency: float | None, where: str = "conductivities", more: str = "") -> Preset:
    """Return a preset of the package."""
    known = preset_names()
    if name not in known:
        if more and Path(name).is_file():
            _of_file(Path(name), frequency)
            raise InputError(f"{name}: no preset of that name, and a table of conductivities ends with .toml; rename "
                             f"it, or take one of {', '.join(known)}")  # fmt: skip
        raise InputError(
            f"{where}: no preset {name!r}; nearest is {nearest(name, known)}; expected one of {', '.join(known)}{more}"
        )
    content = (files("spinemodel.field") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    return _preset(f"preset {name}", tomllib.loads(content), name, frequency)


def _of_file(path: Path, frequency: float | None) -> Preset:
    """Return the table of a user's file."""
    table = _table_of(path)
    preset = _preset(str(path), table, path.stem, frequency)
    return replace(preset, file=path, named=frozenset({**table.get("materials", {}), **table.get("replace", {})}))


def _table_of(path: Path) -> dict[str, Any]:
    """Return a user's file as it is parsed."""
    presets = ", ".join(preset_names())
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise InputError(f"{path}: cannot be read as TOML ({reason(problem)}); expected a table of conductivities, or "
                         f"one of {presets}") from None  # fmt: skip
    except ValueError as problem:
        raise InputError(f"{path}: no preset of that name, and no TOML table of conductivities ({reason(problem)}); "
                         f"expected one of {presets}, or a .toml file") from None  # fmt: skip


def _preset(where: str, table: Mapping[str, Any], stem: str, asked: float | None) -> Preset:
    """Return the preset that a parsed table states."""
    _require_keys(where, table, KEYS)
    if table.get("unit") != UNIT:
        raise InputError(f'{where}: unit {table.get("unit")!r}; expected unit = "{UNIT}", the only one that is read')
    name, title = (_text(where, key, table.get(key, stem)) for key in ("name", "title"))
    frequency = _frequency(where, table, asked)
    base = _base(where, table, frequency)
    rows = table.get("materials", {})
    if not isinstance(rows, dict) or not (rows or base):
        raise InputError(f"{where}: no materials; expected tables such as [materials.Fat]")
    _require_keys(f"{where}, materials", rows, KNOWN)
    own = {material: _conductivity(f"{where}, materials.{material}", row, frequency) for material, row in rows.items()}
    return Preset(name, title, _replaced(where, table.get("replace", {}), {**base, **own}))


def _frequency(where: str, table: Mapping[str, Any], asked: float | None) -> float | None:
    """Return the frequency that a table states or a user asks for; None: quasi-static."""
    if "frequency_hz" not in table:
        return asked
    stated = _positive(f"{where}, frequency_hz", table["frequency_hz"], "Hz")
    if asked is not None and asked != stated:
        raise InputError(f"{where}: its values hold at {stated:g} Hz, got {asked:g} Hz; ask for that, or for none")
    return stated


def _base(where: str, table: Mapping[str, Any], frequency: float | None) -> Mapping[str, Conductivity]:
    """Return the materials that a table starts from."""
    if "base" not in table:
        return {}
    return _of_package(_text(where, "base", table["base"]), frequency, f"{where}, base").materials


def _replaced(where: str, pairs: Any, materials: dict[str, Conductivity]) -> dict[str, Conductivity]:
    """Return materials of which some have the values of others."""
    if not isinstance(pairs, dict):
        raise InputError(f'{where}: replace {pairs!r}; expected a table with lines such as Fat = "Saline"')
    _require_keys(f"{where}, replace", pairs, MATERIALS)
    for material, other in pairs.items():
        if not isinstance(other, str) or other not in materials:
            raise InputError(f"{where}, replace.{material}: no values of {other!r}; expected {', '.join(materials)}")
    return {**materials, **{material: materials[other] for material, other in pairs.items()}}


def _conductivity(where: str, row: Any, frequency: float | None) -> Conductivity:
    """Return the values of one material."""
    if not isinstance(row, dict):
        raise InputError(f"{where}: got {row!r}, expected a table with {', '.join(ROW_KEYS)}")
    if "cole_cole" in row:
        return _dispersive(where, row, frequency)
    _require_row(where, row, ROW_KEYS, PERMITTIVITY_KEYS)
    along, across = (_positive(f"{where}.{key}", row[key], _INSULATOR) for key in ("along", "across"))
    stated = [key for key in PERMITTIVITY_KEYS if key in row]
    if len(stated) == 1 or (stated and frequency is None):
        raise InputError(
            f"{where}: {' and '.join(stated)} without {'a frequency' if len(stated) > 1 else 'the other'}; expected "
            f"{' and '.join(PERMITTIVITY_KEYS)}, and frequency_hz in the table"
        )
    source, verified = _text(where, "source", row["source"]), row["verified"]
    if not stated:
        return Conductivity(along, across, source, verified, frequency_hz=frequency or 0.0)
    one, other = (_positive(f"{where}.{key}", row[key], "relative") for key in PERMITTIVITY_KEYS)
    return Conductivity(along, across, source, verified, one, other, frequency or 0.0)


_INSULATOR: Final = f"{UNIT}; an insulator has a small one"


def _dispersive(where: str, row: Mapping[str, Any], frequency: float | None) -> Conductivity:
    """Return the values that follow from four Cole-Cole terms; without a frequency, the conductivity alone."""
    _require_row(where, row, DISPERSION_KEYS)
    values = row["cole_cole"]
    if not isinstance(values, list) or not all(_is_number(value) and value >= 0 for value in values):
        raise InputError(f"{where}.cole_cole: got {values!r}, expected a list of numbers, none below 0")
    try:
        sigma, relative = at_frequency(of_row(tuple(float(value) for value in values)), frequency or QUASI_STATIC_HZ)
    except InputError as problem:
        raise InputError(f"{where}.cole_cole: {problem}") from None
    _positive(f"{where}.cole_cole: conductivity", sigma, _INSULATOR)
    source = _text(where, "source", row["source"])
    if frequency is None:
        return Conductivity(sigma, sigma, f"{source}, at {QUASI_STATIC_HZ:g} Hz", row["verified"])
    source = f"{source}, at {frequency:g} Hz"
    return Conductivity(sigma, sigma, source, row["verified"], relative, relative, frequency)


def _require_row(where: str, row: Mapping[str, Any], needed: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
    """Refuse a material's row that lacks a key, has another, or does not say whether its source was read."""
    _require_keys(where, row, (*needed, *more))
    missing = [key for key in needed if key not in row]
    if missing:
        raise InputError(f"{where}: {', '.join(missing)} missing; expected {', '.join(needed)}")
    if not isinstance(row["verified"], bool):
        raise InputError(f"{where}.verified: got {row['verified']!r}, expected true or false")


def _is_number(value: Any) -> bool:
    """Tell whether a value is a finite number."""
    return not isinstance(value, bool) and isinstance(value, int | float) and isfinite(value)


def _positive(where: str, value: Any, unit: str) -> float:
    """Return a number above 0."""
    if not _is_number(value) or value <= 0:
        raise InputError(f"{where}: got {value!r}, expected a number above 0, {unit}")
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
