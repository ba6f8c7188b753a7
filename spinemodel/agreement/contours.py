"""How far two annotations of the cord's or the dura's contours lie apart, slice by slice.

Compared are the closed curves that a model is built through, 256 points each, in the plane of the slice
(:mod:`spinemodel.agreement.curve_distances`).

Contours that were drawn on the same slices are compared slice by slice. Where slices differ, the second annotator's
stack is cut by the plane of every contour of the first (``interpolated``); contours beyond its ends, or in wide gaps,
stay unmatched. Who comes first then matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from spinemodel.agreement.correspondence import Correspondence, SharedSlices, match, on_same_slices
from spinemodel.agreement.curve_distances import curve_distances
from spinemodel.agreement.loops import Loops, StructureName, cut
from spinemodel.agreement.paired import mean_of, sd_of
from spinemodel.anatomy.slices import in_plane
from spinemodel.arrays import FloatArray, IntArray, freeze

LevelAt: TypeAlias = Callable[[FloatArray], str | None]
"""The name of the spinal segment at a point (3,) mm; None beyond the cord."""


@dataclass(frozen=True, eq=False)
class ContourAgreement:
    """A contour of one slice, as two annotators drew it.

    Attributes
    ----------
    structure
        ``cord`` or ``dura``.
    raters
        The two.
    correspondence
        ``slice``, or ``interpolated`` where the second annotator's stack was cut by the first one's slice.
    z
        mm, RAS+, of the middle of the first contour.
    level
        The spinal segment in the slice; None beyond the cord, and where no root tells.
    mean_mm, largest_mm, hausdorff95_mm
        Distances of the two curves: symmetric mean, Hausdorff, 95 %.
    dice
        Of the enclosed areas.
    areas_mm2
        Of the first and of the second.
    shift
        (3,) mm, RAS+, from the first centroid of area to the second, in the slice.
    """

    structure: StructureName
    raters: tuple[str, str]
    correspondence: Correspondence
    z: float
    level: str | None
    mean_mm: float
    largest_mm: float
    hausdorff95_mm: float
    dice: float
    areas_mm2: tuple[float, float]
    shift: FloatArray

    def __post_init__(self) -> None:
        """Copy the shift and make it read-only."""
        object.__setattr__(self, "shift", freeze(self.shift))

    @property
    def shift_mm(self) -> float:
        """How far apart the centroids lie."""
        return float(np.linalg.norm(self.shift))


@dataclass(frozen=True)
class UnmatchedContour:
    """A contour at the height ``z`` mm that ``raters`` drew, and ``other`` did not."""

    structure: StructureName
    raters: tuple[str, ...]
    other: str
    z: float


@dataclass(frozen=True)
class ContourSummary:
    """Contours of several slices together: means over slices, mm; the SD is that of the slices' mean distances."""

    mean_mm: float
    sd_mm: float
    largest_mm: float
    hausdorff95_mm: float
    dice: float
    shift_mm: float
    slices: int


def compare_contours(
    structure: StructureName,
    raters: tuple[str, str],
    stacks: tuple[Loops, Loops],
    shared: SharedSlices,
    level_at: LevelAt = lambda _: None,
) -> tuple[tuple[ContourAgreement, ...], tuple[UnmatchedContour, ...]]:
    """Return the agreement of two stacks on every slice that both have, and the contours left over, caudal first."""
    paired = _paired(*stacks, shared)
    left = [
        UnmatchedContour(structure, (rater,), other, float(stack.centres[k, 2]))
        for rater, other, stack, rows in zip(raters, raters[::-1], stacks, paired.alone, strict=True)
        for k in rows
    ]
    if not paired.loops:
        return (), tuple(left)
    one, other = (np.array(loops) for loops in zip(*paired.loops, strict=True))
    found = curve_distances(one @ paired.axes.T, other @ paired.axes.T)
    shifts, middles = found.shift @ paired.axes, one.mean(axis=1)
    agreements = [
        ContourAgreement(
            structure,
            raters,
            paired.how,
            float(middle[2]),
            level_at(middle),
            float(found.mean[k]),
            float(found.largest[k]),
            float(found.hausdorff95[k]),
            float(found.dice[k]),
            (float(found.areas[k, 0]), float(found.areas[k, 1])),
            shifts[k],
        )
        for k, middle in enumerate(middles)
    ]
    return tuple(agreements), tuple(left)


class _Paired(NamedTuple):
    """Loops (SAMPLES, 3) that belong together, the rows of each stack left over, and the plane's axes (2, 3)."""

    how: Correspondence
    loops: list[tuple[FloatArray, FloatArray]]
    alone: tuple[IntArray, IntArray]
    axes: FloatArray


def _paired(first: Loops, second: Loops, shared: SharedSlices) -> _Paired:
    """Return the loops of two stacks that belong together, slice by slice or by cutting the second."""
    if on_same_slices(first.centres, second.centres, shared):
        i, j = match(first.centres, second.centres, shared)
        loops = [(first.points[a], second.points[b]) for a, b in zip(i, j, strict=True)]
        alone = np.setdiff1d(range(len(first.points)), i), np.setdiff1d(range(len(second.points)), j)
        return _Paired("slice", loops, alone, in_plane(shared.normal))
    cuts = [cut(second, centre, first.normal) for centre in first.centres]
    loops = [(loop, found) for loop, found in zip(first.points, cuts, strict=True) if found is not None]
    missed = [cut(first, centre, second.normal) is None for centre in second.centres]
    alone = np.flatnonzero([found is None for found in cuts]), np.flatnonzero(missed)
    return _Paired("interpolated", loops, alone, in_plane(first.normal))


def summarise(agreements: Iterable[ContourAgreement]) -> ContourSummary:
    """Return contours of several slices together, each slice counted once."""
    each = list(agreements)
    rows = [(a.mean_mm, a.largest_mm, a.hausdorff95_mm, a.dice, a.shift_mm) for a in each]
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5).T
    mean, _, hausdorff95, dice, shift = (mean_of(column) for column in columns)
    largest = float(columns[1].max()) if each else np.nan
    return ContourSummary(mean, sd_of(columns[0]), largest, hausdorff95, dice, shift, len(each))
