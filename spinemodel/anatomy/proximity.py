"""Exact distances from points to a closed surface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.surface import Surface, corners, face_vectors
from spinemodel.arrays import FloatArray, IntArray

NEIGHBOURS: Final = 12
"""Faces tried first for each point; more are tried where these do not prove the distance. The fastest of 8 to 24."""


@dataclass(frozen=True, eq=False)
class Proximity:
    """A surface prepared for distance queries; see :func:`signed_distance`."""

    surface: Surface

    @cached_property
    def corners(self) -> FloatArray:
        """(m, 3, 3) mm."""
        return corners(self.surface)

    @cached_property
    def reach(self) -> float:
        """Largest distance of a corner from its face's centroid, mm."""
        return float(np.linalg.norm(self.corners - self.corners.mean(axis=1, keepdims=True), axis=2).max())

    @cached_property
    def tree(self) -> KDTree:
        """Of the faces' centroids."""
        return KDTree(self.corners.mean(axis=1))

    @cached_property
    def vertex_normals(self) -> FloatArray:
        """Outward unit normals of the vertices, weighted by the faces' areas, (n, 3)."""
        normals = np.zeros_like(self.surface.vertices)
        faces = face_vectors(self.surface)
        for corner in self.surface.faces.T:
            np.add.at(normals, corner, faces)
        return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True))


def signed_distance(
    proximity: Proximity, points: FloatArray, *, exact_within_mm: float = np.inf
) -> tuple[FloatArray, FloatArray]:
    """Return the distance of ``points`` (n, 3) from the surface, negative inside, and the way outwards.

    The distance is exact up to ``exact_within_mm``, and within ``reach`` of the truth beyond: a face whose centroid is
    farther than the best distance by more than ``reach`` cannot be nearer, and more neighbours are tried until that
    proves the best. The sign is that of the normal interpolated at
    the nearest point, which is within 90 degrees of every face there on surfaces without knife edges.

    Returns
    -------
    distance
        (n,) mm.
    direction
        (n, 3) unit gradients of the distance.
    """
    faces, foot = nearest(proximity, points, exact_within_mm)
    offset = points - foot
    distance = np.linalg.norm(offset, axis=1)
    normal = _normal_at(proximity, faces, foot)
    sign = np.where(np.einsum("ij,ij->i", offset, normal) < 0, -1.0, 1.0)
    far = distance > 1e-9
    direction = np.where(far[:, None], offset * (sign / np.maximum(distance, 1e-9))[:, None], normal)
    return sign * distance, direction


def nearest(
    proximity: Proximity, points: FloatArray, exact_within_mm: float = np.inf
) -> tuple[IntArray, FloatArray]:
    """Return the face nearest to each of ``points`` (n, 3), (n,), and the nearest point on it, (n, 3) mm."""
    face = np.zeros(len(points), dtype=np.int64)
    foot = np.zeros_like(points)
    todo, k = np.arange(len(points)), 1 if np.isfinite(exact_within_mm) else min(NEIGHBOURS, len(proximity.corners))
    while len(todo):
        reached, candidates = map(np.asarray, proximity.tree.query(points[todo], k=np.arange(1, k + 1)))
        on = closest_on_triangles(points[todo, None], proximity.corners[candidates])
        distances = np.linalg.norm(on - points[todo, None], axis=2)
        best = distances.argmin(axis=1)
        rows = np.arange(len(todo))
        face[todo], foot[todo] = candidates[rows, best], on[rows, best]
        proven = distances[rows, best] <= reached[:, -1] - proximity.reach
        proven |= (reached[:, 0] - proximity.reach > exact_within_mm) | (k == len(proximity.corners))
        todo, k = todo[~proven], min(max(NEIGHBOURS, 4 * k), len(proximity.corners))
    return face, foot


def _normal_at(proximity: Proximity, faces: IntArray, points: FloatArray) -> FloatArray:
    """Return the vertex normals interpolated at ``points`` on ``faces``, (n, 3), not of unit length."""
    return interpolated(proximity, proximity.vertex_normals, faces, points)


def interpolated(proximity: Proximity, values: FloatArray, faces: IntArray, points: FloatArray) -> FloatArray:
    """Return vectors at the vertices (v, 3) interpolated linearly at ``points`` (n, 3) on ``faces`` (n,)."""
    a, b, c = np.moveaxis(proximity.corners[faces], 1, 0)
    across = np.cross(b - a, c - a)
    square = np.maximum(np.einsum("ij,ij->i", across, across), 1e-300)
    u = np.einsum("ij,ij->i", np.cross(points - a, c - a), across) / square
    v = np.einsum("ij,ij->i", np.cross(b - a, points - a), across) / square
    weights = np.stack([1 - u - v, u, v], axis=1)
    return np.asarray(np.einsum("ij,ijk->ik", weights, values[proximity.surface.faces[faces]]))


def closest_on_triangles(points: FloatArray, triangles: FloatArray) -> FloatArray:
    """Return the point of each triangle (..., 3, 3) nearest to its point (..., 3).

    The nearest point is the foot of the perpendicular where that lies inside, else the nearest point of an edge.
    """
    a, b, c = (triangles[..., i, :] for i in range(3))
    normal = np.cross(b - a, c - a)
    inside = np.ones(normal.shape[:-1], dtype=bool)
    best, best_square = a, np.full(normal.shape[:-1], np.inf)
    for p, q in ((a, b), (b, c), (c, a)):
        edge = q - p
        inside = inside & (np.einsum("...i,...i->...", np.cross(edge, points - p), normal) >= 0)
        t = np.einsum("...i,...i->...", points - p, edge) / np.maximum(np.einsum("...i,...i->...", edge, edge), 1e-300)
        on = p + np.clip(t, 0, 1)[..., None] * edge
        square = ((points - on) ** 2).sum(axis=-1)
        best = np.where((square < best_square)[..., None], on, best)
        best_square = np.minimum(square, best_square)
    square = np.einsum("...i,...i->...", normal, normal)
    height = np.einsum("...i,...i->...", points - a, normal) / np.maximum(square, 1e-300)
    foot = points - height[..., None] * normal
    return np.where((inside & (square > 0))[..., None], foot, best)
