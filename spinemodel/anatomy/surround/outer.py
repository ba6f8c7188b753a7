"""Muscle, and the domain that everything lies in: straight along the trunk, so that no bend of the spine folds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.sac import Caudal
from spinemodel.anatomy.surface import Surface, corners, face_vectors
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.stacking import oval, stack, unite
from spinemodel.anatomy.vertebral_levels import VertebralSpan
from spinemodel.arrays import BoolArray, FloatArray, freeze
from spinemodel.errors import GeometryError

CUT_MM: Final = 1.0
"""How far within the dura's flat ends the domain ends."""

FACING_DEG: Final = 40.0
"""A face of a tube's end looks this nearly along the axis; slices may be tilted by 30 degrees. A choice."""

ALONG_MM: Final = 20.0
"""Length of axis at the dura's upper end that gives the trunk its direction. A choice: long against the noise of
contours, short against the spine's bends, so that the domain's end is nearly parallel to the endplates beside it."""

KEEP_OFF_MM: Final = 1.2
"""Least distance of the domain's ends from endplates: more than discs reach into bodies. A choice."""

PROTRUDE_MM: Final = 12.0
"""How far muscle goes on beyond the domain."""

MUSCLE_DORSAL_MM: Final = 20.0
"""How far the middle of the back's muscles lies behind the axis. A choice: they fill the space from the transverse
processes to the tips of the spinous ones."""

PSOAS_DORSAL_MM: Final = -24.0
"""The same of the psoas, beside the bodies' back half. A choice."""


@dataclass(frozen=True, eq=False)
class TrunkFrame:
    """Directions of the trunk, and the axis seen in them.

    Attributes
    ----------
    frame
        (3, 3), unit vectors to the right, dorsally and rostrally.
    line
        (n, 3) mm, the axis's points in them.
    """

    frame: FloatArray
    line: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "frame", freeze(self.frame))
        object.__setattr__(self, "line", freeze(self.line))


def trunk_frame(axis: Axis, low: float, high: float) -> TrunkFrame:
    """Return the frame whose rostral direction is the axis's from ``low`` to ``high`` (mm along it).

    Raises
    ------
    GeometryError
        If the axis turns by more than a right angle, so that a height has no single place on it.
    """
    ends = [np.array([np.interp(s, axis.s, column) for column in axis.points.T]) for s in (low, high)]
    rostral = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    right = np.array([1.0, 0.0, 0.0]) - rostral[0] * rostral
    right /= np.linalg.norm(right)
    frame = np.stack([right, np.cross(right, rostral), rostral])
    line = axis.points @ frame.T
    if (np.diff(line[:, 2]) <= 0).any():
        raise GeometryError("trunk: the spine's axis turns back; expected one that rises from caudal to rostral")
    return TrunkFrame(frame, line)


def domain(
    axis: Axis,
    dura: Surface,
    parameters: SurroundParameters | None = None,
    *,
    caudal: Caudal = "extend",
    lowest: FloatArray | None = None,
    tops: Sequence[Surface] = (),
    keep_off: Sequence[float] = (),
) -> Surface:
    """Return the space that is modelled as a closed surface ``Bulk``: an elliptic prism with flat ends.

    It runs along the axis's direction at the dura's upper end. Its top lies 1 mm below the lowest point of the flat
    upper ends of the dura and of ``tops``; its bottom ``below_mm`` below the sac and the ``lowest`` points, or, where
    the dura is cut, 1 mm above the highest point of its flat lower end.

    Parameters
    ----------
    axis
        Of the spine.
    dura
        Inner surface of the dura.
    parameters
        Size of the trunk.
    caudal
        ``extend`` if the dura is a whole sac, ``cut`` if it ends with the scan.
    lowest
        (n, 3) mm, points to be held, such as ganglia; ignored where the dura is cut.
    tops
        Other surfaces with a flat upper end, such as the cord.
    keep_off
        Distances along the axis, such as of endplates, that the domain's ends keep ``KEEP_OFF_MM`` away from, so that
        they cut off no sliver.

    Raises
    ------
    GeometryError
        If the dura has no end that looks along the axis, or nothing lies between top and bottom.
    """
    own = parameters or SurroundParameters()
    trunk = _frame_of(axis, dura)
    plates = np.interp(keep_off, axis.s, trunk.line[:, 2])
    top = _clear_of(min(_end_height(trunk, surface, 1.0) for surface in (dura, *tops)) - CUT_MM, plates, -1.0)
    held = dura.vertices if lowest is None else np.vstack([dura.vertices, lowest])
    bottom = (
        -_end_height(trunk, dura, -1.0) + CUT_MM if caudal == "cut" else (held @ trunk.frame[2]).min() - own.below_mm
    )
    bottom = _clear_of(float(bottom), plates, 1.0 if caudal == "cut" else -1.0)
    if not bottom < top:
        raise GeometryError(f"domain: its bottom ({bottom:.0f} mm) is not below its top ({top:.0f} mm)")
    inside = (trunk.line[:, 2] > bottom) & (trunk.line[:, 2] < top)
    half_width, depth = own.trunk_mm[0] / 2, own.trunk_mm[1]
    back = trunk.line[inside, 1].max() + own.skin_mm
    outline = oval(half_width, back - depth, back, right=float(trunk.line[inside, 0].mean()))
    loops = np.array([np.column_stack([outline, np.full(len(outline), height)]) for height in (bottom, top)])
    return stack("Bulk", axis.space, loops @ trunk.frame, 2 * own.bulk_edge_mm)


def _clear_of(height: float, plates: FloatArray, way: float) -> float:
    """Return the first height, going up (1) or down (-1), that is clear of all ``plates`` (n,)."""
    for plate in np.sort(way * plates):
        if abs(way * height - plate) < KEEP_OFF_MM:
            height = way * (plate + KEEP_OFF_MM)
    return height


def _frame_of(axis: Axis, dura: Surface) -> TrunkFrame:
    """Return the trunk's frame: along the axis at the dura's upper end, where endplates lie square to it."""
    high = float(locate(axis, dura.vertices[:: max(1, len(dura.vertices) // 2000)])[0].max())
    return trunk_frame(axis, high - ALONG_MM, high)


def _end_height(trunk: TrunkFrame, surface: Surface, towards: float) -> float:
    """Return the least height of the end of a surface that looks up (1) or down (-1), in that direction, mm."""
    direction = towards * trunk.frame[2]
    points = corners(surface)[_facing(surface, direction)] @ direction
    if not len(points):
        raise GeometryError(f"surface {surface.name}: no end of it looks along the axis; expected a flat end")
    # The outermost end: what lies within the drop of a slice tilted by FACING_DEG across the surface's width.
    across = surface.vertices @ trunk.frame[:2].T
    drop = np.ptp(across, axis=0).min() * np.tan(np.radians(FACING_DEG))
    return float(points[points.max(axis=1) > points.max() - drop].min())


def _facing(surface: Surface, direction: FloatArray) -> BoolArray:
    """Return which faces look within ``FACING_DEG`` of a direction."""
    vectors = face_vectors(surface)
    return np.asarray(vectors @ direction > np.cos(np.radians(FACING_DEG)) * np.linalg.norm(vectors, axis=1))


def muscle(
    axis: Axis,
    dura: Surface,
    levels: Sequence[VertebralSpan],
    bulk: Surface,
    parameters: SurroundParameters | None = None,
) -> Surface:
    """Return the muscles of the back and the psoas as one closed surface ``Muscle``.

    Parameters
    ----------
    axis, dura
        Of the spine; as given to :func:`domain`.
    levels
        From head to foot.
    bulk
        The domain; the muscles of the back go through it from end to end.
    parameters
        Sizes.
    """
    own = parameters or SurroundParameters()
    trunk = _frame_of(axis, dura)
    heights = bulk.vertices @ trunk.frame[2]
    pieces = [_back(trunk, float(heights.min()) - PROTRUDE_MM, float(heights.max()) + PROTRUDE_MM, axis.space, own)]
    lumbar = [span for span in levels if span.name[0] == "L"]
    if len(lumbar) > 1:
        pieces += [_psoas(trunk, axis, lumbar, side, own) for side in (-1.0, 1.0)]
    return unite("Muscle", pieces, own.bulk_edge_mm)


def _at_height(trunk: TrunkFrame, height: float) -> FloatArray:
    """Return where the axis passes a height, to the right and dorsally (2,); beyond its ends it goes on straight."""
    line = trunk.line
    inside = np.array([np.interp(height, line[:, 2], line[:, k]) for k in range(2)])
    for end, before in ((0, 4), (-1, -5)):
        over = height - line[end, 2]
        if over * (line[end, 2] - line[before, 2]) > 0:
            inside = line[end, :2] + over * (line[end] - line[before])[:2] / (line[end] - line[before])[2]
    return np.asarray(inside)


def _tube(
    trunk: TrunkFrame, space: str, heights: FloatArray, outlines: Sequence[FloatArray], edge_mm: float
) -> Surface:
    """Return the tube through outlines (n, 2) in planes of the trunk's heights."""
    loops = [
        np.column_stack([outline, np.full(len(outline), height)])
        for height, outline in zip(heights, outlines, strict=True)
    ]
    return stack("muscle", space, np.array(loops) @ trunk.frame, edge_mm)


def _back(trunk: TrunkFrame, low: float, high: float, space: str, parameters: SurroundParameters) -> Surface:
    """Return the muscles of the back, which follow the axis."""
    heights = np.linspace(low, high, max(3, round((high - low) / 10.0)))
    half, depth = parameters.muscle_mm[0] / 2, parameters.muscle_mm[1]
    outlines = [
        oval(half, MUSCLE_DORSAL_MM - depth / 2, MUSCLE_DORSAL_MM + depth / 2) + _at_height(trunk, height)
        for height in heights
    ]
    return _tube(trunk, space, heights, outlines, parameters.bulk_edge_mm)


def _psoas(
    trunk: TrunkFrame, axis: Axis, lumbar: Sequence[VertebralSpan], side: float, parameters: SurroundParameters
) -> Surface:
    """Return a psoas: beside the bodies from the first lumbar to the last, growing downwards."""
    places = [(span.top + span.bottom) / 2 for span in lumbar[::-1]]
    middles = [float(np.interp(s, axis.s, trunk.line[:, 2])) for s in places]
    halves = [span.size.width / 2 for span in lumbar[::-1]]
    areas = 100 * np.linspace(parameters.psoas_cm2[1], parameters.psoas_cm2[0], len(middles))
    heights = np.linspace(middles[0] - 30.0, middles[-1] + 10.0, max(3, round((middles[-1] - middles[0]) / 10.0)))
    outlines = []
    for height in heights:
        radius = float(np.sqrt(np.interp(height, middles, areas) / np.pi))
        right = side * (float(np.interp(height, middles, halves)) + 0.8 * radius)
        outline = oval(radius, PSOAS_DORSAL_MM - radius, PSOAS_DORSAL_MM + radius, right=right)
        outlines.append(outline + _at_height(trunk, float(height)))
    return _tube(trunk, axis.space, heights, outlines, parameters.bulk_edge_mm)
