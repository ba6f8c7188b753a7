"""The triangles of all solids in one set of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spinemodel.anatomy.surface import Surface, volume
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError


@dataclass(frozen=True, eq=False)
class Soup:
    """Triangles with shared edges.

    Attributes
    ----------
    points
        (3, n) mm.
    faces
        (m, 3) indices of points, anticlockwise seen from outside.
    owner
        (m,) number of each face's solid, ascending.
    edges
        (k, 2) indices of points, the lower first.
    sides
        (m, 3) the edges of each face; side i joins its corners i and i + 1.
    """

    points: FloatArray
    faces: IntArray
    owner: IntArray
    edges: IntArray
    sides: IntArray

    def corners(self, faces: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the three corners of faces (k,), (3, k) each."""
        a, b, c = self.faces[faces].T
        return self.points[:, a], self.points[:, b], self.points[:, c]

    @cached_property
    def boxes(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest coordinates of every face, (3, m)."""
        a, b, c = self.corners(np.arange(len(self.faces)))
        return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)

    @cached_property
    def edge_owner(self) -> IntArray:
        """Number of the solid of every edge, (k,)."""
        owner = np.empty(len(self.edges), dtype=np.int64)
        owner[self.sides] = self.owner[:, None]
        return owner

    @cached_property
    def edge_faces(self) -> IntArray:
        """Number of faces at every edge, (k,): two on a closed surface, more where compartments meet."""
        return np.bincount(self.sides.ravel(), minlength=len(self.edges))


def to_soup(surfaces: Sequence[Surface]) -> Soup:
    """Return the triangles of ``surfaces``, each of them one solid.

    Raises
    ------
    GeometryError
        If a surface is not closed, not consistently oriented or looks inwards.
    """
    shifts = np.cumsum([0] + [len(surface.vertices) for surface in surfaces])
    faces = np.vstack([surface.faces + shift for surface, shift in zip(surfaces, shifts, strict=False)])
    owner = np.repeat(np.arange(len(surfaces)), [len(surface.faces) for surface in surfaces])
    points = np.ascontiguousarray(np.vstack([surface.vertices for surface in surfaces]).T)
    soup = with_edges(points, faces, owner)
    _require_closed(surfaces, faces, owner, len(soup.edges), soup.sides)
    return soup


def with_edges(points: FloatArray, faces: IntArray, owner: IntArray) -> Soup:
    """Return triangles (m, 3) between points (3, n) mm with the edges that they share; ``owner`` (m,) is ascending."""
    return Soup(points, faces, owner, *_edges(faces, points.shape[1]))


def _edges(faces: IntArray, points: int) -> tuple[IntArray, IntArray]:
    """Return the edges (k, 2) and the edges of every face (m, 3)."""
    tail, head = faces, np.roll(faces, -1, axis=1)
    key, sides = np.unique(np.minimum(tail, head) * points + np.maximum(tail, head), return_inverse=True)
    return np.stack(np.divmod(key, points), axis=1), sides.reshape(faces.shape)


def _require_closed(
    surfaces: Sequence[Surface], faces: IntArray, owner: IntArray, edges: int, sides: IntArray
) -> None:
    """Raise unless every edge is shared by two faces that run along it in opposite directions."""
    rising = np.where(faces < np.roll(faces, -1, axis=1), 1, -1)
    balance = np.bincount(sides.ravel(), rising.ravel(), minlength=edges)
    open_ = (np.bincount(sides.ravel(), minlength=edges) != 2) | (balance != 0)
    bad = np.unique(owner[open_[sides].any(axis=1)])
    if len(bad):
        raise GeometryError(
            f"surface {surfaces[bad[0]].name}: {int(open_[sides[owner == bad[0]]].sum())} sides of its faces are open, "
            "doubled or turned; a solid needs a closed, oriented surface; `spinemodel check` names the broken promise"
        )
    for surface in surfaces:
        if not volume(surface) > 0:
            raise GeometryError(
                f"surface {surface.name}: volume {volume(surface):.3g} mm3, expected a positive one; turn its faces"
            )
