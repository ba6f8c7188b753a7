"""Where the potential is solved for: boxes of cubic cells, one in another, each with cells twice as large.

Nodes lie on whole multiples of a box's spacing in RAS+ mm, so that every second node of a box is one of the next. Far
from the contacts the field is smooth, and large cells hold it as well as small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Index3: TypeAlias = tuple[int, int, int]

Corners: TypeAlias = tuple[FloatArray, FloatArray]
"""Lowest and highest corner, (3,) mm each."""

WIDEN: Final = 16
"""Cells by which a box is wider than the one in it. A choice, measured: on a real subject at 0.8 mm, with 24 instead
potentials on the roots move by 0.2 % in the two finest boxes, and by 0.35 % in all."""

SLACK: Final = 1e-9
"""Of two cells: what corners may lie beyond a box by rounding."""


@dataclass(frozen=True)
class Box:
    """Cubic cells and their nodes; cell (i, j, k) lies between the nodes (i, j, k) and (i + 1, j + 1, k + 1).

    Attributes
    ----------
    first
        Place of the first node in multiples of the spacing.
    nodes
        Along x, y and z; even numbers of cells, between even multiples of the spacing, where a box lies in another.
    spacing_mm
        Edge of a cell.
    """

    first: Index3
    nodes: Index3
    spacing_mm: float

    @property
    def cells(self) -> Index3:
        """Along x, y and z."""
        nx, ny, nz = self.nodes
        return nx - 1, ny - 1, nz - 1

    @property
    def halves(self) -> Index3:
        """Along x, y and z: nodes, and places half-way between them."""
        nx, ny, nz = self.nodes
        return 2 * nx - 1, 2 * ny - 1, 2 * nz - 1

    @property
    def low(self) -> FloatArray:
        """(3,) mm: the first node."""
        return np.array(self.first) * self.spacing_mm

    @property
    def high(self) -> FloatArray:
        """(3,) mm: the last node."""
        return self.low + np.array(self.cells) * self.spacing_mm


def node_points(box: Box) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the places of the nodes along x, y and z, mm.

    Examples
    --------
    >>> [axis.tolist() for axis in node_points(Box((-2, 0, 4), (3, 2, 1), 0.5))]
    [[-1.0, -0.5, 0.0], [0.0, 0.5], [2.0]]
    """
    x, y, z = (
        np.asarray((first + np.arange(count)) * box.spacing_mm, dtype=np.float64)
        for first, count in zip(box.first, box.nodes, strict=True)
    )
    return x, y, z


def box_in_next(inner: Box, outer: Box) -> Index3:
    """Return the node of the next box, of twice the spacing, in which the first node of ``inner`` lies."""
    i, j, k = (a // 2 - b for a, b in zip(inner.first, outer.first, strict=True))
    return i, j, k


def nested_boxes(
    regions: Sequence[Corners], domain: Corners, spacing_mm: float, widen: int = WIDEN
) -> tuple[Box, ...]:
    """Return boxes from the finest, which holds the first region, to one that holds the domain.

    Parameters
    ----------
    regions
        What the first box must hold, the second, and so on; corners (3,) mm each. What lies beyond the domain is left
        out.
    domain
        Its corners, (3,) mm each. No box is larger than it, and the last is not smaller.
    spacing_mm
        Of the finest box.
    widen
        Cells, of the larger box, by which a box is wider than the one in it on every side.

    Raises
    ------
    InputError
        If the spacing is not positive, or a region does not lie in the domain.

    Examples
    --------
    >>> corners = np.full(3, 2.0)
    >>> [box.spacing_mm for box in nested_boxes([(-corners, corners)], (-20 * corners, 20 * corners), 0.5)]
    [0.5, 1.0, 2.0]
    """
    if not spacing_mm > 0 or not np.isfinite(spacing_mm):
        raise InputError(f"spacing: got {spacing_mm} mm, expected more than 0")
    boxes: list[Box] = []
    while not boxes or not _holds(boxes[-1], domain):
        h = spacing_mm * 2 ** len(boxes)
        wanted = [*regions[len(boxes) : len(boxes) + 1]]
        wanted += [(boxes[-1].low - widen * h, boxes[-1].high + widen * h)] if boxes else []
        low = np.maximum(np.min([low for low, _ in wanted], axis=0), domain[0])
        high = np.minimum(np.max([high for _, high in wanted], axis=0), domain[1])
        if not (low < high).all():
            raise InputError("boxes: the finest lies outside the domain")
        if boxes:
            low, high = np.minimum(low, boxes[-1].low), np.maximum(high, boxes[-1].high)
        boxes.append(box_around(low, high, h))
    return tuple(boxes)


def _holds(box: Box, corners: Corners) -> bool:
    """Tell whether a box holds what lies between two corners, but for rounding."""
    slack = 4 * SLACK * box.spacing_mm
    return bool((box.low <= corners[0] + slack).all() and (box.high >= corners[1] - slack).all())


def box_around(low: FloatArray, high: FloatArray, spacing_mm: float) -> Box:
    """Return the box that holds ``low`` to ``high`` (3,) mm, between even multiples of the spacing."""
    first = 2 * np.floor(low / (2 * spacing_mm) + SLACK).astype(int)
    last = 2 * np.ceil(high / (2 * spacing_mm) - SLACK).astype(int)
    i, j, k = (int(n) for n in first)
    nx, ny, nz = (int(n) + 1 for n in last - first)
    return Box((i, j, k), (nx, ny, nz), spacing_mm)
