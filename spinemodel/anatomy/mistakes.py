"""The usual mistakes in marker files, tried in turn to tell the user which one was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.arrays import FloatArray
from spinemodel.spaces import LPS_TO_RAS
from spinemodel.units import MM_PER_CM, MM_PER_M, MM_PER_UM


class Mistake(NamedTuple):
    """Factors on the coordinates that undo a mistake, and what to say of it."""

    factors: FloatArray | float
    hint: str


MISTAKES: Final = (
    Mistake(
        LPS_TO_RAS,
        "with x and y negated it fits: it looks like the other frame; mend its "
        "coordinateSystem (CoordinateSystem in .fcsv)",
    ),
    Mistake(MM_PER_M, "times 1000 it fits: it looks like metres; mend its coordinateUnits"),
    Mistake(MM_PER_CM, "times 10 it fits: it looks like centimetres; mend its coordinateUnits"),
    Mistake(MM_PER_UM, "divided by 1000 it fits: it looks like micrometres; mend its coordinateUnits"),
)


def hint(points: FloatArray, fits: Callable[[FloatArray], bool], otherwise: str) -> str:
    """Return what to say of ``points`` that do not fit: the mistake without which they would, or ``otherwise``.

    Examples
    --------
    >>> hint(np.array([[0.0, 0.0, 0.02]]), lambda p: bool(p[0, 2] > 10), "draw it again")
    'times 1000 it fits: it looks like metres; mend its coordinateUnits'
    """
    return next((mistake.hint for mistake in MISTAKES if fits(points * mistake.factors)), otherwise)


def point_number(raw: Annotation, source: str, point: FloatArray) -> int:
    """Return the place of ``point`` among the stored points of its file, from 1."""
    stored = next(m.points for m in _all(raw) if m.source == source and (m.points == point).all(axis=1).any())
    return 1 + int(np.flatnonzero((stored == point).all(axis=1))[0])


def and_more(count: int) -> str:
    """Say that ``count`` files in all have the fault of the one that is named."""
    return f" (and {count - 1} more like it)" if count > 1 else ""


def _all(annotation: Annotation) -> Iterable[Markers]:
    return (*annotation.cord, *annotation.dura, *annotation.roots.values(), *annotation.ganglia.values())
