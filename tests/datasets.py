"""Tables of SPIDER and VerSe written in the published layouts, and where the published ones lie."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest

SERIES = {
    "new_file_name": "7_t2_SPACE",
    "num_vertebrae": "7",
    "num_discs": "8",
    "sex": "F ",
    "birth_date": "59.0",
    "subset": "validation",
    "MRAcquisitionType": "3D",
    "MagneticFieldStrength": "1.5",
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Aera",
    "PixelSpacing": "[.46875, .5]",
    "SeriesDescription": "T2_space_sag_c4",
    "SliceThickness": "0.9",
    "SpacingBetweenSlices": "1.0",
}
GRADING = {
    "Patient": "7",
    "IVD label": "2",
    "Modic": "2",
    "UP endplate": "1",
    "LOW endplate": "0",
    "Spondylolisthesis": "0",
    "Disc herniation": "1",
    "Disc narrowing": "0",
    "Disc bulging": "1",
    "Pfirrman grade": "4",
}


def written(path: Path, *rows: dict[str, str], without: str = "") -> Path:
    """A table of rows, perhaps without a column."""
    columns = [column for column in rows[0] if column != without]
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    return path


LEVELS = [*(f"T{i}" for i in range(1, 13)), *(f"L{i}" for i in range(1, 7))]
SHEET_HEADING = [
    *("verse_ID", "subject_ID", "CT_device", "Res", "BMD", "N_Fx"),
    *(f"{level}_fx-{what}" for level in LEVELS for what in "sg"),
]


def sheet_row(verse: object, found: dict[str, tuple[object, object]], **cells: object) -> list[object]:
    """One row of the sheet, blank but for what is given."""
    values = {"verse_ID": verse, **cells}
    for level, (shape, grade) in found.items():
        values |= {f"{level}_fx-s": shape, f"{level}_fx-g": grade}
    return [values.get(column) for column in SHEET_HEADING]


def sheet_book(path: Path, *rows: list[object], heading=SHEET_HEADING, title="VerSe_dataset") -> Path:
    """A workbook in the published layout: a first sheet that is another, and the table."""
    made = openpyxl.Workbook()
    made.active.title = "Legend"
    sheet = made.create_sheet(title)
    for line in (heading, *rows):
        sheet.append(line)
    made.save(path)
    return path


def centroids(path: Path, labels: Iterable[int], missing: Iterable[int] = ()) -> Path:
    """Body centres of labels, and of others that have no place."""
    marks = [{"label": label, "X": 1.5, "Y": float(label), "Z": 2.0} for label in labels]
    marks += [{"label": label, "X": float("nan"), "Y": 1.0, "Z": 2.0} for label in missing]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"direction": ["P", "I", "R"]}, *marks]))
    return path


def published_spider() -> Path:
    """Folder of SPIDER's two published tables, or skip."""
    root = Path(__file__).parents[1] / os.environ.get("SPINEMODEL_DATA", "../shared/data")
    folder = (root / "spider_tables").resolve()
    if not folder.exists():
        pytest.skip("no spider_tables in the data folder; set SPINEMODEL_DATA to the folder that holds it")
    return folder
