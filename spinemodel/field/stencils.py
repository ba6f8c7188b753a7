"""The equations of a box: what flows between each node and its 26 neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.field._cell_matrices import cut_matrix, trilinear, uniform_matrix
from spinemodel.field._laminate import NOTHING, UNIFORM, kind_of, new_basis
from spinemodel.field._sweeps import U
from spinemodel.field.cells import CellArrays, Cells
from spinemodel.jit import compiled
from spinemodel.volume._threads import side_by_side

PLANES = 4
"""Planes of cells that a thread takes at a time: many more parts than threads, so that all end together (a choice)."""


def stencils_of(cells: Cells) -> NDArray[np.number]:
    """Return the stencil of each node of a box, of those of its cells that no finer box covers.

    Returns
    -------
    array
        (nx, ny, nz, 27) float32, mS (complex64 where conductivities are complex): entry (di + 1) 9 + (dj + 1) 3 +
        (dk + 1) couples a node to its neighbour (di, dj, dk). Entries between two nodes are equal bit for bit, and the
        diagonal is minus the sum of the others. The same whatever the number of threads.
    """
    nx, ny, nz = cells.box.nodes
    kind = np.complex64 if np.iscomplexobj(cells.along) else np.float32
    stencils = np.zeros((nx, ny, nz, 27), dtype=kind)
    low, high = cells.covered or ((0, 0, 0), (0, 0, 0))
    hole = np.array([low, high], dtype=np.int64)
    exact = np.zeros((6, 64))
    trilinear(exact)
    arrays, spacing = cells.arrays, cells.box.spacing_mm
    # A plane of cells touches two planes of nodes: even ones can be worked on side by side, and then odd ones.
    for parity in (0, 1):
        planes = np.arange(parity, nx - 1, 2)
        parts = [planes[n : n + PLANES] for n in range(0, len(planes), PLANES)]
        if parts:
            side_by_side(lambda part: _add_planes(arrays, part, hole, exact, spacing, stencils), parts)
    side_by_side(_set_diagonal, np.array_split(stencils, min(nx, 16)))
    return stencils


@compiled
def _add_planes(
    cells: CellArrays,
    planes: IntArray,
    hole: IntArray,
    exact: NDArray[np.float64],
    spacing: float,
    stencils: NDArray[np.number],
) -> None:
    """Add the matrices of planes of cells to their corners' stencils, but for the diagonal."""
    _, ny, nz, _ = stencils.shape
    basis = new_basis(cells)
    energy, half = np.zeros((7, 8), basis.sigma.dtype), np.zeros((7, 8), basis.sigma.dtype)
    matrix = np.zeros(64, basis.sigma.dtype)
    labels, s, m, before = cells.labels, cells.subsamples, cells.margin, -1
    flat, place = stencils.reshape(-1), _places(ny, nz)
    for i in planes:
        for j in range(ny - 1):
            inside = hole[0, 0] <= i < hole[1, 0] and hole[0, 1] <= j < hole[1, 1]
            for k in range(nz - 1):
                if inside and hole[0, 2] <= k < hole[1, 2]:
                    continue
                i0, j0, k0 = m + i * s, m + j * s, m + k * s
                kind, label = kind_of(labels[i0 : i0 + s, j0 : j0 + s, k0 : k0 + s])
                if kind == NOTHING:
                    continue
                if kind != UNIFORM:
                    cut_matrix(cells, i, j, k, basis, energy, half, matrix)
                    before = -1
                elif label != before:
                    uniform_matrix(cells, i, j, k, label, exact, basis, matrix)
                    # The matrix of the next cell stands there already, if it is like this one.
                    before = label if cells.first_fibre[i, j, k] < 0 else -1
                _scatter(U(27 * ((i * ny + j) * nz + k)), matrix, place, spacing, flat)


@compiled
def _places(ny: int, nz: int) -> NDArray[np.uint64]:
    """Return all entries 8 a + b of a cell's matrix, and how far after its first node's the stencils' stand, (56, 2).

    The stencil of corner a couples it to corner b there.
    """
    place, n = np.empty((56, 2), np.uint64), 0
    for a in range(8):
        for b in range(8):
            if a != b:
                ai, aj, ak = a >> 2, (a >> 1) & 1, a & 1
                di, dj, dk = (b >> 2) - ai, ((b >> 1) & 1) - aj, (b & 1) - ak
                place[n, 0], place[n, 1] = 8 * a + b, 27 * ((ai * ny + aj) * nz + ak) + 9 * di + 3 * dj + dk + 13
                n += 1
    return place


@compiled
def _scatter(
    first: np.uint64,
    matrix: NDArray[np.number],
    place: NDArray[np.uint64],
    spacing: float,
    stencils: NDArray[np.number],
) -> None:
    """Add a cell's matrix to the stencils of its corners, flat; ``first`` is where that of its first node begins."""
    for n in range(U(56)):
        stencils[first + place[n, 1]] += spacing * matrix[place[n, 0]]


@compiled
def _set_diagonal(stencils: NDArray[np.number]) -> None:
    """Set each node's own entry to minus the sum of the others, added up in double precision."""
    nx, ny, nz, _ = stencils.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                row = stencils[i, j, k]
                total = 0.0 * (row[13] + 0.0)
                for n in range(27):
                    if n != 13:
                        total += row[n]
                row[13] = -total
