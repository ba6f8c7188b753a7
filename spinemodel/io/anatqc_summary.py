"""The table of all images whose quality was measured: ``anatqc/quality.tsv``, which the dataset does not have.

One row per image and measure, with the ``settings`` that it was measured with and a ``note`` of why a measure is not
defined and what is doubtful of the image, such as the model's place. What an earlier call wrote stays: rows of an image
are replaced where it is measured again, and left out where its own tables are gone.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from spinemodel.errors import InputError
from spinemodel.io.anatqc import ImageName, anatqc_folder, anatqc_paths
from spinemodel.io.files import one_line
from spinemodel.io.tables import Row, write_rows


def summary_path(out: Path) -> Path:
    """Return the table of all images of a dataset."""
    return anatqc_folder(out) / "quality.tsv"


def merge_summary(out: Path, rows: Sequence[Row]) -> list[Row]:
    """Write the table of all images: those of ``rows``, and of the table so far those that are not measured again.

    An image whose own tables are gone is left out.

    Parameters
    ----------
    out
        As for :func:`anatqc_folder`.
    rows
        With ``subject`` and ``image``, all of the same columns.

    Returns
    -------
    list of Row
        What was written, by subject and image.

    Raises
    ------
    InputError
        If the table so far has other columns.
    """
    path, now = summary_path(out), {(row["subject"], row["image"]) for row in rows}
    before = read_summary(path, tuple(rows[0])) if path.exists() else []
    kept = [row for row in before if (row["subject"], row["image"]) not in now and _is_there(out, row)]
    merged = sorted([*kept, *rows], key=lambda row: (row["subject"], row["image"]))
    write_rows(path, merged)
    return merged


def _is_there(out: Path, row: Row) -> bool:
    """Return whether the tables of an image are there."""
    return all(path.exists() for path in anatqc_paths(out, name_in(row)).values())


def name_in(row: Row) -> ImageName:
    """Return the image of a row of the table of all images."""
    return ImageName(row["image"], row["subject"], row["sequence"])


def read_summary(path: Path, expected: Sequence[str]) -> list[Row]:
    """Return the rows of the table of all images.

    Raises
    ------
    InputError
        If it cannot be read, or has other columns than expected.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, delimiter="\t")
            names, rows = list(table.fieldnames or ()), list(table)
    except (OSError, ValueError, csv.Error) as problem:
        raise InputError(f"{path}: cannot be read as a table ({one_line(problem)}); move it away") from None
    if "settings" in expected and names == [name for name in expected if name != "settings"]:
        raise InputError(f"{path}: written before settings were kept, so nothing is added to it; move it away")
    if names != list(expected) or any(None in (*row, *row.values()) for row in rows):
        raise InputError(f"{path}: not the table that this command writes, so nothing is added to it; move it away")
    return rows
