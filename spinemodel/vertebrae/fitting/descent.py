"""Levenberg-Marquardt on the poses of a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.vertebrae.fitting.poses import FREE, Poses, moved, moved_together, together
from spinemodel.vertebrae.fitting.terms import Rows

Freedom: TypeAlias = Literal["rigid", "similarity", "stretched"]
"""What may move: the column as one, every vertebra with its size, or with its size and its height."""

LEVER_MM: Final = 30.0
"""Turns an angle or a change of scale into a length: about the radius of a vertebra."""

STILL_MM: Final = 1e-3
"""A step that moves no point by more than this is the last."""

TELLING: Final = 1e-6
"""A step that lowers the cost by a smaller share of it is the last as well."""

DAMPING: Final = 1e-3
"""At first, relative to the diagonal (Marquardt 1963)."""

REST: Final = 1e-6
"""Share of a residual of 1 per mm that always holds a motion which changes nothing else."""

MOST: Final = 60
"""Steps tried."""


class Descent(NamedTuple):
    """Where it ended, at what cost, and whether the last step was small."""

    poses: Poses
    cost: float
    converged: bool


def minimise(poses: Poses, terms: Callable[[Poses], Sequence[Rows]], freedom: Freedom) -> Descent:
    """Descend until a step moves no vertebra by more than :data:`STILL_MM` or tells nothing.

    Parameters
    ----------
    poses
        Where to start.
    terms
        The rows at some poses.
    freedom
        What may move.
    """
    damping, cost, matrix, gradient = DAMPING, *_normal(poses, terms(poses), freedom)
    unit = _lengths(len(gradient), len(poses.scale))
    for _ in range(MOST):
        hold = damping * np.diag(matrix) + REST * unit**2
        step = np.asarray(np.linalg.solve(matrix + np.diag(hold), -gradient), dtype=np.float64)
        trial = _after(poses, step, freedom)
        there = _normal(trial, terms(trial), freedom)
        small = np.abs(step * unit).max() < STILL_MM
        if there[0] <= cost:
            settled = small or cost - there[0] <= TELLING * cost
            poses, damping, (cost, matrix, gradient) = trial, max(damping / 10, 1e-9), there
            if settled:
                return Descent(poses, cost, True)
        elif small:
            return Descent(poses, cost, True)
        else:
            damping *= 10
    return Descent(poses, cost, False)


def _normal(poses: Poses, terms: Sequence[Rows], freedom: Freedom) -> tuple[float, FloatArray, FloatArray]:
    """Return cost, normal matrix and gradient."""
    size = FREE * len(poses.scale)
    matrix, gradient = np.zeros((size, size)), np.zeros(size)
    for term in terms:
        matrix += term.derivative.T @ term.derivative
        gradient += term.derivative.T @ term.residual
    cost = sum(term.cost for term in terms)
    to_each = _chart(poses, freedom)
    return cost, to_each.T @ matrix @ to_each, to_each.T @ gradient


def _chart(poses: Poses, freedom: Freedom) -> FloatArray:
    """Return the derivative (8 n, m) of all parameters by those that are free."""
    if freedom == "rigid":
        return together(poses)
    free = np.arange(FREE * len(poses.scale)) % FREE < (FREE if freedom == "stretched" else FREE - 1)
    return np.eye(len(free))[:, free]


def _after(poses: Poses, step: FloatArray, freedom: Freedom) -> Poses:
    """Return the poses after a step."""
    if freedom == "rigid":
        return moved_together(poses, step)
    return moved(poses, (_chart(poses, freedom) @ step).reshape(-1, FREE))


def _lengths(size: int, vertebrae: int) -> FloatArray:
    """Return about how far a unit of each parameter moves points, mm."""
    each = 1 if size == 6 else vertebrae
    return np.tile([1.0] * 3 + [LEVER_MM] * (size // each - 3), each)
