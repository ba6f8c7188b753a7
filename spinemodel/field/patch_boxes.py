"""Where a field has patches: boxes, as small as may be, that together hold what runs roughly along z."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.ndimage import binary_dilation, label

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.field.boxes import Box, box_around

MARGIN_MM: Final = 0.7
"""Room in a patch round what it is for. A choice by measurement: round one rootlet of 0.2 mm radius, 0.6 to 1.3 mm
give the same activating function within 0.1 %; in a real subject's, beside a paddle, 0.14 mm less
moves it by 1.3 %."""

MARGIN: Final = 5.0
"""The same in cells: more than a fit's reach and the band over which boxes hand over."""

END_MM: Final = 1.5
"""Room along z, where a thread goes on beyond the faces, and at them has the larger cells' errors. These fall along a
thread of radius a as exp(-z / l), l = a sqrt(along / across) / 2 of its conductivities: 0.2 mm in rootlets."""

END: Final = 10.0
"""The same in cells: in roots, whose cells are a third of the radius, 2.5 l."""

SLAB_MM: Final = 8.0
"""Length along z that one patch holds, at least. A choice: longer ones hold more of what lies beside an oblique root,
and shorter ones have more ends."""

SLAB: Final = 50.0
"""The same in cells."""


def patch_boxes(points: FloatArray, spacing_mm: float) -> tuple[Box, ...]:
    """Return boxes of cells that hold points with a margin round each; those of neighbouring slabs overlap.

    Parameters
    ----------
    points
        (n, 3) mm, close to each other where they belong together, such as a mesh's vertices.
    spacing_mm
        Of the cells.

    Examples
    --------
    >>> points = np.array([[0, 0, 1.0], [0.5, 0, 1], [9, 0, 1]])
    >>> [box.low.round(1).tolist() for box in patch_boxes(points, 0.1)]
    [[-0.8, -0.8, -0.6], [8.2, -0.8, -0.6]]
    """
    margin, end = max(MARGIN_MM, MARGIN * spacing_mm), max(END_MM, END * spacing_mm)
    room = np.array([margin, margin, end])
    slab = np.floor(points[:, 2] / max(SLAB_MM, SLAB * spacing_mm))
    return tuple(
        box_around(part.min(axis=0) - room, part.max(axis=0) + room, spacing_mm)
        for one in np.unique(slab)
        for part in _clusters(points[slab == one], margin)
    )


def _clusters(points: FloatArray, margin: float) -> Iterator[FloatArray]:
    """Yield the points that lie together: nearer to each other than two margins or so."""
    cells = np.floor((points - points.min(axis=0)) / margin).astype(int) + 1
    taken: BoolArray = np.zeros(cells.max(axis=0) + 2, dtype=bool)
    taken[tuple(cells.T)] = True
    everywhere = np.ones((3, 3, 3), dtype=bool)
    number = label(binary_dilation(taken, everywhere), everywhere)[0][tuple(cells.T)]
    for one in np.unique(number):
        yield points[number == one]
