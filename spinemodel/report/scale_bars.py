"""How long the scale bar of a view is: a round length that there is room for."""

from __future__ import annotations

from typing import Final

SCALE_BARS_MM: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Lengths of scale bars."""


def scale_bar_mm(px_per_mm: float, room_px: float) -> float:
    """Return the longest length of a bar that takes no more than ``room_px``, mm; the shortest where none does.

    Examples
    --------
    >>> scale_bar_mm(10.0, 120.0), scale_bar_mm(200.0, 120.0)
    (10.0, 1.0)
    """
    return max(bar for bar in SCALE_BARS_MM if bar == SCALE_BARS_MM[0] or bar * px_per_mm <= room_px)
