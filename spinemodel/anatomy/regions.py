"""The connected pieces of a partition: patches of interface, and the regions of space that they bound.

A compartment may be of several pieces that do not touch, or touch only along lines, and a piece may have cavities.
Meshers know a region by the patches round it, so every patch lies between two regions, and no two regions have all
their patches in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.arrangement.unfold import turns
from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.anatomy.winding import INSIDE_TURNS, turns_round
from spinemodel.arrays import FloatArray, IntArray, freeze_int
from spinemodel.errors import GeometryError


@dataclass(frozen=True, eq=False)
class Regions:
    """Connected pieces of a partition.

    Attributes
    ----------
    patch
        (m,) patch of every face, from 0: faces joined across edges at which no third face ends.
    beside
        (m, 2) regions on the inner and the outer side of every face; 0 is outside the domain.
    label
        (regions + 1,) label number of every region; 0 of region 0.
    """

    patch: IntArray
    beside: IntArray
    label: IntArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("patch", "beside", "label"):
            object.__setattr__(self, name, freeze_int(getattr(self, name)))


def regions(partition: Partition) -> Regions:
    """Return the patches and regions of a partition.

    Raises
    ------
    GeometryError
        If faces are folded onto each other, so that what lies between them is not known.

    Examples
    --------
    >>> from spinemodel.anatomy.compartments import Solid, partition as cut
    >>> from spinemodel.anatomy.surface import Surface
    >>> def tetrahedron(size):
    ...     points = size * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    ...     return Surface("tetrahedron", "lab", points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))
    >>> found = regions(cut([Solid(tetrahedron(1.0), "Corner")], tetrahedron(2.0)))
    >>> found.label, int(found.patch.max()) + 1
    (array([0, 2, 1]), 3)
    """
    first, second, several = _at_edges(partition.faces)
    count = len(partition.faces)
    patch = _groups(first, second, count)
    # Faces of a patch need not look the same way: the side of the lower label comes first.
    lower = np.argsort(partition.sides, axis=1)
    place = 2 * patch[:, None] + np.argsort(lower, axis=1)
    one, other = _across_wedges(partition, several)
    shell = _groups(place.ravel()[one], place.ravel()[other], 2 * (int(patch.max()) + 1))[place]
    return _numbered(partition, patch, shell)


def _groups(one: IntArray, other: IntArray, count: int) -> IntArray:
    """Return the connected component of each of ``count`` things of which some are joined."""
    joined = coo_array((np.ones(len(one), dtype=bool), (one, other)), shape=(count, count))
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)


def _at_edges(faces: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return pairs of faces that share an edge with no third one, and places in ``faces.ravel()`` of all other edges.

    The latter are sorted by edge.
    """
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    key = np.minimum(tail, head) * (int(faces.max()) + 1) + np.maximum(tail, head)
    order = np.argsort(key, kind="stable")
    _, start, size = np.unique(key[order], return_index=True, return_counts=True)
    two = start[size == 2]
    return order[two] // 3, order[two + 1] // 3, order[np.repeat(size != 2, size)]


def _across_wedges(partition: Partition, several: IntArray) -> tuple[IntArray, IntArray]:
    """Return pairs of sides of faces, as 2 face + side, that look into the same wedge at an edge of several faces."""
    faces = partition.faces
    tail, head, apex = (np.roll(faces, -k, axis=1).ravel()[several] for k in range(3))
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    edge = np.unique(low * (int(faces.max()) + 1) + high, return_inverse=True)[1]
    turn = turns(partition.vertices, low, high, apex, edge)
    order = np.lexsort((turn, edge))
    first = np.append(True, np.diff(edge[order]) > 0)[: len(order)]
    place = np.arange(len(order))
    start = place[first][np.cumsum(first) - 1]
    following = np.where(np.append(first[1:], True)[: len(order)], start, place + 1)
    # Turning about the edge from low to high one meets the outer side of a face that runs along it last.
    along = (tail < head)[order].astype(np.int64)
    face = several[order] // 3
    ahead, behind = 2 * face + along, 2 * face + 1 - along
    _require_alike(partition, ahead, behind[following])
    return ahead, behind[following]


def _require_alike(partition: Partition, one: IntArray, other: IntArray) -> None:
    """Raise where the two sides of a wedge belong to different compartments."""
    labels = partition.sides.ravel()
    unlike = np.flatnonzero(labels[one] != labels[other])
    if len(unlike):
        k = unlike[0]
        names = ("outside", *partition.labels)
        place = ", ".join(f"{x:.2f}" for x in partition.vertices[partition.faces[one[k] // 2]].mean(axis=0))
        raise GeometryError(
            f"faces are folded onto each other near ({place}) mm, between {names[labels[one[k]]]} and "
            f"{names[labels[other[k]]]}, at {len(unlike)} edges in all; lay them out with `unfold`"
        )


def _numbered(partition: Partition, patch: IntArray, shell: IntArray) -> Regions:
    """Return the regions that shells bound: one that looks outwards, with those in its cavities."""
    label = np.zeros(int(shell.max()) + 1, dtype=np.int64)
    label[shell] = partition.sides
    size = _sizes(partition, shell, len(label))
    outer = np.flatnonzero((size > 0) & (label != OUTSIDE))
    number = np.zeros(len(label), dtype=np.int64)
    number[outer] = np.arange(1, len(outer) + 1)
    for hole in np.flatnonzero((size <= 0) & (label != OUTSIDE)):
        number[hole] = number[_around(partition, shell, int(hole), outer[label[outer] == label[hole]], size)]
    return Regions(patch, number[shell], np.append(OUTSIDE, label[outer]))


def _sizes(partition: Partition, shells: IntArray, count: int) -> FloatArray:
    """Return the volume that every shell bounds, mm3; negative round a cavity."""
    a, b, c = np.moveaxis((partition.vertices - partition.vertices.mean(axis=0))[partition.faces], 1, 0)
    under = np.einsum("ij,ij->i", np.cross(a, b), c) / 6
    inner, outer = (np.bincount(shells[:, side], under, minlength=count) for side in (0, 1))
    return np.asarray(inner - outer)


def _around(partition: Partition, shells: IntArray, hole: int, outer: IntArray, size: FloatArray) -> int:
    """Return the smallest of some shells that a cavity lies in."""
    point = partition.vertices[partition.faces[(shells == hole).any(axis=1)][0, 0]]
    for shell in outer[np.argsort(size[outer])]:
        own = (shells == shell).any(axis=1)
        faces = np.where(shells[own, :1] == shell, partition.faces[own], partition.faces[own][:, ::-1])
        if size[shell] > -size[hole] and turns_round(partition.vertices[faces] - point) > INSIDE_TURNS:
            return int(shell)
    place = ", ".join(f"{x:.2f}" for x in point)
    raise GeometryError(f"a cavity near ({place}) mm lies in no piece of its compartment; expected a closed partition")
