"""Names and colours of labels: the BIDS look-up table beside a volume, and the colour table of 3D Slicer.

BIDS (specification, "Imaging data types", "Common image-derived labels") gives a segmentation a ``<same stem>.tsv``
with the columns ``index``, ``name`` and, where wanted, ``abbreviation``, ``color`` (``#rrggbb``) and ``mapping`` (to
BIDS's own numbers). Slicer's ``.ctbl`` has rows ``index name r g b a`` of 0-255 (developer guide, "Colors"); a name's
spaces become underscores.

Ids, names and colours come from :mod:`spinemodel.levels`: dura and cord have the ids 1 and 2, roots 10 to 23 both
as structures and as tissues, and all other tissues 30 and above.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.sidecar import beside
from spinemodel.levels import STRUCTURES, TISSUES, Structure

Colour = tuple[float, float, float]

KNOWN: Final[Mapping[str, Structure]] = {**STRUCTURES, **TISSUES}
"""Every structure and tissue by its name."""

BIDS_MAPPING: Final = {"Grey": 1, "White": 2, "DorsalColumns": 2, "CSF": 3, "Bone": 4}
"""BIDS's own numbers of tissues that the standard names; its others are parts of the brain."""

PLAIN: Final = (0.7, 0.7, 0.7)
"""Colour of a label that has none, where a format must have one."""

TISSUES_OVER: Final = 100
"""Added to the priorities of tissues among structures; above every priority of those."""

MISSING: Final = "n/a"
"""BIDS's word for a value that is not there."""


@dataclass(frozen=True)
class LabelRow:
    """What a table says of a label: its name, and its colour (sRGB, 0-1) where it has one."""

    name: str
    colour: Colour | None


def label_ids(names: Sequence[str]) -> list[int]:
    """Return a label for every name: that of the table of levels, for others the lowest that is free.

    Examples
    --------
    >>> label_ids(["L3_body", "Cord", "L4_body"])
    [1, 2, 3]
    """
    taken = {KNOWN[name].id for name in names if name in KNOWN}
    free = (number for number in range(1, 65536) if number not in taken)
    return [KNOWN[name].id if name in KNOWN else next(free) for name in names]


def label_priorities(names: Sequence[str]) -> list[int]:
    """Return which of several parts takes a voxel that both fill: the one of higher number.

    Structures have the priorities of their table, and so do tissues. Where there are both, every tissue wins over what
    is only a structure, since the sac and the cord hold tissues. Other names have the priority 0.

    Examples
    --------
    >>> label_priorities(["Dura", "Cord"]), label_priorities(["Bone", "CSF"]), label_priorities(["Dura", "Bone"])
    ([0, 2], [1, 4], [0, 101])
    """
    table = STRUCTURES if all(name in STRUCTURES or name not in KNOWN for name in names) else TISSUES
    over = TISSUES_OVER if table is TISSUES and any(name in STRUCTURES.keys() - TISSUES.keys() for name in names) else 0
    ranks = {name: row.priority for name, row in STRUCTURES.items()}
    ranks |= {name: row.priority + over for name, row in table.items()}
    return [ranks.get(name, 0) for name in names]


def label_rows(names: Mapping[int, str]) -> dict[int, LabelRow]:
    """Return the rows of labels given by their names, with the package's colours, in ascending order.

    Examples
    --------
    >>> label_rows({33: "CSF"})[33].colour
    (0.83, 0.92, 0.98)
    """
    return {
        index: LabelRow(names[index], KNOWN[names[index]].colour if names[index] in KNOWN else None)
        for index in sorted(names)
    }


def write_label_table(path: Path, names: Mapping[int, str]) -> None:
    """Write the names of labels as a BIDS look-up table, whole or not at all."""
    lines = ["index\tname\tcolor\tmapping"]
    for index, row in label_rows(names).items():
        colour = MISSING if row.colour is None else "#" + "".join(f"{round(255 * c):02x}" for c in row.colour)
        lines.append(f"{index}\t{_plain(row.name)}\t{colour}\t{BIDS_MAPPING.get(row.name, MISSING)}")
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plain(name: str) -> str:
    """Return a name without what would end a field or a line."""
    return " ".join(name.split()) or MISSING


def write_colour_table(path: Path, names: Mapping[int, str]) -> None:
    """Write the names and colours of labels as 3D Slicer's colour table (``.ctbl``), whole or not at all."""
    rows = label_rows(names)
    lines = [f"# Color table file {path.name}", f"# {len(rows) + 1} values", "0 Background 0 0 0 0"]
    for index, row in rows.items():
        channels = " ".join(str(round(255 * c)) for c in row.colour or PLAIN)
        lines.append(f"{index} {'_'.join(row.name.split())} {channels} 255")
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_label_table(path: Path) -> dict[int, LabelRow]:
    """Return the rows of a BIDS look-up table by label; further columns are left out.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or a row is no label.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            columns, lines = table.fieldnames or (), list(table)
    except (OSError, ValueError, csv.Error) as problem:
        raise InputError(f"{path}: cannot be read as a label table ({problem}); expected tab-separated text") from None
    missing = {"index", "name"} - set(columns)
    if missing:
        raise InputError(f"{path}: no column {' and '.join(sorted(missing))}; expected index, name and perhaps color")
    rows: dict[int, LabelRow] = {}
    for number, line in enumerate(lines, start=2):
        index, row = _row(f"{path}, line {number}", line)
        if index in rows:
            raise InputError(f"{path}, line {number}: index {index} a second time; keep one row per label")
        rows[index] = row
    return rows


def _row(place: str, line: Mapping[str, str | None]) -> tuple[int, LabelRow]:
    """Return the label and what one line of a table says of it."""
    index, name, colour = (line.get(key) or "" for key in ("index", "name", "color"))
    if not re.fullmatch(r"\d{1,5}", index) or not name:
        raise InputError(f"{place}: index {index!r} and name {name!r}; expected a whole number and a name")
    if colour in ("", MISSING):
        return int(index), LabelRow(name, None)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise InputError(f"{place}: color {colour!r}; expected #rrggbb, such as #ff53bb")
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return int(index), LabelRow(name, (red, green, blue))


def names_beside(volume: Path) -> dict[int, str]:
    """Return the names of a volume's labels from the table of its stem; none without a table.

    Raises
    ------
    InputError
        If there is a table that cannot be read.
    """
    table = beside(volume, ".tsv")
    return {index: row.name for index, row in read_label_table(table).items()} if table.exists() else {}
