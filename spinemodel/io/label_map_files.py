"""Files that state a label map: TOML of the package's own form, JSON, or the look-up table of BIDS."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spinemodel.errors import InputError
from spinemodel.io.files import one_line
from spinemodel.io.label_table import read_label_table
from spinemodel.io.voxels import MOST
from spinemodel.vertebrae.names import LADDER, kind_of

WORDS: Final = {
    "SACRUM": "Sacrum",
    "COCCYX": "Coccyx",
    "COCC": "Coccyx",
    "CANAL": "Canal",
    "SPINAL_CANAL": "Canal",
    "CORD": "Cord",
    "SPINAL_CORD": "Cord",
}
"""Names without a level, as datasets and models spell them."""

TABLES: Final = ("labels", "partial", "discs_below", "ignored")
TOP: Final = ("source", "verified", "lumbosacral_disc", "from_below", *TABLES)
COUNTS: Final = ("vertebrae", "partial", "discs", "count")

_VERTEBRA: Final = re.compile(r"(?:VERTEBRAE?_|VERT_)?([CTLS]\d{1,2})")
_DISC: Final = re.compile(r"(?:DIS[CK]_|IVD_|INTERVERTEBRAL_DIS[CK]_)?([CTL]\d{1,2})_(S|[CTLS]\d{1,2})")
_ENDPLATE: Final = re.compile(r"([CTL]\d{1,2})_ENDPLATES?|ENDPLATES?_([CTL]\d{1,2})")


@dataclass(frozen=True)
class MapTables:
    """What a file states of a label map, names normalised; :class:`spinemodel.io.label_maps.LabelMap` tells each."""

    source: str
    labels: dict[int, str]
    partial: dict[int, str] = field(default_factory=dict)
    discs_below: dict[int, str] = field(default_factory=dict)
    ignored: dict[int, str] = field(default_factory=dict)
    lumbosacral_disc: int | None = None
    from_below: dict[str, int] = field(default_factory=dict)


def normal_name(text: str) -> str:
    """Return a structure's name as this package spells it; a name that it does not know is kept.

    Examples
    --------
    >>> [normal_name(text) for text in ("vertebrae_L3", "disc_L5_S", "Th12", "L3/L4", "sacrum", "endplate_L2", "Rib")]
    ['L3', 'L5-S1', 'T12', 'L3-L4', 'Sacrum', 'L2_endplate', 'Rib']
    """
    flat = re.sub(r"TH(?=\d)", "T", re.sub(r"[\s/_-]+", "_", text.strip()).upper())
    if pair := _DISC.fullmatch(flat):
        name = f"{pair[1]}-{'S1' if pair[2] == 'S' else pair[2]}"
    elif end := _ENDPLATE.fullmatch(flat):
        name = f"{end[1] or end[2]}_endplate"
    elif single := _VERTEBRA.fullmatch(flat):
        name = single[1]
    else:
        name = WORDS.get(flat, text.strip())
    return name if kind_of(name) != "part" else text.strip()


def read_tables(path: Path) -> MapTables:
    """Return the label map that a file states.

    Raises
    ------
    InputError
        If it cannot be read, has another suffix, or breaks its form.
    """
    suffix = path.suffix.lower()
    if suffix == ".tsv":
        return MapTables(path.name, {i: normal_name(row.name) for i, row in read_label_table(path).items() if i})
    if suffix not in (".toml", ".json"):
        raise InputError(f"{path}: unknown form of a label map; expected .toml, .json or .tsv")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: cannot be read as a label map ({one_line(problem)})") from None
    return toml_tables(text, str(path)) if suffix == ".toml" else _json_tables(text, path)


def toml_tables(text: str, place: str) -> MapTables:
    """Return the label map that TOML states; ``place`` is its name in messages."""
    try:
        record = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{place}: not valid TOML ({one_line(problem)})") from None
    if strange := sorted(record.keys() - set(TOP)):
        raise InputError(f"{place}: {strange[0]}: unknown entry; expected {', '.join(TOP)}")
    tables = {key: _table(f"{place}: {key}", record.get(key, {})) for key in TABLES}
    _require_once(place, tables)
    for label, above in tables["discs_below"].items():
        if kind_of(above) != "vertebra" or above not in LADDER:
            raise InputError(f"{place}: discs_below.{label}: got {above!r}, expected the vertebra above, such as L3")
    last = record.get("lumbosacral_disc")
    disc = None if last is None else _label(f"{place}: lumbosacral_disc", last)
    counts = _counts(f"{place}: from_below", record.get("from_below"))
    if not (tables["labels"] or tables["partial"] or counts):
        raise InputError(f"{place}: names no label; expected a table [labels] with rows such as 20 = \"L1\"")
    return MapTables(str(record.get("source", place)), **tables, lumbosacral_disc=disc, from_below=counts)


def _json_tables(text: str, path: Path) -> MapTables:
    """Return the label map that JSON states: names by number, or numbers by name; perhaps under ``labels``."""
    try:
        record = json.loads(text)
    except ValueError as problem:
        raise InputError(f"{path}: not valid JSON ({one_line(problem)})") from None
    if isinstance(record, dict) and isinstance(record.get("labels"), dict):
        record = record["labels"]
    if not isinstance(record, dict) or not record:
        raise InputError(f'{path}: expected an object such as {{"20": "L1", "21": "L2"}}')
    if all(isinstance(value, int) for value in record.values()):
        _require_one_name(path, record)
        record = {str(value): key for key, value in record.items()}
    labels = _table(str(path), {key: value for key, value in record.items() if key.strip() != "0"})
    return MapTables(path.name, labels)


def _require_one_name(path: Path, numbers: Mapping[str, int]) -> None:
    """Raise where two names have one number."""
    seen: dict[int, str] = {}
    for name, number in numbers.items():
        if seen.setdefault(number, name) != name:
            raise InputError(f"{path}: {seen[number]} and {name} are both {number}; give each its own number")


def _table(place: str, rows: object) -> dict[int, str]:
    """Return names by label."""
    if not isinstance(rows, Mapping):
        raise InputError(f"{place}: got {rows!r}, expected a table of labels and names")
    named = {}
    for key, value in rows.items():
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{place}: {key}: got {value!r}, expected a name such as L3")
        named[_label(f"{place}: {key}", key)] = normal_name(value)
    return named


def _label(place: str, value: Any) -> int:
    """Return a label."""
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,5}", text) or not 0 < int(text) <= MOST:
        raise InputError(f"{place}: got {text!r}, expected a label, a whole number from 1 to {MOST}")
    return int(text)


def _counts(place: str, record: object) -> dict[str, int]:
    """Return the rule of numbers that count from below."""
    if record is None:
        return {}
    if not isinstance(record, Mapping) or set(record) != set(COUNTS):
        raise InputError(f"{place}: expected the whole numbers {', '.join(COUNTS)}")
    return {key: _label(f"{place}.{key}", record[key]) for key in COUNTS}


def _require_once(place: str, tables: Mapping[str, Mapping[int, str]]) -> None:
    """Raise where two tables name one label."""
    seen: dict[int, str] = {}
    for table, rows in tables.items():
        for label in rows:
            if label in seen:
                raise InputError(f"{place}: {label} stands in {seen[label]} and in {table}; keep one of them")
            seen[label] = table
