"""What several raters said of several subjects: grades or measured numbers, with those that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.arrays import FloatArray, IntArray, freeze
from spinemodel.errors import InputError

Grade: TypeAlias = str | float | None
"""A name, a number, or nothing."""

MISSING: Final = ("", "n/a", "na", "nan")
"""Text that stands for a missing grading, in capitals too; ``n/a`` is that of BIDS tables, ``NA`` that of R."""


@dataclass(frozen=True, eq=False)
class Gradings:
    """A table of gradings.

    Attributes
    ----------
    subjects
        Name of each row: subjects, or whatever was graded, such as discs.
    raters
        Name of each column. What a rater graded again is a column of its own.
    values
        (n, m) grades; not a number where one is missing. Read-only.
    grades
        Names of grades 0, 1, ... where they are names; empty where they are numbers.
    ordered
        Whether values tell which grades are near each other.
    groups
        Subject of each row, where several rows are of one, such as its levels; empty where each row is a subject. Rows
        of one subject are not independent: intervals are over subjects, which count with all their rows.
    """

    subjects: tuple[str, ...]
    raters: tuple[str, ...]
    values: FloatArray
    grades: tuple[str, ...] = ()
    ordered: bool = True
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy the values and refuse a table that does not fit its names."""
        object.__setattr__(self, "values", freeze(self.values))
        shape = (len(self.subjects), len(self.raters))
        if self.values.shape != shape:
            raise InputError(f"gradings: got values {self.values.shape}, expected {shape}: subjects and raters")
        if self.groups and len(self.groups) != len(self.subjects):
            raise InputError(f"gradings: {len(self.groups)} groups for {len(self.subjects)} rows; give one for each")
        if np.isinf(self.values).any():
            raise InputError("gradings: a value is infinite; expected numbers, or nan where one is missing")
        for what, names in (("subject", self.subjects), ("rater", self.raters)):
            twice = [name for name, times in Counter(names).items() if times > 1]
            if twice:
                raise InputError(f"gradings: {what} {twice[0]!r} occurs twice; give every {what} a name of its own")


def gradings(table: Mapping[str, Mapping[str, Grade]], order: Sequence[str] | None = None) -> Gradings:
    """Return a table of what raters said, by rater and subject.

    Parameters
    ----------
    table
        Grade of each subject, by rater. A subject that a rater does not have, None, nan, ``""``, ``"n/a"`` and
        ``"NA"`` are missing. Text that is a number counts as one, unless ``order`` is given.
    order
        Names of all grades, ascending, where they are names with an order. Without it, names have none.

    Raises
    ------
    InputError
        If there is no rater, names and numbers are mixed, a name is not in the order, or is there twice.

    Examples
    --------
    >>> table = {"A": {"sub-01": "mild", "sub-02": "severe"}, "B": {"sub-01": "none"}}
    >>> gradings(table, ["none", "mild", "severe"]).values.tolist()
    [[1.0, 0.0], [2.0, nan]]
    """
    if not table:
        raise InputError("gradings: there is no rater; expected at least one")
    subjects = tuple(dict.fromkeys(subject for column in table.values() for subject in column))
    cells = [[_stripped(column.get(subject)) for column in table.values()] for subject in subjects]
    given = [cell for row in cells for cell in row if cell is not None]
    if order is None and all(_is_number(cell) for cell in given):
        numbers = [[nan if cell is None else float(cell) for cell in row] for row in cells]
        return Gradings(subjects, tuple(table), np.array(numbers, dtype=float).reshape(len(subjects), len(table)))
    grades = tuple(str(each) for each in order) if order is not None else _names(given)
    if len(set(grades)) < len(grades):
        raise InputError(f"gradings: the order {', '.join(grades)} has a grade twice; name each once, ascending")
    code = {name: float(rank) for rank, name in enumerate(grades)}
    unknown = [_text(cell) for cell in given if _text(cell) not in code]
    if unknown:
        raise InputError(f"gradings: {unknown[0]!r} is none of the grades {', '.join(grades)}; mend it or the order")
    coded = [[nan if cell is None else code[_text(cell)] for cell in row] for row in cells]
    values = np.array(coded, dtype=float).reshape(len(subjects), len(table))
    return Gradings(subjects, tuple(table), values, grades, order is not None)


def graded(
    rows: ArrayLike,
    raters: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    groups: Sequence[str] = (),
) -> Gradings:
    """Return a table of numbers, (n, m), nan where one is missing; raters and subjects are numbered if not named.

    Groups are those of :class:`Gradings`.

    Examples
    --------
    >>> graded([[1, 2], [3, 3], [2, float("nan")]]).raters
    ('1', '2')
    """
    values = np.asarray(rows, dtype=np.float64)
    if values.ndim != 2:
        raise InputError(f"gradings: got values {values.shape}, expected (n, m): a row for each subject")
    names = [
        tuple(str(n + 1) for n in range(size)) if given is None else tuple(given)
        for given, size in zip((subjects, raters), values.shape, strict=True)
    ]
    return Gradings(names[0], names[1], values, groups=tuple(groups))


def _stripped(cell: Grade) -> str | float | None:
    """Return a cell without what stands for nothing."""
    if isinstance(cell, str):
        return None if cell.strip().lower() in MISSING else cell.strip()
    return None if cell is None or isnan(cell) else float(cell)


def _text(cell: str | float) -> str:
    """Return a cell as a name."""
    return cell if isinstance(cell, str) else f"{cell:g}"


def _is_number(cell: str | float) -> bool:
    """Return whether a cell is a number, or text that is one."""
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _names(given: Sequence[str | float]) -> tuple[str, ...]:
    """Return the names of grades without order, sorted."""
    numbers = [cell for cell in given if _is_number(cell)]
    if numbers:
        raise InputError(f"gradings: both names and numbers, such as {numbers[0]}; give the order of all grades")
    return tuple(sorted({_text(cell) for cell in given}))


class Complete(NamedTuple):
    """Subjects without missing gradings: values (n, m), which rows they are, and how many were left out."""

    values: FloatArray
    rows: IntArray
    left_out: int


def complete(found: Gradings, raters: Sequence[str] | None = None) -> Complete:
    """Return the subjects that all raters graded, or those named.

    Raises
    ------
    InputError
        If a rater is unknown.
    """
    chosen = found.raters if raters is None else raters
    unknown = [name for name in chosen if name not in found.raters]
    if unknown:
        raise InputError(f"gradings: no rater {unknown[0]!r}; there are {', '.join(found.raters)}")
    values = found.values[:, [found.raters.index(name) for name in chosen]]
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    return Complete(values[rows], rows, len(values) - len(rows))


def groups_of(found: Gradings, rows: IntArray) -> tuple[str, ...] | None:
    """Return the subject of each of some rows; None where each row is a subject."""
    return tuple(found.groups[row] for row in rows) if found.groups else None


def subjects_in(found: Gradings, rows: IntArray) -> int:
    """Return how many subjects some rows are of.

    Examples
    --------
    >>> subjects_in(Gradings(("a L4", "a L5", "b L5"), ("1",), [[1], [2], [3]], groups=("a", "a", "b")), [0, 1])
    1
    """
    return len(set(groups_of(found, rows) or rows))


def require_order(found: Gradings, what: str) -> None:
    """Raise unless values tell which grades are near each other."""
    if not found.ordered:
        names = ", ".join(found.grades)
        raise InputError(f"{what}: the grades {names} have no order; give it when the table is made")


def counts(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distinct values, (k,), ascending, and how many raters gave each to each subject, (n, k)."""
    levels = np.unique(values[~np.isnan(values)])
    return levels, (values[:, :, None] == levels).sum(axis=1).astype(np.float64)
