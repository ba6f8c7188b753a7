"""Where roots come too near to each other, to the cord or to the dura's wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.roots import CORD_SLANT
from spinemodel.anatomy.strands import EVERY, Rules, Strand, checked, wall_distances
from spinemodel.arrays import FloatArray, IntArray

DURA_SLANT: Final = float(np.sin(np.radians(16.3)))
"""Least sine of the angle at which a root crosses the dura: 16.3 degrees, at L5 (Torun 2008)."""

WATCH_MM: Final = 0.3
"""Clearances longer than required by less than this are watched too, so that a move cannot open a new conflict."""

CORD: Final = -1
DURA: Final = -2
"""Stand for the walls among the strands' numbers."""


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
    radii
        mm, of one or both tubes; less ``required`` than these and the gap is asked for at a crossing.
    """

    a: IntArray
    i: IntArray
    b: IntArray
    j: IntArray
    normal: FloatArray
    distance: FloatArray
    required: FloatArray
    radii: FloatArray


_Columns: TypeAlias = tuple[IntArray, IntArray, IntArray, IntArray, FloatArray, FloatArray, FloatArray, FloatArray]


def find_contacts(
    strands: Sequence[Strand],
    positions: Sequence[FloatArray],
    cord: Proximity,
    dura: Proximity,
    rules: Rules,
    every: int = EVERY,
) -> Contacts:
    """Return the places, of one in ``every`` points, where a required clearance is missing, or nearly so."""
    watched = [checked(len(points), every) for points in positions]
    trees = [KDTree(points) for points in positions]
    found = [
        _between(strands, positions, a, b, watched[a], trees[b], rules) for a, b in combinations(range(len(strands)), 2)
    ]
    for wall, surface in ((CORD, cord), (DURA, dura)):
        drawn = [points[i] for points, i in zip(positions, watched, strict=True)]
        measured = wall_distances(surface, drawn, _farthest(strands, rules))
        found += [_at_wall(a, strands[a], watched[a], wall, *measured[a], rules) for a in range(len(strands))]
    return Contacts(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _between(
    strands: Sequence[Strand], positions: Sequence[FloatArray], a: int, b: int, i: IntArray, tree: KDTree, rules: Rules
) -> _Columns:
    """Return where the points ``i`` of strand ``a`` are near strand ``b``, whose tree is given."""
    one, other = strands[a], strands[b]
    within = one.radius.max() + other.radius.max() + rules.gap_mm + WATCH_MM
    distance, j = map(np.asarray, tree.query(positions[a][i], distance_upper_bound=within))
    near = np.isfinite(distance)
    i, j, distance = i[near], j[near], distance[near]
    apart = positions[a][i] - positions[b][j]
    radii = one.radius[i] + other.radius[j]
    drawn = np.linalg.norm(one.points[i] - other.points[j], axis=1)
    least = rules.narrowest * radii + rules.gap_mm
    required = _required(radii + rules.gap_mm, drawn, one.give_mm + other.give_mm, least)
    normal = apart / np.maximum(distance, 1e-9)[:, None]
    return np.full_like(i, a), i, np.full_like(i, b), j, normal, distance, required, radii


def _farthest(strands: Sequence[Strand], rules: Rules) -> float:
    """Return the distance beyond which a wall does not matter, mm."""
    return float(max(strand.radius.max() for strand in strands) + rules.gap_mm + WATCH_MM)


def _at_wall(
    a: int, strand: Strand, i: IntArray, wall: int, distance: FloatArray, normal: FloatArray, rules: Rules
) -> _Columns:
    """Return which points ``i`` of a strand are near a wall, which it may cross only at one place and at a slant."""
    s = strand.s[i]
    slant, crossing, drawn = (
        (CORD_SLANT, 0.0, strand.cord[i]) if wall == CORD else (DURA_SLANT, strand.exit_mm, strand.dura[i])
    )
    side = np.where(s < crossing, -1.0, 1.0)
    slanted = slant * np.abs(s - crossing)
    if wall == CORD:  # a root that has come clear of the cord does not touch it again
        slanted[np.maximum.accumulate(distance >= strand.radius[i])] = np.inf
    full = np.minimum(strand.radius[i] + rules.gap_mm, slanted)
    least = np.minimum(rules.narrowest * strand.radius[i] + rules.gap_mm, slanted)
    required = _required(full, side * drawn, strand.give_mm, least)
    near = side * distance < required + WATCH_MM
    i, away, distance = i[near], (side[:, None] * normal)[near], (side * distance)[near]
    none = np.full_like(i, wall)
    return np.full_like(i, a), i, none, none, away, distance, required[near], strand.radius[i]


def _required(full: FloatArray, drawn: FloatArray, give_mm: float, least: FloatArray) -> FloatArray:
    """Return the clearance to ask for: the full one, but no more than the annotation's noise gives, nor too little."""
    return np.maximum(np.minimum(full, drawn + give_mm), least)
