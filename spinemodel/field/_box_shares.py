"""Which box, or patch, has which share in a point's value: the finest that holds it, with no step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField, Patch
from spinemodel.jit import compiled

BORDER: Final = 0.5
"""Cells from its border at which a box begins to count. A choice by measurement: a fit beside a border has nodes on one
side only, and yet is nearer than one in cells twice as large."""

BAND: Final = 2.0
"""Cells over which a box hands over to the next. A choice: as wide as a neighbourhood's half."""

DEEPER: Final = 4
"""Power of the depth by which patches with the same cells share a point. A choice: at twice the depth 16 to 1."""

DEEPEST: Final = 1e3
"""Bands, in place of no end where a box has no border."""

SLACK: Final = 1e-6
"""Cells, or mm, by which rounding may put a point outside a box."""


def places_in(box: Box, points: FloatArray) -> FloatArray:
    """Return points in cells from a box's first node, (n, 3)."""
    return np.asarray(points / box.spacing_mm - np.array(box.first))


def shares_of(field: LeadField, points: FloatArray) -> Iterator[tuple[Patch, IntArray, FloatArray]]:
    """Yield patches and boxes with the points in which they have a share, and the shares (m,).

    Of patches with the same cells that one counts more in which a point lies deeper: where a root goes on beyond a
    face, the potential is the larger cells'. No box has a share in a point outside all of them.
    """
    left = np.ones(len(points))
    for parts in _ranks(field):
        found = [(part, *_bands(part.box, outer, points)) for part, outer in parts]
        covered, total = np.zeros(len(points)), np.zeros(len(points))
        for _, some, deep in found:
            step = np.minimum(deep, 1.0)
            covered[some] = np.maximum(covered[some], step**2 * (3 - 2 * step))
            total[some] += deep**DEEPER
        for part, some, deep in found:
            share = left[some] * covered[some] * deep**DEEPER / total[some]
            yield part, some[share > 0], share[share > 0]
        left = left * (1 - covered)


def _ranks(field: LeadField) -> Iterator[list[tuple[Patch, Box | None]]]:
    """Yield patches of the same cells together, and then each box, with a box that goes on beyond them."""
    for _, alike in groupby(field.patches, key=lambda patch: patch.box.spacing_mm):
        yield [(patch, field.boxes[-1]) for patch in alike]
    outer = [*field.boxes[1:], None]
    for box, values, labels, next_ in zip(field.boxes, field.potential, field.tissue, outer, strict=True):
        yield [(Patch(box, values, labels), next_)]


def _bands(box: Box, outer: Box | None, points: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return which points lie farther inside a box than its border counts, and by how many bands, at most ``DEEPEST``.

    Faces beyond which the next box has nothing either are no border: there it could not do better.
    """
    low, high = (outer.low < box.low - SLACK, outer.high > box.high + SLACK) if outer else (np.zeros(3, bool),) * 2
    borders = np.stack([low, high])
    deep = np.empty(len(points))
    some = _deep(points, box.spacing_mm, np.array(box.first, float), np.array(box.cells), borders, deep)
    return some, deep[: len(some)]


@compiled
def _deep(
    points: FloatArray, spacing: float, first: FloatArray, cells: IntArray, borders: BoolArray, deep: FloatArray
) -> IntArray:
    """Return the points deep in a box, and write how deep: most points lie outside, as is seen by the first axis."""
    some, found = np.empty(len(points), dtype=np.int64), 0
    for n in range(len(points)):
        least = DEEPEST * BAND + BORDER
        for axis in range(3):
            place = points[n, axis] / spacing - first[axis]
            if not -SLACK <= place <= cells[axis] + SLACK:
                least = 0.0
                break
            if borders[0, axis]:
                least = min(least, place)
            if borders[1, axis]:
                least = min(least, cells[axis] - place)
        if least > BORDER:
            some[found], deep[found] = n, (least - BORDER) / BAND
            found += 1
    return some[:found].copy()
