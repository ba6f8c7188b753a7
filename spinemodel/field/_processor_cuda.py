"""The solver's operations on a GPU, with numba-cuda: the CPU's arithmetic, a thread for each node and right-hand side.

In numba's simulator results are those of the CPU to the last bit, but for sums over all nodes and the coarsest level's
inverse, whose order is another, and for division by complex numbers. A real device fuses multiplications with
additions: there, each differs by rounding.

How fast it can be: memory moves, hardly anything else. Per node and lane, with caches that hold a few planes, one step
of conjugate gradients moves

- 2 sweeps: each of the 8 colours reads all values (32), and once each what is given (4) and the result (4), 40 x 2;
- residual 12, restriction 5, prolongation 9, values to clear 4: in single precision as the sweeps;
- the product 16, three sums 12 + 16 + 8, ``turn`` 20, ``advance`` 48, copying 12: in double precision,

242 bytes; and per node, for all lanes together, four readings of the stencils (432), two of the weights (64) and one of
row sums and marks (6). Levels below cost a seventh more of the first two lines. With 16 lanes about 290 bytes: 40
million values (2.5 million nodes), at the 3.35 TB/s of an H100 SXM (NVIDIA's data sheet), take 3.5 ms at least. A step
also takes about 20 launches for each level: with ten levels 4 ms, where a launch takes 20 microseconds (a guess).
With complex conductivities all but the weights is twice as much. Not measured: bounds.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from spinemodel.field import _kernels_cuda, _vectors_cuda
from spinemodel.field._processor import Lanes
from spinemodel.field.boxes import Index3
from spinemodel.field.levels import Hierarchy, Level
from spinemodel.volume._cuda import MAX_BLOCKS, THREADS, Array

FEWEST_BLOCKS: Final = 128
"""Blocks of a launch: numba warns of fewer. Small levels have less to do, but blocks without work end at once."""


class Cuda:
    """See :class:`spinemodel.field._processor.Processor`; arrays are those of numba-cuda."""

    def __init__(self) -> None:
        """Begin with no room for sums."""
        self._rooms: dict[tuple[Any, ...], Array] = {}

    def send(self, array: NDArray[Any]) -> Array:
        """Return a copy on the GPU."""
        return cuda.to_device(np.ascontiguousarray(array))

    def fetch(self, array: Array) -> NDArray[Any]:
        """Return a copy of numpy's."""
        found: NDArray[Any] = array.copy_to_host()
        return found

    def zeros(self, nodes: Index3, lanes: int, dtype: Any) -> Lanes:
        """Return a vector of zeros."""
        nx, ny, nz = nodes
        values = cuda.device_array((nx + 2, ny + 2, (nz + 2) * lanes), dtype=dtype)
        self.clear(values)
        return values

    def clear(self, values: Lanes) -> None:
        """Set a vector to zero."""
        _launch(_vectors_cuda.clear, _rows(values), values)

    def copy(self, source: Lanes, values: Lanes) -> None:
        """Copy a vector, of any precision."""
        _launch(_vectors_cuda.copy, _rows(values), source, values)

    def smooth(self, level: Level, values: Lanes, given: Lanes, *, backward: bool) -> None:
        """Sweep once over a level's colours, or back."""
        for n in range(7, -1, -1) if backward else range(8):
            colour = n >> 2, n >> 1 & 1, n & 1
            _launch(_kernels_cuda.smooth, _rows(values) // 4, level.stencil, values, given, level.active, *colour)

    def residual(self, level: Level, values: Lanes, given: Lanes, left: Lanes) -> None:
        """Write what is left of ``given``."""
        _launch(_kernels_cuda.residual, _rows(values), level.stencil, values, given, left)

    def restrict(self, level: Level, left: Lanes, coarse: Lanes) -> None:
        """Add the transposed weights of ``left`` to the next level."""
        _launch(_kernels_cuda.restrict, _rows(left) // 4, level.weights, left, coarse, level.at, False)

    def prolong(self, level: Level, coarse: Lanes, values: Lanes) -> None:
        """Add the weights of the next level's values."""
        _launch(_kernels_cuda.prolong, _rows(values), level.weights, coarse, values, level.at, False)

    def solve_last(self, levels: Hierarchy, given: Lanes, values: Lanes) -> None:
        """Solve the last level by its inverse."""
        lanes = given.shape[2] // (levels.levels[-1].nodes[2] + 2)
        threads = levels.inverse.shape[0] * lanes
        _launch(_vectors_cuda.solve_last, threads // THREADS + 1, levels.inverse, given, values, lanes)

    def product(self, stencil: Array, pinned: Array, values: Lanes, image: Lanes) -> None:
        """Write the stencils' product with ``values``, in these vectors' precision."""
        _launch(_kernels_cuda.product, _rows(values), stencil, pinned, values, image)

    def pull_border(self, level: Level, coarse: Lanes, values: Lanes) -> None:
        """Give nodes on a box's faces the next level's values."""
        _launch(_kernels_cuda.prolong, _rows(values), level.weights, coarse, values, level.at, True)

    def push_border(self, level: Level, values: Lanes, coarse: Lanes) -> None:
        """Add what stands on a box's faces to the next level, and clear it."""
        _launch(_kernels_cuda.restrict, _rows(values) // 4, level.weights, values, coarse, level.at, True)
        self.clear_faces(values, values.shape[2] // (level.nodes[2] + 2))

    def clear_faces(self, values: Lanes, lanes: int) -> None:
        """Set the nodes on a box's faces to zero."""
        _launch(_vectors_cuda.clear_faces, _rows(values), values, lanes)

    def dot(self, one: Lanes, other: Lanes, lanes: int) -> NDArray[Any]:
        """Return the products of each lane, not conjugated, (lanes,); always to the same bits."""
        return self._summed(_vectors_cuda.dot_rows, (one, other), lanes, one.dtype)

    def norm(self, one: Lanes, lanes: int) -> NDArray[Any]:
        """Return the sums of squared magnitudes of each lane, (lanes,); always to the same bits."""
        return self._summed(_vectors_cuda.norm_rows, (one,), lanes, np.dtype(np.float64))

    def advance(self, found: Lanes, left: Lanes, way: Lanes, image: Lanes, length: NDArray[Any]) -> None:
        """Add ``length`` (lanes,) times ``way`` to ``found``, and take that of its image from ``left``."""
        _launch(_vectors_cuda.advance, _rows(found), found, left, way, image, self.send(length))

    def turn(self, way: Lanes, steep: Lanes, share: NDArray[Any]) -> None:
        """Make ``way`` the sum of ``steep`` and a ``share`` (lanes,) of itself."""
        _launch(_vectors_cuda.turn, _rows(way), way, steep, self.send(share))

    def _summed(self, kernel: Any, vectors: tuple[Lanes, ...], lanes: int, dtype: Any) -> NDArray[Any]:
        """Return the sums over all planes, (lanes,), of what a kernel sums up over rows."""
        nx, ny = vectors[0].shape[:2]
        rows, planes = self._room((nx, ny, lanes), dtype), self._room((nx, lanes), dtype)
        _launch(kernel, nx * ny * lanes // THREADS + 1, *vectors, rows)
        _launch(_vectors_cuda.add_rows, nx * lanes // THREADS + 1, rows, planes)
        total: NDArray[Any] = self.fetch(planes).sum(axis=0)
        return total

    def _room(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array on the GPU, the same one for the same shape: to make one takes as long as to fill it."""
        if (shape, dtype) not in self._rooms:
            self._rooms[shape, dtype] = cuda.device_array(shape, dtype=dtype)
        return self._rooms[shape, dtype]


def _rows(values: Lanes) -> int:
    """Return the rows of a vector along z."""
    rows: int = values.shape[0] * values.shape[1]
    return rows


def _launch(kernel: Any, parts: int, *arguments: Any) -> None:
    """Start a kernel with a block for each of some parts; where there are more parts, a block takes several."""
    kernel[max(FEWEST_BLOCKS, min(parts, MAX_BLOCKS)), THREADS](*arguments)
