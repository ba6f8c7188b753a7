"""Sums and products of vectors of several right-hand sides on a GPU: :mod:`._vectors`, and what numpy does there.

Sums are of rows, then of planes, each by one thread in a fixed order: no atomics, so always to the same bits.
"""

from __future__ import annotations

from numba import cuda

from spinemodel.volume._cuda import Array, kernel


@kernel
def clear(values: Array) -> None:
    """Set a vector to zero."""
    rows, width = values.shape[1:]
    for part in range(cuda.blockIdx.x, values.shape[0] * rows, cuda.gridDim.x):
        for at in range(cuda.threadIdx.x, width, cuda.blockDim.x):
            values[part // rows, part % rows, at] = 0


@kernel
def copy(source: Array, values: Array) -> None:
    """Copy a vector, of any precision."""
    rows, width = values.shape[1:]
    for part in range(cuda.blockIdx.x, values.shape[0] * rows, cuda.gridDim.x):
        for at in range(cuda.threadIdx.x, width, cuda.blockDim.x):
            values[part // rows, part % rows, at] = source[part // rows, part % rows, at]


@kernel
def clear_faces(values: Array, lanes: int) -> None:
    """Set the nodes on a box's faces to zero."""
    nx, ny, nz = values.shape[0] - 2, values.shape[1] - 2, values.shape[2] // lanes - 2
    for part in range(cuda.blockIdx.x, nx * ny, cuda.gridDim.x):
        i, j = part // ny, part % ny
        step = nz - 1 if 0 < i < nx - 1 and 0 < j < ny - 1 else 1
        for t in range(cuda.threadIdx.x, ((nz - 1) // step + 1) * lanes, cuda.blockDim.x):
            values[i + 1, j + 1, (t // lanes * step + 1) * lanes + t % lanes] = 0


@kernel
def advance(found: Array, left: Array, way: Array, image: Array, length: Array) -> None:
    """Go ``length`` (lanes,) along ``way``: add to ``found``, and take its image from what is ``left``."""
    rows, width = found.shape[1:]
    lanes = length.shape[0]
    for part in range(cuda.blockIdx.x, found.shape[0] * rows, cuda.gridDim.x):
        i, j = part // rows, part % rows
        for at in range(cuda.threadIdx.x, width, cuda.blockDim.x):
            step = length[at % lanes]
            found[i, j, at] += step * way[i, j, at]
            left[i, j, at] -= step * image[i, j, at]


@kernel
def turn(way: Array, steep: Array, share: Array) -> None:
    """Make ``way`` the sum of ``steep`` and a ``share`` (lanes,) of itself."""
    rows, width = way.shape[1:]
    lanes = share.shape[0]
    for part in range(cuda.blockIdx.x, way.shape[0] * rows, cuda.gridDim.x):
        i, j = part // rows, part % rows
        for at in range(cuda.threadIdx.x, width, cuda.blockDim.x):
            way[i, j, at] = steep[i, j, at] + share[at % lanes] * way[i, j, at]


@kernel
def dot_rows(one: Array, other: Array, sums: Array) -> None:
    """Write the products of each lane, not conjugated, over every row: (nx + 2, ny + 2, lanes)."""
    planes, rows, lanes = sums.shape
    for n in range(cuda.grid(1), planes * rows * lanes, cuda.gridsize(1)):
        i, j, m = n // lanes // rows, n // lanes % rows, n % lanes
        total = one[i, j, m] * other[i, j, m]
        for at in range(m + lanes, one.shape[2], lanes):
            total += one[i, j, at] * other[i, j, at]
        sums[i, j, m] = total


@kernel
def norm_rows(one: Array, sums: Array) -> None:
    """Write the sums of squared magnitudes of each lane over every row: (nx + 2, ny + 2, lanes)."""
    planes, rows, lanes = sums.shape
    for n in range(cuda.grid(1), planes * rows * lanes, cuda.gridsize(1)):
        i, j, m = n // lanes // rows, n // lanes % rows, n % lanes
        total = 0.0
        for at in range(m, one.shape[2], lanes):
            value = one[i, j, at]
            total += value.real * value.real + value.imag * value.imag
        sums[i, j, m] = total


@kernel
def add_rows(sums: Array, planes: Array) -> None:
    """Add up the rows of every plane: (nx + 2, lanes)."""
    lanes = planes.shape[1]
    for n in range(cuda.grid(1), planes.shape[0] * lanes, cuda.gridsize(1)):
        i, m = n // lanes, n % lanes
        total = sums[i, 0, m]
        for j in range(1, sums.shape[1]):
            total += sums[i, j, m]
        planes[i, m] = total


@kernel
def solve_last(inverse: Array, given: Array, values: Array, lanes: int) -> None:
    """Write the product of a small box's inverse (n, n) and the lanes of its nodes."""
    ny, nz = given.shape[1] - 2, given.shape[2] // lanes - 2
    for n in range(cuda.grid(1), inverse.shape[0] * lanes, cuda.gridsize(1)):
        row, m = n // lanes, n % lanes
        total = inverse[row, 0] - inverse[row, 0]
        for other in range(inverse.shape[0]):
            i, j, k = other // nz // ny, other // nz % ny, other % nz
            total += inverse[row, other] * given[i + 1, j + 1, (k + 1) * lanes + m]
        values[row // nz // ny + 1, row // nz % ny + 1, (row % nz + 1) * lanes + m] = total
