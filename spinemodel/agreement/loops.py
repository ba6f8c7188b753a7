"""Contours as closed curves of equally many points, and a stack of them cut by another annotator's slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.loft import SAMPLES, correspond, to_contour
from spinemodel.anatomy.ordering import contour_order, distinct
from spinemodel.anatomy.plausible_contours import WIDEST_GAP_MM
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError

StructureName: TypeAlias = Literal["cord", "dura"]


@dataclass(frozen=True, eq=False)
class Loops:
    """The contours of one structure as one annotator drew them, from caudal to rostral.

    Attributes
    ----------
    points
        (k, SAMPLES, 3) mm, equally spaced on the curves that a model is built through, anticlockwise from the head.
    markers
        k arrays (m, 3) mm, the points that were marked, in order round each contour.
    normal
        (3,) usual unit normal of the annotator's slices, towards the head.
    """

    points: FloatArray
    markers: tuple[FloatArray, ...]
    normal: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points).reshape(-1, SAMPLES, 3))
        object.__setattr__(self, "markers", tuple(freeze(points) for points in self.markers))
        object.__setattr__(self, "normal", freeze(self.normal))

    @cached_property
    def centres(self) -> FloatArray:
        """(k, 3) mm, the means of the points."""
        return np.asarray(self.points.mean(axis=1))

    @cached_property
    def columns(self) -> FloatArray:
        """(k, SAMPLES, 3) mm: the loops, each begun opposite to the one below."""
        return correspond(list(self.points)) if len(self.points) else self.points


def loops_of(contours: Sequence[Markers], normal: FloatArray) -> Loops:
    """Return the closed curves through contours, in the order of their heights along ``normal`` (3,).

    Raises
    ------
    InputError
        Where a contour has fewer than three different points.
    """
    centres = np.array([contour.points.mean(axis=0) for contour in contours]).reshape(-1, 3)
    drawn = [_round(contours[i]) for i in np.argsort(centres @ normal, kind="stable")]
    curves = np.array([to_contour(contour).points for contour in drawn])
    return Loops(curves, tuple(contour.points for contour in drawn), normal)


def _round(contour: Markers) -> Markers:
    """Return a contour without copies, in order round it."""
    points = contour.points[distinct(contour.points)]
    if len(points) < 3:
        raise InputError(
            f"{contour.source}: {len(points)} different points; a contour needs 3 or more: complete it in Slicer or "
            "remove the file"
        )
    return Markers(points[contour_order(points)], contour.source)


def cut(loops: Loops, point: FloatArray, normal: FloatArray) -> FloatArray | None:
    """Return the loop (SAMPLES, 3) mm in which a plane cuts the stack; None where it does not cut all the way round.

    Corresponding points of neighbouring contours are joined by straight lines; each is cut. So slices may lie between
    the drawn ones, and be tilted against them. Gaps wider than ``WIDEST_GAP_MM`` are not bridged.

    Examples
    --------
    >>> turn = 2 * np.pi * np.arange(SAMPLES) / SAMPLES
    >>> rings = [np.stack([r * np.cos(turn), r * np.sin(turn), 0 * turn + z], axis=1) for r, z in ((4, 0), (6, 2))]
    >>> stack = Loops(np.array(rings), tuple(rings), np.array([0.0, 0, 1]))
    >>> loop = cut(stack, np.array([0.0, 0, 0.5]), stack.normal)
    >>> bool(np.allclose(np.linalg.norm(loop[:, :2], axis=1), 4.5))
    True
    """
    height = (loops.columns - point) @ normal
    bridged = np.linalg.norm(np.diff(loops.centres, axis=0), axis=1) <= WIDEST_GAP_MM
    through = (height[:-1] <= 0) & (height[1:] >= 0) & bridged[:, None]
    if not (len(through) and through.any(axis=0).all()):
        return None
    low, each = through.argmax(axis=0), np.arange(SAMPLES)
    below, above = height[low, each], height[low + 1, each]
    part = -below / np.where(above > below, above - below, 1.0)
    start = loops.columns[low, each]
    return np.asarray(start + part[:, None] * (loops.columns[low + 1, each] - start))
