"""How the threshold falls as a pulse grows longer: rheobase and chronaxie.

- Weiss (1901): I = I_rh (1 + c / w), so that the charge I w is a straight line over the width w. It is fitted to the
  charges by least squares.
- Lapicque (1907), a membrane of one time constant: I = I_rh / (1 - 2^(-w / c)). It is fitted to the logarithms of the
  currents.

I_rh is the rheobase, the threshold of a pulse without end; c the chronaxie, the width of which the threshold is twice
that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Law: TypeAlias = Literal["weiss", "lapicque"]

LEAST_FALL: Final = 1e-4
"""Least fall of the fitted thresholds, as a share, that tells a chronaxie. A choice: ten times below the tolerance of
thresholds."""


@dataclass(frozen=True)
class StrengthDuration:
    """A fitted law.

    Attributes
    ----------
    law
        Which.
    rheobase_mA, chronaxie_ms
        What was fitted.
    residual
        Root mean square of (fitted - threshold) / threshold.
    """

    law: Law
    rheobase_mA: float
    chronaxie_ms: float
    residual: float


def fit_strength_duration(width_ms: ArrayLike, threshold_mA: ArrayLike, law: Law = "weiss") -> StrengthDuration:
    """Return rheobase and chronaxie of thresholds (n,) of pulses of widths (n,).

    Raises
    ------
    InputError
        If there are under two widths, a number is not above 0, or the thresholds do not fall with the width as the law
        has it.

    Examples
    --------
    >>> found = fit_strength_duration([0.1, 0.2, 0.5], [0.9, 0.6, 0.42])
    >>> round(found.rheobase_mA, 6), round(found.chronaxie_ms, 6)
    (0.3, 0.2)
    """
    width, current = (np.asarray(values, dtype=np.float64) for values in (width_ms, threshold_mA))
    known = np.isfinite(width) & np.isfinite(current) & (width > 0) & (current > 0)
    if width.ndim != 1 or width.shape != current.shape or not known.all() or len(np.unique(width)) < 2:
        raise InputError(f"strength-duration: got widths {width} ms and thresholds {current} mA; expected two widths "
                         "or more and a threshold of each, all above 0")  # fmt: skip
    rheobase, chronaxie = _weiss(width, current) if law == "weiss" else _lapicque(width, current)
    if not (rheobase > 0 and chronaxie > 0):
        raise InputError(f"strength-duration: thresholds {current} mA do not fall with the widths {width} ms as by the "
                         f"law of {law.title()}; check the widths, or leave out what is not a threshold")  # fmt: skip
    fitted = threshold_of(StrengthDuration(law, rheobase, chronaxie, 0.0), width)
    return StrengthDuration(law, rheobase, chronaxie, float(np.sqrt(np.mean((fitted / current - 1) ** 2))))


def threshold_of(fit: StrengthDuration, width_ms: ArrayLike) -> FloatArray:
    """Return the thresholds, mA, that a law has for pulses of widths (n,) ms."""
    width = np.asarray(width_ms, dtype=np.float64)
    if fit.law == "weiss":
        return np.asarray(fit.rheobase_mA * (1 + fit.chronaxie_ms / width))
    return np.asarray(fit.rheobase_mA * _rise(width, fit.chronaxie_ms))


def _rise(width: FloatArray, chronaxie: float) -> FloatArray:
    """Return thresholds by Lapicque's law in units of the rheobase."""
    return np.asarray(-1 / np.expm1(-np.log(2) * width / chronaxie))


def _weiss(width: FloatArray, current: FloatArray) -> tuple[float, float]:
    """Return rheobase and chronaxie of the straight line through the charges."""
    rheobase, charge = np.polyfit(width, width * current, 1)
    return float(rheobase), float(charge / rheobase) if rheobase > 0 else np.nan


def _lapicque(width: FloatArray, current: FloatArray) -> tuple[float, float]:
    """Return rheobase and chronaxie: for each chronaxie the best rheobase follows, so that one number is sought."""
    from scipy.optimize import minimize_scalar

    def offset(log_chronaxie: float) -> FloatArray:
        return np.asarray(np.log(current) - np.log(_rise(width, np.exp(log_chronaxie))))

    least, most = np.log(width.min() / 100), np.log(width.max() * 100)
    best = float(minimize_scalar(lambda x: float(np.var(offset(x))), bounds=(least, most), method="bounded").x)
    found = np.ptp(np.log(_rise(width, np.exp(best)))) > LEAST_FALL and best < most - 0.01
    return float(np.exp(offset(best).mean())), float(np.exp(best)) if found else np.nan
