"""Closed surfaces from a stack of rings: what lofts, tubes and their ends have in common.

A ring is a closed loop of vertices equally spaced along a curve. Neighbouring rings may have different numbers of
vertices; the band between them is filled by going round both at once, which keeps triangles even where a shape tapers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.curves import arc_length, resample
from spinemodel.arrays import FloatArray, IntArray

ROW: Final = float(np.sqrt(3) / 2)
"""Height of a row of equilateral triangles, in edges."""

POLE_SIDES: Final = 6
"""Fewest vertices of a ring beside a pole: six equilateral triangles fill the angle."""


class Ring(NamedTuple):
    """Vertices (n, 3) mm round a curve; vertex i lies at the fraction (i + phase) / n of the way."""

    points: FloatArray
    phase: float


def even_ring(loop: FloatArray, sides: int, phase: float = 0.0) -> Ring:
    """Return ``sides`` vertices equally spaced along a closed loop (n, 3), begun ``phase`` of a step late."""
    closed = np.vstack([loop, loop[:1]])
    return Ring(resample(closed, (np.arange(sides) + phase) * (arc_length(closed)[-1] / sides)), phase)


def cap(rim: Ring, outward: FloatArray, height_mm: float) -> list[Ring]:
    """Return the rings that close a rim, from the rim to the pole.

    Parameters
    ----------
    rim
        The last ring; it is not repeated.
    outward
        (3,) unit vector.
    height_mm
        Of half an ellipsoid on the rim; 0 closes it flat.
    """
    centre = rim.points.mean(axis=0)
    spokes = rim.points - centre
    sides, radius = len(rim.points), float(np.linalg.norm(spokes, axis=1).mean())
    edge = arc_length(np.vstack([rim.points, rim.points[:1]]))[-1] / sides
    steps = max(2, round(radius * (np.pi / 2 if height_mm else 1.0) / (edge * ROW)))
    rings = []
    for t in np.arange(1, steps) / steps:
        scale, lift = (np.cos(t * np.pi / 2), np.sin(t * np.pi / 2)) if height_mm else (1 - t, 0.0)
        count = max(POLE_SIDES, round(sides * scale))
        ring = even_ring(centre + scale * spokes + lift * height_mm * outward, count)
        rings.append(Ring(ring.points, rim.phase * count / sides))
    return [*rings, Ring((centre + height_mm * outward)[None], 0.0)]


def zip_rings(rings: Sequence[Ring]) -> tuple[FloatArray, IntArray]:
    """Return the vertices and faces of the closed surface through ``rings``.

    The first and the last ring have one vertex, the poles; the others run anticlockwise seen from the last. Faces are
    anticlockwise seen from outside.

    Examples
    --------
    >>> pole, rim = Ring(np.array([[0.0, 0, -1]]), 0.0), Ring(np.array([[1.0, 0, 0], [0, 1, 0], [-1, -1, 0]]), 0.0)
    >>> len(zip_rings([pole, rim, Ring(np.array([[0.0, 0, 1]]), 0.0)])[1])
    6
    """
    starts = np.cumsum([0, *(len(ring.points) for ring in rings)])
    bands = [
        _band(len(low.points), low.phase, len(high.points), high.phase) + start
        for (low, high), start in zip(pairwise(rings), starts[:-2], strict=True)
    ]
    return np.vstack([ring.points for ring in rings]), np.vstack(bands)


@lru_cache(maxsize=256)
def _band(low: int, low_phase: float, high: int, high_phase: float) -> IntArray:
    """Return the triangles between a ring of ``low`` vertices and the next, of ``high``, numbered after it.

    Both rings are gone round at once, edge by edge in the order of the edges' middles. Every edge makes a triangle with
    the vertex that the other ring has come to; where two middles coincide, the lower ring goes first.
    """
    i, j = np.arange(low), np.arange(high)
    if low == 1:
        return np.stack([np.zeros_like(j), 1 + (j + 1) % high, 1 + j], axis=1)
    if high == 1:
        return np.stack([i, (i + 1) % low, np.full_like(i, low)], axis=1)
    low_middle, high_middle = (i + 0.5 + low_phase) / low, (j + 0.5 + high_phase) / high
    over = low + np.searchsorted(high_middle, low_middle, side="left") % high
    under = np.searchsorted(low_middle, high_middle, side="right") % low
    from_below, from_above = (i, (i + 1) % low, over), (under, low + (j + 1) % high, low + j)
    return np.vstack([np.stack(from_below, axis=1), np.stack(from_above, axis=1)])
