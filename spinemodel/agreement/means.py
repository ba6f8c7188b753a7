"""The mean of one structure as several annotators drew it, and how far they spread about it, point by point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from spinemodel.agreement.correspondence import (
    Correspondence,
    SharedSlices,
    at_heights,
    by_slice,
    common_parts,
    on_same_slices,
)
from spinemodel.agreement.loops import Loops, cut
from spinemodel.agreement.points import nearest_pairs
from spinemodel.anatomy.loft import SAMPLES, correspond
from spinemodel.arrays import FloatArray, IntArray, freeze, freeze_int

MOST: Final = 0.5
"""A slice is kept if the drawings of this part of the annotators reach it. A choice: with two annotators none is lost,
and one of many cannot make a root begin higher."""

DENSER: Final = 3
"""A mean contour has this many times the markers of whoever marked most in its slice, so that the curve through them is
the mean curve: within 0.002 mm (mean over the curve) and 0.05 mm (largest) on sub-03. Marked as coarsely as it was
drawn, but elsewhere on the curve, it would differ by 0.04 and 0.28 mm."""


@dataclass(frozen=True, eq=False)
class MeanPoints:
    """The mean of corresponding points.

    Attributes
    ----------
    points
        (n, 3) mm, RAS+.
    sd
        (n,) mm over k - 1 annotators, nan where only one marked the point: of lines and single points the square root
        of the three coordinates' summed variances, of contours the SD across the edge.
    count
        (n,) annotators who were averaged.
    marked
        (n,) how many of them marked that place; the others' drawings were interpolated between their marks.
    correspondence
        How the points were paired; None where one alone drew the structure, or lines have no height in common, and one
        drawing was taken as it is.
    """

    points: FloatArray
    sd: FloatArray
    count: IntArray
    marked: IntArray
    correspondence: Correspondence | None

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points))
        object.__setattr__(self, "sd", freeze(self.sd))
        object.__setattr__(self, "count", freeze_int(self.count))
        object.__setattr__(self, "marked", freeze_int(self.marked))


def mean_line(drawn: Sequence[FloatArray], shared: SharedSlices) -> MeanPoints:
    """Return the mean of a root's drawings (n, 3) mm, each in order from the end nearer to the head.

    Where all drew on the same slices it has the mean of each slice that ``MOST`` of them reach; a drawing that skips
    the slice is interpolated. Otherwise points at equal parts of the length that all have are averaged. Beyond the end
    of a drawing the mean is that of the others, so that the line may step aside there. Where no height is common, the
    first of the longest drawings is taken.
    """
    if len(drawn) == 1:
        return as_drawn(drawn[0])
    groups = by_slice(drawn, shared)
    if _share_slices(drawn, shared) and all(len({i for i, _ in group}) == len(group) for group in groups):
        return _mean_of_slices(drawn, [dict(group) for group in groups[::-1]], shared.normal)
    parts = common_parts(drawn, shared)
    if parts is None:
        return as_drawn(max(drawn, key=len))
    points, sd = _means(parts)
    count = np.full(len(points), len(drawn))
    return MeanPoints(points, sd, count, count, "arc length")


def _mean_of_slices(
    drawn: Sequence[FloatArray], groups: Sequence[Mapping[int, int]], normal: FloatArray
) -> MeanPoints:
    """Return the mean in every slice, given which point of which drawing was marked in it."""
    heights = np.array([np.mean([drawn[i][j] @ normal for i, j in group.items()]) for group in groups])
    places = np.stack([at_heights(line, heights, normal) for line in drawn])
    for row, group in enumerate(groups):
        for i, j in group.items():
            places[i, row] = drawn[i][j]
    count = np.isfinite(places[..., 0]).sum(axis=0)
    keep = count >= MOST * len(drawn)
    points, sd = _means(places[:, keep])
    return MeanPoints(points, sd, count[keep], np.array([len(group) for group in groups])[keep], "slice")


def as_drawn(points: FloatArray) -> MeanPoints:
    """Return points that one alone marked."""
    one = np.ones(len(points), dtype=np.int64)
    return MeanPoints(points, np.full(len(points), np.nan), one, one, None)


def _share_slices(places: Sequence[FloatArray], shared: SharedSlices) -> bool:
    return all(on_same_slices(one, other, shared) for one, other in combinations(places, 2))


def _means(places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means (n, 3) and SD (n,) in mm over drawings (k, n, 3), less those that are nan."""
    known = np.isfinite(places[..., 0]).sum(axis=0)
    mean = np.nansum(places, axis=0) / known[:, None]
    square = np.nansum((places - mean) ** 2, axis=(0, 2))
    return mean, np.where(known > 1, np.sqrt(square / np.maximum(known - 1, 1)), np.nan)


def mean_markers(markers: Sequence[FloatArray]) -> MeanPoints:
    """Return the mean of a ganglion's drawings (1 or 2, 3) mm.

    Whoever marked most points leads; each point of another counts for the one that it is paired with.
    """
    lead = max(markers, key=len)
    if len(markers) == 1:
        return as_drawn(lead)
    places = np.full((len(markers), len(lead), 3), np.nan)
    for row, points in enumerate(markers):
        i, j = nearest_pairs(lead, points)
        places[row, i] = points[j]
    mean, sd = _means(places)
    count = np.isfinite(places[..., 0]).sum(axis=0)
    return MeanPoints(mean, sd, count, count, "nearest")


def mean_contours(stacks: Sequence[Loops], shared: SharedSlices) -> tuple[MeanPoints, ...]:
    """Return the mean of a structure's contours, slice by slice, caudal first.

    Curves are gone round by equal parts of their length, begun where they lie opposite each other, and points that
    correspond are averaged. On the same slices each that ``MOST`` annotators reach is kept, and stacks that skip it are
    cut there; otherwise the slices are the first annotator's, and the stacks of the others are cut. A contour that one
    alone drew is taken as it is.
    """
    if len(stacks) == 1:
        return tuple(as_drawn(markers) for markers in stacks[0].markers)
    if not _share_slices([stack.centres for stack in stacks], shared):
        return _on_first(stacks)
    groups = [dict(group[::-1]) for group in by_slice([stack.centres for stack in stacks], shared)]
    means = [_mean_of_slice(stacks, group, shared.normal) for group in groups]
    return tuple(mean for mean in means if mean.count[0] >= MOST * len(stacks))


def _mean_of_slice(stacks: Sequence[Loops], group: Mapping[int, int], normal: FloatArray) -> MeanPoints:
    """Return the mean contour of a slice, given which contour of which stack was drawn in it."""
    drawn = [(stacks[i].points[j], stacks[i].markers[j]) for i, j in sorted(group.items())]
    centre = np.mean([loop.mean(axis=0) for loop, _ in drawn], axis=0)
    cuts = [cut(stack, centre, normal) for i, stack in enumerate(stacks) if i not in group]
    return _mean_contour(drawn, [loop for loop in cuts if loop is not None], normal)


def _on_first(stacks: Sequence[Loops]) -> tuple[MeanPoints, ...]:
    """Return the mean of each of the first stack's loops and of the loops in which its plane cuts the other stacks."""
    lead, *others = stacks
    means = []
    for loop, markers in zip(lead.points, lead.markers, strict=True):
        cuts = [cut(other, loop.mean(axis=0), lead.normal) for other in others]
        found = [one for one in cuts if one is not None]
        means.append(_mean_contour([(loop, markers)], found, lead.normal, "interpolated"))
    return tuple(means)


def _mean_contour(
    drawn: Sequence[tuple[FloatArray, FloatArray]],
    cuts: Sequence[FloatArray],
    normal: FloatArray,
    how: Correspondence = "slice",
) -> MeanPoints:
    """Return the mean of drawn contours, loops (SAMPLES, 3) mm with their markers, and of loops cut from stacks."""
    loops = [*(loop for loop, _ in drawn), *cuts]
    if len(loops) == 1:
        return as_drawn(drawn[0][1])
    opposite = correspond(loops)
    mean = opposite.mean(axis=0)
    outward = np.cross(np.roll(mean, -1, axis=0) - np.roll(mean, 1, axis=0), normal)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    sd = ((opposite - mean) * outward).sum(axis=-1).std(axis=0, ddof=1)
    count = DENSER * max(len(markers) for _, markers in drawn)
    around = np.column_stack([mean, sd])[np.arange(SAMPLES + 1) % SAMPLES]
    at = np.arange(count) * SAMPLES / count
    x, y, z, spread = (np.interp(at, np.arange(SAMPLES + 1), column) for column in around.T)
    every = np.full((2, count), [[len(loops)], [len(drawn)]])
    return MeanPoints(np.column_stack([x, y, z]), spread, every[0], every[1], how)
