"""The smoothing spline through noisy markers, with its smoothness chosen by a stated rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import solveh_banded

from spinemodel.arrays import FloatArray

CAUTION: Final = 1.4
"""Weight of the degrees of freedom in cross-validation (Kim & Gu 2004)."""

FEWEST: Final = 5
"""With fewer points than this the spline interpolates: there is nothing to tell noise from shape by."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """A fitted curve.

    Attributes
    ----------
    spline
        Natural cubic spline, parameter -> (3,) mm.
    noise_mm
        Standard deviation of a marker about the curve, per coordinate across it: RSS / (2 (n - df)), since a marker's
        place along the curve is not observed.
    """

    spline: CubicSpline
    noise_mm: float


def smooth(at: FloatArray, points: FloatArray, noise_mm: float | None = None) -> Smooth:
    """Return the smoothing spline of ``points`` (n, 3) at the parameters ``at`` (n,), strictly increasing.

    It minimises sum |y - f|^2 + lambda integral |f''|^2. lambda minimises the generalised cross-validation score
    n RSS / (n - 1.4 df)^2 (Craven & Wahba 1979, Numer. Math. 31:377; the factor, which keeps it from following the
    noise, from Kim & Gu 2004, J. R. Stat. Soc. B 66:337), or, where ``noise_mm`` is given, makes the residual
    noise equal to it (Reinsch 1967, Numer. Math. 10:177). The eigenvectors of the penalty (Demmler & Reinsch 1975)
    make both a sum over n terms for every lambda.

    Parameters
    ----------
    at, points
        Data; mm.
    noise_mm
        Known standard deviation of the markers, per coordinate; None for cross-validation.
    """
    if len(at) < FEWEST:
        return Smooth(CubicSpline(at, points, bc_type="natural"), 0.0)
    values, vectors = np.linalg.eigh(_penalty(at))
    values = np.maximum(values, 0.0)
    coordinates = vectors.T @ points
    lambdas = np.logspace(-6, 8, 400) / values[2]
    shrink = 1 / (1 + lambdas[:, None] * values)
    freedom = shrink.sum(axis=1)
    rss = ((1 - shrink) ** 2) @ (coordinates**2).sum(axis=1)
    noise = np.sqrt(rss / (2 * (len(at) - freedom)))
    penalised = len(at) - CAUTION * freedom
    score = np.where(penalised > 0, rss / penalised**2, np.inf)
    best = int(score.argmin() if noise_mm is None else np.abs(noise - noise_mm).argmin())
    fitted = vectors @ (shrink[best][:, None] * coordinates)
    return Smooth(CubicSpline(at, fitted, bc_type="natural"), float(noise[best]))


def _penalty(at: FloatArray) -> FloatArray:
    """Return K with integral |f''|^2 = y' K y for the natural cubic spline through y (Green & Silverman 1994, 2.1)."""
    n, h = len(at), np.diff(at)
    q = np.zeros((n, n - 2))
    j = np.arange(n - 2)
    q[j, j], q[j + 1, j], q[j + 2, j] = 1 / h[:-1], -1 / h[:-1] - 1 / h[1:], 1 / h[1:]
    banded = np.zeros((2, n - 2))
    banded[0, 1:], banded[1] = h[1:-1] / 6, (h[:-1] + h[1:]) / 3
    return np.asarray(q @ solveh_banded(banded, q.T))
