"""Cells that several tables have: numbers, intervals and places."""

from __future__ import annotations

from math import isfinite
from typing import Final

from spinemodel.agreement.estimate import Estimate
from spinemodel.arrays import FloatArray
from spinemodel.io.tables import Row

NONE: Final = "n/a"
ALL: Final = "all"


def number(value: float, digits: int = 3) -> str:
    """Return a number as a table has it.

    Examples
    --------
    >>> number(0.12345), number(float("nan")), number(-0.0001)
    ('0.123', 'n/a', '0.000')
    """
    text = f"{value:.{digits}f}"
    return (text.lstrip("-") if float(text) == 0 else text) if isfinite(value) else NONE


def estimate_cells(found: Estimate, digits: int = 3, name: str = "") -> Row:
    """Return the ends of an interval, the subjects that it is over, and why it is missing."""
    start = f"{name}_" if name else ""
    ends = {f"{start}low": number(found.low, digits), f"{start}high": number(found.high, digits)}
    return {**ends, f"{start}subjects": str(found.n), f"{start}reason": found.reason}


def xyz_cells(point: FloatArray, start: str = "") -> Row:
    """Return a point (3,) mm, RAS+, as three cells."""
    return {f"{start}{axis}_mm": number(value) for axis, value in zip("xyz", point, strict=True)}
