"""Shapes of known volume, for tests."""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.rings import Ring, zip_rings
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray


def circle(radius: float, z: float = 0.0, sides: int = 24) -> FloatArray:
    """Points on a circle about the z axis, anticlockwise seen from above."""
    angle = 2 * np.pi * np.arange(sides) / sides
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(sides, z)], axis=1)


def box(low: tuple[float, float, float] = (0, 0, 0), size: float = 1.0, name: str = "box") -> Surface:
    """A cube of twelve triangles."""
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], float) * size + low
    quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    faces = [triangle for a, b, c, d in quads for triangle in ([a, b, c], [a, c, d])]
    return Surface(name, "test", corners, np.array(faces))


def sphere(radius: float = 1.0, centre: tuple[float, float, float] = (0, 0, 0), rows: int = 40) -> Surface:
    """A sphere of stacked rings."""
    tilt = np.pi * np.arange(1, rows) / rows
    rings = [Ring(circle(radius * np.sin(t), -radius * np.cos(t), 2 * rows) + centre, 0.0) for t in tilt]
    poles = [Ring(np.array([[0.0, 0.0, z]]) + centre, 0.0) for z in (-radius, radius)]
    return Surface("sphere", "test", *zip_rings([poles[0], *rings, poles[1]]))
