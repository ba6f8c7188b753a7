"""The layer between an electrode and the steps of the sub-voxels next to it: what they hold too much, or too little.

A sub-voxel conducts as a whole, or not at all, so that tissue ends in steps, up to a sub-voxel's diagonal on either
side of the metal. The electrode's own surface says where it really ends. Along the normal of each piece, what
conducts behind the surface is taken out again, and what does not in front of it is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._electrode_pieces import Pieces
from spinemodel.field.cells import Cells
from spinemodel.jit import compiled

_REACH: Final = 3**0.5
"""Sub-voxels: no step is further from the surface that it stands for than the diagonal, wherever the sample lies."""

_PASSED: Final = 7
"""Sub-voxels that a line of this length passes at most: of three axes, no more than two planes each lie between."""

_MOST: Final = 0.85
"""Share of a sub-voxel that is taken out or filled at most: some of it, round its sample, is on the right side, and a
cell that holds little else must keep something. A choice: a plane along the grid takes up to 7 / 8 with four sub-voxels
to a cell's edge, 17 / 18 with six; with 0.9 and 0.95 spheres' resistances differ somewhat more from place to place."""

_APART: Final = 1e-9
"""Sub-voxels: planes nearer to each other along a line, or to its start, are crossed at once, lest rounding choose
which comes first; a choice."""


class Layer(NamedTuple):
    """Sub-voxels that the surface goes through.

    Attributes
    ----------
    cell
        (n,) whose matrix changes, flat.
    place
        (n, 3) the sub-voxel, from the box's first.
    share
        (n,) of its volume: to add where it does not conduct, less than 0: to take out where it does.
    """

    cell: IntArray
    place: IntArray
    share: FloatArray


NO_LAYER: Final = Layer(np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int64), np.zeros(0))
"""Where nothing changes."""


def layer_of(pieces: Pieces, cells: Cells) -> Layer:
    """Return the layer at the pieces of electrodes in one box."""
    s, step = cells.subsamples, cells.box.spacing_mm / cells.subsamples
    inner = tuple(slice(cells.margin, cells.margin + s * n) for n in cells.box.cells)
    labels = cells.labels[inner]
    low, high = cells.covered or ((0, 0, 0), (0, 0, 0))
    rows = np.empty((2 * _PASSED * len(pieces.area), 6), dtype=np.int64)
    volume = np.empty(len(rows))
    start = (pieces.centre - cells.box.low) / step
    hole = s * np.array([low, high])
    count = _trace(labels, s, hole, start, pieces.normal, pieces.cell, pieces.area / step**2, rows, volume)
    shape = (*cells.box.cells, *labels.shape)
    once, row = np.unique(np.ravel_multi_index(tuple(rows[:count].T), shape), return_inverse=True)
    total = np.asarray(np.bincount(row, weights=volume[:count], minlength=len(once)), dtype=np.float64)
    found = np.stack(np.unravel_index(once, shape), axis=1).astype(np.int64)
    flat = np.ravel_multi_index(tuple(found[:, :3].T), cells.box.cells)
    return Layer(np.asarray(flat, dtype=np.int64), np.ascontiguousarray(found[:, 3:]), np.clip(total, -_MOST, _MOST))


@compiled
def _trace(
    labels: NDArray[np.uint8],
    subsamples: int,
    hole: IntArray,
    start: FloatArray,
    normal: FloatArray,
    cell: IntArray,
    area: FloatArray,
    rows: IntArray,
    volume: FloatArray,
) -> int:
    """Write cell and sub-voxel, and the volume to add, along the normals of all pieces; return their number."""
    count, place, leave = 0, np.empty(3, dtype=np.int64), np.empty(3)
    for n in range(len(start)):
        for side in (1, -1):
            before, ended, at = count, False, 0.0
            direction = side * normal[n]
            _begin(start[n], direction, place, leave)
            while at < _REACH and not ended:
                to = max(at, min(_REACH, leave[0], leave[1], leave[2]))
                inside = _within(place, (0, 0, 0), labels.shape)
                conducts = inside and labels[place[0], place[1], place[2]] > 0
                ended = conducts == (side > 0)
                if not ended and inside and not _within(place, hole[0], hole[1]):
                    for axis in range(3):
                        rows[count, axis] = cell[n, axis] if side > 0 else place[axis] // subsamples
                        rows[count, axis + 3] = place[axis]
                    volume[count] = side * (to - at) * area[n]
                    count += 1
                at = to
                _cross(direction, at, place, leave)
            if not ended:
                count = before
    return count


@compiled
def _begin(start: FloatArray, direction: FloatArray, place: IntArray, leave: FloatArray) -> None:
    """Write the sub-voxel in which a line starts, and where it leaves that along each axis."""
    for axis in range(3):
        slope, plane = direction[axis], np.floor(start[axis] + 0.5)
        at_plane = abs(start[axis] - plane) < _APART
        first = plane - (0 if slope > 0 else 1) if at_plane else np.floor(start[axis])
        place[axis] = int(first)
        leave[axis] = np.inf
        if slope != 0:
            leave[axis] = (first + (1 if slope > 0 else 0) - start[axis]) / slope


@compiled
def _cross(direction: FloatArray, at: float, place: IntArray, leave: FloatArray) -> None:
    """Go on to the sub-voxel after the planes that a line crosses at ``at``."""
    for axis in range(3):
        if leave[axis] <= at + _APART:
            place[axis] += 1 if direction[axis] > 0 else -1
            leave[axis] += 1 / abs(direction[axis])


@compiled
def _within(place: IntArray, low: Sequence[int], high: Sequence[int]) -> bool:
    """Tell whether a sub-voxel lies between two others."""
    inside = True
    for axis in range(3):
        inside &= low[axis] <= place[axis] < high[axis]
    return inside
