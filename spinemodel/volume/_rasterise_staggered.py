"""Rasterising with samples anywhere in their voxels, in a pattern that repeats: as on the CPU, but for the crossings.

Of a row of voxels, each S-th has its sample at the same height in u: so each of S cuts of a triangle crosses the
columns of one in S. Along a column, the sample in the voxel of the crossing decides which is the first behind it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.volume._crossings import ascending, chord, column_at_or_above, level, row_at_or_above
from spinemodel.volume._faces import Uint32Array
from spinemodel.volume._snap import Int32Array, Mesh
from spinemodel.volume.grid import Shape

HALF: Final = 1 << 15
"""Half a voxel, in 2^-16: no sample is further from its voxel's centre along an axis."""


class Samples(NamedTuple):
    """Where samples lie in their voxels.

    Attributes
    ----------
    aside
        (S, S, S, 3) from the voxels' centres, 2^-16 voxels, at most 2^15 either way; repeated along all axes. The first
        two do not depend on the third index: samples of a column lie above one another.
    phase
        Place in the pattern of the grid's first voxel, alike along all axes.
    """

    aside: NDArray[np.int64]
    phase: int


def crossings(mesh: Mesh, rank: int, part: slice, shape: Shape, samples: Samples) -> tuple[Int32Array, IntArray]:
    """Return the column and the key of every crossing of some faces of a mesh."""
    faces = mesh.faces[3 * part.start : 3 * part.stop]
    column, key = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.int64)
    done, count = 0, 0
    while True:
        done, count = _collect(faces, mesh.u, mesh.v, mesh.w, done, rank, shape, *samples, column, key, count)
        if 3 * done == len(faces):
            return column[:count], key[:count]
        column, key = np.concatenate([column, np.empty_like(column)]), np.concatenate([key, np.empty_like(key)])


@compiled
def _collect(
    faces: Uint32Array,
    u: Int32Array,
    v: Int32Array,
    w: Int32Array,
    done: int,
    rank: int,
    shape: Shape,
    aside: NDArray[np.int64],
    phase: int,
    column: Int32Array,
    key: IntArray,
    count: int,
) -> tuple[int, int]:
    """Write crossings from place ``count`` on; return how many faces are done, and how many crossings there are.

    It stops at a face whose crossings find no room.
    """
    corners = np.empty((3, 3), dtype=np.int64)
    for n in range(done, len(faces) // 3):
        a, b, c = faces[3 * n], faces[3 * n + 1], faces[3 * n + 2]
        if max(v[a], v[b], v[c]) < -HALF or min(v[a], v[b], v[c]) > shape[1] << 16:
            continue
        before = count
        first, second, third, turned = ascending(u[a], u[b], u[c])
        for corner, which in enumerate((first, second, third)):
            vertex = faces[3 * n + which]
            corners[corner, 0], corners[corner, 1], corners[corner, 2] = u[vertex], v[vertex], w[vertex]
        begin, end = row_at_or_above(corners[0, 0] - HALF), row_at_or_above(corners[2, 0] + HALF)
        for i in range(max(begin, 0), min(end, shape[0])):
            own = aside[(i + phase) % len(aside)]
            count = _cross_row(corners, i, 2 * rank + turned, shape, own, phase, column, key, count)
            if count < 0:
                return n, before
    return len(faces) // 3, count


@compiled
def _cross_row(
    corners: IntArray,
    i: int,
    side: int,
    shape: Shape,
    aside: NDArray[np.int64],
    phase: int,
    column: Int32Array,
    key: IntArray,
    count: int,
) -> int:
    """Write the crossings of a triangle, its corners by ascending u, and a row of columns; return how many there are.

    -1 where there is no room for them. Of columns that are mirror images in a pattern, which mostly lie alike in u, one
    follows the other: they share a chord.
    """
    s, at, cuts = len(aside), 2 * HALF, False
    v0 = w0 = v1 = w1 = swapped = 0
    (au, av, aw), (bu, bv, bw), (cu, cv, cw) = corners
    for m in range(s):
        b = s - 1 - m // 2 if m % 2 else m // 2
        if aside[b, 0, 0] != at:
            at = aside[b, 0, 0]
            cuts = row_at_or_above(au - at) <= i < row_at_or_above(cu - at)
            if cuts:
                v0, w0, v1, w1, swapped = chord(i, au - at, av, aw, bu - at, bv, bw, cu - at, cv, cw)
        if cuts:
            along = aside[b, 0, 1] << 16
            first = max(column_at_or_above(v0 - along), 0)
            last = min(column_at_or_above(v1 - along), shape[1])
            if last - first > s * (len(key) - count):
                return -1
            for j in range(first + (b - first - phase) % s, last, s):
                k = _first_behind(level(j, v0 - along, w0, v1 - along, w1), aside[b], phase)
                column[count] = i * shape[1] + j
                key[count] = min(max(k, 0), shape[2]) << 33 | side ^ swapped
                count += 1
    return count


@compiled
def _first_behind(w: int, aside: NDArray[np.int64], phase: int) -> int:
    """Return the first sample of a column that is not below a place, 2^-32 voxels."""
    k = (w + (HALF << 16)) >> 32
    return k if w <= (k << 32) + (aside[(k + phase) % len(aside), 2] << 16) else k + 1
