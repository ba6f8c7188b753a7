"""Whether a lead can exist: sizes, names, contacts apart from each other and within the backing."""

from __future__ import annotations

import re
from itertools import combinations
from math import hypot, inf, isfinite, pi
from typing import Final

from spinemodel.errors import InputError
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.lead import BACKING

CLEAR_MM: Final = 0.05
"""Least insulation between two contacts, and round each. A choice: a tenth of the default edge of the mesh."""

MOST_MM: Final = {"length_mm": 300.0, "width_mm": 30.0, "thickness_mm": 10.0}
"""Largest body; more is a slip of units. A choice: half a spinal canal, four times as long as any lead of the
catalogue; as wide as the widest canals; as thick as the greatest gap between canal and dura."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ROUNDING_MM: Final = 1e-9


def check_design(design: LeadDesign) -> None:
    """Refuse a lead that cannot exist or cannot be meshed.

    Parameters
    ----------
    design
        Any lead.

    Raises
    ------
    InputError
        On the first fault; the message names the lead, the contact and the field.

    Examples
    --------
    >>> plate = Backing("paddle", length_mm=10, width_mm=5, thickness_mm=1)
    >>> check_design(LeadDesign("tiny", "", plate, (Contact("C1", "disc", 2.0, 0, 2, 2),), 0.1, "made up", False))
    Traceback (most recent call last):
    ...
    spinemodel.errors.InputError: lead tiny: contact C1: reaches 0.500 mm beyond the backing; expected it at least \
0.05 mm inside
    """
    at = f"lead {in_print(design.name)}"
    if not _NAME.fullmatch(design.name):
        raise InputError(f"{at}: name: expected letters, digits, '_', '-' and '.', since files are named by it")
    _check_words(at, design)
    _check_backing(at, design.backing)
    _check_names(at, design.contacts)
    for contact in design.contacts:
        _check_contact(f"{at}: contact {contact.name}", contact, design.backing)
    _check_metal(at, design)
    for one, other in combinations(design.contacts, 2):
        apart = gap(one, other)
        if apart < CLEAR_MM - _ROUNDING_MM:
            fault = f"overlap by {-apart:.3f} mm" if apart < 0 else f"are {apart:.3f} mm apart"
            raise InputError(f"{at}: contacts {one.name} and {other.name} {fault}; expected {CLEAR_MM} mm or more")


def gap(one: Contact, other: Contact) -> float:
    """Return the distance from edge to edge of two contacts on the face, mm; negative where they overlap.

    Examples
    --------
    >>> gap(Contact("a", "rectangle", 0, 0, 2, 4), Contact("b", "disc", 3.0, 0, 1, 1))
    1.5
    """
    apart = (abs(one.u_mm - other.u_mm), abs(one.v_mm - other.v_mm))
    across, along = (d - _core(one)[i] - _core(other)[i] for i, d in enumerate(apart))
    rounding = sum(contact.width_mm / 2 for contact in (one, other) if contact.outline == "disc")
    return _rounded_distance(across, along) - rounding


def _core(contact: Contact) -> tuple[float, float]:
    """Return half the size of a contact's rectangle: of the whole one, and of the middle of a disc, nothing."""
    return (0.0, 0.0) if contact.outline == "disc" else (contact.width_mm / 2, contact.length_mm / 2)


def _rounded_distance(across: float, along: float) -> float:
    """Return the signed distance to a rectangle from the signed distances to its sides."""
    return hypot(max(across, 0.0), max(along, 0.0)) + min(max(across, along), 0.0)


def in_print(text: str) -> str:
    r"""Return text as it is, or as Python writes it where it would steer a terminal.

    Examples
    --------
    >>> print(in_print("my lead"), in_print("\x1b[31m"))
    my lead '\x1b[31m'
    """
    return text if text.isprintable() else repr(text)


def _check_words(at: str, design: LeadDesign) -> None:
    """Refuse a title or a source that would steer a terminal, and a lead that says not where it is from."""
    for name in ("title", "source"):
        text = getattr(design, name)
        if not text.isprintable():
            raise InputError(f"{at}: {name}: got {text!r}, expected text without control characters")
    if not design.source.strip():
        raise InputError(f"{at}: source: got none, expected where its sizes come from")


def _check_backing(at: str, backing: Backing) -> None:
    """Refuse a body without size, or with corners that do not fit it."""
    for name, most in MOST_MM.items():
        size = getattr(backing, name)
        if not 0 < size < inf:
            raise InputError(f"{at}: backing: {name}: got {size:g}, expected a positive number of mm")
        if size > most:
            raise InputError(f"{at}: backing: {name}: got {size:g}, expected at most {most:g}; is it in mm?")
    _check_curve(at, backing)
    if not isfinite(backing.middle_mm):
        raise InputError(f"{at}: backing: middle_mm: got {backing.middle_mm:g}, expected a number of mm")
    most = min(backing.length_mm, backing.width_mm) / 2 if backing.form == "paddle" else 0.0
    if not 0 <= backing.corner_mm <= most:
        raise InputError(f"{at}: backing: corner_mm: got {backing.corner_mm:g}, expected 0 to {most:g} mm")
    if backing.form == "cylinder" and backing.width_mm != backing.thickness_mm:
        got = f"{backing.width_mm:g} and {backing.thickness_mm:g}"
        raise InputError(f"{at}: backing: width_mm and thickness_mm: got {got}, expected a cylinder's diameter twice")
    if backing.form == "cylinder" and backing.length_mm <= backing.width_mm / 2:
        raise InputError(f"{at}: backing: length_mm: got {backing.length_mm:g}, all tip; expected a longer body")


def _check_curve(at: str, backing: Backing) -> None:
    """Refuse a curve across that turns through more than half a circle, and a stiffness that is none."""
    radius = backing.radius_across_mm
    if not radius > 0:
        raise InputError(f"{at}: backing: radius_across_mm: got {radius:g}, expected a positive number of mm")
    if backing.form == "paddle" and backing.width_mm > pi * radius:
        raise InputError(
            f"{at}: backing: radius_across_mm: got {radius:g}, on which {backing.width_mm:g} mm of width turn through "
            f"more than half a circle; expected {backing.width_mm / pi:.2f} or more; is it in mm?"
        )
    if not 0 <= backing.stiffness_across <= 1:
        raise InputError(f"{at}: backing: stiffness_across: got {backing.stiffness_across:g}, expected 0 to 1")


def _check_names(at: str, contacts: tuple[Contact, ...]) -> None:
    """Refuse a lead without contacts, and names that cannot tell them apart."""
    if not contacts:
        raise InputError(f"{at}: has no contacts; expected one at least")
    seen: set[str] = set()
    for contact in contacts:
        if not _NAME.fullmatch(contact.name):
            raise InputError(f"{at}: contact {contact.name!r}: expected a name of letters, digits, '_', '-' and '.'")
        if contact.name.casefold() in seen | {BACKING.casefold()}:
            raise InputError(f"{at}: contact {contact.name}: the name is taken; expected a name of its own")
        seen.add(contact.name.casefold())


def _check_contact(at: str, contact: Contact, backing: Backing) -> None:
    """Refuse a contact without size, of an outline that the body does not carry, or that leaves the body."""
    for name in ("width_mm", "length_mm"):
        if not 0 < getattr(contact, name) < inf:
            raise InputError(f"{at}: {name}: got {getattr(contact, name):g}, expected a positive number of mm")
    if not (isfinite(contact.u_mm) and isfinite(contact.v_mm)):
        raise InputError(f"{at}: u_mm, v_mm: got {contact.u_mm:g}, {contact.v_mm:g}, expected numbers of mm")
    if (contact.outline == "ring") != (backing.form == "cylinder"):
        expected = "a ring" if backing.form == "cylinder" else "a rectangle or a disc"
        raise InputError(f"{at}: outline: got {contact.outline} on a {backing.form}, expected {expected}")
    if contact.outline == "disc" and contact.width_mm != contact.length_mm:
        raise InputError(f"{at}: width_mm and length_mm: expected a disc's diameter twice")
    if contact.outline == "ring" and (contact.u_mm != 0 or contact.width_mm != backing.width_mm):
        raise InputError(f"{at}: u_mm and width_mm: expected 0 and the diameter, {backing.width_mm:g}, of a ring")
    beyond = _beyond(contact, backing)
    if beyond > -CLEAR_MM + _ROUNDING_MM:
        where = f"reaches {beyond:.3f} mm beyond the backing" if beyond > 0 else "lies on the backing's edge"
        raise InputError(f"{at}: {where}; expected it at least {CLEAR_MM} mm inside")


def _beyond(contact: Contact, backing: Backing) -> float:
    """Return how far a contact reaches beyond the backing's outline on the face, mm; negative inside."""
    along = contact.v_mm - backing.middle_mm
    if contact.outline == "ring":
        low, high = -backing.length_mm / 2, (backing.length_mm - backing.width_mm) / 2
        return max(low - (along - contact.length_mm / 2), along + contact.length_mm / 2 - high)
    half, corner = _core(contact), backing.corner_mm
    across_out = abs(contact.u_mm) + half[0] - backing.width_mm / 2 + corner
    along_out = abs(along) + half[1] - backing.length_mm / 2 + corner
    rounding = contact.width_mm / 2 if contact.outline == "disc" else 0.0
    return _rounded_distance(across_out, along_out) - corner + rounding


def _check_metal(at: str, design: LeadDesign) -> None:
    """Refuse contacts without thickness, or that go through the backing."""
    backing = design.backing
    most = (backing.thickness_mm if backing.form == "paddle" else backing.thickness_mm / 2) - CLEAR_MM
    if not 0 < design.metal_mm <= most:
        raise InputError(f"{at}: metal_mm: got {design.metal_mm:g}, expected more than 0 and at most {most:g} mm")
