"""From a box's nodes to every second of them and back, by the stencils themselves (Dendy 1982, J Comput Phys 48:366).

Where conductivity jumps, the potential between two nodes is no mean of theirs. A node between two coarse ones takes
the value that its own equation gives it, with the couplings across summed up; one in the middle of a face or of a cell,
from those round it. Couplings that would give a negative weight are left out.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray
from spinemodel.field._sweeps import StencilArray
from spinemodel.jit import compiled

WeightArray: TypeAlias = NDArray[np.float32]
"""(nx, ny, nz, 8): weight of the coarse node (i // 2 + a, j // 2 + b, k // 2 + c) at 4 a + 2 b + c."""


@compiled
def find_weights(
    stencil: StencilArray, fixed: BoolArray, weights: WeightArray, odd: int, first: int, last: int
) -> None:
    """Write the weights of the nodes with ``odd`` odd indices (0 to 3, in this order) in planes ``first`` to ``last``.

    Parameters
    ----------
    stencil
        (nx, ny, nz, 27).
    fixed
        (nx, ny, nz): nodes whose value is the mean of the coarse nodes round them.
    weights
        To be written; those of nodes with fewer odd indices are read.
    odd, first, last
        Which nodes.
    """
    box = np.empty((3, 3, 3))
    for i in range(first, last):
        for j in range(stencil.shape[1]):
            for k in range(stencil.shape[2]):
                if i % 2 + j % 2 + k % 2 == odd:
                    weights[i, j, k] = 0
                    _weigh(stencil, fixed, weights, box, odd, i, j, k)


@compiled
def _weigh(stencil: Any, fixed: Any, weights: Any, box: Any, odd: int, i: int, j: int, k: int) -> None:
    """Write the weights of a node, where these are 0."""
    if odd == 0:
        weights[i, j, k, 0] = 1
    elif fixed[i, j, k]:
        _mean(weights[i, j, k], i % 2, j % 2, k % 2, odd)
    elif stencil[i, j, k, 13] != 0:
        total = _collapsed(stencil[i, j, k], i % 2, j % 2, k % 2, box)
        if total > 0:
            _own_equation(weights, box, total, i, j, k)


@compiled
def _mean(own: Any, a: int, b: int, c: int, odd: int) -> None:
    """Write equal weights of the coarse nodes round a node with parities a, b, c."""
    for x in range(a + 1):
        for y in range(b + 1):
            for z in range(c + 1):
                own[4 * x + 2 * y + z] = 1 / (1 << odd)


@compiled
def _collapsed(row: Any, a: int, b: int, c: int, box: Any) -> float:
    """Write the couplings, summed up along the axes of even indices, into ``box``; return what to divide them by."""
    box[:] = 0
    every = 0.0
    for n in range(27):
        value = np.float64(row[n].real)
        every += value
        x, y, z = n // 9, n // 3 % 3, n % 3
        box[x if a else 1, y if b else 1, z if c else 1] -= value
    box[1, 1, 1] = 0
    total = max(every, 0.0)
    for x in range(3):
        for y in range(3):
            for z in range(3):
                box[x, y, z] = max(box[x, y, z], 0.0)
                total += box[x, y, z]
    return total if total > every else 0.0


@compiled
def _own_equation(weights: Any, box: Any, total: float, i: int, j: int, k: int) -> None:
    """Write the weights of a node whose couplings are ``box``, from the weights of its neighbours."""
    own = weights[i, j, k]
    for n in range(27):
        share = box[n // 9, n // 3 % 3, n % 3] / total
        if share == 0:
            continue
        x, y, z = i + n // 9 - 1, j + n // 3 % 3 - 1, k + n % 3 - 1
        other = weights[x, y, z]
        for corner in range(8):
            if other[corner] != 0:
                dx = x // 2 + corner // 4 - i // 2
                dy = y // 2 + corner // 2 % 2 - j // 2
                dz = z // 2 + corner % 2 - k // 2
                own[4 * dx + 2 * dy + dz] += np.float32(share * other[corner])


@compiled
def add_galerkin(stencil: StencilArray, weights: WeightArray, coarse: StencilArray, at: Any, sums: Any, first: int,
                 last: int) -> None:  # fmt: skip
    """Add W^T A W to the coarse planes ``first`` to before ``last``, counted from the fine box's first node.

    Parameters
    ----------
    stencil, weights
        A and W, of the fine box.
    coarse
        (NX, NY, NZ, 27): stencils of the coarse box.
    at
        Coarse node that the fine box's first node is.
    sums
        (3, 3, 3) of double precision: room for the sums of a row.
    first, last
        Coarse planes.
    """
    for a in range(first, last):
        for b in range((stencil.shape[1] + 2) // 2):
            for c in range((stencil.shape[2] + 2) // 2):
                sums[:] = 0
                for n in range(27):
                    x, y, z = 2 * a - 1 + n // 9, 2 * b - 1 + n // 3 % 3, 2 * c - 1 + n % 3
                    w = _weight(weights, x, y, z, a, b, c)
                    if w != 0:
                        _add_row(stencil, weights, sums, w, (x, y, z), (a, b, c))
                into = coarse[at[0] + a, at[1] + b, at[2] + c]
                for n in range(27):
                    into[n] += sums[n // 9, n // 3 % 3, n % 3]


@compiled
def _weight(weights: Any, x: int, y: int, z: int, a: int, b: int, c: int) -> Any:
    """Return the weight of the coarse node (a, b, c) in a node of the fine box; 0 beyond the box."""
    nx, ny, nz, _ = weights.shape
    if not (0 <= x < nx and 0 <= y < ny and 0 <= z < nz):
        return np.float32(0)
    return weights[x, y, z, 4 * (a - x // 2) + 2 * (b - y // 2) + c - z // 2]


@compiled
def _add_row(stencil: Any, weights: Any, sums: Any, w: float, fine: Any, coarse: Any) -> None:
    """Add the row of a fine node, times ``w``, carried to the coarse nodes round ``coarse``."""
    x, y, z = fine
    for n in range(27):
        value = stencil[x, y, z, n]
        if value == 0:
            continue
        i, j, k = x + n // 9 - 1, y + n // 3 % 3 - 1, z + n % 3 - 1
        other = weights[i, j, k]
        for corner in range(8):
            if other[corner] != 0:
                a = i // 2 + corner // 4 - coarse[0] + 1
                b = j // 2 + corner // 2 % 2 - coarse[1] + 1
                c = k // 2 + corner % 2 - coarse[2] + 1
                sums[a, b, c] += w * np.float64(other[corner]) * value
