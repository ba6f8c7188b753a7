"""The upper endplate of S1, on a mesh of S1 or of the whole sacrum, found from the vertebra that stands on it.

A sacrum has no lower endplate to tell its axis, and its wings and articular processes go on from the endplate without
a steep edge. So the endplate is looked for across the disc: what faces the lower endplate of the last lumbar vertebra,
as :mod:`spinemodel.vertebrae.endplates` finds it, back to where the sacral canal begins, and over the ground of that
endplate, grown a little. Where a mask fills the canal, the back is that of the endplate above. The axis is then turned
to the normal that was found, until it settles.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import distance_transform_edt

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import GeometryError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._frame import NEAR_MM, lattice, orthonormal
from spinemodel.vertebrae._sections import CORNERS
from spinemodel.vertebrae.body import SETTLED_DEG, UNSETTLED_DEG, Body
from spinemodel.vertebrae.endplates import COLUMN_MM, HEIGHT_MM, LEAST_MM2, Endplate, fit, plate_columns
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import column_of

LOW: Final = np.array([-40.0, -40.0, -30.0])
HIGH: Final = np.array([40.0, 45.0, 15.0])
"""How far from the middle the endplate is looked for, to the right, forwards and upwards, mm: a choice. More than half
an endplate; downwards a high disc and a slope of 30 degrees; not up to the vertebra above."""

GROWN_MM: Final = 4.0
"""By how much the endplate of S1 may reach beyond that above it: a choice. In the Visible Human it does by 2 mm on each
side, and the wings begin there."""

FARTHEST_SLIP: Final = 0.5
"""Of the depth of the endplate above, by which that of S1 may lie before or behind it: a choice, a slip of the second
grade (Meyerding 1932: quarters). What ends farther back is the roof of a canal that a mask fills."""

OVERLAP_MM: Final = 3.0
"""A sacrum may reach into the vertebra above by this, where both are fused: a choice, two voxels of common masks."""

ROUNDS: Final = 12
"""Most repetitions; 3 to 5 are enough."""


SECTION_MM: Final = 1.0
"""Thickness of the sections on which an endplate is marked: a choice, two columns."""


def sacral_endplate(sacrum: Surface, above: Body) -> Endplate:
    """Return the upper endplate of S1.

    Parameters
    ----------
    sacrum
        A closed mesh of S1, or of the whole sacrum.
    above
        The body of the last lumbar vertebra. The sacrum may have slipped against it by half its depth.

    Raises
    ------
    GeometryError
        If nothing on the sacrum faces that vertebra, or the surface is open.
    SpaceMismatchError
        If both do not live in one space.

    Examples
    --------
    >>> from trimesh.creation import box
    >>> from spinemodel.vertebrae.body import find_body
    >>> one, other = box(extents=(40, 30, 25)), box(extents=(40, 30, 50))
    >>> sacrum = Surface("S1", "here", other.vertices - [0, 0, 47.5], other.faces)
    >>> plate = sacral_endplate(sacrum, find_body(Surface("L5", "here", one.vertices, one.faces)))
    >>> (plate.normal.round(2) + 0.0).tolist(), round(float(plate.centre[2]), 1)
    ([0.0, 0.0, 1.0], -22.5)
    """
    require_same_space(sacrum.space, above.space)
    plate, turn = above.lower, np.inf
    axes = orthonormal(-plate.normal, above.axes[1])
    for _ in range(ROUNDS):
        plate = _facing(sacrum, above, axes, plate.centre)
        turned = orthonormal(plate.normal, above.axes[1])
        turn = float(np.degrees(np.linalg.norm(turned[2] - axes[2])))
        axes = turned
        if turn < SETTLED_DEG:
            break
    _require(sacrum.name, above, plate, turn)
    return plate


def sacral_slope_deg(sacrum: Endplate) -> float:
    """Return how far the endplate of S1 falls to the front against the scanner's axial plane, seen from the side.

    Sacral slope is told of a person who stands, against the horizontal (Duval-Beaupère 1992, Ann. Biomed. Eng. 20:451);
    that of a person who lies in a scanner need not be the same.

    Examples
    --------
    >>> forwards = np.array([[0, 0, 0], [9, 0, 0], [0, 9, -9.0], [9, 9, -9]])
    >>> round(sacral_slope_deg(fit(forwards, np.array([0.0, 0, 1]))), 1)
    45.0
    """
    return float(np.degrees(np.arctan2(sacrum.normal[1], sacrum.normal[2])))


def plate_marks(plate: Endplate, axes: FloatArray, height_mm: float) -> FloatArray:
    """Return the front corner, middle and back corner of an upper endplate, (3, 3) mm.

    They are marked as on the outline of a body (:mod:`spinemodel.vertebrae._sections`), on sections through the middle
    third of the endplate's width; the median of these counts.

    Parameters
    ----------
    plate
        An endplate.
    axes
        (3, 3) rows right, anterior, cranial.
    height_mm
        Height in whose units corners are outermost: that of the body above, as S1 has no own.
    """
    local = (plate.points - plate.centre) @ axes.T
    sagittal = np.round((local[:, 0] - (local[:, 0].min() + local[:, 0].max()) / 2) / SECTION_MM)
    third = np.arange(-(sagittal.max() // 3), sagittal.max() // 3 + 1)
    marks = [_section_marks(local[sagittal == n, 1:], height_mm) for n in third if (sagittal == n).any()]
    return np.asarray(plate.centre + np.median(marks, axis=0) @ axes[1:])


def _section_marks(section: FloatArray, height_mm: float) -> FloatArray:
    """Return the same of one section (n, 2) mm, forwards and upwards, as (3, 2) mm."""
    scaled = section / [max(np.ptp(section[:, 0]), COLUMN_MM), height_mm]
    front, back = (section[(scaled @ ways.T).argmax(axis=0)].mean(axis=0) for ways in CORNERS[:2])
    half = (front[0] + back[0]) / 2
    near = np.abs(section[:, 0] - half)
    return np.array([front, [half, section[near <= max(near.min(), COLUMN_MM), 1].mean()], back])


def _facing(sacrum: Surface, above: Body, axes: FloatArray, centre: FloatArray) -> Endplate:
    """Return what faces the vertebra above, seen along ``axes`` from the middle ``centre``."""
    grid = lattice(axes, centre, LOW, HIGH, np.array([COLUMN_MM, COLUMN_MM, HEIGHT_MM]), sacrum.space)
    i, j, _, stop = column_of(rasterise(sacrum, grid, device="cpu"))
    heights = np.full(grid.shape[:2], -np.inf)
    np.maximum.at(heights, (i, j), stop - 0.5)
    first = np.floor(LOW[:2] / COLUMN_MM)
    facing = plate_columns(np.where(np.isfinite(heights), heights, np.nan) * HEIGHT_MM, first)
    if facing.any():
        facing &= _ground(grid, (above.lower.points - centre) @ axes.T, _back(facing, first))
    if (mm2 := float(facing.sum()) * COLUMN_MM**2) < LEAST_MM2:
        raise GeometryError(
            f"{sacrum.name}: no upper endplate of S1 found, only {mm2:.0f} mm2 of it face {above.name} within "
            f"{-LOW[2]:g} mm; expected the sacrum right below {above.name}, {LEAST_MM2:g} mm2 or more"
        )
    at = np.argwhere(facing)
    return fit(to_mm(grid, np.column_stack([at, heights[facing]])), axes[2])


def _back(facing: BoolArray, first: FloatArray) -> float:
    """Return where the endplate ends at the back, mm: at the first gap behind the middle; not a number without one."""
    x, y = (COLUMN_MM * (start + np.arange(n)) for start, n in zip(first, facing.shape, strict=True))
    bone = facing[np.abs(x) < NEAR_MM].mean(axis=0) > 0.5
    within = np.flatnonzero(bone)
    if not len(within):
        return float("nan")
    gaps = np.flatnonzero(~bone[: within[np.abs(y[within]).argmin()]])
    return float(y[gaps[-1] + 1]) if len(gaps) else float("nan")


def _ground(grid: Grid, plate: FloatArray, back: float) -> BoolArray:
    """Return the columns under the endplate above, grown, its back edge in the midline moved to ``back``.

    Where that is not known, or too far away to be the canal, as where a mask fills the canal, it stays in its place.

    Parameters
    ----------
    grid
        Of the columns.
    plate
        (n, 3) points of the endplate above, mm along the grid's axes from the middle.
    back
        Where the endplate of S1 ends, mm; may be not a number.
    """
    middle = np.abs(plate[:, 0] - plate[:, 0].mean()) < NEAR_MM
    own, depth = plate[middle, 1].min(), np.ptp(plate[middle, 1])
    edge = back if abs(back - own) < FARTHEST_SLIP * depth else own
    moved = plate[:, :2] + [0.0, edge - own]
    first = np.floor(LOW[:2] / COLUMN_MM)
    under = np.ones(grid.shape[:2], dtype=bool)
    at = np.round(moved / COLUMN_MM - first).astype(np.int64)
    at = at[((at >= 0) & (at < under.shape)).all(axis=1)]
    under[tuple(at.T)] = False
    grown = np.asarray(distance_transform_edt(under)) * COLUMN_MM <= GROWN_MM
    grown[:, COLUMN_MM * (first[1] + np.arange(under.shape[1])) < edge] = False
    return np.asarray(grown)


def _require(name: str, above: Body, plate: Endplate, turn: float) -> None:
    """Raise unless the endplate settled, below the vertebra above."""
    if turn > UNSETTLED_DEG:
        raise GeometryError(
            f"{name}: no upper endplate of S1 found, it still turns by {turn:.1f} degrees after {ROUNDS} rounds; is it "
            "a whole sacrum?"
        )
    gap = float((plate.centre - above.lower.centre) @ above.lower.normal)
    if gap < -OVERLAP_MM:
        raise GeometryError(
            f"{name}: what faces {above.name} lies {-gap:.1f} mm above its lower endplate, expected below it; is "
            f"{above.name} the vertebra that stands on it?"
        )
