"""Shapes for the tests of alignment."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.spaces import Transform
from tests.shapes import sphere

SPACING_MM = 1.0


def pear(space: str = "fixed", name: str = "pear") -> Surface:
    """A closed surface of 30 mm that no turn lays onto itself."""
    ball = sphere(rows=36)
    x, y, z = ball.vertices.T
    radius = 11 * (1 + 0.25 * z + 0.3 * x * y + 0.22 * np.sin(3 * x + 1) * (1 - z))
    return Surface(name, space, ball.vertices * radius[:, None] * [1.0, 0.75, 1.45], ball.faces)


def ellipsoid(space: str = "fixed") -> Surface:
    """Half turns about its axes lay it onto itself."""
    ball = sphere(rows=30)
    return Surface("ellipsoid", space, ball.vertices * [8.0, 12.0, 18.0], ball.faces)


def spindle(space: str = "fixed") -> Surface:
    """Round about z: any turn about it lays it onto itself; the two ends differ."""
    ball = sphere(rows=30)
    z = ball.vertices[:, 2]
    return Surface("spindle", space, ball.vertices * np.stack([8 + 3 * z, 8 + 3 * z, 18 + 0 * z], axis=1), ball.faces)


def turned(vector_deg: tuple[float, float, float], shift: tuple[float, float, float]) -> Transform:
    """A rigid map from ``fixed`` to ``moving``."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(vector_deg, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return Transform(matrix, "fixed", "moving")


def moved(surface: Surface, transform: Transform) -> Surface:
    """The surface after a map."""
    matrix = transform.matrix
    vertices = surface.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    return Surface(surface.name, transform.target, vertices, surface.faces)


def farthest(one: FloatArray, other: FloatArray) -> float:
    """Greatest distance of points (n, 3) from their namesakes, mm."""
    return float(np.linalg.norm(one - other, axis=1).max())
