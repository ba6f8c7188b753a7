"""Colours of what a vertebral mask shows: neighbours differ, and regions of the spine are told apart."""

from __future__ import annotations

from typing import Final, TypeAlias

from spinemodel.vertebrae.names import LADDER, kind_of

Colour: TypeAlias = tuple[float, float, float]

SHADES: Final[dict[str, tuple[Colour, Colour]]] = {
    "C": ((0.56, 0.72, 0.52), (0.38, 0.58, 0.38)),
    "T": ((0.56, 0.70, 0.86), (0.36, 0.54, 0.76)),
    "L": ((0.95, 0.75, 0.48), (0.88, 0.60, 0.32)),
    "S": ((0.78, 0.62, 0.76), (0.66, 0.48, 0.66)),
}
"""sRGB by the region's letter, for vertebrae of odd and even numbers. A choice."""

OTHERS: Final[dict[str, Colour]] = {
    "disc": (0.55, 0.72, 0.72),
    "endplate": (0.85, 0.85, 0.80),
    "sacrum": (0.78, 0.62, 0.76),
    "coccyx": (0.66, 0.48, 0.66),
    "canal": (0.83, 0.92, 0.98),
    "cord": (0.96, 0.87, 0.70),
    "part": (0.70, 0.70, 0.70),
}


def colour(name: str) -> Colour:
    """Return the colour (sRGB, 0-1) of a structure by its name.

    Examples
    --------
    >>> colour("L3") == colour("L5"), colour("L3") == colour("L4"), colour("Canal")
    (True, False, (0.83, 0.92, 0.98))
    """
    return SHADES[name[0]][int(name[1:]) % 2] if name in LADDER else OTHERS[kind_of(name)]
