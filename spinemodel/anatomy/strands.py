"""Centrelines that can be displaced, and where they come too near to each other, the cord or the dura's wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import solve_triangular
from scipy.spatial import KDTree

from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.roots import STEP_MM, FittedRoot
from spinemodel.anatomy.sweep import SECTION
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.levels import RootName

KNOT_MM: Final = 2.5
"""Distance between the knots of a displacement."""

STIFF_MM: Final = 2.0
"""Displacements that vary over less than this cost more by their bending than by their size."""

DURA_SLANT: Final = float(np.sin(np.radians(16.3)))
"""Least sine of the angle at which a root crosses the dura: 16.3 degrees, at L5 (Torun 2008)."""

CORD_SLANT: Final = float(np.sin(np.radians(10.0)))
"""Least sine of the angle at which a root leaves the cord. A choice: steep enough that the stub inside the cord is
deepest at the entry, shallow enough for markers that were drawn on the cord's surface."""

WATCH_MM: Final = 0.3
"""Clearances longer than required by less than this are watched too, so that a move cannot open a new conflict."""

EXACT_MM: Final = 1.0
"""Distances to walls are exact up to this, more than any root's radius with gap and watch."""

EVERY: Final = 4
"""One in so many points of a centreline is checked while moving it: one per mm."""


CORD: Final = -1
DURA: Final = -2
"""Stand for the walls among the strands' numbers."""


@dataclass(frozen=True)
class Rules:
    """What is asked of the roots.

    Attributes
    ----------
    gap_mm
        Free space between any two surfaces.
    noise_multiple
        How many standard deviations of its annotation noise a centreline may move before radii give way instead.
    narrowest
        Least share of its radius that a root keeps where the annotation leaves no room.
    most_mm
        A marker that would have to move farther than this is an error of the annotation.
    """

    gap_mm: float = 0.05
    noise_multiple: float = 3.0
    narrowest: float = 0.5
    most_mm: float = 1.0


@dataclass(frozen=True, eq=False)
class Strand:
    """A root's centreline with the displacements that it can make.

    Attributes
    ----------
    name
        Level and side.
    points, s, radius
        (n, 3), (n,), (n,) mm: undisplaced centreline, arc length from the entry, outermost radius of the tube.
    modes
        (n, k): a displacement is ``modes @ y``; the squared norm of y (k, 3) is the displacement's cost.
    rows
        Which rows of all strands' stacked y are this strand's.
    exit_mm
        Arc length at which it leaves the dura, infinite if it does not.
    cord, dura
        (n,) mm, signed distances of the undisplaced points.
    give_mm
        How far its annotation noise lets it move.
    """

    name: RootName
    points: FloatArray
    s: FloatArray
    radius: FloatArray
    modes: FloatArray
    rows: slice
    exit_mm: float
    cord: FloatArray
    dura: FloatArray
    give_mm: float


@dataclass(frozen=True, eq=False)
class Contacts:
    """Places where two things are near, as arrays of equal length m.

    Attributes
    ----------
    a, i
        Strand and its point.
    b, j
        The other strand and its point; -1 for the cord and -2 for the dura's wall.
    normal
        (m, 3) unit vector in which moving a away lengthens the distance.
    distance, required
        mm, between axes or from axis to wall.
    """

    a: IntArray
    i: IntArray
    b: IntArray
    j: IntArray
    normal: FloatArray
    distance: FloatArray
    required: FloatArray


def strands_of(roots: Sequence[FittedRoot], cord: Proximity, dura: Proximity, rules: Rules) -> list[Strand]:
    """Prepare fitted roots for displacement."""
    strands, start = [], 0
    for root in roots:
        points, s = root.centreline.points, arc_length(root.centreline.points)
        modes = _modes(s)
        in_cord, in_dura = (wall_distance(wall, points)[0] for wall in (cord, dura))
        leaves = np.flatnonzero((in_dura[:-1] < 0) & (in_dura[1:] >= 0))
        exit_mm = float(s[leaves[-1]]) if len(leaves) and in_dura[-1] >= 0 else np.inf
        rows = slice(start, start := start + modes.shape[1])
        radius = root.centreline.radius * SECTION
        give = rules.noise_multiple * root.noise_mm
        strands.append(Strand(root.root, points, s, radius, modes, rows, exit_mm, in_cord, in_dura, give))
    return strands


def _modes(s: FloatArray) -> FloatArray:
    """Return the displacements (n, k) of a curve, orthonormal in the cost integral |d|^2 + l^4 |d''|^2.

    They are cubic B-splines that vanish at both ends, made orthonormal by the Cholesky factor of their cost.
    """
    spans = max(2, round(s[-1] / KNOT_MM))
    knots = np.concatenate([[0.0] * 3, np.linspace(0, s[-1], spans + 1), [s[-1]] * 3])
    splines = BSpline(knots, np.eye(spans + 3), 3)
    values, bends = splines(s)[:, 1:-1], splines(s, 2)[:, 1:-1]
    cost = STEP_MM * (values.T @ values + STIFF_MM**4 * bends.T @ bends)
    return np.asarray(solve_triangular(np.linalg.cholesky(cost), values.T, lower=True).T)


def wall_distance(wall: Proximity, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return signed distances (n,) and gradients (n, 3); infinite where plainly far from the wall's box."""
    low, high = wall.surface.vertices.min(axis=0) - 2, wall.surface.vertices.max(axis=0) + 2
    near = ((points > low) & (points < high)).all(axis=1)
    distance, gradient = np.full(len(points), np.inf), np.zeros_like(points)
    if near.any():
        distance[near], gradient[near] = signed_distance(wall, points[near], exact_within_mm=EXACT_MM)
    return distance, gradient


def displaced(strand: Strand, y: FloatArray) -> FloatArray:
    """Return the strand's points (n, 3) moved by the stacked coefficients ``y`` of all strands."""
    return np.asarray(strand.points + strand.modes @ y[strand.rows])


def contacts(
    strands: Sequence[Strand], positions: Sequence[FloatArray], cord: Proximity, dura: Proximity, rules: Rules
) -> Contacts:
    """Return every place where a required clearance is missing, or nearly so."""
    found = [_between(strands, positions, a, b, rules) for a, b in combinations(range(len(strands)), 2)]
    for a, (strand, points) in enumerate(zip(strands, positions, strict=True)):
        found += [_wall(a, strand, points, CORD, cord, rules), _wall(a, strand, points, DURA, dura, rules)]
    return Contacts(*(np.concatenate(column) for column in zip(*found, strict=True)))


_Columns: TypeAlias = tuple[IntArray, IntArray, IntArray, IntArray, FloatArray, FloatArray, FloatArray]


def _between(strands: Sequence[Strand], positions: Sequence[FloatArray], a: int, b: int, rules: Rules) -> _Columns:
    """Return where strands ``a`` and ``b`` are near."""
    one, other = strands[a], strands[b]
    within = one.radius.max() + other.radius.max() + rules.gap_mm + WATCH_MM
    i = np.arange(0, len(one.s), EVERY)
    distance, j = map(np.asarray, KDTree(positions[b]).query(positions[a][i], distance_upper_bound=within))
    near = np.isfinite(distance)
    i, j, distance = i[near], j[near], distance[near]
    apart = positions[a][i] - positions[b][j]
    radii = one.radius[i] + other.radius[j]
    drawn = np.linalg.norm(one.points[i] - other.points[j], axis=1)
    least = rules.narrowest * radii + rules.gap_mm
    required = _required(radii + rules.gap_mm, drawn, one.give_mm + other.give_mm, least)
    normal = apart / np.maximum(distance, 1e-9)[:, None]
    return np.full_like(i, a), i, np.full_like(i, b), j, normal, distance, required


def _wall(a: int, strand: Strand, points: FloatArray, wall: int, surface: Proximity, rules: Rules) -> _Columns:
    """Return where a strand is near a wall, which it may cross only at one place and at a slant."""
    i = np.arange(0, len(points), EVERY)
    s = strand.s[i]
    slant, crossing, drawn = (
        (CORD_SLANT, 0.0, strand.cord[i]) if wall == CORD else (DURA_SLANT, strand.exit_mm, strand.dura[i])
    )
    side = np.where(s < crossing, -1.0, 1.0)
    slanted = slant * np.abs(s - crossing)
    full = np.minimum(strand.radius[i] + rules.gap_mm, slanted)
    least = np.minimum(rules.narrowest * strand.radius[i] + rules.gap_mm, slanted)
    required = _required(full, side * drawn, strand.give_mm, least)
    distance, normal = wall_distance(surface, points[i])
    near = side * distance < required + WATCH_MM
    i, side = i[near], side[near]
    none = np.full_like(i, wall)
    return np.full_like(i, a), i, none, none, side[:, None] * normal[near], side * distance[near], required[near]


def _required(full: FloatArray, drawn: FloatArray, give_mm: float, least: FloatArray) -> FloatArray:
    """Return the clearance to ask for: the full one, but no more than the annotation's noise gives, nor too little."""
    return np.maximum(np.minimum(full, drawn + give_mm), least)
