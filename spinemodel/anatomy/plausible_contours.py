"""Checks of the contours: each continues its neighbours, and the cord lies in the dura.

The scale of what is refused is the subject's own. How far a contour lies from what its neighbours predict is mostly
the annotator's noise; a contour that exceeds the usual distance several times was not drawn there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.mistakes import and_more, hint, point_number
from spinemodel.anatomy.ordering import contour_order, plane_normal
from spinemodel.anatomy.stack import Stack, expected, misfit, outside, ring
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

PLANAR_MM: Final = 0.5
"""A point may lie this far from its contour's plane. In sub-03: 0.03 mm."""

TILT_DEG: Final = 20.0
"""A slice may be tilted this far from its fellows: more, and it would cross them."""

TILT_MM: Final = 1.0
"""A tilt that lifts no point by this much is the noise of a small contour."""

MISFIT_FACTOR: Final = 3.0
"""A contour may miss its prediction by this many times the usual distance. In sub-03: 2.4 (dura), 1.9 (cord)."""

MISFIT_MM: Final = (0.8, 1.5)
"""Bounds of what that allows: finer than a model needs, and coarser than any careful annotator draws."""

MISFIT_END: Final = 1.5
"""An end contour has one neighbour, and may miss it by this much more."""

MISFIT_PER_GAP: Final = 0.05
"""Further allowance for each mm by which the neighbours are farther apart than usual."""

SAME_SLICE: Final = 0.25
"""Contours nearer than this part of the usual spacing were drawn in one slice."""

WIDEST_GAP_MM: Final = 15.0
"""Across more, interpolation errs by more than 1 mm: of sub-03's own contours, it missed those left out of a gap of
12 mm by 0.9 mm (median of the largest distances), of 16 mm by 1.1 mm, of 30 mm by 2 mm."""

OPEN_PART: Final = 0.35
"""The largest step between points, as a part of the way round. In sub-03: 0.18 (7 points), 0.09 for the dura."""

SAG_MM: Final = 0.5
"""How far a circle may rise over a step between points. In sub-03, and in phantoms with noise of 0.2 mm: 0.34 mm."""

UNEVEN: Final = 2.0
"""A step of this many usual ones is no missing arc: the contour has few points all round."""

BREACH_MM: Final = 0.5
"""How far the cord may seem to leave the dura between slices. In sub-03 it stays 0.7 mm within."""

REDRAW: Final = "look at it in Slicer and draw it again"


def require_stack(name: str, stack: Stack, frame: FloatArray, raw: Annotation) -> None:
    """Refuse contours that do not continue each other.

    Parameters
    ----------
    name
        ``cord`` or ``dura``.
    stack
        The contours in order.
    frame
        (3, 3), the subject's frame of the stack.
    raw
        The markers as they were stored, for the numbers of points.

    Raises
    ------
    InputError
        Naming the contour, or both contours of a pair.
    """
    for contour in stack.contours:
        _require_plane(contour, raw)
        _require_closed(contour, raw)
    _require_parallel(stack, frame)
    _require_slices(name, stack)
    _require_continuity(name, stack, frame)
    _require_no_crossing(stack)


def _require_plane(contour: Markers, raw: Annotation) -> None:
    """Refuse a contour with a point out of its plane."""
    height = np.abs((contour.points - contour.points.mean(axis=0)) @ plane_normal(contour.points))
    if (worst := height.max()) > PLANAR_MM:
        number = point_number(raw, contour.source, contour.points[height.argmax()])
        raise InputError(
            f"{contour.source}: point {number} lies {worst:.2f} mm out of the plane of its contour; expected less than "
            f"{PLANAR_MM:g} mm: move it or delete it in Slicer"
        )


def _require_closed(contour: Markers, raw: Annotation) -> None:
    """Refuse a contour of which an arc has no points."""
    points = contour.points
    steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    part = steps / steps.sum()
    widest = int(part.argmax())
    bowed = np.sqrt(4 * SAG_MM / (np.pi * steps.sum()))  # the chord of part p of a circle lies pi p^2 / 4 within
    if part[widest] > (most := min(OPEN_PART, max(UNEVEN / len(points), bowed))):
        first, last = (point_number(raw, contour.source, points[(widest + i) % len(points)]) for i in (0, 1))
        raise InputError(
            f"{contour.source}: no points on {100 * part[widest]:.1f} % of the contour, between points {first} and "
            f"{last}; expected less than {100 * most:.1f} %: complete it in Slicer or remove the file"
        )


def _require_parallel(stack: Stack, frame: FloatArray) -> None:
    """Refuse a contour in a plane that its fellows do not share."""
    for contour in stack.contours:
        tilt = np.degrees(np.arccos(np.clip(plane_normal(contour.points) @ frame[2], -1, 1)))
        height = (contour.points - contour.points.mean(axis=0)) @ frame[2]
        if tilt > TILT_DEG and np.abs(height).max() > TILT_MM:
            raise InputError(
                f"{contour.source}: its plane is tilted by {tilt:.0f} degrees against the other slices; expected less "
                f"than {TILT_DEG:g}: " + _hint(stack, contour, frame)
            )


def _require_slices(name: str, stack: Stack) -> None:
    """Refuse two contours in one slice, and a stretch without any."""
    gaps = np.diff(stack.heights)
    usual = float(np.median(gaps))
    for (low, high), gap in zip(pairwise(stack.contours), gaps, strict=True):
        if gap < SAME_SLICE * usual:
            raise InputError(
                f"{low.source} and {high.source}: two {name} contours {abs(gap):.2f} mm apart, where slices are "
                f"{usual:.1f} mm apart: remove one of the two files"
            )
        if gap > WIDEST_GAP_MM:
            raise InputError(
                f"{name}: no contour over {gap:.0f} mm between {low.source} and {high.source}; expected gaps of less "
                f"than {WIDEST_GAP_MM:g} mm: draw the missing slices, or mend the position of the contours beyond"
            )


def _require_continuity(name: str, stack: Stack, frame: FloatArray) -> None:
    """Refuse a contour far from what its neighbours let expect."""
    excess = _excess(stack.rings)
    if excess.max() > 1:
        culprit = _culprit(stack.rings, int(excess.argmax()))
        contour = stack.contours[culprit]
        found = misfit(stack.rings, expected(stack.rings))[culprit]
        raise InputError(
            f"{contour.source}: this {name} contour lies up to {found:.2f} mm from what its neighbours let expect; "
            f"expected less than {found / excess[culprit]:.2f} mm: " + _hint(stack, contour, frame)
        )


def _excess(rings: FloatArray) -> FloatArray:
    """Return by how many times each ring exceeds the distance allowed from its prediction, (n,)."""
    found = misfit(rings, expected(rings))
    heights = rings.mean(axis=1)[:, 2]
    gaps = np.diff(heights)
    allowed = np.full(len(rings), np.clip(MISFIT_FACTOR * np.median(found), *MISFIT_MM))
    allowed[[0, -1]] *= MISFIT_END
    wider = np.concatenate([gaps[:1], np.maximum(gaps[:-1], gaps[1:]), gaps[-1:]]) - np.median(gaps)
    return np.asarray(found / (allowed + MISFIT_PER_GAP * np.maximum(wider, 0)))


def _culprit(rings: FloatArray, worst: int) -> int:
    """Return which of the worst ring and its two neighbours to leave out so that the others fit best.

    A wrong ring spoils the predictions of its neighbours, and more so at an end.
    """
    near = range(max(worst - 1, 0), min(worst + 2, len(rings)))
    window = slice(max(worst - 6, 0), worst + 7)
    return min(near, key=lambda i: float(_excess(np.delete(rings, i, axis=0))[window].max()))


def _hint(stack: Stack, contour: Markers, frame: FloatArray) -> str:
    """Return the usual mistake without which ``contour`` would continue its neighbours."""
    others = np.array([r for r, c in zip(stack.rings, stack.contours, strict=True) if c is not contour])

    def fits(points: FloatArray) -> bool:
        candidate = ring(points[contour_order(points)], frame)
        at = int(np.searchsorted(others.mean(axis=1)[:, 2], candidate[:, 2].mean()))
        return bool(_excess(np.insert(others, at, candidate, axis=0))[at] <= 1)

    return hint(contour.points, fits, REDRAW)


def _require_no_crossing(stack: Stack) -> None:
    """Refuse contours that pass through each other's slices."""
    for i, (low, high) in enumerate(pairwise(stack.contours)):
        gap = (stack.rings[i + 1] - stack.rings[i])[:, 2].min()
        if gap < 0:
            raise InputError(
                f"{low.source} and {high.source}: these contours cross, by {-gap:.1f} mm: draw one of the two again, "
                "or remove it"
            )


def require_cord_in_dura(cord: Stack, dura: Stack, frame: FloatArray) -> None:
    """Refuse a cord that leaves the dura.

    Raises
    ------
    InputError
        Naming the cord's contour.
    """
    breach = np.array([_breach(dura, contour.points, frame) for contour in cord.contours])
    wrong = breach > BREACH_MM
    if np.isneginf(breach).all():
        fault, suspects = "no contour of the cord lies at the height of one of the dura", cord.contours
    elif 2 * wrong.sum() > len(wrong):
        fault, suspects = f"the cord lies up to {breach.max():.2f} mm outside the dura", cord.contours
    elif wrong.any():
        suspects = cord.contours[int(breach.argmax()) :][:1]
        fault = f"this contour lies up to {breach.max():.2f} mm outside the dura{and_more(int(wrong.sum()))}"
    else:
        return
    raise InputError(f"{suspects[0].source}: {fault}; expected the cord inside: " + _cord_hint(suspects, dura, frame))


def _breach(dura: Stack, points: FloatArray, frame: FloatArray) -> float:
    """Return how far the farthest of ``points`` lies outside the dura, mm; -inf where all lie beyond its ends."""
    return float(np.nan_to_num(outside(dura, points @ frame.T), nan=-np.inf).max())


def _cord_hint(contours: Sequence[Markers], dura: Stack, frame: FloatArray) -> str:
    """Return the mistake, of the cord or of the dura, without which the ``contours`` lie in the dura."""
    points = np.vstack([contour.points for contour in contours])
    return hint(
        points,
        lambda candidate: -np.inf < _breach(dura, candidate, frame) <= BREACH_MM,
        "look at the cord and the dura in Slicer",
    )
