"""The upper end of the sacrum: where the pedicles of S1 begin, and which way its canal runs.

A sacrum has no lower endplate and no free pedicles; so both are found from the vertebra that stands on it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.slices import section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.vertebrae._ring import hole
from spinemodel.vertebrae.body import Body

BESIDE_MM: Final = 3.0
"""How far in front of and behind the pedicle's centre the sacrum's upper edge is looked for. A choice: half the width
of a foramen."""

SEARCH_MM: Final = 45.0
"""How far below the pedicles of the last lumbar vertebra the sacrum's edge and the first closed ring of its canal are
looked for. A choice: a body, a disc and the slope of the sacral roof."""

STEP_MM: Final = 1.0

ALONG_MM: Final = 10.0
"""Distance over which the direction of the sacral canal is told."""

ROUNDS: Final = 4
"""Of finding rings across the direction that they give; it settles in two or three."""


def disc_axes(above: Body) -> FloatArray:
    """Return axes (3, 3) right, anterior, cranial, the last across the disc below a vertebra."""
    return _turned(above.axes[0], -above.lower.normal)


def sacral_edges(sacrum: Surface, above: Body, pedicle: FloatArray) -> FloatArray | None:
    """Return the sacrum's upper edge (3,) mm straight below a pedicle's centre, across the disc; None if there is none.

    That is the floor of the last lumbar foramen.
    """
    axes = disc_axes(above)
    loops = section(sacrum, pedicle, axes[0])
    if not loops:
        return None
    local = (np.vstack(loops) - pedicle) @ axes.T
    under = (np.abs(local[:, 1]) < BESIDE_MM) & (local[:, 2] < 0) & (local[:, 2] > -SEARCH_MM)
    if not under.any():
        return None
    return np.asarray(pedicle + axes[2] * local[under, 2].max())


def sacral_canal(sacrum: Surface, above: Body) -> tuple[FloatArray, FloatArray] | None:
    """Return where the canal of S1 is first closed all round, (3,) mm, and its axes (3, 3); None where it never is."""
    axes, start, found = disc_axes(above), above.canal, None
    for _ in range(ROUNDS):
        first = _first(sacrum, start, axes)
        if first is None:
            break
        found = first, axes
        lower = hole(sacrum, first - ALONG_MM * axes[2], axes[2], first - ALONG_MM * axes[2])
        if lower is None:
            break
        axes = _turned(above.axes[0], first - lower.centre)
        start = first + SEARCH_MM / 2 * axes[2]
    return found


def _first(sacrum: Surface, start: FloatArray, axes: FloatArray) -> FloatArray | None:
    """Return the centre of the first closed ring below ``start``."""
    for depth in np.arange(0.0, SEARCH_MM, STEP_MM):
        at = start - depth * axes[2]
        ring = hole(sacrum, at, axes[2], at)
        if ring is not None:
            return ring.centre
    return None


def _turned(right: FloatArray, cranial: FloatArray) -> FloatArray:
    """Return axes (3, 3) with the last along ``cranial`` and the first nearest to ``right``."""
    up = cranial / np.linalg.norm(cranial)
    across = right - (right @ up) * up
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(up, across), up])
