"""From several starts to the places where they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.alignment.least_squares import minimise
from spinemodel.alignment.motions import Bounds, Pose
from spinemodel.alignment.parameters import FREE, AlignParameters, Direction, Kind
from spinemodel.alignment.residuals import Side, errors, residuals
from spinemodel.alignment.shapes import Target
from spinemodel.alignment.starts import starting_poses
from spinemodel.arrays import FloatArray, IntArray

COARSE_STEPS: Final = 12
"""Most steps at each coarse scale: later scales go on where one stops."""

FINE_STEPS: Final = 40
"""Most steps at each fine scale; 4 to 8 are usual."""

COARSE_TOLERANCE_MM: Final = 0.05
"""Of every scale but the last: the next one goes on from there."""

FINE_TOLERANCE_MM: Final = 2e-3
"""A tenth of what the trilinear field errs by: below it steps tell nothing."""

CULL: Final = 3.0
"""A start whose robust error at the first scale is so many times the best one's is given up, ..."""

EXACT_MM: Final = 0.1
"""... which is taken to be at least this, what a lattice of 1 mm makes of an exact fit before the last steps are made:
else a shape laid onto itself, which begins at 0, would give up every other start."""

FINALISTS: Final = 3
"""Different ends that are followed through the fine scales: the best, the second, and one for safety."""

HELD: Final = 0.7
"""The robust error is this share of the scale where all points are as far off as the scale: no counterpart is found."""

SPREAD: Final = 1.4826
"""Of a normal distribution: standard deviation over median absolute deviation."""

RIGID: Final = Bounds(0.0, np.inf)


@dataclass(frozen=True, eq=False)
class End:
    """Where a start ended.

    Attributes
    ----------
    pose
        Maps the moving space to the fixed one.
    error_mm
        Robust RMS of the distances: of r2 / (1 + r2 / scale2), at the last coarse scale, over the points last used.
    rms_mm
        RMS of the distances of the fine points.
    converged
        Whether the last step was below the tolerance, and most points found a counterpart.
    """

    pose: Pose
    error_mm: float
    rms_mm: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Problem:
    """Two shapes as the solver sees them.

    Attributes
    ----------
    coarse, fine
        Sides with few and with many points.
    free
        Parameters at each coarse scale; the last one holds for the fine ones.
    bounds
        Of the stretch.
    radius
        RMS distance of the points from their mean, mm.
    parameters
        As given.
    """

    coarse: tuple[Side, Side]
    fine: tuple[Side, Side]
    free: tuple[int, ...]
    bounds: Bounds
    radius: float
    parameters: AlignParameters


def pose_problem(
    moving: Target, fixed: Target, kind: Kind, direction: Direction, parameters: AlignParameters
) -> Problem:
    """Return the problem of aligning two prepared shapes."""
    names = [part.name for part in moving.parts]
    share = np.array([parameters.weights.get(name, 1.0) for name in names])
    coarse = _sides(moving, fixed, direction, share, (moving.coarse, fixed.coarse))
    fine = _sides(moving, fixed, direction, share, (moving.fine, fixed.fine))
    bounds = RIGID if kind == "rigid" else Bounds(*parameters.stretch)
    points = coarse[0].points
    radius = float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()))
    stages = (*FREE[kind], *[FREE[kind][-1]] * len(parameters.coarse_mm))
    return Problem(coarse, fine, stages, bounds, max(radius, 1e-6), parameters)


def _sides(
    moving: Target,
    fixed: Target,
    direction: Direction,
    share: FloatArray,
    clouds: tuple[tuple[FloatArray, IntArray], tuple[FloatArray, IntArray]],
) -> tuple[Side, Side]:
    """Return the sides of one set of points; the second is empty unless both directions are used."""
    half = 0.5 if direction == "both" else 1.0
    ways = {"moving": (clouds[0], fixed, False), "fixed": (clouds[1], moving, True)}
    sides = []
    for (points, start), other, back in (ways[way] for way in ways if direction in (way, "both")):
        count = np.diff(start)
        sides.append(Side(points, start, np.repeat(half * share / share.sum() / count, count), other.fields, back))
    empty = Side(np.empty((0, 3)), np.zeros_like(sides[0].start), np.empty(0), sides[0].fields, True)
    return sides[0], sides[1] if len(sides) > 1 else empty


@dataclass(frozen=True, eq=False)
class Found:
    """The different places where the starts ended, best first.

    Attributes
    ----------
    ends
        After the fine scales.
    share
        Of all starts that led to the first end; those given up early did not.
    floor_mm
        Least robust scale that was used for the first end.
    given_up, starts
        How many starts were given up after the first scale, of how many.
    """

    ends: tuple[End, ...]
    share: float
    floor_mm: float
    given_up: int
    starts: int


def search(problem: Problem, moving: FloatArray, fixed: FloatArray) -> Found:
    """Return where the starts lead, from the points ``moving`` and ``fixed`` (n, 3) that place them.

    All starts take the first scale; those far worse than the best are given up. The others take the other coarse
    scales, and the best of the different ends the fine ones.
    """
    given = problem.parameters
    poses = starting_poses(moving, fixed, given.starts, given.range_deg)
    first = [_coarse(problem, pose, 0, 1) for pose in poses]
    least = min(end.error_mm for end in first)
    kept = [end for end in first if end.error_mm <= CULL * max(least, EXACT_MM)]
    ends = [_coarse(problem, end.pose, 1, len(given.coarse_mm)) for end in kept] if len(given.coarse_mm) > 1 else kept
    groups = _grouped(ends, moving, given.same_mm)[:FINALISTS]
    floors = [_floor(problem, group[0].pose) for group in groups]
    finals = [_fine(problem, group[0].pose, floor) for group, floor in zip(groups, floors, strict=True)]
    order = sorted(range(len(finals)), key=lambda n: (not finals[n].converged, finals[n].error_mm))
    merged = _grouped([finals[n] for n in order], moving, given.same_mm)
    same = [n for n in order if apart_mm(finals[n].pose, merged[0][0].pose, moving) <= given.same_mm]
    share = sum(len(groups[n]) for n in same) / len(poses)
    ends = [group[0] for group in merged]
    return Found(tuple(ends), share, floors[order[0]], len(poses) - len(kept), len(poses))


def apart_mm(one: Pose, other: Pose, points: FloatArray) -> float:
    """Return how far two poses take the points (n, 3) apart, RMS mm."""
    off = points @ (one.linear - other.linear).T + one.shift - other.shift
    return float(np.sqrt((off**2).sum(axis=1).mean()))


def _grouped(ends: list[End], points: FloatArray, same_mm: float) -> list[list[End]]:
    """Return the ends that lie within ``same_mm`` of a better one with it, best first."""
    groups: list[list[End]] = []
    for end in sorted(ends, key=lambda end: (not end.converged, end.error_mm)):
        near = [group for group in groups if apart_mm(group[0].pose, end.pose, points) <= same_mm]
        if near:
            near[0].append(end)
        else:
            groups.append([end])
    return groups


def _floor(problem: Problem, pose: Pose) -> float:
    """Return the least useful robust scale, mm: a finer one would drop the shape's own points with the outliers.

    Two spreads of the distances that are left: 3 mm between two people, some tenths in one person's mask and mesh.
    """
    left = [residuals(side, pose)[0] for side in problem.coarse]
    return float(2 * SPREAD * np.median(np.abs(np.concatenate(left))))


def _coarse(problem: Problem, pose: Pose, first: int, stop: int) -> End:
    """Return where the coarse scales number ``first`` to ``stop`` lead."""
    cost, converged = 0.0, False
    for scale, free in zip(problem.parameters.coarse_mm[first:stop], problem.free[first:stop], strict=False):
        pose, cost, converged = _step_down(
            problem, problem.coarse, pose, free, scale, COARSE_STEPS, COARSE_TOLERANCE_MM
        )
    return End(pose, float(np.sqrt(cost)), np.nan, converged)


def _fine(problem: Problem, pose: Pose, floor: float) -> End:
    """Return where the fine scales lead; the error is told at the last coarse scale, where all ends can be compared."""
    converged, free = False, problem.free[-1]
    scales = [max(scale, floor) for scale in problem.parameters.fine_mm]
    for scale in scales[:-1]:
        if scale > scales[-1]:
            pose = _step_down(problem, problem.coarse, pose, free, scale, FINE_STEPS, COARSE_TOLERANCE_MM)[0]
    pose, _, converged = _step_down(
        problem, problem.fine, pose, free, scales[-1], FINE_STEPS, FINE_TOLERANCE_MM
    )
    scale = problem.parameters.coarse_mm[-1]
    error, rms = errors(problem.fine, pose, scale)
    return End(pose, error, rms, converged and error < HELD * scale)


def _step_down(
    problem: Problem, sides: tuple[Side, Side], pose: Pose, free: int, scale: float, steps: int, tolerance_mm: float
) -> tuple[Pose, float, bool]:
    """Return where one scale leads, its cost, and whether it converged."""
    return minimise(*sides, pose, free, scale, problem.radius, steps, tolerance_mm, problem.bounds)
