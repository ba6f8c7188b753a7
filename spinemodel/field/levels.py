"""The levels of multigrid: the nested boxes, and what is made of the last one's every second node, over and over.

A level's stencils are its own cells' and, where a finer level lies, the Galerkin product of that one's; so they know of
every thread and sheet in the finest box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray
from spinemodel.field._planes import over_planes
from spinemodel.field._sweeps import StencilArray
from spinemodel.field._transfer import WeightArray, add_galerkin, find_weights
from spinemodel.field.boxes import Box, Index3, box_in_next

FEWEST: Final = 600
"""Nodes of the coarsest level, which is solved with a dense inverse: 3 MB."""


ROUNDING: Final = 1e-6
"""Least part of a scaled matrix's greatest singular value that counts: ten times single precision's rounding."""


@dataclass(frozen=True, eq=False)
class Level:
    """Nodes with their equations.

    Attributes
    ----------
    stencil
        (nx, ny, nz, 27) single precision.
    active
        (nx, ny, nz): nodes that are solved for; not the border of a box in another, nor where nothing conducts.
    weights
        (nx, ny, nz, 8): to the next level. Empty on the last.
    at
        Node of the next level that the first node is.
    """

    stencil: StencilArray
    active: BoolArray
    weights: WeightArray
    at: Index3

    @property
    def nodes(self) -> Index3:
        """Along x, y and z."""
        nx, ny, nz = self.active.shape
        return nx, ny, nz


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """All levels, the finest first, and the inverse of the last one's matrix (n, n)."""

    levels: tuple[Level, ...]
    inverse: NDArray[Any]


def hierarchy(boxes: Sequence[Box], stencils: Sequence[StencilArray], *, grounded: bool) -> Hierarchy:
    """Return the levels of nested boxes.

    Parameters
    ----------
    boxes
        From the finest.
    stencils
        Of each box's own cells, (nx, ny, nz, 27). Those of all but the finest are changed: what lies in finer boxes is
        added.
    grounded
        Whether the faces of the outermost box are at 0 V.
    """
    levels = []
    for n, (inner, outer) in enumerate(pairwise(boxes)):
        active, border = _inside(stencils[n]), np.ones(inner.nodes, dtype=bool)
        border[1:-1, 1:-1, 1:-1] = False
        weights = _weights(stencils[n], fixed=border)
        levels.append(_level(stencils[n], active, weights, stencils[n + 1], box_in_next(inner, outer)))
    stencil = stencils[-1]
    while True:
        active = _inside(stencil) if grounded else stencil[..., 13] != 0
        if active.size <= FEWEST:
            last = Level(stencil, active, np.zeros((0, 0, 0, 8), dtype=np.float32), (0, 0, 0))
            return Hierarchy((*levels, last), _inverse(last))
        nx, ny, nz = ((n + 2) // 2 for n in active.shape)
        coarse = np.zeros((nx, ny, nz, 27), dtype=stencil.dtype)
        weights = _weights(stencil, fixed=np.zeros_like(active))
        weights[~active] = 0
        levels.append(_level(stencil, active, weights, coarse, (0, 0, 0)))
        stencil = coarse


def _inside(stencil: StencilArray) -> BoolArray:
    """Return the nodes with an equation that are not on a face of the box."""
    found = np.zeros(stencil.shape[:3], dtype=bool)
    inner = (slice(1, -1),) * 3
    found[inner] = stencil[..., 13][inner] != 0
    return found


def _weights(stencil: StencilArray, fixed: BoolArray) -> WeightArray:
    """Return what carries coarse values to the nodes; ``fixed`` nodes take means."""
    weights = np.empty((*fixed.shape, 8), dtype=np.float32)
    for odd in range(4):
        over_planes(partial(find_weights, stencil, fixed, weights, odd), len(fixed))
    return weights


def _level(
    stencil: StencilArray, active: BoolArray, weights: WeightArray, coarse: StencilArray, at: Index3
) -> Level:
    """Return a level, and add what it means for the next one's stencils to those."""
    wide = np.result_type(stencil, np.float64)
    planes, ny, nz = ((n + 2) // 2 for n in active.shape)
    over_planes(
        lambda a, b: add_galerkin(stencil, weights, coarse, at, np.zeros((2, ny, nz, 27), wide), a, b), planes
    )
    return Level(stencil, active, weights, at)


def _inverse(level: Level) -> NDArray[Any]:
    """Return the inverse of a small level's matrix; 0 for nodes that are not solved for.

    Scaled to ones on the diagonal, so that nodes that hardly touch what conducts weigh as much as others; what then is
    as small as single precision's rounding is none of the matrix.
    """
    nx, ny, nz = level.nodes
    matrix = np.zeros((nx, ny, nz, nx + 2, ny + 2, nz + 2), dtype=np.result_type(level.stencil, np.float64))
    i, j, k = np.indices(level.nodes)
    for n in range(27):
        matrix[i, j, k, i + n // 9, j + n // 3 % 3, k + n % 3] = level.stencil[..., n]
    size = nx * ny * nz
    square = matrix[..., 1:-1, 1:-1, 1:-1].reshape(size, size)
    kept = np.flatnonzero(level.active)
    own = square[np.ix_(kept, kept)]
    scale = 1 / np.sqrt(np.abs(own.diagonal()))
    scaled = scale[:, None] * (own + own.T) / 2 * scale
    whole = np.zeros_like(square)
    inverse = np.linalg.pinv(scaled, rcond=ROUNDING, hermitian=np.isrealobj(scaled))
    whole[np.ix_(kept, kept)] = scale[:, None] * inverse * scale
    return whole
