"""The solver's operations on the CPU: compiled loops over planes, on all its cores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemodel.field import _carrying, _sweeps, _vectors
from spinemodel.field._planes import over_planes
from spinemodel.field._sweeps import Lanes, StencilArray, register_of
from spinemodel.field.boxes import Index3
from spinemodel.field.levels import Hierarchy, Level


class Cpu:
    """See :class:`spinemodel.field._processor.Processor`."""

    def send(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the array."""
        return array

    def fetch(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the array."""
        return array

    def zeros(self, nodes: Index3, lanes: int, dtype: Any) -> Lanes:
        """Return a vector of zeros."""
        nx, ny, nz = nodes
        return np.zeros((nx + 2, ny + 2, (nz + 2) * lanes), dtype=dtype)

    def clear(self, values: Lanes) -> None:
        """Set a vector to zero."""
        values[...] = 0

    def copy(self, source: Lanes, values: Lanes) -> None:
        """Copy a vector, of any precision."""
        over_planes(lambda a, b: np.copyto(values[a:b], source[a:b], casting="same_kind"), len(values))

    def smooth(self, level: Level, values: Lanes, given: Lanes, *, backward: bool) -> None:
        """Sweep once over a level's colours, or back."""
        work = level.stencil, values, given, level.active, _register(level.stencil, values)
        for parity in (1, 0) if backward else (0, 1):
            over_planes(lambda a, b: _sweeps.sweep(*work, a, b, backward), level.nodes[0], parity)

    def residual(self, level: Level, values: Lanes, given: Lanes, left: Lanes) -> None:
        """Write what is left of ``given``."""
        work = level.stencil, values, given, left, _register(level.stencil, values)
        over_planes(lambda a, b: _sweeps.residual(*work, a, b), level.nodes[0])

    def restrict(self, level: Level, left: Lanes, coarse: Lanes) -> None:
        """Add the transposed weights of ``left`` to the next level."""
        work = level.weights, left, coarse, level.at, _register(level.stencil, left)
        over_planes(lambda a, b: _carrying.restrict(*work, a, b), (level.nodes[0] + 2) // 2)

    def prolong(self, level: Level, coarse: Lanes, values: Lanes) -> None:
        """Add the weights of the next level's values."""
        work = level.weights, coarse, values, level.at, _register(level.stencil, values)
        over_planes(lambda a, b: _carrying.prolong(*work, False, a, b), level.nodes[0])

    def solve_last(self, levels: Hierarchy, given: Lanes, values: Lanes) -> None:
        """Solve the last level by its inverse."""
        nx, ny, nz = levels.levels[-1].nodes
        lanes = given.shape[2] // (nz + 2)
        inner = (slice(1, -1), slice(1, -1), slice(lanes, -lanes))
        right = given[inner].reshape(nx * ny * nz, lanes)
        values[inner] = (levels.inverse @ right).reshape(nx, ny, nz * lanes)

    def product(self, stencil: StencilArray, pinned: NDArray[Any], values: Lanes, image: Lanes) -> None:
        """Write the stencils' product with ``values``, in these vectors' precision."""
        work = stencil, pinned, values, image, _register(stencil, values)
        over_planes(lambda a, b: _sweeps.product(*work, a, b), len(stencil))

    def pull_border(self, level: Level, coarse: Lanes, values: Lanes) -> None:
        """Give nodes on a box's faces the next level's values."""
        register = _register(level.stencil, values)
        _carrying.prolong(level.weights, coarse, values, level.at, register, True, 0, level.nodes[0])

    def push_border(self, level: Level, values: Lanes, coarse: Lanes) -> None:
        """Add what stands on a box's faces to the next level, and clear it."""
        _carrying.push_border(level.weights, values, coarse, level.at, _register(level.stencil, values))

    def clear_faces(self, values: Lanes, lanes: int) -> None:
        """Set the nodes on a box's faces to zero."""
        along = values[..., lanes : 2 * lanes], values[..., -2 * lanes : -lanes]
        for face in (values[1], values[-2], values[:, 1], values[:, -2], *along):
            face[...] = 0

    def dot(self, one: Lanes, other: Lanes, lanes: int) -> NDArray[Any]:
        """Return the products of each lane, not conjugated, (lanes,); always to the same bits."""
        return np.asarray(np.sum(over_planes(lambda a, b: _vectors.dot(one, other, lanes, a, b), len(one)), axis=0))

    def norm(self, one: Lanes, lanes: int) -> NDArray[Any]:
        """Return the sums of squared magnitudes of each lane, (lanes,); always to the same bits."""
        return np.asarray(np.sum(over_planes(lambda a, b: _vectors.norm(one, lanes, a, b), len(one)), axis=0))

    def advance(self, found: Lanes, left: Lanes, way: Lanes, image: Lanes, length: NDArray[Any]) -> None:
        """Add ``length`` (lanes,) times ``way`` to ``found``, and take that of its image from ``left``."""
        over_planes(lambda a, b: _vectors.advance(found, left, way, image, length, a, b), len(found))

    def turn(self, way: Lanes, steep: Lanes, share: NDArray[Any]) -> None:
        """Make ``way`` the sum of ``steep`` and a ``share`` (lanes,) of itself."""
        over_planes(lambda a, b: _vectors.turn(way, steep, share, a, b), len(way))


def _register(stencil: StencilArray, values: Lanes) -> tuple[int, ...]:
    """Return how many of a vector's lanes are taken at a time, as kernels are told."""
    return register_of(values.shape[2] // (stencil.shape[2] + 2))
