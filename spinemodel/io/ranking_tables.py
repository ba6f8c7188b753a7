"""Rows of the tables of ranks and of strength-duration; :mod:`spinemodel.io.recruitment_tables` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite, nan
from typing import get_args

from spinemodel.errors import InputError
from spinemodel.io.recruitment_columns import COLUMNS
from spinemodel.io.recruitment_tables import MISSING
from spinemodel.io.tables import Row
from spinemodel.recruitment.curves import SHARES, RecruitmentCurve, current_at
from spinemodel.recruitment.ranking import Ranked
from spinemodel.recruitment.strength_duration import Law, StrengthDuration, fit_strength_duration
from spinemodel.recruitment.thresholds import Outcome


def rank_rows(ranks: Iterable[Ranked]) -> list[Row]:
    """Return a row for every montage, in their order."""
    return [
        dict(zip(COLUMNS["ranks"], (
            str(place), one.lead, one.montage,
            *map(_text, (one.threshold_mA, one.half_mA, one.at_half, one.best, one.best_mA)),
            one.first, _text(one.first_mA),
        ), strict=True))
        for place, one in enumerate(ranks, start=1)
    ]  # fmt: skip


def duration_rows(widths_ms: Sequence[float], by_width: Sequence[Sequence[RecruitmentCurve]]) -> list[Row]:
    """Return a row for every curve and law: rheobase and chronaxie of the current that recruits 10 %.

    Parameters
    ----------
    widths_ms
        Of monophasic pulses.
    by_width
        At each, the curves of the same montages, targets and classes in the same order.
    """
    rows = []
    for same in zip(*by_width, strict=True):
        currents = [current_at(curve, SHARES[0]) for curve in same]
        for law in get_args(Law):
            fit = _fitted(widths_ms, currents, law)
            numbers = map(_text, (fit.rheobase_mA, fit.chronaxie_ms, fit.residual))
            cells = (same[0].montage, same[0].target, same[0].fibre_class, law, *numbers)
            rows.append(dict(zip(COLUMNS["durations"], cells, strict=True)))
    return rows


def width_rows(widths_ms: Sequence[float], by_width: Sequence[Sequence[RecruitmentCurve]]) -> list[Row]:
    """Return a row for every curve at every width: what :func:`duration_rows` fits."""
    return [
        dict(zip(COLUMNS["widths"], (
            curve.montage, curve.target, curve.fibre_class, _text(width),
            *(_text(current_at(curve, share)) for share in SHARES[:2]),
            str(curve.counts.get(Outcome.AT_END, 0)), _text(curve.up_to_mA),
        ), strict=True))
        for same in zip(*by_width, strict=True)
        for width, curve in zip(widths_ms, same, strict=True)
    ]  # fmt: skip


def _fitted(widths_ms: Sequence[float], currents: Sequence[float], law: Law) -> StrengthDuration:
    """Return a law fitted to currents at widths; NaN where one is not reached, or they do not follow the law."""
    try:
        return fit_strength_duration(widths_ms, currents, law)
    except InputError:
        return StrengthDuration(law, nan, nan, nan)


def _text(number: float) -> str:
    """Return a number as the other tables have it.

    Examples
    --------
    >>> _text(0.123456789), _text(nan)
    ('0.123457', 'n/a')
    """
    return f"{number:.6g}" if isfinite(number) else MISSING
