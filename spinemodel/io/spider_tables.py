"""The two tables of SPIDER, ``overview.csv`` and ``radiological_gradings.csv``, as they are spelt.

``birth_date`` holds ages, ``sex`` has blanks at its end in some rows, and ``PixelSpacing`` is a Python list as text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Final

from spinemodel.errors import InputError
from spinemodel.io.sheets import Record, Typed, decimal, needed, read_sheet, whole
from spinemodel.vertebrae.datasets.spider_rows import (
    BINARY,
    GRADED,
    SEQUENCES,
    SUBSETS,
    Sex,
    SpiderGrading,
    SpiderSeries,
)
from spinemodel.vertebrae.datasets.summary import some

OVERVIEW: Final = "overview.csv"
GRADINGS: Final = "radiological_gradings.csv"

_SEXES: Final[dict[str, Sex | None]] = {"F": "F", "M": "M", "": None}
_NAMED: Final = ("new_file_name", "num_vertebrae", "num_discs", "sex", "birth_date", "subset")
_SCANNED: Final = ("Manufacturer", "ManufacturerModelName", "MagneticFieldStrength", "PixelSpacing", "SliceThickness")
_MOST: Final = 99
"""Most vertebrae or discs. A choice: above any spine, below any label of the masks."""


def read_overview(path: Path) -> Typed[SpiderSeries]:
    """Return the series of SPIDER's overview.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or a cell is not what its column holds.
    """
    sheet = read_sheet(path, required=(*_NAMED, *_SCANNED))
    series = tuple(_series(row) for row in sheet.rows)
    return Typed(series, tuple(_overview_notes(sheet.rows, series)))


def _series(row: Record) -> SpiderSeries:
    """Return one row of the overview."""
    name = row["new_file_name"]
    parts = re.fullmatch(r"(\d+)_(\w+)", name)
    if parts is None:
        expected = "expected <patient>_<sequence>, such as 12_t2"
        raise InputError(f"{row.place}, column new_file_name: {name!r}; {expected}")
    if row["sex"] not in _SEXES:
        raise InputError(f"{row.place}, column sex: {row['sex']!r}; expected F, M or blank")
    return SpiderSeries(
        name=name,
        patient=int(parts.group(1)),
        sequence=parts.group(2),
        num_vertebrae=whole(row, "num_vertebrae", 0, _MOST, "a number of vertebrae"),
        num_discs=whole(row, "num_discs", 0, _MOST, "a number of discs"),
        sex=_SEXES[row["sex"]],
        age=decimal(row, "birth_date", 0, 120, "an age in years, which this column of SPIDER holds,"),
        subset=row["subset"],
        manufacturer=row["Manufacturer"],
        model=row["ManufacturerModelName"],
        field_t=decimal(row, "MagneticFieldStrength", 0.01, 20, "a field strength, tesla,"),
        in_plane_mm=_spacing(row),
        slice_mm=decimal(row, "SliceThickness", 0.01, 100, "a thickness, mm,"),
        step_mm=decimal(row, "SpacingBetweenSlices", 0.01, 100, "a distance of slices, mm,"),
        acquisition=row["MRAcquisitionType"],
        description=row["SeriesDescription"],
    )


def _spacing(row: Record) -> tuple[float, float] | None:
    """Return the two numbers of ``PixelSpacing``, read as a literal and never run."""
    text = row["PixelSpacing"]
    if not text:
        return None
    try:
        first, second = (float(value) for value in ast.literal_eval(text))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        first = second = float("nan")
    if not (isfinite(first) and isfinite(second) and min(first, second) > 0):
        raise InputError(f"{row.place}, column PixelSpacing: {text!r}; expected two sizes, mm, such as [0.5, 0.5]")
    return first, second


def _overview_notes(rows: Sequence[Record], series: Sequence[SpiderSeries]) -> list[str]:
    """Return what is odd about the cells of an overview."""
    blanks = sum(row.cells["sex"] != row["sex"] for row in rows)
    others = {one.subset or "(blank)" for one in series} - set(SUBSETS)
    unknown = {one.sequence for one in series} - set(SEQUENCES)
    notes = [
        (blanks, f"sex has blanks round it in {blanks} rows, which are ignored"),
        (others, f"subset {some(sorted(others))}; SPIDER has {' and '.join(SUBSETS)}"),
        (unknown, f"sequence {some(sorted(unknown))}; SPIDER has {', '.join(SEQUENCES)}"),
    ]
    return [f"{OVERVIEW}: {note}" for found, note in notes if found]


def read_gradings(path: Path) -> Typed[SpiderGrading]:
    """Return the discs that SPIDER's radiologist graded, in the file's order.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or a cell is not what its column holds.
    """
    columns = ("Patient", "IVD label", *BINARY.values(), *(column for column, _, _ in GRADED.values()))
    sheet = read_sheet(path, required=columns)
    rows = tuple(_grading(row) for row in sheet.rows)
    blank = [column for column in columns if not all(row[column] for row in sheet.rows)]
    told = [f"{column} ({sum(not row[column] for row in sheet.rows)})" for column in blank]
    note = f"{GRADINGS}: blank cells in {some(told, most=len(columns))}, not counted as graded"
    return Typed(rows, (note,) if blank else ())


def _grading(row: Record) -> SpiderGrading:
    """Return one row of the gradings."""
    seen = {name: whole(row, column, 0, 1, "0 or 1,") for name, column in BINARY.items()}
    grades = {name: whole(row, column, low, high, "a grade") for name, (column, low, high) in GRADED.items()}
    return SpiderGrading(
        patient=needed(row, "Patient", 0, 10**6, "a patient's number"),
        level=needed(row, "IVD label", 0, _MOST, "a disc's number from below"),
        modic=grades["modic"],
        pfirrmann=grades["pfirrmann"],
        **{name: None if value is None else bool(value) for name, value in seen.items()},
    )
