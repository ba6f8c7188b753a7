"""Rows of text by column, printed as tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from spinemodel.cli.show import console
from spinemodel.io.tables import Row

if TYPE_CHECKING:
    from spinemodel.anatomy.segments import Span

MARKS: Final = {"extrapolated": "*", "derived": "'"}
"""Say in print which levels nobody marked; files have a column for it."""

ORIGIN: Final = "_origin"
"""Ends the name of the column that says where the level in the column before comes from."""


def named(column: str, span: Span | None) -> Row:
    """Return a span's name and origin, dashes for none."""
    return {column: span.name if span else "-", column + ORIGIN: span.origin if span else "-"}


def print_rows(title: str, rows: Sequence[Row], numbers: Collection[str] = ()) -> None:
    """Print rows as a table; lengths in mm, and the columns called ``numbers``, are set to the right."""
    from rich import box
    from rich.table import Table

    printed = [_printed(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in printed[0] if printed else ():
        numeric = column.endswith(" mm") or column in numbers
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column != "structures")
    for line in printed:
        table.add_row(*line.values())
    console.print(title, table)


def _printed(row: Row) -> Row:
    """Return a row as it is printed: levels from head to foot in one column, with marks in place of origins."""
    line: Row = {}
    for column, text in row.items():
        if column.endswith(ORIGIN):
            continue
        marked = text + MARKS.get(row.get(column + ORIGIN, ""), "")
        kind, _, end = column.rpartition("_")
        if end == "to":
            line[kind] += f" to {marked}" if marked != line[kind] else ""
        else:
            line[kind if end == "from" else column.replace("_", " ")] = marked
    return line

