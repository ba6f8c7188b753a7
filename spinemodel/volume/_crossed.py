"""The crossings that are found, in room that grows, and what stands for those that are not looked for.

A closed mesh crosses a column as often inwards as outwards: what it does beyond one end of the grid follows from the
rest. So where most of a mesh lies beyond an end, as with a small grid in a large model, that end is hidden: triangles
wholly beyond it are passed over, and every other crossing comes with its opposite at that end. Runs are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.volume._crossings import ABOVE, BELOW
from spinemodel.volume._snap import Int32Array, Mesh
from spinemodel.volume.grid import Shape


class Search(NamedTuple):
    """What is looked for: crossings of a mesh of a rank with the columns of a grid of nx, ny and nz voxels.

    ``hidden`` is the mark of the end that is not looked at, or 0; ``stop`` the sample at which opposites are written:
    0, nz, or -1 for none.
    """

    rank: int
    nx: int
    ny: int
    nz: int
    hidden: int
    stop: int


class Crossed(NamedTuple):
    """The column and the key of crossings; room for them, where some are still to be written."""

    column: Int32Array
    key: IntArray


def search(mesh: Mesh, rank: int, shape: Shape) -> Search:
    """Return what is looked for of a mesh: an end of columns is hidden if most of what is over the grid is beyond it.

    Opposites cost less than what is left out does, so it pays.
    """
    below, between, above = _count(mesh.cells, *shape[:2])
    hidden = BELOW if below >= above else ABOVE
    if max(below, above) <= between + min(below, above):
        return Search(rank, *shape, 0, -1)
    return Search(rank, *shape, hidden, 0 if hidden == BELOW else shape[2])


@compiled
def _count(cells: Int32Array, nx: int, ny: int) -> tuple[int, int, int]:
    """Return how many vertices of rows and columns of the grid lie below its columns, between their ends, and above."""
    below, between, above = 0, 0, 0
    for place in cells:
        row, column = place >> 16, (place >> 2) & 16383
        over = (row > 0) & (row < nx) & (column > 0) & (column < ny)
        below += over & (place & BELOW != 0)
        above += over & (place & ABOVE != 0)
        between += over & (place & (BELOW | ABOVE) == 0)
    return below, between, above


def collected(collect: Callable[[int, Crossed, int], tuple[int, int]], faces: int) -> Crossed:
    """Return the crossings of so many faces.

    ``collect`` is given how many faces are done, the room, and how many crossings there are; it returns both numbers
    anew, and stops at a face whose crossings find no room.
    """
    found = Crossed(np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.int64))
    done, count = 0, 0
    while True:
        done, count = collect(done, found, count)
        if done == faces:
            return Crossed(found.column[:count], found.key[:count])
        column, key = (np.concatenate([part, np.empty_like(part)]) for part in found)
        found = Crossed(column, key)


@compiled
def write(column: Int32Array, key: IntArray, count: int, at: int, k: int, side: int, nz: int, stop: int) -> int:
    """Write a crossing of a column, and its opposite at ``stop`` unless that is -1; return the place of the next.

    ``side`` is the rank of the mesh, times 2, and whether the column enters or leaves it there.
    """
    k = min(max(k, 0), nz)
    column[count], key[count] = at, k << 33 | side
    if stop < 0:
        return count + 1
    if k == stop:
        return count
    column[count + 1], key[count + 1] = at, stop << 33 | side ^ 1
    return count + 2
