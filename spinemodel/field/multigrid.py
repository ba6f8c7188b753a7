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


def v_cycle(levels: Hierarchy, work: Workspace, boxes: int, on: Processor, visits: int = 1) -> None:
    """Solve approximately for ``work.given`` of the first ``boxes`` levels, which is lost, into ``work.values``.

    The level after these is visited once, or as often as is told: what smooths slowly then is solved for better.
    """
    on.clear(work.values[0])
    _cycle(levels, work, boxes, on, visits, 0)


def _cycle(levels: Hierarchy, work: Workspace, boxes: int, on: Processor, visits: int, n: int) -> None:
    """Go on from the values of level ``n``."""
    level, values, given = levels.levels[n], work.values[n], work.given[n]
    if n == len(levels.levels) - 1:
        on.solve_last(levels, given, values)
        return
    for _ in range(_sweeps(n)):
        on.smooth(level, values, given, backward=False)
    on.residual(level, values, given, work.left[n])
    if n + 1 >= boxes:
        on.clear(work.given[n + 1])
    on.restrict(level, work.left[n], work.given[n + 1])
    on.clear(work.values[n + 1])
    for _ in range(visits if n + 1 == boxes else 1):
        _cycle(levels, work, boxes, on, visits, n + 1)
    on.prolong(level, work.values[n + 1], values)
    for _ in range(_sweeps(n)):
        on.smooth(level, values, given, backward=True)


def _sweeps(level: int) -> int:
    """Return how often a level is swept on each side of the cycle."""
    return 2 if level == 0 else 1
