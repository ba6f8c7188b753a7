"""Where dorsal fibres run on inside the cord: through the entry zone into the dorsal column of their side, and up it.

A fibre divides soon after it has entered the cord. Its main branch ascends in the dorsal column; that one is drawn. The
descending branch, and collaterals into the grey matter, are left out.

The lower a fibre's root, the more medially it lies: fibres keep the order in which they entered (Werner & Whitsel 1967,
J. Physiol. 192:123, on the fasciculus gracilis of monkeys). If they enter at an even rate along the cord, which is a
choice, a fibre that entered at s lies at (s - s0) / (z - s0) of the way from the midline to the dorsal horn at the
level z, with s0 the cord's caudal end.

Places are told by distance along the axis, angle from the dorsal midline about the middle of the cord's section, and
share of the way from there to its surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline, RectBivariateSpline
from scipy.ndimage import gaussian_filter1d, median_filter

from spinemodel.anatomy.axis import Axis, locate, place
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.fibre_paths import FibrePath, smooth
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.rootlets.chart import chart_of, on_cord
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray

ROW_MM: Final = 1.0
"""Distance between the sections in which the cord is measured."""

CALM_MM: Final = 2.0
"""Standard deviation along the cord to which what is measured is smoothed: contours waver from slice to slice."""

ANGLES: Final = np.radians(np.linspace(-100, 100, 41))
"""At which the cord's surface is measured; rootlets enter at 24 to 59 degrees."""

SHARES: Final = (0.5, 0.94)
"""Within which fibres lie in the column. A choice: half-way in, above the commissure, and 0.25 mm below the surface."""

SIDEWAYS: Final = 0.92
"""Share of the column's width that is used. A choice: it keeps off the dorsal horn."""

TURN_MM: Final = (6.0, 12.0)
"""Length over which a fibre takes its place sideways, and in depth. A choice: it first passes over the dorsal horn's
tip, and bends with a radius of some 5 mm."""

ENTRY_MM: Final = 1.0
"""Length over which it loses the slant with which it came in. A choice: it bends with a radius of 0.7 mm or more."""

STEEPEST: Final = 1.0
"""Of that slant, mm per mm along the cord."""

LEAST_MM: Final = 3.0
"""Of a column part; a shorter one is not drawn."""

IN_CORD: Final = 1.05
"""Share of the radius up to which a path is taken to begin in the cord."""

TOP_MM: Final = 2.0
"""Distance from the cord's rostral end at which fibres end; tissues end up to 1.5 mm before it."""

FINE_MM: Final = 0.25
"""Distance between points along the cord before they are spaced evenly along the path."""

GOLDEN: Final = (np.sqrt(5) - 1) / 2
"""Multiples of it are spread evenly over a circle, and so are every m-th of them."""


@dataclass(frozen=True, eq=False)
class DorsalColumns:
    """The cord's dorsal columns, measured section by section.

    Attributes
    ----------
    axis
        Of the spine.
    ends
        Caudal and rostral end of the cord along it, and the caudal end of the columns, mm.
    centre
        mm along the axis -> (2,) mm: middle of the section, to the right of the axis and dorsal of it.
    radius
        mm along the axis, angle from the dorsal midline towards the right -> mm to the cord's surface.
    half
        mm along the axis -> (2,): half angle of the left and of the right column.
    """

    axis: Axis
    ends: tuple[float, float, float]
    centre: CubicSpline
    radius: RectBivariateSpline
    half: CubicSpline


def dorsal_columns_in(cord: Surface, columns: Surface, axis: Axis) -> DorsalColumns:
    """Return the dorsal columns of a cord as fibres find their way in them."""
    chart = chart_of(axis, Proximity(cord))
    low, high = chart.ends
    s = np.linspace(low, high, round((high - low) / ROW_MM) + 1)[1:-1]
    grid_s, grid_angle = (grid.ravel() for grid in np.meshgrid(s, ANGLES, indexing="ij"))
    right, dorsal = _across(axis, on_cord(chart, grid_s, grid_angle, np.zeros(len(grid_s))))
    middle = np.stack([np.interp(s, chart.s, column) for column in chart.centre.T], axis=1)
    along = np.repeat(middle, len(ANGLES), axis=0)
    radius = np.hypot(right - along[:, 0], dorsal - along[:, 1]).reshape(len(s), -1)
    sd = CALM_MM / (s[1] - s[0])
    centre = CubicSpline(s, gaussian_filter1d(middle, sd, axis=0, mode="nearest"))
    surface = RectBivariateSpline(s, ANGLES, gaussian_filter1d(radius, sd, axis=0, mode="nearest"))
    bare = DorsalColumns(axis, (low, high, low), centre, surface, CubicSpline(s, np.zeros((len(s), 2))))
    return _with_sides(bare, columns, s)


def _across(axis: Axis, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return offsets of points to the right of the axis and dorsal of it, mm."""
    return locate(axis, points)[1:]


def _with_sides(bare: DorsalColumns, columns: Surface, s: FloatArray) -> DorsalColumns:
    """Return the columns with their half angles: those of the vertices on their sides that are nearest the midline."""
    at, angle, share = places_of(bare, columns.vertices)
    beside = (share > SHARES[0]) & (share < SHARES[1]) & (at > s[0]) & (at < s[-1])
    row, angle = np.rint((at[beside] - s[0]) / (s[1] - s[0])).astype(int), angle[beside]
    half = np.full((len(s), 2), np.inf)
    for side, own in enumerate((angle < 0, angle >= 0)):
        np.minimum.at(half[:, side], row[own], np.abs(angle[own]))
    known = np.isfinite(half).all(axis=1)
    calm = median_filter(half[known], (5, 1), mode="nearest")
    calm = gaussian_filter1d(calm, CALM_MM / (s[1] - s[0]), axis=0, mode="nearest")
    return replace(bare, ends=(*bare.ends[:2], float(s[known][0])), half=CubicSpline(s[known], calm))


def points_at(columns: DorsalColumns, s: FloatArray, angle: FloatArray, share: FloatArray) -> FloatArray:
    """Return the points (n, 3) at distances along the axis, angles towards the right and shares of the radius, (n,)."""
    centre, outwards = np.asarray(columns.centre(s)), share * columns.radius.ev(s, angle)
    return place(columns.axis, s, centre[:, 0] + outwards * np.sin(angle), centre[:, 1] + outwards * np.cos(angle))


def places_of(columns: DorsalColumns, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return distance along the axis, angle and share of points (n, 3): the inverse of :func:`points_at`."""
    s, right, dorsal = locate(columns.axis, points)
    right, dorsal = (offset - centre for offset, centre in zip((right, dorsal), columns.centre(s).T, strict=True))
    angle = np.arctan2(right, dorsal)
    return s, angle, np.hypot(right, dorsal) / columns.radius.ev(s, angle)


def with_columns(
    paths: Sequence[FibrePath], columns: DorsalColumns, length_mm: float = np.inf, seed: int = 0
) -> tuple[FibrePath, ...]:
    """Return dorsal fibres' paths that begin higher up, in the dorsal column, and come down it to their entry.

    Parameters
    ----------
    paths
        From the cord outwards.
    columns
        Of their cord.
    length_mm
        Of the column part along the cord; it ends below the cord's rostral end in any case. Where nothing of 3 mm is
        left, or a path does not begin in the cord beside the columns, it stays as it is.
    seed
        Of the depths in the column, which are spread evenly over its section; those of a root's fibres do not depend
        on what other roots there are.
    """
    if not paths:
        return ()
    first = np.stack([path.points[:3] for path in paths])
    starts = np.stack(places_of(columns, first.reshape(-1, 3)), axis=-1).reshape(-1, 3, 3)
    s, share = starts[:, 0, 0], starts[:, 0, 2]
    rise = np.minimum(length_mm, columns.ends[1] - TOP_MM - s)
    drawn = (rise >= LEAST_MM) & (s >= columns.ends[2]) & (share < IN_CORD)
    count = np.where(drawn, np.rint(rise / FINE_MM).astype(int), 0)
    which = np.repeat(np.arange(len(paths)), count)
    x = FINE_MM * (1 + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count))
    inside = np.split(_course(columns, x, starts[which], _depths(paths, seed)[which]), np.cumsum(count)[:-1])
    return _joined(inside, paths)


def _joined(columns: Sequence[FloatArray], paths: Sequence[FibrePath]) -> tuple[FibrePath, ...]:
    """Return paths with the points (n, 3) of their parts in the column, from the entry up; without any they stay."""
    drawn, found = [k for k, points in enumerate(columns) if len(points)], list(paths)
    lines = smooth([np.vstack([columns[k][::-1], paths[k].points]) for k in drawn])
    for k, points in zip(drawn, lines, strict=True):
        length = float(arc_length(points)[-1] - paths[k].arc_mm[-1])
        found[k] = replace(paths[k], points=points, column_mm=length)
    return tuple(found)


def _depths(paths: Sequence[FibrePath], seed: int) -> FloatArray:
    """Return the share of the column's section that lies deeper than each path, (n,)."""
    counts: dict[str, int] = {}
    depths = []
    for path in paths:
        k = counts[path.root] = counts.get(path.root, -1) + 1
        depths.append((np.random.default_rng([seed, *path.root.encode()]).random() + k * GOLDEN) % 1)
    return np.array(depths)


def _course(columns: DorsalColumns, x: FloatArray, starts: FloatArray, depth: FloatArray) -> FloatArray:
    """Return points (n, 3) at ``x`` (n,) mm above the places (n, 3, 3) of the first three points of their paths."""
    s, angle, share = np.moveaxis(starts[:, 0], 1, 0)
    z, caudal = s + x, columns.ends[0]
    left, right = columns.half(z).T
    sideways = np.copysign(SIDEWAYS * np.where(angle > 0, right, left) * (s - caudal) / (z - caudal), angle)
    deep = np.sqrt(SHARES[0] ** 2 + depth * (SHARES[1] ** 2 - SHARES[0] ** 2))
    steep = (STEEPEST / columns.radius.ev(s, angle))[:, None]
    back = np.maximum(s - starts[:, 2, 0], ENTRY_MM / 10)
    slope = np.clip((starts[:, 0, 1:] - starts[:, 2, 1:]) / back[:, None], -steep, steep)
    angles = _passed(x, angle, sideways, TURN_MM[0], slope[:, 0])
    shares = np.minimum(_passed(x, share, deep, TURN_MM[1], slope[:, 1]), np.maximum(share, SHARES[1]))
    return points_at(columns, z, angles, shares)


def _passed(x: FloatArray, first: FloatArray, then: FloatArray, over: float, slope: FloatArray) -> FloatArray:
    """Return what passes from ``first`` to ``then`` over a length, and begins with a slope."""
    done = (x / over).clip(0, 1)
    passed = done**2 * (3 - 2 * done)
    return np.asarray(first * (1 - passed) + then * passed + slope * x * np.exp(-((x / ENTRY_MM) ** 2)))
