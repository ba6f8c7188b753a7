"""Cord and roots as gravity places them in the thecal sac: lying on the back, as scanned, or on the belly.

The dorsal layer of cerebrospinal fluid, which shields the cord from an epidural electrode, is thicker in prone
position: by about 2.2 mm at T11 and 3.4 mm at T12 (Holsheimer et al. 1994, AJNR 15:951; 26 healthy subjects). The roots
of the cauda equina sink to the front, too, in 48 of 56 patients (Gravity determines the direction of nerve roots
sedimentation in the lumbar spinal canal, BMC Musculoskelet. Disord. 2021, 10.1186/s12891-021-04032-y); by how much is
not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.clearance import keep_clear
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.stack import Stack, body_frame, middle, outside, stack
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Posture: TypeAlias = Literal["supine", "prone"]

PRONE_MM: Final[Mapping[str, float]] = {"T11": 2.2, "T12": 3.4}
"""By how much the dorsal fluid grows from supine to prone at these vertebrae (Holsheimer et al. 1994)."""

EASE_MM: Final = 10.0
"""Where the sac has too little room, the shift falls and rises again over this length. A choice: five slices."""

EVEN_MM: Final = 6.0
"""Over this length (SD of a Gaussian) along a root its place in the sac is averaged: the noise of single markers would
be made larger by dividing short distances. Less near its ends, which stay where they belong. A choice: three slices."""

_HALVINGS: Final = 24
"""Of the interval of a shift: 3 mm become a millionth."""


@dataclass(frozen=True)
class PostureParameters:
    """How far cord and roots move.

    Attributes
    ----------
    prone_mm
        Shift to the front at the middle of each vertebra named; linear between. Nothing is known above T11 and below
        T12: the nearest value is held. A choice; that the shift tapers off towards the conus would contradict the
        roots below it, which move.
    clearance_mm
        What cord and roots keep from the dura, and roots from the cord; what was drawn nearer comes no nearer. A
        choice.
    attached_mm
        Length from its entry on over which a root still follows the cord. A choice: a root comes off the cord over
        about 8 mm.
    """

    prone_mm: Mapping[str, float] = field(default_factory=lambda: dict(PRONE_MM))
    clearance_mm: float = 0.5
    attached_mm: float = 15.0


def in_posture(
    annotation: Annotation,
    posture: Posture,
    axis: Axis,
    at_mm: Mapping[str, float],
    parameters: PostureParameters | None = None,
) -> Annotation:
    """Return an annotation that was drawn in supine position as it would be in ``posture``.

    Every contour of the cord moves to the front in its slice, as far as the sac allows. A root's marker moves with the
    part of the cord's shift that its place gives: all of it on the cord, none at the dura's wall. Below its tip the
    cord is thought to go on for that. Dura and ganglia stay. What was reached is said in the notes.

    Parameters
    ----------
    annotation
        Arranged.
    posture
        ``supine`` returns the annotation as it is.
    axis
        Of the spine.
    at_mm
        Distance along the axis of the middle of vertebrae, T11 or T12 among them.
    parameters
        See :class:`PostureParameters`.

    Raises
    ------
    InputError
        If the posture is unknown, or no vertebra with a known shift is given.
    """
    if posture not in get_args(Posture):
        raise InputError(f"posture: got {posture!r}, expected one of {', '.join(get_args(Posture))}")
    if posture == "supine":
        return annotation
    parameters = parameters or PostureParameters()
    shift = cord_shift(annotation, axis, at_mm, parameters)
    frame = body_frame((*annotation.cord, *annotation.dura))
    cord = tuple(
        Markers(contour.points + reached * frame[1], contour.source)
        for contour, reached in zip(annotation.cord, shift.reached_mm, strict=True)
    )
    before, now, dura = (stack(contours, frame) for contours in (annotation.cord, cord, annotation.dura))
    sac = _Sac(before, now, dura, frame, shift.reached_mm)
    roots = {
        name: Markers(_moved(root.points, sac, parameters), root.source) for name, root in annotation.roots.items()
    }
    return replace(annotation, cord=cord, roots=roots, notes=(*annotation.notes, _note(posture, shift)))


class Shift(NamedTuple):
    """What is cited and what is reached, (n,) mm, for each contour of the cord."""

    cited_mm: FloatArray
    reached_mm: FloatArray


def cord_shift(
    annotation: Annotation, axis: Axis, at_mm: Mapping[str, float], parameters: PostureParameters
) -> Shift:
    """Return how far each contour of the cord moves to the front when prone.

    The part of the cited shift for which there is room is eased along the cord without exceeding the room anywhere:
    the mean, over ``EASE_MM`` to both sides, of what is the least over as much.
    """
    known = {level: at_mm[level] for level in parameters.prone_mm if level in at_mm}
    if not known:
        raise InputError(
            f"posture prone: got the places of {', '.join(at_mm) or 'no vertebrae'}, expected "
            f"{' or '.join(parameters.prone_mm)}, for which a shift is cited: give vertebrae, or ganglia to tell them"
        )
    levels = sorted(known, key=known.__getitem__)
    s = locate(axis, np.array([contour.points.mean(axis=0) for contour in annotation.cord]))[0]
    cited = np.interp(s, [known[level] for level in levels], [parameters.prone_mm[level] for level in levels])
    frame = body_frame((*annotation.cord, *annotation.dura))
    cord, dura = stack(annotation.cord, frame), stack(annotation.dura, frame)
    room = [_room(ring, dura, most, parameters.clearance_mm) for ring, most in zip(cord.rings, cited, strict=True)]
    part = np.divide(room, cited, out=np.ones_like(cited), where=cited > 0)
    return Shift(cited, cited * _eased(part, cord.heights))


def _room(ring: FloatArray, dura: Stack, most: float, clearance_mm: float) -> float:
    """Return how far up to ``most`` a contour of the cord (m, 3) can move to the front within the dura, mm."""
    forwards = np.array([0.0, 1.0, 0.0])

    def nearest(shift: float) -> float:
        gap = -outside(dura, ring + shift * forwards)
        return float(np.nan_to_num(gap, nan=np.inf).min())

    least = min(clearance_mm, nearest(0.0))
    if nearest(most) >= least:
        return float(most)
    low, high = 0.0, float(most)
    for _ in range(_HALVINGS):
        half = (low + high) / 2
        low, high = (half, high) if nearest(half) >= least else (low, half)
    return low


def _eased(part: FloatArray, heights: FloatArray) -> FloatArray:
    """Return ``part`` (n,) without sudden changes along the cord, nowhere more than it was."""
    near = np.abs(heights[:, None] - heights) <= EASE_MM
    least = np.where(near, part, np.inf).min(axis=1)
    return np.asarray((near * least).sum(axis=1) / near.sum(axis=1))


class _Sac(NamedTuple):
    """The sac in the subject's frame, with the cord before and after it moved by ``shift`` (n,) mm."""

    before: Stack
    cord: Stack
    dura: Stack
    frame: FloatArray
    shift: FloatArray


def _moved(points: FloatArray, sac: _Sac, parameters: PostureParameters) -> FloatArray:
    """Return the markers (n, 3) of a root, from the cord outwards, after the cord has moved."""
    local = points @ sac.frame.T
    share = _share(local, arc_length(points), sac, parameters.attached_mm)
    forwards = share * np.interp(local[:, 2], sac.before.heights, sac.shift)
    moved = np.asarray(points + np.outer(forwards, sac.frame[1]))
    to_cord = np.minimum(outside(sac.before, local), parameters.clearance_mm)
    to_dura = np.minimum(-outside(sac.dura, local), parameters.clearance_mm)
    for _ in range(2):
        moved = keep_clear(moved, sac.cord, sac.frame, to_cord, 1)
        moved = keep_clear(moved, sac.dura, sac.frame, to_dura, -1)
    return moved


def _share(local: FloatArray, s: FloatArray, sac: _Sac, attached_mm: float) -> FloatArray:
    """Return the part (n,) of the cord's shift that markers at ``local`` (n, 3), ``s`` (n,) mm from the first, take.

    It falls linearly from the cord to the wall: D / (d + D) for the distances d and D from them in the slice, averaged
    along the root. Near the entry the root follows the cord, fading out over ``attached_mm``.
    """
    beside = local.copy()
    beside[:, 2] = np.clip(local[:, 2], sac.before.heights[0], sac.before.heights[-1])
    beside[:, :2] += middle(sac.dura, beside[:, 2]) - middle(sac.dura, local[:, 2])
    to_cord = np.maximum(outside(sac.before, beside), 0.0)
    to_dura = np.maximum(np.nan_to_num(-outside(sac.dura, local)), 0.0)
    width = np.clip(np.minimum(s, s[-1] - s), 1e-3, EVEN_MM)
    weight = np.exp(-(((s[:, None] - s) / width[:, None]) ** 2) / 2)
    place = weight @ (to_dura / np.maximum(to_cord + to_dura, 1e-9)) / weight.sum(axis=1)
    left = np.clip(1 - s / attached_mm, 0.0, 1.0) if attached_mm > 0 else np.zeros_like(s)
    return np.asarray(place + (1 - place) * left**2 * (3 - 2 * left))


def _note(posture: Posture, shift: Shift) -> str:
    """Say how far the cord was moved."""
    reached = shift.reached_mm / np.maximum(shift.cited_mm, 1e-9)
    short = int((shift.reached_mm < shift.cited_mm - 0.05).sum())
    room = f"all of the {shift.cited_mm.min():.1f} to {shift.cited_mm.max():.1f} mm that Holsheimer 1994 found"
    if short:
        room = f"{100 * reached.min():.0f} % or more of what Holsheimer 1994 found; {short} slices lack room for all"
    return (
        f"posture {posture}: cord moved to the front by {shift.reached_mm.min():.1f} to {shift.reached_mm.max():.1f} "
        f"mm, {room}"
    )
