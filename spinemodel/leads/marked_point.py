"""A marked point as the place of a lead: whether it lies by the dura, and how far round it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.anatomy.proximity import nearest
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.leads.dura_section import LeadSide, Outline, quarter_of
from spinemodel.leads.site import Site

if TYPE_CHECKING:
    from spinemodel.leads.track import Keys, Target

MOST_OFF_MM: Final = 20.0
"""Farthest that a marked point may lie from the dura. A choice: a canal is about as wide, so that a mark on bone, on a
lead or on the cord passes, and one in a wrong frame or of another subject does not."""


def off_dura(site: Site, target: Target) -> float | None:
    """Return how far a target's point lies from the dura's outer face, mm, on either side; None without a point."""
    if target.point is None:
        return None
    point = np.array([target.point])
    return float(np.linalg.norm(nearest(site.sac, point)[1][0] - point[0]))


def require_by_dura(site: Site, target: Target, keys: Keys) -> None:
    """Refuse a point that lies too far from the dura to mean a place on it.

    Raises
    ------
    InputError
        If it lies farther than ``MOST_OFF_MM``.
    """
    off = off_dura(site, target)
    if target.point is not None and off is not None and off > MOST_OFF_MM:
        x, y, z = target.point
        raise InputError(
            f"{keys.at} {target.asked}: {target.said}, at {x:.1f} {y:.1f} {z:.1f} (RAS), lies {off:.1f} mm from the "
            f"dura; expected at most {MOST_OFF_MM:g} mm: is coordinateSystem right, and the file of this subject?"
        )


def arc_to(outlines: list[Outline], target: Target, point: FloatArray, side: LeadSide, keys: Keys) -> float:
    """Return how far round the dura, from its midline to the right, the place nearest to a point (3,) lies, mm.

    Raises
    ------
    InputError
        If that place is on the other side of the dura.
    """
    outline = min(outlines, key=lambda one: float((point - one.point) @ (point - one.point)))
    place = np.array([(point - outline.point) @ outline.right, (point - outline.point) @ outline.dorsal])
    arc = float(outline.arc[((outline.places - place) ** 2).sum(axis=1).argmin()])
    if abs(arc) > quarter_of(outline):
        other = "ventral" if side == "dorsal" else "dorsal"
        raise InputError(
            f"{keys.at} {target.asked}: {target.said} lies {abs(arc):.1f} mm round the dura from its {side} midline, "
            f"on its {other} side; expected at most {quarter_of(outline):.1f} mm, or {keys.side} {other}"
        )
    return arc
