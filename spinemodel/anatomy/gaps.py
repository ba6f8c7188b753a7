"""The least distance between two surfaces, and where it is.

Each surface stands for its vertices and the middles of its edges; from these the distance to the other surface is
exact. Between them it can be less: for two roots by 0.015 mm at most, as the tests hold against manifold3d, for wider
structures by less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.surface import Surface, corners, face_vectors
from spinemodel.arrays import BoolArray, FloatArray

FLAT_MM: Final = 0.01
"""What lies in an end plane within this is a flat end; of a dome so much is a speck. A choice: far above the rounding
of mesh files."""

END_SLANT: Final = float(np.cos(np.radians(45.0)))
"""Faces that look up or down more than this are ends of a spine's structure, not its wall. A choice."""

Side: TypeAlias = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Gap:
    """The least distance between two surfaces, mm, and the place (x, y, z) where it is; 0 where they meet."""

    mm: float
    at: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Skin:
    """A surface prepared for gaps, closed or a part of one."""

    surface: Surface

    @cached_property
    def proximity(self) -> Proximity:
        """For exact distances."""
        return Proximity(self.surface)

    @cached_property
    def points(self) -> FloatArray:
        """Vertices and middles of edges, (n, 3) mm."""
        edges = np.sort(self.surface.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        ends = self.surface.vertices[np.unique(edges, axis=0)]
        return np.vstack([self.surface.vertices, ends.mean(axis=1)])

    @cached_property
    def tree(self) -> KDTree:
        """Of the points."""
        return KDTree(self.points)

    @cached_property
    def apart_mm(self) -> float:
        """No place of the surface is farther than this from one of its points: half its longest edge."""
        tips = corners(self.surface)
        return float(np.linalg.norm(tips - np.roll(tips, 1, axis=1), axis=2).max()) / 2


def least_gap(
    one: Skin, other: Skin, side: Side = 1, *, within_mm: float = np.inf, both: bool = True
) -> Gap:
    """Return the gap between two surfaces.

    Parameters
    ----------
    one
        May be a part of a surface.
    other
        The structure beside it or around it.
    side
        1 where ``one`` belongs outside ``other``, -1 where it belongs inside; a gap of 0 says that it does not. Edges
        of ``other`` must then not be knife-sharp. 0 takes either side.
    within_mm
        The gap is known to be no wider.
    both
        Whether to measure from the points of ``other`` too; not needed where those of ``one`` are closer together.
    """
    there, places = _distances(one, other, within_mm)
    if side and (side * there).min(initial=0.0) < 0:
        return _gap(0.0, places[(side * there).argmin()])
    back, feet = _distances(other, one, float(np.abs(there).min(initial=within_mm))) if both else (there, places)
    distances, points = np.abs(np.concatenate([there, back])), np.vstack([places, feet])
    return _gap(float(distances.min()), points[distances.argmin()])


def _distances(one: Skin, other: Skin, within_mm: float) -> tuple[FloatArray, FloatArray]:
    """Return signed distances (k,) from ``other`` of those points (k, 3) of ``one`` that can be the nearest."""
    near = np.asarray(other.tree.query(one.points, distance_upper_bound=within_mm + other.apart_mm)[0])
    points = one.points[np.isfinite(near) & (near <= near.min() + other.apart_mm)]
    if not len(points):
        return np.empty(0), points
    return signed_distance(other.proximity, points, exact_within_mm=float(near.min()))[0], points


def _gap(mm: float, at: FloatArray) -> Gap:
    x, y, z = (float(value) for value in at)
    return Gap(mm, (x, y, z))


def part(surface: Surface, keep: BoolArray) -> Surface | None:
    """Return the faces (m,) of a surface that are to be kept, with the vertices that they use; None for no face."""
    if not keep.any():
        return None
    used, faces = np.unique(surface.faces[keep], return_inverse=True)
    return Surface(surface.name, surface.space, surface.vertices[used], faces.reshape(-1, 3))


def wall(surface: Surface) -> Surface:
    """Return a spine's structure without its flat ends, which are where a scan stopped and no wall.

    A flat end is what lies in the outermost plane whose normal most of the area facing up, or down, has.
    """
    vectors = face_vectors(surface)
    areas = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.maximum(areas, 1e-300)[:, None]
    keep = np.ones(len(vectors), dtype=bool)
    for up in (1.0, -1.0):
        facing = np.flatnonzero(up * unit[:, 2] > END_SLANT)
        if len(facing):
            _, which = np.unique(unit[facing].round(2), axis=0, return_inverse=True)
            alike = facing[which.ravel() == np.bincount(which.ravel(), areas[facing]).argmax()]
            height = corners(surface)[facing] @ (vectors[alike].sum(axis=0) / areas[alike].sum())
            keep[facing[height.min(axis=1) > height.max() - FLAT_MM]] = False
    return part(surface, keep) or surface
