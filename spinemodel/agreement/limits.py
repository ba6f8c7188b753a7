"""Bias and limits of agreement of differences, each with its interval; for normal differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from scipy.special import ndtri
from scipy.stats import chi2, nct, t

from spinemodel.agreement.estimate import Estimate, unbounded, undefined
from spinemodel.arrays import FloatArray

Interval: TypeAlias = Literal["exact", "approximate"]

SAME: Final = 1e-12
"""Differences whose SD is no larger, or than this share of the largest, are one. A choice, above rounding."""

BIAS, LOWER, UPPER = "bias", "lower limit of agreement", "upper limit of agreement"

Ends: TypeAlias = tuple[float, float]


class Lines(NamedTuple):
    """The three lines of a Bland-Altman plot, and the SD of a difference that they stand on."""

    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float


class _About(NamedTuple):
    """What all three estimates have in common."""

    n: int
    level: float
    left_out: int
    how: tuple[str, str]


def single_limits(apart: FloatArray, share: float, interval: Interval, level: float, left_out: int = 0) -> Lines:
    """Return the lines of differences (n,), each of a subject of its own.

    The bias has the interval of t. Exact intervals of the limits come from the noncentral t distribution (Carkeet 2015,
    Optometry and Vision Science 92:e71, each limit by itself): sqrt(n) (limit - mean) / SD has it with n - 1 degrees of
    freedom and noncentrality z sqrt(n). Approximate ones take the limit's variance for s^2 (1/n + z^2 / (2 (n - 1)))
    (Bland & Altman 1999, Statistical Methods in Medical Research 8:135, section 2).
    """
    n, z, ends = len(apart), _z(share), np.array([1 - level, 1 + level]) / 2
    about = _About(n, level, left_out, ("t", interval))
    if n < 2:
        return _without(about, f"{n} subjects were measured by both; differences need two")
    bias, sd = float(apart.mean()), float(apart.std(ddof=1))
    if sd <= SAME * max(1.0, float(np.abs(apart).max())):
        return _alike(about, bias)
    centre = t.ppf(ends, n - 1) * sd / np.sqrt(n)
    if interval == "exact":
        outer = nct.ppf(ends, n - 1, z * np.sqrt(n)) * sd / np.sqrt(n)
    else:
        outer = z * sd + t.ppf(ends, n - 1) * sd * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
    return _lines(about, (bias, sd, z), centre, outer)


def repeated_limits(
    apart: FloatArray, groups: Sequence[str], share: float, level: float, left_out: int = 0
) -> Lines:
    """Return the lines of differences (r,), several of a subject.

    A difference varies between subjects and within: with the variance of the subjects' means S, that within subjects W
    and the harmonic mean m of how many each has, S + (1 - 1/m) W (Bland & Altman 2007, Journal of Biopharmaceutical
    Statistics 17:571; Zou 2013, Statistical Methods in Medical Research 22:630). The bias is the mean of the subjects'
    means. Intervals of the limits are Zou's, which recover variances from the chi-squared intervals of S and W; the
    bias has that of t, where his is normal, since subjects are few.
    """
    n, z, ends = len(set(groups)), _z(share), np.array([1 - level, 1 + level]) / 2
    about = _About(n, level, left_out, ("t, subjects' means", "recovered variances, Zou 2013"))
    if n < 2:
        return _without(about, f"{n} subjects were measured by both; differences need two")
    group = np.unique(np.array(list(groups), dtype=str), return_inverse=True)[1]
    sizes = np.bincount(group)
    means = np.bincount(group, apart) / sizes
    rest, parts = len(apart) - n, np.zeros(2)
    parts[0] = means.var(ddof=1)
    if rest:
        parts[1] = (1 - (1 / sizes).mean()) * ((apart - means[group]) ** 2).sum() / rest
    bias, sd = float(means.mean()), float(np.sqrt(parts.sum()))
    if sd <= SAME * max(1.0, float(np.abs(apart).max())):
        return _alike(about, bias)
    centre = t.ppf(ends, n - 1) * np.sqrt(parts[0] / n)
    free = np.array([n - 1, max(rest, 1)])
    down = parts.sum() - np.sqrt(((parts * (1 - free / chi2.ppf(ends[1], free))) ** 2).sum())
    up = parts.sum() + np.sqrt(((parts * (free / chi2.ppf(ends[0], free) - 1)) ** 2).sum())
    inner = z * sd - np.hypot(centre[0], z * (sd - np.sqrt(max(down, 0.0))))
    outer = z * sd + np.hypot(centre[1], z * (np.sqrt(up) - sd))
    return _lines(about, (bias, sd, z), centre, np.array([inner, outer]))


def _z(share: float) -> float:
    """Return how many SD a limit lies from the bias."""
    return float(ndtri((1 + share) / 2))


def _lines(about: _About, found: tuple[float, float, float], centre: FloatArray, outer: FloatArray) -> Lines:
    """Return the lines from bias, SD and z, and the ends about the bias of the bias and of the upper limit."""
    bias, sd, z = found
    lower, upper = -z * sd, z * sd
    return Lines(
        _line(about, BIAS, bias, (bias + centre[0], bias + centre[1])),
        _line(about, LOWER, bias + lower, (bias - outer[1], bias - outer[0])),
        _line(about, UPPER, bias + upper, (bias + outer[0], bias + outer[1])),
        sd,
    )


def _line(about: _About, name: str, value: float, ends: Ends) -> Estimate:
    """Return one line."""
    low, high = (float(end) for end in ends)
    return Estimate(value, low, high, _method(about, name), about.n, about.level, about.left_out)


def _method(about: _About, name: str) -> str:
    """Return what was computed and how its interval was."""
    return f"{name}; interval: {about.how[name != BIAS]}"


def _without(about: _About, reason: str) -> Lines:
    """Return lines that are undefined."""
    bias, lower, upper = (
        undefined(_method(about, name), about.n, reason, level=about.level, left_out=about.left_out)
        for name in (BIAS, LOWER, UPPER)
    )
    return Lines(bias, lower, upper, np.nan)


def _alike(about: _About, value: float) -> Lines:
    """Return the lines of differences that are all the same."""
    reason = "all differences are the same; their spread cannot be told"
    bias, lower, upper = (
        unbounded(value, _method(about, name), about.n, reason, level=about.level, left_out=about.left_out)
        for name in (BIAS, LOWER, UPPER)
    )
    return Lines(bias, lower, upper, 0.0)
