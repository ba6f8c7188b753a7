"""Loops on triangles into polygons with holes, and polygons into triangles, without new points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from manifold3d import triangulate

from spinemodel.anatomy.arrangement.delaunay import make_delaunay
from spinemodel.anatomy.arrangement.graph import Loops
from spinemodel.anatomy.arrangement.predicates import cross, length, normal
from spinemodel.anatomy.arrangement.soup import Soup
from spinemodel.arrays import FloatArray, IntArray


def fill(soup: Soup, points: FloatArray, loops: Loops) -> tuple[IntArray, IntArray]:
    """Return triangles (k, 3) that fill all polygons, and the face that each is a piece of, (k,).

    Parameters
    ----------
    soup, loops
        The triangles, and the loops that their cuts form on them.
    points
        (3, n) vertices, crossings and triples, mm.
    """
    size = np.diff(loops.starts)
    owner = np.repeat(np.arange(len(size)), size)
    flat = _flatten(soup, loops.face[owner], points[:, loops.nodes])
    whole = loops.starts[:-1][(size == 3) & ~loops.disjoint]
    place, polygon = _triangulate(loops, flat)
    place = make_delaunay(place, polygon, flat)
    faces = np.vstack([loops.nodes[whole[:, None] + np.arange(3)], loops.nodes[place]])
    return faces, loops.face[np.concatenate([owner[whole], polygon])]


def _flatten(soup: Soup, face: IntArray, points: FloatArray) -> FloatArray:
    """Return points (3, k) on their faces in the plane, (k, 2), with true lengths, seen from outside."""
    a, b, c = soup.corners(face)
    along = (b - a) / np.maximum(length(b - a), 1e-300)
    up = cross(normal((a, b, c)), along)
    up /= np.maximum(length(up), 1e-300)
    return np.stack([((points - a) * along).sum(axis=0), ((points - a) * up).sum(axis=0)], axis=1)


def _triangulate(loops: Loops, flat: FloatArray) -> tuple[IntArray, IntArray]:
    """Return triangles of places in ``loops.nodes`` (k, 3), except of single triangles, and their polygons."""
    size = np.diff(loops.starts)
    simple = np.flatnonzero(~loops.disjoint & (size > 3))
    starts, stops = loops.starts[simple], loops.starts[simple + 1]
    ears = [triangulate([flat[a:b]]) for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
    counts = [len(ear) for ear in ears]
    empty = np.empty((0, 3), dtype=np.int64)
    places, polygons = [np.vstack([empty, *ears]) + np.repeat(starts, counts)[:, None]], [np.repeat(simple, counts)]
    for polygon in _disjoint_polygons(loops, flat):
        place = np.concatenate([np.arange(loops.starts[i], loops.starts[i + 1]) for i in polygon])
        ear = triangulate([flat[loops.starts[i] : loops.starts[i + 1]] for i in polygon])
        places.append(place[np.asarray(ear, dtype=np.int64)])
        polygons.append(np.full(len(ear), polygon[0]))
    return np.vstack(places), np.concatenate(polygons)


def _disjoint_polygons(loops: Loops, flat: FloatArray) -> Iterator[Sequence[int]]:
    """Yield the loops of every polygon on triangles whose drawing has several parts, the outline first."""
    apart = np.flatnonzero(loops.disjoint)
    order = apart[np.argsort(loops.face[apart], kind="stable")]
    for members in np.split(order, np.flatnonzero(np.diff(loops.face[order])) + 1):
        yield from _with_holes(members.tolist(), loops, flat)


def _with_holes(members: list[int], loops: Loops, flat: FloatArray) -> list[list[int]]:
    """Return the polygons of one triangle whose drawing has several parts: each hole goes to the least loop round it.

    The outline of a part, seen from outside, runs clockwise: a hole.
    """
    outline = {i: flat[loops.starts[i] : loops.starts[i + 1]] for i in members}
    area = {i: _area(outline[i]) for i in members}
    polygons = {i: [i] for i in sorted((i for i in members if area[i] > 0), key=area.__getitem__)}
    own = {i: set(loops.nodes[loops.starts[i] : loops.starts[i + 1]].tolist()) for i in members}
    for hole in (i for i in members if area[i] <= 0):
        for i in polygons:
            if area[i] > -area[hole] and own[i].isdisjoint(own[hole]) and _encloses(outline[i], outline[hole][0]):
                polygons[i].append(hole)
                break
    return list(polygons.values())


def _area(outline: FloatArray) -> float:
    """Return the signed area of a polygon (n, 2)."""
    x, y = (outline - outline[0]).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _encloses(outline: FloatArray, point: FloatArray) -> bool:
    """Return whether a polygon (n, 2) winds round a point."""
    a, b = outline - point, np.roll(outline, -1, axis=0) - point
    above = (a[:, 1] > 0) != (b[:, 1] > 0)
    right = (a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1] > 0) == (b[:, 1] > a[:, 1])
    return bool((above & right).sum() % 2)
