"""Rasterising with samples anywhere in their voxels, in a pattern that repeats: as on the CPU, but for the crossings.

Of a row of voxels, each S-th has its sample at the same height in u: so each of S cuts of a triangle crosses the
columns of one in S. Along a column, the sample in the voxel of the crossing decides which is the first behind it.
"""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.jit import compiled
from spinemodel.volume._crossed import Crossed, Search, write
from spinemodel.volume._crossings import ABOVE, BELOW, ascending, chord, column_at_or_above, level, row_at_or_above
from spinemodel.volume._snap import Mesh
from spinemodel.volume.samples import HALF


@compiled
def collect_staggered(
    mesh: Mesh, wanted: Search, aside: IntArray, phase: int, done: int, found: Crossed, count: int
) -> tuple[int, int]:
    """Write the crossings of faces from number ``done`` on, as :func:`~spinemodel.volume._crossed.collected` asks."""
    u, v, w, _, faces, _ = mesh
    corners = np.empty((3, 3), dtype=np.int64)
    for n in range(done, len(faces) // 3):
        a, b, c = faces[3 * n], faces[3 * n + 1], faces[3 * n + 2]
        if max(v[a], v[b], v[c]) < -HALF or min(v[a], v[b], v[c]) > wanted.ny << 16:
            continue
        if _is_hidden(w[a], w[b], w[c], wanted):
            continue
        before = count
        first, second, third, turned = ascending(u[a], u[b], u[c])
        for corner, which in enumerate((first, second, third)):
            vertex = faces[3 * n + which]
            corners[corner, 0], corners[corner, 1], corners[corner, 2] = u[vertex], v[vertex], w[vertex]
        begin, end = row_at_or_above(corners[0, 0] - HALF), row_at_or_above(corners[2, 0] + HALF)
        for i in range(max(begin, 0), min(end, wanted.nx)):
            own = aside[(i + phase) % len(aside)]
            count = _cross_row(corners, i, 2 * wanted.rank + turned, wanted, own, phase, found, count)
            if count < 0:
                return n, before
    return len(faces) // 3, count


@compiled
def _is_hidden(aw: int, bw: int, cw: int, wanted: Search) -> bool:
    """Tell whether a triangle lies wholly beyond the hidden end of columns, wherever their samples lie."""
    if wanted.hidden == BELOW:
        return max(aw, bw, cw) <= -HALF
    return wanted.hidden == ABOVE and min(aw, bw, cw) >= ((wanted.nz - 1) << 16) + HALF


@compiled
def _cross_row(
    corners: IntArray, i: int, side: int, wanted: Search, aside: IntArray, phase: int, found: Crossed, count: int
) -> int:
    """Write the crossings of a triangle, its corners by ascending u, and a row of columns; return how many there are.

    -1 where there is no room for them. Of columns that are mirror images in a pattern, which mostly lie alike in u, one
    follows the other: they share a chord.
    """
    column, key = found
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
            last = min(column_at_or_above(v1 - along), wanted.ny)
            if 2 * (last - first + s) > s * (len(key) - count):
                return -1
            for j in range(first + (b - first - phase) % s, last, s):
                k = _first_behind(level(j, v0 - along, w0, v1 - along, w1), aside[b], phase)
                count = write(column, key, count, i * wanted.ny + j, k, side ^ swapped, wanted.nz, wanted.stop)
    return count


@compiled
def _first_behind(w: int, aside: IntArray, phase: int) -> int:
    """Return the first sample of a column that is not below a place, 2^-32 voxels."""
    k = (w + (HALF << 16)) >> 32
    return k if w <= (k << 32) + (aside[(k + phase) % len(aside), 2] << 16) else k + 1
