"""Which cell holds each piece of electrodes and of walls beside them; cells that hold too little pass it all on.

Where a surface leaves little tissue in a cell, the potential has to be held very firmly there to be stable, and then an
electrode seems to end further out than it does. At its edges such a cell is emptied. Its tissue and its pieces go to
the fuller cell in front of them, whose functions reach beyond its faces (cell aggregation; Badia, Verdugo & Martin
2018, Comput. Methods Appl. Mech. Eng. 336:533).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.field._electrode_layer import Layer, layer_of
from spinemodel.field._electrode_pieces import NO_PIECES, Pieces, pieces_of, together
from spinemodel.field._electrode_walls import walls_beside
from spinemodel.field.cells import Cells
from spinemodel.field.problem import Electrode
from spinemodel.volume._threads import side_by_side

THIN: Final = 0.25
"""Share of a cell: where no more conducts, another cell takes it. A choice: where more does, the beta that puts edges
in their place is hardly ever too little to be stable."""

HANGING: Final = 0.05
"""Share of a cell without pieces beside one that is emptied: where no more conducts, it is emptied, too. Its nodes
would have hardly anything else to hold them; a few such cells cost three steps of fourteen. A choice: less than a layer
of samples."""

SQUARE: Final = 0.98
"""Least cosine of the angle between a surface's normal and an axis, where the surface counts as one along the grid: it
leaves little in many cells side by side. A choice, 11 degrees."""

_NEAR: Final = 1e-3
"""Cells in front of a piece: the cell there is its own. A choice, far above rounding."""

_NEAREST: Final = np.indices((3, 3, 3)).reshape(3, -1).T - 1
"""From a cell to itself and to those that touch it, (27, 3)."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Electrodes on the grid.

    Attributes
    ----------
    names
        Of the electrodes; of the ground last, where there is one.
    pieces
        Of each electrode.
    walls
        Of all insulators beside them.
    layers
        Of each box.
    edges
        Of each box: cells, flat, in which electrodes end, and those that touch them.
    """

    names: tuple[str, ...]
    pieces: tuple[Pieces, ...]
    walls: Pieces
    layers: tuple[Layer, ...]
    edges: tuple[IntArray, ...]


class _Given(NamedTuple):
    """Cells of a box that pass on what they hold, flat and rising, and the cells that take it."""

    cell: IntArray
    to: IntArray

    def moved(self, flat: IntArray) -> IntArray:
        """Return where what lies in cells, flat, goes."""
        if not len(self.cell):
            return flat
        at = np.minimum(np.searchsorted(self.cell, flat), len(self.cell) - 1)
        return np.asarray(np.where(self.cell[at] == flat, self.to[at], flat), dtype=np.int64)


def lay_out(
    electrodes: Sequence[Electrode],
    cells: Sequence[Cells],
    *,
    ground: Electrode | None = None,
    walls: Sequence[Surface] = (),
) -> Layout:
    """Return electrodes in pieces by cell, and empty cells that hold too little beside them.

    To be called before stencils are made, since these are of what cells hold.

    Parameters
    ----------
    electrodes
        Where what happens matters.
    cells
        Of the boxes, from the finest; labels of emptied cells become 0.
    ground
        One more, far away and large: its surface is cut at the cells' faces alone, and steps of sub-voxels stay.
    walls
        Insulators. Tissue ends at their surfaces too, not at steps of sub-voxels, beside electrodes: at their edges
        current crowds. Where metal is, they must leave room for it: one that goes on in the plane of an electrode under
        it counts as beside it, and impedances are 1 % too low.

    Raises
    ------
    GeometryError
        If a part of an electrode touches nothing that conducts.
    """
    every = [*electrodes, ground] if ground else list(electrodes)
    pieces = side_by_side(lambda one: pieces_of(one, cells, one is not ground), every)
    beside = together([NO_PIECES, *walls_beside(walls, electrodes, cells)])
    edges = [_around(beside.cell[beside.box == n], one) for n, one in enumerate(cells)]
    surfaces, layers = [*pieces, beside], []
    for n, (one, here) in enumerate(zip(cells, edges, strict=True)):
        surfaces = [_settled(each, n, here, one) for each in surfaces]
        given = _given(_fine(surfaces, n), here, one)
        if len(given.cell):
            surfaces = [_moved(each, n, given, one) for each in surfaces]
        fine = _fine(surfaces, n)
        layers.append(_with_given(_unhung(layer_of(fine, one), fine, given, one), given, one))
    every_name = tuple(one.name for one in every)
    return Layout(every_name, tuple(surfaces[:-1]), surfaces[-1], tuple(layers), tuple(edges))


def _fine(surfaces: Sequence[Pieces], box: int) -> Pieces:
    """Return the pieces in a box that lie over single sub-voxels."""
    return together([one.of((one.box == box) & one.is_fine) for one in surfaces])


def _settled(pieces: Pieces, box: int, edges: IntArray, cells: Cells) -> Pieces:
    """Return pieces, at edges and along the grid in the cell right in front of them, if something conducts there."""
    own, mine = pieces.cell.copy(), np.flatnonzero((pieces.box == box) & pieces.is_fine)
    place = (pieces.centre[mine] - cells.box.low) / cells.box.spacing_mm + _NEAR * pieces.normal[mine]
    ahead = np.floor(place).astype(np.int64)
    inside = _own(ahead, cells)
    mine, ahead = mine[inside], ahead[inside]
    at_edge = np.isin(np.ravel_multi_index(tuple(ahead.T), cells.box.cells), edges)
    chosen = at_edge | (np.abs(pieces.normal[mine]).max(axis=1) > SQUARE)
    mine, ahead = mine[chosen], ahead[chosen]
    conducts = _share(ahead, cells) > 0
    own[mine[conducts]] = ahead[conducts]
    return replace(pieces, cell=own)


def _share(cell: IntArray, cells: Cells) -> FloatArray:
    """Return how much conducts of each of some cells (n, 3), (n,)."""
    once, row = np.unique(np.ravel_multi_index(tuple(cell.T), cells.box.cells), return_inverse=True)
    held = cells.labels[tuple(_sub_voxels(np.stack(np.unravel_index(once, cells.box.cells), axis=1), cells))]
    return np.asarray((held > 0).mean(axis=1)[row.reshape(-1)])


def _sub_voxels(cell: IntArray, cells: Cells) -> IntArray:
    """Return where in ``cells.labels`` the sub-voxels of cells (n, 3) are, (3, n, S^3)."""
    s = cells.subsamples
    own = np.indices((s,) * 3).reshape(3, 1, -1)
    return np.asarray(cells.margin + s * cell.T[:, :, None] + own)


def _given(pieces: Pieces, edges: IntArray, cells: Cells) -> _Given:
    """Return cells, at edges or along the grid, with no more than :data:`THIN`, of one tissue, and those that take it.

    A cell in front takes it, at the face that the pieces' normal meets most squarely of those with a cell that is more
    than half that tissue, and with all that it takes in the nearer half of the cell that gives.
    """
    shape = cells.box.cells
    flat, row = np.unique(np.ravel_multi_index(tuple(pieces.cell.T), shape), return_inverse=True)
    normal = np.zeros((len(flat), 3))
    np.add.at(normal, row.reshape(-1), pieces.area[:, None] * pieces.normal)
    cell = np.stack(np.unravel_index(flat, shape), axis=1)
    square = np.abs(normal).max(axis=1, initial=0) > SQUARE * np.linalg.norm(normal, axis=1)
    thin = (square | np.isin(flat, edges)) & (_share(cell, cells) <= THIN)
    flat, cell, normal = flat[thin], cell[thin], normal[thin]
    held = cells.labels[tuple(_sub_voxels(cell, cells))]
    label = held.max(axis=1, initial=0)
    alike = ((held == 0) | (held == label[:, None])).all(axis=1) & (label > 0)
    to = np.full(len(flat), -1)
    order = np.argsort(-np.abs(normal), axis=1, kind="stable")
    for axis in order.T:
        way = np.sign(normal[np.arange(len(cell)), axis]).astype(int)
        ahead = cell.copy()
        ahead[np.arange(len(cell)), axis] += way
        takes = (to < 0) & alike & _own(ahead, cells) & _near_face(held > 0, axis, way, cells.subsamples)
        takes[takes] = cells.tissue[tuple(ahead[takes].T)] == label[takes]
        to[takes] = np.ravel_multi_index(tuple(ahead[takes].T), shape)
    return _Given(flat[to >= 0], to[to >= 0])


def _near_face(held: BoolArray, axis: IntArray, way: IntArray, subsamples: int) -> BoolArray:
    """Tell of which cells all that is held (n, S^3) lies in the half at the face that each axis and way lead to."""
    place = np.indices((subsamples,) * 3).reshape(3, -1)[axis] + 0.5 - subsamples / 2
    return np.asarray(~(held & (place * way[:, None] < 0)).any(axis=1))


def _around(cell: IntArray, cells: Cells) -> IntArray:
    """Return cells (n, 3) of a box and all that touch them, flat and rising."""
    once = np.unique(np.ravel_multi_index(tuple(cell.T), cells.box.cells))
    near = np.stack(np.unravel_index(once, cells.box.cells), axis=1)[:, None] + _NEAREST
    inside = ((near >= 0) & (near < cells.box.cells)).all(axis=2)
    return np.unique(np.ravel_multi_index(tuple(near[inside].T), cells.box.cells))


def _own(cell: IntArray, cells: Cells) -> BoolArray:
    """Tell which cells (n, 3) lie in the box, and in no finer one."""
    inside = ((cell >= 0) & (cell < cells.box.cells)).all(axis=1)
    if cells.covered:
        inside &= ~((cell >= cells.covered[0]) & (cell < cells.covered[1])).all(axis=1)
    return np.asarray(inside)


def _moved(pieces: Pieces, box: int, given: _Given, cells: Cells) -> Pieces:
    """Return pieces, those of a box in the cells that take them."""
    mine, own = pieces.box == box, pieces.cell.copy()
    flat = given.moved(np.ravel_multi_index(tuple(own[mine].T), cells.box.cells))
    own[mine] = np.stack(np.unravel_index(flat, cells.box.cells), axis=1)
    return replace(pieces, cell=own)


def _unhung(layer: Layer, pieces: Pieces, given: _Given, cells: Cells) -> Layer:
    """Empty what hangs beside given cells, see :data:`HANGING`; return the layer elsewhere."""
    near = _around(np.stack(np.unravel_index(given.cell, cells.box.cells), axis=1), cells)
    near = np.setdiff1d(near, [*given.cell, *np.ravel_multi_index(tuple(pieces.cell.T), cells.box.cells)])
    cell = np.stack(np.unravel_index(near, cells.box.cells), axis=1)
    hangs = _own(cell, cells) & (_share(cell, cells) <= HANGING)
    cells.labels[tuple(_sub_voxels(cell[hangs], cells))] = 0
    left = ~np.isin(layer.cell, near[hangs])
    return Layer(layer.cell[left], layer.place[left], layer.share[left])


def _with_given(layer: Layer, given: _Given, cells: Cells) -> Layer:
    """Return a layer with what cells pass on, in the cells that take it, and empty the former."""
    places = _sub_voxels(np.stack(np.unravel_index(given.cell, cells.box.cells), axis=1), cells)
    held = cells.labels[tuple(places)] > 0
    cells.labels[tuple(places)] = 0
    taken = np.broadcast_to(given.to[:, None], held.shape)[held]
    place = np.concatenate([layer.place, places[:, held].T - cells.margin])
    share = np.concatenate([layer.share, np.ones(len(taken))])
    cell = np.concatenate([given.moved(layer.cell), taken])
    size = cells.subsamples * np.array(cells.box.cells)
    once, row = np.unique(cell * size.prod() + np.ravel_multi_index(tuple(place.T), tuple(size)), return_inverse=True)
    return Layer(
        once // size.prod(),
        np.stack(np.unravel_index(once % size.prod(), tuple(size)), axis=1).astype(np.int64),
        np.asarray(np.bincount(row.reshape(-1), weights=share, minlength=len(once)), dtype=np.float64),
    )
