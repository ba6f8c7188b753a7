"""Planes of a box's nodes for several threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from spinemodel.volume._threads import side_by_side

PLANES: Final = 8
"""Planes that a thread takes at a time: half a millisecond and more on all levels that matter. Even."""

Result = TypeVar("Result")


def over_planes(function: Callable[[int, int], Result], planes: int, first: int = 0) -> list[Result]:
    """Return ``function`` of ranges of planes, side by side, in order.

    Examples
    --------
    >>> over_planes(lambda first, last: (first, last), 12)
    [(0, 8), (8, 12)]
    """
    parts = [(start, min(start + PLANES, planes)) for start in range(first, planes, PLANES)]
    return side_by_side(lambda part: function(*part), parts) if parts else []
