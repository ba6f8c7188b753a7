"""Tables that people keep in spreadsheets: csv, tsv and xlsx, read as text with the place of every cell for errors."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar

from spinemodel.errors import InputError
from spinemodel.io.files import one_line
from spinemodel.vertebrae.datasets.summary import some

WORKBOOKS: Final = (".xlsx", ".xlsm")
TEXTS: Final = (".csv", ".tsv", ".txt")
DELIMITERS: Final = ",;\t"
"""What may part the cells of a text: the one that its heading has most of. Spreadsheets in Germany write ``;``."""

_Line: TypeAlias = tuple[int, Sequence[str]]
"""Number of a line in its file, from 1, and its cells."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Record:
    """One row of a sheet.

    Attributes
    ----------
    place
        File and row, to begin the line of an error.
    cells
        Text by column; empty where the cell is.
    """

    place: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the text of a cell in one line, no spaces round it; empty where the sheet has no such column."""
        return " ".join(self.cells.get(column, "").split())


@dataclass(frozen=True)
class Sheet:
    """A table of text: its columns in order and its rows that are not blank."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Record, ...]


@dataclass(frozen=True)
class Typed(Generic[_T]):
    """The rows of a sheet as what they mean, and what was odd about them, one sentence each."""

    rows: tuple[_T, ...]
    notes: tuple[str, ...]


def read_sheet(path: Path, required: Collection[str] = (), sheet: str | None = None) -> Sheet:
    """Return a table as text; numbers of a workbook as a spreadsheet shows them, whole ones without ``.0``.

    The first line that is not blank is the heading. Columns without a heading are left out.

    Parameters
    ----------
    path
        ``.csv``, ``.tsv``, ``.txt``, ``.xlsx`` or ``.xlsm``.
    required
        Columns that must be there.
    sheet
        Which sheet of a workbook; by default its first. A text has none.

    Raises
    ------
    InputError
        If the file cannot be read, has no such sheet, lacks a column or has one twice, or a line of a text has more
        cells than the heading.
    """
    lines = _lines_of(path, sheet)
    number, first = next(lines, (0, ()))
    if not number:
        raise InputError(f"{path}: no line that is not blank; expected a table with the names of its columns")
    columns = [name.strip() for name in first]
    _require_columns(path, columns, required)
    rows = (_record(path, line, columns) for line in lines)
    return Sheet(path, tuple(filter(None, columns)), tuple(row for row in rows if any(row[name] for name in columns)))


def heading(path: Path) -> list[str]:
    """Return the names of the columns of a text; none where it cannot be read as a table."""
    try:
        _, cells = next(iter(_text_lines(path)), (0, []))
    except InputError:
        return []
    return [cell.strip() for cell in cells]


def has_sheet(path: Path, sheet: str) -> bool:
    """Return whether a workbook has a sheet of a name; not where it cannot be read."""
    try:
        return sheet in _workbook(path, None)[0]
    except InputError:
        return False


def _lines_of(path: Path, sheet: str | None) -> Iterator[_Line]:
    """Yield the lines of a file that are not blank."""
    suffix = path.suffix.lower()
    if suffix not in WORKBOOKS + TEXTS:
        raise InputError(f"{path}: ends in {suffix or 'nothing'}; expected a table: {', '.join(TEXTS + WORKBOOKS)}")
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a table")
    lines = _workbook_lines(path, sheet) if suffix in WORKBOOKS else _text_lines(path)
    return (line for line in lines if any(cell.strip() for cell in line[1]))


def _text_lines(path: Path) -> Iterator[_Line]:
    """Yield the lines of a csv or tsv as they are read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = next((line for line in file if line.strip()), "")
            file.seek(0)
            table = csv.reader(file, delimiter=max(DELIMITERS, key=first.count), strict=True)
            for cells in table:
                yield table.line_num, cells
    except (OSError, ValueError, csv.Error) as problem:
        raise InputError(f"{path}: cannot be read as a table ({one_line(problem)}); save it as UTF-8 text") from None


def _workbook_lines(path: Path, sheet: str | None) -> Iterator[_Line]:
    """Yield the lines of one sheet of a workbook."""
    names, rows = _workbook(path, lambda names: names[0] if sheet is None else sheet)
    if sheet is not None and sheet not in names:
        raise InputError(f"{path}: no sheet {sheet!r}; it has {', '.join(names)}")
    yield from ((number, [_text_of(value) for value in row]) for number, row in enumerate(rows, start=1))


def _workbook(path: Path, choose: Callable[[list[str]], str] | None) -> tuple[list[str], list[Sequence[object]]]:
    """Return the names of a workbook's sheets and the rows of a chosen one, formulas as the values saved with them."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of extensions that a table does not need
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            names = book.sheetnames
            wanted = choose(names) if choose else ""
            if wanted in names:
                book[wanted].reset_dimensions()  # some programs write a wrong size of the sheet
            rows: list[Sequence[object]] = [*book[wanted].iter_rows(values_only=True)] if wanted in names else []
            book.close()
    except Exception as problem:  # openpyxl raises whatever the broken part of a file leads it to
        raise InputError(f"{path}: not a readable workbook ({one_line(problem)}); save it again as xlsx") from None
    return names, rows


def _text_of(value: object) -> str:
    """Return a cell as a spreadsheet shows it; it holds 15 digits of a number."""
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _require_columns(path: Path, columns: Sequence[str], required: Collection[str]) -> None:
    """Refuse a heading that lacks a column or has one twice."""
    twice = [name for name, count in Counter(filter(None, columns)).items() if count > 1]
    if twice:
        raise InputError(f"{path}: several columns {some(twice)}; give each its own name")
    missing = [name for name in required if name not in columns]
    if missing:
        found = some([name for name in columns if name], most=10) or "none"
        raise InputError(f"{path}: no column {some(missing, most=10)}; it has {found}")


def _record(path: Path, line: _Line, columns: Sequence[str]) -> Record:
    """Return a line by its columns; cells to the right of all headings are refused in a text, where lines may slip."""
    number, cells = line
    beyond = [cell for cell in cells[len(columns) :] if cell.strip()]
    if beyond:
        many = f"{len(cells)} cells under {len(columns)} columns"
        raise InputError(f"{path}, row {number}: {many}; put text that holds the delimiter in quotes")
    held = {name: text for name, text in zip_longest(columns, cells[: len(columns)], fillvalue="") if name}
    return Record(f"{path}, row {number}", held)


def decimal(row: Record, column: str, low: float, high: float, meaning: str) -> float | None:
    """Return a cell's number, None where it is blank.

    Raises
    ------
    InputError
        If it is no number from ``low`` to ``high``; the line names file, row, column and meaning.
    """
    text = row[column]
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        wanted = f"expected {meaning} from {low:g} to {high:g}, or blank"
        raise InputError(f"{row.place}, column {column}: {text!r}; {wanted}")
    return value


def whole(row: Record, column: str, low: int, high: int, meaning: str) -> int | None:
    """Return a cell's whole number, None where it is blank; errors as for :func:`decimal`."""
    value = decimal(row, column, low, high, meaning)
    if value is not None and not value.is_integer():
        raise InputError(f"{row.place}, column {column}: {row[column]!r}; expected {meaning}, a whole number, or blank")
    return None if value is None else int(value)


def needed(row: Record, column: str, low: int, high: int, meaning: str) -> int:
    """Return a cell's whole number, which must be there; errors as for :func:`decimal`."""
    value = whole(row, column, low, high, meaning)
    if value is None:
        raise InputError(f"{row.place}, column {column}: blank; expected {meaning}")
    return value
