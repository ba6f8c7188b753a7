"""Checks that roots and ganglia share: each on its side and below the higher levels, and none a copy of another."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, permutations
from typing import Final

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from spinemodel.anatomy.annotation import Roots
from spinemodel.anatomy.curves import arc_length, resample
from spinemodel.anatomy.mistakes import and_more, hint
from spinemodel.anatomy.ordering import COINCIDENT_MM
from spinemodel.anatomy.stack import Stack, middle
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import SIDES, RootName

NEAR_MM: Final = 60.0
"""A root or a ganglion lies at most this far from the dura's middle, or its course beyond. In sub-03: 25 mm."""

MOVE: Final = "it is far from this subject: place it again in Slicer"

ALONG_MM: Final = 0.7
"""Roots that run nearer to each other than this over half their length are one root. In sub-03: 1.41 mm."""

ALONG_STEP_MM: Final = 0.2
"""Spacing of the points that stand for a root's line in that comparison."""


def require_no_twins(roots: Roots) -> None:
    """Refuse two roots, or two ganglia, with the same points."""
    for one, other in combinations(roots.values(), 2):
        shared = int((cdist(one.points, other.points) < COINCIDENT_MM).any(axis=1).sum())
        if 2 * shared >= min(len(one.points), len(other.points)):
            raise InputError(
                f"{one.source} and {other.source}: {shared} points of the one are points of the other: one of the two "
                "is a copy under another name; replace or remove it"
            )


def require_apart(roots: Roots) -> None:
    """Refuse two roots of which one runs along the other: a root drawn again under another name."""
    for one, other in permutations(roots.values(), 2):
        line = resample(other.points, np.arange(0, arc_length(other.points)[-1], ALONG_STEP_MM))
        apart = float(np.median(KDTree(line).query(one.points)[0]))
        if apart < ALONG_MM:
            raise InputError(
                f"{one.source} and {other.source}: run {apart:.2f} mm apart (median); expected more than "
                f"{ALONG_MM:g} mm between two roots: was one root drawn under both names?"
            )


def from_middle(points: FloatArray, dura: Stack, frame: FloatArray) -> FloatArray:
    """Return how far ``points`` (n, 3) lie to the right and to the front of the dura's middle, (n, 2) mm."""
    local = points @ frame.T
    return np.asarray(local[:, :2] - middle(dura, local[:, 2]))


def require_sides(roots: Roots, dura: Stack, frame: FloatArray) -> None:
    """Refuse roots, or ganglia, on the other side than their names say."""
    wrong = [name for name, strand in roots.items() if not _on_side(name, strand.points, dura, frame)]
    if not wrong:
        return
    strand = roots[wrong[0]]
    if 2 * len(wrong) > len(roots) > 1:
        raise InputError(
            f"{strand.source}: this and {len(wrong) - 1} more of the {len(roots)} files like it lie on the other side "
            "of the dura than their names say: they, or the whole subject, look mirrored or in the other frame "
            "(LPS for RAS): mend coordinateSystem"
        )
    found, expected = ("right", "left") if wrong[0].side == "L" else ("left", "right")
    raise InputError(
        f"{strand.source}: lies to the {found} of the dura's middle{and_more(len(wrong))}; expected the {expected}: "
        + hint(
            strand.points,
            lambda points: _on_side(wrong[0], points, dura, frame) and is_near(points, dura, frame),
            "were L and R swapped in the file names?" if is_near(strand.points, dura, frame) else MOVE,
        )
    )


def _on_side(name: RootName, points: FloatArray, dura: Stack, frame: FloatArray) -> bool:
    """Tell whether ``points`` lie on the side of ``name``."""
    right = float(np.median(from_middle(points, dura, frame)[:, 0]))
    return right > 0 if name.side == "R" else right < 0


def is_near(points: FloatArray, dura: Stack, frame: FloatArray) -> bool:
    """Tell whether ``points`` are near enough to the dura, or to its course beyond its ends, to be this subject's."""
    return bool(np.linalg.norm(from_middle(points, dura, frame), axis=1).max() < NEAR_MM)


def require_level_order(heights: Mapping[RootName, float], files: Roots, allowed: float = 0.0) -> None:
    """Refuse a root, or a ganglion, more than ``allowed`` mm above that of a higher level of its side."""
    for side in SIDES:
        for upper, lower in combinations(sorted(name for name in heights if name.side == side), 2):
            if (rise := heights[lower] - heights[upper]) > allowed:
                raise InputError(
                    f"{files[lower].source}: lies {rise:.2f} mm above {files[upper].source}; expected "
                    f"{lower.level} below {upper.level}: were two levels swapped?"
                )
