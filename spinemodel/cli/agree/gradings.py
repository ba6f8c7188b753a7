"""Gradings compared: kappa, alpha, ICC and Bland-Altman of every column that two raters have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.agreement.bland_altman import BlandAltman
from spinemodel.agreement.kappa import CONSTANT
from spinemodel.agreement.reliability import FLAT
from spinemodel.cli.agree.grading_columns import (
    Column,
    columns_of,
    graded_keys,
    names_of,
    read_gradings,
    require_alike,
    require_distinct,
    require_order_used,
)
from spinemodel.cli.agree.grading_page import draw_gradings, of_all, sections_of
from spinemodel.cli.agree.grading_statistics import limits_of, statistics
from spinemodel.cli.show import step
from spinemodel.errors import InputError
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.agreement.gradings import bland_altman_row
from spinemodel.io.grading_tables import GradingTable
from spinemodel.io.tables import Row
from spinemodel.report.agreement_page import Findings
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request


def compare_gradings(request: Request) -> Callable[[Path], Findings]:
    """Read and compare the gradings; return what writes the findings into a folder."""
    require_distinct(request.order)
    with step("Reading tables"):
        read = {rater: read_gradings(path, rater, request.subjects) for rater, path in request.paths.items()}
    require_alike(read, request)
    names = [name for name in names_of(read) if sum(name in each.columns for each in read.values()) > 1]
    if not names:
        held = "; ".join(f"{rater} has {some(each.columns)}" for rater, each in read.items())
        raise InputError(f"no grading that two raters gave: {held}; name columns of one thing alike")
    columns = [column for name in names for column in columns_of(name, read, request)]
    require_order_used(columns, request.order)
    rows: list[Row] = []
    limits: list[tuple[Column, BlandAltman]] = []
    for column in columns:
        with step(f"Comparing {column.name}"):
            rows += statistics(column, request.draws)
            limits += [(column, each) for each in limits_of(column, request.draws)]
    return partial(_report, request, read, rows, limits, _notes(read, names, columns))


def _notes(read: Mapping[str, GradingTable], names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Return what some lack, and which gradings are constant."""
    every = sorted({key for table in read.values() for key in graded_keys(table)})
    notes = [f"{name}: graded by one rater alone; not compared" for name in names_of(read) if name not in names]
    for rater, table in read.items():
        if lacking := [" ".join(key).strip() for key in every if key not in graded_keys(table)]:
            notes.append(f"{rater}: no grading of {some(lacking)}")
    for name, level, found in columns:
        values = {value for value in found.values.ravel() if not isnan(value)}
        where = name if level == ALL else f"{name}, {level}"
        if len(values) == 1:
            notes.append(f"{where}: {CONSTANT}; kappa and alpha are undefined, and {FLAT}")
        if not found.ordered:
            notes.append(f"{where}: grades {', '.join(found.grades)} have no order; give it with --order")
    return notes


def _report(
    request: Request,
    read: Mapping[str, GradingTable],
    rows: list[Row],
    limits: Sequence[tuple[Column, BlandAltman]],
    notes: list[str],
    folder: Path,
) -> Findings:
    """Draw the figures and return tables and page."""
    tables = {
        "gradings": rows,
        "bland_altman": [bland_altman_row(column.name, column.level, each) for column, each in limits],
    }
    pictures, missing = draw_gradings(folder, limits) if request.figures else ([], [])
    subjects = list(dict.fromkeys(subject for table in read.values() for subject, _ in sorted(graded_keys(table))))
    every = [*notes, *missing]
    sections = sections_of(request.paths, subjects, tables, pictures, every)
    columns = ("grading", "statistic", "value", "low", "high", "subjects")
    shown = [{key: row[key] for key in columns} for row in of_all(rows)]
    sources = {rater: [table.source] for rater, table in read.items()}
    whose = f"Gradings by {', '.join(request.paths)}"
    return Findings(tables, sections, sources, subjects, (whose, shown), every)
