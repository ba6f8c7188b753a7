"""Which point of one annotation is which of another: the points of one slice, or of one part of a line's length.

A point's height is its distance along the normal of the slices, so that oblique slices are slices too. Two annotators
drew on **the same slices** where

- their slices are parallel: the usual normals of their contours differ by less than ``PARALLEL_DEG``;
- a point of one has a point of the other within ``SAME_SLICE`` of the spacing, the narrower one of the two, in height;
- this holds for ``SHARED`` of the points of whoever has fewer, over the stretch that both drew.

Otherwise lines correspond by **arc length**: both are cut to the heights that both reach, and points at equal parts of
the length of what is left belong together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.spatial.distance import cdist

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.clearance import along_root
from spinemodel.anatomy.curves import arc_length, resample
from spinemodel.anatomy.ordering import distinct
from spinemodel.anatomy.plausible_contours import SAME_SLICE
from spinemodel.anatomy.stack import slice_normal
from spinemodel.arrays import FloatArray, IntArray, freeze

Correspondence: TypeAlias = Literal["slice", "arc length", "interpolated", "nearest"]
"""How points were paired: within a slice; by their part of a line's length; on a stack cut by the other's slices; or,
of ganglia, with the nearest."""

PARALLEL_DEG: Final = 2.0
"""Slices that are tilted against each other by more are not the same. A choice: 10 mm from the middle, where the dura
ends, 2 degrees lift a point by 0.35 mm, less than ``SAME_SLICE`` of the usual 2 mm."""

SHARED: Final = 0.8
"""Part of the points that must have a partner in height. A choice: slices 2 and 2.5 mm apart share half by chance."""

UPRIGHT: Final = freeze([0.0, 0.0, 1.0])
"""Normal of the slices of an annotation without contours, such as a table of roots."""


@dataclass(frozen=True, eq=False)
class Slices:
    """The slices that an annotation was drawn on.

    Attributes
    ----------
    normal
        (3,) unit vector towards the head; None where no contour tells it.
    spacing_mm
        Usual distance of neighbouring slices; infinite where nothing tells it.
    """

    normal: FloatArray | None
    spacing_mm: float


@dataclass(frozen=True, eq=False)
class SharedSlices:
    """What the slices of several annotations have in common.

    Attributes
    ----------
    normal
        (3,) mean unit normal towards the head.
    spacing_mm
        The narrowest.
    tilt_deg
        Largest angle between two annotations' normals.
    """

    normal: FloatArray
    spacing_mm: float
    tilt_deg: float

    @property
    def tolerance_mm(self) -> float:
        """Points are in one slice if their heights differ by less."""
        return SAME_SLICE * self.spacing_mm if np.isfinite(self.spacing_mm) else 0.0

    @property
    def parallel(self) -> bool:
        """Whether a slice of one can be a slice of another."""
        return self.tilt_deg < PARALLEL_DEG


def slices_of(annotation: Annotation) -> Slices:
    """Return the slices of an annotation, as its contours tell them, or else its roots."""
    contours = [*annotation.cord, *annotation.dura]
    normal = slice_normal(contours) if contours else None
    along = UPRIGHT if normal is None else normal
    stacks = [annotation.dura, annotation.cord]
    lines = [np.array([contour.points.mean(axis=0) for contour in stack]) for stack in stacks if len(stack) > 1]
    lines = lines[:1] or [root.points for root in annotation.roots.values()]
    steps = [np.diff(np.unique((line @ along).round(6))) for line in lines if len(line) > 1]
    found = np.concatenate(steps) if steps else np.zeros(0)
    return Slices(normal, float(np.median(found)) if len(found) else np.inf)


def shared_slices(slices: Iterable[Slices]) -> SharedSlices:
    """Return what the slices of two or more annotations have in common.

    Examples
    --------
    >>> shared_slices([Slices(UPRIGHT, 2.0), Slices(None, 4.0)]).tolerance_mm
    0.5
    """
    each = list(slices)
    normals = [one.normal for one in each if one.normal is not None] or [UPRIGHT]
    cosines = [float(one @ other) for one, other in combinations(normals, 2)]
    mean = np.mean(normals, axis=0)
    return SharedSlices(
        freeze(mean / np.linalg.norm(mean)),
        min(one.spacing_mm for one in each),
        float(np.degrees(np.arccos(np.clip(min(cosines, default=1.0), -1.0, 1.0)))),
    )


def match(first: FloatArray, second: FloatArray, shared: SharedSlices) -> tuple[IntArray, IntArray]:
    """Return the indices (n,) and (n,) of points (k, 3) and (m, 3) that lie in one slice, each other's nearest there.

    Examples
    --------
    >>> slices = shared_slices([Slices(UPRIGHT, 2.0)])
    >>> one, other = np.array([[0.0, 0, 0], [0, 0, 2], [0, 0, 4]]), np.array([[1.0, 0, 4.1], [1, 0, 2]])
    >>> [rows.tolist() for rows in match(one, other, slices)]
    [[1, 2], [1, 0]]
    """
    if not (len(first) and len(second)):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rise = np.abs(np.subtract.outer(first @ shared.normal, second @ shared.normal))
    gaps = np.where(rise <= shared.tolerance_mm, cdist(first, second), np.inf)
    there, back = gaps.argmin(axis=1), gaps.argmin(axis=0)
    rows = np.arange(len(first))
    mutual = (back[there] == rows) & np.isfinite(gaps[rows, there])
    return rows[mutual], there[mutual]


def common_heights(lines: Sequence[FloatArray], normal: FloatArray) -> tuple[float, float]:
    """Return the lowest and the highest height that all lines (n, 3) reach, mm; the first is larger where none is."""
    heights = [line @ normal for line in lines]
    return max(float(h.min()) for h in heights), min(float(h.max()) for h in heights)


def on_same_slices(first: FloatArray, second: FloatArray, shared: SharedSlices) -> bool:
    """Tell whether points (k, 3) and (m, 3) mm were drawn on the same slices; see the head of this module."""
    if not (shared.parallel and len(first) and len(second)):
        return False
    low, high = common_heights([first, second], shared.normal)
    reach = low - shared.tolerance_mm, high + shared.tolerance_mm
    fewer = min(int(((h >= reach[0]) & (h <= reach[1])).sum()) for h in (first @ shared.normal, second @ shared.normal))
    return len(match(first, second, shared)[0]) >= max(SHARED * fewer, 1)


def by_slice(places: Sequence[FloatArray], shared: SharedSlices) -> list[list[tuple[int, int]]]:
    """Return for every slice the points drawn on it, as (annotator, point), the lowest slice first.

    Parameters
    ----------
    places
        (n, 3) mm for each annotator. Where heights lie more than half a spacing apart, another slice begins.

    Examples
    --------
    >>> slices = shared_slices([Slices(UPRIGHT, 2.0)])
    >>> by_slice([np.array([[0.0, 0, 2], [0, 0, 0]]), np.array([[0.0, 0, 2.1]])], slices)
    [[(0, 1)], [(0, 0), (1, 0)]]
    """
    where = [(i, j) for i, points in enumerate(places) for j in range(len(points))]
    if not where:
        return []
    heights = np.concatenate([points @ shared.normal for points in places])
    order = np.argsort(heights, kind="stable")
    breaks = 1 + np.flatnonzero(np.diff(heights[order]) > shared.spacing_mm / 2)
    return [sorted(where[k] for k in group) for group in np.split(order, breaks)]


def ordered(points: FloatArray) -> FloatArray:
    """Return the points (n, 3) of a root from the end nearer to the head, without copies, whatever the stored order."""
    kept = points[distinct(points)]
    return np.asarray(kept[np.argsort(along_root(kept), kind="stable")])


def at_heights(line: FloatArray, heights: FloatArray, normal: FloatArray) -> FloatArray:
    """Return where a line crosses the heights (h,), (h, 3) mm; nan above and below it.

    Examples
    --------
    >>> at_heights(np.array([[0.0, 0, 4], [1, 0, 0]]), np.array([5.0, 3.0]), UPRIGHT)
    array([[ nan,  nan,  nan],
           [0.25, 0.  , 3.  ]])
    """
    rising = line[np.argsort(line @ normal, kind="stable")]
    at = rising @ normal
    places = np.stack([np.interp(heights, at, column) for column in rising.T], axis=-1)
    return np.where(((heights >= at[0]) & (heights <= at[-1]))[:, None], places, np.nan)


def common_parts(lines: Sequence[FloatArray], shared: SharedSlices) -> FloatArray | None:
    """Return points of ordered lines (n, 3) at equal parts of the length that all have, (lines, k, 3) mm.

    The lines are cut to the heights that all reach. The k points lie as far apart as the markers of whoever drew
    coarsest. None where a line is a single point, or no height is common.
    """
    low, high = common_heights(lines, shared.normal)
    if min(map(len, lines)) < 2 or high <= low:
        return None
    stretches = [_stretch(line, low, high, shared.normal) for line in lines]
    step = max(float(np.median(np.diff(arc_length(line)))) for line in lines)
    count = max(2, 1 + round(float(np.mean([b - a for a, b in stretches])) / step))
    return np.stack([resample(line, np.linspace(*ends, count)) for line, ends in zip(lines, stretches, strict=True)])


def _stretch(line: FloatArray, low: float, high: float, normal: FloatArray) -> tuple[float, float]:
    """Return where along an ordered line it last leaves the height ``high`` and next comes down to ``low``, mm."""
    s, height = arc_length(line), line @ normal
    above = int(np.flatnonzero(height >= high - 1e-9)[-1])
    below = above + int((height[above:] <= low + 1e-9).argmax())
    if below == above:  # the line turns upwards at its end
        below = len(line) - 1
    return _crossing(s, height, above, high), _crossing(s, height, below - 1, low)


def _crossing(s: FloatArray, height: FloatArray, i: int, level: float) -> float:
    """Return where between the points i and i + 1 a line crosses a height, or its nearest point that exists."""
    i = int(np.clip(i, 0, len(s) - 2))
    fall = height[i] - height[i + 1]
    part = (height[i] - level) / fall if abs(fall) > 1e-12 else 0.0
    return float(s[i] + np.clip(part, 0.0, 1.0) * (s[i + 1] - s[i]))
