"""Points that cannot be of the structure they are in: one of them would move a mean, and no model could be built of it.

Contours are judged as where a model is built (:mod:`spinemodel.anatomy.plausible_points`). Here structures may be
missing or few, so that each is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.plausible_points import ASTRAY, LIMITS, NEAR_MM
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError

ALONE_MM: Final = 60.0
"""A root's point that has no other one of the root nearer is astray. A choice: a lumbar vertebra with its disc is some
40 mm high, and roots are marked in every slice or two."""

ALONE_TIMES: Final = 4.0
"""Where a root is marked coarsely, such as at its ends, a point is astray only if its fellows lie so many times nearer
to each other. A choice, as that of contours."""


def require_no_strays(annotation: Annotation) -> None:
    """Refuse a point far from the rest of its contour, root or ganglion.

    Raises
    ------
    InputError
        Naming the file and the point (from 1, in stored order), and how far it lies off.
    """
    for what, markers, astray in _judged(annotation):
        if astray.any():
            number = int(np.flatnonzero(astray)[0])
            rest = np.delete(markers.points, np.flatnonzero(astray), axis=0)
            gap = float(cdist(markers.points[number][None], rest if len(rest) else markers.points[:number]).min())
            raise InputError(
                f"{markers.source}: point {number + 1} lies {gap:.0f} mm from the nearest other point of its {what}; "
                "move it or delete it in Slicer"
            )


def _judged(annotation: Annotation) -> Iterator[tuple[str, Markers, BoolArray]]:
    """Yield what every file holds, and which of its points (n,) are astray."""
    for what, stack in (("cord contour", annotation.cord), ("dura contour", annotation.dura)):
        for contour in stack:
            yield what, contour, _off_contour(contour.points)
    for markers in annotation.roots.values():
        yield "root", markers, _off_root(markers.points)
    for markers in annotation.ganglia.values():
        yield "ganglion", markers, _off_ganglion(markers.points)


def _off_contour(points: FloatArray) -> BoolArray:
    """Return which points are much farther from the middle than most; of three or fewer none can be told."""
    distance = np.linalg.norm(points - np.median(points, axis=0), axis=1)
    limit = max(ASTRAY * float(np.median(distance)), NEAR_MM) if len(points) > 3 else np.inf
    return np.asarray(distance > limit)


def _off_root(points: FloatArray) -> BoolArray:
    """Return which points have no other one near."""
    if len(points) < 3:
        return np.zeros(len(points), dtype=bool)
    gaps = cdist(points, points)
    np.fill_diagonal(gaps, np.inf)
    nearest = gaps.min(axis=1)
    return np.asarray(nearest > max(ALONE_MM, ALONE_TIMES * float(np.median(nearest))))


def _off_ganglion(points: FloatArray) -> BoolArray:
    """Return the last point where the points lie farther apart than a ganglion is long."""
    astray = np.zeros(len(points), dtype=bool)
    astray[-1:] = bool(len(points) > 1 and cdist(points, points).max() > LIMITS["ganglion"].largest)
    return astray
