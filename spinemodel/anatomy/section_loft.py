"""Closed surfaces through sections that are not round: horns are joined to horns, and flat ends need not be convex."""

from __future__ import annotations

import numpy as np
from manifold3d import triangulate

from spinemodel.anatomy.curves import arc_length, resample
from spinemodel.anatomy.loft import End
from spinemodel.anatomy.rings import Ring, cap, zip_rings
from spinemodel.arrays import FloatArray, IntArray


def loft_marked(
    loops: FloatArray, marks: IntArray, edge_mm: float, caudal: End, height: float = 1.0
) -> tuple[FloatArray, IntArray]:
    """Return vertices and faces of the closed surface through ``loops``, flat above.

    Parameters
    ----------
    loops
        (m, n, 3) mm: closed curves from caudal to rostral, anticlockwise seen from the head.
    marks
        Numbers of the points that are kept, rising from 0; from curve to curve, marks are joined to marks.
    edge_mm
        Target length of a triangle's edge.
    caudal
        Form of the lower end; a dome needs a lowest curve that is seen whole from its middle.
    height
        Of the dome, in mean radii.
    """
    rings, middles = zip(*(_ring(loop, marks, edge_mm) for loop in loops), strict=True)
    below, faces = rings[0][:0], _fill(rings[0])[:, ::-1]
    if caudal == "dome":
        below, faces = _dome(rings[0], loops[0] - loops[1], height)
    starts = len(below) + np.cumsum([0, *(len(ring) for ring in rings)])
    bands = [_band(low, high) + start for low, high, start in zip(middles[:-1], middles[1:], starts[:-2], strict=True)]
    return np.vstack([below, *rings]), np.vstack([faces, *bands, _fill(rings[-1]) + starts[-2]])


def _ring(loop: FloatArray, marks: IntArray, edge_mm: float) -> tuple[FloatArray, FloatArray]:
    """Return vertices about ``edge_mm`` apart on a closed loop (n, 3), the ``marks`` among them, and the way round.

    The middle of each edge counts as the number of marks passed, and the part of the way to the next.
    """
    closed = np.vstack([loop, loop[:1]])
    at = arc_length(closed)
    knots = at[np.append(marks, len(loop))]
    counts = np.maximum(np.round(np.diff(knots) / edge_mm), 1).astype(int)
    spans = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(knots[:-1], knots[1:], counts, strict=True)]
    middles = [i + (np.arange(n) + 0.5) / n for i, n in enumerate(counts)]
    return resample(closed, np.concatenate(spans)), np.concatenate(middles)


def _dome(rim: FloatArray, away: FloatArray, height: float) -> tuple[FloatArray, IntArray]:
    """Return the vertices below a rim (n, 3), and the faces that close it, the rim's vertices numbered last."""
    centre, down = rim.mean(axis=0), away.mean(axis=0)
    radius = np.linalg.norm(rim - centre, axis=1).mean()
    rings = cap(Ring(rim, 0.0), down / np.linalg.norm(down), height * radius)[::-1]
    vertices, faces = zip_rings([*rings, Ring(rim, 0.0), Ring(centre[None], 0.0)])
    return vertices[: -1 - len(rim)], faces[(faces < len(vertices) - 1).all(axis=1)]


def _band(low: FloatArray, high: FloatArray) -> IntArray:
    """Return the triangles between two rings, the upper numbered second, by the order of the edges' middles."""
    i, j = np.arange(len(low)), np.arange(len(high))
    over = len(low) + np.searchsorted(high, low, side="left") % len(high)
    under = np.searchsorted(low, high, side="right") % len(low)
    from_below, from_above = (i, (i + 1) % len(low), over), (under, len(low) + (j + 1) % len(high), len(low) + j)
    return np.vstack([np.stack(from_below, axis=1), np.stack(from_above, axis=1)])


def _fill(ring: FloatArray) -> IntArray:
    """Return triangles that fill a plane ring (n, 3) of any form, turning as it does."""
    points = ring - ring.mean(axis=0)
    normal = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    one = points[0] - (points[0] @ normal) / (normal @ normal) * normal
    flat = np.stack([points @ one, points @ np.cross(normal, one) / np.linalg.norm(normal)], axis=1)
    return np.asarray(triangulate([flat]), dtype=np.int64)
