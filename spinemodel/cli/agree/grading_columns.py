"""The gradings that raters gave, a column at a time, whole and level by level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from spinemodel.agreement.gradings import MISSING, Gradings, gradings
from spinemodel.errors import InputError
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.marker_tables import GradingTable, read_grading_table
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request


class Column(NamedTuple):
    """A grading: what raters said, at one level or of all rows, and the subject of each row."""

    name: str
    level: str
    found: Gradings
    groups: tuple[str, ...] | None


def read_gradings(path: Path, subjects: Sequence[str]) -> GradingTable:
    """Return what one rater graded, of the subjects that are asked for."""
    table = read_grading_table(path)
    if not subjects:
        return table
    wanted = {name for subject in subjects for name in (subject, f"sub-{subject}")}
    return replace(
        table,
        cells={
            name: {key: text for key, text in by.items() if key[0] in wanted} for name, by in table.cells.items()
        },
    )


def names_of(read: Mapping[str, GradingTable]) -> list[str]:
    """Return the names of all gradings."""
    return list(dict.fromkeys(name for each in read.values() for name in each.columns))


def graded_keys(table: GradingTable) -> set[tuple[str, str]]:
    """Return subject and level of every row that has a grading."""
    return {key for cells in table.cells.values() for key, text in cells.items() if text.strip().lower() not in MISSING}


def require_alike(read: Mapping[str, GradingTable], request: Request) -> None:
    """Refuse a table without a grading, rows of different kinds, and tables without a common subject."""
    for rater, table in read.items():
        if not graded_keys(table):
            where = f"of {', '.join(request.subjects)}" if request.subjects else "in any row"
            raise InputError(f"{request.paths[rater]}: no grading {where}; fill in the table or leave {rater} out")
    if len({table.has_levels for table in read.values()}) > 1:
        without = next(rater for rater, table in read.items() if not table.has_levels)
        raise InputError(f"{request.paths[without]}: no column level, which others have; add it")
    counted = [key for table in read.values() for key in graded_keys(table)]
    if len(set(counted)) == len(counted):
        graded = {rater: sorted({subject for subject, _ in graded_keys(table)}) for rater, table in read.items()}
        held = "; ".join(f"{rater} has {some(subjects, most=4)}" for rater, subjects in graded.items())
        raise InputError(f"no subject that two raters graded: {held}; call subjects and levels alike")


def columns_of(name: str, read: Mapping[str, GradingTable], request: Request) -> Iterator[Column]:
    """Yield a grading of all rows, and of each level where rows are levels."""
    cells = {rater: table.cells[name] for rater, table in read.items() if name in table.columns}
    order = request.order if _are_words(cells, request.order) else None
    keys = list(dict.fromkeys(key for by in cells.values() for key in by))
    whole = {rater: {" ".join(key).strip(): text for key, text in by.items()} for rater, by in cells.items()}
    found = gradings(whole, order)
    several = any(level for _, level in keys)
    yield Column(name, ALL, found, tuple(subject for subject, _ in keys) if several else None)
    for level in sorted({level for _, level in keys}) if several else ():
        place = [row for row, key in enumerate(keys) if key[1] == level]
        subjects = tuple(keys[row][0] for row in place)
        yield Column(name, level, replace(found, subjects=subjects, values=found.values[place]), None)


def _are_words(cells: Mapping[str, Mapping[tuple[str, str], str]], order: Sequence[str]) -> bool:
    """Return whether all gradings are of the given order."""
    given = {text.strip() for by in cells.values() for text in by.values() if text.strip().lower() not in MISSING}
    return bool(order) and given <= set(order)
