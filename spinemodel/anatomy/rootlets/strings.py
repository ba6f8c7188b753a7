"""Taut strings that do not touch: how rootlets find their way between each other.

A rootlet is a string between its attachment and its root. Strings are drawn taut, and pushed away from each other, from
the cord and from the dura where they come too near (position-based dynamics, Mueller et al. 2007, J. Vis. Commun.
Image Represent. 18:109, with the corrections of all constraints of a point averaged). The work is stopped long before
the strings are straight: bends of a few mm are drawn out of them, and the sweep of a fan stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.rootlets.chart import plane_distance
from spinemodel.arrays import BoolArray, FloatArray, IntArray

ROUNDS: Final = 24
"""Times that neighbours and walls are looked for anew."""

SETTLING: Final = 6
"""Last rounds, in which strings are parted only."""

STEPS: Final = 8
"""Moves between two looks."""

WATCH_MM: Final = 0.35
"""Pairs farther from contact than this are not watched until the next look."""

TAUT: Final = (0.4, 0.02)
"""Share of the way to the middle of its neighbours that a point goes in one move, at first and while settling."""

PUSH: Final = 1.4
"""Over-relaxation of the averaged corrections."""

DISCRETE_MM: Final = 0.02
"""Added to every distance asked for: curves of points 0.25 mm apart are nearer than their points by up to that, and the
nearest plane of a wall is off by half of it."""

LOST_MM: Final = 6.0
"""A wall farther away than this does not push: more than a first way strays, less than the cord's width."""


FARTHEST_MM: Final = 4.0
"""Fixed points farther from every string than this do not matter: strings settle within a few mm."""

ENDING_GAP_MM: Final = 0.06
"""Gap asked for between the strings of one root where they come together in parallel."""


@dataclass(frozen=True, eq=False)
class String:
    """One curve.

    Attributes
    ----------
    root
        Number of the root that it belongs to.
    points, radius
        (n, 3), (n,) mm; the outermost radius.
    free
        (n,) which points may move; neither the first nor the last.
    together
        (n,) mm, gap asked for from the other strings of the same root where that is less; minus infinity asks for none.
    above, inside
        (n,) mm, distances asked for from the cord and from the dura; minus infinity asks for none.
    trunk
        Whether it is the trunk, in which the root's other strings end.
    """

    root: int
    points: FloatArray
    radius: FloatArray
    free: BoolArray
    together: FloatArray
    above: FloatArray
    inside: FloatArray
    trunk: bool = False


@dataclass(frozen=True, eq=False)
class _Stack:
    """All strings end to end."""

    radius: FloatArray
    string: IntArray
    root: IntArray
    free: BoolArray
    together: FloatArray
    trunk: BoolArray
    fixed: IntArray
    gap_mm: float


def relaxed(strings: Sequence[String], cord: Proximity, dura: Proximity, gap_mm: float) -> list[FloatArray]:
    """Return the points (n, 3) of every string, drawn tauter and parted by ``gap_mm`` as far as there is room."""
    sizes = [len(string.points) for string in strings]
    number = np.arange(len(strings))
    x = np.vstack([string.points for string in strings])
    moves = np.concatenate([string.free for string in strings])
    stack = _Stack(
        np.concatenate([string.radius for string in strings]),
        np.repeat(number, sizes),
        np.repeat([string.root for string in strings], sizes),
        moves,
        np.concatenate([string.together for string in strings]),
        np.repeat([string.trunk for string in strings], sizes),
        _obstacles(x, moves),
        gap_mm + DISCRETE_MM,
    )
    above, inside = (np.concatenate([getattr(s, wall) for s in strings]) for wall in ("above", "inside"))
    free = np.flatnonzero(stack.free)
    for done in range(ROUNDS):
        pairs = _pairs(stack, x)
        planes = [_planes(cord, 1.0, x, free, above), _planes(dura, -1.0, x, free, inside)]
        taut = max(TAUT[1], TAUT[0] * (1 - done / (ROUNDS - SETTLING)))
        for _ in range(STEPS):
            x[free] += taut * ((x[free - 1] + x[free + 1]) / 2 - x[free])
            _part(stack, x, *pairs)
            for plane in planes:
                _lift(x, *plane)
    return np.split(x, np.cumsum(sizes)[:-1])


def _obstacles(x: FloatArray, moves: BoolArray) -> IntArray:
    """Return the fixed points that a moving one can come near."""
    fixed = np.flatnonzero(~moves)
    distance = np.asarray(KDTree(x[moves]).query(x[fixed], distance_upper_bound=FARTHEST_MM)[0])
    return np.asarray(fixed[np.isfinite(distance)])


def _pairs(stack: _Stack, x: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of points (m,), (m,) that could touch, the first one free, and the distances (m,) to keep."""
    free, fixed = np.flatnonzero(stack.free), stack.fixed
    tree = KDTree(x[free])
    widest = float(stack.radius[free].max(initial=0.0)) + stack.gap_mm + WATCH_MM
    a, b = free[tree.query_pairs(widest + float(stack.radius[free].max(initial=0.0)), output_type="ndarray").T]
    within = widest + float(stack.radius[fixed].max(initial=0.0))
    found = tree.sparse_distance_matrix(KDTree(x[fixed]), within, output_type="coo_matrix")
    i, j = np.concatenate([a, free[found.row]]), np.concatenate([b, fixed[found.col]])
    ends_there = (stack.root[i] == stack.root[j]) & (stack.trunk[i] | stack.trunk[j])
    watched = (stack.string[i] != stack.string[j]) & ~ends_there
    i, j = i[watched], j[watched]
    own = np.minimum(np.minimum(stack.together[i], stack.together[j]), stack.gap_mm)
    apart = stack.radius[i] + stack.radius[j] + np.where(stack.root[i] == stack.root[j], own, stack.gap_mm)
    near = np.linalg.norm(x[i] - x[j], axis=1) < apart + WATCH_MM
    return i[near], j[near], apart[near]


def _part(stack: _Stack, x: FloatArray, i: IntArray, j: IntArray, apart: FloatArray) -> None:
    """Move the points of every pair that is too near apart, the free one alone where the other is fixed."""
    between = x[i] - x[j]
    distance = np.linalg.norm(between, axis=1)
    short = distance < apart
    i, j, between, distance, apart = i[short], j[short], between[short], distance[short], apart[short]
    move = between * ((apart - distance) / np.maximum(distance, 1e-9))[:, None]
    one, other = stack.free[i].astype(np.float64), stack.free[j].astype(np.float64)
    shared = one + other
    at = np.concatenate([i, j])
    moves = np.concatenate([move * (one / shared)[:, None], -move * (other / shared)[:, None]])
    total = np.stack([np.bincount(at, column, minlength=len(x)) for column in moves.T], axis=1)
    x += PUSH * total / np.maximum(np.bincount(at, minlength=len(x)), 1)[:, None]


def _planes(
    wall: Proximity, sign: float, x: FloatArray, free: IntArray, asked: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Return the free points near a wall, where they are, what they have to spare, and the way off the wall."""
    at = free[np.isfinite(asked[free])]
    distance, normal = plane_distance(wall, x[at], within_mm=LOST_MM)
    spare = sign * distance - asked[at] - DISCRETE_MM
    near = (spare < 2 * WATCH_MM) & np.isfinite(spare)
    return at[near], x[at[near]], spare[near], sign * normal[near]


def _lift(x: FloatArray, at: IntArray, origin: FloatArray, spare: FloatArray, normal: FloatArray) -> None:
    """Move the points that are too near to a wall off it."""
    left = spare + np.einsum("ij,ij->i", x[at] - origin, normal)
    x[at] -= np.minimum(left, 0.0)[:, None] * normal
