"""Whose points are pulled into whose distances.

A point of a part lies on the whole; most points of the whole do not lie on the part. So where one shape may be only
part of the other, its points are pulled into the other's distances, whichever of them moves.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.alignment.parameters import Direction, Kind
from spinemodel.alignment.shapes import Target
from spinemodel.arrays import FloatArray

PART: Final = 0.85
"""Share of the volume below which a shape may be part of the other. A choice: a mask with 30 % missing has 0.7, a body
without its arch 0.6; one person's mask and mesh differ by 2 %. Two people fall on either side, and either will do."""

UNEVEN: Final = 0.8
"""Where the scale is free, a smaller volume may also be a smaller person. A person is smaller along all axes
alike (0.83 and more for L2 to L5 of two people), a body without its arch is not (0.71)."""


def choose_direction(moving: Target, fixed: Target, kind: Kind) -> tuple[Direction, str]:
    """Return whose points to pull, and why.

    Where the scale is free, one direction alone would be content with a shape shrunk to a point of the other's surface,
    so both are used, unless the extents say that one shape is only part of the other.
    """
    ratio = _mm3(fixed) / max(_mm3(moving), 1e-12)
    told = f"the fixed shape has {100 * ratio:.0f} % of the moving one's volume"
    alike = PART <= ratio <= 1 / PART
    if not alike and kind != "rigid":
        extents = _deviations(fixed.fine[0]) / np.maximum(_deviations(moving.fine[0]), 1e-12)
        alike = bool(extents.min() >= UNEVEN * extents.max())
        told += f" and {', '.join(f'{100 * share:.0f}' for share in extents)} % of its extents"
    if not alike:
        return ("fixed" if ratio < 1 else "moving"), f"{told}: the smaller one may be only a part"
    if kind == "rigid":
        return "moving", f"{told}: neither is a part"
    return "both", f"{told}: neither is a part, and both together hold the scale"


def _mm3(target: Target) -> float:
    """Return the volume of all parts."""
    return sum(part.mm3 for part in target.parts)


def _deviations(points: FloatArray) -> FloatArray:
    """Return the standard deviations of points (n, 3) along their principal axes, greatest first, mm."""
    return np.asarray(np.linalg.svd(points - points.mean(axis=0), compute_uv=False) / np.sqrt(len(points)))
