"""How far an alignment can be trusted: whether it converged, and whether another pose fits as well."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.linalg import eigh
from scipy.spatial.transform import Rotation

from spinemodel.alignment.least_squares import mean_place
from spinemodel.alignment.residuals import fill_row, residuals
from spinemodel.alignment.result import SecondBest, Verdict
from spinemodel.alignment.search import End, Found, Problem, apart_mm
from spinemodel.arrays import FloatArray
from spinemodel.jit import compiled

LEAST_HOLD: Final = 0.06
"""Below it the shape slides along itself. A choice: spheres, spindles and cylinders of 8 to 12 mm radius have 0.02 to
0.04 on a lattice of 1 mm, whose ripples are all that holds them; a cord has 0.12, a dura 0.19."""

AS_GOOD: Final = 1.1
"""A second pose fits as well where its error is no more than this times the best one's, ..."""

NOISE_MM: Final = 0.05
"""... plus what the lattice of 1 mm alone makes of it. Both are choices."""


def judge(problem: Problem, found: Found, moving: FloatArray) -> Verdict:
    """Return the verdict on the first end, from the moving points (n, 3)."""
    best = found.ends[0]
    second = _second(found, moving)
    hold = least_hold(problem, best, found.floor_mm)
    slides = hold < LEAST_HOLD
    rival = second is not None and second.error_mm <= AS_GOOD * best.error_mm + NOISE_MM
    reasons = ["the last step was below the tolerance" if best.converged else "the steps did not end"]
    if slides:
        reasons.append(f"it slides along itself: a motion of 1 mm changes the distances by {hold:.3f} mm")
    if rival and second is not None:
        reasons.append(f"another pose, {second.apart_mm:.1f} mm and {second.apart_deg:.0f} degrees away, fits as well")
    if found.given_up:
        reasons.append(f"{found.given_up} of {found.starts} starts were given up early, far worse than the best")
    return Verdict(best.converged, slides or rival, "; ".join(reasons), found.share, best.error_mm, hold, second)


def _second(found: Found, moving: FloatArray) -> SecondBest | None:
    """Return the second end beside the first."""
    if len(found.ends) < 2:
        return None
    best, other = found.ends[:2]
    turn = _rotation(other.pose.linear @ best.pose.inverse)
    return SecondBest(other.error_mm, apart_mm(best.pose, other.pose, moving), float(np.degrees(turn.magnitude())))


def _rotation(linear: FloatArray) -> Rotation:
    """Return the rotation nearest to a matrix (3, 3): its polar factor."""
    u, _, v = np.linalg.svd(linear)
    return Rotation.from_matrix(u @ v)


def least_hold(problem: Problem, end: End, floor_mm: float) -> float:
    """Return the least RMS change of the distances (mm) of all motions that move the points by 1 mm RMS.

    The root of the least eigenvalue of J'J x = e M x, where J are the derivatives of the distances by the motion's
    parameters and M the mean square by which the parameters move the points. Points without counterpart are left out.
    """
    free = problem.free[-1]
    scale = max(problem.parameters.fine_mm[-1], floor_mm)
    change, move = np.zeros((free, free)), np.zeros((free, free))
    centre = mean_place(*problem.coarse, end.pose)
    for side in problem.coarse:
        r, w, y = residuals(side, end.pose)
        add_motions((w, y), centre, side.weight / (1 + (r / scale) ** 2) ** 2, change, move)
    return float(np.sqrt(max(eigh(change, move, eigvals_only=True)[0], 0.0)))


@compiled
def add_motions(
    wy: tuple[FloatArray, FloatArray], centre: FloatArray, weight: FloatArray, change: FloatArray, move: FloatArray
) -> None:
    """Add the squares by which a motion's parameters change the distances, and move the points; w and y are (n, 3)."""
    row, axes = np.empty(12), np.eye(3)
    for n in range(len(weight)):
        fill_row(row, wy[0][n], wy[1][n], centre, len(change))
        _add_square(change, row, weight[n])
        for axis in axes:
            fill_row(row, axis, wy[1][n], centre, len(change))
            _add_square(move, row, weight[n])


@compiled
def _add_square(total: FloatArray, row: FloatArray, weight: float) -> None:
    """Add the weighted outer square of a row."""
    for a in range(len(total)):
        for b in range(len(total)):
            total[a, b] += weight * row[a] * row[b]
