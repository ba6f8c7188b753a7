"""Stiffness of one cell: what flows between its corners."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.field._laminate import MEAN, Basis, prepare, set_tensors
from spinemodel.field._sweeps import U
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled
from spinemodel.registers import load, numbers, store, zeros

EIGHT: Final = numbers(8)
"""Room for seven functions."""


@compiled
def trilinear(matrices: NDArray[np.float64]) -> None:
    """Write the exact matrices of a uniform cell of edge 1 for tensors xx, yy, zz, yz, xz, xy of 1, (6, 64)."""
    for a in range(8):
        for b in range(8):
            same = np.empty(3)  # means of products of the two corners' functions along each axis
            slope = np.empty(3)  # sign of the product of their slopes along each axis
            left, right = np.empty(3), np.empty(3)
            for axis in range(3):
                p, q = (a >> (2 - axis)) & 1, (b >> (2 - axis)) & 1
                same[axis] = 1 / 3 if p == q else 1 / 6
                slope[axis] = 1.0 if p == q else -1.0
                left[axis], right[axis] = (0.5 if p else -0.5), (0.5 if q else -0.5)
            matrices[0, 8 * a + b] = slope[0] * same[1] * same[2]
            matrices[1, 8 * a + b] = same[0] * slope[1] * same[2]
            matrices[2, 8 * a + b] = same[0] * same[1] * slope[2]
            matrices[3, 8 * a + b] = same[0] * (left[1] * right[2] + left[2] * right[1])
            matrices[4, 8 * a + b] = same[1] * (left[0] * right[2] + left[2] * right[0])
            matrices[5, 8 * a + b] = same[2] * (left[0] * right[1] + left[1] * right[0])


@compiled
def uniform_matrix(
    cells: CellArrays,
    i: int,
    j: int,
    k: int,
    label: int,
    exact: NDArray[np.float64],
    basis: Basis,
    matrix: NDArray[np.number],
) -> None:
    """Write the matrix of a cell that one part fills, mS for an edge of 1 mm.

    Parameters
    ----------
    cells
        Of a box.
    i, j, k
        The cell.
    label
        Of the part.
    exact
        (6, 64) of :func:`trilinear`.
    basis
        Room of :func:`spinemodel.field._laminate.new_basis`.
    matrix
        (64,) between corners 4 di + 2 dj + dk, written.
    """
    set_tensors(cells, i, j, k, basis)
    t0, t1, t2 = basis.tensor[label, 0], basis.tensor[label, 1], basis.tensor[label, 2]
    t3, t4, t5 = basis.tensor[label, 3], basis.tensor[label, 4], basis.tensor[label, 5]
    for n in range(U(64)):
        matrix[n] = t0 * exact[0, n] + t1 * exact[1, n] + t2 * exact[2, n]
        matrix[n] = matrix[n] + t3 * exact[3, n] + t4 * exact[4, n] + t5 * exact[5, n]


@compiled
def cut_matrix(
    cells: CellArrays,
    i: int,
    j: int,
    k: int,
    basis: Basis,
    energy: NDArray[np.number],
    half: NDArray[np.number],
    matrix: NDArray[np.number],
) -> None:
    """Write the matrix of another cell in which something conducts, mS for an edge of 1 mm, symmetric bit for bit.

    Parameters
    ----------
    cells, i, j, k, basis, matrix
        As for :func:`uniform_matrix`.
    energy, half
        (7, 8) each, to work in.
    """
    is_mean = prepare(cells, i, j, k, basis) == MEAN
    s, m = cells.subsamples, cells.margin
    i0, j0, k0 = m + i * s, m + j * s, m + k * s
    here = cells.labels[i0 : i0 + s, j0 : j0 + s, k0 : k0 + s]
    _energy(here, cells.places, basis, is_mean, half.reshape(-1), energy.reshape(-1))
    _between_corners(basis.weights, energy, half, matrix)


@compiled
def _energy(
    here: NDArray[np.uint8],
    places: FloatArray,
    basis: Basis,
    is_mean: bool,
    flow: NDArray[np.number],
    energy: NDArray[np.number],
) -> None:
    """Write the integral of sigma grad . grad between the functions X, Y, Z, XY, YZ, XZ, XYZ, rows of 8, flat.

    The lower half counts: with the products as they are rounded, the upper one is not the same to the last bit.
    The gradient of a function in a layer is D^T g, with g that by X, Y and Z, and D = I + n d^T; so each sub-voxel
    counts with D^T sigma D, its own tensor and the functions at its centre. ``flow`` is room for that times all g.
    """
    s, bins = len(here), len(basis.share)
    e0 = e1 = e2 = e3 = e4 = e5 = e6 = zeros(flow, EIGHT)
    n0, n1, n2 = basis.normal[0], basis.normal[1], basis.normal[2]
    share = 1 / s**3
    slope, shift, tensor = basis.slope, basis.shift, basis.sigma if is_mean else basis.tensor
    for i in range(s):
        for j in range(s):
            for k in range(s):
                label = here[i, j, k]
                if label == 0:
                    continue
                x, y, z = places[i, j, k, 0], places[i, j, k, 1], places[i, j, k, 2]
                at = ((x * n0 + y * n1 + z * n2) / basis.reach[0] + 1) * (bins / 2)
                n = min(max(int(np.floor(at)), 0), bins - 1)
                rest = at - n
                d0, d1, d2 = slope[n, 0], slope[n, 1], slope[n, 2]
                X = x + shift[n, 0] + rest * (shift[n + 1, 0] - shift[n, 0])
                Y = y + shift[n, 1] + rest * (shift[n + 1, 1] - shift[n, 1])
                Z = z + shift[n, 2] + rest * (shift[n + 1, 2] - shift[n, 2])
                c = 0 if is_mean else label
                t0, t1, t2 = tensor[c, 0], tensor[c, 1], tensor[c, 2]
                t3, t4, t5 = tensor[c, 3], tensor[c, 4], tensor[c, 5]
                u0, u1, u2 = t0 * n0 + t5 * n1 + t4 * n2, t5 * n0 + t1 * n1 + t3 * n2, t4 * n0 + t3 * n1 + t2 * n2
                a = u0 * n0 + u1 * n1 + u2 * n2
                xx = share * (t0 + 2 * u0 * d0 + a * d0 * d0)
                yy = share * (t1 + 2 * u1 * d1 + a * d1 * d1)
                zz = share * (t2 + 2 * u2 * d2 + a * d2 * d2)
                yz = share * (t3 + u1 * d2 + u2 * d1 + a * d1 * d2)
                xz = share * (t4 + u0 * d2 + u2 * d0 + a * d0 * d2)
                xy = share * (t5 + u0 * d1 + u1 * d0 + a * d0 * d1)
                _set_flow(X, Y, Z, xx, xy, xz, flow[:8])
                _set_flow(X, Y, Z, xy, yy, yz, flow[8:])
                _set_flow(X, Y, Z, xz, yz, zz, flow[16:])
                x_, y_, z_ = load(flow, 0, EIGHT), load(flow, 8, EIGHT), load(flow, 16, EIGHT)
                # Gradients of the functions: (1,0,0) (0,1,0) (0,0,1) (Y,X,0) (0,Z,Y) (Z,0,X) (YZ,XZ,XY).
                e0, e1, e2 = e0 + x_, e1 + y_, e2 + z_
                e3, e4, e5 = e3 + (Y * x_ + X * y_), e4 + (Z * y_ + Y * z_), e5 + (Z * x_ + X * z_)
                e6 += Y * Z * x_ + X * Z * y_ + X * Y * z_
    for row, values in enumerate((e0, e1, e2, e3, e4, e5, e6)):
        store(energy, 8 * row, values)


@compiled
def _set_flow(X: float, Y: float, Z: float, x: float, y: float, z: float, flow: NDArray[np.number]) -> None:
    """Write the products of one row (x, y, z) of a tensor with the gradients of the seven functions."""
    flow[0], flow[1], flow[2] = x, y, z
    flow[3], flow[4], flow[5] = Y * x + X * y, Z * y + Y * z, Z * x + X * z
    flow[6] = Y * Z * x + X * Z * y + X * Y * z


@compiled
def _between_corners(
    weights: NDArray[np.number], energy: NDArray[np.number], half: NDArray[np.number], matrix: NDArray[np.number]
) -> None:
    """Write W^T E W of the functions' energies, of which the lower half is given."""
    for a in range(8):
        for m in range(7):
            total = energy[m, m] * weights[m + 1, a]
            for n in range(m):
                total += energy[m, n] * weights[n + 1, a]
            for n in range(m + 1, 7):
                total += energy[n, m] * weights[n + 1, a]
            half[m, a] = total
    for a in range(8):
        for b in range(a, 8):
            total = weights[1, a] * half[0, b]
            for m in range(1, 7):
                total += weights[m + 1, a] * half[m, b]
            matrix[8 * a + b] = matrix[8 * b + a] = total
