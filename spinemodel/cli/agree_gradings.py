"""Gradings compared: kappa, alpha, ICC and Bland-Altman of every column that two raters have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spinemodel.agreement.bland_altman import BlandAltman, bland_altman
from spinemodel.agreement.estimate import Estimate
from spinemodel.agreement.gradings import MISSING, Gradings, gradings
from spinemodel.agreement.kappa import CONSTANT, cohen_kappa, fleiss_kappa
from spinemodel.agreement.krippendorff import krippendorff_alpha
from spinemodel.agreement.reliability import FLAT, icc
from spinemodel.cli.show import step
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io import agreement_tables as tables
from spinemodel.io.agreement_tables import ALL
from spinemodel.io.marker_tables import GradingTable, read_grading_table
from spinemodel.io.tables import Row
from spinemodel.report import agreement_figures as figures
from spinemodel.report.agreement_page import Findings, Picture, Section, Table
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinemodel.agreement.bootstrap import Draws
    from spinemodel.cli.agree import Request

GRADES: Final = 10
"""Numbers are grades, for kappa, where all are whole and no more than so many differ. A choice: scales in use, such as
Pfirrmann's 1 to 5, have fewer, and measured lengths more."""

TOGETHER: Final = "rows of one subject are not independent; see each level for intervals"

TERMS: Final = {
    "Cohen's kappa": "Agreement of two raters beyond chance: 1 is full agreement, 0 what chance gives. Weighted kappa "
    "counts a disagreement by the distance of the two grades (linear), or by its square (quadratic).",
    "Fleiss' kappa": "The same for any number of raters, chance drawn from all gradings together.",
    "Krippendorff's alpha": "The same for any number of raters, with missing gradings; nominal, ordinal or interval "
    "says how two values differ.",
    "ICC(2,1), ICC(3,1)": "Share of the variance of single measurements that is the subjects' own: for absolute "
    "agreement, where an offset between raters counts, and for consistency, where it does not (Shrout & Fleiss 1979).",
    "Bland-Altman": "Bias is the mean of first less second, in the grading's own unit; 95 % of differences lie between "
    "the limits where they are normal. The slope is the change of the difference per unit of the mean: where it is not "
    "near 0, neither bias nor limits are one number.",
    "Undefined": "Where all gave one and the same grade, chance alone agrees fully and kappa and alpha are undefined; "
    "the reason stands in the table.",
}


class Column(NamedTuple):
    """A grading: what raters said, at one level or of all rows, and the subject of each row."""

    name: str
    level: str
    found: Gradings
    groups: tuple[str, ...] | None


def compare_gradings(request: Request) -> Callable[[Path], Findings]:
    """Read and compare the gradings; return what writes the findings into a folder."""
    with step("Reading tables"):
        read = {rater: _read(path, request.subjects) for rater, path in request.paths.items()}
    _require_alike(read, request)
    names = [name for name in _names(read) if sum(name in each.columns for each in read.values()) > 1]
    if not names:
        held = "; ".join(f"{rater} has {some(each.columns)}" for rater, each in read.items())
        raise InputError(f"no grading that two raters gave: {held}; name columns of one thing alike")
    columns = [column for name in names for column in _columns(name, read, request)]
    rows: list[Row] = []
    limits: list[tuple[Column, BlandAltman]] = []
    for column in columns:
        with step(f"Comparing {column.name}"):
            rows += _statistics(column, request.draws)
            limits += [(column, each) for each in _limits(column, request.draws)]
    return partial(_report, request, read, rows, limits, _notes(read, names, columns))


def _read(path: Path, subjects: Sequence[str]) -> GradingTable:
    """Return what one rater graded, of the subjects that are asked for."""
    table = read_grading_table(path)
    if not subjects:
        return table
    wanted = {name for subject in subjects for name in (subject, f"sub-{subject}")}
    return replace(
        table,
        cells={
            name: {key: text for key, text in by.items() if key[0] in wanted} for name, by in table.cells.items()
        },
    )


def _names(read: Mapping[str, GradingTable]) -> list[str]:
    return list(dict.fromkeys(name for each in read.values() for name in each.columns))


def _keys(table: GradingTable) -> set[tuple[str, str]]:
    return {key for cells in table.cells.values() for key, text in cells.items() if text.strip().lower() not in MISSING}


def _require_alike(read: Mapping[str, GradingTable], request: Request) -> None:
    """Refuse a table without a grading, rows of different kinds, and tables without a common subject."""
    for rater, table in read.items():
        if not _keys(table):
            where = f"of {', '.join(request.subjects)}" if request.subjects else "in any row"
            raise InputError(f"{request.paths[rater]}: no grading {where}; fill in the table or leave {rater} out")
    if len({table.has_levels for table in read.values()}) > 1:
        without = next(rater for rater, table in read.items() if not table.has_levels)
        raise InputError(f"{request.paths[without]}: no column level, which others have; add it")
    counted = [key for table in read.values() for key in _keys(table)]
    if len(set(counted)) == len(counted):
        held = "; ".join(f"{r} has {some(sorted({s for s, _ in _keys(table)}), most=4)}" for r, table in read.items())
        raise InputError(f"no subject that two raters graded: {held}; call subjects and levels alike")


def _columns(name: str, read: Mapping[str, GradingTable], request: Request) -> Iterator[Column]:
    """Yield a grading of all rows, and of each level where rows are levels."""
    cells = {rater: table.cells[name] for rater, table in read.items() if name in table.columns}
    order = request.order if _are_words(cells, request.order) else None
    keys = list(dict.fromkeys(key for by in cells.values() for key in by))
    whole = {rater: {" ".join(key).strip(): text for key, text in by.items()} for rater, by in cells.items()}
    found = gradings(whole, order)
    several = any(level for _, level in keys)
    yield Column(name, ALL, found, tuple(subject for subject, _ in keys) if several else None)
    for level in sorted({level for _, level in keys}) if several else ():
        place = [row for row, key in enumerate(keys) if key[1] == level]
        subjects = tuple(keys[row][0] for row in place)
        yield Column(name, level, replace(found, subjects=subjects, values=found.values[place]), None)


def _are_words(cells: Mapping[str, Mapping[tuple[str, str], str]], order: Sequence[str]) -> bool:
    """Return whether all gradings are of the given order."""
    given = {text.strip() for by in cells.values() for text in by.values() if text.strip().lower() not in MISSING}
    return bool(order) and given <= set(order)


def _is_graded(found: Gradings) -> bool:
    """Return whether values are grades, which kappa is for, and not measured numbers."""
    values = np.unique(found.values[~np.isnan(found.values)])
    return bool(found.grades) or (len(values) <= GRADES and bool((values == np.round(values)).all()))


def _statistics(column: Column, draws: Draws) -> list[Row]:
    """Return every statistic that serves for the kind of values."""
    found, every = column.found, ", ".join(column.found.raters)
    graded = _is_graded(found)
    each: list[tuple[str, Estimate]] = []
    if graded:
        for one, other in tables.pairs(found.raters):
            weights = ("equal", "linear", "quadratic") if found.ordered else ("equal",)
            each += [(f"{one}, {other}", cohen_kappa(found, one, other, weights=w, draws=draws)) for w in weights]  # type: ignore[arg-type]
        each.append((every, fleiss_kappa(found, draws=draws)))
        each.append((every, krippendorff_alpha(found, "nominal", draws=draws)))
    if found.ordered:
        each.append((every, krippendorff_alpha(found, "ordinal" if graded else "interval", draws=draws)))
    if found.ordered and not found.grades:
        each += [(every, icc(found, form, draws=draws)) for form in ("2,1", "3,1")]
    return [
        tables.estimate_row(column.name, column.level, raters, _pooled(estimate, column))
        for raters, estimate in each
    ]


def _pooled(found: Estimate, column: Column) -> Estimate:
    """Return an estimate of rows that are not independent without its interval, which would be too short."""
    if column.groups is None:
        return found
    graded = (~np.isnan(column.found.values)).sum(axis=1) > 1
    subjects = {subject for subject, known in zip(column.groups, graded, strict=True) if known}
    return replace(found, low=nan, high=nan, n=len(subjects), reason=found.reason or TOGETHER)


def _limits(column: Column, draws: Draws) -> Iterator[BlandAltman]:
    """Yield the limits of agreement of every two raters, where values are numbers."""
    if column.found.grades:
        return
    for one, other in tables.pairs(column.found.raters):
        yield bland_altman(column.found, one, other, groups=column.groups, draws=draws)


def _notes(read: Mapping[str, GradingTable], names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Return what some lack, and which gradings are constant."""
    every = dict.fromkeys(key for table in read.values() for key in _keys(table))
    notes = [f"{name}: graded by one rater alone; not compared" for name in _names(read) if name not in names]
    for rater, table in read.items():
        if lacking := [" ".join(key).strip() for key in every if key not in _keys(table)]:
            notes.append(f"{rater}: no grading of {some(lacking)}")
    for name, level, found, _ in columns:
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
    apart = [tables.bland_altman_row(column.name, column.level, each) for column, each in limits]
    pictures, missing = _pictures(folder, limits) if request.figures else ([], [])
    subjects = list(dict.fromkeys(subject for table in read.values() for subject, _ in sorted(_keys(table))))
    lead = f"Gradings of {len(subjects)} subjects by {', '.join(request.paths)}."
    every = [*notes, *missing]
    page = [{column: text for column, text in row.items() if column != "interval"} for row in rows]
    caption = (
        "Statistics with intervals over subjects; where one is missing, why. Intervals of ICC come from F "
        "distributions, all others from drawing subjects"
    )
    sections = [
        Section("In short", [lead], items=_key_lines(rows)),
        Section("Missing and constant", [] if every else ["Nothing is."], items=every),
        Section("Agreement beyond chance", tables=[Table("gradings", caption, page)]),
        Section("Differences", (), pictures, [
            Table("bland_altman", "Bias and limits of agreement, first less second, in the grading's own unit", apart)
        ]),
        Section("What the words mean", terms=TERMS),
    ]
    columns = ("grading", "statistic", "value", "low", "high", "subjects")
    shown = [{key: row[key] for key in columns} for row in _of_all(rows)]
    sources = {rater: [table.source] for rater, table in read.items()}
    whose = f"Gradings by {', '.join(request.paths)}"
    return Findings({"gradings": rows, "bland_altman": apart}, sections, sources, subjects, (whose, shown), every)


def _of_all(rows: Sequence[Row]) -> list[Row]:
    """Return the statistics of all raters together, levels too; of two raters these are all."""
    most = {row["grading"]: max(len(r["raters"]) for r in rows if r["grading"] == row["grading"]) for row in rows}
    return [row for row in rows if row["level"] == ALL and len(row["raters"]) == most[row["grading"]]]


def _key_lines(rows: Sequence[Row]) -> list[str]:
    """Return one statistic of each grading: absolute agreement of numbers that were measured, else alpha."""
    lines = []
    for grading in dict.fromkeys(row["grading"] for row in rows):
        own = [row for row in _of_all(rows) if row["grading"] == grading]
        alphas = [row for row in own if row["statistic"].startswith("Krippendorff")]
        is_graded = any("kappa" in row["statistic"] for row in own)
        row = (alphas if is_graded else [row for row in own if row["statistic"] == "ICC(2,1)"])[-1]
        ends = f"({row['low']} to {row['high']})" if row["low"] != tables.NONE else f"({row['reason']})"
        lines.append(f"{grading}: {row['statistic']} of {row['raters']} {row['value']} {ends}")
    return lines


def _pictures(folder: Path, limits: Sequence[tuple[Column, BlandAltman]]) -> tuple[list[Picture], list[str]]:
    """Draw the differences of all rows of each grading and pair; return a note where they cannot be drawn."""
    made = []
    for place, (column, each) in enumerate((c, e) for c, e in limits if c.level == ALL and len(e.means)):
        path = folder / "figures" / f"bland_altman_{place + 1}.svg"
        what = f"{column.name}: {each.first} less {each.second} over their mean"
        try:
            figures.draw_bland_altman(path, each, column.name)
        except BackendUnavailableError as missing:
            return [], [f"figures left out: {missing}"]
        caption = f"{what}. Line: bias; dashed: limits of agreement; bands: their intervals."
        made.append(Picture(path, caption, f"Bland-Altman plot of {what}; the numbers are in the table bland_altman."))
    return made, []
