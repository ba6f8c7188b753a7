"""The gradings that raters gave, a column at a time, whole and level by level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from spinemodel.agreement.gradings import MISSING, Gradings, gradings
from spinemodel.errors import InputError
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.grading_tables import GradingTable, Key, raters_in, read_grading_table
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request


class Column(NamedTuple):
    """A grading: what raters said, at one level or of all rows."""

    name: str
    level: str
    found: Gradings


def read_gradings(path: Path, rater: str, subjects: Sequence[str]) -> GradingTable:
    """Return what one rater graded, of the subjects that are asked for."""
    table = read_grading_table(path, rater if raters_in(path) else None)
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
    order = _order(name, cells, request.order)
    if order is None:
        _require_one_kind(name, cells, read)
    keys = list(dict.fromkeys(key for by in cells.values() for key in by))
    whole = {rater: {" ".join(key).strip(): text for key, text in by.items()} for rater, by in cells.items()}
    found = gradings(whole, order)
    several = any(level for _, level in keys)
    yield Column(name, ALL, replace(found, groups=tuple(subject for subject, _ in keys)) if several else found)
    for level in sorted({level for _, level in keys}) if several else ():
        place = [row for row, key in enumerate(keys) if key[1] == level]
        subjects = tuple(keys[row][0] for row in place)
        yield Column(name, level, replace(found, subjects=subjects, values=found.values[place]))


def _order(name: str, cells: Mapping[str, Mapping[Key, str]], order: Sequence[str]) -> Sequence[str] | None:
    """Return the order that is asked for where it is that of a grading's words; None where it is of others.

    Raises
    ------
    InputError
        If it lacks some of the words.
    """
    given = {text for _, _, text in _given(cells)}
    lacking = sorted(given - set(order))
    if not order or (lacking and (not given & set(order) or all(map(_is_number, given)))):
        return None
    if lacking:
        raise InputError(f"--order {','.join(order)}: column {name} has {some(lacking)} too; name all, ascending")
    return order


def _require_one_kind(name: str, cells: Mapping[str, Mapping[Key, str]], read: Mapping[str, GradingTable]) -> None:
    """Refuse a grading of both names and numbers, and say which cell is the odd one."""
    given = list(_given(cells))
    numbers = [each for each in given if _is_number(each[2])]
    words = [each for each in given if not _is_number(each[2])]
    if numbers and words:
        few, kind, others = (numbers, "number", "words") if len(numbers) < len(words) else (words, "word", "numbers")
        rater, key, text = few[0]
        raise InputError(
            f"{read[rater].places[key]}, column {name}: {text!r} is a {kind}, {len(given) - len(few)} others are "
            f"{others}; mend it, or give the order of all grades with --order"
        )


def _given(cells: Mapping[str, Mapping[Key, str]]) -> Iterator[tuple[str, Key, str]]:
    """Yield every grading that is not missing, with its rater, subject and level."""
    for rater, by in cells.items():
        for key, text in by.items():
            if text.strip().lower() not in MISSING:
                yield rater, key, text.strip()


def _is_number(text: str) -> bool:
    """Return whether text is a finite number."""
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def require_distinct(order: Sequence[str]) -> None:
    """Refuse an order that has a grade twice: its rank could not be told."""
    twice = [grade for grade in dict.fromkeys(order) if order.count(grade) > 1]
    if twice:
        raise InputError(f"--order {','.join(order)}: {twice[0]} is there twice; name each grade once, ascending")


def require_order_used(columns: Sequence[Column], order: Sequence[str]) -> None:
    """Refuse an order that is of no grading."""
    if order and not any(column.found.grades and column.found.ordered for column in columns):
        words = {column.name: column.found.grades for column in columns if column.found.grades}
        held = "; ".join(f"{name} has {some(grades)}" for name, grades in words.items()) or "all are numbers"
        raise InputError(f"--order {','.join(order)}: no grading has these grades; {held}")
