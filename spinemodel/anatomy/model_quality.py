"""What a model is worth beyond its promises: free space between structures, and the course of every root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.fidelity import FINE_MM, Fidelity, summarise
from spinemodel.anatomy.gaps import Gap, Skin, least_gap, part, wall
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.root_quality import ENTRY_MM, RootCourse, RootShape, root_course, root_shape
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import CORD, DURA


@dataclass(frozen=True)
class RootQuality:
    """One root.

    Attributes
    ----------
    course, shape
        Of its centreline.
    nearest, to_root
        The root that comes nearest to it, and the gap; None for a single root.
    to_cord
        Gap beyond the first 6 mm; None where there is no cord or no such part.
    to_dura
        Gap to the dura's wall from the inside, but for the last 6 mm before the exit; None as above.
    """

    course: RootCourse
    shape: RootShape
    nearest: str | None
    to_root: Gap | None
    to_cord: Gap | None
    to_dura: Gap | None


@dataclass(frozen=True)
class ModelQuality:
    """A whole model.

    Attributes
    ----------
    roots
        By name.
    gaps
        Least gaps by what they lie between, such as ``Cord - Dura``; of roots the least of all, with its root.
    """

    roots: Mapping[str, RootQuality]
    gaps: Mapping[str, Gap]


def model_quality(
    surfaces: Mapping[str, Surface], lines: Mapping[str, Centreline], bone: Surface | None = None
) -> ModelQuality:
    """Return the gaps between the closed surfaces of one model, and the courses of its roots.

    Parameters
    ----------
    surfaces
        By structure name.
    lines
        Centrelines by root.
    bone
        Of the tissues, where there are any.
    """
    cord = Skin(surfaces[CORD.name]) if CORD.name in surfaces else None
    dura = Skin(wall(surfaces[DURA.name])) if DURA.name in surfaces else None
    around = Proximity(surfaces[DURA.name]) if dura else None
    named = [name for name in lines if name in surfaces]
    beside = _nearest({name: Skin(surfaces[name]) for name in named}, lines)
    roots = {}
    for name in named:
        course = root_course(lines[name], cord.proximity if cord else None, around)
        s = _along(surfaces[name], lines[name])
        to_cord = _to_wall(surfaces[name], s > ENTRY_MM, cord, outside=True)
        to_dura = _to_wall(surfaces[name], s < course.end_s_mm - ENTRY_MM, dura, outside=False)
        roots[name] = RootQuality(course, root_shape(lines[name]), *beside[name], to_cord, to_dura)
    gaps = {} if cord is None or dura is None else {"Cord - Dura": least_gap(cord, dura, side=-1)}
    if dura and bone:
        gaps["Dura - Bone"] = least_gap(Skin(bone), dura, side=0, both=False)
    return ModelQuality(roots, gaps | _least_of_roots(roots))


def _along(surface: Surface, line: Centreline) -> FloatArray:
    """Return how far along the root each vertex of its tube lies, (n,) mm."""
    return np.asarray(arc_length(line.points)[KDTree(line.points).query(surface.vertices)[1]])


def _to_wall(root: Surface, keep: BoolArray, of: Skin | None, *, outside: bool) -> Gap | None:
    """Return the gap between a wall and the part of a root whose vertices are to be kept."""
    piece = part(root, np.asarray(keep[root.faces].all(axis=1)))
    return None if of is None or piece is None else least_gap(Skin(piece), of, side=1 if outside else -1)


def _nearest(
    roots: Mapping[str, Skin], lines: Mapping[str, Centreline]
) -> dict[str, tuple[str | None, Gap | None]]:
    """Return for every root the one that comes nearest, and the gap; only pairs that can be it are measured exactly."""
    trees = {name: KDTree(lines[name].points) for name in roots}
    apart = {(a, b): float(np.min(trees[b].query(lines[a].points)[0])) for a, b in combinations(roots, 2)}
    slack = 2 * max((float(lines[name].radius.max()) for name in roots), default=0.0)
    gaps: dict[tuple[str, str], Gap] = {}
    for name in roots:
        own = {pair: mm for pair, mm in apart.items() if name in pair}
        for pair, mm in own.items():
            if mm <= min(own.values()) + slack and pair not in gaps:
                gaps[pair] = least_gap(roots[pair[0]], roots[pair[1]], within_mm=mm)
    found: dict[str, tuple[str | None, Gap | None]] = dict.fromkeys(roots, (None, None))
    for pair, gap in sorted(gaps.items(), key=lambda item: -item[1].mm):
        found[pair[0]], found[pair[1]] = (pair[1], gap), (pair[0], gap)
    return found


def _least_of_roots(roots: Mapping[str, RootQuality]) -> dict[str, Gap]:
    """Return the least gap of any root from another, from the cord and from the dura."""
    least = {}
    for what in ("root", "cord", "dura"):
        gaps = {name: getattr(root, f"to_{what}") for name, root in roots.items()}
        known: dict[str, Gap] = {name: gap for name, gap in gaps.items() if gap is not None}
        if known:
            name = min(known, key=lambda each: known[each].mm)
            least[f"{name} - {roots[name].nearest if what == 'root' else what.capitalize()}"] = known[name]
    return least


def remeasured(
    drawn: Annotation, surfaces: Mapping[str, Surface], lines: Mapping[str, Centreline]
) -> dict[str, Fidelity]:
    """Return how far markers, arranged and in the model's posture, lie from surfaces and centrelines as they were read.

    Contours beyond the ends of their surface, which `build` leaves out, do not count.

    Raises
    ------
    InputError
        If no contour lies at the heights of the surface.
    """
    errors = {}
    for name, stack in ((CORD.name, drawn.cord), (DURA.name, drawn.dura)):
        if name in surfaces:
            points = _beside(stack, surfaces[name])
            errors[name] = points, signed_distance(Proximity(surfaces[name]), points)[0]
    for root, markers in drawn.roots.items():
        if str(root) in lines:
            whole = lines[str(root)].points
            fine = resample(whole, np.arange(0, arc_length(whole)[-1], FINE_MM))
            errors[str(root)] = markers.points, np.asarray(KDTree(fine).query(markers.points)[0])
    return summarise(errors)


def _beside(stack: Sequence[Markers], surface: Surface) -> FloatArray:
    """Return the points (n, 3) of those contours that lie at the heights of a surface, or within half a slice."""
    heights = np.array([markers.points[:, 2].mean() for markers in stack])
    z, half = surface.vertices[:, 2], float(np.abs(np.diff(heights)).mean()) / 2
    kept = [
        markers.points
        for markers, height in zip(stack, heights, strict=True)
        if z.min() - half < height < z.max() + half
    ]
    if not kept:
        raise InputError(
            f"markers of {surface.name}: z {heights.min():.0f} to {heights.max():.0f} mm, but its surface has "
            f"{z.min():.0f} to {z.max():.0f} mm; expected the markers of the same subject and frame"
        )
    return np.vstack(kept)
