"""Which montage recruits a target best: selectivity for it, and the current that this takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import Final, Literal, TypeAlias

from spinemodel.recruitment.curves import ROUND_OFF, SHARES, RecruitmentCurve, current_at
from spinemodel.recruitment.selectivity import Formula, selectivity

By: TypeAlias = Literal["contrast", "veraart", "difference", "threshold"]
"""What montages are ranked by: selectivity by a formula where half of the target is recruited, or the least current."""

SAME: Final = 3
"""Decimals of selectivity that tell two montages apart. A choice: finer than a population's own chance."""


@dataclass(frozen=True)
class Ranked:
    """How a montage recruits a target.

    Attributes
    ----------
    lead
        Which lead, where several are compared.
    montage
        As told.
    threshold_mA, half_mA
        Least currents that recruit 10 and 50 % of the target; infinite where none that was tried does.
    at_half
        Selectivity at the second; NaN where half is not reached.
    best, best_mA
        Greatest selectivity at any current, and the least that has it; NaN where it is nowhere defined.
    first, first_mA
        Which curve reaches 10 % first, and where; empty and infinite where none does.
    """

    lead: str
    montage: str
    threshold_mA: float
    half_mA: float
    at_half: float
    best: float
    best_mA: float
    first: str
    first_mA: float


def ranked(of: Sequence[RecruitmentCurve], targets: Collection[str], by: By = "contrast", lead: str = "") -> Ranked:
    """Return how a montage recruits a target.

    Parameters
    ----------
    of
        Curves of one montage and class, each target once.
    targets
        Which of them are the target; all others are the others.
    by
        Formula of selectivity; contrast where the current is what counts.
    lead
        Name of the lead.

    Raises
    ------
    InputError
        If a target has no curve, or there are no others.

    Examples
    --------
    >>> from spinemodel.recruitment.thresholds import Outcome
    >>> counts = {Outcome.ACTIVATED: 2}
    >>> left = RecruitmentCurve("L", "Ia", [1.0, 2.0], [0.5, 1.0], 4.0, counts)
    >>> right = RecruitmentCurve("R", "Ia", [1.0, 3.0], [0.3, 1.0], 4.0, counts)
    >>> found = ranked([left, right], ["L"])
    >>> round(found.at_half, 3), round(found.best, 3), found.best_mA
    (0.25, 0.538, 2.0)
    """
    found = selectivity(of, targets, formula_of(by))
    first = lowest(of)
    least = [at for at, share in zip(found.amplitude_mA, found.share, strict=True) if share >= SHARES[0] - ROUND_OFF]
    return Ranked(
        lead=lead,
        montage=found.montage,
        threshold_mA=float(least[0]) if least else inf,
        half_mA=inf if isnan(found.at_half[1]) else found.at_half[1],
        at_half=found.at_half[0],
        best=found.best[0],
        best_mA=found.best[1],
        first=first.target if first else "",
        first_mA=current_at(first, SHARES[0]) if first else inf,
    )


def formula_of(by: By) -> Formula:
    """Return the formula of selectivity that is told where montages are ranked by something."""
    return "contrast" if by == "threshold" else by


def lowest(of: Iterable[RecruitmentCurve]) -> RecruitmentCurve | None:
    """Return the curve that reaches 10 % first; None where none does at a current that was tried."""
    reached = [curve for curve in of if current_at(curve, SHARES[0]) < inf]
    return min(reached, key=lambda curve: current_at(curve, SHARES[0]), default=None)


def in_order(of: Iterable[Ranked], by: By = "contrast") -> tuple[Ranked, ...]:
    """Return montages from the best to the worst; by selectivity, those that never recruit half of the target last.

    Of the same selectivity the smaller current is better.
    """

    def place(one: Ranked) -> tuple[float, float, float]:
        value = inf if isnan(one.at_half) else -round(one.at_half, SAME)
        return (one.threshold_mA, one.half_mA, value) if by == "threshold" else (value, one.half_mA, one.threshold_mA)

    return tuple(sorted(of, key=place))
