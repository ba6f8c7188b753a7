"""The judge of what is inside a mesh: exact, slow, and of no kin to the rasteriser."""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.surface import Surface, corners
from spinemodel.jit import compiled


def winding_numbers(surface: Surface, points: np.ndarray) -> np.ndarray:
    """How often a surface winds round points (n, 3): the solid angles of its faces over 4 pi (Van Oosterom 1983)."""
    return _winding_numbers(corners(surface), np.ascontiguousarray(points, dtype=np.float64))


@compiled
def _winding_numbers(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Go through points and faces (Van Oosterom & Strackee 1983, IEEE Trans. Biomed. Eng. 30:125)."""
    turns = np.zeros(len(points))
    for n in range(len(points)):
        for face in range(len(corners)):
            a, b, c = corners[face, 0] - points[n], corners[face, 1] - points[n], corners[face, 2] - points[n]
            la, lb, lc = np.sqrt((a * a).sum()), np.sqrt((b * b).sum()), np.sqrt((c * c).sum())
            above = (a * np.cross(b, c)).sum()
            below = la * lb * lc + (a * b).sum() * lc + (b * c).sum() * la + (c * a).sum() * lb
            turns[n] += np.arctan2(above, below) / (2 * np.pi)
    return turns
