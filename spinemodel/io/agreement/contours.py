"""Contours of cord and dura, slice by slice, and pooled by spinal segment and subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap_mean
from spinemodel.agreement.contours import ContourAgreement, summarise
from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.io.agreement.cells import ALL, NONE, estimate_cells, number
from spinemodel.io.agreement.pairs import are_several, counts_for, pair_cells, raters_order
from spinemodel.io.tables import Row

REGIONS: Final = ("C", "T", "L", "S", "Co")
"""Of the spinal segments, from head to foot."""


def contour_rows(found: Mapping[str, MarkerAgreement]) -> list[Row]:
    """Return one row for every slice of cord and dura."""
    return [
        {
            **pair_cells(subject, each.raters),
            "structure": each.structure,
            "z_mm": number(each.z),
            "level": each.level or NONE,
            "mean_mm": number(each.mean_mm),
            "largest_mm": number(each.largest_mm),
            "hausdorff95_mm": number(each.hausdorff95_mm),
            "dice": number(each.dice),
            "first_mm2": number(each.areas_mm2[0]),
            "second_mm2": number(each.areas_mm2[1]),
            "centroid_shift_mm": number(each.shift_mm),
            "paired_by": each.correspondence,
        }
        for subject, agreement in found.items()
        for each in agreement.contours
    ]


def contour_pooled_rows(found: Mapping[str, MarkerAgreement], draws: Draws = PLAIN) -> list[Row]:
    """Return contours pooled by structure, level and subject, with intervals over subjects, of the mean distance first.

    ``all`` in ``first`` and ``second`` is as for :func:`spinemodel.io.agreement.pooled.pooled_rows`.
    """
    groups: dict[tuple[str, ...], list[tuple[str, ContourAgreement]]] = {}
    several = are_several(each.raters for agreement in found.values() for each in agreement.contours)
    for subject, agreement in found.items():
        for each in agreement.contours:
            for keep in ((ALL, ALL), (ALL, each.level or NONE), (subject, ALL)):
                for pair in counts_for(each.raters, several):
                    groups.setdefault((*pair, each.structure, *keep), []).append((subject, each))
    return [_pooled_contours(names, groups[names], draws) for names in sorted(groups, key=_contour_order)]


def _contour_order(names: tuple[str, ...]) -> tuple[object, ...]:
    """Sort as roots are, by structure, ``all`` before subjects and levels, levels from head to foot, none last."""
    first, second, structure, subject, level = names
    raters = raters_order(first, second)
    return *raters, structure, subject != ALL, subject, level != ALL, level == NONE, *_from_head(level)


def _from_head(level: str) -> tuple[int, int]:
    """Sort spinal segments: cervical to coccygeal, and by number."""
    region = level.rstrip("0123456789")
    number_in = level.removeprefix(region)
    return REGIONS.index(region) if region in REGIONS else len(REGIONS), int(number_in or 0)


def _pooled_contours(names: tuple[str, ...], group: Sequence[tuple[str, ContourAgreement]], draws: Draws) -> Row:
    summary = summarise(each for _, each in group)
    columns = ("first", "second", "structure", "subject", "level")
    return {
        **dict(zip(columns, names, strict=True)),
        "mean_mm": number(summary.mean_mm),
        "sd_mm": number(summary.sd_mm),
        "largest_mm": number(summary.largest_mm),
        "hausdorff95_mm": number(summary.hausdorff95_mm),
        "dice": number(summary.dice),
        "centroid_shift_mm": number(summary.shift_mm),
        "slices": str(summary.slices),
        **_interval(group, "mean_mm", draws),
        **_interval(group, "hausdorff95_mm", draws, "hausdorff95"),
        **_interval(group, "dice", draws, "dice"),
        **_interval(group, "shift_mm", draws, "centroid_shift"),
    }


def _interval(group: Sequence[tuple[str, ContourAgreement]], measure: str, draws: Draws, name: str = "") -> Row:
    """Return the interval of the mean of a measure over the subjects that have it, or why there is none."""
    known = [(subject, getattr(each, measure)) for subject, each in group if isfinite(getattr(each, measure))]
    values, subjects = [value for _, value in known], [subject for subject, _ in known]
    return estimate_cells(bootstrap_mean(values, subjects, draws=draws, method=measure), name=name)
