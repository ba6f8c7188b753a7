"""Spinal segments: which part of the cord belongs to which pair of roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import LEVELS, Level, Origin, RootName

LENGTH_MM: Final[Mapping[str, float]] = {
    "T10": 20.2,
    "T11": 18.5,
    "T12": 16.8,
    "L1": 15.5,
    "L2": 12.0,
    "L3": 10.3,
    "L4": 9.5,
    "L5": 7.3,
    "S1": 6.4,
    "S2": 6.9,
    "S3": 6.0,
    "S4": 5.6,
    "S5": 3.9,
}
"""Length of each segment of a cord of 430 mm: shares of the cord's length by Frostell et al. 2016 (Front. Neurol.
7:238, table 3, as restated in ``generate_spinal_levels.py`` of the PAM50 template). The length of T10 stands for the
segments above. In sub-03 the entries of L1 and S2 lie 56.0 mm apart, by these lengths 56.7 mm."""

SEGMENTS: Final = (
    *(f"T{i}" for i in range(1, 13)),
    *(f"L{i}" for i in range(1, 6)),
    *(f"S{i}" for i in range(1, 6)),
    "Co",
)
"""Names from head to foot. What the cord has below S5 is called Co, and what it has above T1 goes to T1."""

SCALE_RANGE: Final = (0.8, 1.25)
"""A cord is at most this much shorter or longer than one of 430 mm: bounds a scale that is told from two entries that
lie near each other. A choice; 42 to 45 cm are usual."""


@dataclass(frozen=True)
class Span:
    """A named stretch of an axis.

    Attributes
    ----------
    name
        Of the level, such as ``L2``.
    bottom, top
        mm along the axis, from its caudal end.
    origin
        ``annotated`` where the level itself was marked, ``derived`` where levels on both sides of it were,
        ``extrapolated`` beyond those.
    """

    name: str
    bottom: float
    top: float
    origin: Origin


def spinal_segments(axis: Axis, entries: Mapping[RootName, FloatArray], cord: FloatArray) -> tuple[Span, ...]:
    """Return the spinal segments from head to foot, as far as the cord reaches.

    A segment's middle is where its roots enter the cord, the mean of both sides; segments meet halfway. A level
    without roots is placed between those that have them in the proportion of ``LENGTH_MM``. Beyond the first and the
    last, segments follow with these lengths, scaled by the distance of the entries that are known.

    Parameters
    ----------
    axis
        Of the spine.
    entries
        (3,) mm for each root, such as the first points of :attr:`Anatomy.centrelines`.
    cord
        (n, 3) mm, points of the cord's surface, its ends among them.

    Raises
    ------
    InputError
        Without any entry.
    GeometryError
        Where a level enters above a higher one.
    """
    middles = _middles(axis, entries)
    known = np.array([SEGMENTS.index(level) for level in middles])
    at = np.array(list(middles.values()))
    edges = _edges(known, at)
    bottom, top = _reach(axis, cord)
    edges[0], edges[-1] = max(edges[0], top), min(edges[-1], bottom)
    clipped = np.clip(edges, bottom, top)
    return tuple(
        Span(name, float(clipped[i + 1]), float(clipped[i]), _origin(i, known))
        for i, name in enumerate(SEGMENTS)
        if clipped[i + 1] < clipped[i]
    )


def _middles(axis: Axis, entries: Mapping[RootName, FloatArray]) -> dict[Level, float]:
    """Return where along the axis each level's roots enter, mm, from head to foot."""
    if not entries:
        raise InputError("spinal segments: got no root's entry into the cord, expected one or more: draw a root")
    s = dict(zip(entries, locate(axis, np.array(list(entries.values())))[0].tolist(), strict=True))
    sides = {level: [s[root] for root in s if root.level == level] for level in LEVELS}
    middles = {level: float(np.mean(found)) for level, found in sides.items() if found}
    names, at = list(middles), np.array(list(middles.values()))
    if (np.diff(at) >= 0).any():
        wrong = int(np.flatnonzero(np.diff(at) >= 0)[0])
        raise GeometryError(
            f"spinal segments: the roots of {names[wrong + 1]} enter {at[wrong + 1] - at[wrong]:.2f} mm above those of "
            f"{names[wrong]}; expected below: correct their first markers"
        )
    return middles


def _edges(known: FloatArray, at: FloatArray) -> FloatArray:
    """Return the upper ends of all segments and the lower end of the last, falling, mm along the axis.

    Parameters
    ----------
    known
        (k,) numbers of the segments whose middles are known.
    at
        (k,) mm, those middles.
    """
    length = np.array([LENGTH_MM.get(name, LENGTH_MM["T10"]) for name in SEGMENTS])
    edge = -np.concatenate([[0.0], np.cumsum(length)])
    middle = (edge[1:] + edge[:-1]) / 2
    first, last = int(known[0]), int(known[-1])
    scale = 1.0
    if last > first:
        scale = float(np.clip((at[0] - at[-1]) / (middle[first] - middle[last]), *SCALE_RANGE))
    between = np.interp(-middle[first : last + 1], -middle[known], at)
    return np.concatenate(
        [
            at[0] + scale * (edge[: first + 1] - middle[first]),
            (between[1:] + between[:-1]) / 2,
            at[-1] + scale * (edge[last + 1 :] - middle[last]),
        ]
    )


def _reach(axis: Axis, cord: FloatArray) -> tuple[float, float]:
    """Return where along the axis the cord ends and begins, mm; only its extreme points are located exactly."""
    near = np.asarray(axis.tree.query(cord)[1])
    s, _, _ = locate(axis, cord[[near.argmin(), near.argmax()]])
    return float(s[0]), float(s[1])


def _origin(number: int, known: FloatArray) -> Origin:
    """Return what is known of a segment."""
    if number in known:
        return "annotated"
    return "derived" if known[0] < number < known[-1] else "extrapolated"


def span_at(spans: Sequence[Span], s: float) -> str | None:
    """Return the name of the span at ``s`` mm along the axis, of two that meet there the higher one; None outside.

    Examples
    --------
    >>> spans = (Span("L1", 10, 20, "annotated"), Span("L2", 0, 10, "annotated"))
    >>> span_at(spans, 10), span_at(spans, 3), span_at(spans, 25)
    ('L1', 'L2', None)
    """
    return next((span.name for span in spans if span.bottom <= s <= span.top), None)


def spans_over(spans: Sequence[Span], bottom: float, top: float) -> tuple[Span, ...]:
    """Return the spans that share some length with the stretch from ``bottom`` to ``top``, mm along the axis."""
    return tuple(span for span in spans if min(span.top, top) > max(span.bottom, bottom))
