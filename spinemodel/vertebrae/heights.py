"""Heights, widths, depths and angles of a vertebral body, in its own axes.

Quantitative morphometry marks six points on a lateral image of a body: its four corners, and the middles of both
endplates; the anterior, middle and posterior heights are the distances between upper and lower points (Eastell 1991,
J. Bone Miner. Res. 6:207; Genant 1993, J. Bone Miner. Res. 8:1137; Guglielmi 2008, Eur. Radiol. 18:1484). An image
shows the whole width at once; here the points are marked on sagittal sections through the middle third of the body
(:mod:`spinemodel.vertebrae._sections`). Of all sections' values the middle half is averaged, so that a spur or a
vessel's hole in a few of them does not count. Coronal sections give the widths in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surface import volume as enclosed_mm3
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import GeometryError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._frame import STEP_MM
from spinemodel.vertebrae._sections import Marks, mark, sections
from spinemodel.vertebrae.body import Body, Endplate

PLANES: Final = 21
"""Sections over the middle third: a choice, about two per mm."""

FEWEST: Final = 5
"""Of fewer sections no height is taken: a choice."""

CORNERS: Final = ("front_top", "back_top", "front_bottom", "back_bottom")


@dataclass(frozen=True, eq=False)
class Heights:
    """Measures of a vertebral body.

    Attributes
    ----------
    name
        Of the vertebra.
    anterior, middle, posterior
        Heights between the six points, mm.
    width_upper, width_middle, width_lower
        From side to side: between the corners of the endplates, and between the walls halfway up, mm.
    depth_upper, depth_middle, depth_lower
        From front to back, likewise, mm.
    wedge_sagittal_deg
        Angle between the endplates seen from the side; positive where the body is higher in front.
    wedge_coronal_deg
        The same seen from behind; positive where it is higher on the right.
    tilt_deg
        Angle of the body's own axial plane with that of the scanner.
    tilt_sagittal_deg, tilt_coronal_deg
        How far the body's cranial axis leans from +z to the front, and to the right.
    volume_mm3
        Of the whole vertebra.
    points
        (6, 3) mm: front top, back top, front bottom, back bottom, middle top and middle bottom, means of the sections.
    """

    name: str
    anterior: float
    middle: float
    posterior: float
    width_upper: float
    width_middle: float
    width_lower: float
    depth_upper: float
    depth_middle: float
    depth_lower: float
    wedge_sagittal_deg: float
    wedge_coronal_deg: float
    tilt_deg: float
    tilt_sagittal_deg: float
    tilt_coronal_deg: float
    volume_mm3: float
    points: FloatArray

    def __post_init__(self) -> None:
        """Copy the points and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points))


def heights(body: Body, surface: Surface) -> Heights:
    """Return the measures of a body.

    Parameters
    ----------
    body
        Found in ``surface``.
    surface
        Of the vertebra.

    Raises
    ------
    GeometryError
        If sections through the body have no outline round its middle.
    SpaceMismatchError
        If both do not live in one space.

    Examples
    --------
    >>> from trimesh.creation import box
    >>> from spinemodel.vertebrae.body import find_body
    >>> block = box(extents=(40, 30, 25))
    >>> block = Surface("L3", "here", block.vertices, block.faces)
    >>> found = heights(find_body(block), block)
    >>> [round(n, 1) for n in (found.anterior, found.width_middle, found.depth_upper)]
    [25.0, 40.0, 30.0]
    """
    require_same_space(body.space, surface.space)
    side, front = _marked(body, surface, 0), _marked(body, surface, 1)
    lean = np.degrees(np.arctan2(body.axes[2, :2], body.axes[2, 2]))
    return Heights(
        name=body.name,
        anterior=_between(side, "front_top", "front_bottom"),
        middle=_between(side, "top", "bottom"),
        posterior=_between(side, "back_top", "back_bottom"),
        width_upper=_between(front, "front_top", "back_top"),
        width_middle=_between(front, "front", "back"),
        width_lower=_between(front, "front_bottom", "back_bottom"),
        depth_upper=_between(side, "front_top", "back_top"),
        depth_middle=_between(side, "front", "back"),
        depth_lower=_between(side, "front_bottom", "back_bottom"),
        wedge_sagittal_deg=opening_deg(body.upper, body.lower, body.axes, 1),
        wedge_coronal_deg=opening_deg(body.upper, body.lower, body.axes, 0),
        tilt_deg=float(np.degrees(np.arccos(np.clip(body.axes[2, 2], -1.0, 1.0)))),
        tilt_sagittal_deg=float(lean[1]),
        tilt_coronal_deg=float(lean[0]),
        volume_mm3=enclosed_mm3(surface),
        points=_six(body, side),
    )


def opening_deg(upper: Endplate, lower: Endplate, axes: FloatArray, towards: int) -> float:
    """Return the angle between a plane above and one below, seen along an axis of ``axes`` (3, 3).

    Each endplate is taken as a plane, whichever way its normal looks. The angle is positive where the planes part
    towards axis ``towards``: 1 for the front, seen from the side; 0 for the right, seen from behind.
    """
    leans = []
    for plate in (upper, lower):
        up = plate.normal * (1.0 if plate.normal @ axes[2] > 0 else -1.0)
        leans.append(np.degrees(np.arctan2(up @ axes[towards], up @ axes[2])))
    return float(leans[1] - leans[0])


def middle_third(body: Body, across: int) -> FloatArray:
    """Return the places of sections over the middle third of the endplates along an axis of the body, mm."""
    spans = [np.ptp((plate.points - body.centre) @ body.axes[across]) for plate in (body.upper, body.lower)]
    half = float(np.mean(spans)) / 6
    return np.linspace(-half, half, PLANES)


def _marked(body: Body, surface: Surface, across: int) -> list[Marks]:
    """Return the points of morphometry on sagittal (``across`` 0) or coronal (1) sections."""
    back = body.behind_mm + STEP_MM
    found = sections(surface, body.axes, body.centre, across, middle_third(body, across), back)
    marks = [marked for marked in map(mark, found) if marked is not None]
    if len(marks) < FEWEST:
        raise GeometryError(
            f"vertebra {body.name}: only {len(marks)} of {PLANES} sections through the body have an outline, expected "
            f"{FEWEST} or more; is the mesh torn there?"
        )
    return marks


def _between(marks: Sequence[Marks], one: str, other: str) -> float:
    """Return the distance between two points, the mean of the middle half of the sections, mm."""
    return float(_typical([np.linalg.norm(getattr(m, one) - getattr(m, other)) for m in marks]))


def _typical(values: Sequence[FloatArray | np.floating]) -> FloatArray:
    """Return the mean of the middle half of values (n, ...), each coordinate by itself."""
    ordered = np.sort(np.array(values), axis=0)
    quarter = len(ordered) // 4
    return np.asarray(ordered[quarter : len(ordered) - quarter].mean(axis=0))


def _six(body: Body, side: Sequence[Marks]) -> FloatArray:
    """Return the six points in the midplane, (6, 3) mm."""
    flat = np.array([_typical([getattr(m, name) for m in side]) for name in (*CORNERS, "top", "bottom")])
    return np.asarray(body.centre + flat @ body.axes[1:])
