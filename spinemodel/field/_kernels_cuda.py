"""The stencils and the transfer between boxes on a GPU: :mod:`._sweeps` and :mod:`._carrying`, a thread per value.

Blocks take rows of nodes along z, and their threads the values of a row, lanes fastest: a warp reads whole sectors of
vectors, and its threads share a node's stencil. Every value is summed up by one thread in the order of the CPU, and
nothing is added by two, so that results do not depend on the size of a launch.

Indices are given as unsigned once they are known not to be negative: the compiler then leaves out what Python does with
negative ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from spinemodel.volume._cuda import Array, kernel, on_device

U = np.uint64


@on_device
def _less_neighbours(total: Any, row: Array, values: Array, i: int, j: int, at: int, lanes: int) -> Any:
    """Return ``total`` less the stencil ``row`` of the 26 neighbours; ``at`` is this lane's first along z."""
    for di in range(3):
        for dj in range(3):
            n = 9 * di + 3 * dj
            x, y = U(i + di), U(j + dj)
            before, own, after = row[n], row[n + 1], row[n + 2]
            if n == 12:
                # The zero has the stencil's own precision; a literal one would widen all that follows.
                own = before - before
            total -= before * values[x, y, U(at)] + own * values[x, y, U(at + lanes)] + (
                after * values[x, y, U(at + 2 * lanes)]
            )  # fmt: skip
    return total


@kernel
def smooth(stencil: Array, values: Array, given: Array, active: Array, a: int, b: int, c: int) -> None:
    """Solve the nodes of one colour, with indices of the parities ``a``, ``b``, ``c``, for their own values."""
    nx, ny, nz = active.shape
    lanes = values.shape[2] // (nz + 2)
    rows, width = (ny - b + 1) // 2, (nz - c + 1) // 2 * lanes
    for part in range(cuda.blockIdx.x, (nx - a + 1) // 2 * rows, cuda.gridDim.x):
        i, j = a + 2 * (part // rows), b + 2 * (part % rows)
        for t in range(cuda.threadIdx.x, width, cuda.blockDim.x):
            k = c + 2 * (t // lanes)
            if active[U(i), U(j), U(k)]:
                row, at = stencil[U(i), U(j), U(k)], k * lanes + t % lanes
                into = U(i + 1), U(j + 1), U(at + lanes)
                values[into] = _less_neighbours(given[into], row, values, i, j, at, lanes) / row[13]


@kernel
def residual(stencil: Array, values: Array, given: Array, left: Array) -> None:
    """Write what is left of the right-hand side into ``left``."""
    nx, ny, nz = stencil.shape[:3]
    lanes = values.shape[2] // (nz + 2)
    for part in range(cuda.blockIdx.x, nx * ny, cuda.gridDim.x):
        i, j = part // ny, part % ny
        for t in range(cuda.threadIdx.x, nz * lanes, cuda.blockDim.x):
            row, into = stencil[U(i), U(j), U(t // lanes)], (U(i + 1), U(j + 1), U(t + lanes))
            if row[13] == 0:
                left[into] = 0
            else:
                total = given[into] - row[13] * values[into]
                left[into] = _less_neighbours(total, row, values, i, j, t, lanes)


@kernel
def product(stencil: Array, pinned: Array, values: Array, image: Array) -> None:
    """Write the stencils' product with ``values`` into ``image``, as :func:`._sweeps.product` does."""
    nx, ny, nz = stencil.shape[:3]
    lanes = values.shape[2] // (nz + 2)
    for part in range(cuda.blockIdx.x, nx * ny, cuda.gridDim.x):
        i, j = part // ny, part % ny
        for t in range(cuda.threadIdx.x, nz * lanes, cuda.blockDim.x):
            row, into = stencil[U(i), U(j), U(t // lanes)], (U(i + 1), U(j + 1), U(t + lanes))
            if row[13] == 0:
                image[into] = 0
            else:
                value = values[into]
                total = value - value
                for n in range(27):
                    if n != 13:
                        total += row[n]
                own = pinned[U(i), U(j), U(t // lanes)] - total
                image[into] = -_less_neighbours(-own * value, row, values, i, j, t, lanes)


@on_device
def _is_on_face(n: int, size: int) -> bool:
    """Tell whether an index is the first or the last."""
    return n in (0, size - 1)


@on_device
def _carried(
    total: Any, weights: Array, left: Array, x0: int, y0: int, z0: int, m: int, lanes: int, faces: bool
) -> Any:
    """Return ``total`` and what a coarse node takes, or takes of the fine box's faces only."""
    nx, ny, nz = weights.shape[:3]
    for x in range(max(2 * x0 - 1, 0), min(2 * x0 + 2, nx)):
        for y in range(max(2 * y0 - 1, 0), min(2 * y0 + 2, ny)):
            inside = faces and not (_is_on_face(x, nx) or _is_on_face(y, ny))
            for z in range(max(2 * z0 - 1, 0), min(2 * z0 + 2, nz)):
                if inside and not _is_on_face(z, nz):
                    continue
                w = weights[U(x), U(y), U(z), U(4 * (x0 - x // 2) + 2 * (y0 - y // 2) + z0 - z // 2)]
                if w != 0:
                    total += w * left[U(x + 1), U(y + 1), U((z + 1) * lanes + m)]
    return total


@kernel
def restrict(weights: Array, left: Array, coarse: Array, at: tuple[int, int, int], faces: bool) -> None:
    """Add W^T of the fine box's ``left``, or of what stands on its faces, to the coarse box.

    Each coarse node gathers, in the order in which the CPU's loops come by. Where only faces count, only the coarse
    nodes on them are taken: a box in another has an even number of cells.
    """
    nx, ny, nz = (weights.shape[0] + 2) // 2, (weights.shape[1] + 2) // 2, (weights.shape[2] + 2) // 2
    lanes = left.shape[2] // (weights.shape[2] + 2)
    for part in range(cuda.blockIdx.x, nx * ny, cuda.gridDim.x):
        i, j = part // ny, part % ny
        step = nz - 1 if faces and not (_is_on_face(i, nx) or _is_on_face(j, ny)) else 1
        for t in range(cuda.threadIdx.x, ((nz - 1) // step + 1) * lanes, cuda.blockDim.x):
            k, m = t // lanes * step, t % lanes
            into = U(at[0] + i + 1), U(at[1] + j + 1), U((at[2] + k + 1) * lanes + m)
            coarse[into] = _carried(coarse[into], weights, left, i, j, k, m, lanes, faces)


@kernel
def prolong(weights: Array, coarse: Array, values: Array, at: tuple[int, int, int], faces: bool) -> None:
    """Add W of the coarse box's values to the fine box; or give it to the nodes on its faces."""
    nx, ny, nz = weights.shape[:3]
    lanes = values.shape[2] // (nz + 2)
    for part in range(cuda.blockIdx.x, nx * ny, cuda.gridDim.x):
        i, j = part // ny, part % ny
        step = nz - 1 if faces and not (_is_on_face(i, nx) or _is_on_face(j, ny)) else 1
        for t in range(cuda.threadIdx.x, ((nz - 1) // step + 1) * lanes, cuda.blockDim.x):
            k, m = t // lanes * step, t % lanes
            into = U(i + 1), U(j + 1), U((k + 1) * lanes + m)
            total = values[into]
            if faces:
                total -= total
            for corner in range(8):
                w = weights[U(i), U(j), U(k), corner]
                if w != 0:
                    x, y = at[0] + i // 2 + corner // 4 + 1, at[1] + j // 2 + corner // 2 % 2 + 1
                    z = (at[2] + k // 2 + corner % 2 + 1) * lanes + m
                    total += w * coarse[U(x), U(y), U(z)]
            values[into] = total
