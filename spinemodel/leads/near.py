"""Distances from points to that part of a large surface which lies near them, however uneven its triangles.

The search among triangles is as wide as the largest of them. So what is near is cut out, and its large triangles are
split where they lie: the surface stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.proximity import Proximity, interpolated, nearest
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError

PIECE_MM: Final = 1.0
"""Longest side of a piece: the edges of a dura are half of it. A choice that balances number and size."""

EXACT_MM: Final = 5.0
"""Distances up to this are exact. A choice: gaps and depths are smaller, and far off a flat end all its triangles would
have to be tried."""

_HALVINGS: Final = 40
"""More than any triangle needs."""


@dataclass(frozen=True, eq=False)
class Near:
    """The part of a surface near a lead.

    Attributes
    ----------
    surface
        The faces that were cut out.
    pieces
        The same as triangles without large ones, each with vertices of its own.
    parent
        (k,) the face of ``surface`` that a piece belongs to.
    normals
        (n, 3) of the vertices of ``surface``, from the whole of it.
    """

    surface: Proximity
    pieces: Proximity
    parent: IntArray
    normals: FloatArray


def near(whole: Proximity, points: FloatArray, within_mm: float) -> Near | None:
    """Return the faces whose boxes come within a distance of the box round ``points`` (k, 3); None without any."""
    low, high = points.min(axis=0) - within_mm, points.max(axis=0) + within_mm
    boxes = whole.corners
    chosen = ((boxes.min(axis=1) <= high) & (boxes.max(axis=1) >= low)).all(axis=1)
    if not chosen.any():
        return None
    used, place = np.unique(whole.surface.faces[chosen], return_inverse=True)
    vertices = whole.surface.vertices[used]
    part = Surface(whole.surface.name, whole.surface.space, vertices, place.reshape(-1, 3))
    corners, parent = _split(boxes[chosen])
    soup = Surface(part.name, part.space, corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3))
    return Near(Proximity(part), Proximity(soup), parent, whole.vertex_normals[used])


def whole(surface: Surface) -> Near:
    """Return all of a surface, prepared in the same way."""
    found = near(Proximity(surface), surface.vertices, 0.0)
    if found is None:
        raise GeometryError(f"surface {surface.name}: has no face; expected a closed surface")
    return found


def _split(corners: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return triangles (k, 3, 3) with their longest sides halved until none is too long, and where each comes from."""
    parent = np.arange(len(corners))
    for _ in range(_HALVINGS):
        sides = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
        long = np.flatnonzero(sides.max(axis=1) > PIECE_MM)
        if not len(long):
            break
        first = sides[long].argmax(axis=1)
        a, b, c = (corners[long, (first + i) % 3] for i in range(3))
        middle = (a + b) / 2
        halves = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
        kept = np.ones(len(corners), dtype=bool)
        kept[long] = False
        corners = np.concatenate([corners[kept], halves])
        parent = np.concatenate([parent[kept], parent[long], parent[long]])
    return corners, parent


def distances(surface: Near, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return signed distances (k,) mm of points (k, 3), negative inside, and the unit ways outwards (k, 3).

    Beyond ``EXACT_MM`` a distance may be too great by the pieces' reach, about half a millimetre.
    The sign is that of :func:`~spinemodel.anatomy.proximity.signed_distance`: right off knife edges.
    """
    piece, foot = nearest(surface.pieces, points, EXACT_MM)
    offset = points - foot
    mm = np.linalg.norm(offset, axis=1)
    normal = interpolated(surface.surface, surface.normals, surface.parent[piece], foot)
    sign = np.where(np.einsum("ij,ij->i", offset, normal) < 0, -1.0, 1.0)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    way = np.where((mm > 1e-9)[:, None], offset * (sign / np.maximum(mm, 1e-9))[:, None], normal)
    return sign * mm, way


def least(surface: Near, points: FloatArray) -> tuple[float, int]:
    """Return the least unsigned distance of points (k, 3), mm, and which point has it.

    The distance to the nearest centroid is too great by no more than the pieces' reach, which leaves few to measure.
    """
    about = np.asarray(surface.pieces.tree.query(points)[0])
    few = np.flatnonzero(about <= about.min() + surface.pieces.reach)
    mm = np.linalg.norm(points[few] - nearest(surface.pieces, points[few])[1], axis=1)
    best = int(mm.argmin())
    return float(mm[best]), int(few[best])
