"""How far a model lies outside an image, and which way."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.spaces import LPS_TO_RAS
from spinemodel.volume.grid import Grid, to_indices

WAYS: Final = (("left", "right"), ("back", "front"), ("feet", "head"))
"""Where the axes of RAS lead, down and up."""

TOLD: Final = 0.05
"""Least distance along an axis that is put into words, mm; what rounds to less is 0.0."""


class Beyond(NamedTuple):
    """How far points lie outside an image's voxels.

    Attributes
    ----------
    share
        Of the points inside.
    nearest, farthest
        (3,) mm, RAS+: the way from the border of the image to the point that lies least, and most, outside; 0 inside.
    mirrored
        Share of the points that would lie inside with x and y of the other sign, as LPS taken for RAS has them.
    """

    share: float
    nearest: FloatArray
    farthest: FloatArray
    mirrored: float


def beyond(grid: Grid, points: FloatArray) -> Beyond:
    """Return how far points (n, 3), RAS+ mm, lie outside the voxels of a grid."""
    ways = _ways(grid, points)
    apart = np.linalg.norm(ways, axis=1)
    mirrored = float((np.linalg.norm(_ways(grid, points * LPS_TO_RAS), axis=1) == 0).mean())
    return Beyond(float((apart == 0).mean()), ways[apart.argmin()], ways[apart.argmax()], mirrored)


def _ways(grid: Grid, points: FloatArray) -> FloatArray:
    """Return the way from the grid's border to each point, (n, 3) mm; 0 for those inside.

    Indices are clipped, so on an oblique grid the way is along its axes.
    """
    places = to_indices(grid, points)
    gaps = places - np.clip(places, -0.5, np.array(grid.shape) - 0.5)
    return np.asarray(gaps @ grid.affine[:3, :3].T)


def in_words(way: FloatArray) -> str:
    """Return a distance and its direction.

    Examples
    --------
    >>> in_words(np.array([-3.0, 0.0, 4.0]))
    '5.0 mm (3.0 mm to the left, 4.0 mm to the head)'
    """
    parts = [
        f"{abs(length):.1f} mm to the {ends[int(length > 0)]}"
        for length, ends in zip(way.tolist(), WAYS, strict=True)
        if abs(length) >= TOLD
    ]
    return f"{np.linalg.norm(way):.1f} mm" + (f" ({', '.join(parts)})" if parts else "")
