"""A centreline with a radius into a closed tube with rounded ends."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.rings import Ring, cap, zip_rings
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray

SIDES: Final = 12
"""Vertices round a tube."""


def section(sides: int) -> float:
    """Return the circumradius of a ring of ``sides`` vertices over the tube's radius, so that the volume is kept.

    Rings are staggered by half a side. Between two of them the section's area, at the fraction t of the way, is
    n r^2 / 2 (((1 - t)^2 + t^2) sin 2a + 4 t (1 - t) sin a) with a = pi / n; its mean, n r^2 / 3 (sin 2a + sin a), is
    set equal to the circle's.

    Examples
    --------
    >>> round(section(12), 4), round(section(8), 4)
    (1.0174, 1.0397)
    """
    return float(np.sqrt(3 * np.pi / sides / (np.sin(2 * np.pi / sides) + np.sin(np.pi / sides))))


SECTION: Final = section(SIDES)
"""Of a tube with ``SIDES``; see :func:`section`."""

STEP: Final = 0.8
"""Distance between rings, in radii: triangles of 0.52 x 0.8 radii, no angle below 35 degrees on a straight tube."""


def sweep(centreline: Centreline, *, sides: int = SIDES, step: float = STEP) -> Surface:
    """Return the tube around ``centreline``, closed by half spheres, free of twist.

    The tube's outermost vertices lie ``section(sides)`` times the radius from the axis.

    Parameters
    ----------
    centreline
        With the radius at each point.
    sides
        Vertices round the tube.
    step
        Distance between rings, in radii.
    """
    points, radius = _stations(centreline, step)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    u, v = rotation_minimising_frame(points, tangent)
    rings, outer = [], radius * section(sides)
    for i, (p, r) in enumerate(zip(points, outer, strict=True)):
        phase = (i % 2) / 2
        angle = 2 * np.pi * (np.arange(sides) + phase) / sides
        rings.append(Ring(p + r * (np.outer(np.cos(angle), u[i]) + np.outer(np.sin(angle), v[i])), phase))
    first, last = cap(rings[0], -tangent[0], outer[0]), cap(rings[-1], tangent[-1], outer[-1])
    return Surface(centreline.name, centreline.space, *zip_rings([*first[::-1], *rings, *last]))


def _stations(centreline: Centreline, step: float) -> tuple[FloatArray, FloatArray]:
    """Return points and radii along the centreline, ``step`` local radii apart."""
    s = arc_length(centreline.points)
    mean_radius = (centreline.radius[1:] + centreline.radius[:-1]) / 2
    steps = np.concatenate([[0.0], np.cumsum(np.diff(s) / (step * mean_radius))])
    count = max(2, round(steps[-1]) + 1)
    at = np.interp(np.linspace(0, steps[-1], count), steps, s)
    return resample(centreline.points, at), np.interp(at, s, centreline.radius)


def rotation_minimising_frame(points: FloatArray, tangent: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return two unit vectors (n, 3) across a curve that turn no more than they must.

    The double reflection of Wang et al. 2008 (ACM Trans. Graph. 27:2) carries any frame from one point to the next;
    the angle by which the frame there differs is what the curve's torsion added, and is taken out cumulatively.

    Parameters
    ----------
    points
        (n, 3) mm.
    tangent
        (n, 3), unit length.
    """
    axis = np.eye(3)[np.abs(tangent).argmin(axis=1)]
    u = np.cross(tangent, axis)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(tangent, u)
    chord = np.diff(points, axis=0)
    carried = _reflect(u[:-1], chord)
    carried = _reflect(carried, tangent[1:] - _reflect(tangent[:-1], chord))
    turn = np.arctan2(np.einsum("ij,ij->i", carried, v[1:]), np.einsum("ij,ij->i", carried, u[1:]))
    angle = np.concatenate([[0.0], np.cumsum(turn)])[:, None]
    return u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)


def _reflect(vectors: FloatArray, across: FloatArray) -> FloatArray:
    """Return ``vectors`` mirrored in the planes with normals ``across``; a zero normal mirrors nothing."""
    square = np.einsum("ij,ij->i", across, across)
    scale = np.divide(2 * np.einsum("ij,ij->i", vectors, across), square, out=np.zeros_like(square), where=square > 0)
    return np.asarray(vectors - scale[:, None] * across)
