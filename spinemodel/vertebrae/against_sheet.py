"""Fracture grades beside those of a sheet that radiologists filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from spinemodel.agreement.estimate import Estimate
from spinemodel.agreement.gradings import graded
from spinemodel.agreement.kappa import cohen_kappa
from spinemodel.vertebrae.datasets.verse_rows import Graded, VerseScan


@dataclass(frozen=True)
class Pair:
    """One vertebra, graded by the program and on the sheet.

    Attributes
    ----------
    scan, level
        Which vertebra.
    found, sheet
        Grade, or why there is none.
    """

    scan: str
    level: str
    found: int | str
    sheet: int | str


@dataclass(frozen=True)
class GradeAgreement:
    """How far grades agree over the vertebrae that both graded.

    Attributes
    ----------
    pairs
        How many.
    same, fractured
        Share with the same grade, and with the same answer to whether it is fractured (grade 1 or more).
    kappa
        Cohen's, quadratically weighted, with its interval over vertebrae: those of one scan count as if they were of
        different people, so that it is somewhat too narrow. Where there is no value or no interval it says why.
    table
        (4, 4) counts by found and sheet grade.
    """

    pairs: int
    same: float
    fractured: float
    kappa: Estimate
    table: tuple[tuple[int, ...], ...]


def pair_grades(scan: str, grades: Mapping[str, int | str], sheet: VerseScan) -> list[Pair]:
    """Return every vertebra of which both say something: a grade, or why there is none.

    Parameters
    ----------
    scan
        Its name.
    grades
        By level: the grade, or why there is none.
    sheet
        The scan's row.
    """
    told = {level: _told(row) for level, row in sheet.fractures.items()}
    return [Pair(scan, level, grades[level], told[level]) for level in grades if level in told]


def _told(row: Graded | str) -> int | str:
    """Return the sheet's grade, or why it has none."""
    if isinstance(row, str):
        return f"{row} material"
    return "not graded" if row.grade is None else row.grade


def agreement(pairs: Iterable[Pair]) -> GradeAgreement | None:
    """Return how far the grades agree; None where no vertebra was graded by both."""
    both = np.array([(p.found, p.sheet) for p in pairs if isinstance(p.found, int) and isinstance(p.sheet, int)])
    if not len(both):
        return None
    table = np.zeros((4, 4), dtype=int)
    np.add.at(table, tuple(both.T), 1)
    return GradeAgreement(
        pairs=len(both),
        same=float((both[:, 0] == both[:, 1]).mean()),
        fractured=float(((both[:, 0] > 0) == (both[:, 1] > 0)).mean()),
        kappa=cohen_kappa(graded(both, ["found", "sheet"]), "found", "sheet", weights="quadratic"),
        table=tuple(tuple(row) for row in table.tolist()),
    )
