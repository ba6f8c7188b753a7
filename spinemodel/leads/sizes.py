"""The sizes of a lead that people compare: of its contacts, and the gaps between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise, product

from spinemodel.leads.design import Contact, LeadDesign

_NEAR_MM = 1e-6


def contact_sizes(design: LeadDesign) -> tuple[tuple[float, float], ...]:
    """Return the different sizes of contacts, width and length in mm, in the order of the contacts.

    Examples
    --------
    >>> from spinemodel.leads.design import Backing
    >>> discs = tuple(Contact(f"C{i}", "disc", 0, 5.0 * i, 3, 3) for i in range(3))
    >>> lead = LeadDesign("discs", "", Backing("paddle", 30, 8, 1), discs, 0.1, "made up", False)
    >>> contact_sizes(lead), gaps_along(lead), gaps_across(lead)
    (((3, 3),), (2.0,), ())
    """
    return tuple(dict.fromkeys((contact.width_mm, contact.length_mm) for contact in design.contacts))


def gaps_along(design: LeadDesign) -> tuple[float, ...]:
    """Return the different gaps from edge to edge between neighbours in a column, mm, smallest first."""
    return _different(pair[1] for pair in neighbours_along(design))


def gaps_across(design: LeadDesign) -> tuple[float, ...]:
    """Return the different gaps from edge to edge between columns, mm, smallest first; columns may be staggered."""
    return _different(pair[1] for pair in neighbours_across(design))


def neighbours_along(design: LeadDesign) -> Iterator[tuple[tuple[Contact, Contact], float]]:
    """Yield pairs of contacts one behind the other with none between, the one nearer the tip first, and their gap."""
    for column in _columns(design.contacts):
        ordered = sorted(column, key=lambda contact: -contact.v_mm)
        for front, back in pairwise(ordered):
            along = front.v_mm - back.v_mm - (front.length_mm + back.length_mm) / 2
            if along > 0:
                yield (front, back), along


def neighbours_across(design: LeadDesign) -> Iterator[tuple[tuple[Contact, Contact], float]]:
    """Yield pairs of contacts of neighbouring columns, the one at the smaller u first, and the gap across."""
    columns = sorted(_columns(design.contacts), key=lambda column: column[0].u_mm)
    for left, right in pairwise(columns):
        one, other = min(product(left, right), key=lambda pair: abs(pair[0].v_mm - pair[1].v_mm))
        across = other.u_mm - one.u_mm - (one.width_mm + other.width_mm) / 2
        if across > 0:
            yield (one, other), across


def _columns(contacts: tuple[Contact, ...]) -> list[list[Contact]]:
    """Return the contacts by columns: those that overlap when seen along the lead, directly or by way of others."""
    groups: list[list[Contact]] = [[contact] for contact in contacts]
    for one, other in combinations(contacts, 2):
        apart = abs(one.u_mm - other.u_mm) - (one.width_mm + other.width_mm) / 2
        first, second = (next(group for group in groups if contact in group) for contact in (one, other))
        if apart < -_NEAR_MM and first is not second:
            first.extend(second)
            groups.remove(second)
    return groups


def _different(values: Iterator[float]) -> tuple[float, ...]:
    """Return values without repetition, to a micrometre."""
    return tuple(sorted({round(value, 3) for value in values}))
