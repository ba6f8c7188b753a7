"""Intervals by drawing subjects again: percentile and BCa, for any statistic, seeded.

A draw takes n of n subjects with replacement (Efron 1979, Annals of Statistics 7:1), so that it is told by how often it
holds each: n weights. A statistic is a function of weights (b, n) and returns the values of all b draws at once.
Subjects are drawn whole, with all that belongs to them: what one subject's slices, levels or raters share stays
together. To draw slices as if they were independent makes intervals far too short.

Two intervals are to be had:

- **percentile**: what lies between the quantiles of the drawn values.
- **BCa**, bias-corrected and accelerated (Efron 1987, Journal of the American Statistical Association 82:171; Efron &
  Tibshirani 1993, An Introduction to the Bootstrap, chapter 14): the quantiles are moved for the bias of the draws and
  for a spread that changes with the value, told by leaving out each subject in turn. Its coverage errs by 1/n where the
  percentile's errs by 1/sqrt(n), and it follows a monotonous change of scale. Kappa, alpha and ICC are skewed and end
  at 1, so it is the default.

Measured on 400 simulated studies each, at a level of 95 %: Fleiss' kappa of four raters and 15 subjects was held by
94.8 % of the BCa intervals and 88.5 % of the percentile ones, Cohen's of 30 subjects near the end by 96 and 90 %.
Either is too short for few subjects, whose spread is all there is to draw from: the mean of a skewed distance was
held by 83 % of the intervals of 5 subjects, 90 % of 14 and 92 % of 30. Where a formula serves (ICC, limits of
agreement), it is preferred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from spinemodel.agreement.estimate import LEVEL, Estimate, require_level, unbounded, undefined
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Statistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""From weights (b, n), how often each draw holds each subject, to values (b,); not a number where it is undefined."""

Interval: TypeAlias = Literal["bca", "percentile"]

NEEDED: Final = 0.95
"""Least share of draws in which the statistic must be defined. A choice: the rest are left out, and what they would
have been is unknown, so an interval from fewer would be a guess."""

AT_ONCE: Final = 1 << 21
"""Weights held in memory at once, 16 MB."""

SAME: Final = 1e-10
"""Drawn values no further apart, or than this share of a value above 1, are one value. A choice, above rounding."""


@dataclass(frozen=True)
class Draws:
    """How to draw.

    Attributes
    ----------
    interval
        ``bca`` or ``percentile``.
    level
        Share of studies whose intervals should hold the truth.
    resamples
        How many draws; 2000 are what Efron & Tibshirani (1993, chapter 14) take for BCa.
    seed
        Of the draws: the same seed gives the same interval.
    """

    interval: Interval = "bca"
    level: float = LEVEL
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        require_level(self.level)
        if self.interval not in ("bca", "percentile"):
            raise InputError(f"bootstrap: got interval {self.interval!r}, expected 'bca' or 'percentile'")
        if self.resamples < 2 / (1 - self.level):
            raise InputError(f"bootstrap: {self.resamples} resamples are too few for a level of {self.level}")


PLAIN: Final = Draws()


def bootstrap(
    statistic: Statistic,
    n: int,
    *,
    method: str,
    draws: Draws = PLAIN,
    without: str = "it cannot be computed from these subjects",
    left_out: int = 0,
    groups: Sequence[str] | None = None,
) -> Estimate:
    """Return a statistic of n subjects, or of n rows of fewer, with an interval by drawing subjects again.

    Parameters
    ----------
    statistic
        From weights (b, n) to values (b,).
    n
        Subjects, or rows.
    method
        Name of the statistic.
    draws
        How to draw.
    without
        Why the statistic is undefined, if it turns out to be.
    left_out
        Subjects, or rows, that were left out before.
    groups
        Subject of each row, where several rows are of one, such as its levels: all rows of a subject are drawn
        together (cluster bootstrap: Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8), and
        ``n`` of the estimate are the subjects. None where each row is a subject.

    Raises
    ------
    InputError
        If groups and rows do not match.

    Examples
    --------
    >>> offsets = np.array([1.0, 2.0, 4.0, 2.5, 3.0, 1.5, 2.0, 5.0])
    >>> print(bootstrap(lambda w: w @ offsets / w.sum(axis=1), 8, method="mean"))
    2.62 (95 % interval 1.88 to 3.56, n = 8)
    """
    told = f"{method}; interval: {draws.interval} bootstrap, {draws.resamples} draws, seed {draws.seed}"
    value = float(statistic(np.ones((1, n)))[0]) if n else nan
    subjects, drawn = _whole(statistic, n, groups)
    if not np.isfinite(value):
        return undefined(told, subjects, without, level=draws.level, left_out=left_out)
    reason, low, high = _interval(drawn, value, subjects, draws)
    if reason:
        return unbounded(value, told, subjects, reason, level=draws.level, left_out=left_out)
    return Estimate(value, low, high, told, subjects, draws.level, left_out)


def _whole(statistic: Statistic, n: int, groups: Sequence[str] | None) -> tuple[int, Statistic]:
    """Return how many subjects n rows are of, and a statistic of rows as one of subjects, whose rows go together."""
    if groups is None:
        return n, statistic
    if len(groups) != n:
        raise InputError(f"bootstrap: {len(groups)} groups for {n} rows; give one for each")
    names, group = np.unique(np.array(list(groups), dtype=str), return_inverse=True)

    def of_subjects(weights: FloatArray) -> FloatArray:
        step = max(AT_ONCE // max(n, 1), 1)
        blocks = [statistic(weights[at : at + step][:, group]) for at in range(0, len(weights), step)]
        return np.concatenate(blocks)

    return len(names), of_subjects


def _interval(statistic: Statistic, value: float, n: int, draws: Draws) -> tuple[str, float, float]:
    """Return why there is no interval, or its ends."""
    if n < 2:
        return "one subject does not tell how subjects differ", nan, nan
    drawn = _all(statistic, _resampled(n, draws))
    known = drawn[np.isfinite(drawn)]
    if len(known) < NEEDED * draws.resamples:
        return f"undefined in {draws.resamples - len(known)} of {draws.resamples} draws of subjects", nan, nan
    if np.ptp(known) <= SAME * max(1.0, abs(value)):
        return "every draw of subjects gives the same value; its spread cannot be told", nan, nan
    shares = np.array([1 - draws.level, 1 + draws.level]) / 2
    if draws.interval == "bca":
        shares = _moved(shares, known, value, _all(statistic, _one_left_out(n)))
    if not np.isfinite(shares).all():
        return "the value lies beyond all draws of subjects, or hangs on a single subject", nan, nan
    low, high = np.quantile(known, shares)
    return "", float(low), float(high)


def _moved(shares: FloatArray, known: FloatArray, value: float, left: FloatArray) -> FloatArray:
    """Return the shares of the BCa interval: Efron & Tibshirani 1993, equations 14.9, 14.10, 14.14 and 14.15.

    Draws that equal the value count half as below it, since graded data have many.
    """
    near = SAME * max(1.0, abs(value))
    below = (known < value - near).mean() + (abs(known - value) <= near).mean() / 2
    bias = ndtri(below)
    off = left.mean() - left
    spread = (off**2).sum()
    slope = (off**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    points = bias + ndtri(shares)
    with np.errstate(invalid="ignore"):  # an infinite bias is told by the caller
        return np.asarray(ndtr(bias + points / (1 - slope * points)))


def _all(statistic: Statistic, blocks: Iterator[FloatArray]) -> FloatArray:
    """Return the statistic of all weights."""
    return np.concatenate([statistic(weights) for weights in blocks])


def _resampled(n: int, draws: Draws) -> Iterator[FloatArray]:
    """Yield the weights of all draws."""
    generator = np.random.default_rng(draws.seed)
    step = max(AT_ONCE // n, 1)
    for first in range(0, draws.resamples, step):
        size = min(step, draws.resamples - first)
        yield generator.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)


def _one_left_out(n: int) -> Iterator[FloatArray]:
    """Yield weights that leave out each subject in turn."""
    step = max(AT_ONCE // n, 1)
    for first in range(0, n, step):
        yield 1.0 - np.eye(min(step, n - first), n, first)


def bootstrap_mean(
    values: ArrayLike, subjects: Sequence[str] | None = None, *, draws: Draws = PLAIN, method: str = "mean"
) -> Estimate:
    """Return the mean of values, (r,), with an interval over the subjects that they belong to.

    Parameters
    ----------
    values
        Such as the distance between two annotators at each slice of each root of each subject. All count alike.
    subjects
        Subject of each value; None where each value is a subject's own.
    draws, method
        As for :func:`bootstrap`.

    Raises
    ------
    InputError
        If a value is missing, or values and subjects do not match.

    Examples
    --------
    >>> print(bootstrap_mean([1.0, 2.0, 1.5, 2.5, 3.0, 2.0], ["a", "a", "b", "b", "c", "c"]))
    2 (95 % interval 1.5 to 2.5, n = 3)
    """
    found = np.asarray(values, dtype=np.float64)
    names = [str(row) for row in range(len(found))] if subjects is None else list(subjects)
    if found.ndim != 1 or len(names) != len(found) or not np.isfinite(found).all():
        raise InputError(f"{method}: expected finite values (r,) and r subjects, got {found.shape} and {len(names)}")
    groups, group = np.unique(names, return_inverse=True)
    total, count = np.bincount(group, found), np.bincount(group).astype(np.float64)

    def mean(weights: FloatArray) -> FloatArray:
        return np.asarray(weights @ total / (weights @ count))

    return bootstrap(mean, len(groups), method=method, draws=draws, without="there is no value")
