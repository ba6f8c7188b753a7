"""The line along which a spine is strung, with a frame that says at every place where dorsal and right are.

Parts that nobody drew (the sac below the scan, canal, vertebrae, discs) are placed by their distance along this line
and their offsets across it, so that they follow a lordosis, a sacral bend or an oblique scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import KDTree

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.curves import arc_length, resample
from spinemodel.anatomy.smoothing import smooth
from spinemodel.arrays import FloatArray, freeze
from spinemodel.levels import LEVELS, SIDES, RootName

STEP_MM: Final = 0.5
"""Distance between the points of an axis."""

CONTOUR_NOISE_MM: Final = 0.2
"""Noise of a contour's centroid, mm: what slices that were drawn one by one make the axis waver by. A choice."""

BEYOND_MM: Final = 60.0
"""Length by which an axis is continued straight at both ends, so that what surrounds the marks has a frame."""

MOST_STEPS: Final = 20
"""Of the search for a point's place along an axis; each leaves a part of the distance that the curvature gives."""

SETTLED_MM: Final = 1e-12
"""Where that search ends."""

KNOT_MM: Final = 20.0
"""Distance between the knots that carry the drawn axis into the extrapolated part."""

VENTRAL_MM: Final = 2.5
"""How far the middle between two ganglia lies in front of the dura's axis where no level tells (sub-03: 2.1 at L1, 3.0
at L2)."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A line from caudal to rostral with a frame.

    Attributes
    ----------
    space
        Name of the coordinate space.
    points
        (n, 3) mm, RAS+, equally spaced, from caudal to rostral.
    """

    space: str
    points: FloatArray

    def __post_init__(self) -> None:
        """Copy the points and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points))

    @cached_property
    def s(self) -> FloatArray:
        """Distance of each point from the caudal end, (n,) mm."""
        return arc_length(self.points)

    @cached_property
    def frame(self) -> FloatArray:
        """Unit vectors to the right, dorsally and rostrally at each point, (n, 3, 3); right x dorsal is caudal."""
        return _frame(np.gradient(self.points, self.s, axis=0))

    @cached_property
    def tree(self) -> KDTree:
        """Of the points."""
        return KDTree(self.points)


def _frame(along: FloatArray) -> FloatArray:
    """Return right, dorsal and rostral unit vectors (n, 3, 3) for tangents (n, 3): right is +x, made perpendicular."""
    rostral = along / np.linalg.norm(along, axis=-1, keepdims=True)
    right = np.array([1.0, 0.0, 0.0]) - rostral[..., :1] * rostral
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.stack([right, np.cross(right, rostral), rostral], axis=-2)


def frame_at(axis: Axis, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the points (n, 3) and frames (n, 3, 3; right, dorsal, rostral) at the distances ``s`` (n,) mm."""
    along = np.stack([np.interp(s, axis.s, column) for column in axis.frame[:, 2].T], axis=-1)
    return resample(axis.points, s), _frame(along)


def place(axis: Axis, s: FloatArray, right: FloatArray, dorsal: FloatArray) -> FloatArray:
    """Return the points (n, 3) at distances ``s`` along the axis and offsets (n,) across it, mm.

    Examples
    --------
    >>> axis = Axis("space", np.array([[0.0, 0, 0], [0, 0, 10]]))
    >>> place(axis, np.array([4.0]), np.array([1.0]), np.array([2.0]))
    array([[ 1., -2.,  4.]])
    """
    points, frame = frame_at(axis, s)
    return np.asarray(points + right[:, None] * frame[:, 0] + dorsal[:, None] * frame[:, 1])


def locate(axis: Axis, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return distance along the axis and offsets to the right and dorsally of ``points`` (n, 3), each (n,) mm.

    The inverse of :func:`place` within the axis's radius of curvature, and for s within its length.
    """
    s = axis.s[np.asarray(axis.tree.query(points)[1])]
    on, frame = frame_at(axis, s)
    for _ in range(MOST_STEPS):
        before, s = s, np.clip(s + np.einsum("ij,ij->i", points - on, frame[:, 2]), 0.0, axis.s[-1])
        on, frame = frame_at(axis, s)
        if np.abs(s - before).max(initial=0.0) < SETTLED_MM:
            break
    across = np.einsum("ijk,ik->ij", frame[:, :2], points - on)
    return s, across[:, 0], across[:, 1]


def axis_of(space: str, dura: Sequence[Markers], ganglia: Mapping[RootName, Markers]) -> Axis:
    """Return the axis through the dura's contours and on along the ganglia below them.

    The ganglia lie in front of the dura's axis; by how much is measured where both are known and held below.

    Parameters
    ----------
    space
        Of the axis.
    dura
        Contours from caudal to rostral.
    ganglia
        By root, of either side or both. The outer of two points is the one that counts.
    """
    drawn = np.array([markers.points.mean(axis=0) for markers in dura])
    centres = np.asarray(smooth(arc_length(drawn), drawn, CONTOUR_NOISE_MM).spline(arc_length(drawn)))
    below = _below(centres, _middles(centres, ganglia))
    length = arc_length(centres)
    knots = resample(centres, np.linspace(0, length[-1], max(2, round(length[-1] / KNOT_MM) + 1)))
    path = np.vstack([below[::-1], knots])
    return Axis(space, _straight_beyond(_evenly_through(path)))


def _middles(centres: FloatArray, ganglia: Mapping[RootName, Markers]) -> FloatArray:
    """Return the middle (k, 3) mm between the ganglia of every level that has any, from head to foot.

    Where one side was marked, its height and depth count, and the midline is that of the levels beside it.
    """
    ends = {root: markers.points[-1] for root, markers in ganglia.items() if len(markers.points)}
    roots = [[RootName(level, side) for side in SIDES] for level in LEVELS]
    sides = [np.array([ends[root] for root in pair if root in ends]) for pair in roots]
    known = np.array([centres[0], *(pair.mean(axis=0) for pair in sides if len(pair) == 2)])
    known = known[np.argsort(known[:, 2])]
    alone = [[np.interp(one[0, 2], known[:, 2], known[:, 0]), *one[0, 1:]] for one in sides if len(one) == 1]
    middles = np.array([*(pair.mean(axis=0) for pair in sides if len(pair) == 2), *alone]).reshape(-1, 3)
    return middles[np.argsort(-middles[:, 2])]


def _below(centres: FloatArray, middles: FloatArray) -> FloatArray:
    """Return the axis's points (k, 3) beside the ganglia below the lowest contour, from head to foot."""
    low, high = centres[0, 2], centres[-1, 2]
    beside = [p - [np.interp(p[2], centres[:, 2], c) for c in centres.T] for p in middles if low < p[2] < high]
    offset = np.mean(beside, axis=0) if beside else np.array([0.0, VENTRAL_MM, 0.0])
    below = [p - [offset[0], offset[1], 0.0] for p in middles if p[2] < low - KNOT_MM / 2]
    return np.array(below).reshape(-1, 3)


def _evenly_through(knots: FloatArray) -> FloatArray:
    """Return points ``STEP_MM`` apart on the cubic spline through ``knots`` (n, 3)."""
    at = arc_length(knots)
    fine = CubicSpline(at, knots, bc_type="natural")(np.linspace(0, at[-1], max(2, round(at[-1] / 0.1)) + 1))
    length = arc_length(fine)[-1]
    return resample(fine, np.linspace(0, length, max(2, round(length / STEP_MM)) + 1))


def _straight_beyond(points: FloatArray) -> FloatArray:
    """Return ``points`` continued straight by ``BEYOND_MM`` at both ends."""
    steps = np.arange(STEP_MM, BEYOND_MM + STEP_MM / 2, STEP_MM)[:, None]
    down, up = points[0] - points[4], points[-1] - points[-5]
    down, up = down / np.linalg.norm(down), up / np.linalg.norm(up)
    return np.vstack([(points[0] + steps * down)[::-1], points, points[-1] + steps * up])
