"""The tables that say what a dataset holds, and how to count for them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Line: TypeAlias = dict[str, str]
"""One row of a table: text by column."""


@dataclass(frozen=True)
class SummaryTable:
    """One table of a summary.

    Attributes
    ----------
    name
        One word, as its file is called.
    title
        What its rows count, and of what.
    rows
        Of equal columns. The columns called ``texts`` hold words, all others numbers.
    texts
        See above.
    """

    name: str
    title: str
    rows: tuple[Line, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """What a dataset holds: tables, and what was odd in its files, one sentence each."""

    dataset: str
    tables: tuple[SummaryTable, ...]
    notes: tuple[str, ...]


def table(name: str, title: str, rows: Iterable[Line], texts: Sequence[str]) -> SummaryTable:
    """Return a table; without rows it has none, and :func:`filled` leaves it out."""
    return SummaryTable(name, title, tuple(rows), tuple(texts))


def filled(tables: Iterable[SummaryTable]) -> tuple[SummaryTable, ...]:
    """Return the tables that have rows."""
    return tuple(each for each in tables if each.rows)


def numbers(counts: Mapping[str, int]) -> Line:
    """Return counts as text."""
    return {column: str(count) for column, count in counts.items()}


def spread(values: Sequence[float], digits: int = 1) -> Line:
    """Return how many values there are, their mean, SD and range; dashes where there are too few.

    The SD is that of a sample, with one less than the number of values below the line.

    Examples
    --------
    >>> spread([40.0, 50.0, 60.0])
    {'known': '3', 'mean': '50.0', 'SD': '10.0', 'min': '40.0', 'max': '60.0'}
    >>> spread([40.0])["SD"]
    '-'
    """
    least, most = (min(values), max(values)) if values else (None, None)
    mean = statistics.fmean(values) if values else None
    deviation = statistics.stdev(values) if len(values) > 1 else None
    columns = {"mean": mean, "SD": deviation, "min": least, "max": most}
    told = {column: "-" if value is None else f"{value:.{digits}f}" for column, value in columns.items()}
    return {"known": str(len(values)), **told}


def published_rows(pairs: Iterable[tuple[str, int, int]]) -> list[Line]:
    """Return rows of a quantity, its count here, as published, and what is more here.

    Examples
    --------
    >>> published_rows([("scans", 159, 160)])
    [{'quantity': 'scans', 'here': '159', 'published': '160', 'difference': '-1'}]
    """
    rows = []
    for what, here, told in pairs:
        more = f"{here - told:+d}" if here != told else "0"
        rows.append({"quantity": what, "here": str(here), "published": str(told), "difference": more})
    return rows


def some(names: Iterable[object], most: int = 12) -> str:
    """Return names separated by commas, the first few where there are many.

    Examples
    --------
    >>> some([3, 1]), some("abcd", most=2)
    ('3, 1', 'a, b and 2 more')
    """
    words = [str(name) for name in names]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
