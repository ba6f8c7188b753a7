"""What is printed of compared markers: roots by level, and contours and ganglia, each pooled over all else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.cli.agree.marker_yardsticks import whole
from spinemodel.io.agreement.cells import ALL, NONE
from spinemodel.io.tables import Row

NOT_ITS: Final = "-"
"""Stands in a cell of a measure that a structure does not have."""


def shown_rows(rows: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Return one table of roots, contours and ganglia, of all pairs together where there are several."""
    return [
        *(_shown("roots", row, row["n"]) for row in _by_level(rows["roots_pooled"])),
        *(_shown(row["structure"], row, row["slices"]) for row in whole(rows["contours_pooled"])),
        *(_shown("ganglia", row, row["n"]) for row in whole(rows["ganglia_pooled"])),
    ]


def _by_level(pooled: Sequence[Row]) -> list[Row]:
    """Return the distances of all levels together and of each."""
    between = [row for row in pooled if row["second"] != CONSENSUS]
    chosen = [row for row in between if row["first"] == ALL] or between
    return [row for row in chosen if row["subject"] == row["side"] == ALL]


def _shown(structure: str, row: Row, count: str) -> Row:
    """Return a row as it is printed: ``n`` counts points, of contours slices."""
    kept = {column: row[column] for column in ("mean_mm", "sd_mm", "largest_mm")}
    name = structure if row["level"] == ALL else f"{structure} {row['level']}"
    dice = row.get("dice", NOT_ITS if structure in ("roots", "ganglia") else NONE)
    return {"first": row["first"], "second": row["second"], "structure": name, **kept, "dice": dice, "n": count}
