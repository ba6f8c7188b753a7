"""What electrodes add to the matrix of each cell: their potential, imposed by Nitsche's method.

For tissue on one side of a surface at the potential V, with the flux q(u) = nu.sigma grad u, nu out of the tissue, the
energy of the cell gains the integral over the surface of -q(u) (u - V) + beta s (u - V)^2 / 2 (Nitsche 1971, Abh. Math.
Sem. Hamburg 36:9). Its exact solution is that of the continuous problem for any beta, and the energy is positive where
beta s is large enough against the flux. Here s = nu.sigma nu.

The flux is that of the cell's mean gradient, g = M^-1 sum_i M_i g_i over its sub-voxels of energy g_i.M_i g_i / 2. By
Cauchy and Schwarz g.M g is at most the cell's energy, whatever little the cell holds, so that with G the sum over the
surface of (flux of a unit gradient)^2 / s, beta > trace(M^-1 G) suffices. In tissue of one conductivity the trace is
the surface over the volume. (With the gradient at the surface in its place, as in Embar, Dolbow & Harari 2010, Int. J.
Numer. Meth. Eng. 83:877, beta has no bound where one sub-voxel is left.)
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.field._electrode_work import Room, Work, add_to, invert, look, new_room, set_place, set_sigma, times
from spinemodel.field._laminate import MEAN, Basis, new_basis, prepare
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled

LEAST: Final = 1.2
"""beta over the least that is stable, which is 1, where that is more: in cells that are hardly tissue and have no other
that takes it. A choice by measurement: with 2, a contact along the grid whose cells are a tenth tissue had 2 % too
little impedance."""


@compiled
def terms(
    cells: CellArrays, work: Work, spacing: float, start: int, stop: int,
    matrix: NDArray[np.number], pull: NDArray[np.number],
) -> None:  # fmt: skip
    """Write what electrodes add to the matrices of some cells, (cells, 8, 8), and B of their runs, (runs, 8), mS.

    Matrices are symmetric bit for bit; their row sums are minus the sums of their runs' B, but for rounding.
    """
    basis, room = new_basis(cells), new_room(cells, work)
    for n in range(start, stop):
        is_mean = prepare(cells, work.cell[n, 0], work.cell[n, 1], work.cell[n, 2], basis) == MEAN
        _set_volume(cells, work, n, is_mean, basis, room, matrix[n])
        _fill_gaps(cells, work, n, basis, room, matrix[n])
        first, last = work.first_piece[work.first_run[n]], work.first_piece[work.first_run[n + 1]]
        if last > first:
            _set_mean(room)
            _look_at_surface(work, n, first, last, basis, room)
            beta = max(work.hold[n], LEAST * _least_beta(work, first, last, room))
            for run in range(work.first_run[n], work.first_run[n + 1]):
                _add_surface(work, run, first, room, beta, matrix[n], pull[run])
        for a in range(8):
            for b in range(a, 8):
                matrix[n, a, b] = matrix[n, b, a] = spacing * matrix[n, a, b]
    for run in range(work.first_run[start], work.first_run[stop]):
        for a in range(8):
            pull[run, a] *= spacing


@compiled
def loads(cells: CellArrays, work: Work) -> NDArray[np.number]:
    """Return the integral of each corner's function over the surface in each cell, (cells, 8), edges2.

    Complex where conductivities are: so are the functions then, where tissues meet.
    """
    basis, room = new_basis(cells), new_room(cells, work)
    out = np.zeros((len(work.cell), 8), room.values.dtype)
    for n in range(len(work.cell)):
        prepare(cells, work.cell[n, 0], work.cell[n, 1], work.cell[n, 2], basis)
        for piece in range(work.first_piece[work.first_run[n]], work.first_piece[work.first_run[n + 1]]):
            for p in range(3):
                look(work, n, work.points[piece, p], basis, room)
                for a in range(8):
                    out[n, a] += work.area[piece] / 3 * room.values[a]
    return out


@compiled
def _add_volume(room: Room, volume: float, taken: float, matrix: NDArray[np.number]) -> None:
    """Add ``volume`` at the point looked at to M and to each M g, and ``taken`` to the upper half of the matrix."""
    flux, back = room.vectors
    for a in range(8):
        times(room.sigma, room.gradients[a], flux)
        times(room.bend.T, flux, back)
        add_to(room.mean[a], volume, back)
        if taken != 0:
            for b in range(a, 8):
                v = room.gradients[b]
                matrix[a, b] += taken * (flux[0] * v[0] + flux[1] * v[1] + flux[2] * v[2])
    for c in range(3):
        times(room.sigma, room.bend[:, c], flux)
        times(room.bend.T, flux, back)
        add_to(room.energy[c], volume, back)


@compiled
def _set_volume(
    cells: CellArrays, work: Work, n: int, is_mean: bool, basis: Basis, room: Room, matrix: NDArray[np.number]
) -> None:
    """Write M and the sum of M g over the sub-voxels of the n-th cell, less the steps, which leave its matrix too."""
    s, m = cells.subsamples, cells.margin
    i, j, k = work.cell[n, 0] * s, work.cell[n, 1] * s, work.cell[n, 2] * s
    room.mean[:] = 0
    room.energy[:] = 0
    room.taken[:] = 0
    for step in range(work.first_step[n], work.first_step[n + 1]):
        if work.share[step] < 0:
            room.taken[work.step[step, 0] - i, work.step[step, 1] - j, work.step[step, 2] - k] = -work.share[step]
    share = 1 / s**3
    point = np.empty(3)
    for a in range(s):
        for b in range(s):
            for c in range(s):
                label = cells.labels[m + i + a, m + j + b, m + k + c]
                if label > 0:
                    set_place(cells, i + a, j + b, k + c, point)
                    look(work, n, point, basis, room)
                    if not is_mean:
                        set_sigma(basis.tensor[label], room.sigma)
                    taken = room.taken[a, b, c]
                    _add_volume(room, share * (1 - taken), -share * taken, matrix)


@compiled
def _fill_gaps(
    cells: CellArrays, work: Work, n: int, basis: Basis, room: Room, matrix: NDArray[np.number]
) -> None:
    """Add to the n-th cell the tissue at its pieces that no sub-voxel holds; it may lie next to the cell."""
    point = np.empty(3)
    for step in range(work.first_step[n], work.first_step[n + 1]):
        share = work.share[step] / cells.subsamples**3
        if share > 0:
            set_place(cells, work.step[step, 0], work.step[step, 1], work.step[step, 2], point)
            look(work, n, point, basis, room)
            _add_volume(room, share, share, matrix)


@compiled
def _set_mean(room: Room) -> None:
    """Turn the sums of M g into mean gradients."""
    invert(room.energy, room.inverse)
    for a in range(8):
        times(room.inverse, room.mean[a], room.vectors[0])
        for c in range(3):
            room.mean[a, c] = room.vectors[0, c]


@compiled
def _look_at_surface(work: Work, n: int, first: int, last: int, basis: Basis, room: Room) -> None:
    """Write the basis and the flux of unit gradients at the points of all pieces in the n-th cell."""
    flux, back = room.vectors
    for piece in range(first, last):
        normal = work.normal[piece]
        for p in range(3):
            row = 3 * (piece - first) + p
            look(work, n, work.points[piece, p], basis, room)
            times(room.sigma, normal, flux)
            times(room.bend.T, flux, back)
            for a in range(8):
                room.seen[row, a] = room.values[a]
            for c in range(3):
                room.through[row, c] = -back[c]
            room.size[row] = flux[0] * normal[0] + flux[1] * normal[1] + flux[2] * normal[2]


@compiled
def _least_beta(work: Work, first: int, last: int, room: Room) -> float:
    """Return trace(M^-1 G), per edge.

    Of complex conductivities, M and s are turned by the phase of M's trace, and their real parts taken: the least beta
    is real, and does not change where all conductivities are multiplied by one number.
    """
    trace = room.energy[0, 0] + room.energy[1, 1] + room.energy[2, 2]
    turn = np.conj(trace) / abs(trace)
    for r in range(3):
        for c in range(3):
            room.stiff[r, c] = (room.energy[r, c] * turn).real
    invert(room.stiff, room.inverse)
    least = 0.0
    for piece in range(first, last):
        for row in range(3 * (piece - first), 3 * (piece - first) + 3):
            weight = work.area[piece] / 3 / (room.size[row] * turn).real
            for r in range(3):
                for c in range(3):
                    product = room.through[row, r] * np.conj(room.through[row, c])
                    least += weight * room.inverse[r, c].real * product.real
    return least


@compiled
def _add_surface(
    work: Work, run: int, first: int, room: Room, beta: float, matrix: NDArray[np.number], pull: NDArray[np.number]
) -> None:
    """Add Nitsche's terms of one electrode in a cell to the cell's matrix, its upper half, and to B."""
    moment = np.zeros_like(room.mean)
    total = room.vectors[0]
    total[:] = 0
    for piece in range(work.first_piece[run], work.first_piece[run + 1]):
        weight = work.area[piece] / 3
        for row in range(3 * (piece - first), 3 * (piece - first) + 3):
            values, through = room.seen[row], room.through[row]
            hold = weight * beta * room.size[row]
            add_to(total, weight, through)
            for a in range(8):
                pull[a] -= hold * values[a]
                add_to(moment[a], weight * values[a], through)
                for b in range(a, 8):
                    matrix[a, b] += hold * values[a] * values[b]
    for a in range(8):
        pull[a] += _dot(room.mean[a], total)
        for b in range(a, 8):
            matrix[a, b] -= _dot(room.mean[a], moment[b]) + _dot(room.mean[b], moment[a])


@compiled
def _dot(a: NDArray[np.number], b: NDArray[np.number]) -> float:
    """Return the sum of products, without conjugation."""
    total: float = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return total
