"""What carries values from every second node of a box to all, by the stencils (Dendy 1982, J Comput Phys 48:366).

Where conductivity jumps, the potential between two nodes is no mean of theirs. A node between two coarse ones takes
the value that its own equation gives it, with the couplings across summed up; one in the middle of a face or of a cell,
from those round it. Couplings that would give a negative weight are left out.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray
from spinemodel.field._sweeps import StencilArray, U
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
            rest = odd - i % 2 - j % 2
            if rest in (0, 1):
                for k in range(rest, stencil.shape[2], 2):
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
    for x in range(3):
        for y in range(3):
            for z in range(3):
                value = np.float64(row[9 * x + 3 * y + z].real)
                every += value
                box[x if a else 1, y if b else 1, z if c else 1] -= value
    box[1, 1, 1] = 0
    total = max(every, 0.0)
    for x in range(1 - a, 2 + a):
        for y in range(1 - b, 2 + b):
            for z in range(1 - c, 2 + c):
                box[x, y, z] = max(box[x, y, z], 0.0)
                total += box[x, y, z]
    return total if total > every else 0.0


@compiled
def _own_equation(weights: Any, box: Any, total: float, i: int, j: int, k: int) -> None:
    """Write the weights of a node whose couplings are ``box``, from the weights of its neighbours."""
    own = weights[i, j, k]
    for x in range(i - i % 2, i + i % 2 + 1):
        for y in range(j - j % 2, j + j % 2 + 1):
            for z in range(k - k % 2, k + k % 2 + 1):
                share = box[x - i + 1, y - j + 1, z - k + 1] / total
                if share == 0:
                    continue  # as it is beyond the box
                other = weights[x, y, z]
                to = 4 * (x // 2 - i // 2) + 2 * (y // 2 - j // 2) + z // 2 - k // 2
                for a in range(x % 2 + 1):
                    for b in range(y % 2 + 1):
                        for c in range(z % 2 + 1):
                            corner = 4 * a + 2 * b + c
                            own[to + corner] += np.float32(share * other[corner])


@compiled
def add_galerkin(stencil: StencilArray, weights: WeightArray, coarse: StencilArray, at: Any, sums: Any, first: int,
                 last: int) -> None:  # fmt: skip
    """Add W^T A W to the coarse planes ``first`` to before ``last``, counted from the fine box's first node.

    Fine nodes are gone through once: the row of each is carried to coarse columns, and, times its weights, added to the
    rows of all coarse nodes that have a weight in it, which lie in two planes.

    Parameters
    ----------
    stencil, weights
        A and W, of the fine box.
    coarse
        (NX, NY, NZ, 27): stencils of the coarse box.
    at
        Coarse node that the fine box's first node is.
    sums
        (2, (ny + 2) // 2, (nz + 2) // 2, 27) of double precision, zeros: room for the rows of a plane and the next.
    first, last
        Coarse planes.
    """
    _, NY, NZ, _ = sums.shape
    row = np.zeros(40, sums.dtype)
    for a in range(max(first - 1, 0), last):
        for x in range(2 * a if a >= first else 2 * a + 1, min(2 * a + 2, len(stencil))):
            for y in range(stencil.shape[1]):
                for z in range(stencil.shape[2]):
                    _carry(stencil[x, y, z], weights, x, y, z, row)
                    _share(row, weights[x, y, z], x, y, z, sums)
        if a >= first:
            _put(sums[a % 2], coarse[at[0] + a, at[1] : at[1] + NY, at[2] : at[2] + NZ])
        sums[a % 2] = 0


@compiled
def _carry(own: Any, weights: Any, x: int, y: int, z: int, row: Any) -> None:
    """Write the couplings of the fine node (x, y, z) to the coarse nodes round (x // 2, y // 2, z // 2)."""
    # Beyond the box couplings are 0, whatever node is read.
    low, high, odd = max(z - 1, 0), min(z + 1, weights.shape[2] - 1), z % 2
    row[:] = 0
    for i in range(x - 1, x + 2):
        for j in range(y - 1, y + 2):
            n = 9 * (i - x) + 3 * (j - y) + 13
            before, here, after = 1.0 * own[n - 1], 1.0 * own[n], 1.0 * own[n + 1]
            if before == 0 and here == 0 and after == 0:
                continue
            line = weights[i, j]
            for a in range(i % 2 + 1):
                for b in range(j % 2 + 1):
                    to, c = 9 * (i // 2 - x // 2 + a) + 3 * (j // 2 - y // 2 + b) + 13, 4 * a + 2 * b
                    if odd:
                        row[to] += before * line[low, c] + here * line[z, c]
                        row[to + 1] += here * line[z, c + 1] + after * line[high, c]
                    else:
                        row[to - 1] += before * line[low, c]
                        row[to] += before * line[low, c + 1] + here * line[z, c] + after * line[high, c]
                        row[to + 1] += after * line[high, c + 1]


@compiled
def _share(row: Any, own: Any, x: int, y: int, z: int, sums: Any) -> None:
    """Add the row of a fine node, carried to coarse columns, to those of the coarse nodes that have a weight in it."""
    for a in range(x % 2 + 1):
        for b in range(y % 2 + 1):
            for c in range(z % 2 + 1):
                w = np.float64(own[4 * a + 2 * b + c])
                into, aside = sums[(x // 2 + a) % 2, y // 2 + b, z // 2 + c], U(9 * a + 3 * b + c)
                # Columns that are no neighbours of this node's have no coupling: the row is 0 there.
                for n in range(U(27)):
                    into[n] += w * row[n + aside]


@compiled
def _put(sums: Any, coarse: Any) -> None:
    """Add the rows of a plane to the stencils."""
    for b in range(sums.shape[0]):
        for c in range(sums.shape[1]):
            for n in range(27):
                coarse[b, c, n] += sums[b, c, n]
