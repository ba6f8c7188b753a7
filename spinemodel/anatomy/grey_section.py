"""The butterfly: the outline of the grey matter in a section of the cord.

It is drawn in half axes of the section, from points that anatomy names, and carried into the drawn contour along rays:
outwards it approaches the white rim but never reaches it, and its size is what gives it the wanted area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from spinemodel.arrays import FloatArray

PER_SPAN: Final = 8
"""Points of the outline between two named ones."""

SOFTNESS: Final = 12
"""Exponent by which the outline approaches the rim: a horn that would end on it ends 6 % short. A choice between a flat
and a thin tip."""

MOST_SCALE: Final = 1.6
"""Largest scale tried. Horns that are pushed farther against the rim no longer make a butterfly: the section is too
small for its grey. A choice."""

BISECTIONS: Final = 45
"""Of the scale: to 1e-12."""


def butterfly(halves: FloatArray) -> FloatArray:
    """Return smooth closed outlines through the points (m, k, 2) of half butterflies, (m, (2 k - 2) PER_SPAN, 2).

    From the dorsal midline over the right; every ``PER_SPAN``-th point is a named one.

    Examples
    --------
    >>> from spinemodel.anatomy.grey_parameters import LUMBAR, named_points
    >>> outline = butterfly(named_points(LUMBAR)[None])[0]
    >>> np.allclose(outline[1:], outline[:0:-1] * [-1, 1])
    True
    """
    loops = np.concatenate([halves, halves[:, -2::-1] * [-1.0, 1.0]], axis=1)
    gaps = np.sqrt(np.linalg.norm(np.diff(loops, axis=1), axis=2)).mean(axis=0)
    knots = np.concatenate([[0.0], np.cumsum((gaps + gaps[::-1]) / 2)])
    spline = CubicSpline(knots, loops, axis=1, bc_type="periodic")
    fine = np.interp(np.arange((len(knots) - 1) * PER_SPAN) / PER_SPAN, np.arange(len(knots)), knots)
    return np.asarray(spline(fine))


def soften(radius: FloatArray, limit: FloatArray) -> FloatArray:
    """Return ``radius``, kept where it is small and brought below ``limit`` where it is not; it rises with the radius.

    Examples
    --------
    >>> soften(np.array([0.5, 1.0, 9.0]), np.ones(3)).round(3)
    array([0.5  , 0.944, 1.   ])
    """
    share = radius / limit
    return np.asarray(radius / (1 + share**SOFTNESS) ** (1 / SOFTNESS))


@dataclass(frozen=True, eq=False)
class Fit:
    """How places in half axes are carried into m sections: along rays, scaled, and softly kept from the rim.

    Attributes
    ----------
    half
        (m, 2) mm: half axes.
    outline, limit
        (m, ANGLES) half axes: the section's outline, and what the grey may not reach.
    scale
        (m,): size of the butterfly.
    """

    half: FloatArray
    outline: FloatArray
    limit: FloatArray
    scale: FloatArray


def carry(fit: Fit, places: FloatArray) -> FloatArray:
    """Return ``places`` (m, n, 2), in half axes, as offsets to the right and dorsally, (m, n, 2) mm."""
    wanted, limit, ways = _rays(fit, places)
    return np.asarray(soften(fit.scale[:, None] * wanted, limit)[..., None] * ways)


def _rays(fit: Fit, places: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how far ``places`` lie out at scale 1 and may lie, (m, n) half axes, and the half axis on their ray."""
    turn, radius = np.arctan2(places[..., 1], places[..., 0]), np.hypot(places[..., 0], places[..., 1])
    ways = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * fit.half[:, None]
    return radius * at_angle(fit.outline, turn), np.maximum(at_angle(fit.limit, turn), 1e-6), ways


def at_angle(radii: FloatArray, turn: FloatArray) -> FloatArray:
    """Return radii (m, ANGLES) interpolated in the directions ``turn`` (m, n) radians, (m, n)."""
    place = np.mod(turn / (2 * np.pi), 1.0) * radii.shape[1]
    low = np.floor(place).astype(int) % radii.shape[1]
    rows = np.arange(len(radii))[:, None]
    part = place - np.floor(place)
    return np.asarray((1 - part) * radii[rows, low] + part * radii[rows, (low + 1) % radii.shape[1]])


def grey_section(
    halves: FloatArray, area: FloatArray, half: FloatArray, outline: FloatArray, limit: FloatArray
) -> tuple[FloatArray, Fit]:
    """Return the outlines (m, n, 2) mm of the grey matter in m sections, to the right and dorsally, and their fit.

    The area of a softened butterfly rises with its scale, which is found by bisection. Where ``MOST_SCALE`` does not
    reach the wanted area, the outline has that scale and encloses less.

    Parameters
    ----------
    halves
        (m, k, 2) half axes: named points of half a butterfly.
    area
        (m,) mm2 that the outlines shall enclose.
    half, outline, limit
        Of the sections; see :class:`Fit`.
    """
    unit = butterfly(halves)
    low, high = np.zeros(len(halves)), np.full(len(halves), MOST_SCALE)
    wanted, limit_here, ways = _rays(Fit(half, outline, limit, high), unit)
    for _ in range(BISECTIONS):
        scale = (low + high) / 2
        small = enclosed(soften(scale[:, None] * wanted, limit_here)[..., None] * ways) < area
        low, high = np.where(small, scale, low), np.where(small, high, scale)
    fit = Fit(half, outline, limit, (low + high) / 2)
    return carry(fit, unit), fit


def enclosed(loops: FloatArray) -> FloatArray:
    """Return the area of closed plane curves (m, n, 2), (m,), whichever way they run."""
    after = np.roll(loops, -1, axis=1)
    return np.asarray(np.abs((loops[..., 0] * after[..., 1] - loops[..., 1] * after[..., 0]).sum(axis=1)) / 2)
