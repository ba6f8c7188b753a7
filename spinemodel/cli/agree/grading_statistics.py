"""Which statistics serve for a column of gradings, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.agreement.bland_altman import BlandAltman, bland_altman
from spinemodel.agreement.estimate import Estimate
from spinemodel.agreement.gradings import Gradings
from spinemodel.agreement.kappa import cohen_kappa, fleiss_kappa
from spinemodel.agreement.krippendorff import krippendorff_alpha
from spinemodel.agreement.reliability import icc
from spinemodel.cli.agree.grading_columns import Column
from spinemodel.io.agreement.gradings import estimate_row
from spinemodel.io.tables import Row

if TYPE_CHECKING:
    from spinemodel.agreement.bootstrap import Draws

GRADES: Final = 10
"""Numbers are grades, for kappa, where all are whole and no more than so many differ. A choice: scales in use, such as
Pfirrmann's 1 to 5, have fewer, and measured lengths more."""

def statistics(column: Column, draws: Draws) -> list[Row]:
    """Return every statistic that serves for the kind of values."""
    found, every = column.found, ", ".join(column.found.raters)
    graded = _is_graded(found)
    each: list[tuple[str, Estimate]] = []
    if graded:
        for one, other in combinations(found.raters, 2):
            weights = ("equal", "linear", "quadratic") if found.ordered else ("equal",)
            each += [(f"{one}, {other}", cohen_kappa(found, one, other, weights=w, draws=draws)) for w in weights]  # type: ignore[arg-type]
        each.append((every, fleiss_kappa(found, draws=draws)))
        each.append((every, krippendorff_alpha(found, "nominal", draws=draws)))
    if found.ordered:
        each.append((every, krippendorff_alpha(found, "ordinal" if graded else "interval", draws=draws)))
    if found.ordered and not found.grades:
        each += [(every, icc(found, form, draws=draws)) for form in ("2,1", "3,1")]
    return [estimate_row(column.name, column.level, raters, estimate) for raters, estimate in each]


def _is_graded(found: Gradings) -> bool:
    """Return whether values are grades, which kappa is for, and not measured numbers."""
    values = np.unique(found.values[~np.isnan(found.values)])
    return bool(found.grades) or (len(values) <= GRADES and bool((values == np.round(values)).all()))


def limits_of(column: Column, draws: Draws) -> Iterator[BlandAltman]:
    """Yield the limits of agreement of every two raters, where values are numbers."""
    if column.found.grades:
        return
    for one, other in combinations(column.found.raters, 2):
        yield bland_altman(column.found, one, other, draws=draws)
