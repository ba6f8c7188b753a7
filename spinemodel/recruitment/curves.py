"""Recruitment curves: the share of a root's fibres that a current activates.

A curve is a step function of the current: the weighted share of fibres whose threshold is at most that. Fibres that
were left out are not of the whole; those that are not activated, blocked, or fired at their end only, are, and count
as not recruited. How many there are of each stands beside every curve. Beyond the largest current that was tried
nothing is known, and a curve has no value there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.arrays import BoolArray, FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.recruitment.fibre_table import FibreTable, fibre_table
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.thresholds import Outcome

Key: TypeAlias = Literal["root", "level", "side", "class"]
"""What fibres are told apart by. Where several roots or classes are pooled, each root's class counts alike, however
many of its fibres were drawn; one with no fibre in play drops out."""

SHARES: Final = (0.1, 0.5, 0.9)
"""Shares whose currents are told. A root's threshold is 10 % and its saturation 90 % in Greiner et al. (2021)."""

ROUND_OFF: Final = 1e-9
"""How far below a share its sum of weights may come out and still reach it."""


@dataclass(frozen=True, eq=False)
class RecruitmentCurve:
    """A step function of the current.

    Attributes
    ----------
    target
        What is recruited: a root, a level, a side or a muscle; empty for all fibres.
    fibre_class
        Of the fibres; empty for all.
    amplitude_mA
        (k,) thresholds, increasing, each once.
    share
        (k,) of the fibres with these or smaller thresholds, 0 to 1.
    up_to_mA
        Largest current that was tried.
    counts
        Fibres by outcome; those of all its roots for a muscle.
    montage, pulse
        As told.
    """

    target: str
    fibre_class: str
    amplitude_mA: FloatArray
    share: FloatArray
    up_to_mA: float
    counts: Mapping[Outcome, int]
    montage: str = ""
    pulse: str = ""

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that they are a curve."""
        object.__setattr__(self, "amplitude_mA", freeze(self.amplitude_mA))
        object.__setattr__(self, "share", freeze(self.share))
        steps = self.amplitude_mA.shape == self.share.shape == (len(self.share),)
        if not steps or not (np.diff(self.amplitude_mA) > 0).all() or not (np.diff(self.share) >= 0).all():
            raise InputError(f"recruitment curve of {self.target} {self.fibre_class}: expected amplitudes that "
                             "increase and shares that do not decrease")  # fmt: skip

    @property
    def in_play(self) -> int:
        """Number of fibres but for those left out: what the shares are of. Where it is 0 the curve is not known."""
        return sum(self.counts.values()) - self.counts.get(Outcome.LEFT_OUT, 0)


def curves(recruited: Recruited | FibreTable, by: Sequence[Key] = ("root", "class")) -> tuple[RecruitmentCurve, ...]:
    """Return the curve of each root and class, or of whatever else the fibres are told apart by, in their order.

    Examples
    --------
    >>> names = tuple("abcd"), ("L3_R",) * 4, ("Ia",) * 4, ("mrg",) * 4
    >>> found = [2.0, 1.0, np.nan, np.nan], [0, 0, 1, 4], [0.1] * 4, np.zeros((4, 3))
    >>> table = FibreTable("C1:-1", "0.3 ms", "lab", *names, [10.0] * 4, [0.25] * 4, *found, 10.0, 1e-3)
    >>> curve, = curves(table)
    >>> curve.amplitude_mA, curve.share.round(3)
    (array([1., 2.]), array([0.333, 0.667]))
    >>> current_at(curve, 0.5), current_at(curve, 0.9)
    (2.0, inf)
    """
    table = recruited if isinstance(recruited, FibreTable) else fibre_table(recruited)
    keys = [_key(root, kind, by) for root, kind in zip(table.roots, table.classes, strict=True)]
    weight = _even_weights(table)
    return tuple(
        _curve(target, kind, table, weight, np.array([key == (target, kind) for key in keys]))
        for target, kind in dict.fromkeys(keys)
    )


def _key(root: str, fibre_class: str, by: Sequence[Key]) -> tuple[str, str]:
    """Return the target and the class that a fibre belongs to."""
    level, side = (*root.split("_"), "")[:2]
    parts = {"root": root, "level": level, "side": side}
    return "_".join(parts[key] for key in by if key in parts), fibre_class if "class" in by else ""


def _even_weights(table: FibreTable) -> FloatArray:
    """Return weights (n,) that sum to 1 over the fibres in play of each root and class: such groups count alike."""
    groups = {pair: i for i, pair in enumerate(dict.fromkeys(zip(table.roots, table.classes, strict=True)))}
    group = np.array([groups[pair] for pair in zip(table.roots, table.classes, strict=True)], dtype=np.int64)
    weight = np.where(table.outcome == Outcome.LEFT_OUT, 0.0, table.weight)
    whole = np.bincount(group, weight, len(groups))[group]
    return np.divide(weight, whole, out=np.zeros(len(table)), where=whole > 0)


def _curve(target: str, kind: str, table: FibreTable, weight: FloatArray, own: BoolArray) -> RecruitmentCurve:
    """Return the curve of some fibres."""
    thresholds = table.activated_mA[own]
    fires = np.isfinite(thresholds)
    amplitude, step = np.unique(thresholds[fires], return_inverse=True)
    rise = np.bincount(step, weight[own][fires], len(amplitude)) / max(weight[own].sum(), np.finfo(float).tiny)
    counts = {outcome: int((table.outcome[own] == outcome).sum()) for outcome in Outcome}
    share = np.minimum(np.cumsum(rise), 1.0)
    return RecruitmentCurve(target, kind, amplitude, share, table.up_to_mA, counts, table.montage, table.pulse)


def share_at(curve: RecruitmentCurve, amplitude_mA: ArrayLike) -> FloatArray:
    """Return the share that is recruited at currents (m,) mA; NaN beyond the largest that was tried, or without fibres.

    Examples
    --------
    >>> curve = RecruitmentCurve("L3_R", "Ia", [1.0, 2.0], [0.5, 1.0], 4.0, {Outcome.ACTIVATED: 2})
    >>> share_at(curve, [0.5, 1.0, 1.9, 4.0, 5.0])
    array([0. , 0.5, 0.5, 1. , nan])
    """
    amplitude = np.asarray(amplitude_mA, dtype=np.float64)
    below = np.searchsorted(curve.amplitude_mA, amplitude, side="right")
    share = np.concatenate([[0.0], curve.share])[below]
    known = (amplitude <= curve.up_to_mA) & (curve.in_play > 0)
    return np.asarray(np.where(known, share, np.nan))


def current_at(curve: RecruitmentCurve, share: float) -> float:
    """Return the least current, mA, that recruits a share; infinite where none that was tried does, NaN without fibres.

    Infinite means "not up to ``up_to_mA``": nothing is extrapolated.
    """
    if not curve.in_play:
        return float("nan")
    reached = np.flatnonzero(curve.share >= share - ROUND_OFF)
    return float(curve.amplitude_mA[reached[0]]) if len(reached) else float("inf")



def lowest_threshold(of: Sequence[RecruitmentCurve], fibre_class: str | None = None) -> float:
    """Return the lowest threshold, mA, of all fibres, or of a class; infinite where there is none.

    The unit of currents "in multiples of the lowest threshold".
    """
    own = [curve for curve in of if fibre_class in (None, curve.fibre_class)]
    return min((float(curve.amplitude_mA[0]) for curve in own if len(curve.amplitude_mA)), default=float("inf"))


def merged_amplitudes(of: Sequence[RecruitmentCurve]) -> FloatArray:
    """Return all currents, rising, at which one of the curves steps and all are known: nothing changes between them."""
    steps = np.unique(np.concatenate([np.empty(0), *(curve.amplitude_mA for curve in of)]))
    return np.asarray(steps[steps <= min((curve.up_to_mA for curve in of), default=0.0)])
