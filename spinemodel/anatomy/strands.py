"""Centrelines that can be displaced, and the rules that say how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import solve_triangular

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

KNOWN_MM: Final = 1.0
"""Distances of undisplaced points from walls are exact up to this."""

FAR_MM: Final = 100.0
"""Stands for the distance of points that are nowhere near a wall."""

EVERY: Final = 4
"""One in so many points of a centreline is checked while moving it: one per mm."""

AT_ENTRY: Final = 12
"""So many points from the entry on are checked all: there the clearance changes from point to point."""


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


def strands_of(roots: Sequence[FittedRoot], cord: Proximity, dura: Proximity, rules: Rules) -> list[Strand]:
    """Prepare fitted roots for displacement."""
    curves = [root.centreline.points for root in roots]
    watched = [checked(len(curve), EVERY) for curve in curves]
    drawn = [curve[i] for curve, i in zip(curves, watched, strict=True)]
    to_cord, to_dura = (wall_distances(wall, drawn, KNOWN_MM) for wall in (cord, dura))
    strands: list[Strand] = []
    for root, i, (in_cord, _), (in_dura, _) in zip(roots, watched, to_cord, to_dura, strict=True):
        s = arc_length(root.centreline.points)
        modes = _modes(s)
        start = strands[-1].rows.stop if strands else 0
        strands.append(
            Strand(
                name=root.root,
                points=root.centreline.points,
                s=s,
                radius=root.centreline.radius * SECTION,
                modes=modes,
                rows=slice(start, start + modes.shape[1]),
                exit_mm=_exit(s[i], in_dura, root.centreline.radius[-1] * SECTION + rules.gap_mm),
                cord=np.interp(s, s[i], in_cord),
                dura=np.interp(s, s[i], in_dura),
                give_mm=rules.noise_multiple * root.noise_mm,
            )
        )
    return strands


def checked(count: int, every: int) -> IntArray:
    """Return the numbers of the points of a strand that are checked, its last among them."""
    return np.unique(np.concatenate([np.arange(0, count, every), np.arange(min(AT_ENTRY, count)), [count - 1]]))


def _exit(s: FloatArray, in_dura: FloatArray, clearance_mm: float) -> float:
    """Return where along a curve its signed distance from the dura changes to positive for good; inf for nowhere.

    A curve that ends inside but nearer to the wall than ``clearance_mm`` has its exit at its end: it was drawn up to
    the wall, and the tube's round end may pass through.
    """
    leaves = np.flatnonzero((in_dura[:-1] < 0) & (in_dura[1:] >= 0))
    if in_dura[-1] < 0:
        return float(s[-1]) if in_dura[-1] > -clearance_mm else np.inf
    if not len(leaves):
        return np.inf
    k = leaves[-1]
    return float(np.interp(0.0, in_dura[k : k + 2], s[k : k + 2]))


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


def wall_distances(
    wall: Proximity, curves: Sequence[FloatArray], within_mm: float
) -> list[tuple[FloatArray, FloatArray]]:
    """Return signed distances (n,) and gradients (n, 3) for the points of each curve, exact up to ``within_mm``.

    Points plainly far from the wall's box are ``FAR_MM`` away.
    """
    points = np.vstack(curves)
    low, high = wall.surface.vertices.min(axis=0) - within_mm, wall.surface.vertices.max(axis=0) + within_mm
    near = ((points > low) & (points < high)).all(axis=1)
    distance, gradient = np.full(len(points), FAR_MM), np.zeros_like(points)
    distance[near], gradient[near] = signed_distance(wall, points[near], exact_within_mm=within_mm)
    cuts = np.cumsum([len(curve) for curve in curves])[:-1]
    return list(zip(np.split(distance, cuts), np.split(gradient, cuts), strict=True))


def displaced(strand: Strand, y: FloatArray) -> FloatArray:
    """Return the strand's points (n, 3) moved by the stacked coefficients ``y`` of all strands."""
    return np.asarray(strand.points + strand.modes @ y[strand.rows])
