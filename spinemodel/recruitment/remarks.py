"""What should be known before recruitment is relied on: of the field, and of what became of the fibres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField
from spinemodel.field.sampling import tissue_at
from spinemodel.levels import DORSAL_COLUMNS
from spinemodel.recruitment.column_nodes import THINNER
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.thresholds import Outcome

WHY: Final = {
    Outcome.LEFT_OUT: "were left out: too short a stretch of theirs has a potential",
    Outcome.AT_END: "fire first beyond what is drawn of them, or where it has a gap: whether the field activates them "
                    "elsewhere is unknown; they count as not activated",
    Outcome.BLOCKED: "begin to fire, and no spike arrives; they count as not activated",
}
"""What is said of outcomes that are neither activation nor silence."""


def remarks(field: LeadField, several: Sequence[Recruited]) -> tuple[str, ...]:
    """Return what a reader should know of thresholds found in a field, a line each; none where all is well."""
    sites = np.concatenate([one.site for one in several])
    sites = sites[np.isfinite(sites).all(axis=1)]
    return (*_of_certificate(field), *_of_cells(field, sites), *_of_column(field, sites), *_of_outcomes(several))


def _of_certificate(field: LeadField) -> list[str]:
    """Return what the field's certificate says, or that there is none."""
    certificate = field.about.get("certificate")
    if not certificate:
        return ["the lead field is not certified: how far its cells change thresholds is not known"]
    return [] if certificate.get("holds") is not False else ["the lead field is less sure than a certificate asks"]


def _of_cells(field: LeadField, sites: FloatArray) -> list[str]:
    """Return how many fibres fire first where cells are larger than round the sac."""
    wanted = float(field.about.get("settings", {}).get("spacing_mm", field.boxes[0].spacing_mm))
    cells = cell_mm(field.boxes, sites)
    coarse = cells > wanted * (1 + 1e-9)
    if not coarse.any():
        return []
    return [f"{coarse.sum()} of {len(sites)} first spikes lie where cells are {cells[coarse].max():g} mm, not "
            f"{wanted:g} mm: solve again with a larger --region"]  # fmt: skip


def _of_column(field: LeadField, sites: FloatArray) -> list[str]:
    """Return how many fibres fire first in the dorsal columns."""
    number = next((key for key, name in field.tissues.items() if name == DORSAL_COLUMNS.name), None)
    count = 0 if number is None else int((tissue_at(field, sites) == number).sum())
    if not count:
        return []
    return [f"{count} of {len(sites)} first spikes ({count / len(sites):.0%}) lie in the dorsal columns: that fibres "
            f"are {THINNER:.2f} times as thick there as in their roots is a choice"]  # fmt: skip


def cell_mm(boxes: Sequence[Box], points: FloatArray) -> FloatArray:
    """Return the size of the finest cells at points (n, 3) mm, (n,) mm; infinite outside all boxes.

    Examples
    --------
    >>> fine, coarse = Box((0, 0, 0), (5, 5, 5), 1.0), Box((-2, -2, -2), (9, 9, 9), 2.0)
    >>> cell_mm([fine, coarse], np.array([[1.0, 1, 1], [1, 1, 9], [99, 1, 1]]))
    array([ 1.,  2., inf])
    """
    size = np.full(len(points), np.inf)
    for box in boxes:
        inside = ((points >= box.low) & (points <= box.high)).all(axis=1)
        size[inside] = np.minimum(size[inside], box.spacing_mm)
    return size


def _of_outcomes(several: Sequence[Recruited]) -> list[str]:
    """Return how many fibres were left out, fire at their ends, or are blocked."""
    outcome = np.concatenate([one.thresholds.outcome for one in several])
    counts = {kind: int((outcome == kind).sum()) for kind in WHY}
    return [f"{count} of {len(outcome)} fibres {WHY[kind]}" for kind, count in counts.items() if count]
