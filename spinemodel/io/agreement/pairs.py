"""Whose drawings a row compares: two raters, a rater and the consensus, or every pair of raters together."""

from __future__ import annotations

from collections.abc import Iterable

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.io.agreement.cells import ALL
from spinemodel.io.tables import Row


def pair_cells(subject: str, raters: tuple[str, str]) -> Row:
    """Return the first cells of a row of two drawings."""
    return {"subject": subject, "first": raters[0], "second": raters[1]}


def are_several(raters: Iterable[tuple[str, str]]) -> bool:
    """Return whether there is more than one pair of raters."""
    return len({pair for pair in raters if CONSENSUS not in pair}) > 1


def counts_for(raters: tuple[str, str], several: bool) -> list[tuple[str, str]]:
    """Return under which pairs of names two drawings count: their own, and all, where there are several pairs."""
    return [raters, (ALL, ALL)] if several and CONSENSUS not in raters else [raters]


def raters_order(first: str, second: str) -> tuple[object, ...]:
    """Sort pairs of raters before the consensus, and all of them before each."""
    return second == CONSENSUS, first != ALL, first, second
