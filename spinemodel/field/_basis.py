"""The eight functions of a cell, and room to work them out: each is 1 at one corner and 0 at the others."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._normal import ball_of
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled

BINS: Final = 5
"""Of s for each sub-voxel along an edge. A choice by measurement: with three times as many, concentric shells err by a
half more."""


class Basis(NamedTuple):
    """Functions of one cell, and room to work them out. Gradients are per edge of a cell.

    Attributes
    ----------
    normal
        (3,) unit, of the layers; 0 where there are none.
    reach
        (1,) s lies within -reach and reach.
    sigma
        (bins, 6) mean tensor of each bin of s: xx, yy, zz, yz, xz, xy.
    share
        (bins,) of the sub-voxels that conduct, in each bin.
    slope
        (bins, 3) d.
    shift
        (bins + 1, 3) chi at the bins' borders.
    weights
        (8, 8): function of corner a = 4 di + 2 dj + dk is the sum over m of weights[m, a] times monomial m.
    tensor
        (labels, 6) of each label in the cell.
    logarithm
        (labels,) of the size of the geometric mean of each label's tensor.
    ball
        Sub-voxels in which the normal is looked for.
    moments
        (labels + 4, 4) to work in.
    order
        (8,) to work in.
    """

    normal: FloatArray
    reach: FloatArray
    sigma: NDArray[np.number]
    share: FloatArray
    slope: NDArray[np.number]
    shift: NDArray[np.number]
    weights: NDArray[np.number]
    tensor: NDArray[np.number]
    logarithm: FloatArray
    ball: IntArray
    moments: FloatArray
    order: IntArray


@compiled
def new_basis(cells: CellArrays) -> Basis:
    """Return room for the basis of one cell after another; one for each thread."""
    bins, zero = BINS * cells.subsamples, 0 * cells.along[:1]
    labels = len(cells.along)
    tensor, logarithm = np.zeros((labels, 6), zero.dtype), np.zeros(labels)
    for n in range(labels):
        tensor[n, :3] = cells.along[n]
        if n > 0:
            logarithm[n] = (np.log(abs(cells.along[n])) + 2 * np.log(abs(cells.across[n]))) / 3
    return Basis(
        np.zeros(3),
        np.ones(1),
        np.zeros((bins, 6), zero.dtype),
        np.zeros(bins),
        np.zeros((bins, 3), zero.dtype),
        np.zeros((bins + 1, 3), zero.dtype),
        np.zeros((8, 8), zero.dtype),
        tensor,
        logarithm,
        ball_of(cells.subsamples),
        np.zeros((labels + 4, 4)),
        np.zeros(8, np.int64),
    )


@compiled
def evaluate(
    basis: Basis,
    x: float,
    y: float,
    z: float,
    values: NDArray[np.number],
    gradients: NDArray[np.number],
    sigma: NDArray[np.number],
) -> None:
    """Write the basis at a point of the cell that was prepared last.

    Parameters
    ----------
    basis
        As :func:`prepare` left it.
    x, y, z
        The point, from the cell's centre, in edges: within -1/2 and 1/2.
    values
        (8,) of each corner's function, written.
    gradients
        (8, 3) of each corner's function, per edge of the cell, written.
    sigma
        (3, 3) conductivity there, S/m, written: the mean of the layer that the point lies in; where nothing conducts,
        of the nearest layer that does.
    """
    bins = len(basis.share)
    nx, ny, nz = basis.normal[0], basis.normal[1], basis.normal[2]
    at = ((x * nx + y * ny + z * nz) / basis.reach[0] + 1) * (bins / 2)
    n = min(max(int(np.floor(at)), 0), bins - 1)
    rest = at - n
    X = x + basis.shift[n, 0] + rest * (basis.shift[n + 1, 0] - basis.shift[n, 0])
    Y = y + basis.shift[n, 1] + rest * (basis.shift[n + 1, 1] - basis.shift[n, 1])
    Z = z + basis.shift[n, 2] + rest * (basis.shift[n + 1, 2] - basis.shift[n, 2])
    w = basis.weights
    for a in range(8):
        p, q, r, o = w[4, a], w[5, a], w[6, a], w[7, a]
        values[a] = w[0, a] + w[1, a] * X + w[2, a] * Y + w[3, a] * Z
        values[a] += p * X * Y + q * Y * Z + r * X * Z + o * X * Y * Z
        gx = w[1, a] + p * Y + r * Z + o * Y * Z
        gy = w[2, a] + p * X + q * Z + o * X * Z
        gz = w[3, a] + q * Y + r * X + o * X * Y
        along = basis.slope[n, 0] * gx + basis.slope[n, 1] * gy + basis.slope[n, 2] * gz
        gradients[a, 0], gradients[a, 1], gradients[a, 2] = gx + nx * along, gy + ny * along, gz + nz * along
    t = basis.sigma[n]
    sigma[0, 0], sigma[1, 1], sigma[2, 2] = t[0], t[1], t[2]
    sigma[1, 2] = sigma[2, 1] = t[3]
    sigma[0, 2] = sigma[2, 0] = t[4]
    sigma[0, 1] = sigma[1, 0] = t[5]


@compiled
def bin_of(basis: Basis, x: float, y: float, z: float) -> int:
    """Return the bin of a point of the cell."""
    s = x * basis.normal[0] + y * basis.normal[1] + z * basis.normal[2]
    bins = len(basis.share)
    if basis.reach[0] == 0:
        return 0
    return min(max(int(np.floor((s / basis.reach[0] + 1) * (bins / 2))), 0), bins - 1)
