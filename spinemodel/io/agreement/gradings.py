"""Gradings: a statistic a row, and bias and limits of agreement of two raters."""

from __future__ import annotations

from spinemodel.agreement.bland_altman import BlandAltman
from spinemodel.agreement.estimate import Estimate
from spinemodel.io.agreement.cells import estimate_cells, number
from spinemodel.io.tables import Row


def estimate_row(grading: str, level: str, raters: str, found: Estimate) -> Row:
    """Return a statistic of gradings."""
    name, _, how = found.method.partition("; interval: ")
    return {
        "grading": grading,
        "level": level,
        "statistic": name,
        "raters": raters,
        "value": number(found.value),
        **estimate_cells(found),
        "left_out": str(found.left_out),
        "interval": how,
    }


def bland_altman_row(grading: str, level: str, found: BlandAltman) -> Row:
    """Return bias and limits of agreement of two raters, in the grading's own unit."""
    row = {"grading": grading, "level": level, "first": found.first, "second": found.second}
    row |= {"rows": str(len(found.rows)), "sd": number(found.sd)}
    for name in ("bias", "lower", "upper", "slope"):
        each: Estimate = getattr(found, name)
        row[name] = number(each.value)
        row |= {f"{name}_{end}": number(getattr(each, end)) for end in ("low", "high")}
    reasons = dict.fromkeys(each.reason for each in (found.bias, found.lower, found.slope) if each.reason)
    return {**row, "subjects": str(found.bias.n), "reason": "; ".join(reasons)}
