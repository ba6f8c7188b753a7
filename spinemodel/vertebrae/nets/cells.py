"""One cell of a surface net: the cube between eight neighbouring voxel centres, and how the net cuts it.

The net's squares cut the cell's six faces in curves. On a face with labels ``a b / c a``, the diagonal pair of equal
labels is joined, and the curves part; of two such pairs it is the one of the lower label, so that the background (0)
always is. Curves of a cell that do not meet have a vertex each.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled

_UNIT: Final = np.eye(3, dtype=np.int64)


def _corner(place: IntArray) -> int:
    """Return the number of a cube's corner."""
    return int(place @ [4, 2, 1])


def _cube() -> tuple[IntArray, IntArray, IntArray]:
    """Return the corners of a cube's 12 edges, and the corners and edges round its 6 faces; corner 4x + 2y + z."""
    ends, round_, beside = np.zeros((12, 2), np.int64), np.zeros((6, 4), np.int64), np.zeros((6, 4), np.int64)
    for axis in range(3):
        one, other = (_UNIT[i] for i in range(3) if i != axis)
        for i, start in enumerate([0 * one, other, one, one + other]):
            ends[4 * axis + i] = _corner(start), _corner(start + _UNIT[axis])
        for side in (0, 1):
            ring = [side * _UNIT[axis] + step for step in (0 * one, one, one + other, other)]
            round_[2 * axis + side] = [_corner(place) for place in ring]
    number = {frozenset(pair): i for i, pair in enumerate(ends.tolist())}
    for face, ring in enumerate(round_.tolist()):
        beside[face] = [number[frozenset((ring[i], ring[(i + 1) % 4]))] for i in range(4)]
    return ends, round_, beside


ENDS, CORNERS, BESIDE = _cube()


@compiled
def eight_of(labels: NDArray[np.uint16], outside: int, x: int, y: int, z: int, eight: IntArray) -> bool:
    """Fill in the labels at a cell's corners, ``outside`` as 0; return whether they differ."""
    differ = False
    for i in range(8):
        label = np.int64(labels[x + (i >> 2), y + ((i >> 1) & 1), z + (i & 1)])
        eight[i] = 0 if label == outside else label
        differ |= eight[i] != eight[0]
    return differ


@compiled
def joined_of(a: int, b: int, c: int, d: int) -> int:
    """Return which diagonal of the labels round a face is joined where both part: 1 for a-c, 2 for b-d, 0 for none."""
    if a == b or b == c or c == d or d == a or (a != c and b != d):
        return 0
    if a == c and b == d:
        return 1 if a < b else 2
    return 1 if a == c else 2


@compiled
def _unite(part: IntArray, one: int, other: int) -> None:
    """Let two edges that are crossed belong to one part."""
    if part[one] >= 0 and part[other] >= 0 and part[one] != part[other]:
        old, new = max(part[one], part[other]), min(part[one], part[other])
        for i in range(12):
            if part[i] == old:
                part[i] = new


@compiled
def parts_of(eight: IntArray, part: IntArray) -> int:
    """Fill in the part of each of the cell's edges, -1 for one that is not crossed; return how many parts there are."""
    for i in range(12):
        part[i] = i if eight[ENDS[i, 0]] != eight[ENDS[i, 1]] else -1
    for face in range(6):
        ring, edge = CORNERS[face], BESIDE[face]
        joined = joined_of(eight[ring[0]], eight[ring[1]], eight[ring[2]], eight[ring[3]])
        if joined == 0:
            for i in range(4):
                for j in range(i):
                    _unite(part, edge[i], edge[j])
        else:
            for corner in (joined % 2, joined % 2 + 2):
                _unite(part, edge[corner - 1], edge[corner])
    return _renumber(part)


@compiled
def _renumber(part: IntArray) -> int:
    """Let the parts be 0, 1, 2 ... in the order of their first edges; return how many there are."""
    count = 0
    for i in range(12):
        if part[i] == i:
            for j in range(i, 12):
                if part[j] == i:
                    part[j] = -2 - count
            count += 1
    for i in range(12):
        if part[i] < -1:
            part[i] = -2 - part[i]
    return count


@compiled
def average(part: IntArray, middle: NDArray[np.float64]) -> None:
    """Fill in the mean of the middles of each part's edges, from the cell's centre."""
    for i in range(len(middle)):
        count = 0
        for edge in range(12):
            count += part[edge] == i
        for axis in range(3):
            bit, total = 4 >> axis, 0.0
            for edge in range(12):
                if part[edge] == i:
                    total += (((ENDS[edge, 0] & bit) > 0) + ((ENDS[edge, 1] & bit) > 0) - 1) / 2
            middle[i, axis] = total / count


@compiled
def scattered(eight: IntArray) -> bool:
    """Return whether a label other than the background has corners of the cell that no edge of the cell joins."""
    group = np.arange(8)
    for _ in range(3):
        for i in range(12):
            a, b = ENDS[i, 0], ENDS[i, 1]
            if eight[a] == eight[b]:
                group[a] = group[b] = min(group[a], group[b])
    for i in range(8):
        for j in range(i):
            if eight[i] == eight[j] != 0 and group[i] != group[j]:
                return True
    return False
