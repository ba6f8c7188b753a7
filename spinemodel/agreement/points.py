"""How far two annotations of ganglia lie apart, and of any other structure of one or a few points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from spinemodel.agreement.paired import Paired
from spinemodel.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PointAgreement(Paired):
    """A structure of one or a few points, as two annotators marked it.

    Attributes
    ----------
    name
        Of the structure, such as ``L2_R``.
    raters
        The two.
    first, second
        (n, 3) mm, RAS+: the points that belong together, those whose distances have the least sum of squares.
    unmatched
        How many points of the first and of the second have no partner: a ganglion may have one point, or an entry and
        an exit.
    """

    name: str
    raters: tuple[str, str]
    first: FloatArray
    second: FloatArray
    unmatched: tuple[int, int]


def compare_points(
    first: Mapping[str, FloatArray], second: Mapping[str, FloatArray], raters: tuple[str, str]
) -> tuple[PointAgreement, ...]:
    """Return the agreement on every named set of points (n, 3) mm that both have, in the order of the first.

    Examples
    --------
    >>> one, other = {"L1_L": np.zeros((1, 3))}, {"L1_L": np.array([[30.0, 0, 0], [0, 3, 4]])}
    >>> (found,) = compare_points(one, other, ("A", "B"))
    >>> found.distances.tolist(), found.unmatched
    ([5.0], (0, 1))
    """
    return tuple(
        _compared(name, raters, points, second[name]) for name, points in first.items() if name in second
    )


def _compared(name: str, raters: tuple[str, str], one: FloatArray, other: FloatArray) -> PointAgreement:
    i, j = nearest_pairs(one, other)
    return PointAgreement(name, raters, one[i], other[j], (len(one) - len(i), len(other) - len(j)))


def nearest_pairs(first: FloatArray, second: FloatArray) -> tuple[IntArray, IntArray]:
    """Return which points (n, 3) and (m, 3) belong together so that the sum of squared distances is least."""
    i, j = linear_sum_assignment(cdist(first, second, "sqeuclidean"))
    return np.asarray(i, np.int64), np.asarray(j, np.int64)
