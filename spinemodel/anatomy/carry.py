"""What lies beside edited surfaces carried along with them, so that a model stays whole and a partition stays one.

A partition's volumes add up whatever is done to its vertices. So the vertices on an edited surface go where the hand
put them, those near it follow, less with distance, and those farther away than the edit reaches stay. A thin shell,
as the dura is, keeps its thickness, and a root that enters an edited cord still enters it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.edits import Move, vectors_at
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray

REACH: Final = 3.0
"""How far an edit is felt, in its own greatest displacement. The fall is at its steepest 1.5 over the reach, so that a
displacement that is alike along the surface compresses space to a third at most in one step, and folds nothing. Where
the reach passes the middle of a structure (one thinned by a third of its half width), it can: folds are looked for
afterwards."""

LEAST_REACH_MM: Final = 2.0
"""At least so far. A choice: the roots that lie against an edited cord go with it."""

WHOLE_MM: Final = 0.5
"""What lies so near goes along whole: the dura is 0.3 mm thick."""

STEP_MM: Final = 1.0
"""Most that an edit moves in one step. A choice: sub-03's dura takes a bulge of 4 mm so, in one step it does not."""

UNFELT_MM: Final = 1e-6
"""Displacements below this are none."""

NEAREST_MM: Final = 1e-6
"""Added to distances, so that a surface's own vertices go by its own move alone to one part in 1e12."""


def carried(partition: Partition, moves: Sequence[Move]) -> Partition:
    """Return the partition with its vertices moved along with the edited surfaces."""
    return replace(partition, vertices=carried_points(partition.vertices, moves))


def carried_surface(surface: Surface, moves: Sequence[Move]) -> Surface:
    """Return a surface moved along with the edited surfaces beside it."""
    return replace(surface, vertices=carried_points(surface.vertices, moves))


def carried_line(line: Centreline, moves: Sequence[Move]) -> Centreline:
    """Return a centreline moved along with the edited surfaces beside it."""
    return replace(line, points=carried_points(line.points, moves))


def carried_points(points: FloatArray, moves: Sequence[Move]) -> FloatArray:
    """Return points (k, 3) mm moved along with the edited surfaces, in steps so small that none overtakes another."""
    steps = max((ceil(_most(move) / STEP_MM) for move in moves), default=0)
    moved = np.array(points)
    for step in range(steps):
        moved += _step([_part(move, step, steps) for move in moves], [_reach(move) for move in moves], moved)
    return moved


def _most(move: Move) -> float:
    """Return the greatest displacement of a move, mm."""
    return float(np.linalg.norm(move.vectors, axis=1).max(initial=0.0))


def _reach(move: Move) -> float:
    """Return how far from its surface a move is felt, mm."""
    return max(LEAST_REACH_MM, REACH * _most(move))


def _part(move: Move, step: int, steps: int) -> Move:
    """Return one of so many equal steps of a move."""
    surface = replace(move.surface, vertices=move.surface.vertices + step / steps * move.vectors)
    return Move(surface, move.vectors / steps)


def _step(moves: Sequence[Move], reaches: Sequence[float], points: FloatArray) -> FloatArray:
    """Return the displacement of points (k, 3), mm: where several moves are felt, of the nearer ones more."""
    total, weights = np.zeros_like(points), np.zeros(len(points))
    for move, reach in zip(moves, reaches, strict=True):
        near, vectors, distance = _felt(move, reach, points)
        weight = (distance + NEAREST_MM) ** -2
        total[near] += weight[:, None] * vectors
        weights[near] += weight
    return np.asarray(total / np.where(weights > 0, weights, 1.0)[:, None])


def _felt(move: Move, reach: float, points: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return which points feel a move, what they feel of it (mm; whole on the surface), and their distance from it."""
    moving = np.linalg.norm(move.vectors, axis=1) > UNFELT_MM
    if not moving.any():
        return np.empty(0, dtype=np.int64), np.empty((0, 3)), np.empty(0)
    rough, vertex = KDTree(move.surface.vertices).query(points, distance_upper_bound=2 * reach)
    near = np.flatnonzero(np.append(moving, False)[vertex] & np.isfinite(rough))
    if not len(near):
        return near, np.empty((0, 3)), np.empty(0)
    vectors, distance = vectors_at(move, points[near])
    t = ((distance - WHOLE_MM) / (reach - WHOLE_MM)).clip(0, 1)[:, None]
    return near, vectors * (1 - t) ** 2 * (1 + 2 * t), distance
