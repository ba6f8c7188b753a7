"""Checks of the roots: each is one smooth line on its own side, from the cord down through the dura."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from spinemodel.anatomy.annotation import Annotation, Markers, Roots
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.mistakes import and_more, hint, point_number
from spinemodel.anatomy.plausible_sides import require_apart, require_level_order, require_no_twins, require_sides
from spinemodel.anatomy.stack import Stack, middle, outside
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

OUTSIDE_MM: Final = 1.5
"""How far a point may lie outside the dura. In sub-03: 0.36 mm, at the exits."""

ENTRY_MM: Final = 6.0
"""How far from the cord's surface a root may begin. In sub-03: 1.1 mm."""

GAP_MM: Final = 20.0
"""Across more, a root's course is invention."""

STRIDE_MM: Final = 6.0
"""Length of the strides along a root that average its noise."""

DETOUR: Final = (1.06, 1.15)
"""A path this much longer than its strides goes to and fro: without noise, and at most. In sub-03: 1.006; drawn twice
0.5 mm apart: 1.12-1.25. Noise whose usual misfit is u lengthens steps h by the part (u / h)^2: of a Rayleigh
distribution u is 1.44 SD, and the two points of a step differ by SD sqrt(2) in each direction of the slice."""

CAUDAL_PART: Final = 0.3
"""A root ends below its entry by this part of its length or more: its last turn may go upwards."""

LEVEL_MM: Final = 1.0
"""How far a root may begin above that of a higher level. In sub-03 each begins 2 mm or more below."""

MISFIT_FACTOR: Final = 8.0
"""A point may miss the line of its neighbours by this many times the usual distance. In sub-03: 4.1."""

MISFIT_MM: Final = (0.8, 2.0)
"""Bounds of what that allows."""

TURN_MM: Final = 7.0
"""Radius of the tightest turn of a root. Between neighbours h apart it lies h^2 / (2 r) off their chord."""

USUAL_STEP_MM: Final = 2.0
"""Distance of points for which the bounds above hold; sub-03's."""

MISFIT_END: Final = 1.5
"""Noise of the line through three points continued by one, relative to that of the mean of two."""

MISFIT_PER_GAP: Final = 0.05
"""Further allowance for each mm between the neighbours beyond the usual."""

REDRAW: Final = "look at it in Slicer: move or delete it"


def require_roots(roots: Roots, cord: Stack, dura: Stack, frame: FloatArray, raw: Annotation) -> None:
    """Refuse roots that cannot be this subject's.

    Parameters
    ----------
    roots
        Ordered from the cord outwards.
    cord, dura
        The stacks, in the subject's frame.
    frame
        (3, 3), that frame.
    raw
        The markers as they were stored, for the numbers of points.

    Raises
    ------
    InputError
        Naming the file and, where one point is wrong, its number.
    """
    require_no_twins(roots)
    require_apart(roots)
    _require_in_dura(roots, dura, frame)
    require_sides(roots, dura, frame)
    usual = _usual_misfit(roots)
    _require_dorsal(roots, cord, frame)
    for strand in roots.values():
        _require_smooth(strand, usual, raw)
        _require_once(strand, usual)
        _require_caudal(strand, frame)
        _require_points_in_dura(strand, dura, frame, raw)
        _require_entry(strand, cord, frame)
    require_level_order({name: _top(strand, frame) for name, strand in roots.items()}, roots, LEVEL_MM)


def _require_in_dura(roots: Roots, dura: Stack, frame: FloatArray) -> None:
    """Refuse roots most of which lie outside the dura."""
    wrong = [strand for strand in roots.values() if _astray(strand.points, dura, frame)]
    if wrong:
        raise InputError(
            f"{wrong[0].source}: this root lies outside the dura{and_more(len(wrong))}; expected it inside: "
            + hint(
                wrong[0].points,
                lambda points: not _astray(points, dura, frame),
                "look at the root and the dura in Slicer",
            )
        )


def _astray(points: FloatArray, dura: Stack, frame: FloatArray) -> bool:
    """Tell whether most of ``points`` lie outside the dura, or above or below all of it."""
    return not float(np.median(np.nan_to_num(outside(dura, points @ frame.T), nan=np.inf))) < OUTSIDE_MM


def _require_dorsal(roots: Roots, cord: Stack, frame: FloatArray) -> None:
    """Refuse roots that enter the cord from the front: these are dorsal roots."""
    if not roots:
        return
    entries = np.array([strand.points[0] for strand in roots.values()]) @ frame.T
    behind = float(np.median((middle(cord, entries[:, 2]) - entries[:, :2])[:, 1]))
    if behind <= 0:
        raise InputError(
            f"{next(iter(roots.values())).source}: this and the other roots begin {-behind:.1f} mm in front of the "
            "cord's middle (median); expected behind it: front and back look exchanged: mend the sign of y, or "
            "coordinateSystem, in all files"
        )


def _top(strand: Markers, frame: FloatArray) -> float:
    return float(strand.points[0] @ frame[2])


def _usual_misfit(roots: Roots) -> float:
    """Return the usual distance of a point from the line of its neighbours: the noise of the annotation, mm."""
    found = [line_misfit(strand.points)[1:-1] for strand in roots.values()]
    return float(np.median(np.concatenate(found))) if found else 0.0


def line_misfit(points: FloatArray) -> FloatArray:
    """Return how far each of ``points`` (n, 3), n >= 3, lies from the line of its neighbours, (n,) mm.

    That line is the chord of the two neighbours; at an end it is the line of least squares through the next three.
    """
    s = arc_length(points)
    part = ((s[1:-1] - s[:-2]) / (s[2:] - s[:-2]))[:, None]
    inner = np.linalg.norm(points[1:-1] - (1 - part) * points[:-2] - part * points[2:], axis=1)
    return np.concatenate([[_end_misfit(points)], inner, [_end_misfit(points[::-1])]])


def _end_misfit(points: FloatArray) -> float:
    """Return how far the first point lies from the line that the next three continue."""
    near = points[1:4]
    if len(near) < 3:
        return 0.0
    along = near[0] - near[2]
    along /= np.linalg.norm(along)
    offset = points[0] - near.mean(axis=0)
    return float(np.linalg.norm(offset - (offset @ along) * along))


def _require_smooth(strand: Markers, usual: float, raw: Annotation) -> None:
    """Refuse a root with a point off the line of its neighbours, or with a stretch without points."""
    points = strand.points
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    coarser = max(0.0, float(np.median(steps)) ** 2 - USUAL_STEP_MM**2)
    allowed = np.full(len(points), np.clip(MISFIT_FACTOR * usual, *MISFIT_MM) + coarser / (2 * TURN_MM))
    allowed[[0, -1]] *= MISFIT_END
    wider = np.concatenate([steps[:1], np.maximum(steps[:-1], steps[1:]), steps[-1:]]) - np.median(steps)
    allowed += MISFIT_PER_GAP * np.clip(wider, 0, GAP_MM)
    excess = line_misfit(points) / allowed
    worst = int(excess.argmax())
    if excess[worst] > 1:
        number = point_number(raw, strand.source, points[worst])
        raise InputError(
            f"{strand.source}: point {number} lies {excess[worst] * allowed[worst]:.2f} mm from the line of its "
            f"neighbours; expected less than {allowed[worst]:.2f} mm: " + _point_hint(points, worst)
        )
    widest = int(steps.argmax())
    if steps[widest] > GAP_MM:
        first, last = (point_number(raw, strand.source, points[widest + i]) for i in (0, 1))
        raise InputError(
            f"{strand.source}: no points over {steps[widest]:.0f} mm between points {first} and {last}; expected gaps "
            f"of less than {GAP_MM:g} mm: complete the root in Slicer"
        )


def _point_hint(points: FloatArray, worst: int) -> str:
    """Return the usual mistake without which the point would lie near the others."""
    others = np.delete(points, worst, axis=0)
    near = 2 * float(np.linalg.norm(np.diff(others, axis=0), axis=1).max())
    return hint(
        points[worst], lambda point: bool(np.linalg.norm(others - point, axis=1).min() < near), REDRAW
    )


def _require_once(strand: Markers, usual: float) -> None:
    """Refuse a root whose path goes to and fro: two drawings of one root in one file."""
    s = arc_length(strand.points)
    strides = strand.points[np.unique(np.searchsorted(s, np.append(np.arange(0, s[-1], STRIDE_MM), s[-1])))]
    detour = s[-1] / arc_length(strides)[-1]
    noise = usual / float(np.median(np.diff(s)))
    if detour > (most := min(DETOUR[0] + noise**2, DETOUR[1])):
        raise InputError(
            f"{strand.source}: the path through its {len(strand.points)} points is {detour:.3f} times as long as a "
            f"smooth root's; expected less than {most:.3f}: was the root drawn twice in this file? Keep one drawing"
        )


def _require_caudal(strand: Markers, frame: FloatArray) -> None:
    """Refuse a root that does not run towards the feet."""
    descent = (strand.points[0] - strand.points[-1]) @ frame[2]
    length = arc_length(strand.points)[-1]
    if descent < CAUDAL_PART * length:
        raise InputError(
            f"{strand.source}: descends {descent:.0f} mm over a path of {length:.0f} mm; expected a root to run "
            "towards the feet: was it drawn twice in this file?"
        )


def _require_points_in_dura(strand: Markers, dura: Stack, frame: FloatArray, raw: Annotation) -> None:
    """Refuse a root that leaves the dura and returns; beyond the last point inside it has left through its sleeve."""
    distance = np.nan_to_num(outside(dura, strand.points @ frame.T), nan=-np.inf)
    inside = np.flatnonzero(distance < 0)
    before_exit = distance[: inside[-1] + 1] if len(inside) else distance
    if before_exit.max() > OUTSIDE_MM:
        worst = int(before_exit.argmax())
        raise InputError(
            f"{strand.source}: point {point_number(raw, strand.source, strand.points[worst])} lies "
            f"{before_exit[worst]:.2f} mm outside the dura; expected less than {OUTSIDE_MM:g} mm before the root's "
            "exit: move it, or mend the dura's contour there"
        )


def _require_entry(strand: Markers, cord: Stack, frame: FloatArray) -> None:
    """Refuse a root that begins far from the cord."""
    gap = float(cdist(strand.points[:1] @ frame.T, cord.rings.reshape(-1, 3)).min())
    if gap > ENTRY_MM:
        raise InputError(
            f"{strand.source}: begins {gap:.2f} mm from the cord; expected less than {ENTRY_MM:g} mm: draw it up to "
            "its entry, or complete the cord's contours"
        )

