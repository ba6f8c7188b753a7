"""Which patches a field has: along the roots and rootlets, of cells as small as these need, smaller near the contacts.

Smaller cells lie in larger ones, and these in the boxes: a patch is as good as what its faces are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box
from spinemodel.field.patch_boxes import patch_boxes
from spinemodel.field.problem import Electrode
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES

PER_RADIUS: Final = 3.0
"""Cells to the radius of a root near the contacts. A choice by measurement: in roots of 0.5 mm radius, cells of 0.33,
0.25 and 0.165 mm leave 22, 10 and 4 % of the activating function, 30 mm away from the contacts."""

PER_SPACING: Final = 0.175
"""Least cell, over the one asked for. A choice by measurement: 0.07 mm of 0.4. In rootlets of 0.14 mm radius beside a
contact, cells of 0.2, 0.14, 0.1 and 0.07 mm leave 45, 13, 5 and 2 % of the activating function's root mean square,
against 0.05 mm."""


@dataclass(frozen=True)
class Grade:
    """Patches of one size of cells.

    Attributes
    ----------
    near_mm, far_mm
        Which distances from the contacts they are for.
    factor
        How many times as large their cells are as those that a thread has near the contacts.
    held
        Whether they lie in patches of larger cells, and need less room round them.
    """

    near_mm: float
    far_mm: float
    factor: float
    held: bool


THREADS: Final = (
    Grade(150.0, np.inf, 3.0, held=False),
    Grade(40.0, 160.0, 4.0, held=False),
    Grade(40.0, 150.0, 2.0, held=True),
    Grade(12.0, 45.0, 2.0, held=False),
)
"""Of roots and rootlets, in cells of a root. The second is there to hold the third: where boxes have cells of 3.2 mm
and more, cells of 0.33 mm with 1.3 to 1.7 mm of room leave 90 to 130 % of the activating function by themselves, and
30 to 50 % in cells of 0.66 mm with 3.3 mm."""

ROOTS: Final = (Grade(20.0, 60.0, 1.5, held=True), Grade(0.0, 20.0, 1.0, held=False))
"""Of roots alone."""

ROOTLETS: Final = (
    Grade(0.0, 15.0, 2.0, held=False),
    Grade(12.0, np.inf, 1.5, held=True),
    Grade(0.0, 12.0, 1.0, held=True),
)
"""Of rootlets alone, in their own cells.

All these are choices by measurement, in a real subject beside a paddle, one contact: what is left of the activating
function over 1.25 mm, against elements of third order on tetrahedra where there were some, else of second order. Far
away the field is smooth, but so small beside its slope that a potential that wavers by a thousandth is half of it; it
has peaks anew where roots pass the dura, 40 to 60 mm away.

======================  =====  =======  =======  =======  ========  =========  ======
mm from the contacts     0-10    10-20    20-40    40-60    60-100    100-150    all
======================  =====  =======  =======  =======  ========  =========  ======
share of its square      94.8      1.1      1.0      2.4       0.6        0.1     100
one grade at a place      2.8     20.6     30.2     30.1      55.3       86.0     8.3
these                     2.8      7.5     10.9      9.2      18.0       52.6     4.0
======================  =====  =======  =======  =======  ========  =========  ======

(One grade at a place, free: cells of a root's and a rootlet's own size within 10 mm, twice as large within 50, three
times beyond, of as many nodes.) Beyond 150 mm 60 % are left by either.
"""


def root_patches(
    tissues: Partition, contacts: Sequence[Electrode], boxes: Sequence[Box], spacing_mm: float, scale: float = 1.0
) -> tuple[Box, ...]:
    """Return the boxes of patches: of smaller cells before larger ones.

    There is none for what lies in a box of the field that has cells as small.

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
    roots, rootlets = (
        [tissues.parts[name] for name in tissues.labels if name in group] for group in (ROOT_TISSUES, ROOTLET_TISSUES)
    )
    corners = cKDTree(np.concatenate([contact.triangles.reshape(-1, 3) for contact in contacts]))
    found: list[Box] = []
    for parts, own, grades in (
        ([*roots, *rootlets], roots or rootlets, THREADS),
        (roots, roots, ROOTS),
        (rootlets, rootlets, ROOTLETS),
    ):
        if parts:
            found += _graded(parts, scale * _cell(own, spacing_mm), grades, corners, boxes)
    found.sort(key=lambda patch: patch.spacing_mm)
    return tuple(patch for patch in found if np.isfinite(_cells_at(boxes, np.array([patch.low, patch.high]))).all())


def _graded(
    parts: Sequence[Surface], cell: float, grades: Sequence[Grade], corners: cKDTree, boxes: Sequence[Box]
) -> Iterator[Box]:
    """Yield the boxes of some parts' patches, where those of the field have larger cells.

    Smaller ones are the better: patches of 0.66 mm round roots beside a lead, where boxes have cells of 0.2 and 0.4 mm,
    left 13 in place of 4.5 % of the activating function there.
    """
    points = np.concatenate([part.vertices for part in parts])
    distance, given = corners.query(points)[0], _cells_at(boxes, points)
    for grade in grades:
        own = grade.factor * cell
        chosen = (distance >= grade.near_mm) & (distance < grade.far_mm) & (given > own)
        yield from patch_boxes(points[chosen], own, held=grade.held)


def _cell(parts: Sequence[Surface], spacing_mm: float) -> float:
    """Return the cells that threads need, mm: their volume is half their radius times their walls' area."""
    radius = 2 * sum(volume(part) for part in parts) / sum(area(part) for part in parts)
    return max(radius / PER_RADIUS, PER_SPACING * spacing_mm)


def _cells_at(boxes: Sequence[Box], points: FloatArray) -> FloatArray:
    """Return the cells of the finest box that holds each point, (n,) mm; infinite where none does."""
    cells = np.full(len(points), np.inf)
    for box in reversed(boxes):
        cells[((points >= box.low) & (points <= box.high)).all(axis=1)] = box.spacing_mm
    return cells
