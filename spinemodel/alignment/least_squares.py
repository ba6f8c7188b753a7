"""Levenberg-Marquardt on robust residuals, compiled."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.alignment.motions import Bounds, Pose, moved, within
from spinemodel.alignment.residuals import Side, Work, accumulate, evaluate, workspace
from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled

DAMPING: Final = 1e-3
"""First damping, relative to the diagonal: little, since distances are nearly linear (a choice)."""

LEAST: Final = 1e-12
"""Share of the unit matrix that is always added: far below what any point adds."""

STILL: Final = 1e-5
"""A step that lowers the cost by less than this share of it is the last: the RMS distance changes by 0.0005 %, ..."""

LATTICE_MM: Final = 0.1
"""... or by that share of what a lattice of 1 mm makes of them: else a round shape would turn on among its ripples."""


@compiled
def damped_step(matrix: FloatArray, gradient: FloatArray, damping: float, radius: float) -> tuple[bool, FloatArray]:
    """Return the step (n,) of the damped normal equations, of which the lower half is read; False where there is none.

    A trace of the unit matrix, in mm and in angles times ``radius``, keeps motions that change nothing at rest.
    """
    n = len(gradient)
    lower = np.zeros((n, n))
    for a in range(n):
        for b in range(a + 1):
            rest = matrix[a, b]
            if a == b:
                rest += damping * rest + LEAST * (1.0 if a < 3 else radius * radius)
            for c in range(b):
                rest -= lower[a, c] * lower[b, c]
            if a == b and not rest > 0:
                return False, gradient
            lower[a, b] = np.sqrt(rest) if a == b else rest / lower[b, b]
    return True, _substituted(lower, gradient)


@compiled
def _substituted(lower: FloatArray, right: FloatArray) -> FloatArray:
    """Return the solution of L L' x = -right for the lower triangle L (n, n)."""
    n = len(right)
    x = np.empty(n)
    for a in range(n):
        x[a] = -right[a]
        for b in range(a):
            x[a] -= lower[a, b] * x[b]
        x[a] /= lower[a, a]
    for a in range(n - 1, -1, -1):
        for b in range(a + 1, n):
            x[a] -= lower[b, a] * x[b]
        x[a] /= lower[a, a]
    return x


@compiled
def _size(step: FloatArray, radius: float) -> float:
    """Return about how far a step moves the points, mm."""
    total = 0.0
    for a in range(len(step)):
        total += (step[a] if a < 3 else radius * step[a]) ** 2
    return float(np.sqrt(total))


@compiled
def normal_equations(
    one: Side, other: Side, work: tuple[Work, Work], pose: Pose, centre: FloatArray, scale: float, free: int
) -> tuple[float, FloatArray, FloatArray]:
    """Return cost, matrix (lower half) and gradient of both sides."""
    hessian, gradient = np.zeros((free, free)), np.zeros(free)
    evaluate(one, pose, work[0])
    cost = accumulate(one, work[0], centre, scale, hessian, gradient)
    if len(other.points):
        evaluate(other, pose, work[1])
        cost += accumulate(other, work[1], centre, scale, hessian, gradient)
    return cost, hessian, gradient


@compiled
def mean_place(one: Side, other: Side, pose: Pose) -> FloatArray:
    """Return the weighted mean of all points as they lie in the fixed space: the centre of the next motions."""
    mean, linear, shift = np.zeros(3), pose.linear, pose.shift
    for side in (one, other):
        for n in range(len(side.points)):
            p, weight = side.points[n], side.weight[n]
            for a in range(3):
                y = linear[a, 0] * p[0] + linear[a, 1] * p[1] + linear[a, 2] * p[2] + shift[a]
                mean[a] += weight * (p[a] if side.back else y)
    return mean


@compiled
def minimise(
    one: Side,
    other: Side,
    pose: Pose,
    free: int,
    scale: float,
    radius: float,
    most: int,
    tolerance: float,
    bounds: Bounds,
) -> tuple[Pose, float, bool]:
    """Descend at one robust scale (mm) until a step moves the points by less than ``tolerance`` (mm) or tells nothing.

    Parameters
    ----------
    one, other
        Sides; ``other`` holds pulled-back points or none.
    pose
        Where to start.
    free
        6, 7 or 12 parameters.
    radius
        RMS distance of the points from their mean, mm: what turns angles into mm.
    most
        Steps tried.

    Returns
    -------
    pose
        The best.
    cost
        mm2.
    converged
        Whether the tolerance was met.
    """
    centre, work = mean_place(one, other, pose), (workspace(len(one.points)), workspace(len(other.points)))
    cost, hessian, gradient = normal_equations(one, other, work, pose, centre, scale, free)
    damping = DAMPING
    for _ in range(most):
        solved, step = damped_step(hessian, gradient, damping, radius)
        small = solved and _size(step, radius) < tolerance
        trial = moved(pose, step, centre)
        if solved and within(trial, bounds):
            there = normal_equations(one, other, work, trial, centre, scale, free)
            if there[0] <= cost:
                still = cost - there[0] <= STILL * (cost + LATTICE_MM**2)
                pose, damping = trial, max(damping / 10, 1e-9)
                cost, hessian, gradient = there
                if small or still:
                    return pose, cost, True
                continue
        if small:
            return pose, cost, True
        damping *= 10
    return pose, cost, False
