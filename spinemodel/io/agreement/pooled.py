"""Distances of roots and ganglia, pooled by level, side and subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap_mean
from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.agreement.roots import summary_of
from spinemodel.arrays import FloatArray
from spinemodel.io.agreement.cells import ALL, estimate_cells, number
from spinemodel.io.agreement.pairs import are_several, counts_for, raters_order
from spinemodel.io.tables import Row

BY: Final = ((), ("level",), ("side",), ("level", "side"), ("subject",))
"""What distances are pooled by: nothing, level, side, both, and subject."""


class Measured(NamedTuple):
    """Distances (n,) mm of one structure, as two drew it."""

    subject: str
    raters: tuple[str, str]
    level: str
    side: str
    distances: FloatArray


def measured_roots(found: Mapping[str, MarkerAgreement]) -> list[Measured]:
    """Return the distances of every root, of every pair of raters and of each rater with the consensus."""
    return [
        Measured(subject, root.raters, root.root.level, root.root.side, root.distances)
        for subject, agreement in found.items()
        for root in agreement.roots
    ]


def measured_ganglia(found: Mapping[str, MarkerAgreement]) -> list[Measured]:
    """Return the distances of every ganglion, of every pair of raters and of each rater with the consensus."""
    return [
        Measured(subject, each.raters, each.name.partition("_")[0], each.name.partition("_")[2], each.distances)
        for subject, agreement in found.items()
        for each in agreement.ganglia
    ]


def pooled_rows(items: Sequence[Measured], draws: Draws = PLAIN) -> list[Row]:
    """Return distances pooled by level, side and subject, with intervals of the mean over subjects.

    Where there are three raters or more, ``all`` in ``first`` and ``second`` has the distances of every pair of them.
    """
    groups: dict[tuple[str, ...], list[Measured]] = {}
    several = are_several(item.raters for item in items)
    for by in BY:
        for item in items:
            kept = [getattr(item, name) if name in by else ALL for name in ("subject", "level", "side")]
            for pair in counts_for(item.raters, several):
                groups.setdefault((*pair, *kept), []).append(item)
    return [_pooled(names, group, draws) for names, group in sorted(groups.items(), key=_by_kind)]


def _by_kind(entry: tuple[tuple[str, ...], object]) -> tuple[object, ...]:
    """Sort pairs of raters before the consensus, and what is pooled most first."""
    first, second, *kept = entry[0]
    return *raters_order(first, second), sum(name != ALL for name in kept), kept


def _pooled(names: tuple[str, ...], group: Sequence[Measured], draws: Draws) -> Row:
    summary = summary_of([item.distances for item in group])
    values = [float(value) for item in group for value in item.distances]
    subjects = [item.subject for item in group for _ in item.distances]
    interval = bootstrap_mean(values, subjects, draws=draws, method="mean distance")
    columns = ("first", "second", "subject", "level", "side")
    return {
        **dict(zip(columns, names, strict=True)),
        "mean_mm": number(summary.mean),
        "sd_mm": number(summary.sd),
        "largest_mm": number(summary.largest),
        "n": str(summary.n),
        "structures": str(summary.structures),
        **estimate_cells(interval),
    }
