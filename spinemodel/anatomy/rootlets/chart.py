"""The cord's surface as a chart: distance along the spine, angle about the cord, height above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.axis import Axis, frame_at, locate, place
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.arrays import FloatArray
from spinemodel.levels import Side

BIN_MM: Final = 1.0
"""Length of cord over which a section's centre is taken."""

SIGN: Final[Mapping[Side, float]] = {"L": -1.0, "R": 1.0}
"""Of offsets to the right."""

START_MM: Final = 4.0
"""Radius of the cord that a search along a ray begins with."""

ROUNDS: Final = 5
"""Steps of Newton's method along a ray; from 3 mm off, the last changes the radius by less than 1e-2 mm."""

FLATTEST: Final = 0.3
"""Least cosine between a ray and the surface's normal that a step believes."""


@dataclass(frozen=True, eq=False)
class Chart:
    """A cord in coordinates of its own.

    Attributes
    ----------
    axis
        Of the spine.
    cord
        The surface.
    s
        (n,) mm, distances along the axis where the centre is known, increasing.
    centre
        (n, 2) mm, the cord's centre, to the right of the axis and dorsal of it.
    """

    axis: Axis
    cord: Proximity
    s: FloatArray
    centre: FloatArray

    @property
    def ends(self) -> tuple[float, float]:
        """Caudal and rostral end of the cord along the axis, mm."""
        return float(self.s[0]), float(self.s[-1])


def chart_of(axis: Axis, cord: Proximity) -> Chart:
    """Return the chart of a cord about the middle of its sections."""
    s, right, dorsal = locate(axis, cord.surface.vertices)
    edges = np.linspace(s.min(), s.max(), max(3, round(np.ptp(s) / BIN_MM)) + 1)
    section = np.clip(np.searchsorted(edges, s) - 1, 0, len(edges) - 2)
    centre = np.empty((len(edges) - 1, 2))
    for k in range(len(centre)):
        inside = section == k
        centre[k] = [(offset[inside].max() + offset[inside].min()) / 2 for offset in (right, dorsal)]
    return Chart(axis, cord, edges, np.stack([_at_edges(column) for column in centre.T], axis=1))


def _at_edges(values: FloatArray) -> FloatArray:
    """Return the values (n + 1,) between those of n sections, the outermost held."""
    return np.convolve(np.pad(values, 1, mode="edge"), [0.5, 0.5], mode="valid")


def angles(chart: Chart, points: FloatArray, side: Side) -> tuple[FloatArray, FloatArray]:
    """Return distance along the axis, mm, and angle from the dorsal midline towards ``side``, rad, of points (n, 3)."""
    s, right, dorsal = locate(chart.axis, points)
    right, dorsal = (
        offset - np.interp(s, chart.s, centre) for offset, centre in zip((right, dorsal), chart.centre.T, strict=True)
    )
    return s, np.arctan2(SIGN[side] * right, dorsal)


def on_cord(chart: Chart, s: FloatArray, right_angle: FloatArray, height: FloatArray) -> FloatArray:
    """Return the points (n, 3) ``height`` mm above the cord at the distance ``s`` along the axis, (n,).

    The ray from the cord's centre is followed to the surface by Newton's method on the signed distance.

    Parameters
    ----------
    chart
        Of the cord.
    s, right_angle, height
        (n,) mm, rad from the dorsal midline towards the right, mm.
    """
    right0, dorsal0 = (np.interp(s, chart.s, column) for column in chart.centre.T)
    right, dorsal = np.sin(right_angle), np.cos(right_angle)
    _, frame = frame_at(chart.axis, s)
    ray = right[:, None] * frame[:, 0] + dorsal[:, None] * frame[:, 1]
    base = place(chart.axis, s, right0, dorsal0)
    radius = np.full(len(s), START_MM)
    for _ in range(ROUNDS):
        distance, normal = plane_distance(chart.cord, base + radius[:, None] * ray)
        radius -= distance / np.maximum(np.einsum("ij,ij->i", ray, normal), FLATTEST)
    found = base + radius[:, None] * ray
    distance, normal = signed_distance(chart.cord, found)
    return np.asarray(found + (height - distance)[:, None] * normal)


def plane_distance(wall: Proximity, points: FloatArray, within_mm: float = np.inf) -> tuple[FloatArray, FloatArray]:
    """Return distance (n,) and outward normal (n, 3) of the surface's plane at the vertex nearest to each point.

    Near a surface of radius R with edges e it is within e^2 / (8 R) of the signed distance, 0.01 mm on the cord, and
    takes a tenth of the time. A point farther than ``within_mm`` from every vertex is infinitely far outside.
    """
    distance, nearest = map(np.asarray, _vertex_tree(wall).query(points, distance_upper_bound=within_mm))
    near = np.isfinite(distance)
    normal = wall.vertex_normals[np.where(near, nearest, 0)]
    from_vertex = points - wall.surface.vertices[np.where(near, nearest, 0)]
    return np.where(near, np.einsum("ij,ij->i", from_vertex, normal), np.inf), normal


@lru_cache(maxsize=4)
def _vertex_tree(wall: Proximity) -> KDTree:
    """Return the tree of a surface's vertices."""
    return KDTree(wall.surface.vertices)


def entries(chart: Chart, lines: Mapping[str, Centreline], side: Side) -> dict[str, tuple[float, float]]:
    """Return distance along the axis and angle of every root's entry on one side, from foot to head."""
    found = {}
    for name, line in lines.items():
        if name.split("_")[1] == side:
            s, angle = angles(chart, line.points[:1], side)
            found[name] = (float(s[0]), float(angle[0]))
    return dict(sorted(found.items(), key=lambda item: item[1][0]))
