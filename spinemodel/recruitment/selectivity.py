"""How much more a current recruits of what it should than of the rest, by three formulas that have names.

With R_t the share recruited of the target and R_o that of the others:

- ``contrast``: (R_t - R_o) / (R_t + R_o), two sets, R_o the mean of the others; -1 to 1.
- ``veraart``: R_t / (sum of R over all), 0 to 1 (as Veraart, Grill and Mortimer 1993 do with muscle responses).
- ``difference``: R_t - mean of the others, -1 to 1.

Where nothing at all is recruited the quotients are 0/0, and NaN.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias, get_args

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.recruitment.curves import ROUND_OFF, RecruitmentCurve, merged_amplitudes, share_at

Formula: TypeAlias = Literal["contrast", "veraart", "difference"]
FORMULAS = get_args(Formula)


@dataclass(frozen=True, eq=False)
class Selectivity:
    """Selectivity over the current, and two numbers of it.

    Attributes
    ----------
    targets
        Names of what should be recruited.
    fibre_class
        Of the fibres; empty for all.
    formula
        Its name.
    amplitude_mA
        (k,) currents at which something changes.
    share
        (k,) of the target that is recruited there: the mean of the targets'.
    value
        (k,) selectivity there; NaN where it is not defined.
    unknown
        Others that have no fibre in play, and are not counted.
    montage, pulse
        As told.
    """

    targets: tuple[str, ...]
    fibre_class: str
    formula: Formula
    amplitude_mA: FloatArray
    share: FloatArray
    value: FloatArray
    unknown: tuple[str, ...] = ()
    montage: str = ""
    pulse: str = ""

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("amplitude_mA", "share", "value"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def best(self) -> tuple[float, float]:
        """Greatest value and the least current, mA, that has it; NaN where none is defined.

        One first fibre alone makes a contrast of 1: read it beside ``at_half``.
        """
        if np.isnan(self.value).all():
            return float("nan"), float("nan")
        at = int(np.nanargmax(self.value))
        return float(self.value[at]), float(self.amplitude_mA[at])

    @property
    def at_half(self) -> tuple[float, float]:
        """Value and current, mA, where half of the target is first recruited; NaN where it never is."""
        reached = np.flatnonzero(self.share >= 0.5 - ROUND_OFF)
        return (float(self.value[reached[0]]), float(self.amplitude_mA[reached[0]])) if len(reached) else (np.nan,) * 2


def selectivity(
    of: Sequence[RecruitmentCurve], targets: str | Collection[str], formula: Formula = "contrast"
) -> Selectivity:
    """Return how selectively some of the curves' targets are recruited: roots, sides, muscles alike.

    Parameters
    ----------
    of
        Curves of one class, each target once; all that are not targets are the others.
    targets
        One or more of them, not all.
    formula
        Which.

    Raises
    ------
    InputError
        If a target has no curve, there are no others, or curves are of several classes or montages.

    Examples
    --------
    >>> from spinemodel.recruitment.thresholds import Outcome
    >>> counts = {Outcome.ACTIVATED: 2}
    >>> left = RecruitmentCurve("L", "Ia", [1.0, 2.0], [0.5, 1.0], 4.0, counts)
    >>> right = RecruitmentCurve("R", "Ia", [3.0, 3.5], [0.5, 1.0], 3.2, counts)
    >>> found = selectivity([left, right], "L")
    >>> found.amplitude_mA, found.value.round(3)
    (array([1., 2., 3.]), array([1.   , 1.   , 0.333]))
    >>> found.best, found.at_half
    ((1.0, 1.0), (1.0, 1.0))
    """
    names = (targets,) if isinstance(targets, str) else tuple(targets)
    own, every = _apart(of, names)
    others = [curve for curve in every if curve.in_play]
    amplitude = merged_amplitudes([*own, *others])
    wanted, rest = (_shares(group, amplitude) for group in (own, others))
    value = _value(wanted, rest, formula) if others else np.full(len(amplitude), np.nan)
    unknown, first = tuple(curve.target for curve in every if not curve.in_play), own[0]
    return Selectivity(names, first.fibre_class, formula, amplitude, wanted.mean(axis=0), value, unknown,
                       first.montage, first.pulse)  # fmt: skip


def _apart(
    of: Sequence[RecruitmentCurve], names: Sequence[str]
) -> tuple[list[RecruitmentCurve], list[RecruitmentCurve]]:
    """Return the curves of the targets and of the others."""
    known, kinds = [curve.target for curve in of], {(curve.fibre_class, curve.montage, curve.pulse) for curve in of}
    if len(kinds) > 1 or len(set(known)) != len(known):
        raise InputError(f"selectivity: got curves of {sorted(kinds)}; expected one class, montage and pulse, and each "
                         "target once")  # fmt: skip
    missing = [name for name in names if name not in known]
    if missing and known:
        near = get_close_matches(missing[0], known, n=1, cutoff=0.0)
        raise InputError(f"selectivity: no curve of {missing[0]}; nearest is {near[0]}; expected {', '.join(known)}")
    if not names or missing or len(set(names)) == len(known):
        raise InputError(f"selectivity of {', '.join(names) or 'nothing'}: expected some, not all, of the curves; "
                         f"there are {', '.join(known) or 'none'}")  # fmt: skip
    return [curve for curve in of if curve.target in names], [curve for curve in of if curve.target not in names]


def _shares(of: Sequence[RecruitmentCurve], amplitude: FloatArray) -> FloatArray:
    """Return the shares (n, k) of n curves at k currents."""
    return np.array([share_at(curve, amplitude) for curve in of]).reshape(len(of), len(amplitude))


def _value(wanted: FloatArray, others: FloatArray, formula: Formula) -> FloatArray:
    """Return selectivity (k,) of shares of targets (t, k) and others (o, k)."""
    target, rest = wanted.mean(axis=0), others.mean(axis=0)
    if formula == "difference":
        return np.asarray(target - rest)
    if formula == "contrast":
        return _quotient(target - rest, target + rest)
    if formula == "veraart":
        return _quotient(wanted.sum(axis=0), wanted.sum(axis=0) + others.sum(axis=0))
    raise InputError(f"selectivity: no formula {formula!r}; expected {', '.join(FORMULAS)}")


def _quotient(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return above / below, NaN where below is 0."""
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0))
