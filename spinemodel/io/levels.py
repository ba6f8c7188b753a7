"""The levels that a model folder states, and its surfaces and tissues beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.io.model import read_record, read_surfaces
from spinemodel.io.partition import read_partition

SPINAL: Final = "spinal_segments"
VERTEBRAL: Final = "vertebral_levels"
"""Fields of ``model.json``."""


class ModelLevels(NamedTuple):
    """What a model folder says of its levels.

    Attributes
    ----------
    axis
        The line along which levels are told.
    spinal, vertebral
        Spans along it, from head to foot; the vertebral ones with the discs between them, such as ``L1/L2``.
    surfaces
        The structures, by name; roots whole, from the cord to the ganglion.
    tissues
        The parts of the partition, by name; empty without. Roots without their rootlets.
    """

    axis: Axis
    spinal: tuple[Span, ...]
    vertebral: tuple[Span, ...]
    surfaces: Mapping[str, Surface]
    tissues: Mapping[str, Surface]


def read_levels(folder: Path) -> ModelLevels:
    """Return the levels, surfaces and tissues of a model folder.

    Raises
    ------
    InputError
        If it is no model folder, or an older version wrote it.
    """
    record = read_record(folder)
    surfaces = read_surfaces(folder)
    parted = read_partition(folder / record["partition"]["file"]["path"]).parts if "partition" in record else {}
    return levels_in(folder, record, surfaces, parted)


def levels_in(
    folder: Path, record: Mapping[str, Any], surfaces: Mapping[str, Surface], tissues: Mapping[str, Surface]
) -> ModelLevels:
    """Return the levels that a model's record states, beside its surfaces and tissues.

    Raises
    ------
    InputError
        If an older version wrote it.
    """
    try:
        axis = Axis(str(record["space"]), record["axis"]["points"])
        spinal = tuple(_span(row) for row in record[SPINAL])
        vertebral = tuple(_with_discs(record[VERTEBRAL]))
    except (KeyError, TypeError, ValueError) as problem:
        raise InputError(
            f"{folder / 'model.json'}: holds no levels ({type(problem).__name__}: {problem}); build the model again "
            "with this version"
        ) from None
    if axis.points.ndim != 2 or axis.points.shape[1] != 3 or len(axis.points) < 2:
        raise InputError(f"{folder / 'model.json'}: its axis is not a line of points; build the model again")
    return ModelLevels(axis, spinal, vertebral, surfaces, tissues)


def _span(row: Mapping[str, Any]) -> Span:
    """Return a span of the record."""
    return Span(str(row["name"]), float(row["bottom_mm"]), float(row["top_mm"]), row["origin"])


def _with_discs(rows: Sequence[Mapping[str, Any]]) -> Iterator[Span]:
    """Yield the vertebrae of the record, each followed by the disc below where the record has one."""
    for row, below in zip_longest(rows, rows[1:]):
        body = _span(row)
        yield body
        disc_bottom = float(row.get("disc_bottom_mm", body.bottom))
        if below and disc_bottom < body.bottom:
            yield Span(f"{body.name}/{below['name']}", disc_bottom, body.bottom, body.origin)


def along(axis: Axis, z: float) -> float:
    """Return where along the axis a horizontal plane crosses it, or comes nearest to it, mm; the lowest of several."""
    height = axis.points[:, 2] - z
    rising = np.flatnonzero((height[:-1] <= 0) & (height[1:] > 0))
    if not len(rising):
        return float(axis.s[np.abs(height).argmin()])
    i = int(rising[0])
    return float(axis.s[i] + (axis.s[i + 1] - axis.s[i]) * height[i] / (height[i] - height[i + 1]))


def beside(spans: Sequence[Span], s: float) -> Span | None:
    """Return the span at ``s``, of two that meet there the higher one."""
    return next((span for span in spans if span.bottom <= s <= span.top), None)
