"""Multigrid on nested boxes: what one box cannot smooth, the next, with cells twice as large, can.

One V-cycle, with sweeps before and their reverse after, is the preconditioner of
:mod:`spinemodel.field.conjugate_gradients`; it is symmetric. It is kept in single precision. The finest box, with the
electrodes that cut through its cells, is swept twice: on a real subject that makes 9 steps of 14.
"""

from __future__ import annotations

from dataclasses import dataclass

from spinemodel.field._processor import Lanes, Processor
from spinemodel.field.levels import Hierarchy


@dataclass(frozen=True, eq=False)
class Workspace:
    """Vectors of every level: right-hand side, solution, and what is left."""

    given: tuple[Lanes, ...]
    values: tuple[Lanes, ...]
    left: tuple[Lanes, ...]


def workspace(levels: Hierarchy, lanes: int, on: Processor) -> Workspace:
    """Return vectors for ``lanes`` right-hand sides, where the processor works."""

    def vectors() -> tuple[Lanes, ...]:
        return tuple(on.zeros(level.nodes, lanes, level.stencil.dtype) for level in levels.levels)

    return Workspace(vectors(), vectors(), vectors())


def v_cycle(levels: Hierarchy, work: Workspace, boxes: int, on: Processor) -> None:
    """Solve approximately for ``work.given`` of the first ``boxes`` levels, which is lost, into ``work.values``."""
    last = len(levels.levels) - 1
    for given in work.given[boxes:]:
        on.clear(given)
    for n, level in enumerate(levels.levels[:-1]):
        on.clear(work.values[n])
        for _ in range(_sweeps(n)):
            on.smooth(level, work.values[n], work.given[n], backward=False)
        on.residual(level, work.values[n], work.given[n], work.left[n])
        on.restrict(level, work.left[n], work.given[n + 1])
    on.solve_last(levels, work.given[last], work.values[last])
    for n in range(last - 1, -1, -1):
        on.prolong(levels.levels[n], work.values[n + 1], work.values[n])
        for _ in range(_sweeps(n)):
            on.smooth(levels.levels[n], work.values[n], work.given[n], backward=True)


def _sweeps(level: int) -> int:
    """Return how often a level is swept on each side of the cycle."""
    return 2 if level == 0 else 1
