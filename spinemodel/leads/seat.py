"""A lead laid on its track: bent as it bends across, and lifted by the least that leaves the gap everywhere."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.spatial import KDTree

from spinemodel.anatomy.proximity import Proximity
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.leads.design import Backing
from spinemodel.leads.lead import Ribbon, to_space
from spinemodel.leads.near import Near, distances, near
from spinemodel.leads.smooth_line import basis_at, bends_at, length_from
from spinemodel.leads.track import Track

RIBBON_MM: Final = 0.5
"""Distance between a ribbon's frames; between two, on a radius of 50 mm, the lead misses the circle by 0.6 um."""

ROUNDS: Final = 12
"""Most corrections of the lift; each leaves what the dura's curvature makes of the step, and three or four do."""

SETTLED_MM: Final = 1e-3
"""Where they end, well below what an outline was drawn to."""

STEP_MM: Final = 1.0
"""Farthest that one correction moves any part of the lead, so that what is linear in small stays true."""

WITHIN_MM: Final = 5.0
"""How far from the lead's first place the dura counts; a lead is not lifted by more. A choice."""

NEARBY_MM: Final = 1.5
"""How near a vertex of the dura has to come to a point of the lead's face to count by itself. A choice: farther ones do
not touch it within a step."""

STRADDLE_MM: Final = 0.4
"""How far beside the nearest point of the face a vertex of the dura may lie to count as under it: points of the face
lie no farther from each other."""

LOWEST_MM: Final = -0.5
"""Least lift above the track, which may lie that far above a hollow of the drawn dura; it also holds the lead where the
dura has ended. A choice."""

FACING: Final = 0.3
"""Least cosine between the way off the dura and the lift for a point to count: what lies beside the dura, or beyond its
end, is not helped by lifting."""

BENDING_MM2: Final = 50.0
"""What bending costs beside lifting: to bend the lead to a radius of 500 mm all along, off its track, counts as 0.1 mm
of lift. A choice: the lead bridges what is uneven in a drawn dura, and its ends do not curl over it."""

PLACES: Final = 33
"""Where along the lead lift and bending are summed up."""


def seat(space: str, track: Track, sac: Proximity, backing: Backing, body: FloatArray, gap_mm: float) -> Ribbon:
    """Return the ribbon of a lead that lies on its track.

    The lift is a cubic spline along the lead with the smoothness of its track. Of all that leave ``gap_mm`` between
    every point of the lead's lower half and the dura it is the least on average: a linear programme, repeated since
    distances are not linear. To bend the lead off its track counts as ``BENDING_MM2`` says.

    Parameters
    ----------
    space
        Of the ribbon.
    track
        On the dura, v = 0 at the place asked for.
    sac
        The dura's outer face.
    backing
        Says how the lead bends across.
    body
        (k, 3) points of the lead's lower half in its own coordinates, u, v, w.
    gap_mm
        Between the lead and the dura.
    """
    low, high = float(body[:, 1].min()), float(body[:, 1].max())
    lift = np.full(basis_at(np.zeros(1), low, high).shape[1], gap_mm)
    ribbon = _lifted(space, track, lift, (low, high), backing)
    beside = near(sac, to_space(ribbon, body), WITHIN_MM)
    for _ in range(ROUNDS):
        if beside is None:
            break
        step = _correction(ribbon, beside, body, gap_mm, (low, high), lift)
        lift = lift + step
        ribbon = _lifted(space, track, lift, (low, high), backing)
        if np.abs(step).max() < SETTLED_MM / 10:
            break
    return ribbon


def _correction(
    ribbon: Ribbon, sac: Near, body: FloatArray, gap_mm: float, reach: tuple[float, float], lift: FloatArray
) -> FloatArray:
    """Return by how much to move each coefficient of the lift, mm; nothing where no point lies over the dura."""
    points = to_space(ribbon, body)
    distance, way = distances(sac, points)
    own = np.arange(len(body))
    which, height, normal = _bumps(ribbon, sac, body, points)
    rows = np.concatenate([own, which])
    distance, way = np.concatenate([distance, height]), np.vstack([way, normal])
    frame = np.searchsorted(ribbon.v, body[rows, 1]).clip(0, len(ribbon.v) - 1)
    facing = np.einsum("ij,ij->i", way, ribbon.frames[frame, 2])
    counts = facing > FACING
    if not counts.any():
        return np.zeros_like(lift)
    held = facing[counts, None] * basis_at(body[rows[counts], 1], *reach)
    return _least_step(held, gap_mm - distance[counts], reach, lift)


def _bumps(
    ribbon: Ribbon, sac: Near, body: FloatArray, points: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return how far the lead's face lies above the dura's vertices under it, which its own points may straddle.

    Of each such vertex the nearest point of the face (k,), the height (k,) mm of its tangent plane, and the normal of
    that (k, 3). Those nearest to the face's rim may lie beside it and are left to the lead's own points.
    """
    face = np.flatnonzero(body[:, 2] < SETTLED_MM)
    flat = body[face, :2]
    rim = ((flat < flat.min(axis=0) + STRADDLE_MM) | (flat > flat.max(axis=0) - STRADDLE_MM)).any(axis=1)
    vertices = sac.surface.surface.vertices
    nearest = np.asarray(KDTree(points[face]).query(vertices, distance_upper_bound=NEARBY_MM)[1])
    found = np.flatnonzero((nearest < len(face)) & ~np.append(rim, True)[nearest])
    which = face[nearest[found]]
    normal = to_space(ribbon, body[which] + np.array([0.0, 0.0, 1.0])) - points[which]
    offset = points[which] - vertices[found]
    height = np.einsum("ij,ij->i", offset, normal)
    under = np.linalg.norm(offset - height[:, None] * normal, axis=1) < STRADDLE_MM
    return which[under], height[under], normal[under]


def _least_step(held: FloatArray, wanted: FloatArray, reach: tuple[float, float], lift: FloatArray) -> FloatArray:
    """Return the step (c,) of the lift (c,) with held @ step >= wanted that leaves least lift and bending.

    The bending at each place is a variable of its own, no less than the second derivative or its opposite. At both ends
    it is none, as of a beam whose ends are free.
    """
    at = np.linspace(*reach, PLACES)
    bend, none, one = bends_at(at, *reach), np.zeros((len(held), PLACES)), np.eye(PLACES)
    cost = np.concatenate([basis_at(at, *reach).mean(axis=0), np.full(PLACES, BENDING_MM2 / PLACES)])
    rows = np.block([[-held, none], [bend, -one], [-bend, -one]])
    most = np.concatenate([-wanted, -bend @ lift, bend @ lift])
    limits = [(max(-STEP_MM, LOWEST_MM - own), STEP_MM) for own in lift.tolist()] + [(0.0, None)] * PLACES
    ends = bend[[0, -1]]
    free = np.hstack([ends, np.zeros((2, PLACES))])
    found = linprog(cost, A_ub=rows, b_ub=most, A_eq=free, b_eq=-ends @ lift, bounds=limits, method="highs")
    # Deeper in the dura than one step: up as far as it goes.
    return np.full_like(lift, STEP_MM) if found.x is None else np.asarray(found.x[: len(lift)])


def _lifted(space: str, track: Track, lift: FloatArray, reach: tuple[float, float], backing: Backing) -> Ribbon:
    """Return the ribbon at a lift above its track, its frames ``RIBBON_MM`` apart by its own arc length."""
    height = basis_at(track.v, *reach) @ lift
    line = track.points + height[:, None] * track.away
    along = length_from(line, track.v, 0.0)
    v = np.arange(np.floor(reach[0] / RIBBON_MM), np.ceil(reach[1] / RIBBON_MM) + 1) * RIBBON_MM

    def at(values: FloatArray) -> FloatArray:
        return np.stack([np.interp(v, along, column) for column in values.T], axis=1)

    tangent = np.gradient(line, along, axis=0)
    points, forward, away = at(line), at(tangent), at(track.away)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    away -= np.einsum("ij,ij->i", away, forward)[:, None] * forward
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    frames = np.stack([np.cross(forward, away), forward, away], axis=1)
    bend = np.interp(v, along, track.curvature_across / (1 + track.curvature_across * height))
    return Ribbon(space, v, points, frames, across(backing, bend))


def across(backing: Backing, under: FloatArray) -> FloatArray:
    """Return a lead's curvature across, 1/mm, over a surface with curvatures ``under`` (n,).

    Examples
    --------
    >>> paddle = Backing("paddle", 60.0, 10.0, 2.0, radius_across_mm=20.0, stiffness_across=0.75)
    >>> across(paddle, np.array([0.1, 0.0])).round(4)
    array([0.0625, 0.0375])
    """
    own = 1 / backing.radius_across_mm
    return np.asarray((1 - backing.stiffness_across) * under + backing.stiffness_across * own)
