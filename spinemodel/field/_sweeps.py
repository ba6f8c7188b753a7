"""A box's stencils at work: smoothing and residuals, of several right-hand sides side by side.

Vectors lie in memory as (nx + 2, ny + 2, (nz + 2) lanes), with a border of zeros: the values of all right-hand sides
(lanes) at a node are neighbours, so that one reading of a stencil serves them all, in the processor's vector registers
(see :mod:`spinemodel.registers`).

A sweep takes the nodes in eight colours, by the parity of their three indices. Nodes of one colour do not touch each
other, so that threads give the same bits as one, and a GPU may take a colour at once. Rows are done as soon as the rows
that they need are, while these are still in the cache; the result is the colours' one after the other.
"""

from __future__ import annotations

from math import gcd
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray
from spinemodel.jit import compiled
from spinemodel.registers import load, numbers, store, zeros

Lanes: TypeAlias = NDArray[Any]
"""(nx + 2, ny + 2, (nz + 2) lanes): real or complex, of single or double precision."""

StencilArray: TypeAlias = NDArray[Any]
"""(nx, ny, nz, 27) of single precision: coupling to the neighbour (di, dj, dk) at 9 (di + 1) + 3 (dj + 1) + dk + 1."""

U = np.uint64
"""Indices that are known not to be negative: the compiler leaves out what Python does with negative ones."""

WIDEST: Final = 16
"""Lanes that a register holds at most: of single precision as many as the widest of a processor's own do."""


def register_of(lanes: int) -> tuple[int, ...]:
    """Return what tells the compiler how many lanes to take at a time: all of them, or else a number that divides them.

    Examples
    --------
    >>> [len(register_of(lanes)) for lanes in (1, 7, 16, 1000)]
    [1, 7, 16, 8]
    """
    return numbers(lanes if lanes <= WIDEST else gcd(lanes, WIDEST))


@compiled
def steps_of(vector: Lanes, nodes: int) -> Any:
    """Return how far apart in memory neighbours along x, y and z begin, in a vector with ``nodes`` along z."""
    return U(vector.shape[1] * vector.shape[2]), U(vector.shape[2]), U(vector.shape[2] // (nodes + 2))


@compiled
def _neighbours(total: Any, row: Any, values: Any, corner: Any, steps: Any, register: Any) -> Any:
    """Return ``total`` less the stencil ``row`` of the 26 neighbours, of which the first begins at ``corner``."""
    for di in range(3):
        for dj in range(3):
            n = 9 * di + 3 * dj
            at = corner + U(di) * steps[0] + U(dj) * steps[1]
            near = row[n] * load(values, at, register)
            if n != 12:
                near += row[n + 1] * load(values, at + steps[2], register)
            total -= near + row[n + 2] * load(values, at + U(2) * steps[2], register)
    return total


@compiled
def _smooth_row(
    stencil: Any, values: Any, given: Any, active: Any, i: int, j: int, parity: int, steps: Any, register: Any
) -> None:
    """Solve every second node of a row for its own value."""
    own = steps[0] + steps[1] + steps[2]
    for k in range(parity, active.shape[2], 2):
        if active[i, j, k]:
            row = stencil[i, j, k]
            corner = U(i) * steps[0] + U(j) * steps[1] + U(k) * steps[2]
            for at in range(corner, corner + steps[2], U(len(register))):
                total = _neighbours(load(given, at + own, register), row, values, at, steps, register)
                store(values, at + own, total / row[13])


@compiled
def sweep(stencil: StencilArray, values: Lanes, given: Lanes, active: BoolArray, register: Any, first: int, last: int,
          backward: bool) -> None:  # fmt: skip
    """Smooth every second plane from ``first`` to before ``last``: forward in the order of colours, or backward.

    Parameters
    ----------
    stencil
        (nx, ny, nz, 27).
    values, given
        Lanes: approximate solution, changed, and right-hand side.
    active
        (nx, ny, nz): the nodes that are solved for.
    register
        See :func:`register_of`.
    first, last
        Planes of one parity.
    backward
        In reverse order of the colours.
    """
    ny, steps = active.shape[1], steps_of(values, active.shape[2])
    flat, right = values.reshape(-1), given.reshape(-1)
    lead = 1 if backward else 0
    for i in range(first, last, 2):
        for j in range(lead, ny + 2, 2):
            for row in (j, j - 1):
                if 0 <= row < ny:
                    _smooth_row(stencil, flat, right, active, i, row, lead, steps, register)
                    _smooth_row(stencil, flat, right, active, i, row, 1 - lead, steps, register)


@compiled
def residual(
    stencil: StencilArray, values: Lanes, given: Lanes, left: Lanes, register: Any, first: int, last: int
) -> None:
    """Write what is left of the right-hand side into ``left``, for planes from ``first`` to before ``last``."""
    steps = steps_of(values, stencil.shape[2])
    own = steps[0] + steps[1] + steps[2]
    flat, right, out = values.reshape(-1), given.reshape(-1), left.reshape(-1)
    for i in range(first, last):
        for j in range(stencil.shape[1]):
            for k in range(stencil.shape[2]):
                row = stencil[i, j, k]
                corner = U(i) * steps[0] + U(j) * steps[1] + U(k) * steps[2]
                for at in range(corner, corner + steps[2], U(len(register))):
                    total = zeros(out, register)
                    if row[13] != 0:
                        total = load(right, at + own, register) - row[13] * load(flat, at + own, register)
                        total = _neighbours(total, row, flat, at, steps, register)
                    store(out, at + own, total)


@compiled
def product(
    stencil: StencilArray, pinned: Any, values: Lanes, out: Lanes, register: Any, first: int, last: int
) -> None:
    """Write the stencils' product with ``values`` into ``out``, in these vectors' precision.

    The diagonal is not read but taken as ``pinned`` less the sum of the others, so that constants are in the kernel to
    the last bit although stencils have single precision: over ten thousand nodes that would be seen.
    """
    steps = steps_of(values, stencil.shape[2])
    centre = steps[0] + steps[1] + steps[2]
    wide = np.zeros(27, dtype=values.dtype)
    flat, into = values.reshape(-1), out.reshape(-1)
    for i in range(first, last):
        for j in range(stencil.shape[1]):
            for k in range(stencil.shape[2]):
                corner = U(i) * steps[0] + U(j) * steps[1] + U(k) * steps[2]
                own = pinned[i, j, k] - _widened(stencil[i, j, k], wide)
                for at in range(corner, corner + steps[2], U(len(register))):
                    total = zeros(into, register)
                    if stencil[i, j, k, 13] != 0:
                        total -= _neighbours(-own * load(flat, at + centre, register), wide, flat, at, steps, register)
                    store(into, at + centre, total)


@compiled
def _widened(row: Any, wide: Any) -> Any:
    """Copy a stencil into a vector's precision, and return the sum of all but its diagonal."""
    total = wide[0] - wide[0]
    for n in range(27):
        wide[n] = row[n]
        if n != 13:
            total += wide[n]
    return total
