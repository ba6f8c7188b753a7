"""Numbers as a reader needs them: three digits; files hold more."""

from __future__ import annotations

import re
from typing import Final

from spinemodel.io.tables import Row

FRACTION: Final = re.compile(r"-?\d*\.\d+(e[+-]?\d+)?")
"""A number that is not whole."""


def three_digits(value: float) -> str:
    """Return a number in three digits, of a larger one all before the point.

    Examples
    --------
    >>> three_digits(0.123456), three_digits(1.1), three_digits(123.45), three_digits(1234.56)
    ('0.123', '1.10', '123', '1235')
    """
    return f"{value:#.3g}".rstrip(".") if abs(value) < 1000 else f"{value:.0f}"


def in_three_digits(row: Row) -> Row:
    """Return a table's row with its numbers in three digits; whole ones and words stay.

    Examples
    --------
    >>> in_three_digits({"montage": "C1:-1.25", "fibres": "12345", "I50_mA": "1.30997", "I90_mA": "n/a"})
    {'montage': 'C1:-1.25', 'fibres': '12345', 'I50_mA': '1.31', 'I90_mA': 'n/a'}
    """
    return {name: three_digits(float(cell)) if FRACTION.fullmatch(cell) else cell for name, cell in row.items()}
