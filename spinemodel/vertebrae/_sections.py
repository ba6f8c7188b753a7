"""Plane sections of a body, and the points that morphometry marks on them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray

_SLANTS: Final = np.radians(np.arange(30.0, 61.0, 5.0))

QUADRANTS: Final = ((1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))
"""Front top, back top, front bottom, back bottom."""

CORNERS: Final = np.array([[[x * np.cos(a), z * np.sin(a)] for a in _SLANTS] for x, z in QUADRANTS])
"""(4, 7, 2) directions whose outermost points make up the corners, in units of the outline's own depth and height, so
that a body keeps its corners when it is squeezed. One direction alone would let the corner of a bevelled rim jump from
one end of the bevel to the other; the mean of those from 30 to 60 degrees moves steadily, and is the corner itself of a
block whose endplates and walls slope by less than 30 degrees in those units (a choice)."""


class Section(NamedTuple):
    """Outline of a body in a plane along its axis.

    Attributes
    ----------
    points
        (n, 2) mm from the body's centre: forwards (or to the right) and upwards.
    links
        (m, 2) which points a segment joins.
    """

    points: FloatArray
    links: IntArray


class Marks(NamedTuple):
    """The points that are marked on a section, each (2,) mm.

    The corners are the outermost points along :data:`CORNERS`, where a rim turns from the endplate to the wall;
    the middles lie on the endplates halfway between the corners; ``front`` and ``back`` are where the walls meet the
    plane halfway up.
    """

    front_top: FloatArray
    back_top: FloatArray
    front_bottom: FloatArray
    back_bottom: FloatArray
    top: FloatArray
    bottom: FloatArray
    front: FloatArray
    back: FloatArray


def sections(
    surface: Surface, axes: FloatArray, centre: FloatArray, across: int, offsets: FloatArray, back: float = np.inf
) -> list[Section]:
    """Return the outlines of the body in planes, where they have one.

    Parameters
    ----------
    surface
        A closed mesh of a vertebra.
    axes, centre
        The body's frame.
    across
        The axis that the planes are normal to: 0 for sagittal, 1 for coronal ones.
    offsets
        (n,) mm of the planes from the centre.
    back
        What lies farther back than this from the centre, mm, is left out.
    """
    local = (surface.vertices - centre) @ axes.T
    kept = [1 - across, 2]
    limit = back if across == 0 else np.inf
    found = [_outline(local, surface.faces, across, float(offset), kept, limit) for offset in offsets]
    return [section for section in found if section is not None]


def _outline(
    local: FloatArray, faces: IntArray, across: int, offset: float, kept: list[int], back: float
) -> Section | None:
    """Return the largest loop round the middle; none where there is no loop round it."""
    above = local[:, across] > offset
    crossed = faces[above[faces].any(axis=1) & ~above[faces].all(axis=1)]
    if not len(crossed):
        return None
    pairs = np.stack([crossed, np.roll(crossed, -1, axis=1)], axis=2)
    cut = above[pairs[..., 0]] != above[pairs[..., 1]]
    ends = np.sort(pairs[cut].reshape(-1, 2, 2), axis=2)
    edges, which = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    one, other = local[edges[:, 0]], local[edges[:, 1]]
    share = (offset - one[:, across]) / (other[:, across] - one[:, across])
    points = (one + share[:, None] * (other - one))[:, kept]
    return _round_middle(points, which.reshape(-1, 2), back)


def _round_middle(points: FloatArray, links: IntArray, back: float) -> Section | None:
    """Return the loop round the middle that is largest, clipped at ``back``."""
    n = len(points)
    _, loop = connected_components(coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(n, n)), False)
    count = loop.max() + 1
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, loop, points)
    np.maximum.at(high, loop, points)
    size = np.where((low < 0).all(axis=1) & (high > 0).all(axis=1), np.prod(high - low, axis=1), 0.0)
    if not size.max() > 0:
        return None
    chosen = links[loop[links[:, 0]] == size.argmax()]
    chosen = chosen[(points[chosen, 0] > -back).all(axis=1)]
    return Section(points, chosen) if len(chosen) else None


def mark(section: Section) -> Marks | None:
    """Return the points of morphometry on a section; none where its outline is too torn to have them."""
    used = section.points[np.unique(section.links)]
    scaled = used / np.ptp(used, axis=0)
    corners = [used[(scaled @ ways.T).argmax(axis=0)].mean(axis=0) for ways in CORNERS]
    upper, lower = (corners[0] + corners[1]) / 2, (corners[2] + corners[3]) / 2
    half = float(upper[1] + lower[1]) / 2
    above, below = _crossings(section, 0, float(upper[0])), _crossings(section, 0, float(lower[0]))
    walls = _crossings(section, 1, half)
    if min(len(above), len(below), len(walls)) < 2:
        return None
    top, bottom = np.array([upper[0], above.max()]), np.array([lower[0], below.min()])
    front, back = np.array([walls.max(), half]), np.array([walls.min(), half])
    return Marks(corners[0], corners[1], corners[2], corners[3], top, bottom, front, back)


def _crossings(section: Section, axis: int, at: float) -> FloatArray:
    """Return where the outline meets the line on which coordinate ``axis`` is ``at``, along the line, mm."""
    a, b = section.points[section.links[:, 0]], section.points[section.links[:, 1]]
    met = (a[:, axis] <= at) != (b[:, axis] <= at)
    a, b = a[met], b[met]
    share = (at - a[:, axis]) / (b[:, axis] - a[:, axis])
    return np.asarray(a[:, 1 - axis] + share * (b - a)[:, 1 - axis])
