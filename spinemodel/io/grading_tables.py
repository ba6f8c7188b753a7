"""Tables of gradings: one subject, or one of its levels, a row, and one column for each grading.

- ``subject`` (or ``participant_id``, ``sub``), perhaps ``level`` (or ``disc``, ``vertebra``);
- ``rater`` (or ``annotator``): with two or more names in it, the table holds that many raters, a row each (long form);
- every other column is a grading, but for notes and comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from spinemodel.anatomy.annotation import Source
from spinemodel.errors import InputError
from spinemodel.io.files import sha256
from spinemodel.io.sheets import Record, Sheet, read_sheet
from spinemodel.vertebrae.datasets.summary import some

SUBJECTS: Final = ("subject", "participant_id", "participant", "sub")
LEVELS: Final = ("level", "vertebra", "disc")
RATERS: Final = ("rater", "annotator")
IGNORED: Final = ("notes", "note", "comments", "comment", "session")
"""Columns that hold no grading."""

Key: TypeAlias = tuple[str, str]
"""Subject and level; the latter is empty without levels."""


@dataclass(frozen=True)
class GradingTable:
    """What one rater graded.

    Attributes
    ----------
    source
        The file.
    columns
        Names of the gradings.
    has_levels
        Whether rows are levels of subjects.
    cells
        Text by grading, subject and level.
    places
        File and row of each subject and level, to begin the line of an error.
    """

    source: Source
    columns: tuple[str, ...]
    has_levels: bool
    cells: Mapping[str, Mapping[Key, str]]
    places: Mapping[Key, str]


def raters_in(path: Path) -> tuple[str, ...]:
    """Return the raters that a table names, by their first row; none where it names fewer than two.

    Raises
    ------
    InputError
        If a row names none where others do.
    """
    sheet = read_sheet(path)
    named = [cell(row, RATERS) for row in sheet.rows]
    raters = tuple(dict.fromkeys(filter(None, named)))
    if len(raters) < 2:
        return ()
    for row, name in zip(sheet.rows, named, strict=True):
        if not name:
            raise InputError(f"{row.place}: the rater is blank, and other rows name one; name it")
    return raters


def read_grading_table(path: Path, rater: str | None = None) -> GradingTable:
    """Return the gradings of one rater: of all rows, or of those that name the rater.

    Raises
    ------
    InputError
        If there is no column of subjects or of gradings, a subject is blank, or a row is there twice.
    """
    sheet = read_sheet(path)
    columns, known = _columns(sheet), {name.lower() for name in sheet.columns}
    keys: dict[Key, Record] = {}
    for row in sheet.rows:
        if rater is not None and cell(row, RATERS) != rater:
            continue
        key = (cell(row, SUBJECTS), cell(row, LEVELS))
        if not key[0]:
            raise InputError(f"{row.place}: the subject is blank; name it")
        if key in keys:
            whose = f" by {rater}" if rater else ""
            raise InputError(f"{row.place}: {' '.join(key).strip()}{whose} is there twice; leave one of them")
        keys[key] = row
    cells = {column: {key: row[column] for key, row in keys.items()} for column in columns}
    places = {key: row.place for key, row in keys.items()}
    return GradingTable(
        Source(path.name, sha256(path.read_bytes())), columns, bool(known & set(LEVELS)), cells, places
    )


def _columns(sheet: Sheet) -> tuple[str, ...]:
    """Return the names of the gradings."""
    if not {name.lower() for name in sheet.columns} & set(SUBJECTS):
        raise InputError(f"{sheet.path}: no column {' or '.join(SUBJECTS)}; it has {some(sheet.columns)}")
    other = (*SUBJECTS, *LEVELS, *RATERS, *IGNORED)
    columns = tuple(name for name in sheet.columns if name.lower() not in other)
    if not columns:
        raise InputError(f"{sheet.path}: no column of gradings beside the subject; it has {some(sheet.columns)}")
    return columns


def cell(row: Record, names: tuple[str, ...]) -> str:
    """Return the text of the first of several columns, in whatever case it is spelt."""
    found = {name.lower(): name for name in row.cells}
    return next((row[found[name]] for name in names if name in found), "")
