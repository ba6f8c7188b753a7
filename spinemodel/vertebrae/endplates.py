"""Endplates of a vertebral body: what faces up or down on it, out to the rim.

Seen along the body's axis, each column of a fine lattice meets the body's first and last bone. Where that height
changes by less than :data:`STEEPEST` over the ground, in one piece with the middle, is the endplate: it ends where the
rim turns down, and where pedicles and processes begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, label

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, freeze
from spinemodel.errors import GeometryError
from spinemodel.vertebrae._frame import lattice
from spinemodel.volume.grid import to_mm
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import column_of

COLUMN_MM: Final = 0.5
"""Between columns: a choice, half the spacing of the finest masks."""

HEIGHT_MM: Final = 0.05
"""Between samples of a column: a choice, so that rounding adds 0.015 mm."""

REACH_MM: Final = np.array([40.0, 45.0, 32.0])
"""How far from its centre a body is looked for, sideways, forwards and along its axis: a choice, more than any."""

SMOOTHING_MM: Final = 1.0
"""Deviation of the Gaussian by which heights are smoothed before their slope is taken: a choice, a voxel of a mask."""

STEEPEST: Final = 1.5
"""Slope up to which a surface belongs to the endplate, 56 degrees: a choice. Up to 45 degrees the flanks of a deep dent
are lost; up to 63 the slopes down to pedicles join in."""

NARROW_MM: Final = 10.0
"""Strips narrower than this belong to what adjoins the endplate, such as the roots of pedicles (a choice)."""

LEAST_MM2: Final = 150.0
"""Smaller ones are no endplates: a choice, half of the smallest upper thoracic ones."""


@dataclass(frozen=True, eq=False)
class Endplate:
    """One of the two ends of a vertebral body.

    Attributes
    ----------
    centre
        (3,) mm, mean of ``points``.
    normal
        (3,) unit normal of the plane that fits best, out of the body.
    points
        (n, 3) mm, on the surface, evenly spread as seen along the body's axis.
    flat_mm
        Root mean square distance of the points from that plane, mm.
    """

    centre: FloatArray
    normal: FloatArray
    points: FloatArray
    flat_mm: float

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for item in ("centre", "normal", "points"):
            object.__setattr__(self, item, freeze(getattr(self, item)))


def fit(points: FloatArray, outwards: FloatArray) -> Endplate:
    """Return the endplate of points (n, 3) with its plane of least squares, whose normal looks ``outwards``."""
    centre = points.mean(axis=0)
    _, _, directions = np.linalg.svd(points - centre, full_matrices=False)
    normal = directions[2] * (1.0 if directions[2] @ outwards > 0 else -1.0)
    return Endplate(centre, normal, points, float(np.sqrt((((points - centre) @ normal) ** 2).mean())))


def endplates(surface: Surface, axes: FloatArray, centre: FloatArray, behind_mm: float) -> tuple[Endplate, Endplate]:
    """Return the upper and the lower endplate of the body at ``centre``.

    Parameters
    ----------
    surface
        A closed mesh of a vertebra.
    axes
        (3, 3) rows right, anterior, cranial.
    centre
        (3,) mm, in the middle of the body.
    behind_mm
        How far the body reaches back from there: what lies farther belongs to the arch.

    Raises
    ------
    GeometryError
        If there is no bone at the centre, or an endplate is too small.
    """
    low = np.array([-REACH_MM[0], -behind_mm, -REACH_MM[2]])
    grid = lattice(axes, centre, low, REACH_MM, np.array([COLUMN_MM, COLUMN_MM, HEIGHT_MM]), surface.space)
    i, j, start, stop = column_of(rasterise(surface, grid, device="cpu"))
    found = []
    for name, ends, worst, sign in (("upper", stop, np.maximum, 1.0), ("lower", start, np.minimum, -1.0)):
        heights = np.full(grid.shape[:2], -sign * np.inf)
        worst.at(heights, (i, j), ends - 0.5)
        known = np.where(np.isfinite(heights), heights, np.nan) * HEIGHT_MM
        plate = plate_columns(known, np.floor(low[:2] / COLUMN_MM))
        if (mm2 := float(plate.sum()) * COLUMN_MM**2) < LEAST_MM2:
            raise GeometryError(
                f"vertebra {surface.name}: no {name} endplate found, only {mm2:.0f} mm2 of its body face that way; "
                "expected a whole vertebra, and hints within 45 degrees of its own axes"
            )
        at = np.argwhere(plate)
        found.append(fit(to_mm(grid, np.column_stack([at, heights[plate]])), sign * axes[2]))
    return found[0], found[1]


def plate_columns(heights: FloatArray, first: FloatArray) -> BoolArray:
    """Return which columns belong to the endplate round the middle.

    Parameters
    ----------
    heights
        (nx, ny) mm; not a number where there is no bone.
    first
        (2,) number of the first column, counted from the middle.
    """
    bone = np.isfinite(heights)
    flat = bone & (slope(heights) < STEEPEST)
    pieces, _ = label(_opened(flat, NARROW_MM / 2 / COLUMN_MM))
    i, j = np.indices(heights.shape) * COLUMN_MM + (first * COLUMN_MM)[:, None, None]
    near = pieces[(np.hypot(i, j) < 8.0) & (pieces > 0)]
    return np.asarray(pieces == np.bincount(near).argmax()) if len(near) else np.zeros_like(bone)


def _opened(mask: BoolArray, radius: float) -> BoolArray:
    """Return the union of all discs of a radius, in pixels, that fit into a mask."""
    within = np.asarray(distance_transform_edt(np.pad(mask, 1))) > radius
    return np.asarray(np.asarray(distance_transform_edt(~within))[1:-1, 1:-1] <= radius)


def slope(heights: FloatArray) -> FloatArray:
    """Return the slope of smoothed heights (nx, ny) mm; infinite where there is no bone."""
    bone = np.isfinite(heights)
    weight = gaussian_filter(bone.astype(float), SMOOTHING_MM / COLUMN_MM)
    smooth = gaussian_filter(np.where(bone, heights, 0.0), SMOOTHING_MM / COLUMN_MM) / np.maximum(weight, 1e-9)
    along = np.gradient(np.where(bone, smooth, np.nan), COLUMN_MM)
    steep = np.hypot(*along)
    return np.asarray(np.where(np.isfinite(steep), steep, np.inf))
