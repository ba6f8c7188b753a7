"""Short edges taken out of a closed surface: what the cut of two meshes leaves along its line."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray

TURN: Final = 0.7
"""Least cosine between a face's normals before and after a collapse (45 degrees). A choice: no fold, no lost edge."""

FLAT: Final = 1e-3
"""A face thinner than this part of its longest edge has no normal to keep."""

NEAR: Final = 20.0
"""How far from a moved vertex faces are tested against each other, in shortest allowed edges: three edges of the mesh
where those are a tenth of it. A choice."""


def without_short_edges(surface: Surface, least_mm: float) -> Surface:
    """Return the surface with edges shorter than ``least_mm`` collapsed to their middles, the shortest first.

    An edge stays where its collapse would join what is apart (its ends have more than two neighbours in common; Dey et
    al. 1999) or turn a face by more than 45 degrees. If faces cut through each other afterwards, which no local rule
    excludes, the surface is returned as it was.

    Parameters
    ----------
    surface
        Closed and oriented.
    least_mm
        Shortest edge that is kept for certain.
    """
    work = _Work(surface)
    queue = _short_edges(surface, least_mm)
    heapify(queue)
    while queue:
        length, a, b = heappop(queue)
        if a in work.gone or b in work.gone or abs(work.length(a, b) - length) > 1e-12 or not work.may_collapse(a, b):
            continue
        for c in work.collapse(a, b):
            new = work.length(a, c)
            if new < least_mm:
                heappush(queue, (new, a, c))
    return work.result(NEAR * least_mm)


def _short_edges(surface: Surface, least_mm: float) -> list[tuple[float, int, int]]:
    """Return length and ends of every edge that is too short."""
    edges = np.sort(surface.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    lengths = np.linalg.norm(surface.vertices[edges[:, 0]] - surface.vertices[edges[:, 1]], axis=1)
    short = np.unique(edges[lengths < least_mm], axis=0)
    again = np.linalg.norm(surface.vertices[short[:, 0]] - surface.vertices[short[:, 1]], axis=1)
    return list(zip(again.tolist(), *short.T.tolist(), strict=True))


class _Work:
    """A surface under change: vertices move, faces and vertices go."""

    def __init__(self, surface: Surface) -> None:
        """Copy the surface's arrays, and sort its corners by vertex."""
        self.surface = surface
        self.vertices, self.faces = np.array(surface.vertices), np.array(surface.faces)
        self.order = np.argsort(self.faces, axis=None, kind="stable")
        self.starts = np.searchsorted(self.faces.ravel()[self.order], np.arange(len(self.vertices) + 1))
        self.stars: dict[int, set[int]] = {}
        self.gone: set[int] = set()
        self.dead: set[int] = set()
        self.moved: set[int] = set()

    def star(self, vertex: int) -> set[int]:
        """Return the faces round a vertex."""
        if vertex not in self.stars:
            self.stars[vertex] = set((self.order[self.starts[vertex] : self.starts[vertex + 1]] // 3).tolist())
        return self.stars[vertex]

    def length(self, a: int, b: int) -> float:
        """Return the distance between two vertices."""
        return float(np.linalg.norm(self.vertices[a] - self.vertices[b]))

    def neighbours(self, vertex: int) -> set[int]:
        """Return the vertices that share an edge with one."""
        return set(self.faces[list(self.star(vertex))].ravel().tolist()) - {vertex}

    def may_collapse(self, a: int, b: int) -> bool:
        """Whether the edge's collapse keeps the surface's form."""
        if len(self.neighbours(a) & self.neighbours(b)) != 2:
            return False
        rest = np.array(sorted(self.star(a) ^ self.star(b)))
        before = self.vertices[self.faces[rest]]
        middle = (self.vertices[a] + self.vertices[b]) / 2
        after = np.where(np.isin(self.faces[rest], (a, b))[:, :, None], middle, before)
        old, new = _normals(before), _normals(after)
        size = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
        kept = np.einsum("ij,ij->i", old, new) >= TURN * size
        longest = np.linalg.norm(before - np.roll(before, 1, axis=1), axis=2).max(axis=1)
        return bool((kept | (np.linalg.norm(old, axis=1) < FLAT * longest**2)).all())

    def collapse(self, a: int, b: int) -> set[int]:
        """Move ``a`` to the middle of the edge and let it take the place of ``b``; return its neighbours then."""
        shared = self.star(a) & self.star(b)
        for corner in _corners_of(self.faces, shared) - {a, b}:
            self.star(corner).difference_update(shared)
        taken = self.star(b) - shared
        rows = np.array(sorted(taken), dtype=np.int64)
        self.faces[rows] = np.where(self.faces[rows] == b, a, self.faces[rows])
        self.stars[a] = (self.star(a) | taken) - shared
        self.vertices[a] = (self.vertices[a] + self.vertices[b]) / 2
        self.gone.add(b)
        self.dead |= shared
        self.moved.add(a)
        return self.neighbours(a)

    def result(self, near_mm: float) -> Surface:
        """Return the changed surface, or the one begun with if faces near a change cut through each other."""
        if not self.gone:
            return self.surface
        alive = np.ones(len(self.faces), dtype=bool)
        alive[list(self.dead)] = False
        faces = self.faces[alive]
        used, numbered = np.unique(faces, return_inverse=True)
        changed = Surface(self.surface.name, self.surface.space, self.vertices[used], numbered.reshape(-1, 3))
        places = self.vertices[sorted(self.moved - self.gone)]
        beside = KDTree(places).query(self.vertices[faces].mean(axis=1), distance_upper_bound=near_mm)[0] < near_mm
        patch = Surface("patch", self.surface.space, changed.vertices, changed.faces[beside])
        return self.surface if len(self_intersections(patch)) else changed


def _corners_of(faces: IntArray, rows: set[int]) -> set[int]:
    """Return the corners of some faces."""
    return set(faces[list(rows)].ravel().tolist())


def _normals(triangles: FloatArray) -> FloatArray:
    """Return the normals of triangles (n, 3, 3), of twice their area's length; quicker than numpy's for a few."""
    (x, y, z), (u, v, w) = (triangles[:, 1] - triangles[:, 0]).T, (triangles[:, 2] - triangles[:, 0]).T
    return np.array([y * w - z * v, z * u - x * w, x * v - y * u]).T
