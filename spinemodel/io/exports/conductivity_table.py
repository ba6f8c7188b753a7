"""Conductivities of every part as a table that spreadsheets and simulators read."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from spinemodel.field.conductivity import material_of
from spinemodel.io.exports.contents import Contents, ExportedFile
from spinemodel.io.files import atomic

WHAT = "conductivity of every part, S/m, with its source and whether a document that states it was read"


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows as comma-separated values (RFC 4180, but for line feeds), whole or not at all."""
    with atomic(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def conductivity_row(contents: Contents, name: str) -> dict[str, object]:
    """Return what a table says of a part.

    Raises
    ------
    InputError
        If no conductivities were named.
    """
    value = contents.conductivities[name]
    return {
        "name": name,
        "material": material_of(name),
        "along": f"{value.along:.9g}",
        "across": f"{value.across:.9g}",
        "isotropic": f"{value.isotropic:.9g}",
        "unit": "S/m",
        "source": value.source,
        "verified": "yes" if value.verified else "no",
    }


def write_conductivities(contents: Contents, folder: Path) -> ExportedFile:
    """Write ``conductivities.csv`` of every part of the partition.

    Raises
    ------
    InputError
        If no conductivities were named, or the model has no tissues.
    """
    path = Path("conductivities.csv")
    write_csv(folder / path, [conductivity_row(contents, name) for name in contents.partition.labels])
    return ExportedFile(path, WHAT)
