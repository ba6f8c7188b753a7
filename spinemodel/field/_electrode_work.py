"""What electrodes hold in each cell, and room to look at one cell after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._electrode_layer import Layer
from spinemodel.field._electrode_pieces import NO_PIECES, Pieces, together
from spinemodel.field._laminate import Basis, bin_of, evaluate
from spinemodel.field.cells import CellArrays, Cells
from spinemodel.jit import compiled

_TINY: Final = float(np.finfo(np.float64).tiny)
"""In place of nothing, to divide by."""


HOLD: Final = 5.5
"""beta, per edge of a cell, away from the edges of electrodes. A choice: with 4.2, potentials a tenth of a cell from a
sphere erred by a third more."""

EDGE: Final = (4.2, 6.8, 9.2, 8.9, 7.3, 5.85, 4.93, 4.3, 3.92, 3.8, 4.2)
"""beta at edges, where electrodes are 0, 0.1, ... 1 of the surface in a cell; in between, linear. Such that the edge of
an electrode on an insulator, along the grid, acts where it lies: found by bisection, from the conductance of half a
plane under a whole one (by conformal mapping it acts as if it reached 2 ln 2 / pi of their distance further). Less
makes electrodes too small, more too large: with 5.5 in all cells, edges act up to a twelfth of a cell off."""

COVER: Final = np.linspace(0, 1, len(EDGE))
"""The shares of :data:`EDGE`."""


class Work(NamedTuple):
    """Pieces and steps of one box, by cell. Places are in edges of the box's cells, from its first node.

    Attributes
    ----------
    cell
        (cells, 3).
    first_run
        (cells + 1,) of runs: pieces of one electrode in one cell.
    first_piece
        (runs + 1,) of pieces.
    points
        (pieces, 3, 3) three points of each.
    normal
        (pieces, 3) into the tissue.
    area
        (pieces,) edges2.
    first_step
        (cells + 1,) of steps.
    step
        (steps, 3) sub-voxel from the box's first.
    share
        (steps,) of it, to add; less than 0: to take out.
    hold
        (cells,) beta, how firmly the potential is held there at least, per edge.
    """

    cell: IntArray
    first_run: IntArray
    first_piece: IntArray
    points: FloatArray
    normal: FloatArray
    area: FloatArray
    first_step: IntArray
    step: IntArray
    share: FloatArray
    hold: FloatArray


def work_of(
    pieces: Sequence[Pieces], walls: Pieces, layer: Layer, edges: IntArray, cells: Cells
) -> tuple[Work, IntArray]:
    """Return the pieces of several electrodes in one box by cell, with the layer there, and each run's electrode.

    ``edges`` are the cells, flat, in which electrodes end, and those that touch them.
    """
    low, h, every, count = cells.box.low, cells.box.spacing_mm, together([NO_PIECES, *pieces]), max(len(pieces), 1)
    owner = np.repeat(np.arange(len(pieces)), [len(one.area) for one in pieces])
    flat = np.ravel_multi_index(tuple(every.cell.T), cells.box.cells)
    touched = np.unique(np.concatenate([flat, layer.cell]))
    runs, run = np.unique(flat * count + owner, return_inverse=True)
    order = np.argsort(run, kind="stable")
    ends = np.append(touched, np.prod(cells.box.cells))
    work = Work(
        np.stack(np.unravel_index(touched, cells.box.cells), axis=1),
        np.searchsorted(runs // count, ends),
        np.searchsorted(run[order], np.arange(len(runs) + 1)),
        ((every.points - low) / h)[order],
        every.normal[order],
        every.area[order] / h**2,
        np.searchsorted(layer.cell, ends),
        layer.place,
        layer.share,
        np.where(np.isin(touched, edges), np.interp(_cover(every, walls, touched, cells), COVER, EDGE), HOLD),
    )
    return work, runs % count


def _cover(pieces: Pieces, walls: Pieces, touched: IntArray, cells: Cells) -> FloatArray:
    """Return electrodes' share of the surfaces that face as they do, in each of some cells, flat and rising."""
    normal, area, beside = np.zeros((len(touched), 3)), np.zeros(len(touched)), np.zeros(len(touched))
    row = np.searchsorted(touched, np.ravel_multi_index(tuple(pieces.cell.T), cells.box.cells))
    np.add.at(normal, row, pieces.area[:, None] * pieces.normal)
    np.add.at(area, row, pieces.area)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), _TINY)[:, None]
    flat = np.ravel_multi_index(tuple(walls.cell.T), cells.box.cells)
    held = np.isin(flat, touched)
    row, near = np.searchsorted(touched, flat[held]), walls.of(held)
    np.add.at(beside, row, near.area * np.maximum(np.einsum("nx,nx->n", near.normal, normal[row]), 0))
    return np.asarray(area / np.maximum(area + beside, _TINY))


class Room(NamedTuple):
    """To work in, for one cell after another.

    Attributes
    ----------
    mean, energy
        (8, 3) and (3, 3): mean gradient of each corner's function, and M.
    stiff, inverse
        (3, 3) real part of M, turned by its phase, and inverses.
    taken
        (S, S, S) how much of each sub-voxel is metal.
    values, gradients, sigma
        What ``evaluate`` writes.
    bend, vectors
        (3, 3) and (2, 3): D at the point looked at, and what lies in between.
    seen, through, size
        (points, 8), (points, 3) and (points,) at the surface: values; what g is multiplied with to give the flux out of
        the tissue; nu.sigma nu.
    """

    mean: NDArray[np.number]
    energy: NDArray[np.number]
    stiff: FloatArray
    inverse: NDArray[np.number]
    taken: FloatArray
    values: NDArray[np.number]
    gradients: NDArray[np.number]
    sigma: NDArray[np.number]
    bend: NDArray[np.number]
    vectors: NDArray[np.number]
    seen: NDArray[np.number]
    through: NDArray[np.number]
    size: NDArray[np.number]


@compiled
def new_room(cells: CellArrays, work: Work) -> Room:
    """Return room for one cell after another."""
    zero, s, most = 0 * cells.along[:1], cells.subsamples, 0
    for n in range(len(work.cell)):
        most = max(most, 3 * (work.first_piece[work.first_run[n + 1]] - work.first_piece[work.first_run[n]]))
    kind = zero.dtype
    return Room(
        np.zeros((8, 3), kind),
        np.zeros((3, 3), kind),
        np.zeros((3, 3)),
        np.zeros((3, 3), kind),
        np.zeros((s, s, s)),
        np.zeros(8, kind),
        np.zeros((8, 3), kind),
        np.zeros((3, 3), kind),
        np.zeros((3, 3), kind),
        np.zeros((2, 3), kind),
        np.zeros((most, 8), kind),
        np.zeros((most, 3), kind),
        np.zeros(most, kind),
    )


@compiled
def set_place(cells: CellArrays, i: int, j: int, k: int, point: FloatArray) -> None:
    """Write where the sample of a sub-voxel lies, edges from the box's first node."""
    s = cells.subsamples
    for axis in range(3):
        at = i if axis == 0 else j if axis == 1 else k
        point[axis] = at // s + 0.5 + cells.places[i % s, j % s, k % s, axis]


@compiled
def look(work: Work, n: int, point: FloatArray, basis: Basis, room: Room) -> None:
    """Evaluate the basis of the n-th cell at a point, and D there: the gradient is D g, with g that by X, Y and Z."""
    x, y, z = point[0] - work.cell[n, 0] - 0.5, point[1] - work.cell[n, 1] - 0.5, point[2] - work.cell[n, 2] - 0.5
    evaluate(basis, x, y, z, room.values, room.gradients, room.sigma)
    slope = basis.slope[bin_of(basis, x, y, z)]
    for r in range(3):
        for c in range(3):
            room.bend[r, c] = basis.normal[r] * slope[c] + (1 if r == c else 0)


@compiled
def times(matrix: NDArray[np.number], vector: NDArray[np.number], out: NDArray[np.number]) -> None:
    """Write a product of a (3, 3) matrix and a vector."""
    for r in range(3):
        out[r] = matrix[r, 0] * vector[0] + matrix[r, 1] * vector[1] + matrix[r, 2] * vector[2]


@compiled
def add_to(out: NDArray[np.number], factor: complex, vector: NDArray[np.number]) -> None:
    """Add a multiple of a vector of three."""
    for r in range(3):
        out[r] += factor * vector[r]


@compiled
def set_sigma(tensor: NDArray[np.number], sigma: NDArray[np.number]) -> None:
    """Write a tensor xx, yy, zz, yz, xz, xy as a matrix."""
    for r in range(3):
        for c in range(3):
            sigma[r, c] = tensor[r] if r == c else tensor[6 - r - c]


@compiled
def invert(matrix: NDArray[np.number], inverse: NDArray[np.number]) -> None:
    """Write the inverse of a symmetric (3, 3) matrix, by cofactors."""
    for r in range(3):
        for c in range(3):
            a, b, d, e = (r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3
            inverse[r, c] = matrix[a, d] * matrix[b, e] - matrix[a, e] * matrix[b, d]
    determinant = matrix[0, 0] * inverse[0, 0] + matrix[0, 1] * inverse[0, 1] + matrix[0, 2] * inverse[0, 2]
    for r in range(3):
        for c in range(3):
            inverse[r, c] = inverse[r, c] / determinant
