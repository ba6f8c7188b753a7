"""Which way the faces of a closed surface look, part by part, and whether each stands there once."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.surface import Surface, corners, volume
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError

INSIDE_TURNS: Final = 0.5
"""A point is inside a closed surface that winds round it once, outside one that winds round it 0 times."""

MEND: Final = "turn its faces outwards (trimesh.repair.fix_normals, or MeshLab's filters)"


def doubled_faces(surface: Surface) -> int:
    """Return how many faces have the corners of another, in the same order.

    Two parts that touch have faces of the same corners, too, but look the other way: those are not counted.

    Examples
    --------
    >>> points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    >>> doubled_faces(Surface("s", "here", points, [[0, 1, 2], [2, 0, 1], [0, 2, 1]]))
    1
    """
    faces = surface.faces
    first = faces.argmin(axis=1)[:, None]
    turned = np.take_along_axis(faces, (first + np.arange(3)) % 3, axis=1)
    ordered = turned[np.lexsort(turned.T)]
    return int((ordered[1:] == ordered[:-1]).all(axis=1).sum())


def inward_parts(surface: Surface) -> FloatArray:
    """Return a place (n, 3) mm on each part of a closed surface that looks inwards and bounds no cavity.

    Parts are faces that are joined by vertices; a cavity lies in a part that looks outwards.
    """
    part, size = _parts(surface) if len(surface.faces) else (np.empty(0, dtype=np.int64), np.empty(0))
    inward = np.flatnonzero(size < 0)
    if not len(inward):
        return np.empty((0, 3))
    triangles = corners(surface)
    places = np.array([triangles[int(np.argmax(part == one))].mean(axis=0) for one in inward])
    outer = triangles[size[part] > 0]
    return places[[turns_round(outer - place) < INSIDE_TURNS for place in places]]


def _parts(surface: Surface) -> tuple[IntArray, FloatArray]:
    """Return the part of every face, (m,), from 0, and the volume that each bounds, mm3: inwards, less than 0.

    Vertices that no face has are parts without a volume.
    """
    a, b, c = surface.faces.T
    ends = np.concatenate([a, a]), np.concatenate([b, c])
    joined = coo_array((np.ones(len(ends[0]), dtype=bool), ends), shape=(len(surface.vertices),) * 2)
    of_vertex = connected_components(joined, directed=False)[1]
    part = np.asarray(of_vertex[a], dtype=np.int64)
    away = surface.vertices - surface.vertices[a].mean(axis=0)
    under = np.einsum("ij,ij->i", np.cross(away[a], away[b]), away[c]) / 6
    return part, np.asarray(np.bincount(part, under), dtype=np.float64)


def turns_round(triangles: FloatArray) -> float:
    """Return how often triangles (m, 3, 3) wind round the origin (van Oosterom and Strackee 1983, eq. 8)."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    dots = [np.einsum("ij,ij->i", *pair) for pair in ((a, b), (b, c), (c, a))]
    triple = np.einsum("ij,ij->i", a, np.cross(b, c))
    return float(2 * np.arctan2(triple, la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb).sum() / (4 * np.pi))


def require_once(surface: Surface) -> None:
    """Refuse a surface of which faces stand there twice.

    Raises
    ------
    GeometryError
        If one does.
    """
    doubled = doubled_faces(surface)
    if doubled:
        raise GeometryError(
            f"surface {surface.name}: {doubled} of its {len(surface.faces)} faces stand there twice; leave out the "
            "doubled ones (trimesh.Trimesh.unique_faces, or MeshLab's filters)"
        )


def require_outwards(surface: Surface) -> None:
    """Refuse a closed surface that is turned inside out, or of which a part is.

    Raises
    ------
    GeometryError
        If its volume is not positive, or a part looks inwards and bounds no cavity.
    """
    if len(surface.faces) and volume(surface) <= 0:
        raise GeometryError(
            f"surface {surface.name}: its faces look inwards: it bounds {volume(surface):.4g} mm3, expected more than "
            f"0; {MEND}"
        )
    inward = inward_parts(surface)
    if len(inward):
        x, y, z = inward[0]
        raise GeometryError(
            f"surface {surface.name}: {len(inward)} of its parts look inwards and bound no cavity, one near "
            f"({x:.2f}, {y:.2f}, {z:.2f}) mm; {MEND}"
        )
