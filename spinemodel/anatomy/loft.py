"""Stacked contours into a closed surface.

The surface passes through every contour: closed splines in the slices, corresponding points by arc length, a cubic
spline along the stack. Slices may be oblique, tilted and unevenly spaced. Its two ends are stated, not guessed:
``flat`` for a cut (the scan stopped there), ``dome`` for an end of the structure itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.interpolate import CubicSpline

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.curves import Contour, Parametrisation, arc_length, closed_spline
from spinemodel.anatomy.ordering import plane_normal
from spinemodel.anatomy.rings import ROW, Ring, cap, even_ring, zip_rings
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError

End: TypeAlias = Literal["flat", "dome"]

SAMPLES: Final = 256
"""Points per contour for correspondence; at most 0.25 mm apart on a dura."""

MIN_SIDES: Final = 16
"""Fewest vertices of a ring: the polygon's area is within 2.5 % of the circle's where a shape is thinnest."""


TIGHTEST_MM: Final = 0.2
"""Least radius of a bend, mm: less than a voxel of the finest scans.

Where a contour is hardly larger than its noise, as at the tip of the conus, the curve through the markers has tighter
bends, or loops, that the surface would fold on.
"""

MOST_SMOOTHING: Final = 10.0
"""Time of heat flow at which only an ellipse is left."""

SOFTER: Final = 1.5
"""Factor between the steps of smoothing that are tried."""


def to_contour(markers: Markers, parametrisation: Parametrisation = "slicer") -> Contour:
    """Return the closed curve through ordered markers (m, 3), without bends tighter than ``TIGHTEST_MM``."""
    curve = closed_spline(markers.points, SAMPLES, parametrisation)
    return Contour(_without_kinks(curve), markers.points, markers.source)


def _without_kinks(loop: FloatArray) -> FloatArray:
    """Return the loop (n, 3) smoothed by as much heat flow as removes its tight bends; unchanged where it has none.

    Heat flow damps the k-th harmonic by exp(-k^2 t). The second, an ellipse's, is kept, and so is the mean size.
    """
    harmonic = np.maximum(np.fft.rfftfreq(len(loop), 1 / len(loop)) - 2, 0.0)
    spectrum, smooth, t = np.fft.rfft(loop, axis=0), loop, 1 / (len(loop) / 2) ** 2
    while tightest_bend(smooth) < TIGHTEST_MM and t < MOST_SMOOTHING:
        smooth = np.fft.irfft(spectrum * np.exp(-(harmonic**2) * t)[:, None], len(loop), axis=0)
        t *= SOFTER
    return smooth


def tightest_bend(loop: FloatArray) -> float:
    """Return the least radius of curvature of a closed curve (n, 3), mm.

    Examples
    --------
    >>> turn = 2 * np.pi * np.arange(256)[:, None] / 256
    >>> round(tightest_bend(3.0 * np.hstack([np.cos(turn), np.sin(turn), 0 * turn])), 3)
    3.0
    """
    before, after = np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0)
    along, turning = (after - before) / 2, after - 2 * loop + before
    bend = np.linalg.norm(np.cross(along, turning), axis=1)
    return float((np.linalg.norm(along, axis=1) ** 3 / np.maximum(bend, 1e-300)).min())


def loft(
    name: str,
    space: str,
    contours: Sequence[Contour],
    *,
    edge_mm: float = 0.5,
    ends: tuple[End, End] = ("flat", "flat"),
) -> Surface:
    """Return the closed surface through ``contours``.

    Parameters
    ----------
    name, space
        Of the surface.
    contours
        In order from caudal to rostral, anticlockwise seen from the head.
    edge_mm
        Target length of a triangle's edge.
    ends
        Form of the caudal and of the rostral end. A flat end lies in the plane of its contour; a dome is half an
        ellipsoid on it, as high as the contour's mean radius.

    Raises
    ------
    GeometryError
        With fewer than two contours.
    """
    if len(contours) < 2:
        raise GeometryError(f"{name}: {len(contours)} contour; a surface needs two or more")
    rows = _rows(correspond([contour.points for contour in contours]), edge_mm)
    rings = [_ring(row, edge_mm, phase=(i % 2) / 2) for i, row in enumerate(rows)]
    rings[0], lower = _end(rings[0], ends[0], -1.0)
    rings[-1], upper = _end(rings[-1], ends[1], 1.0)
    return Surface(name, space, *zip_rings([*lower[::-1], *rings, *upper]))


def correspond(loops: Sequence[FloatArray]) -> FloatArray:
    """Roll each loop (n, 3) so that its points lie opposite those of the loop before; return (loops, n, 3).

    The first loop starts dorsally. The best roll maximises the circular cross-correlation about the centroids, which
    minimises the squared distance between corresponding points.
    """
    aligned = [np.roll(loops[0], -int(loops[0][:, 1].argmin()), axis=0)]
    for loop in loops[1:]:
        before, after = (points - points.mean(axis=0) for points in (aligned[-1], loop))
        spectrum = np.fft.rfft(after, axis=0) * np.fft.rfft(before, axis=0).conj()
        roll = int(np.fft.irfft(spectrum.sum(axis=1), len(loop)).argmax())
        aligned.append(np.roll(loop, -roll, axis=0))
    return np.stack(aligned)


def _rows(loops: FloatArray, edge_mm: float) -> FloatArray:
    """Return the loops with interpolated ones between them, a row of triangles apart, (rows, n, 3)."""
    knots = arc_length(loops.mean(axis=1))
    counts = np.maximum(np.round(np.diff(knots) / (edge_mm * ROW)), 1).astype(int)
    between = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(knots[:-1], knots[1:], counts, strict=True)]
    return np.asarray(CubicSpline(knots, loops, bc_type="natural")(np.concatenate([*between, knots[-1:]])))


def _ring(loop: FloatArray, edge_mm: float, phase: float) -> Ring:
    """Return vertices about ``edge_mm`` apart on a closed loop."""
    length = arc_length(np.vstack([loop, loop[:1]]))[-1]
    return even_ring(loop, max(MIN_SIDES, round(length / edge_mm)), phase)


def _end(rim: Ring, form: End, towards_head: float) -> tuple[Ring, list[Ring]]:
    """Return the rim, made plane where the end is flat, and the rings that close it."""
    centre, normal = plane_of(rim.points)
    if form == "flat":
        rim = Ring(rim.points - np.outer((rim.points - centre) @ normal, normal), rim.phase)
    radius = float(np.linalg.norm(rim.points - centre, axis=1).mean())
    return rim, cap(rim, normal * towards_head, 0.0 if form == "flat" else radius)


def plane_of(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the centroid and the unit normal (towards the head) of the plane nearest to ``points`` (n, 3)."""
    return points.mean(axis=0), plane_normal(points)
