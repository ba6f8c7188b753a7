"""How far two annotations of a root lie apart: the distance of corresponding points, in three dimensions.

This is figure 2 of the dataset's paper (Liu et al. 2024): mean and SD of the distance per level, side and subject.

**What the mean says of the annotators.** A distance is never negative, so its mean is not zero where neither is biased.
Two annotators whose points scatter about the same line with SD s per coordinate, independently, differ by s sqrt(2) per
coordinate. The mean of the distance is then s sqrt(2) sqrt(8 / pi) = 2.26 s in three dimensions (Maxwell) and
s sqrt(2) sqrt(pi / 2) = 1.77 s where both mark a point in the plane of one slice (Rayleigh). From the mean of the two
each is half as far. Bias and scatter are told apart by :attr:`RootAgreement.shift`, the mean of the differences
themselves. Within a slice the distance is that of two points, not of two lines: a root that crosses the slice at the
angle a from its normal is nearer by cos(a) where it was displaced in the plane it leans in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.agreement.correspondence import (
    Correspondence,
    SharedSlices,
    common_heights,
    common_parts,
    match,
    on_same_slices,
)
from spinemodel.agreement.paired import Paired, mean_of, sd_of
from spinemodel.arrays import FloatArray
from spinemodel.levels import RootName

NONE: Final = np.zeros((0, 3))
"""No points."""


@dataclass(frozen=True, eq=False)
class RootAgreement(Paired):
    """A root as two annotators drew it.

    Attributes
    ----------
    root
        Its name.
    raters
        The two.
    correspondence
        ``slice`` or ``arc length``.
    first, second
        (n, 3) mm, RAS+, points that belong together, from the head down; n is 0 where no height is common.
    unmatched
        How many points of the first and of the second have no partner and count nowhere: on slices that only one of
        them marked, or beyond the stretch that both drew.
    """

    root: RootName
    raters: tuple[str, str]
    correspondence: Correspondence
    first: FloatArray
    second: FloatArray
    unmatched: tuple[int, int]

    @property
    def z(self) -> FloatArray:
        """(n,) mm, RAS+: the mean of each pair."""
        return np.asarray((self.first[:, 2] + self.second[:, 2]) / 2)

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.first)

    @property
    def shift(self) -> FloatArray:
        """(3,) mm: mean of second minus first, to the right, front and head."""
        return np.asarray((self.second - self.first).mean(axis=0)) if self.n else np.full(3, np.nan)


@dataclass(frozen=True)
class DistanceSummary:
    """Distances pooled.

    Attributes
    ----------
    mean, sd, largest
        mm, of all n distances together; nan where there are none (SD: fewer than two).
    n
        Number of distances.
    structures
        Number of structures, or slices, that have any.
    """

    mean: float
    sd: float
    largest: float
    n: int
    structures: int


def compare_roots(
    first: Mapping[RootName, FloatArray],
    second: Mapping[RootName, FloatArray],
    raters: tuple[str, str],
    shared: SharedSlices,
) -> tuple[RootAgreement, ...]:
    """Return the agreement on every root (n, 3) mm that both drew, in the order of the first."""
    return tuple(
        compare_root(root, raters, line, second[root], shared) for root, line in first.items() if root in second
    )


def compare_root(
    root: RootName, raters: tuple[str, str], first: FloatArray, second: FloatArray, shared: SharedSlices
) -> RootAgreement:
    """Return the agreement of two drawings (k, 3) and (m, 3) mm of a root, each in order from the head down.

    Examples
    --------
    >>> from spinemodel.agreement.correspondence import UPRIGHT, Slices, shared_slices
    >>> line = np.outer(np.arange(20.0), [0, 0, -2.0])
    >>> slices = shared_slices([Slices(UPRIGHT, 2.0)] * 2)
    >>> found = compare_root(RootName("L3", "L"), ("A", "B"), line, line[5:] + [0.3, 0.4, 0], slices)
    >>> found.correspondence, round(found.mean, 9), found.n, found.unmatched
    ('slice', 0.5, 15, (5, 0))
    """
    if on_same_slices(first, second, shared):
        i, j = match(first, second, shared)
        alone = len(first) - len(i), len(second) - len(j)
        return RootAgreement(root, raters, "slice", first[i], second[j], alone)
    parts = common_parts([first, second], shared)
    if parts is None:
        return RootAgreement(root, raters, "arc length", NONE, NONE, (len(first), len(second)))
    beyond = _beyond(first, second, shared), _beyond(second, first, shared)
    return RootAgreement(root, raters, "arc length", parts[0], parts[1], beyond)


def _beyond(line: FloatArray, other: FloatArray, shared: SharedSlices) -> int:
    """Return how many points of a line lie above or below all that both drew."""
    low, high = common_heights([line, other], shared.normal)
    height = line @ shared.normal
    return int(((height < low - shared.tolerance_mm) | (height > high + shared.tolerance_mm)).sum())


def pooled(agreements: Iterable[RootAgreement]) -> DistanceSummary:
    """Return mean and SD of the distances of several roots together, each point counted once.

    Points of one root are neighbours and no independent samples: take intervals over roots or subjects, not over n.
    """
    return summary_of([agreement.distances for agreement in agreements])


def summary_of(groups: Iterable[FloatArray]) -> DistanceSummary:
    """Return mean and SD of distances (n,) mm of several structures together."""
    each = [group for group in groups if len(group)]
    every = np.concatenate(each) if each else np.zeros(0)
    largest = float(every.max()) if len(every) else np.nan
    return DistanceSummary(mean_of(every), sd_of(every), largest, len(every), len(each))
