"""Edges and triangles that are too small to write are taken out of the shared complex.

Each step maps vertices to vertices. Every compartment's boundary is a cycle, and the image of a cycle is a cycle: parts
stay closed, share their interfaces and keep the sum of their volumes, whatever is merged. A step is only left undone
where it would let a part touch itself along an edge or turn a face over.
"""

from __future__ import annotations

from collections import Counter
from math import dist, hypot
from typing import Final, TypeAlias

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray

FINEST_MM: Final = 2e-4
"""Vertices nearer than this are merged. Coordinates up to 1024 mm in single precision are 6.1e-5 mm apart, so writing
moves a vertex by at most 5.3e-5 mm; what is 2e-4 mm apart or high stays so."""

DENT: Final = 1e-3
"""Most that a step may move the outside by, in finest sizes: flat sides stay flat, and the whole keeps its volume."""

MOST_ROUNDS: Final = 10
"""A step can leave a new sliver beside it; six rounds were seen on sub-03. A choice."""

Face: TypeAlias = tuple[int, int, int, int, int]
"""Three vertices, inner and outer label."""

Point: TypeAlias = tuple[float, float, float]


def tidy(
    vertices: FloatArray, faces: IntArray, sides: IntArray, finest_mm: float = FINEST_MM, loose: BoolArray | None = None
) -> tuple[IntArray, IntArray]:
    """Return faces and sides without edges shorter, or triangles lower, than ``finest_mm`` where possible.

    Parameters
    ----------
    vertices
        (n, 3) mm.
    faces, sides
        (m, 3) vertices and (m, 2) labels on the inner and outer side of each face.
    finest_mm
        0 changes nothing.
    loose
        (n,) the vertices that steps may be about, of which all faces must be given; all of them by default.
    """
    fresh, done, work = 0, True, _too_small(vertices, faces, finest_mm, loose)
    for _ in range(MOST_ROUNDS):
        if not (work and done):
            break
        faces, sides, fresh, done = _one_round(vertices, faces, sides, work, finest_mm)
        work = _too_small(vertices, faces[fresh:], finest_mm, loose)
    return faces, sides


def _too_small(
    vertices: FloatArray, faces: IntArray, finest_mm: float, loose: BoolArray | None
) -> list[tuple[int, ...]]:
    """Return short edges as (u, v), shortest first, then flat triangles as (u, v, apex) with u v their longest side."""
    if loose is not None:
        faces = faces[loose[faces].sum(axis=1) >= 2]
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    sides = b - a, c - b, a - c
    square = np.stack([np.einsum("ij,ij->i", side, side) for side in sides], axis=1)
    # Lagrange: |u x v|^2 = u^2 v^2 - (u v)^2, exact enough for heights of 1e-8 of the longest side.
    area = square[:, 0] * square[:, 2] - np.einsum("ij,ij->i", sides[0], sides[2]) ** 2
    least = finest_mm**2
    face, slot = np.nonzero(square < least)
    edges = np.stack([faces[face, slot], faces[face, (slot + 1) % 3]], axis=1)
    edges = np.sort(edges, axis=1)[np.argsort(square[face, slot], kind="stable")]
    flat = np.flatnonzero((area < least * square.max(axis=1)) & (square.min(axis=1) >= least))
    longest = square[flat].argmax(axis=1)
    turned = np.stack([faces[flat, (longest + k) % 3] for k in range(3)], axis=1)
    if loose is not None:
        edges, turned = edges[loose[edges].all(axis=1)], turned[loose[turned].all(axis=1)]
    return list(dict.fromkeys([*map(tuple, edges.tolist()), *map(tuple, turned.tolist())]))


def _one_round(
    vertices: FloatArray, faces: IntArray, sides: IntArray, work: list[tuple[int, ...]], finest_mm: float
) -> tuple[IntArray, IntArray, int, bool]:
    """Return faces and sides after the steps that are possible, from which on they may have changed, and whether."""
    named = np.zeros(len(vertices), dtype=bool)
    named[[i for item in work for i in item]] = True
    near = named[faces].any(axis=1)
    patch = _Patch(vertices, np.hstack([faces[near], sides[near]]), finest_mm)
    for item in work:
        if len(item) == 2:
            patch.merge(*item)
        else:
            patch.bend(*item)
    changed = np.array(list(patch.faces.values()), dtype=np.int64).reshape(-1, 5)
    kept = faces[~near]
    return np.vstack([kept, changed[:, :3]]), np.vstack([sides[~near], changed[:, 3:]]), len(kept), patch.changed


class _Patch:
    """All faces round the vertices that may be merged, open to change."""

    def __init__(self, vertices: FloatArray, rows: IntArray, finest_mm: float) -> None:
        used = np.unique(rows[:, :3])
        self.points: dict[int, Point] = dict(zip(used.tolist(), map(tuple, vertices[used].tolist()), strict=True))
        self.finest_mm = finest_mm
        self.faces: dict[int, Face] = {}
        self.star: dict[int, set[int]] = {}
        self.next, self.changed = 0, False
        for row in rows.tolist():
            self._add(tuple(row))

    def merge(self, u: int, v: int) -> None:
        """Merge an edge's ends into the one that more surfaces meet in."""
        shared = self.star.get(u, set()) & self.star.get(v, set())
        if not shared:
            return
        keep, drop = (u, v) if self._rank(u) >= self._rank(v) else (v, u)
        moved = [(f, _replaced(self.faces[f], drop, keep)) for f in self.star[drop] - shared]
        self._try(keep, shared | self.star[drop], moved)

    def bend(self, u: int, v: int, apex: int) -> None:
        """Bend the edge u v to the apex of a flat triangle beside it: all faces at the edge are split there."""
        at_edge = self.star.get(u, set()) & self.star.get(v, set())
        flat = {f for f in at_edge if apex in self.faces[f][:3]}
        if not flat:
            return
        moved = [(f, _replaced(self.faces[f], end, apex)) for f in at_edge - flat for end in (u, v)]
        # Else two flat triangles would be exchanged for each other for ever.
        if min((self._height(face) for _, face in moved), default=0.0) > min(self._height(self.faces[f]) for f in flat):
            self._try(apex, at_edge, moved)

    def _rank(self, vertex: int) -> tuple[int, int, int]:
        """Return how much a vertex must stay: corners of the outside, where many surfaces meet, given ones."""
        star = [self.faces[f] for f in self.star[vertex]]
        planes = {
            tuple(round(x / hypot(*normal), 2) for x in normal)
            for normal in (self._normal(face) for face in star if 0 in face[3:] and self._height(face) > self.finest_mm)
        }
        return len(planes), len({tuple(sorted(face[3:])) for face in star}), -vertex

    def _try(self, vertex: int, gone: set[int], moved: list[tuple[int, Face]]) -> None:
        """Take faces away and add others round a vertex, unless that breaks a promise."""
        if any(self._turns(self.faces[f], face) for f, face in moved):
            return
        if self._dents([self.faces[f] for f in gone], [face for _, face in moved], self.points[vertex]):
            return
        staying = self.star[vertex] - gone
        result = combined([self.faces[f] for f in staying] + [face for _, face in moved])
        if result is None or not _two_faces_an_edge(vertex, result):
            return
        self.changed = True
        for f in gone | staying:
            self._remove(f)
        for face in result:
            self._add(face)

    def _dents(self, before: list[Face], after: list[Face], origin: Point) -> bool:
        """Return whether the outside is moved by more than a thousandth of the finest size, as its volume tells."""
        change = area = 0.0
        for faces, sign in ((before, -1), (after, 1)):
            for face in faces:
                if 0 in face[3:]:
                    normal = self._normal(face)
                    a = self.points[face[0]]
                    outward = sign if face[4] == 0 else -sign
                    change += outward * _dot(normal, (a[0] - origin[0], a[1] - origin[1], a[2] - origin[2])) / 6
                    area += hypot(*normal) / 2
        return abs(change) > DENT * self.finest_mm * area

    def _turns(self, before: Face, after: Face) -> bool:
        """Return whether a face of some height is turned over."""
        old, new = self._normal(before), self._normal(after)
        return _dot(old, new) < 0 and self._height(before) > 0.1 * self.finest_mm

    def _height(self, face: Face) -> float:
        """Return the height of a face over its longest side."""
        a, b, c = (self.points[vertex] for vertex in face[:3])
        return hypot(*self._normal(face)) / max(dist(a, b), dist(b, c), dist(c, a), 1e-300)

    def _normal(self, face: Face) -> Point:
        """Return the normal of a face, twice its area long."""
        a, b, c = (self.points[vertex] for vertex in face[:3])
        (ux, uy, uz), (vx, vy, vz) = ((p[0] - a[0], p[1] - a[1], p[2] - a[2]) for p in (b, c))
        return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx

    def _add(self, face: Face) -> None:
        """Add a face."""
        self.faces[self.next] = face
        for vertex in face[:3]:
            self.star.setdefault(vertex, set()).add(self.next)
        self.next += 1

    def _remove(self, f: int) -> None:
        """Remove a face."""
        for vertex in self.faces.pop(f)[:3]:
            self.star[vertex].discard(f)


def _dot(u: Point, v: Point) -> float:
    """Return the scalar product."""
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]


def _replaced(face: Face, old: int, new: int) -> Face:
    """Return a face with one vertex exchanged."""
    a, b, c = (new if vertex == old else vertex for vertex in face[:3])
    return a, b, c, face[3], face[4]


def combined(faces: list[Face]) -> list[Face] | None:
    """Return faces with those on the same three vertices made one, or none where the same lies on both sides.

    What was between two sheets that came to lie on each other is gone. None if the sheets do not fit.
    """
    sheets: dict[tuple[int, int, int], Face] = {}
    for face in faces:
        corners, (inner, outer) = _upright(face)
        if corners not in sheets:
            sheets[corners] = face
            continue
        _, (below, above) = _upright(sheets.pop(corners))
        if above == inner:
            inner = below
        elif below == outer:
            outer = above
        else:
            return None
        if inner != outer:
            sheets[corners] = (*corners, inner, outer)
    return list(sheets.values())


def _upright(face: Face) -> tuple[tuple[int, int, int], tuple[int, int]]:
    """Return the vertices in ascending order, and the labels as seen so."""
    a, b, c, inner, outer = face
    even = (a < b) + (b < c) + (c < a) == 2
    low, middle, high = sorted((a, b, c))
    return (low, middle, high), (inner, outer) if even else (outer, inner)


def _two_faces_an_edge(vertex: int, faces: list[Face]) -> bool:
    """Return whether each compartment has at most two faces at every edge that ends in a vertex."""
    count = Counter(
        (other, label) for face in faces for other in face[:3] if other != vertex for label in face[3:]
    )
    return max(count.values(), default=0) <= 2
