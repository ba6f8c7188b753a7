"""Recruitment as tables: fibres, curves, shares and selectivity as TSV, each with a JSON that explains its columns.

Numbers have six significant digits. What is not known, or not reached, is ``n/a``, BIDS's word: a current that was not
reached up to ``up_to_mA`` has no number, and the column says how far was looked.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from spinemodel import __version__
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, one_line, reason, sha256
from spinemodel.io.recruitment_columns import COLUMNS, OUTCOMES, Kind
from spinemodel.io.sidecar import relative
from spinemodel.io.tables import Row
from spinemodel.recruitment.curves import (
    SHARES,
    RecruitmentCurve,
    current_at,
    lowest_threshold,
    merged_amplitudes,
    share_at,
)
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.recruitment.selectivity import Selectivity
from spinemodel.recruitment.thresholds import Outcome

MISSING: Final = "n/a"

SAMPLES: Final = 101
"""Currents at which shares are written unless told, from the lowest to the highest threshold, evenly in ratio."""

Stimulus: TypeAlias = tuple[str, str]
"""A montage and a pulse."""


def write_table(
    path: Path,
    kind: Kind,
    rows: Sequence[Row],
    *,
    space: str = "",
    sources: Iterable[Path] = (),
    parameters: Mapping[str, object] | None = None,
) -> None:
    """Write rows of a kind as TSV, and the JSON beside it; the same ones give the same bytes.

    Parameters
    ----------
    path
        ``.tsv``; the JSON has its stem.
    kind
        Which table.
    rows
        Such as those of :func:`fibre_rows`; cells in the order of the kind's columns.
    space
        Name of the coordinate space.
    sources
        Files that it was made from.
    parameters
        How; what JSON can hold.

    Raises
    ------
    InputError
        If the name is not of a TSV, a source cannot be read, or the place cannot be written to.
    """
    if path.suffix.lower() != ".tsv":
        raise InputError(f"{path}: expected a name that ends in .tsv")
    sidecar = _sidecar(path, kind, space, sources, dict(parameters or {}))
    lines = ["\t".join(COLUMNS[kind]), *("\t".join(row.values()) for row in rows)]
    with atomic(path.with_suffix(".json"), spoilt=[path]) as temporary:
        temporary.write_text(sidecar, encoding="utf-8")
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sidecar(path: Path, kind: Kind, space: str, sources: Iterable[Path], parameters: dict[str, object]) -> str:
    """Return what the table at ``path`` is, as JSON: columns as in BIDS, and what a volume's sidecar has."""
    try:
        hashes = {relative(source, path.parent): sha256(source.read_bytes()) for source in sources}
    except OSError as problem:
        raise InputError(f"{problem.filename}: cannot be read ({problem.strerror})") from None
    record = {
        **{name: {"Description": text} for name, text in COLUMNS[kind].items()},
        "Description": f"made by spinemodel, {kind}; Parameters say how",
        "Sources": list(hashes),
        "Space": space,
        "Frame": "RAS",
        "Unit": "mm",
        "SourceSHA256": hashes,
        "Parameters": parameters,
        "GeneratedBy": {"Name": "spinemodel", "Version": __version__},
    }
    return json.dumps(record, indent=1, allow_nan=False) + "\n"


def fibre_rows(tables: Iterable[FibreTable]) -> list[Row]:
    """Return a row for every fibre in every montage."""
    return [row for table in tables for row in _fibre_rows(table)]


def _fibre_rows(table: FibreTable) -> list[Row]:
    """Return a row for every fibre."""
    names = zip(table.fibres, table.roots, table.classes, table.models, strict=True)
    before = np.column_stack([table.diameter_um, table.weight, table.threshold_mA])
    after = np.column_stack([table.site, table.latency_ms])
    tried = [cell(table.up_to_mA), cell(table.tolerance)]
    return [
        _row("fibres", [table.montage, table.pulse, *own, *map(cell, before[i]), OUTCOMES[Outcome(table.outcome[i])],
                        *map(cell, after[i]), *tried])
        for i, own in enumerate(names)
    ]  # fmt: skip


def curve_rows(of: Iterable[RecruitmentCurve]) -> list[Row]:
    """Return a row for every curve; multiples are of the lowest threshold among those of its montage and pulse."""
    groups: dict[Stimulus, list[RecruitmentCurve]] = {}
    for curve in of:
        groups.setdefault((curve.montage, curve.pulse), []).append(curve)
    return [_curve_row(curve, group) for group in groups.values() for curve in group]


def _curve_row(curve: RecruitmentCurve, group: Sequence[RecruitmentCurve]) -> Row:
    """Return the row of a curve among those of its montage and pulse."""
    counts = [curve.counts.get(outcome, 0) for outcome in Outcome]
    units = 1.0, lowest_threshold(group), lowest_threshold(group, curve.fibre_class)
    currents = [current_at(curve, share) / unit for unit in units for share in SHARES]
    numbers = [lowest_threshold([curve]), *currents, curve.up_to_mA]
    return _row("curves", [*_group(curve), *map(str, [sum(counts), *counts]), *map(cell, numbers)])


def share_rows(of: Iterable[RecruitmentCurve], amplitude_mA: FloatArray | None = None) -> list[Row]:
    """Return a row for every curve at every current (m,) mA, by default from the lowest threshold to the highest."""
    curves = list(of)
    steps = merged_amplitudes(curves)
    if amplitude_mA is None:
        amplitude_mA = np.geomspace(steps[0], steps[-1], SAMPLES) if len(steps) else np.empty(0)
    return [
        _row("shares", [*_group(curve), cell(amplitude), cell(share)])
        for curve in curves
        for amplitude, share in zip(amplitude_mA, share_at(curve, amplitude_mA), strict=True)
    ]


def selectivity_rows(found: Iterable[Selectivity]) -> list[Row]:
    """Return a row for every selectivity."""
    return [
        _row("selectivity", [one.montage, one.pulse, " ".join(one.targets), one.fibre_class, one.formula,
                             *map(cell, (*one.best, *one.at_half)), " ".join(one.unknown)])
        for one in found
    ]  # fmt: skip


def _group(curve: RecruitmentCurve) -> list[str]:
    """Return what a curve is of."""
    return [curve.montage, curve.pulse, curve.target, curve.fibre_class]


def _row(kind: Kind, cells: Sequence[str]) -> Row:
    """Return cells by their columns."""
    return dict(zip(COLUMNS[kind], cells, strict=True))


def cell(number: float) -> str:
    """Return a number with six significant digits, ``n/a`` where it is none.

    Examples
    --------
    >>> cell(0.123456789), cell(np.inf)
    ('0.123457', 'n/a')
    """
    return f"{number:.6g}" if np.isfinite(number) else MISSING


def read_rows(path: Path, kind: Kind) -> list[Row]:
    """Return the rows of a table.

    Raises
    ------
    InputError
        If the file cannot be read, or has other columns.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a table of {kind}") from None
    except (OSError, ValueError, csv.Error) as problem:
        raise InputError(f"{path}: cannot be read as a table of {kind} ({reason(problem)})") from None
    if tuple(header) != tuple(COLUMNS[kind]) or any(len(cells) != len(header) for cells in lines):
        raise InputError(f"{path}: no table of {kind}; expected the columns {', '.join(COLUMNS[kind])}")
    return [_row(kind, cells) for cells in lines]


def read_fibres(path: Path) -> tuple[FibreTable, ...]:
    """Return the fibres of a table, those of each montage and pulse together.

    Raises
    ------
    InputError
        If the table or the JSON beside it cannot be read, or a cell is not what its column holds.
    """
    groups: dict[Stimulus, list[Row]] = {}
    for row in read_rows(path, "fibres"):
        groups.setdefault((row["montage"], row["pulse"]), []).append(row)
    sidecar = path.with_suffix(".json")
    try:
        space = str(json.loads(sidecar.read_text(encoding="utf-8"))["Space"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(f"{sidecar}: cannot be read ({reason(problem)}); expected what the table is") from None
    try:
        return tuple(_table(space, *stimulus, rows) for stimulus, rows in groups.items())
    except (ValueError, KeyError) as problem:
        raise InputError(f"{path}: {one_line(problem)}; expected numbers, {MISSING}, and outcomes as written") from None


def _table(space: str, montage: str, pulse: str, rows: Sequence[Row]) -> FibreTable:
    """Return the fibres of one montage and pulse."""
    outcomes = {name: int(outcome) for outcome, name in OUTCOMES.items()}
    return FibreTable(
        montage=montage,
        pulse=pulse,
        space=space,
        fibres=tuple(row["fibre"] for row in rows),
        roots=tuple(row["root"] for row in rows),
        classes=tuple(row["class"] for row in rows),
        models=tuple(row["model"] for row in rows),
        diameter_um=_numbers(rows, "diameter_um"),
        weight=_numbers(rows, "weight"),
        threshold_mA=_numbers(rows, "threshold_mA"),
        outcome=np.array([outcomes[row["outcome"]] for row in rows]),
        latency_ms=_numbers(rows, "latency_ms"),
        site=np.column_stack([_numbers(rows, f"site_{axis}_mm") for axis in "xyz"]),
        up_to_mA=float(rows[0]["up_to_mA"]),
        tolerance=float(rows[0]["tolerance"]),
    )


def _numbers(rows: Sequence[Row], column: str) -> FloatArray:
    """Return the numbers of a column, NaN where there is none."""
    return np.array([np.nan if row[column] == MISSING else float(row[column]) for row in rows])
