"""Conjugate gradients for several right-hand sides at once, preconditioned by multigrid.

Each has its own steps, but they share every reading of the matrix. Vectors have the precision of the right-hand sides,
the preconditioner has single. Complex conductivities give a matrix that is symmetric, not Hermitian: products are then
not conjugated (COCG, van der Vorst & Melissen 1990, IEEE Trans Magn 26:706).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import ConvergenceError
from spinemodel.field._processor import Lanes, Processor
from spinemodel.field.composite import Composite, Vector, apply
from spinemodel.field.levels import Hierarchy
from spinemodel.field.multigrid import Workspace, v_cycle, workspace

MOST_STEPS: Final = 60
"""Five times what an anatomy takes: more means that something is wrong with it."""

Progress = Callable[[int, float], None]
"""Told the number of steps done and the greatest relative residual."""


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found.

    Attributes
    ----------
    values
        On the nodes of each box.
    residuals
        (steps + 1, lanes): norm of what was left, relative to the right-hand side's, before each step and at the end.
    """

    values: Vector
    residuals: FloatArray


def solve_system(
    matrix: Composite, right: Vector, lanes: int, tolerance: float, progress: Progress = lambda step, left: None
) -> Solution:
    """Return the solution for right-hand sides, which are lost.

    Raises
    ------
    ConvergenceError
        If the tolerance is not reached.
    """
    on, left = matrix.on, right
    found, way, image = (_zeros(matrix, lanes, right[0].dtype) for _ in range(3))
    work = workspace(matrix.levels, lanes, on)
    size = np.sqrt(sum(on.norm(part, lanes) for part in left))
    size[size == 0] = 1
    history = [np.sqrt(sum(on.norm(part, lanes) for part in left)) / size]
    before = np.zeros(lanes, dtype=right[0].dtype)
    while not history[-1].max() <= tolerance:
        _require_more_steps(len(history) - 1, history[-1].max(), tolerance)
        steep = _preconditioned(matrix, left, work)
        now = _product(on, left, steep, lanes)
        for p, z in zip(way, steep, strict=True):
            on.turn(p, z, _ratio(now, before))
        apply(matrix, way, image)
        length = _ratio(now, _product(on, way, image, lanes))
        for x, r, p, q in zip(found, left, way, image, strict=True):
            on.advance(x, r, p, q, length)
        before = now
        history.append(np.sqrt(sum(on.norm(part, lanes) for part in left)) / size)
        progress(len(history) - 1, float(history[-1].max()))
    return Solution(found, np.array(history))


def solve_by_cycles(
    levels: Hierarchy, right: Lanes, lanes: int, tolerance: float, on: Processor
) -> tuple[Lanes, float]:
    """Return the solution for a right-hand side on one box, which is lost, and the greatest relative residual.

    By cycles alone: where a few digits are enough, conjugate gradients' products cost more than they save in cycles.

    Raises
    ------
    ConvergenceError
        If the tolerance is not reached.
    """
    work, finest = workspace(levels, lanes, on), levels.levels[0]
    found, spare, one = on.zeros(finest.nodes, lanes, right.dtype), work.left[0], np.ones(lanes, right.dtype)
    size = np.sqrt(on.norm(right, lanes))
    left, steps = float(size.any()), 0
    while not left <= tolerance:
        _require_more_steps(steps, left, tolerance)
        work = replace(work, given=(right, *work.given[1:]), left=(spare, *work.left[1:]))
        v_cycle(levels, work, 1, on, visits=2)
        on.residual(finest, work.values[0], right, spare)
        on.turn(found, work.values[0], one)
        right, spare = spare, right
        left, steps = float(_ratio(np.sqrt(on.norm(right, lanes)), size).max()), steps + 1
    return found, left


def _require_more_steps(done: int, left: float, tolerance: float) -> None:
    """Raise ConvergenceError if all steps are done, or what is left is no number."""
    if done >= MOST_STEPS or not np.isfinite(left):
        raise ConvergenceError(
            f"field: after {done} steps {left:.1g} of the right-hand side is left, expected {tolerance:.1g} or less; "
            "use another spacing, or check the model's tissues (`spinemodel check`)"
        )


def _preconditioned(matrix: Composite, left: Vector, work: Workspace) -> Vector:
    """Return an approximate solution for ``left``."""
    for given, part in zip(work.given, left, strict=False):
        matrix.on.copy(part, given)
    v_cycle(matrix.levels, work, len(left), matrix.on)
    return work.values[: len(left)]


def _product(on: Processor, one: Vector, other: Vector, lanes: int) -> Any:
    """Return the product of each lane of two vectors, (lanes,)."""
    return sum(on.dot(a, b, lanes) for a, b in zip(one, other, strict=True))


def _ratio(one: Any, other: Any) -> Any:
    """Return one over the other, 0 where the other is 0: of right-hand sides that are solved already."""
    return np.divide(one, other, out=np.zeros_like(one), where=other != 0)


def _zeros(matrix: Composite, lanes: int, dtype: Any) -> Vector:
    """Return a vector of zeros for ``lanes`` right-hand sides."""
    return tuple(matrix.on.zeros(level.nodes, lanes, dtype) for level in matrix.boxes)
