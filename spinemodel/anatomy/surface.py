"""Closed triangle surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemodel.arrays import FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import GeometryError
from spinemodel.spaces import require_same_space


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles in a named space.

    Attributes
    ----------
    name
        Structure name, such as ``Cord``.
    space
        Name of the coordinate space.
    vertices
        (n, 3) mm, RAS+.
    faces
        (m, 3) indices of vertices, anticlockwise seen from outside.
    """

    name: str
    space: str
    vertices: FloatArray
    faces: IntArray

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only and refuse faces that point nowhere."""
        object.__setattr__(self, "vertices", freeze(self.vertices))
        object.__setattr__(self, "faces", freeze_int(self.faces))
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3 or self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise GeometryError(
                f"surface {self.name}: expected vertices (n, 3) and faces (m, 3), got "
                f"{self.vertices.shape} and {self.faces.shape}"
            )
        if self.faces.size and not 0 <= self.faces.min() <= self.faces.max() < len(self.vertices):
            raise GeometryError(f"surface {self.name}: a face names a vertex that does not exist")


def corners(surface: Surface) -> FloatArray:
    """Return the three corners of every face, (m, 3, 3) mm."""
    return surface.vertices[surface.faces]


def face_vectors(surface: Surface) -> FloatArray:
    """Return the outward normal of every face with the face's area as its length, (m, 3) mm2."""
    a, b, c = np.moveaxis(corners(surface), 1, 0)
    return np.asarray(np.cross(b - a, c - a)) / 2


def area(surface: Surface) -> float:
    """Return the area, mm2."""
    return float(np.linalg.norm(face_vectors(surface), axis=1).sum())


def volume(surface: Surface) -> float:
    """Return the signed volume, mm3: positive where the faces look outwards (divergence theorem)."""
    centre = surface.vertices.mean(axis=0)
    centroids = corners(surface).mean(axis=1) - centre
    return float(np.einsum("ij,ij->", centroids, face_vectors(surface)) / 3)


def merge(name: str, surfaces: list[Surface]) -> Surface:
    """Return all ``surfaces`` of one space as one surface of several components."""
    space = require_same_space(*(surface.space for surface in surfaces))
    offsets = np.cumsum([0] + [len(s.vertices) for s in surfaces[:-1]])
    return Surface(
        name,
        space,
        np.vstack([s.vertices for s in surfaces]),
        np.vstack([s.faces + offset for s, offset in zip(surfaces, offsets, strict=True)]),
    )
