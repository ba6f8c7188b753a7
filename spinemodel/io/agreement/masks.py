"""Masks: every two drawings, their measures over pairs, and what STAPLE says of each rater."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Final

from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap_mean
from spinemodel.agreement.consensus_masks import Staple
from spinemodel.agreement.masks import MaskAgreement, range_of
from spinemodel.io.agreement.cells import estimate_cells, number
from spinemodel.io.tables import Row

MASK_MEASURES: Final[Mapping[str, Callable[[MaskAgreement], float]]] = {
    "dice": lambda each: each.dice,
    "jaccard": lambda each: each.jaccard,
    "hausdorff95_mm": lambda each: each.hausdorff95_mm,
    "surface_mm": lambda each: each.surface_mm,
    "absolute_difference_percent": lambda each: 100 * abs(each.volume_difference),
}

ONE_FIT: Final = "No interval: sensitivity and specificity of one fit"


def mask_rows(found: Iterable[tuple[str, str, MaskAgreement]]) -> list[Row]:
    """Return one row for every two drawings of a subject's structure."""
    return [
        {
            "subject": subject,
            "structure": structure,
            "kind": each.kind,
            "first": str(each.first),
            "second": str(each.second),
            "dice": number(each.dice),
            "jaccard": number(each.jaccard),
            "hausdorff_mm": number(each.hausdorff_mm),
            "hausdorff95_mm": number(each.hausdorff95_mm),
            "surface_mm": number(each.surface_mm),
            "first_mm3": number(each.first_mm3),
            "second_mm3": number(each.second_mm3),
            "difference_mm3": number(each.volume_difference_mm3),
            "difference_percent": number(100 * each.volume_difference, 1),
            "reason": each.reason,
        }
        for subject, structure, each in found
    ]


def counted(found: Sequence[tuple[str, str, MaskAgreement]]) -> list[tuple[str, str, MaskAgreement]]:
    """Return all pairs of one rater's drawings, and of other pairs those of first drawings.

    Who drew twice would otherwise count twice.
    """
    least: dict[tuple[str, str, str], int] = {}
    for subject, structure, each in found:
        for rater, repeat in (each.first, each.second):
            least[subject, structure, rater] = min(repeat, least.get((subject, structure, rater), repeat))
    return [
        (subject, structure, each)
        for subject, structure, each in found
        if each.kind == "intra"
        or all(least[subject, structure, rater] == repeat for rater, repeat in (each.first, each.second))
    ]


def mask_summary_rows(found: Sequence[tuple[str, str, MaskAgreement]], draws: Draws = PLAIN) -> list[Row]:
    """Return mean, least and largest of each measure over pairs, with an interval of the mean over subjects.

    Pairs are those of :func:`counted`.
    """
    groups: dict[tuple[str, str], list[tuple[str, MaskAgreement]]] = {}
    for subject, structure, each in counted(found):
        kind = each.kind if each.kind != "consensus" else f"against {each.second}"
        groups.setdefault((structure, kind), []).append((subject, each))
    rows = []
    for (structure, kind), group in groups.items():
        for measure, read in MASK_MEASURES.items():
            known = [(subject, read(each)) for subject, each in group if isfinite(read(each))]
            span = range_of(value for _, value in known)
            interval = bootstrap_mean([v for _, v in known], [s for s, _ in known], draws=draws, method=measure)
            numbers = {"mean": span.mean, "least": span.least, "largest": span.largest}
            told = {name: number(value) for name, value in numbers.items()}
            head = {"structure": structure, "kind": kind, "measure": measure}
            rows.append({**head, **told, "pairs": str(span.n), **estimate_cells(interval)})
    return rows


def staple_rows(found: Iterable[tuple[str, str, Staple]]) -> list[Row]:
    """Return what STAPLE says of each rater; the reason is that of the missing interval, or of no answer."""
    return [
        {
            "subject": subject,
            "structure": structure,
            "rater": str(drawing),
            "sensitivity": number(each.sensitivity[drawing]),
            "specificity": number(each.specificity[drawing], 6),
            "iterations": str(each.iterations),
            "reason": each.reason or ONE_FIT,
        }
        for subject, structure, each in found
        for drawing in each.sensitivity
    ]
