"""What the yardsticks are laid beside: distances pooled over all subjects, and the spacing of slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.correspondence import slices_of
from spinemodel.cli.agree.marker_files import Drawn
from spinemodel.io.agreement.cells import ALL, NONE
from spinemodel.io.tables import Row


def measures_of(rows: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """Return mean and largest distance between raters, of roots, contours and ganglia."""
    found: dict[str, float] = {}
    for name, title in (("roots_pooled", "roots"), ("contours_pooled", ""), ("ganglia_pooled", "ganglia")):
        for row in whole(rows[name]):
            what = f"{title or row['structure']}, {who(row)}"
            found |= {f"{what}, {each}": _value(row[f"{each}_mm"]) for each in ("mean", "largest")}
    return found


def whole(rows: Sequence[Row]) -> list[Row]:
    """Return what is pooled over all but the raters: every pair of them, or where there are several, all together."""
    pooled = [row for row in rows if row["second"] != CONSENSUS and {row["subject"], row["level"]} == {ALL}]
    whole = [row for row in pooled if row.get("side", ALL) == ALL]
    return [row for row in whole if row["first"] == ALL] or whole


def who(row: Row) -> str:
    """Return whose distances a row pools, for a sentence."""
    return "all pairs" if row["first"] == ALL else f"{row['first']} and {row['second']}"


def _value(text: str) -> float:
    return float("nan") if text == NONE else float(text)


def slice_spacing(drawn: Drawn) -> dict[str, float]:
    """Return the usual distance of slices, where any annotation tells it."""
    steps = [slices_of(annotation).spacing_mm for by in drawn.values() for annotation in by.values()]
    known = [step for step in steps if isfinite(step)]
    return {"slice": float(np.median(known))} if known else {}
