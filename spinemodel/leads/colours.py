"""Colours of a lead's parts, the same in every picture and file."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from spinemodel.leads.lead import BACKING

Colour: TypeAlias = tuple[float, float, float]
"""sRGB, 0-1."""

SILICONE: Final[Colour] = (0.36, 0.41, 0.48)
"""Of the backing. A choice: at least 0.15 in one channel from the colour of every tissue."""

CONTACTS: Final[tuple[Colour, ...]] = (
    (0.90, 0.10, 0.29), (0.96, 0.51, 0.19), (1.00, 0.88, 0.10), (0.75, 0.94, 0.27),
    (0.24, 0.71, 0.29), (0.26, 0.83, 0.96), (0.26, 0.39, 0.85), (0.57, 0.12, 0.71),
)  # fmt: skip
"""Of contacts, in turn: eight that are told apart, after Trubetskoy's list of distinct colours (2017)."""


def lead_colour(part: str) -> Colour:
    """Return the colour of a part of a lead: a contact's by the number at the end of its name.

    The first colour is that of number 1. Names without a number take one by their letters, which two may share.

    Examples
    --------
    >>> lead_colour("C1") == lead_colour("C9") == CONTACTS[0], lead_colour("C2") == CONTACTS[1]
    (True, True)
    >>> lead_colour("left") != lead_colour("right")
    True
    """
    if part == BACKING:
        return SILICONE
    number = re.search(r"[0-9]+$", part)
    turn = int(number[0]) - 1 if number else sum(part.encode())
    return CONTACTS[turn % len(CONTACTS)]
