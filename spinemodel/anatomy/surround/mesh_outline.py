"""The outline of a segmented body, by which the discs beside it are shaped."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, frame_at
from spinemodel.anatomy.slices import section
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.stacking import SAMPLES
from spinemodel.arrays import FloatArray

MIDLINE_MM: Final = 3.0
"""Points nearer to the midplane than this tell where the body's front and back are."""

LEAST_DEPTH_MM: Final = 10.0
"""A body is deeper than this."""

PEDICLE_MM: Final = 2.0
"""How far beside the midline the outline may reach behind the body's back, where pedicles begin. A choice."""

SPACING_MM: Final = 0.4
"""Between points on the section's loops: some two per direction."""


def mesh_outline(axis: Axis, mesh: Surface, s: float, right: float) -> FloatArray | None:
    """Return the outline (n, 2) of a body at a distance along the axis; None where the plane meets none.

    It is what the section's boundary shows from the body's middle, cut off where pedicles begin.

    Parameters
    ----------
    axis
        Of the spine.
    mesh
        Closed, of the whole vertebra.
    s
        mm along the axis.
    right
        Offset of the midplane to the right of the axis, mm.

    Returns
    -------
    FloatArray or None
        Offsets to the right and dorsally, mm, begun dorsally; as many as
        :func:`~spinemodel.anatomy.surround.stacking.oval` has.
    """
    origin, frame = frame_at(axis, np.array([s]))
    loops = section(mesh, origin[0], frame[0, 2])
    if not loops:
        return None
    points = (np.vstack([_dense(loop) for loop in loops]) - origin[0]) @ frame[0, :2].T
    midline = np.sort(points[np.abs(points[:, 0] - right) < MIDLINE_MM, 1])
    behind = midline[midline > midline[:1].sum() + LEAST_DEPTH_MM]
    if not len(behind) or midline[0] > -LEAST_DEPTH_MM:
        return None
    front, back = float(midline[0]), float(behind[0])
    return _seen_from(points, np.array([right, (front + back) / 2]), back + PEDICLE_MM)


def _dense(loop: FloatArray) -> FloatArray:
    """Return points on a closed loop (k, 3) no farther apart than the spacing."""
    following = np.roll(loop, -1, axis=0)
    count = int(np.ceil(np.linalg.norm(following - loop, axis=1).max() / SPACING_MM))
    share = np.arange(count)[:, None, None] / count
    return np.asarray((loop + share * (following - loop)).reshape(-1, 3))


def _seen_from(points: FloatArray, centre: FloatArray, back: float) -> FloatArray:
    """Return the nearest boundary (n, 2) in each direction from a centre, no farther dorsally than ``back``."""
    local = points - centre
    angle = np.arctan2(local[:, 0], local[:, 1]) % (2 * np.pi)
    bins = (angle / (2 * np.pi) * SAMPLES).astype(np.int64) % SAMPLES
    radius = np.full(SAMPLES, np.inf)
    np.minimum.at(radius, bins, np.linalg.norm(local, axis=1))
    direction = 2 * np.pi * np.arange(SAMPLES) / SAMPLES
    seen = np.isfinite(radius)
    radius = np.interp(direction, direction[seen], radius[seen], period=2 * np.pi)
    dorsal = np.cos(direction)
    limit = np.where(dorsal > 1e-6, (back - centre[1]) / np.maximum(dorsal, 1e-6), np.inf)
    radius = np.minimum(radius, limit)
    return np.asarray(centre + radius[:, None] * np.stack([np.sin(direction), dorsal], axis=1))
