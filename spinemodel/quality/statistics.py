"""Weighted mean, standard deviation and median of the values of a class."""

from __future__ import annotations

from math import inf, nan, sqrt
from typing import NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray


class Statistics(NamedTuple):
    """What is known of the values of a class.

    Attributes
    ----------
    voxels
        How many there are.
    n
        The sum of their weights; the number of voxels where all weights are 1.
    mean, sd, median
        Weighted, in the image's unit; the SD is that of the population (divided by ``n``). NaN without voxels.
    """

    voxels: int
    n: float
    mean: float
    sd: float
    median: float

    @property
    def variance(self) -> float:
        """The SD squared."""
        return self.sd**2


def statistics(values: FloatArray, weights: FloatArray) -> Statistics:
    """Return the statistics of values (n,) with weights (n,), as ``DescrStatsW`` of statsmodels has them.

    That is how MRIQC weighs voxels by the share of a tissue in them. Values that are all alike have an SD of exactly 0.

    Examples
    --------
    >>> statistics(np.array([1.0, 3.0, 3.0]), np.array([1.0, 0.5, 0.5]))
    Statistics(voxels=3, n=2.0, mean=2.0, sd=1.0, median=2.0)
    """
    if not len(values):
        return Statistics(0, 0.0, nan, nan, nan)
    n = float(weights.sum())
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Statistics(len(values), n, low, 0.0, low)
    mean = float(weights @ values) / n
    sd = sqrt(float(weights @ (values - mean) ** 2) / n)
    return Statistics(len(values), n, mean, sd, _median(values, weights))


def _median(values: FloatArray, weights: FloatArray) -> float:
    """Return the value below which half of the weight lies; the mean of two where the half falls between them."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    half = below[-1] / 2
    near = 1e-12 * below[-1]  # sums of many shares are not exact
    first = int(np.searchsorted(below, half - near))
    last = int(np.searchsorted(below, half + near, side="right"))
    return float(values[order[first]] + values[order[min(last, len(order) - 1)]]) / 2


def together(first: Statistics, second: Statistics) -> Statistics:
    """Return the statistics of two classes as one, by the law of total variance; its median is not known from these."""
    if not first.voxels or not second.voxels:
        return first if first.voxels else second
    n = first.n + second.n
    mean = (first.n * first.mean + second.n * second.mean) / n
    within = pooled_variance(first, second)
    between = first.n * second.n * (first.mean - second.mean) ** 2 / n**2
    return Statistics(first.voxels + second.voxels, n, mean, sqrt(within + between), nan)


def pooled_variance(first: Statistics, second: Statistics) -> float:
    """Return the variance within two classes, weighted by their sizes."""
    return (first.n * first.variance + second.n * second.variance) / (first.n + second.n)


def corrected(sd: float, n: float) -> float:
    """Return an SD times sqrt(n / (n - 1)), Bessel's correction as MRIQC has it; infinite for a single voxel."""
    return sd * sqrt(n / (n - 1)) if n > 1 else inf
