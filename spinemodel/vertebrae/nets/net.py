"""Surface nets of several labels: what is joined to what, without places.

A cell is the cube between eight neighbouring voxel centres. Every pair of neighbouring voxels of different labels has a
square between the four cells round it, and the squares of a cell meet in its vertex (Gibson 1998, MICCAI). One vertex
per cell is not enough where a label's voxels touch only along an edge or in a corner: a cell has one for each part of
the net in it (:mod:`~spinemodel.vertebrae.nets.cells`), and where two sheets pass a face between two cells, each has a
point of its own there.

So each edge of the mesh has exactly two faces of every label that it borders. A label has a vertex with two fans only
where its voxels touch in nothing but a corner between two or more other labels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray, IntArray
from spinemodel.jit import compiled
from spinemodel.vertebrae.nets.cells import BESIDE, CORNERS, ENDS, average, eight_of, joined_of, parts_of, scattered


class Net(NamedTuple):
    """Squares between the cells of a label array.

    Attributes
    ----------
    cell
        (n, 3) cell of each vertex; cell (0, 0, 0) lies between the first eight voxels.
    middle
        (n, 3) mean of the middles of the edges that the vertex's squares cross, less that of the cell's centre.
    alone
        (n,) whether its cell has no other vertex.
    near
        (n, 6) the next vertex in the directions -x, +x, -y ... along an edge of the mesh, or -1.
    seam
        (n, 6) whether three or more labels meet along that edge.
    pinched
        (n,) whether a label may have two fans there.
    squares
        (m, 4) vertices, anticlockwise seen from the side of the lower label.
    sides
        (m, 2) labels, the higher first.
    voxel, axis
        (m, 3) and (m,): the square parts this voxel and the next along the axis.
    parting
        (m, 4) number of the point between a vertex of the square and the next, equal for the two squares that share
        it, or -1 where there is none.
    """

    cell: IntArray
    middle: NDArray[np.float64]
    alone: BoolArray
    near: NDArray[np.int32]
    seam: BoolArray
    pinched: BoolArray
    squares: IntArray
    sides: IntArray
    voxel: IntArray
    axis: IntArray
    parting: IntArray

    @property
    def meeting(self) -> BoolArray:
        """(n,) whether three or more labels meet at a vertex."""
        return np.asarray(self.seam.any(axis=1))


def net(labels: NDArray[np.uint16], outside: int) -> Net:
    """Return the net of an array whose outermost layer is background (0) or ``outside``.

    ``outside`` is a label above all others. It counts as background, except that the edges along which a label and the
    background end at it are seams.
    """
    first = np.full(tuple(n - 1 for n in labels.shape), -1, dtype=np.int32)
    count = _number(labels, outside, first)
    cell, middle = np.empty((count, 3), dtype=np.int64), np.empty((count, 3))
    alone, pinched = np.empty(count, dtype=np.bool_), np.empty(count, dtype=np.bool_)
    near, seam = np.full((count, 6), -1, dtype=np.int32), np.zeros((count, 6), dtype=np.bool_)
    _link(labels, outside, first, cell, middle, alone, pinched, near, seam)
    many = _count_squares(labels, outside, first)
    squares, sides = np.empty((many, 4), dtype=np.int64), np.empty((many, 2), dtype=np.int64)
    voxel, axis = np.empty((many, 3), dtype=np.int64), np.empty(many, dtype=np.int64)
    parting = np.empty((many, 4), dtype=np.int64)
    _fill_squares(labels, outside, first, alone, squares, sides, voxel, axis, parting)
    return Net(cell, middle, alone, near, seam, pinched, squares, sides, voxel, axis, parting)


@compiled
def _number(labels: NDArray[np.uint16], outside: int, first: NDArray[np.int32]) -> int:
    """Give every cell the number of its first vertex; return how many vertices there are."""
    eight, part = np.empty(8, dtype=np.int64), np.empty(12, dtype=np.int64)
    total = 0
    for x in range(first.shape[0]):
        for y in range(first.shape[1]):
            for z in range(first.shape[2]):
                if eight_of(labels, outside, x, y, z, eight):
                    first[x, y, z] = total
                    total += parts_of(eight, part)
    return total


@compiled
def _link(
    labels: NDArray[np.uint16],
    outside: int,
    first: NDArray[np.int32],
    cell: IntArray,
    middle: NDArray[np.float64],
    alone: BoolArray,
    pinched: BoolArray,
    near: NDArray[np.int32],
    seam: BoolArray,
) -> None:
    """Fill in what is known of each vertex."""
    eight, part = np.empty(8, dtype=np.int64), np.empty(12, dtype=np.int64)
    next_eight, next_part = np.empty(8, dtype=np.int64), np.empty(12, dtype=np.int64)
    for x in range(first.shape[0]):
        for y in range(first.shape[1]):
            for z in range(first.shape[2]):
                start = first[x, y, z]
                if start < 0:
                    continue
                eight_of(labels, outside, x, y, z, eight)
                count = parts_of(eight, part)
                for i in range(start, start + count):
                    cell[i, 0], cell[i, 1], cell[i, 2] = x, y, z
                    alone[i], pinched[i] = count == 1, scattered(eight)
                average(part, middle[start : start + count])
                for axis in range(3):
                    nx, ny, nz = x + (axis == 0), y + (axis == 1), z + (axis == 2)
                    if nx < first.shape[0] and ny < first.shape[1] and nz < first.shape[2] and first[nx, ny, nz] >= 0:
                        eight_of(labels, outside, nx, ny, nz, next_eight)
                        parts_of(next_eight, next_part)
                        kinds = _kinds(labels, x, y, z, axis)
                        _link_across(part, next_part, axis, start, first[nx, ny, nz], kinds > 2, near, seam)


@compiled
def _kinds(labels: NDArray[np.uint16], x: int, y: int, z: int, axis: int) -> int:
    """Return how many sides of the face between a cell and the next along an axis have different labels at their ends.

    What lies outside is a label of its own here.
    """
    ring = CORNERS[2 * axis + 1]
    found = 0
    for i in range(4):
        a, b = ring[i - 1], ring[i]
        one = labels[x + (a >> 2), y + ((a >> 1) & 1), z + (a & 1)]
        found += one != labels[x + (b >> 2), y + ((b >> 1) & 1), z + (b & 1)]
    return found


@compiled
def _link_across(
    part: IntArray,
    next_part: IntArray,
    axis: int,
    start: int,
    next_start: int,
    meeting: bool,
    near: NDArray[np.int32],
    seam: BoolArray,
) -> None:
    """Link the vertices of a cell and of the next along an axis whose squares cross the face between them."""
    for i in range(4):
        here, there = part[BESIDE[2 * axis + 1, i]], next_part[BESIDE[2 * axis, i]]
        if here >= 0:
            one, other = start + here, next_start + there
            near[one, 2 * axis + 1], near[other, 2 * axis] = other, one
            seam[one, 2 * axis + 1] = seam[other, 2 * axis] = meeting


@compiled
def _count_squares(labels: NDArray[np.uint16], outside: int, first: NDArray[np.int32]) -> int:
    """Return how many pairs of neighbouring voxels differ."""
    total = 0
    for x in range(first.shape[0]):
        for y in range(first.shape[1]):
            for z in range(first.shape[2]):
                if first[x, y, z] >= 0:
                    for axis in range(3):
                        total += _differ(labels, outside, x, y, z, axis)
    return total


@compiled
def _differ(labels: NDArray[np.uint16], outside: int, x: int, y: int, z: int, axis: int) -> bool:
    """Return whether a voxel and the next along an axis have a square between them."""
    here, there = labels[x, y, z], labels[x + (axis == 0), y + (axis == 1), z + (axis == 2)]
    return here != there and not (min(here, there) == 0 and max(here, there) == outside)


@compiled
def _fill_squares(
    labels: NDArray[np.uint16],
    outside: int,
    first: NDArray[np.int32],
    alone: BoolArray,
    squares: IntArray,
    sides: IntArray,
    voxel: IntArray,
    axis: IntArray,
    parting: IntArray,
) -> None:
    """Fill in what is known of each square."""
    flat, step = labels.reshape(-1), np.array([labels.shape[1] * labels.shape[2], labels.shape[2], 1])
    row = 0
    for x in range(first.shape[0]):
        for y in range(first.shape[1]):
            for z in range(first.shape[2]):
                if first[x, y, z] < 0:
                    continue
                for way in range(3):
                    if _differ(labels, outside, x, y, z, way):
                        voxel[row, 0], voxel[row, 1], voxel[row, 2], axis[row] = x, y, z, way
                        at = x * step[0] + y * step[1] + z
                        _corners_of(labels, outside, first, alone, voxel[row], way, squares[row])
                        _partings_of(flat, step, outside, at, way, parting[row])
                        here, there = _at(flat, outside, at), _at(flat, outside, at + step[way])
                        sides[row, 0], sides[row, 1] = max(here, there), min(here, there)
                        if here < there:
                            _turn(squares[row], parting[row])
                        row += 1


@compiled
def _at(flat: NDArray[np.uint16], outside: int, place: int) -> int:
    """Return the label of a voxel, ``outside`` as 0."""
    label = int(flat[place])
    return 0 if label == outside else label


@compiled
def _corners_of(
    labels: NDArray[np.uint16],
    outside: int,
    first: NDArray[np.int32],
    alone: BoolArray,
    voxel: IntArray,
    axis: int,
    square: IntArray,
) -> None:
    """Fill in the vertices of the four cells round a pair of voxels, anticlockwise seen from the second."""
    one, other = (axis + 1) % 3, (axis + 2) % 3
    for i in range(4):
        back, down = int(i == 0 or i == 3), int(i < 2)
        x = voxel[0] - back * (one == 0) - down * (other == 0)
        y = voxel[1] - back * (one == 1) - down * (other == 1)
        z = voxel[2] - back * (one == 2) - down * (other == 2)
        square[i] = first[x, y, z]
        if not alone[square[i]]:
            eight, part = np.empty(8, dtype=np.int64), np.empty(12, dtype=np.int64)
            eight_of(labels, outside, x, y, z, eight)
            parts_of(eight, part)
            low = 4 * (voxel[0] - x) + 2 * (voxel[1] - y) + voxel[2] - z
            for edge in range(4 * axis, 4 * axis + 4):
                if ENDS[edge, 0] == low:
                    square[i] += part[edge]


@compiled
def _partings_of(flat: NDArray[np.uint16], step: IntArray, outside: int, at: int, axis: int, parting: IntArray) -> None:
    """Fill in the numbers of the points on the four faces round a pair of voxels, in the order of the square's sides.

    A point lies between the voxel that it parts off and the middle of the face, and has its number from that voxel and
    the one across.
    """
    along = step[axis]
    p, q = _at(flat, outside, at), _at(flat, outside, at + along)
    for i in range(4):
        way = (axis + 2) % 3 if i % 2 == 0 else (axis + 1) % 3
        sign = 1 if i in (1, 2) else -1
        aside = sign * step[way]
        joined = joined_of(p, q, _at(flat, outside, at + along + aside), _at(flat, outside, at + aside))
        code = 13 + sign * 3 ** (2 - way) + (3 ** (2 - axis) if joined == 2 else -(3 ** (2 - axis)))
        parting[i] = -1 if joined == 0 else (at + along if joined == 1 else at) * 27 + code


@compiled
def _turn(square: IntArray, parting: IntArray) -> None:
    """Let a square look the other way."""
    square[1], square[3] = square[3], square[1]
    parting[0], parting[3] = parting[3], parting[0]
    parting[1], parting[2] = parting[2], parting[1]
