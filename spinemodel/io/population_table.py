"""A population as a table beside the potentials along its fibres, whose file holds the paths."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.io.files import one_line
from spinemodel.io.tables import Row, write_rows
from spinemodel.recruitment.population import Population

COLUMNS: Final = ("fibre", "root", "rootlet", "class", "model", "column_mm", "diameter_um", "first_mm", "weight")


def write_population(population: Population, path: Path) -> None:
    """Write a row for each fibre; numbers are written in full, so that they are read as they were."""
    write_rows(path, [_row(population, i) for i in range(len(population))])


def _row(population: Population, i: int) -> Row:
    """Return what is written of a fibre."""
    names = (population.names[i], population.roots[i], population.paths[i].rootlet, population.classes[i])
    numbers = (population.paths[i].column_mm, population.diameter_um[i], population.first_mm[i], population.weight[i])
    cells = (*names, population.models[i], *(repr(float(one)) for one in numbers))
    return dict(zip(COLUMNS, cells, strict=True))


def read_population(path: Path, potentials: FibrePotentials) -> Population:
    """Return the population of a table, on the paths along which potentials are known.

    Raises
    ------
    InputError
        If the table cannot be read, or is not of these fibres.
    """
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        if tuple(row["fibre"] for row in rows) != potentials.names:
            raise InputError(f"{path}: not of the fibres whose potentials are given; write both again")
        return _population(rows, potentials)
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror})") from None
    except (KeyError, ValueError, TypeError) as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"{path}: no table of fibres ({one_line(problem)}); expected {', '.join(COLUMNS)}") from None


def _population(rows: Sequence[Row], potentials: FibrePotentials) -> Population:
    """Return the population of rows."""
    text = {name: tuple(row[name] for row in rows) for name in COLUMNS}
    numbers = {name: [float(cell) for cell in text[name]] for name in COLUMNS[-3:]}
    return Population(
        space=potentials.space,
        names=text["fibre"],
        roots=text["root"],
        classes=text["class"],
        models=text["model"],  # type: ignore[arg-type]
        paths=tuple(_path(row, potentials) for row in rows),
        **numbers,  # type: ignore[arg-type]
    )


def _path(row: Row, potentials: FibrePotentials) -> FibrePath:
    """Return the path of a fibre."""
    points = potentials.points[potentials.part(row["fibre"])]
    return FibrePath(row["fibre"], row["root"], row["rootlet"], potentials.space, points, float(row["column_mm"]))
