"""Intraclass correlation of measured numbers: which share of their variance is the subjects' own.

Two forms, each of a single rating where every rater measured every subject (Shrout & Fleiss 1979, Psychological
Bulletin 86:420; McGraw & Wong 1996, Psychological Methods 1:30):

- **ICC(2,1)**, absolute agreement: raters are a sample of all that there might be, and an offset between them counts as
  disagreement. McGraw & Wong's ICC(A,1).
- **ICC(3,1)**, consistency: these raters are all that matter, and an offset does not count. Their ICC(C,1).

Both come from the mean squares of subjects, raters and what is left. Either may be negative, down to -1 / (k - 1) for k
raters. A large ICC tells that subjects differ by much more than raters do, not that raters differ little: see
:mod:`spinemodel.agreement.bland_altman` for that.
"""

from __future__ import annotations

from math import nan
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from scipy.stats import f

from spinemodel.agreement.bootstrap import PLAIN, Draws, bootstrap
from spinemodel.agreement.estimate import Estimate, unbounded, undefined
from spinemodel.agreement.gradings import Gradings, complete, groups_of, require_order, subjects_in
from spinemodel.agreement.kappa import ratio
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Form: TypeAlias = Literal["2,1", "3,1"]

ROUNDING: Final = 1e-12
"""Differences below this share of the largest value are what rounding leaves, and count as none. A choice."""

FLAT: Final = "all values are the same; there is no variance to share out"


class MeanSquares(NamedTuple):
    """Mean squares of a two-way analysis of variance, each (b,), by draw."""

    subjects: FloatArray
    raters: FloatArray
    rest: FloatArray
    total: FloatArray
    """How many subjects each draw holds."""


def icc(
    found: Gradings, form: Form, *, interval: Literal["f", "bootstrap"] | None = None, draws: Draws = PLAIN
) -> Estimate:
    """Return the intraclass correlation of single ratings.

    Parameters
    ----------
    found
        Measured numbers, or grades in order. Subjects with a missing value are left out.
    form
        ``2,1`` for absolute agreement, ``3,1`` for consistency.
    interval
        ``f``: from F distributions, exact for ICC(3,1) and nearly so for ICC(2,1) (Shrout & Fleiss 1979;
        McGraw & Wong 1996, table 7), where values are normal. ``bootstrap``: by drawing subjects, for values that are
        not; raters stay as they are, so that for ICC(2,1) it tells nothing of other raters and is the shorter. None:
        ``bootstrap`` where several rows are of one subject, which F distributions do not allow; otherwise ``f``.
    draws
        How to draw subjects; its level counts for either interval.

    Raises
    ------
    InputError
        If grades have no order, the form is unknown, or ``f`` is asked for where several rows are of one subject.

    Examples
    --------
    >>> from spinemodel.agreement.gradings import graded
    >>> print(icc(graded([[9, 8], [6, 5], [8, 7], [7, 6], [10, 8], [6, 6]]), "3,1"))
    0.903 (95 % interval 0.467 to 0.986, n = 6)
    """
    require_order(found, f"ICC({form})")
    if form not in ("2,1", "3,1"):
        raise InputError(f"ICC: got form {form!r}, expected '2,1' (absolute agreement) or '3,1' (consistency)")
    if interval == "f" and found.groups:
        raise InputError("ICC: rows of one subject are not independent, as F needs; draw subjects (bootstrap)")
    values, rows, left_out = complete(found)
    n, raters = values.shape
    method = f"ICC({form})"
    reason = _too_few(n, raters)
    if reason:
        return undefined(method, subjects_in(found, rows), reason, level=draws.level, left_out=left_out)

    def statistic(drawn: FloatArray) -> FloatArray:
        return _icc(_mean_squares(drawn, values), raters, form)

    if interval == "bootstrap" or found.groups:
        groups = groups_of(found, rows)
        return bootstrap(statistic, n, method=method, draws=draws, without=FLAT, left_out=left_out, groups=groups)
    return _by_f(values, form, method, draws.level, left_out)


def _too_few(n: int, raters: int) -> str:
    """Return why there is no ICC of so few."""
    if raters < 2:
        return f"there is {raters} rater; ICC needs two"
    if n < 2:
        return f"{n} subject was measured by all raters; ICC needs two"
    return ""


def _mean_squares(drawn: FloatArray, values: FloatArray) -> MeanSquares:
    """Return the mean squares of values (n, k) for each draw (b, n)."""
    raters, floor = values.shape[1], (ROUNDING * np.abs(values).max()) ** 2
    total = drawn.sum(axis=1)
    mean = values.mean(axis=1)
    apart = values - mean[:, None]  # of each rater from the subject's mean
    centred = mean - mean.mean()
    subjects = raters * (drawn @ centred**2 - (drawn @ centred) ** 2 / total)
    columns = drawn @ apart / total[:, None]
    offsets = total * (columns**2).sum(axis=1)
    rest = drawn @ (apart**2).sum(axis=1) - offsets
    free = np.where(total > 1, total - 1, np.nan)
    squares = (subjects / free, offsets / (raters - 1), rest / (free * (raters - 1)))
    own, between, left = (np.where(square > floor, square, square * 0.0) for square in squares)
    return MeanSquares(own, between, left, total)


def _icc(squares: MeanSquares, raters: int, form: Form) -> FloatArray:
    """Return the ICC: Shrout & Fleiss 1979."""
    subjects, columns, rest, total = squares
    below = subjects + (raters - 1) * rest
    if form == "2,1":
        below = below + raters * (columns - rest) / total
    return ratio(subjects - rest, below)


def _by_f(values: FloatArray, form: Form, method: str, level: float, left_out: int) -> Estimate:
    """Return the ICC with its interval from F distributions."""
    n, raters = values.shape
    squares = _mean_squares(np.ones((1, n)), values)
    value = float(_icc(squares, raters, form)[0])
    told = f"{method}; interval: F distribution, Shrout & Fleiss 1979"
    if not np.isfinite(value):
        return undefined(told, n, FLAT, level=level, left_out=left_out)
    subjects, columns, rest = (float(square[0]) for square in squares[:3])
    if form == "3,1":
        low, high = _consistency(subjects, rest, n, raters, level)
    else:
        low, high = _agreement((subjects, columns, rest), value, n, raters, level)
    if not (np.isfinite(low) and np.isfinite(high)):
        reason = "raters do not differ, or the values fit no variance between subjects; its spread cannot be told"
        return unbounded(value, told, n, reason, level=level, left_out=left_out)
    return Estimate(value, low, high, told, n, level, left_out)


def _consistency(subjects: float, rest: float, n: int, raters: int, level: float) -> tuple[float, float]:
    """Return the exact interval of ICC(3,1)."""
    if rest == 0:
        return nan, nan
    seen, share, free = subjects / rest, (1 + level) / 2, (n - 1) * (raters - 1)
    low, high = seen / f.ppf(share, n - 1, free), seen * f.ppf(share, free, n - 1)
    return float((low - 1) / (low + raters - 1)), float((high - 1) / (high + raters - 1))


def _agreement(
    squares: tuple[float, float, float], value: float, n: int, raters: int, level: float
) -> tuple[float, float]:
    """Return the interval of ICC(2,1), with Satterthwaite's degrees of freedom: McGraw & Wong 1996, table 7."""
    subjects, columns, rest = squares
    if value == 1:
        return nan, nan
    a = raters * value / (n * (1 - value))
    b = 1 + raters * value * (n - 1) / (n * (1 - value))
    spread = (a * columns) ** 2 / (raters - 1) + (b * rest) ** 2 / ((n - 1) * (raters - 1))
    if spread == 0:
        return nan, nan
    free, share = (a * columns + b * rest) ** 2 / spread, (1 + level) / 2
    over, under = f.ppf(share, n - 1, free), f.ppf(share, free, n - 1)
    mixed = raters * columns + (raters * n - raters - n) * rest
    low = n * (subjects - over * rest) / (over * mixed + n * subjects)
    high = n * (under * subjects - rest) / (mixed + n * under * subjects)
    return float(low), float(high)
