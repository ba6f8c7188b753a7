"""Which way the faces of a closed surface look, part by part, and whether each stands there once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.face_edges import face_edges, groups
from spinemodel.anatomy.surface import Surface, corners, face_vectors
from spinemodel.anatomy.winding import turns_of_others
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import GeometryError

OPEN: Final = 1e-6
"""Length of the sum of a part's area vectors, over its area, from which on it is open: of a closed one it is 0.
A choice: above what rounding leaves, below what a missing face does in a mesh of a hundred thousand."""

FLAT: Final = 1e-9
"""Volume over area to the power 3/2 under which faces bound nothing. A choice: a needle a micrometre thick and a metre
long has 1e-4, rounding leaves some 1e-13."""

NEAR: Final = 0.01
"""How far from a vertex a part is judged, as a share of the way to a face's middle, and off the face the square of it.
A choice: parts that touch do not jut out."""

ROUNDING: Final = 4 * float(np.finfo(np.float32).eps)
"""The same off the face at least, as a share of the largest coordinate: files hold single precision."""

MEND: Final = "turn its faces outwards (trimesh.repair.fix_normals, or MeshLab's filters)"

ONE_OF_EACH: Final = "(trimesh.Trimesh.unique_faces, or MeshLab's filters)"


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
    return _repeated(np.take_along_axis(faces, (first + np.arange(3)) % 3, axis=1))


def _repeated(rows: IntArray) -> int:
    """Return how many rows are like another before them."""
    ordered = rows[np.lexsort(rows.T)]
    return int((ordered[1:] == ordered[:-1]).all(axis=1).sum())


@dataclass(frozen=True, eq=False)
class _Parts:
    """What faces that are joined bound, part by part; a part may be without faces.

    ``part`` (m,) is that of each face; of each part, ``vector`` (n, 3) mm2 is the sum of its area vectors.
    """

    part: IntArray
    vector: FloatArray
    area: FloatArray
    volume: FloatArray


def inward_parts(surface: Surface) -> FloatArray:
    """Return a place (n, 3) mm on each part of a closed surface that looks inwards and bounds no cavity.

    Parts are faces that are joined by edges which no others share, so that two may touch at a vertex or along an edge;
    of those that are open so, as where a ring of edges branches, faces are joined by vertices. A cavity lies in what
    the other parts bound, with every vertex; one that juts out of it, or into another cavity, is none. Parts that are
    open, or so flat that they bound nothing, are passed over.
    """
    return _lost(surface, _parts(surface))


def _parts(surface: Surface) -> _Parts:
    """Return the parts of a surface and what each bounds: faces joined by edges, where these are open by vertices."""
    met, count = face_edges(surface.faces), len(surface.faces)
    parts = _measured(surface, groups(met.left, met.right, count))
    open_ = np.flatnonzero(~_closed(parts)[parts.part])
    if not len(open_):
        return parts
    corner = count + surface.faces[open_].ravel()
    one, other = np.append(met.left, np.repeat(open_, 3)), np.append(met.right, corner)
    return _measured(surface, groups(one, other, count + len(surface.vertices))[:count])


def _measured(surface: Surface, part: IntArray) -> _Parts:
    """Return what the parts of a surface bound, of which ``part`` (m,) is that of each face."""
    vectors, (a, b, c) = face_vectors(surface), surface.faces.T
    away = surface.vertices - surface.vertices.mean(axis=0) if len(surface.vertices) else surface.vertices
    under = np.einsum("ij,ij->i", away[a] + away[b] + away[c], vectors) / 9
    x, y, z, area, volume = (
        np.bincount(part, share).astype(np.float64)
        for share in (*vectors.T, np.linalg.norm(vectors, axis=1), under)
    )
    return _Parts(part, np.stack([x, y, z], axis=1), area, volume)


def _closed(parts: _Parts) -> BoolArray:
    """Return which parts are closed, (n,)."""
    return np.asarray(np.linalg.norm(parts.vector, axis=1) <= OPEN * parts.area)


def _lost(surface: Surface, parts: _Parts) -> FloatArray:
    """Return a place on each closed part that looks inwards and does not lie inside the others."""
    inwards = _closed(parts) & (parts.volume < -FLAT * parts.area**1.5)
    looks = np.flatnonzero(inwards[parts.part])
    if not len(looks):
        return np.empty((0, 3))
    triangles = corners(surface)
    # Of the faces at a vertex the largest is looked from: there is no side to a face without area.
    looks = looks[np.argsort(-np.linalg.norm(face_vectors(surface)[looks], axis=1), kind="stable")]
    # A vertex at which parts touch is looked from by each.
    vertex = surface.faces[looks] + len(surface.vertices) * parts.part[looks, None]
    _, first = np.unique(vertex, return_index=True)
    face = looks[first // 3]
    places, own = _within(triangles[face], first % 3), parts.part[face]
    outside = turns_of_others(places, own, triangles, parts.part) < 1
    _, one = np.unique(own[outside], return_index=True)
    return np.asarray(places[outside][one])


def _within(triangles: FloatArray, corner: IntArray) -> FloatArray:
    """Return a place just off each triangle (m, 3, 3), near one of its corners, (m, 3) mm: on the side it looks to."""
    apex = triangles[np.arange(len(triangles)), corner]
    way = triangles.mean(axis=1) - apex
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    off = np.maximum(NEAR**2 * np.linalg.norm(way, axis=1), ROUNDING * np.abs(triangles).max(initial=0.0))
    off /= np.maximum(np.linalg.norm(normal, axis=1), 1e-300)
    return np.asarray(apex + NEAR * way + off[:, None] * normal)


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
            f"doubled ones {ONE_OF_EACH}"
        )


def require_outwards(surface: Surface) -> None:
    """Refuse a closed surface that is turned inside out, or of which a part is; an open one has no inside.

    Raises
    ------
    GeometryError
        If it bounds no volume, or less than none, or a part looks inwards and bounds no cavity.
    """
    parts = _parts(surface)
    area, bounded = parts.area.sum(), parts.volume.sum()
    if not len(surface.faces) or np.linalg.norm(parts.vector.sum(axis=0)) > OPEN * area:
        return
    if abs(bounded) <= FLAT * area**1.5:
        raise GeometryError(f"surface {surface.name}: {_flat(surface)}")
    if bounded < 0:
        raise GeometryError(
            f"surface {surface.name}: its faces look inwards: it bounds {bounded:.4g} mm3, expected more than 0; {MEND}"
        )
    inward = _lost(surface, parts)
    if len(inward):
        x, y, z = inward[0]
        raise GeometryError(
            f"surface {surface.name}: {len(inward)} of its parts look inwards and bound no cavity, which would lie "
            f"inside the others, one near ({x:.2f}, {y:.2f}, {z:.2f}) mm; {MEND}, or part it from what it cuts"
        )


def require_sound(surface: Surface) -> None:
    """Refuse a surface that cannot be what was meant, though it is closed: doubled, or turned inside out.

    Raises
    ------
    GeometryError
        As :func:`require_once` and :func:`require_outwards` do.
    """
    require_once(surface)
    require_outwards(surface)


def _flat(surface: Surface) -> str:
    """Return why closed faces bound no volume, and how to mend that."""
    twice = _repeated(np.sort(surface.faces, axis=1))
    why, mend = "is it flat?", "give a closed surface round something"
    if twice:
        why = f"{2 * twice} of its {len(surface.faces)} faces stand there twice, looking inwards and outwards"
        mend = f"leave out those that look inwards {ONE_OF_EACH}"
    return f"its faces bound 0 mm3, expected more than 0: {why}; {mend}"
