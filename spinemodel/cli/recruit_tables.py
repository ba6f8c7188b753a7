"""What ``recruit`` and ``sweep`` print: roots and their currents, montages and what they recruit first, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemodel.cli.show import print_table, say

if TYPE_CHECKING:
    from spinemodel.recruitment.curves import RecruitmentCurve
    from spinemodel.recruitment.ranking import By, Ranked
    from spinemodel.recruitment.recruited import Recruited

NOT_REACHED: Final = "-"

UNKNOWN: Final = "n/a"
"""Where fibres that fire first at an end might be those that are lacking."""

IN_FULL: Final = 4
"""Montages up to which each has its table; of more, the files hold them."""

RANKS: Final = 20
"""Ranks that are printed."""


def print_all(several: Sequence[Recruited]) -> None:
    """Print the roots of a few montages, or what many of them recruit first, and what became of the fibres."""
    from spinemodel.recruitment.curves import curves

    by_montage = [curves(one) for one in several]
    for own in by_montage if len(by_montage) <= IN_FULL else ():
        print_recruited(own)
    if len(by_montage) > 1:
        print_montages(by_montage)
    print_outcomes(several)


def print_recruited(curves: Sequence[RecruitmentCurve]) -> None:
    """Print a row for every root and class of one montage, and what is recruited first."""
    from spinemodel.recruitment.curves import SHARES, current_at, lowest_threshold

    unit, montage, rows = lowest_threshold(curves), curves[0].montage, []
    for curve in curves:
        currents = [current_at(curve, share) for share in SHARES]
        row = {"root": curve.target, "class": curve.fibre_class, "fibres": str(curve.in_play)}
        row |= {f"{100 * share:.0f} %": _current(curve, share) for share in SHARES}
        rows.append(row | {"times": " ".join(_number(mA / unit, 1) for mA in currents), "others": _others(curve)})
    title = f"{montage}  Currents in mA, and in times the lowest threshold ({_number(unit)} mA)"
    unknown = f"; {UNKNOWN} is unknown" if any(UNKNOWN in row.values() for row in rows) else ""
    print_table(f"{title}; {NOT_REACHED} is not up to {curves[0].up_to_mA:g} mA{unknown}", rows)
    say(f"{montage}  first: {_first(curves)}")


def print_montages(by_montage: Sequence[Sequence[RecruitmentCurve]]) -> None:
    """Print what each of several montages recruits first."""
    from spinemodel.recruitment.curves import SHARES, current_at
    from spinemodel.recruitment.ranking import lowest

    rows = []
    for curves in by_montage:
        order: list[str] = []
        left = list(curves)
        while (first := lowest(left)) is not None and len(order) < 3:
            order.append(f"{first.target} {first.fibre_class} {_number(current_at(first, SHARES[0]))}")
            left.remove(first)
        rows.append({"montage": curves[0].montage} | {
            name: order[i] if i < len(order) else NOT_REACHED for i, name in enumerate(("first", "second", "third"))
        })  # fmt: skip
    print_table("What reaches 10 % first, mA", rows)


def print_outcomes(several: Sequence[Recruited]) -> None:
    """Print how many fibres became what, where it is not activation alone."""
    import numpy as np

    from spinemodel.recruitment.thresholds import Outcome

    outcome = np.concatenate([one.thresholds.outcome for one in several])
    counts = {kind: int((outcome == kind).sum()) for kind in Outcome}
    say("thresholds sought: " + ", ".join(f"{count} {_word(kind)}" for kind, count in counts.items() if count))


def print_durations(path: Path) -> None:
    """Print the laws of a table, that were fitted to the currents at several widths: the first of its rows."""
    from spinemodel.io.recruitment_tables import read_rows
    from spinemodel.report.digits import in_three_digits

    rows = [*map(in_three_digits, read_rows(path, "durations"))]
    print_table("Strength-duration of the current that recruits 10 %: weiss is usual for extracellular stimulation, "
                "lapicque is a membrane of one time constant", rows[:RANKS])  # fmt: skip
    if len(rows) > RANKS:
        say(f"{len(rows) - RANKS} more in the file")


def print_ranks(ranks: Sequence[Ranked], target: str, by: By) -> None:
    """Print the first of the ranks."""
    from spinemodel.recruitment.ranking import formula_of

    several = len({one.lead for one in ranks}) > 1
    rows = [
        {"rank": str(place), **({"lead": one.lead} if several else {}), "montage": one.montage,
         "at half": _number(one.at_half), "half mA": _number(one.half_mA), "10 % mA": _number(one.threshold_mA),
         "best": _number(one.best), "at mA": _number(one.best_mA), "first": f"{one.first} {_number(one.first_mA)}"}
        for place, one in enumerate(ranks[:RANKS], start=1)
    ]  # fmt: skip
    what = "by its least current" if by == "threshold" else "by selectivity where half of it is recruited"
    print_table(f"{target}: ranked {what}; selectivity is the {formula_of(by)}", rows)
    if len(ranks) > RANKS:
        say(f"{len(ranks) - RANKS} more in the file")


def _others(curve: RecruitmentCurve) -> str:
    """Return what became of the fibres that are not activated."""
    from spinemodel.recruitment.thresholds import Outcome

    told = {kind: f"{count} {_word(kind)}" for kind, count in curve.counts.items() if count}
    if Outcome.AT_END in told:
        told[Outcome.AT_END] = f"unknown: {curve.counts[Outcome.AT_END]} of {curve.in_play} fire first at an end"
    return ", ".join(words for kind, words in told.items() if kind != Outcome.ACTIVATED)


def _current(curve: RecruitmentCurve, share: float) -> str:
    """Return the current that recruits a share, and whether it is not reached or not known."""
    from spinemodel.recruitment.curves import current_at
    from spinemodel.recruitment.thresholds import Outcome

    value, at_end = current_at(curve, share), curve.counts.get(Outcome.AT_END, 0)
    perhaps = curve.counts.get(Outcome.ACTIVATED, 0) + at_end
    return UNKNOWN if at_end and not isfinite(value) and perhaps >= share * curve.in_play else _number(value)


def _word(kind: int) -> str:
    """Return an outcome in words.

    Examples
    --------
    >>> _word(1), _word(4)
    ('not activated', 'left out')
    """
    from spinemodel.recruitment.thresholds import Outcome

    return Outcome(kind).name.lower().replace("_", " ")


def _first(curves: Sequence[RecruitmentCurve]) -> str:
    """Return which root reaches 10 % first, and where."""
    from spinemodel.recruitment.curves import SHARES, current_at
    from spinemodel.recruitment.ranking import lowest

    found = lowest(curves)
    if found is None:
        return "nothing, at no current that was tried"
    return f"{found.target} {found.fibre_class}, 10 % at {_number(current_at(found, SHARES[0]))} mA"


def _number(value: float, digits: int = 2) -> str:
    """Return a number with so many decimals, a dash where it is none.

    Examples
    --------
    >>> _number(1.236), _number(float("inf"))
    ('1.24', '-')
    """
    return f"{value:.{digits}f}" if isfinite(value) else NOT_REACHED
