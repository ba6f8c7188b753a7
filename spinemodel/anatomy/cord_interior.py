"""What lies inside the cord: the grey matter and the dorsal columns, as closed surfaces.

Both are drawn section by section into the cord's course and joined along it. The grey lies strictly inside the cord.
The dorsal columns reach past the cord dorsally and into the horns, so that (columns and cord) less grey is exactly the
dorsal funiculus and no surface runs along another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import minimum_filter, uniform_filter

from spinemodel.anatomy.cord_course import CordCourse, Sections, polar, sections
from spinemodel.anatomy.grey_parameters import GreyParameters, along_segments, named_points, segment_places
from spinemodel.anatomy.grey_section import PER_SPAN, Fit, at_angle, carry, enclosed, grey_section
from spinemodel.anatomy.loft import End
from spinemodel.anatomy.rings import ROW
from spinemodel.anatomy.section_loft import loft_marked
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError
from spinemodel.levels import DORSAL_COLUMNS, GREY

INSET_MM: Final = 0.25
"""Distance of a flat end from the cord's: less than the slab that a domain leaves out, so that its cut goes through."""

SLANT: Final = 1.1
"""The rim is measured in the section, and the cord's wall slants: up to 25 degrees where slices were drawn noisily."""

PROTRUSION_MM: Final = 0.25
"""How far the dorsal columns reach out of the cord: half an edge, so that the two surfaces cannot touch."""

CALM: Final = (5, 7)
"""Rows and directions over which the least room counts, 2 mm and 30 degrees: a contour's bump makes no dent."""

EXACT: Final = 1e-6
"""Share by which the area may miss its ratio."""

FEWEST_ROWS: Final = 3
"""Of a surface."""

THIN_MM: Final = 0.5
"""Depth of the dorsal columns on the midline under which they end: an edge. A choice."""

EARLIER_MM: Final = 2.0
"""How far the dorsal columns end above the grey. A choice: two rows of mesh beyond their dome."""

BLUNT: Final = 0.5
"""Height over mean radius of the dorsal columns' caudal end: blunt, so that it cuts the cord at a wide angle."""

BACK: Final = 33
"""Points of the outline round the cord's back; odd, so that one is on the midline."""

BESIDE: Final = (0.7, 0.2, 0.1)
"""Weights of tip, medial and lateral side of the dorsal horn's head in the point where the dorsal columns turn out:
within the horn, so that they leave it through its tip, and beside the vertices there."""

BEYOND: Final = 0.25
"""How far the dorsal columns go on beyond the grey's flat end, in rows: 0.1 mm."""

GREY_MARKS: Final = PER_SPAN * np.array([0, 3, 6, 8, 10, 12, 14, 17])
"""Points of the grey's outline that every ring keeps: midline, tips of the horns and waists."""

_APEX: Final = 3
"""Number of the dorsal horn's tip among the named points; 6 is the waist, 8 the ventral horn's tip, 10 the midline."""


@dataclass(frozen=True, eq=False)
class Interior:
    """Sections of the cord, a row of triangles apart and from caudal to rostral, with the grey fitted into them.

    Attributes
    ----------
    space
        Name of the coordinate space.
    sections
        Of the rows that have grey matter.
    halves
        (m, k, 2): half butterflies, in half axes.
    grey
        (m, n, 2) mm: outline of the grey matter, to the right and dorsally.
    fit
        How places are carried into the sections.
    edge_mm
        Target edge.
    caudal
        Form of the caudal end: flat where it is the cord's own.
    """

    space: str
    sections: Sections
    halves: FloatArray
    grey: FloatArray
    fit: Fit
    edge_mm: float
    caudal: End


def fit_interior(
    course: CordCourse,
    centres: Mapping[str, float],
    parameters: GreyParameters | None = None,
    *,
    edge_mm: float = 0.45,
    ends: tuple[End, End] = ("dome", "flat"),
) -> Interior:
    """Return the grey matter's sections along the cord.

    Parameters
    ----------
    course
        Of the cord.
    centres
        Distance along the axis of each known segment, such as ``{"L1": 330.1, "L2": 311.0}``.
    parameters
        Ratios and shapes.
    edge_mm
        Target length of a triangle's edge.
    ends
        Of the cord's surface. At a flat end the grey ends flat, ``INSET_MM`` inside it.

    Raises
    ------
    GeometryError
        Where the cord is too small for grey matter and a rim.
    """
    parameters = parameters or GreyParameters()
    places = segment_places(centres)
    low, high = course.at[0] + INSET_MM * (ends[0] == "flat"), course.at[-1] - INSET_MM * (ends[1] == "flat")
    at = np.linspace(low, high, max(3, round((high - low) / (edge_mm * ROW)) + 1))
    rows = sections(course, at)
    limit = _limit(rows, SLANT * parameters.rim_mm)
    area = along_segments(parameters.ratio, places, rows.s) * rows.area
    halves = along_segments({name: named_points(shape) for name, shape in parameters.shape.items()}, places, rows.s)
    grey, fit = grey_section(halves, area, rows.half, rows.outline, limit)
    fits = (enclosed(grey) > (1 - EXACT) * area) & (area > np.pi * parameters.least_radius_mm**2)
    first = 0 if fits.all() else int(np.flatnonzero(~fits)[-1]) + 1
    if len(at) - first < FEWEST_ROWS:
        raise GeometryError(
            f"grey matter: no room in the cord's uppermost section of {rows.area[-1]:.1f} mm2 for {area[-1]:.1f} mm2 "
            f"and a rim of {parameters.rim_mm:g} mm; give a smaller ratio or rim, or check the cord's contours"
        )
    fit = Fit(fit.half[first:], fit.outline[first:], fit.limit[first:], fit.scale[first:])
    caudal: End = ends[0] if first == 0 else "dome"
    return Interior(course.space, _from(rows, first), halves[first:], grey[first:], fit, edge_mm, caudal)


def grey_matter(interior: Interior) -> Surface:
    """Return the closed surface of the grey matter, strictly inside the cord: flat at a cut, domed in the conus."""
    loops = _in_space(interior.sections, interior.grey)
    return Surface(GREY.name, interior.space, *loft_marked(loops, GREY_MARKS, interior.edge_mm, interior.caudal))


def dorsal_columns(interior: Interior) -> Surface:
    """Return a closed surface whose part inside the cord, less the grey, is the dorsal funiculus.

    Its sides run along the middle of the dorsal horns and through the commissure, leave the horns at their tips and the
    cord ``PROTRUSION_MM`` beyond; it ends above the grey, or where it becomes thin.

    Raises
    ------
    GeometryError
        Where the grey leaves no room for it.
    """
    rows, fit = interior.sections, interior.fit
    outline = polar(rows.drawn / rows.half[:, None])
    sides, back = _horn_axes(interior), np.full((len(outline), 1), np.pi / 2)
    midline = np.stack([np.zeros(len(sides)), interior.halves[:, 0, 1]], axis=-1)[:, None]
    depth = at_angle(outline, back)[:, 0] * rows.half[:, 1] - carry(fit, midline)[:, 0, 1]
    first = _begin(interior, depth)
    loops, marks = _column_loops(sides[first:], outline[first:], rows.half[first:])
    placed = _between(_in_space(_from(rows, first), loops))
    caudal: End = interior.caudal if first == 0 else "dome"
    return Surface(DORSAL_COLUMNS.name, interior.space, *loft_marked(placed, marks, interior.edge_mm, caudal, BLUNT))


def _from(rows: Sections, first: int) -> Sections:
    """Return the sections without those below the row ``first``."""
    kept = (rows.s, rows.centre, rows.right, rows.dorsal, rows.half, rows.outline, rows.drawn)
    return Sections(*(values[first:] for values in kept))


def _limit(rows: Sections, rim_mm: float) -> FloatArray:
    """Return the radius that keeps ``rim_mm`` from the drawn outline, in half axes, (m, ANGLES).

    The outline is moved inwards along its normals, which is exact for slanting walls; where it is narrower than the rim
    nothing is left. The least of a neighbourhood is then averaged over one as large: smooth, and nowhere more than the
    room there is.
    """
    along = np.roll(rows.drawn, -1, axis=1) - np.roll(rows.drawn, 1, axis=1)
    outward = np.stack([-along[..., 1], along[..., 0]], axis=-1) / np.linalg.norm(along, axis=-1, keepdims=True)
    inner = rows.drawn - rim_mm * outward
    inner[np.einsum("mni,mni->mn", inner, rows.drawn) <= 0] *= 0.0
    share = polar(inner / rows.half[:, None]) / rows.outline
    calm = uniform_filter(minimum_filter(share, CALM, mode=("nearest", "wrap")), CALM, mode=("nearest", "wrap"))
    return np.asarray(calm * rows.outline)


def _horn_axes(interior: Interior) -> FloatArray:
    """Return the line from the right dorsal horn's tip through the commissure to the left tip, (m, 7, 2) mm."""
    half = interior.halves
    middle = (half[:, 0] + half[:, -1]) / 2
    tip = half[:, [_APEX, 2, 4]].transpose(0, 2, 1) @ BESIDE
    right = np.stack([tip, (half[:, 2] + half[:, 4]) / 2, (half[:, 1] + half[:, 5]) / 2], axis=1)
    return carry(interior.fit, np.concatenate([right, middle[:, None], right[:, ::-1] * [-1.0, 1.0]], axis=1))


def _begin(interior: Interior, depth: FloatArray) -> int:
    """Return the lowest row of the dorsal columns, which have ``depth`` (m,) mm on the midline."""
    thin = np.flatnonzero(depth < THIN_MM)
    above = 0 if interior.caudal == "flat" else round(EARLIER_MM / (interior.edge_mm * ROW))
    first = max(above, int(thin[-1]) + 1 if len(thin) else 0)
    if len(depth) - first < FEWEST_ROWS:
        raise GeometryError(
            f"dorsal columns: {depth[-1]:.2f} mm deep at the top, expected {THIN_MM:g} mm or more over {FEWEST_ROWS} "
            "rows; give the grey matter a smaller ratio"
        )
    return first


def _column_loops(sides: FloatArray, outline: FloatArray, half: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return closed curves (m, n, 2) mm round the dorsal columns, and the points on them that rings must keep.

    From the right tip through the commissure to the left one, out of the cord, and home round its back.
    """
    left, right = (np.arctan2(*(sides[:, i] / half)[:, ::-1].T) for i in (-1, 0))
    turn = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, BACK)
    ways = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * half[:, None]
    length = np.linalg.norm(ways, axis=-1, keepdims=True)
    back = ways * (at_angle(outline, turn)[..., None] + PROTRUSION_MM / length)
    return np.concatenate([sides, back], axis=1), np.array([0, 3, 6, 7, 7 + BACK // 2, 6 + BACK])


def _in_space(rows: Sections, across: FloatArray) -> FloatArray:
    """Return curves (m, n, 2) mm in the sections as points, (m, n, 3)."""
    frame = np.stack([rows.right, rows.dorsal], axis=1)
    return np.asarray(rows.centre[:, None] + np.einsum("mni,mij->mnj", across, frame))


def _between(loops: FloatArray) -> FloatArray:
    """Return curves half a row off ``loops`` (m, n, 3), and beyond both ends: no plane or edge is shared with them."""
    ends = [loops[i] + BEYOND * (loops[i] - loops[j]) for i, j in ((0, 1), (-1, -2))]
    return np.concatenate([ends[:1], (loops[1:] + loops[:-1]) / 2, ends[1:]])
