"""Electrodes on the grid: metal surfaces, anywhere in the cells, each at one potential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.field._electrode_layer import NO_LAYER
from spinemodel.field._electrode_layout import Layout, lay_out
from spinemodel.field._electrode_pieces import NO_PIECES, Pieces
from spinemodel.field._electrode_terms import loads, terms
from spinemodel.field._electrode_work import Work, work_of
from spinemodel.field.cells import Cells
from spinemodel.jit import compiled
from spinemodel.volume._threads import side_by_side

__all__ = ["Coupling", "Layout", "Load", "add_electrodes", "fill_steps", "lay_out", "surface_load"]

CELLS = 256
"""Cells that a thread takes at a time, some milliseconds (a choice)."""


@dataclass(frozen=True, eq=False)
class Coupling:
    """What an electrode's potential V does to the nodes: the energy V B.u + C V^2 / 2.

    The equations are A u = -V B, and the electrode's current into the tissue is B.u + C V.

    Attributes
    ----------
    name
        Of the electrode.
    nodes
        Of each box: indices of nodes, flat, rising.
    values
        Of each box: B there, mS.
    own
        C, mS: minus the sum of B.
    """

    name: str
    nodes: tuple[IntArray, ...]
    values: tuple[NDArray[np.number], ...]
    own: complex


@dataclass(frozen=True, eq=False)
class Load:
    """Current that enters through a surface, alike everywhere.

    Attributes
    ----------
    nodes
        Of each box: indices of nodes, flat, rising.
    values
        Of each box: mA there, of 1 mA altogether. Their product with potentials is the mean potential of the surface.
    """

    nodes: tuple[IntArray, ...]
    values: tuple[NDArray[np.number], ...]


def add_electrodes(
    layout: Layout, cells: Sequence[Cells], stencils: Sequence[NDArray[np.number]], pinned: Sequence[NDArray[np.number]]
) -> tuple[Coupling, ...]:
    """Add all electrodes to the stencils, and return how their potentials drive the nodes.

    All are added at once, because several may lie in one cell.

    Parameters
    ----------
    layout
        Of the electrodes.
    cells
        Of the boxes, from the finest.
    stencils
        Of each box: (nx, ny, nz, 27) as :func:`spinemodel.field.stencils.stencils_of` returns them of cells on which
        the electrodes were laid out; added to.
    pinned
        Of each box: (nx, ny, nz) of the stencils' type, their row sums; added to.

    Returns
    -------
    couplings
        Of the electrodes in their order, and of the ground, where there is one, as the last.
    """
    parts = [
        _add_box(*_laid(layout, n, one), one, stencil, held, len(layout.names))
        for n, (one, stencil, held) in enumerate(zip(cells, stencils, pinned, strict=True))
    ]
    return tuple(_coupling(name, [part[n] for part in parts]) for n, name in enumerate(layout.names))


def fill_steps(
    layout: Layout, cells: Sequence[Cells], stencils: Sequence[NDArray[np.number]], pinned: Sequence[NDArray[np.number]]
) -> None:
    """Let tissue end at the surfaces of electrodes and of walls beside them, where no potentials are imposed.

    Needed once before :func:`surface_load`; :func:`add_electrodes` does the same by itself.
    """
    for n, (one, stencil, held) in enumerate(zip(cells, stencils, pinned, strict=True)):
        work, owner = _laid(layout, n, one)
        no_pieces = work._replace(first_run=np.zeros_like(work.first_run))
        _add_box(no_pieces, owner[:0], one, stencil, held, len(layout.names))


def surface_load(pieces: Pieces, cells: Sequence[Cells]) -> Load:
    """Return the nodes' currents where 1 mA enters through an electrode's pieces, alike everywhere."""
    total = pieces.area.sum()
    nodes: list[IntArray] = []
    values: list[NDArray[np.number]] = []
    for n, one in enumerate(cells):
        work, _ = work_of([pieces.of(pieces.box == n)], NO_PIECES, NO_LAYER, NO_LAYER.cell, one)
        node, row = np.unique(_corners(work.cell, one), return_inverse=True)
        share = loads(one.arrays, work) * one.box.spacing_mm**2 / total
        nodes.append(node.astype(np.int64))
        summed = np.zeros(len(node), dtype=share.dtype)
        np.add.at(summed, row.reshape(-1), share.reshape(-1))
        values.append(summed)
    return Load(tuple(nodes), tuple(values))


def _coupling(name: str, parts: Sequence[tuple[IntArray, NDArray[np.number]]]) -> Coupling:
    """Return an electrode's coupling from those of the boxes."""
    own = -sum(values.sum() for _, values in parts)
    return Coupling(name, tuple(nodes for nodes, _ in parts), tuple(values for _, values in parts), own)


def _laid(layout: Layout, box: int, cells: Cells) -> tuple[Work, IntArray]:
    """Return what electrodes hold in each cell of a box, and each run's electrode."""
    pieces, walls = [one.of(one.box == box) for one in layout.pieces], layout.walls.of(layout.walls.box == box)
    return work_of(pieces, walls, layout.layers[box], layout.edges[box], cells)


def _add_box(
    work: Work,
    owner: IntArray,
    cells: Cells,
    stencil: NDArray[np.number],
    pinned: NDArray[np.number],
    electrodes: int,
) -> list[tuple[IntArray, NDArray[np.number]]]:
    """Add the electrodes, and the layer at walls, to one box; return nodes and B of each electrode."""
    if not len(work.cell):
        return [(np.zeros(0, dtype=np.int64), np.zeros(0))] * electrodes
    kind, h, arrays, size = cells.along.dtype, cells.box.spacing_mm, cells.arrays, len(work.cell)
    matrix, pull = np.zeros((size, 8, 8), kind), np.zeros((len(owner), 8), kind)
    parts = [(first, min(first + CELLS, size)) for first in range(0, size, CELLS)]
    side_by_side(lambda part: terms(arrays, work, h, part[0], part[1], matrix, pull), parts)
    ends = _corners(work.cell, cells)
    nodes, row = np.unique(ends, return_inverse=True)
    row = row.reshape(ends.shape)
    added = np.zeros((len(nodes), 27), dtype=matrix.dtype)
    _gather(matrix, row, added)
    held = np.zeros((len(nodes), electrodes), dtype=matrix.dtype)
    np.add.at(held, (row[_cell_of_run(work)], owner[:, None]), pull)
    _put(nodes, added, held, stencil, pinned)
    return [(nodes[mine], held[mine, n]) for n, mine in enumerate((held != 0).T)]


def _put(
    nodes: IntArray,
    added: NDArray[np.number],
    held: NDArray[np.number],
    stencil: NDArray[np.number],
    pinned: NDArray[np.number],
) -> None:
    """Add to stencils and row sums; give each node's largest B what rounding the row sum took, so that they agree."""
    rows, sums = stencil.reshape(-1, 27), pinned.reshape(-1)
    own = 13
    others = np.delete(np.arange(27), own)
    new = rows[nodes][:, others] + added[:, others].astype(rows.dtype)
    before = sums[nodes]
    sums[nodes] = (before - held.sum(axis=1)).astype(sums.dtype)
    exact = sums[nodes].astype(held.dtype) - before
    largest = np.abs(held).argmax(axis=1)
    held[np.arange(len(nodes)), largest] -= held.sum(axis=1) + exact
    rows[nodes[:, None], others] = new
    rows[nodes, own] = (sums[nodes] - new.sum(axis=1, dtype=held.dtype)).astype(rows.dtype)


@compiled
def _gather(matrix: NDArray[np.number], row: IntArray, added: NDArray[np.number]) -> None:
    """Add the cells' matrices to their corners' stencils."""
    for n in range(len(matrix)):
        for a in range(8):
            for b in range(8):
                di, dj, dk = (b >> 2) - (a >> 2), ((b >> 1) & 1) - ((a >> 1) & 1), (b & 1) - (a & 1)
                added[row[n, a], (di + 1) * 9 + (dj + 1) * 3 + dk + 1] += matrix[n, a, b]


def _corners(cell: IntArray, cells: Cells) -> IntArray:
    """Return the nodes at the corners of cells, flat, (n, 8)."""
    offset = np.stack(np.unravel_index(np.arange(8), (2, 2, 2)), axis=1)
    places = np.moveaxis(cell[:, None] + offset, 2, 0)
    return np.asarray(np.ravel_multi_index(tuple(places), cells.box.nodes).reshape(len(cell), 8))


def _cell_of_run(work: Work) -> IntArray:
    """Return the cell of each run."""
    return np.repeat(np.arange(len(work.cell)), np.diff(work.first_run))

