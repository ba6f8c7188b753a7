"""A part of a lead field: what lies in a box in space."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField, Patch

MARGIN: Final = 5
"""Cells of every box that are kept round the part, so that inside the potential is sampled as in the whole: more than
the reach of a fit, and than :data:`~spinemodel.field._box_shares.BORDER` and ``BAND`` together."""


def crop(field: LeadField, low: ArrayLike, high: ArrayLike) -> LeadField:
    """Return the part of a lead field that holds the box ``low`` to ``high``; potentials are views, not copies.

    Every box is cut to the box asked for, with a margin of five cells or more, to whole cells of the next larger one,
    so that boxes still lie in one another; larger boxes that add nothing are left out. In the box asked for the
    potential is sampled as in the whole field; beyond the margin there is none.

    Parameters
    ----------
    field
        To take from.
    low, high
        (3,) mm each, RAS+.

    Raises
    ------
    InputError
        If the box is empty, or none of it lies in the field.

    Examples
    --------
    >>> box = Box((0, 0, 0), (41, 41, 41), 1.0)
    >>> whole = LeadField("here", ("C1",), (box,), (np.zeros((1, 41, 41, 41), np.float32),),
    ...                   (np.ones((81, 81, 81), np.uint8),), {1: "CSF"}, [[1.0]])
    >>> crop(whole, (1, 12, 13), (3.5, 14, 15)).boxes
    (Box(first=(0, 6, 8), nodes=(11, 15, 13), spacing_mm=1.0),)
    """
    ends = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    _require_box(field, *ends)
    kept: list[tuple[Box, int, tuple[slice, slice, slice]]] = []
    for i, box in enumerate(field.boxes):
        cut = _cut(box, *ends)
        if cut is not None:
            kept.append((_part(box, cut), i, cut))
            if _holds(box, *ends):
                break
    if not any(_meets(box, *ends) for box, _, _ in kept):
        raise InputError(f"box {_told(*ends)} mm: lies outside the lead field")
    return replace(
        field,
        boxes=tuple(box for box, _, _ in kept),
        potential=tuple(field.potential[i][:, x, y, z] for _, i, (x, y, z) in kept),
        tissue=tuple(field.tissue[i][_halves(x), _halves(y), _halves(z)] for _, i, (x, y, z) in kept),
        about={**field.about, "part_mm": [end.tolist() for end in ends]},
        patches=tuple(_cut_patch(patch, *ends) for patch in field.patches if _meets(patch.box, *ends)),
    )


def _cut_patch(patch: Patch, low: FloatArray, high: FloatArray) -> Patch:
    """Return what is kept of a patch of which some lies in the box asked for."""
    cut = _cut(patch.box, low, high)
    if cut is None:
        return patch
    x, y, z = cut
    return Patch(_part(patch.box, cut), patch.potential[:, x, y, z], patch.tissue[_halves(x), _halves(y), _halves(z)])


def _require_box(field: LeadField, low: FloatArray, high: FloatArray) -> None:
    """Refuse a box that is none."""
    if low.shape != (3,) or high.shape != (3,) or not (low < high).all() or not np.isfinite(high - low).all():
        raise InputError(f"box {_told(low, high)} mm: expected three places each below its other end, RAS mm")


def _told(low: FloatArray, high: FloatArray) -> str:
    """Return both corners as text."""
    return " to ".join("(" + ", ".join(f"{x:g}" for x in np.ravel(end)) + ")" for end in (low, high))


def _cut(box: Box, low: FloatArray, high: FloatArray) -> tuple[slice, slice, slice] | None:
    """Return the nodes of a box that hold what of ``low`` to ``high``, and the margin, lies in it; None for nothing."""
    slack, h = 1e-9, box.spacing_mm
    first = np.maximum(2 * np.floor((low / h - MARGIN) / 2 + slack).astype(int), box.first)
    last = np.minimum(2 * np.ceil((high / h + MARGIN) / 2 - slack).astype(int), np.add(box.first, box.cells))
    if (first >= last).any():
        return None
    x, y, z = (slice(int(a), int(b) + 1) for a, b in zip(first - box.first, last - box.first, strict=True))
    return x, y, z


def _part(box: Box, cut: tuple[slice, slice, slice]) -> Box:
    """Return the box of the nodes that are kept."""
    i, j, k = (a + s.start for a, s in zip(box.first, cut, strict=True))
    nx, ny, nz = (s.stop - s.start for s in cut)
    return Box((i, j, k), (nx, ny, nz), box.spacing_mm)


def _halves(nodes: slice) -> slice:
    """Return the nodes, and the places between them."""
    return slice(2 * nodes.start, 2 * nodes.stop - 1)


def _holds(box: Box, low: FloatArray, high: FloatArray) -> bool:
    """Tell whether a box holds all of ``low`` to ``high`` with the margin: then no larger one has a say there."""
    more = MARGIN * box.spacing_mm
    return bool((box.low <= low - more).all() and (box.high >= high + more).all())


def _meets(box: Box, low: FloatArray, high: FloatArray) -> bool:
    """Tell whether any of ``low`` to ``high`` lies in a box."""
    return bool((box.low < high).all() and (box.high > low).all())
