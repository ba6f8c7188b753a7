"""From markers as they were stored to markers in anatomical order.

Files carry no order that can be trusted: contour 1 is not the lowest slice, loops start anywhere and run either way,
roots are stored from either end. Geometry decides here, once; what was corrected is said in ``notes``, and what cannot
be one subject is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.ordering import (
    contour_order,
    distinct,
    is_rotation_or_reversal,
    path_order,
)
from spinemodel.anatomy.plausibility import require_plausible
from spinemodel.anatomy.plausible_points import require_points
from spinemodel.anatomy.stack import slice_normal
from spinemodel.arrays import IntArray
from spinemodel.levels import RootName

MISSED_STEPS = 1.5
"""A gap of this many usual steps is named in the notes: one mark or slice was left out."""


def arrange(annotation: Annotation) -> Annotation:
    """Return ``annotation`` in anatomical order, without copies, or refuse it.

    Cord and dura contours run from caudal to rostral, each anticlockwise seen from the head; roots run from the cord
    to the ganglion, and so do ganglia of two points. Corrections are added to the notes.

    Raises
    ------
    InputError
        Where a file, or the files together, cannot be one subject; it names the file, the point and the likely cause.

    See Also
    --------
    spinemodel.anatomy.plausibility : the checks.
    """
    require_points(annotation)
    notes: list[str] = []
    ordered = replace(
        annotation,
        cord=_stack(annotation.cord, notes),
        dura=_stack(annotation.dura, notes),
        roots={name: _root(markers, notes) for name, markers in annotation.roots.items()},
        ganglia={name: _ganglion(annotation, name, notes) for name in annotation.ganglia},
    )
    notes += require_plausible(ordered, raw=annotation)
    notes += [*_missing_slices("cord", ordered.cord), *_missing_slices("dura", ordered.dura)]
    return replace(ordered, notes=(*annotation.notes, *notes))


def _stack(contours: Iterable[Markers], notes: list[str]) -> tuple[Markers, ...]:
    """Return each different contour once and in order, the lowest first.

    Height is measured across the slices: a contour that lies astray in its slice keeps its place.
    """
    loops = _without_copies([_contour(markers, notes) for markers in contours], notes)
    heights = np.array([loop.points.mean(axis=0) for loop in loops]) @ slice_normal(loops)
    return tuple(loops[i] for i in np.argsort(heights, kind="stable"))


def _contour(markers: Markers, notes: list[str]) -> Markers:
    """Return the points anticlockwise round the contour, seen from the head."""
    loop = _without_coincident(markers, notes)
    order = contour_order(loop.points)
    if not is_rotation_or_reversal(order):
        notes.append(f"{markers.source}: points were stored out of order; sorted round the contour")
    return _take(loop, order)


def _without_copies(loops: Sequence[Markers], notes: list[str]) -> list[Markers]:
    """Return the contours less those with the very points of another."""
    kept: dict[bytes, Markers] = {}
    for loop in loops:
        key = loop.points[np.lexsort(loop.points.T)].tobytes()
        if key in kept:
            notes.append(f"{loop.source}: the same points as {kept[key].source}; left out")
        kept.setdefault(key, loop)
    return list(kept.values())


def _root(markers: Markers, notes: list[str]) -> Markers:
    """Return the points along the shortest path through them, from the end nearer to the head."""
    strand = _without_coincident(markers, notes)
    height = strand.points[:, 2]
    order = path_order(strand.points, start=int(height.argmax()))
    if height[order[0]] < height[order[-1]]:
        order = order[::-1]
    if not _is_stored_order(order):
        notes.append(f"{markers.source}: points were stored out of order; sorted along the root")
    return _take(strand, order)


def _is_stored_order(order: IntArray) -> bool:
    """Tell whether a path visits its points as they were stored, from either end."""
    return bool((np.abs(np.diff(order)) == 1).all())


def _ganglion(annotation: Annotation, name: RootName, notes: list[str]) -> Markers:
    """Return the points from the one nearest to the root outwards, or downwards without a root."""
    ganglion = _without_coincident(annotation.ganglia[name], notes)
    root = annotation.roots.get(name)
    if root is None:
        return _take(ganglion, np.argsort(-ganglion.points[:, 2], kind="stable"))
    gaps = np.linalg.norm(ganglion.points[:, None] - root.points[None], axis=-1)
    return _take(ganglion, np.argsort(gaps.min(axis=1), kind="stable"))


def _without_coincident(markers: Markers, notes: list[str]) -> Markers:
    """Return the markers less those that lie on another."""
    keep = distinct(markers.points)
    if dropped := int((~keep).sum()):
        notes.append(f"{markers.source}: {dropped} coincident point{'s' * (dropped > 1)} left out")
    return _take(markers, np.flatnonzero(keep))


def _take(markers: Markers, order: IntArray) -> Markers:
    return Markers(markers.points[order], markers.source)


def _missing_slices(name: str, stack: Sequence[Markers]) -> list[str]:
    """Say where the stack has a wider gap than it has elsewhere."""
    centres = np.array([contour.points.mean(axis=0) for contour in stack])
    gaps = np.diff(centres @ slice_normal(stack))
    wide = gaps > MISSED_STEPS * np.median(gaps)
    return [
        f"{name}: no contour over {gap:.1f} mm between {low.source} and {high.source}; interpolated"
        for (low, high), gap, missing in zip(pairwise(stack), gaps, wide, strict=True)
        if missing
    ]
