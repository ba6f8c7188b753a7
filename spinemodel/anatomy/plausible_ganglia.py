"""Checks of the ganglia: each is where its root, its partner and its neighbours let expect it."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers, Roots
from spinemodel.anatomy.mistakes import hint
from spinemodel.anatomy.plausible_sides import (
    NEAR_MM,
    from_middle,
    is_near,
    require_level_order,
    require_no_twins,
    require_sides,
)
from spinemodel.anatomy.stack import Stack, outside
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import RootName

ABOVE_MM: Final = 15.0
"""A ganglion may lie this far above the last point of its root: a root's sleeve may turn upwards."""

REACH_MM: Final = 220.0
"""A ganglion lies at most this far from its root's last point. In sub-03: 143 mm (S2)."""

PARTNER_MM: Final = 25.0
"""Left and right ganglia of a level differ by less in height. In sub-03: 9 mm."""

ASYMMETRY_MM: Final = 20.0
"""Left and right ganglia of a level differ by less in their distance from the midline."""

MOVE: Final = "place it again in Slicer"


def require_ganglia(arranged: Annotation, dura: Stack, frame: FloatArray) -> None:
    """Refuse ganglia that cannot be this subject's.

    Raises
    ------
    InputError
        Naming the file.
    """
    ganglia = arranged.ganglia
    require_no_twins(ganglia)
    require_sides(ganglia, dura, frame)
    for name, ganglion in ganglia.items():
        _require_place(ganglion, arranged.roots.get(name), dura, frame)
    require_level_order({name: _height(ganglia, name, frame) for name in ganglia}, ganglia)
    _require_partners(ganglia, dura, frame)


def _require_place(ganglion: Markers, root: Markers | None, dura: Stack, frame: FloatArray) -> None:
    """Refuse a ganglion in the dura or out of reach of its root."""
    if fault := _fault(ganglion.points, root, dura, frame):
        raise InputError(
            f"{ganglion.source}: {fault}: "
            + hint(ganglion.points, lambda points: not _fault(points, root, dura, frame), MOVE)
        )


def _fault(points: FloatArray, root: Markers | None, dura: Stack, frame: FloatArray) -> str:
    """Return what is wrong with the place of a ganglion, or nothing."""
    if not is_near(points, dura, frame):
        apart = np.linalg.norm(from_middle(points, dura, frame), axis=1).max()
        return f"this ganglion lies {apart:.0f} mm from the axis of the dura; expected less than {NEAR_MM:g} mm"
    local = points @ frame.T
    inside = -float(np.nan_to_num(outside(dura, local), nan=np.inf).min())
    if inside > 0:
        return f"this ganglion lies {inside:.1f} mm inside the dura; expected it outside"
    return _root_fault(local, root, frame) if root else ""


def _root_fault(local: FloatArray, root: Markers, frame: FloatArray) -> str:
    """Return what is wrong with the place of a ganglion relative to its root's end, or nothing."""
    end = root.points[-1] @ frame.T
    rise = float((local[:, 2] - end[2]).max())
    if rise > ABOVE_MM:
        return f"this ganglion lies {rise:.0f} mm above the end of its root {root.source}; expected it below"
    reach = float(np.linalg.norm(local - end, axis=1).max())
    if reach > REACH_MM:
        return (
            f"this ganglion lies {reach:.0f} mm from the end of its root {root.source}; expected less than "
            f"{REACH_MM:g} mm"
        )
    return ""


def _require_partners(ganglia: Roots, dura: Stack, frame: FloatArray) -> None:
    """Refuse left and right ganglia of a level that are no pair."""
    for left in (name for name in ganglia if name.side == "L"):
        right = RootName(left.level, "R")
        if right not in ganglia:
            continue
        rise = abs(_height(ganglia, left, frame) - _height(ganglia, right, frame))
        apart = abs(sum(float(from_middle(ganglia[n].points, dura, frame)[:, 0].mean()) for n in (left, right)))
        if rise > PARTNER_MM or apart > ASYMMETRY_MM:
            raise InputError(
                f"{ganglia[left].source} and {ganglia[right].source}: differ by {rise:.0f} mm in height and by "
                f"{apart:.0f} mm in distance from the midline; expected less than {PARTNER_MM:g} and "
                f"{ASYMMETRY_MM:g} mm: " + MOVE
            )


def _height(ganglia: Roots, name: RootName, frame: FloatArray) -> float:
    return float((ganglia[name].points @ frame[2]).mean())
