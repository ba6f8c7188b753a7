"""The sheet of fractures and bone mineral density that goes with VerSe 2019, as xlsx or saved as csv.

One row per scan: ``verse_ID`` (a number), ``subject_ID``, ``CT_device``, ``Res``, ``BMD``, ``N_Fx`` and, for every
thoracic and lumbar level, ``T1_fx-s`` (shape) and ``T1_fx-g`` (grade), 0 to 3; ``x`` is foreign material and blank not
graded. It is ``ryai190138_appendixe1.xlsx`` of Löffler et al. 2020, sheet ``VerSe_dataset``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from spinemodel.errors import InputError
from spinemodel.io.sheets import WORKBOOKS, Record, Sheet, Typed, decimal, read_sheet, whole
from spinemodel.vertebrae.datasets.summary import some
from spinemodel.vertebrae.datasets.verse_rows import Finding, Graded, VerseScan, fracture_grade, verse_id
from spinemodel.vertebrae.names import LADDER

SHEET: Final = "VerSe_dataset"
"""The sheet's name in the published workbook."""

KEY: Final = "verse_ID"
OTHERS: Final = ("subject_ID", "CT_device", "Res", "BMD", "N_Fx")

_LEVEL: Final = re.compile(r"([CTL]\d{1,2})_fx-([sg])")


def read_verse_sheet(path: Path, sheet: str | None = None) -> Typed[VerseScan]:
    """Return the scans of VerSe's sheet.

    Rows without a number of a scan, such as sums and legends below the table, are left out and named in the notes;
    so are pairs of cells that do not fit each other, and counts that differ from the grades.

    Parameters
    ----------
    path
        The workbook, or a text of it.
    sheet
        Of a workbook; by default ``VerSe_dataset``.

    Raises
    ------
    InputError
        If the file cannot be read, has no such sheet or columns, or a cell is not what its column holds.
    """
    wanted = sheet or (SHEET if path.suffix.lower() in WORKBOOKS else None)
    table = read_sheet(path, required=[KEY], sheet=wanted)
    levels = _levels(table)
    kept = [row for row in table.rows if _is_scan(row)]
    scans = tuple(_scan(row, levels) for row in kept)
    notes = [*_absent(table, kept), *_unpaired(kept, levels), *_inconsistent(scans), *_miscounted(scans)]
    return Typed(scans, tuple(notes))


def _levels(table: Sheet) -> list[str]:
    """Return the levels that have columns, from head to foot; each must have one of shape and one of grade."""
    found = {match.groups() for name in table.columns if (match := _LEVEL.fullmatch(name))}
    levels = [level for level in LADDER if {(level, "s"), (level, "g")} & found]
    lacking = [f"{level}_fx-{what}" for level in levels for what in "sg" if (level, what) not in found]
    if lacking or not levels:
        raise InputError(f"{table.path}: no column {some(lacking or ['T1_fx-s, T1_fx-g and so on'])}; add it")
    return levels


def _is_scan(row: Record) -> bool:
    """Return whether a row is a scan's: it has a name of one word and says something of it."""
    return re.fullmatch(r"[\w-]+", row[KEY]) is not None and sum(bool(row[column]) for column in row.cells) > 1


def _scan(row: Record, levels: Sequence[str]) -> VerseScan:
    """Return one row of the sheet."""
    findings = {level: finding for level in levels if (finding := _finding(row, level)) is not None}
    return VerseScan(
        verse_id=verse_id(row[KEY]),
        subject_id=row["subject_ID"],
        device=row["CT_device"],
        resolution=row["Res"],
        bmd=decimal(row, "BMD", -200, 1000, "a density, mg/cm3,"),
        n_fractures=whole(row, "N_Fx", 0, len(LADDER), "a number of fractures"),
        fractures=findings,
    )


def _finding(row: Record, level: str) -> Finding | None:
    """Return what the two cells of a level say."""
    shape, grade = f"{level}_fx-s", f"{level}_fx-g"
    if "x" in (row[shape].lower(), row[grade].lower()):
        return "foreign"
    meaning = "x for foreign material, or a number"
    numbers = Graded(whole(row, shape, 0, 3, meaning), whole(row, grade, 0, 3, meaning))
    return None if numbers == Graded(None, None) else numbers


def _absent(table: Sheet, kept: Iterable[Record]) -> Iterator[str]:
    """Yield what of the table is not there: columns, and rows that are no scan."""
    name = table.path.name
    if lacking := [column for column in OTHERS if column not in table.columns]:
        yield f"{name}: no column {some(lacking)}, so what it holds is not counted"
    places = {row.place for row in kept}
    for row in table.rows:
        if row.place not in places:
            text = " ".join(filter(None, (row[column] for column in row.cells)))
            yield f"{row.place.replace(str(table.path), name)}: no scan, left out ({text[:60]})"


def _unpaired(rows: Iterable[Record], levels: Sequence[str]) -> Iterator[str]:
    """Yield levels where one cell says foreign material and the other gives a number."""
    both = [(row, level, {row[f"{level}_fx-{what}"].lower() for what in "sg"}) for row in rows for level in levels]
    mixed = [f"{verse_id(row[KEY])} {level}" for row, level, texts in both if "x" in texts and texts - {"x", ""}]
    if mixed:
        yield f"taken as foreign material though one cell of the two has a number: {some(mixed)}"


def _inconsistent(scans: Sequence[VerseScan]) -> Iterator[str]:
    """Yield levels with a shape of fracture and no grade, or the reverse, and scans that have two rows."""
    found = [(scan.verse_id, level, finding) for scan in scans for level, finding in _graded(scan.fractures)]
    half = [f"{scan} {level}" for scan, level, pair in found if bool(pair.shape) != bool(pair.grade)]
    if half:
        yield f"shape and grade do not fit each other (one says fracture, the other not): {some(half)}"
    names = [scan.verse_id for scan in scans]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        yield f"several rows of {some(twice)}, each counted"


def _graded(fractures: Mapping[str, Finding]) -> Iterator[tuple[str, Graded]]:
    """Yield the levels without foreign material."""
    yield from ((level, finding) for level, finding in fractures.items() if isinstance(finding, Graded))


def _miscounted(scans: Iterable[VerseScan]) -> Iterator[str]:
    """Yield where the sheet's number of fractures is not that of its grades above 0."""
    differing = []
    for scan in scans:
        count = sum(fracture_grade(finding) > 0 for finding in scan.fractures.values())
        if scan.n_fractures not in (None, count):
            differing.append(f"{scan.verse_id} ({scan.n_fractures}, graded {count})")
    if differing:
        yield f"N_Fx is not the number of grades above 0 in {len(differing)} scans: {some(differing)}"
