"""Bland-Altman: by how much two raters' numbers differ, in their own unit, with limits of agreement.

The bias is the mean of the differences; the limits hold 95 % of the differences between the raters where these are
normal: bias -+ 1.96 SD (Bland & Altman 1986, Lancet i:307; 1999, Statistical Methods in Medical Research 8:135). The
limits are of a single difference, and are estimates themselves; each has its own interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t

from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap
from spinemodel.agreement.estimate import Estimate, unbounded, undefined
from spinemodel.agreement.gradings import Gradings, complete, groups_of, require_order
from spinemodel.agreement.limits import Interval, repeated_limits, single_limits
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError

SHARE: Final = 0.95
"""Share of differences between the limits of agreement (Bland & Altman 1986, who round 1.96 to 2)."""


@dataclass(frozen=True, eq=False)
class BlandAltman:
    """Differences of two raters.

    Attributes
    ----------
    first, second
        Raters; a difference is the first's value less the second's.
    rows
        Whose differences they are.
    means, differences
        (r,) what a Bland-Altman plot shows. Read-only.
    sd
        Of one difference, within and between subjects.
    bias, lower, upper
        Mean difference, and limits of agreement.
    slope
        Change of the difference per unit of the mean (Bland & Altman 1999, section 3): where it is not near 0, the
        bias is not one number, and the limits hold for no value in particular.
    """

    first: str
    second: str
    rows: tuple[str, ...]
    means: FloatArray
    differences: FloatArray
    sd: float
    bias: Estimate
    lower: Estimate
    upper: Estimate
    slope: Estimate

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        object.__setattr__(self, "means", freeze(self.means))
        object.__setattr__(self, "differences", freeze(self.differences))


def bland_altman(
    found: Gradings,
    first: str,
    second: str,
    *,
    share: float = SHARE,
    interval: Interval = "exact",
    draws: Draws = PLAIN,
) -> BlandAltman:
    """Return bias and limits of agreement of two raters.

    Parameters
    ----------
    found
        Measured numbers. Rows that either did not measure are left out. Where several rows are of one subject, the
        differences of a subject go together, and intervals are over subjects:
        :func:`spinemodel.agreement.limits.repeated_limits`. Rows taken for independent that are not have intervals
        far too narrow.
    first, second
        Raters.
    share
        Share of differences between the limits.
    interval
        Of the limits: ``exact``, or ``approximate``, which is published more and too narrow on the outer side for few
        subjects. See :func:`spinemodel.agreement.limits.single_limits`.
    draws
        Level of all intervals, and how to draw subjects for that of the slope where several rows are of one.

    Raises
    ------
    InputError
        If a rater is unknown, or grades have no order.

    Examples
    --------
    >>> from spinemodel.agreement.gradings import graded
    >>> found = bland_altman(graded([[5.1, 5.0], [6.0, 6.3], [7.2, 7.0], [4.4, 4.1], [5.0, 4.9]]), "1", "2")
    >>> print(found.bias)
    0.08 (95 % interval -0.203 to 0.363, n = 5)
    """
    require_order(found, "Bland-Altman")
    _require(share, interval)
    values, rows, left_out = complete(found, (first, second))
    means, apart = values.mean(axis=1), values[:, 0] - values[:, 1]
    names = tuple(found.subjects[row] for row in rows)
    held = groups_of(found, rows)
    if held is None:
        lines = single_limits(apart, share, interval, draws.level, left_out)
        slope = _slope(means, apart, draws.level, left_out)
    else:
        lines = repeated_limits(apart, held, share, draws.level, left_out)
        slope = _slope_of_groups(means, apart, held, draws, left_out)
    return BlandAltman(first, second, names, means, apart, lines.sd, lines.bias, lines.lower, lines.upper, slope)


def _require(share: float, interval: str) -> None:
    """Raise unless the parameters fit."""
    if not 0 < share < 1:
        raise InputError(f"Bland-Altman: got share {share}, expected one between 0 and 1, such as 0.95")
    if interval not in ("exact", "approximate"):
        raise InputError(f"Bland-Altman: got interval {interval!r}, expected 'exact' or 'approximate'")


SLOPE: Final = "slope of differences by means"


def _no_slope(means: FloatArray) -> str:
    """Return why there is no slope."""
    if len(means) < 3:
        return f"a slope needs three differences; there are {len(means)}"
    return "" if np.ptp(means) else "all means are the same"


def _slope(means: FloatArray, apart: FloatArray, level: float, left_out: int) -> Estimate:
    """Return the slope of independent differences by means: least squares, with the interval of t."""
    n, reason, method = len(means), _no_slope(means), f"{SLOPE}; interval: t"
    if reason:
        return undefined(method, n, reason, level=level, left_out=left_out)
    x, y = means - means.mean(), apart - apart.mean()
    square = float(x @ x)
    value = float(x @ y) / square
    error = float(np.sqrt(((y - value * x) ** 2).sum() / (n - 2) / square))
    if error <= 1e-12 * max(1.0, abs(value)):
        return unbounded(value, method, n, "all differences lie on one line", level=level, left_out=left_out)
    half = float(t.ppf((1 + level) / 2, n - 2)) * error
    return Estimate(value, value - half, value + half, method, n, level, left_out)


def _slope_of_groups(
    means: FloatArray, apart: FloatArray, groups: Sequence[str], draws: Draws, left_out: int
) -> Estimate:
    """Return the slope of all differences by means, with an interval by drawing subjects."""
    reason = _no_slope(means)
    if reason:
        return undefined(SLOPE, len(set(groups)), reason, level=draws.level, left_out=left_out)
    x, y = means - means.mean(), apart - apart.mean()

    def slope(rows: FloatArray) -> FloatArray:
        total = rows.sum(axis=1)
        square = rows @ x**2 - (rows @ x) ** 2 / total
        cross = rows @ (x * y) - (rows @ x) * (rows @ y) / total
        flat = square <= 1e-12 * (x @ x)
        return np.asarray(np.where(flat, np.nan, cross / np.where(flat, 1.0, square)))

    without = "all means are the same"
    return bootstrap(slope, len(x), method=SLOPE, draws=draws, without=without, left_out=left_out, groups=groups)
