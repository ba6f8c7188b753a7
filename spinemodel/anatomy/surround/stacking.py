"""Simple solids: stacks of loops with flat ends, and how pieces become one surface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from manifold3d import Manifold, OpType
from numpy.typing import ArrayLike

from spinemodel.anatomy.axis import Axis, place
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.rings import ROW, Ring, cap, even_ring, zip_rings
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.anatomy.surround.cleaning import without_short_edges
from spinemodel.arrays import FloatArray

FEWEST_SIDES: Final = 12
"""Fewest vertices of a ring."""

SAMPLES: Final = 96
"""Points of a loop before it is spaced evenly."""

SHORT: Final = (0.12, 0.05)
"""Shortest edges that a union keeps, as parts of its edge length: the first that leaves no faces that cut each other. A
choice: of the slivers thinner than 10 um that a cut leaves, nine in ten go, and nothing moves by more than 0.06
edges."""

_ANGLE: Final = 2 * np.pi * np.arange(SAMPLES) / SAMPLES


def oval(half_width: float, ventral: float, dorsal: float, power: float = 2.0, right: float = 0.0) -> FloatArray:
    """Return a loop (n, 2) of offsets to the right and dorsally, begun dorsally, mm.

    Parameters
    ----------
    half_width
        Of the loop.
    ventral, dorsal
        Offsets of its front and back; dorsal is larger.
    power
        2 for an ellipse, more for a rounded box (Lamé's curve).
    right
        Offset of its middle.

    Examples
    --------
    >>> oval(3.0, -2.0, 4.0).min(axis=0), oval(3.0, -2.0, 4.0).max(axis=0)
    (array([-3., -2.]), array([3., 4.]))
    """
    across, along = (np.sign(f) * np.abs(f) ** (2 / power) for f in (np.sin(_ANGLE), np.cos(_ANGLE)))
    return np.stack([right + half_width * across, (ventral + dorsal) / 2 + (dorsal - ventral) / 2 * along], axis=1)


def across_axis(axis: Axis, s: ArrayLike, loops: ArrayLike) -> FloatArray:
    """Return loops (k, n, 2) of offsets at distances ``s`` (k,) along the axis as points (k, n, 3) mm."""
    offsets = np.asarray(loops, float)
    at = np.repeat(np.asarray(s, float), offsets.shape[1])
    flat = offsets.reshape(-1, 2)
    return place(axis, at, flat[:, 0], flat[:, 1]).reshape(*offsets.shape[:2], 3)


def stack(name: str, space: str, loops: FloatArray, edge_mm: float) -> Surface:
    """Return the closed surface through a stack of loops (k, n, 3), straight between them, with flat ends.

    Points of the same index lie opposite each other; loops may run either way round.
    """
    steps = np.linalg.norm(np.diff(loops, axis=0), axis=2).mean(axis=1)
    counts = np.maximum(np.round(steps / (edge_mm * ROW)), 1).astype(int)
    rings = []
    for i in range(len(counts)):
        rings += [loops[i] + t * (loops[i + 1] - loops[i]) for t in np.arange(counts[i]) / counts[i]]
    rows = [_ring(loop, edge_mm, (i % 2) / 2) for i, loop in enumerate([*rings, loops[-1]])]
    none = np.zeros(3)
    vertices, faces = zip_rings([*cap(rows[0], none, 0.0)[::-1], *rows, *cap(rows[-1], none, 0.0)])
    surface = Surface(name, space, vertices, faces)
    return surface if volume(surface) > 0 else Surface(name, space, vertices, faces[:, ::-1])


def _ring(loop: FloatArray, edge_mm: float, phase: float) -> Ring:
    """Return vertices about ``edge_mm`` apart on a loop."""
    length = arc_length(np.vstack([loop, loop[:1]]))[-1]
    return even_ring(loop, max(FEWEST_SIDES, round(length / edge_mm)), phase)


def unite(name: str, pieces: Sequence[Surface], edge_mm: float) -> Surface:
    """Return the union of closed surfaces, without most of the slivers along their cuts."""
    whole = from_solid(
        name, pieces[0].space, Manifold.batch_boolean([to_solid(piece) for piece in pieces], OpType.Add)
    )
    for share in SHORT:
        cleaned = without_short_edges(whole, share * edge_mm)
        if cleaned is not whole:
            return cleaned
    return whole


def from_solid(name: str, space: str, solid: Manifold) -> Surface:
    """Return the surface of a solid."""
    mesh = solid.to_mesh64()
    return Surface(name, space, np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts, dtype=np.int64))
