"""Krippendorff's alpha: agreement beyond chance for any number of raters, any kind of value and missing gradings.

Alpha is 1 - D / E (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, University of Pennsylvania): D is the
mean difference of two gradings of one subject, E that of any two gradings. A subject with m gradings counts with weight
m, through m (m - 1) pairs divided by m - 1; with one grading or none it tells nothing and is left out.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.agreement.bootstrap import PLAIN, Draws, Statistic, bootstrap
from spinemodel.agreement.estimate import Estimate, undefined
from spinemodel.agreement.gradings import Gradings, counts, groups_of, require_order
from spinemodel.agreement.kappa import CONSTANT, ratio
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Metric: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]
"""How two values differ: 0 or 1; by the gradings between them; by their distance; by distance over sum."""

ROUNDING: Final = 1e-12
"""A variance below this share of the mean square is what rounding leaves. A choice."""


def krippendorff_alpha(found: Gradings, metric: Metric, *, draws: Draws = PLAIN) -> Estimate:
    """Return Krippendorff's alpha with an interval by drawing subjects.

    Krippendorff's own interval draws pairs of gradings as if those of one subject were independent. Here subjects are
    drawn, as Zapf et al. (2016, BMC Medical Research Methodology 16:93) recommend.

    Parameters
    ----------
    found
        Gradings, some of which may be missing. ``n`` of the estimate are the subjects of rows with two or more.
    metric
        Kind of the values. ``ratio`` is for values of 0 and more.
    draws
        How to draw subjects.

    Raises
    ------
    InputError
        If grades without order are to be compared by order or distance, or ``ratio`` is asked for a negative value.

    Examples
    --------
    >>> from spinemodel.agreement.gradings import graded
    >>> missing = float("nan")
    >>> found = graded([[1, 1, 2], [2, 2, missing], [3, 3, missing], [3, 3, missing], [2, 2, missing], [1, missing, 1]])
    >>> round(krippendorff_alpha(found, "nominal").value, 3)
    0.786
    """
    if metric != "nominal":
        require_order(found, f"alpha, {metric}")
    if metric == "ratio" and (found.values < 0).any():
        raise InputError("alpha, ratio: got a negative value, expected values of 0 and more; use interval")
    paired = (~np.isnan(found.values)).sum(axis=1) >= 2
    n, left_out, groups = int(paired.sum()), int((~paired).sum()), groups_of(found, np.flatnonzero(paired))
    method = f"Krippendorff's alpha, {metric}"
    if not n:
        return undefined(method, 0, "no subject has two gradings", level=draws.level, left_out=left_out)
    statistic = _statistic(found.values[paired], metric)
    return bootstrap(statistic, n, method=method, draws=draws, without=CONSTANT, left_out=left_out, groups=groups)


def _statistic(values: FloatArray, metric: Metric) -> Statistic:
    """Return alpha of gradings (n, m), each row with two or more, as a function of draws."""
    if metric == "interval":
        return _by_distance(values)
    levels, given = counts(values)
    return _by_rank(given) if metric == "ordinal" else _by_value(given, _differences(levels, metric))


def _differences(levels: FloatArray, metric: str) -> FloatArray:
    """Return the squared differences of values, (k, k), nominal or of a ratio."""
    apart = levels[:, None] - levels
    if metric == "nominal":
        return np.asarray(apart != 0, dtype=np.float64)
    total = levels[:, None] + levels
    return np.asarray(np.divide(apart, total, out=np.zeros_like(apart), where=total != 0) ** 2)


def _by_value(given: FloatArray, differences: FloatArray) -> Statistic:
    """Return alpha where the difference of two values is fixed; ``given`` (n, k) tells how often each was given."""
    sizes = given.sum(axis=1)
    within = ((given @ differences) * given).sum(axis=1) / (sizes - 1)

    def alpha(drawn: FloatArray) -> FloatArray:
        margin, total = drawn @ given, drawn @ sizes
        expected = ((margin @ differences) * margin).sum(axis=1)
        return 1 - ratio((total - 1) * (drawn @ within), expected)

    return alpha


def _by_distance(values: FloatArray) -> Statistic:
    """Return alpha of numbers: the squared differences of all pairs of m numbers sum to 2 (m sum x^2 - (sum x)^2)."""
    known = ~np.isnan(values)
    centred = np.where(known, values - values[known].mean(), 0.0)
    sizes, sums, squares = known.sum(axis=1).astype(np.float64), centred.sum(axis=1), (centred**2).sum(axis=1)
    within = 2 * (sizes * squares - sums**2) / (sizes - 1)

    def alpha(drawn: FloatArray) -> FloatArray:
        total, square = drawn @ sizes, drawn @ squares
        expected = 2 * (total * square - (drawn @ sums) ** 2)
        expected = np.where(expected > ROUNDING * total * square, expected, 0.0)
        return 1 - ratio((total - 1) * (drawn @ within), expected)

    return alpha


def _by_rank(given: FloatArray) -> Statistic:
    """Return alpha of ordered values, whose difference hangs on how often all others were given in each draw.

    Half of both margins and all between them is the distance of mean ranks, which add up as other numbers do.
    """
    sizes = given.sum(axis=1)

    def alpha(drawn: FloatArray) -> FloatArray:
        margin, total = drawn @ given, drawn @ sizes
        ranks = np.cumsum(margin, axis=1) - margin / 2 - total[:, None] / 2
        within = 2 * (sizes * (ranks**2 @ given.T) - (ranks @ given.T) ** 2) / (sizes - 1)
        expected = 2 * (total * (margin * ranks**2).sum(axis=1) - (margin * ranks).sum(axis=1) ** 2)
        return 1 - ratio((total - 1) * (drawn * within).sum(axis=1), expected)

    return alpha
