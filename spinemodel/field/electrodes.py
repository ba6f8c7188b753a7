"""Electrodes on the grid: metal surfaces, anywhere in the cells, each at one potential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import IntArray
from spinemodel.field._electrode_layer import layer_of
from spinemodel.field._electrode_pieces import Pieces, pieces_of, together
from spinemodel.field._electrode_terms import HOLD, loads, terms
from spinemodel.field._electrode_walls import walls_beside
from spinemodel.field._electrode_work import Work
from spinemodel.field.cells import Cells
from spinemodel.field.problem import Electrode
from spinemodel.jit import compiled
from spinemodel.volume._threads import side_by_side

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
    electrodes: Sequence[Electrode],
    cells: Sequence[Cells],
    stencils: Sequence[NDArray[np.number]],
    pinned: Sequence[NDArray[np.number]],
    *,
    ground: Electrode | None = None,
    walls: Sequence[Surface] = (),
    hold: float = HOLD,
) -> tuple[Coupling, ...]:
    """Add all electrodes to the stencils, and return how their potentials drive the nodes.

    All are added at once, because several may lie in one cell.

    Parameters
    ----------
    electrodes
        Where what happens matters.
    cells
        Of the boxes, from the finest.
    stencils
        Of each box: (nx, ny, nz, 27) as :func:`spinemodel.field.stencils.stencils_of` returns them; added to.
    pinned
        Of each box: (nx, ny, nz) of the stencils' type, their row sums; added to.
    ground
        One more, far away and large: its surface is cut at the cells' faces alone, and steps of sub-voxels stay.
    walls
        Insulators. Tissue ends at their surfaces too, not at steps of sub-voxels, beside electrodes: at their edges
        current crowds.
    hold
        How firmly potentials are: beta, per edge of a cell.

    Returns
    -------
    couplings
        Of the electrodes in their order, and of the ground, where there is one, as the last.

    Raises
    ------
    GeometryError
        If a part of an electrode touches nothing that conducts.
    """
    every = [*electrodes, ground] if ground else list(electrodes)
    if not every:
        return ()
    pieces = side_by_side(lambda one: pieces_of(one, cells, one is not ground), every)
    beside = [*walls_beside(walls, electrodes, cells)]
    parts = [
        _add_box(n, pieces, beside, one, stencil, held, hold)
        for n, (one, stencil, held) in enumerate(zip(cells, stencils, pinned, strict=True))
    ]
    return tuple(_coupling(electrode.name, [part[n] for part in parts]) for n, electrode in enumerate(every))


def fill_steps(
    electrodes: Sequence[Electrode],
    cells: Sequence[Cells],
    stencils: Sequence[NDArray[np.number]],
    pinned: Sequence[NDArray[np.number]],
    *,
    walls: Sequence[Surface] = (),
) -> None:
    """Let tissue end at the surfaces of electrodes and of walls beside them, where no potentials are imposed.

    Needed once before :func:`surface_load`; :func:`add_electrodes` does the same by itself.
    """
    pieces = side_by_side(lambda one: pieces_of(one, cells), electrodes)
    beside = [*walls_beside(walls, electrodes, cells)]
    for n, (one, stencil, held) in enumerate(zip(cells, stencils, pinned, strict=True)):
        _add_box(n, pieces, beside, one, stencil, held, 0.0)


def surface_load(electrode: Electrode, cells: Sequence[Cells]) -> Load:
    """Return the nodes' currents where 1 mA enters through an electrode's surface, alike everywhere.

    Raises
    ------
    GeometryError
        If a part of the electrode touches nothing that conducts.
    """
    pieces = pieces_of(electrode, cells)
    total = pieces.area.sum()
    nodes: list[IntArray] = []
    values: list[NDArray[np.number]] = []
    for n, one in enumerate(cells):
        work, _ = _work([pieces.of(pieces.box == n)], [], one)
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


def _add_box(
    box: int,
    pieces: Sequence[Pieces],
    walls: Sequence[Pieces],
    cells: Cells,
    stencil: NDArray[np.number],
    pinned: NDArray[np.number],
    hold: float,
) -> list[tuple[IntArray, NDArray[np.number]]]:
    """Add the electrodes, and the layer at walls, to one box; return nodes and B of each electrode."""
    work, owner = _work([one.of(one.box == box) for one in pieces], [one.of(one.box == box) for one in walls], cells)
    if not len(work.cell):
        return [(np.zeros(0, dtype=np.int64), np.zeros(0)) for _ in pieces]
    if hold == 0:  # No potential is imposed: only the layer remains.
        work, owner = work._replace(first_run=np.zeros_like(work.first_run)), owner[:0]
    kind, h, arrays, size = cells.along.dtype, cells.box.spacing_mm, cells.arrays, len(work.cell)
    matrix, pull = np.zeros((size, 8, 8), kind), np.zeros((len(owner), 8), kind)
    parts = [(first, min(first + CELLS, size)) for first in range(0, size, CELLS)]
    side_by_side(lambda part: terms(arrays, work, h, hold, part[0], part[1], matrix, pull), parts)
    ends = _corners(work.cell, cells)
    nodes, row = np.unique(ends, return_inverse=True)
    row = row.reshape(ends.shape)
    added = np.zeros((len(nodes), 27), dtype=matrix.dtype)
    _gather(matrix, row, added)
    held = np.zeros((len(nodes), len(pieces)), dtype=matrix.dtype)
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


def _work(pieces: Sequence[Pieces], walls: Sequence[Pieces], cells: Cells) -> tuple[Work, IntArray]:
    """Return the electrodes' pieces in one box by cell, with the layer there and at walls, and each run's electrode."""
    box, h, every = cells.box, cells.box.spacing_mm, together(pieces)
    owner = np.repeat(np.arange(len(pieces)), [len(one.area) for one in pieces])
    layer = layer_of(together([every.of(every.is_fine), *walls]), cells)
    flat = np.ravel_multi_index(tuple(every.cell.T), box.cells)
    touched = np.unique(np.concatenate([flat, layer.cell]))
    runs, run = np.unique(flat * len(pieces) + owner, return_inverse=True)
    order = np.argsort(run, kind="stable")
    ends = np.append(touched, np.prod(box.cells))
    work = Work(
        np.stack(np.unravel_index(touched, box.cells), axis=1),
        np.searchsorted(runs // len(pieces), ends),
        np.searchsorted(run[order], np.arange(len(runs) + 1)),
        ((every.points - box.low) / h)[order],
        every.normal[order],
        every.area[order] / h**2,
        np.searchsorted(layer.cell, ends),
        layer.place,
        layer.share,
    )
    return work, runs % len(pieces)
