"""Stiffness of one cell: what flows between its corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemodel.field._laminate import MEAN, NOTHING, UNIFORM, Basis, kind_of, prepare, set_tensors
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled


@compiled
def trilinear(matrices: NDArray[np.float64]) -> None:
    """Write the exact matrices of a uniform cell of edge 1 for tensors xx, yy, zz, yz, xz, xy of 1, (6, 8, 8)."""
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
            matrices[0, a, b] = slope[0] * same[1] * same[2]
            matrices[1, a, b] = same[0] * slope[1] * same[2]
            matrices[2, a, b] = same[0] * same[1] * slope[2]
            matrices[3, a, b] = same[0] * (left[1] * right[2] + left[2] * right[1])
            matrices[4, a, b] = same[1] * (left[0] * right[2] + left[2] * right[0])
            matrices[5, a, b] = same[2] * (left[0] * right[1] + left[1] * right[0])


@compiled
def cell_matrix(
    cells: CellArrays,
    i: int,
    j: int,
    k: int,
    exact: NDArray[np.float64],
    basis: Basis,
    work: NDArray[np.number],
    matrix: NDArray[np.number],
) -> int:
    """Write the matrix of a cell of edge 1 mm, mS, symmetric bit for bit; return the cell's kind.

    Parameters
    ----------
    cells
        Of a box.
    i, j, k
        The cell.
    exact
        (6, 8, 8) of :func:`trilinear`.
    basis
        Room of :func:`spinemodel.field._laminate.new_basis`.
    work
        (2, 8, 8) to work in.
    matrix
        (8, 8) between corners 4 di + 2 dj + dk, written unless nothing conducts.
    """
    s, m = cells.subsamples, cells.margin
    i0, j0, k0 = m + i * s, m + j * s, m + k * s
    here = cells.labels[i0 : i0 + s, j0 : j0 + s, k0 : k0 + s]
    kind, label = kind_of(here)
    if kind == UNIFORM:
        set_tensors(cells, i, j, k, basis)
        _set_exact(basis.tensor, label, exact, matrix)
    elif kind != NOTHING:
        kind = prepare(cells, i, j, k, basis)
        _energy(here, basis, kind == MEAN, work[0])
        _between_corners(basis.weights, work, matrix)
    return kind


@compiled
def _set_exact(tensor: NDArray[np.number], label: int, exact: NDArray[np.float64], matrix: NDArray[np.number]) -> None:
    """Write the matrix of a uniform cell."""
    for a in range(8):
        for b in range(a, 8):
            total = tensor[label, 0] * exact[0, a, b]
            for n in range(1, 6):
                total += tensor[label, n] * exact[n, a, b]
            matrix[a, b] = matrix[b, a] = total


@compiled
def _energy(here: NDArray[np.uint8], basis: Basis, is_mean: bool, energy: NDArray[np.number]) -> None:
    """Write the integral of sigma grad . grad between the functions X, Y, Z, XY, YZ, XZ, XYZ, the upper half, (7, 7).

    The gradient of a function in a layer is D^T g, with g that by X, Y and Z, and D = I + n d^T; so each sub-voxel
    counts with D^T sigma D, its own tensor and the functions at its centre.
    """
    s, bins = len(here), len(basis.share)
    energy[:] = 0
    n0, n1, n2 = basis.normal[0], basis.normal[1], basis.normal[2]
    share = 1 / s**3
    slope, shift, tensor = basis.slope, basis.shift, basis.sigma if is_mean else basis.tensor
    for i in range(s):
        for j in range(s):
            for k in range(s):
                label = here[i, j, k]
                if label == 0:
                    continue
                x, y, z = (i + 0.5) / s - 0.5, (j + 0.5) / s - 0.5, (k + 0.5) / s - 0.5
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
                _add_products(X, Y, Z, xx, yy, zz, yz, xz, xy, energy)


@compiled
def _add_products(
    X: float, Y: float, Z: float, xx: float, yy: float, zz: float, yz: float, xz: float, xy: float,
    energy: NDArray[np.number],
) -> None:  # fmt: skip
    """Add g . (tensor g') of the gradients (1,0,0) (0,1,0) (0,0,1) (Y,X,0) (0,Z,Y) (Z,0,X) (YZ,XZ,XY)."""
    e = energy
    px, py, pz = Y * xx + X * xy, Y * xy + X * yy, Y * xz + X * yz
    qx, qy, qz = Z * xy + Y * xz, Z * yy + Y * yz, Z * yz + Y * zz
    rx, ry, rz = Z * xx + X * xz, Z * xy + X * yz, Z * xz + X * zz
    a, b, c = Y * Z, X * Z, X * Y
    ox, oy, oz = a * xx + b * xy + c * xz, a * xy + b * yy + c * yz, a * xz + b * yz + c * zz
    e[0, 0] += xx
    e[0, 1] += xy
    e[0, 2] += xz
    e[1, 1] += yy
    e[1, 2] += yz
    e[2, 2] += zz
    e[0, 3] += px
    e[1, 3] += py
    e[2, 3] += pz
    e[0, 4] += qx
    e[1, 4] += qy
    e[2, 4] += qz
    e[0, 5] += rx
    e[1, 5] += ry
    e[2, 5] += rz
    e[0, 6] += ox
    e[1, 6] += oy
    e[2, 6] += oz
    e[3, 3] += Y * px + X * py
    e[3, 4] += Z * py + Y * pz
    e[3, 5] += Z * px + X * pz
    e[3, 6] += a * px + b * py + c * pz
    e[4, 4] += Z * qy + Y * qz
    e[4, 5] += Z * qx + X * qz
    e[4, 6] += a * qx + b * qy + c * qz
    e[5, 5] += Z * rx + X * rz
    e[5, 6] += a * rx + b * ry + c * rz
    e[6, 6] += a * ox + b * oy + c * oz


@compiled
def _between_corners(weights: NDArray[np.number], work: NDArray[np.number], matrix: NDArray[np.number]) -> None:
    """Write W^T E W of the functions' energies, of which ``work[0]`` holds the upper half."""
    energy, half = work[0], work[1]
    for a in range(8):
        for m in range(7):
            total = energy[m, m] * weights[m + 1, a]
            for n in range(m):
                total += energy[n, m] * weights[n + 1, a]
            for n in range(m + 1, 7):
                total += energy[m, n] * weights[n + 1, a]
            half[m, a] = total
    for a in range(8):
        for b in range(a, 8):
            total = weights[1, a] * half[0, b]
            for m in range(1, 7):
                total += weights[m + 1, a] * half[m, b]
            matrix[a, b] = matrix[b, a] = total
