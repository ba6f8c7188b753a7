"""One partition laid over another: a lead among the tissues, as one conforming mesh.

Both are conforming already, so only faces of the one against faces of the other are cut, by the exact predicates of the
arrangement, and only in the bounding box of what is laid over: all faces away from the cuts stay as they are, to the
bit.
"""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.arrangement.tidy import FINEST_MM, tidy
from spinemodel.anatomy.compartments import OUTSIDE, Partition, edge_faults
from spinemodel.anatomy.overlaying.crossing import OVER, cross_partitions, near
from spinemodel.anatomy.overlaying.labelling import other_labels
from spinemodel.anatomy.overlaying.outside import FLUSH_MM, require_within
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.spaces import require_same_space


def overlay(under: Partition, over: Partition, *, finest_mm: float = FINEST_MM) -> Partition:
    """Return ``under`` with the parts of ``over`` in place of what lay there.

    Inside every label of ``over`` that label wins, elsewhere ``under`` stays. Faces of ``under`` outside ``over`` that
    share no vertex with a cut face keep their vertices and labels. Labels of ``under`` come first, with their numbers.

    Parameters
    ----------
    under
        What is there, such as a model's tissues.
    over
        What takes its place, such as a lead's backing and contacts, wholly inside the domain of ``under``. Where the
        two touch or are flush, it is swollen by nanometres.
    finest_mm
        Vertices and edges on the cuts that come nearer than this are merged; 0 keeps the cuts as they are. The default
        lets every part survive single precision.

    Raises
    ------
    SpaceMismatchError
        If the two are in different spaces.
    InputError
        If both have a label of the same name, or a part of ``over`` is not closed.
    GeometryError
        If ``over`` sticks out of the domain of ``under``, swallows one of its labels, or touches it however moved. A
        label that is gone is an error and not dropped: a structure that disappears under a lead means that the lead is
        in the wrong place, and what is asked about the structure later would have no answer.

    Examples
    --------
    >>> def tetrahedron(name, size):
    ...     points = size * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) - size / 9
    ...     faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    ...     return Partition("lab", points, faces, np.tile([1, 0], (4, 1)), (name,))
    >>> from spinemodel.anatomy.compartments import volumes
    >>> both = overlay(tetrahedron("Tissue", 2.0), tetrahedron("Lead", 1.0))
    >>> {name: round(mm3, 4) for name, mm3 in volumes(both).items()}
    {'Tissue': 1.1667, 'Lead': 0.1667}
    """
    require_same_space(under.space, over.space)
    _require_fit(under, over)
    laid = _numbered_after(under, over)
    close = near(under, laid)
    soup, done = cross_partitions(under, over, close)
    own = np.vstack([laid.sides, under.sides[close]])
    other = other_labels(soup, done, under, laid, own)
    is_over, points = soup.owner[done.source] == OVER, done.points.T
    stray = is_over & (other == OUTSIDE)
    outside = points[np.unique(done.faces[stray])]
    require_within(under, over, outside, bool(stray[is_over].all()), max(finest_mm, FLUSH_MM))
    sides = _won(own[done.source], other[:, None], is_over[:, None])
    parted = sides[:, 0] != sides[:, 1]
    loose = np.zeros(len(points), dtype=bool)
    loose[done.faces[done.whole :]] = True
    far = np.delete(np.arange(len(under.faces)), close)
    faces, sides = np.vstack([under.faces[far], done.faces[parted]]), np.vstack([under.sides[far], sides[parted]])
    return _named(laid, under, points, *_tidied(points, faces, sides, finest_mm, loose))


def _require_fit(under: Partition, over: Partition) -> None:
    """Raise unless names differ and every part of ``over`` is closed."""
    twice = [name for name in over.labels if name in under.labels]
    if twice:
        raise InputError(f"{', '.join(twice)}: label of both partitions; expected different names; rename one")
    if not len(over.faces):
        raise InputError("the partition to lay over has no faces; expected at least one part")
    for name, surface in over.parts.items():
        open_, _ = edge_faults(surface.faces)
        if open_:
            raise InputError(f"{name}: {open_} open edges; expected a closed part; `spinemodel check` names where")


def _numbered_after(under: Partition, over: Partition) -> Partition:
    """Return ``over`` with label numbers that follow those of ``under``."""
    sides = np.where(over.sides == OUTSIDE, OUTSIDE, over.sides + len(under.labels))
    return Partition(over.space, over.vertices, over.faces, sides, (*under.labels, *over.labels))


def _won(own: IntArray, other: IntArray, is_over: BoolArray) -> IntArray:
    """Return the labels (m, 2) on both sides of pieces, from those of their own partition and the other's (m, 1)."""
    above, below = np.where(is_over, own, other), np.where(is_over, other, own)
    return np.where(below == OUTSIDE, OUTSIDE, np.where(above == OUTSIDE, below, above))


def _tidied(
    points: FloatArray, faces: IntArray, sides: IntArray, finest_mm: float, loose: BoolArray
) -> tuple[IntArray, IntArray]:
    """Return faces and sides, tidied round the loose vertices (n,), those of cut faces; the others come first."""
    touched = loose[faces].any(axis=1)
    after, labels = tidy(points, faces[touched], sides[touched], finest_mm, loose)
    return np.vstack([faces[~touched], after]), np.vstack([sides[~touched], labels])


def _named(laid: Partition, under: Partition, points: FloatArray, faces: IntArray, sides: IntArray) -> Partition:
    """Return the partition without unused vertices; raise if a label is gone."""
    present = np.bincount(sides.ravel(), minlength=len(laid.labels) + 1) > 0
    gone = [name for name, is_there in zip(laid.labels, present[1:], strict=True) if not is_there]
    if gone:
        by = ", ".join(laid.labels[len(under.labels) :])
        raise GeometryError(
            f"{', '.join(gone)}: nothing is left where {by} was laid over it; expected a part of every compartment; "
            "move what is laid over, or leave out what it swallows"
        )
    used = np.zeros(len(points), dtype=bool)
    used[faces] = True
    place = np.cumsum(used) - 1
    return Partition(under.space, points[used], place[faces], sides, laid.labels)
