"""Which patches a field has: along the roots and rootlets, of cells as small as these need near a lead's contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.field.boxes import Box
from spinemodel.field.patch_boxes import patch_boxes
from spinemodel.field.problem import Electrode
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES

PER_RADIUS: Final = 3.0
"""Cells to the radius of a root near the contacts. A choice."""

PER_SPACING: Final = 0.175
"""Least cell, over the one asked for. A choice by measurement: 0.07 mm of 0.4. In rootlets of 0.14 mm radius beside a
contact, cells of 0.2, 0.14, 0.1 and 0.07 mm leave 45, 13, 5 and 2 % of the activating function's root mean square,
against 0.05 mm."""

GRADES: Final = ((10.0, 1.0), (50.0, 2.0), (np.inf, 3.0))
"""Up to which distance from the contacts cells are how many times as large. A choice: activating functions fall with
the third power of the distance, but have peaks anew where roots pass the dura."""


def root_patches(
    tissues: Partition, contacts: Sequence[Electrode], boxes: Sequence[Box], spacing_mm: float, scale: float = 1.0
) -> tuple[Box, ...]:
    """Return the boxes of patches: of smaller cells before larger ones.

    There is none where a box that the field is solved in has cells as small.

    Parameters
    ----------
    tissues
        Of the model.
    contacts
        Of the lead.
    boxes
        That the field is solved in.
    spacing_mm
        Of the cells that were asked for.
    scale
        Of the patches' cells: less than 1 makes them smaller.
    """
    corners = cKDTree(np.concatenate([contact.triangles.reshape(-1, 3) for contact in contacts]))
    found: list[Box] = []
    for group in (ROOTLET_TISSUES, ROOT_TISSUES):
        parts = [tissues.parts[name] for name in tissues.labels if name in group]
        if parts:
            points, cell = np.concatenate([part.vertices for part in parts]), scale * _cell(parts, spacing_mm)
            distance, last = corners.query(points)[0], 0.0
            for far, factor in GRADES:
                found += patch_boxes(points[(distance >= last) & (distance < far)], factor * cell)
                last = far
    found.sort(key=lambda patch: patch.spacing_mm)
    return tuple(patch for patch in found if patch.spacing_mm < _cell_at(boxes, patch))


def _cell(parts: Sequence[Surface], spacing_mm: float) -> float:
    """Return the cells that threads need, mm: their volume is half their radius times their walls' area."""
    radius = 2 * sum(volume(part) for part in parts) / sum(area(part) for part in parts)
    return max(radius / PER_RADIUS, PER_SPACING * spacing_mm)


def _cell_at(boxes: Sequence[Box], patch: Box) -> float:
    """Return the cells of the finest box that holds all of a patch, mm; 0 where none does."""
    holds = [box.spacing_mm for box in boxes if (box.low <= patch.low).all() and (box.high >= patch.high).all()]
    return holds[0] if holds else 0.0
