"""Checks of each file on its own, before anything is ordered: these numbers can be places in a body."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.mistakes import and_more, hint
from spinemodel.anatomy.ordering import distinct
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError
from spinemodel.units import MM_PER_M, MM_PER_UM

Kind: TypeAlias = Literal["cord", "dura", "root", "ganglion"]

NOUN: Final[dict[Kind, str]] = {
    "cord": "cord contour",
    "dura": "dura contour",
    "root": "root",
    "ganglion": "ganglion",
}

SCANNER_MM: Final = 1e4
"""No scanner reaches farther than 10 m from its origin."""

UNIT_MM: Final = SCANNER_MM / MM_PER_UM
"""Farther than a scanner reaches in micrometres, no unit explains a position."""

ASTRAY: Final = 4.0
"""A contour's point this many times farther from the middle than its fellows is not of it. In sub-03: at most 2."""

NEAR_MM: Final = 3.0
"""Points this near to the middle are never astray: the tip of the cord is as small as its noise."""

MIN_CONTOURS: Final = 3
"""Fewest contours of the cord and of the dura: two cannot show that one of them is wrong."""


class Limits(NamedTuple):
    """How many different points a file may hold, and how far they may reach, mm."""

    fewest: int
    most: float
    smallest: float
    largest: float


LIMITS: Final[dict[Kind, Limits]] = {
    "cord": Limits(4, np.inf, 0.5, 30.0),
    "dura": Limits(4, np.inf, 5.0, 60.0),
    "root": Limits(3, np.inf, 4.0, 400.0),
    "ganglion": Limits(1, 2, 0.0, 25.0),
}
"""In sub-03 a cord contour is 1.3-10.3 mm wide, a dura contour 14-22 mm, a root 62-94 mm long."""


def require_points(annotation: Annotation) -> None:
    """Refuse files whose points cannot be what they are said to be.

    Raises
    ------
    InputError
        Naming the file and the point (from 1, in stored order).
    """
    kinds: dict[Kind, tuple[Markers, ...]] = {
        "cord": annotation.cord,
        "dura": annotation.dura,
        "root": tuple(annotation.roots.values()),
        "ganglion": tuple(annotation.ganglia.values()),
    }
    for kind, files in kinds.items():
        if kind in ("cord", "dura") and len(files) < MIN_CONTOURS:
            raise InputError(
                f"{annotation.subject}: {len(files)} {NOUN[kind]}s; a surface needs {MIN_CONTOURS} or more, "
                f"files named {annotation.subject}_{kind}_1.json and so on"
            )
        for markers in files:
            _require_places(markers)
        _require_size(kind, files)
        for markers in files:
            _require_count(kind, markers)
            if kind in ("cord", "dura"):
                _require_together(kind, markers)


def _require_places(markers: Markers) -> None:
    """Refuse coordinates that no marker can have."""
    reach = np.abs(markers.points).max(axis=1)
    possible = (reach > 0) & (reach <= SCANNER_MM)  # false for nan, too
    if possible.all():
        return
    wrong = int(np.argmin(possible))
    where = f"{markers.source}: point {wrong + 1}"
    if not np.isfinite(reach[wrong]):
        raise InputError(f"{where} is {markers.points[wrong]}; expected three finite numbers")
    if reach[wrong] > 0:
        raise InputError(
            f"{where} lies {reach[wrong] / MM_PER_M:.4g} m from the origin; expected millimetres within a scanner"
            + (
                " (are these micrometres?): mend its position or coordinateUnits"
                if reach[wrong] <= UNIT_MM
                else ": mend its position"
            )
        )
    raise InputError(f"{where} lies exactly at the origin: an unset point? Place it in Slicer or delete it")


def _require_size(kind: Kind, files: tuple[Markers, ...]) -> None:
    """Refuse files most of whose points spread too little or too far; a point astray, or too few, is said elsewhere."""
    limits = LIMITS[kind]
    enough = [markers for markers in files if len(np.unique(markers.points, axis=0)) >= limits.fewest]
    wrong = [markers for markers in enough if not _has_size(kind, markers.points)]
    if wrong:
        raise InputError(
            f"{wrong[0].source}: this {NOUN[kind]} is {_extent(wrong[0].points):.3g} mm across{and_more(len(wrong))}; "
            f"expected {limits.smallest:g}-{limits.largest:g} mm; "
            + hint(wrong[0].points, lambda points: _has_size(kind, points), "look at it in Slicer and draw it again")
        )


def _has_size(kind: Kind, points: FloatArray) -> bool:
    astray = _astray(points) if kind in ("cord", "dura") else np.zeros(len(points), dtype=bool)
    return bool(LIMITS[kind].smallest <= _extent(points[~astray]) <= LIMITS[kind].largest)


def _extent(points: FloatArray) -> float:
    """Return the diagonal of the box around the points, mm."""
    return float(np.linalg.norm(np.ptp(points, axis=0)))


def _require_count(kind: Kind, markers: Markers) -> None:
    """Refuse too few or too many different points."""
    count, limits = int(distinct(markers.points).sum()), LIMITS[kind]
    if not limits.fewest <= count <= limits.most:
        expected = f"{limits.fewest} or more" if limits.most == np.inf else f"{limits.fewest} or {limits.most}"
        raise InputError(
            f"{markers.source}: {count} different point{'s' * (count != 1)}; a {NOUN[kind]} needs {expected}: "
            "complete it in Slicer or remove the file"
        )


def _require_together(kind: Kind, markers: Markers) -> None:
    """Refuse a contour with a point far from the others."""
    points = markers.points
    if not (astray := _astray(points)).any():
        return
    number = int(np.flatnonzero(astray)[0])
    middle = np.median(points[~astray], axis=0)
    reach = _extent(points[~astray])
    raise InputError(
        f"{markers.source}: point {number + 1} lies {np.linalg.norm(points[number] - middle):.1f} mm from the middle "
        f"of its {NOUN[kind]}, whose points span {reach:.1f} mm; "
        + hint(
            points[number],
            lambda point: bool(np.linalg.norm(point - middle) < reach),
            "move it or delete it in Slicer",
        )
    )


def _astray(points: FloatArray) -> BoolArray:
    """Return which points of a contour are much farther from its middle than most."""
    distance = np.linalg.norm(points - np.median(points, axis=0), axis=1)
    return np.asarray(distance > max(ASTRAY * float(np.median(distance)), NEAR_MM))
