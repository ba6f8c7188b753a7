"""Points spread evenly over a surface, the same ones every time."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface, corners, face_vectors
from spinemodel.arrays import FloatArray

PLASTIC: Final = 1.32471795724474602596
"""Real root of x3 = x + 1: its powers give the additive sequence of two dimensions (Roberts 2018, "R2")."""


def sample_surface(surface: Surface, count: int) -> FloatArray:
    """Return ``count`` points on the surface, as many per area everywhere, (count, 3) mm.

    The faces are laid end to end by area and read off at equal steps; within a face the point follows an additive
    low-discrepancy sequence. Nothing depends on the frame: a moved surface gives the moved points.
    """
    ends = np.cumsum(np.linalg.norm(face_vectors(surface), axis=1))
    face = np.searchsorted(ends, (np.arange(count) + 0.5) / count * ends[-1])
    n = np.arange(1, count + 1)
    u, v = (n / PLASTIC) % 1, (n / PLASTIC**2) % 1
    folded = u + v > 1  # the other half of the unit square, turned onto the triangle
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    a, b, c = np.moveaxis(corners(surface)[face], 1, 0)
    return np.asarray(a + u[:, None] * (b - a) + v[:, None] * (c - a))
