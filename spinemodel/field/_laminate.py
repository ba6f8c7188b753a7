"""What the potential looks like in a cell: eight functions that bend where the conductivity changes.

A cut cell is taken as a laminate: tensors A(s) that depend on s = n.xi alone, xi in [-1/2, 1/2]^3. Where the mean
gradient is E, the flux through the layers is the same everywhere, so that the gradient in a layer is E + n (d(s).E).
The functions 1, X, Y, Z, XY, YZ, XZ, XYZ of X_j = xi_j + chi_j(s), chi' = d, keep both the flux and the potential
continuous; combined so that each is 1 at one corner and 0 at the others, they are the cell's basis (an immersed
finite element; Li, Lin & Wu 2003, Numer. Math. 96:61, for one plane and scalars). Where A is the same everywhere, they
are the trilinear ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemodel.field._basis import Basis, bin_of, evaluate, new_basis
from spinemodel.field._corner_weights import set_weights
from spinemodel.field._layers import homogenised, set_layers, set_profile
from spinemodel.field._normal import find_normal
from spinemodel.field.cells import CellArrays
from spinemodel.jit import compiled

__all__ = [
    "LAMINATE",
    "MEAN",
    "NOTHING",
    "PLAIN",
    "UNIFORM",
    "Basis",
    "bin_of",
    "evaluate",
    "homogenised",
    "kind_of",
    "new_basis",
    "prepare",
    "set_tensors",
]

NOTHING, UNIFORM, PLAIN, LAMINATE, MEAN = range(5)
"""Kinds of cells: nothing conducts; one part fills it; one part fills what conducts; layers; layers taken as one."""

@compiled
def prepare(cells: CellArrays, i: int, j: int, k: int, basis: Basis) -> int:
    """Work out the basis of a cell; return its kind."""
    s, m = cells.subsamples, cells.margin
    i0, j0, k0 = m + i * s, m + j * s, m + k * s
    here = cells.labels[i0 : i0 + s, j0 : j0 + s, k0 : k0 + s]
    kind, label = kind_of(here)
    if kind == NOTHING:
        return kind
    set_tensors(cells, i, j, k, basis)
    if kind != LAMINATE:
        return _set_uniform(basis, basis.tensor[label], kind)
    has_layers = find_normal(cells, basis.ball, basis.logarithm, basis.moments, i, j, k, basis.normal)
    if not has_layers:
        basis.normal[:] = 0
        basis.slope[:] = 0
    set_profile(here, cells.places, basis)
    if has_layers:
        set_layers(basis)
        if set_weights(basis.normal, basis.reach[0], basis.shift, basis.order, basis.weights):
            return LAMINATE
    return _set_uniform(basis, homogenised(basis), MEAN)


@compiled
def kind_of(here: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the kind of a cell from its sub-voxels, and the first label that conducts."""
    label, holes = 0, False
    for value in here.flat:
        one = int(value)
        if one == 0:
            holes = True
        elif label == 0:
            label = one
        elif one != label:
            return LAMINATE, label
    if label == 0:
        return NOTHING, 0
    return (PLAIN if holes else UNIFORM), label


@compiled
def set_tensors(cells: CellArrays, i: int, j: int, k: int, basis: Basis) -> None:
    """Write the tensors of those parts of a cell that have fibres: across I + (along - across) f f^T."""
    row = cells.first_fibre[i, j, k]
    if row < 0:
        return
    _, ny, nz = cells.first_fibre.shape
    cell = (i * ny + j) * nz + k
    while row < len(cells.fibre_cell) and cells.fibre_cell[row] == cell:
        label = int(cells.fibre_label[row])
        x, y, z = cells.fibres[row, 0], cells.fibres[row, 1], cells.fibres[row, 2]
        across, more = cells.across[label], cells.along[label] - cells.across[label]
        t = basis.tensor[label]
        t[0], t[1], t[2] = across + more * x * x, across + more * y * y, across + more * z * z
        t[3], t[4], t[5] = more * y * z, more * x * z, more * x * y
        row += 1


@compiled
def _set_uniform(basis: Basis, tensor: NDArray[np.number], kind: int) -> int:
    """Write the basis of a cell of one tensor, which may lie in the basis' own room; return its kind."""
    basis.normal[:] = 0
    basis.reach[0] = 1
    basis.slope[:] = 0
    basis.shift[:] = 0
    for n in range(len(basis.share)):
        for c in range(6):
            basis.sigma[n, c] = tensor[c]
    set_weights(basis.normal, 1.0, basis.shift, basis.order, basis.weights)
    return kind
