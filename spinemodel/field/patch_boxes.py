"""Where a field has patches: boxes, as small as may be, that together hold what runs roughly along z."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import binary_dilation, label

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.field.boxes import Box, box_around


@dataclass(frozen=True)
class Room:
    """What a patch holds beside what it is for, in its cells.

    Attributes
    ----------
    beside
        Along x and y.
    ends
        Along z, where a thread goes on beyond the faces.
    """

    beside: float
    ends: float


FREE: Final = Room(5.0, 8.0)
"""In boxes. A choice by measurement: their errors are as short as their cells, and those are the larger. In roots 30 to
40 mm from a paddle, where boxes have cells of 1.6 mm, room of 1.0, 1.2 and 1.3 mm leaves 30, 23 and 11 % of the
activating function, and 1.7 mm as much as 1.3. Along a thread of radius a they fall as exp(-z / l), l = a sqrt(along /
across) / 2 of its conductivities: 0.2 mm in rootlets, 0.7 mm in roots."""

HELD: Final = Room(3.0, 6.0)
"""In patches of larger cells, at best twice as large. A choice by measurement: in a real subject's rootlets, cells of
0.07 mm with three cells round them, in cells of 0.14 mm, leave 2.8 % of the activating function; with four, 2.7 %; with
ten, in boxes, 2.8 % for 2.4 times the nodes."""

SLAB_MM: Final = 12.0
"""Length along z that one patch holds, at least. A choice: longer ones hold more of what lies beside an oblique root,
and shorter ones have more ends. With 3.5 mm a real subject's are 105 in place of 76, of 3 % fewer nodes."""

SLAB: Final = 50.0
"""The same in cells."""


def patch_boxes(points: FloatArray, spacing_mm: float, *, held: bool = False) -> tuple[Box, ...]:
    """Return boxes of cells that hold points with room round each; those of neighbouring slabs overlap.

    Parameters
    ----------
    points
        (n, 3) mm, close to each other where they belong together, such as a mesh's vertices.
    spacing_mm
        Of the cells.
    held
        Whether patches of larger cells hold them: their potential is the better, so that less room is enough.

    Examples
    --------
    >>> points = np.array([[0, 0, 1.0], [0.5, 0, 1], [9, 0, 1]])
    >>> [box.low.round(1).tolist() for box in patch_boxes(points, 0.1)]
    [[-0.6, -0.6, 0.2], [8.4, -0.6, 0.2]]
    """
    room = HELD if held else FREE
    around = spacing_mm * np.array([room.beside, room.beside, room.ends])
    slab = np.floor(points[:, 2] / max(SLAB_MM, SLAB * spacing_mm))
    return tuple(
        box_around(part.min(axis=0) - around, part.max(axis=0) + around, spacing_mm)
        for one in np.unique(slab)
        for part in _clusters(points[slab == one], around[0])
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
