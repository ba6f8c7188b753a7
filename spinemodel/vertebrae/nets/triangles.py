"""Squares of a net into triangles that do not cut each other.

A square runs round the line between the centres of the two voxels that it parts. With the voxels' centres as poles, its
sides span four tetrahedra about that line, which share no point with those of another square as long as every vertex
lies in its cell (Ju and Udeshi 2006, Pacific Graphics). Two triangles stay in them where their common edge passes
between the line and one of the other vertices; else four are put round a point on the line.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled
from spinemodel.vertebrae.nets.net import Net

MARGIN: Final = 0.1
"""How far a point on the line stays from both centres at least, of their distance (a choice)."""

FAN: Final = 2


class Triangles(NamedTuple):
    """Vertices (n, 3), the net's first; faces (m, 3); and the labels on both sides of each face, (m, 2)."""

    vertices: FloatArray
    faces: IntArray
    sides: IntArray


def triangles(net: Net, at: FloatArray, spacing: FloatArray) -> Triangles:
    """Return the triangles of a net whose vertices are ``at`` (n, 3) mm in a lattice of a ``spacing`` (3,)."""
    way = _ways(net.squares, net.voxel, net.axis, net.parting, at / spacing, spacing)
    parts = [
        (np.vstack([turned[:, [0, 1, 2]], turned[:, [0, 2, 3]]]), np.tile(net.sides[way == diagonal], (2, 1)))
        for diagonal in (0, 1)
        for turned in [np.roll(net.squares[way == diagonal], -diagonal, axis=1)]
    ]
    fans = np.flatnonzero(way == FAN)
    centre = _centres(net, fans, at / spacing)
    keys, which = np.unique(net.parting[fans], return_inverse=True)
    which = which.reshape(-1, 4)
    # A point on a face lies halfway between those on the lines of the two squares that share it.
    share = np.bincount(which.ravel(), minlength=len(keys))[:, None]
    point = np.stack([np.bincount(which.ravel(), np.repeat(x, 4), len(keys)) for x in centre.T], axis=1) / share
    faces, owner = _fans(net.squares[fans], np.where(net.parting[fans] < 0, -1, which), len(at))
    parts.append((faces, net.sides[fans[owner]]))
    # The first key stands for no point, where there is any square without one on a side; it is used by no face.
    return Triangles(
        np.vstack([at, centre * spacing, point * spacing]), *(np.vstack(both) for both in zip(*parts, strict=True))
    )


def _centres(net: Net, fans: IntArray, at: FloatArray) -> FloatArray:
    """Return a point on the line of each square that is to be a fan, in voxels: as far along as its vertices are."""
    rows = np.arange(len(fans))
    axis = net.axis[fans]
    centre = net.voxel[fans].astype(np.float64)
    along = at[net.squares[fans]].mean(axis=1)[rows, axis] - centre[rows, axis]
    centre[rows, axis] += np.clip(along, MARGIN, 1 - MARGIN)
    return centre


def _fans(squares: IntArray, points: IntArray, first: int) -> tuple[IntArray, IntArray]:
    """Return the triangles round the middles of squares (k, 4), and the square of each.

    Middle i has the number ``first`` + i; point j of ``points`` (k, 4), on the side after a vertex, comes after them.
    """
    middle = first + np.arange(len(squares))
    faces, owner = [], []
    for i in range(4):
        here, there = squares[:, i], squares[:, (i + 1) % 4]
        split = points[:, i] >= 0
        between = first + len(squares) + points[:, i]
        pairs = ((~split, here, there), (split, here, between), (split, between, there))
        for some, one, other in pairs:
            faces.append(np.stack([middle, one, other], axis=1)[some])
            owner.append(np.flatnonzero(some))
    return np.vstack(faces), np.concatenate(owner)


@compiled
def _ways(
    squares: IntArray, voxel: IntArray, axis: IntArray, parting: IntArray, at: FloatArray, spacing: FloatArray
) -> IntArray:
    """Return how to cut each square: 0 or 1 for the diagonal from that vertex, the shorter one that does, or a fan."""
    way, local = np.full(len(squares), FAN), np.empty((4, 3))
    for i in range(len(squares)):
        if max(parting[i, 0], parting[i, 1], parting[i, 2], parting[i, 3]) >= 0:
            continue
        for k in range(4):
            for j in range(3):
                local[k, j] = at[squares[i, k], j] - voxel[i, j]
        shorter = int(_apart(local[1], local[3], spacing) < _apart(local[0], local[2], spacing))
        for diagonal in (shorter, 1 - shorter):
            if way[i] == FAN and _passes(local, diagonal, axis[i]):
                way[i] = diagonal
    return way


@compiled
def _apart(one: FloatArray, other: FloatArray, spacing: FloatArray) -> float:
    """Return the squared distance of two places in voxels, mm2."""
    x, y, z = ((other[0] - one[0]) * spacing[0], (other[1] - one[1]) * spacing[1], (other[2] - one[2]) * spacing[2])
    return float(x * x + y * y + z * z)


@compiled
def _passes(local: FloatArray, diagonal: int, axis: int) -> bool:
    """Return whether a diagonal of a square passes between the line from 0 to 1 on an axis and another vertex."""
    one, other = (axis + 1) % 3, (axis + 2) % 3
    a, c = local[diagonal], local[diagonal + 2]
    for k in (diagonal + 1, (diagonal + 3) % 4):
        b = local[k]
        start, end = a[one] * b[other] - a[other] * b[one], c[one] * b[other] - c[other] * b[one]
        if start == end:
            continue
        share = start / (start - end)
        u, w = a[one] + share * (c[one] - a[one]), a[other] + share * (c[other] - a[other])
        height = a[axis] + share * (c[axis] - a[axis])
        out = (u * b[one] + w * b[other]) / (b[one] ** 2 + b[other] ** 2)
        if 0 <= out <= 1 and out * b[axis] < height < 1 - out * (1 - b[axis]):
            return True
    return False
