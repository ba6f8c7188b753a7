"""A box's stencils at work: smoothing and residuals, of several right-hand sides side by side.

Vectors lie in memory as (nx + 2, ny + 2, (nz + 2) lanes), with a border of zeros: the values of all right-hand sides
(lanes) at a node are neighbours, so that one reading of a stencil serves them all, in the processor's vector registers.

A sweep takes the nodes in eight colours, by the parity of their three indices. Nodes of one colour do not touch each
other, so that threads give the same bits as one, and a GPU may take a colour at once. Rows are done as soon as the rows
that they need are, while these are still in the cache; the result is the colours' one after the other.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray
from spinemodel.jit import compiled

Lanes: TypeAlias = NDArray[Any]
"""(nx + 2, ny + 2, (nz + 2) lanes): real or complex, of single or double precision."""

StencilArray: TypeAlias = NDArray[Any]
"""(nx, ny, nz, 27) of single precision: coupling to the neighbour (di, dj, dk) at 9 (di + 1) + 3 (dj + 1) + dk + 1."""

U = np.uint64
"""Indices that are known not to be negative: only then does the compiler use vector registers."""


@compiled
def _gather(sums: Any, row: Any, values: Any, corner: Any, across: Any, along: Any, lanes: Any) -> None:
    """Subtract the stencil ``row`` of the 26 neighbours from ``sums`` (lanes,)."""
    for di in range(3):
        for dj in range(3):
            n = 9 * di + 3 * dj
            before, own, after = row[n], row[n + 1], row[n + 2]
            if n == 12:
                # The zero has the stencil's own precision; a literal one would widen all that follows.
                own = row[13] - row[13]
            at = corner + U(di) * across + U(dj) * along
            near = values[at : at + 3 * lanes]
            for m in range(lanes):
                sums[m] -= before * near[m] + own * near[m + lanes] + after * near[m + 2 * lanes]


@compiled
def _smooth_row(
    stencil: Any, values: Any, given: Any, active: Any, i: int, j: int, parity: int, shape: Any, sums: Any
) -> None:
    """Solve every second node of a row for its own value."""
    across, along, lanes = shape
    for k in range(parity, active.shape[2], 2):
        if not active[i, j, k]:
            continue
        row = stencil[i, j, k]
        corner = U(i) * across + U(j) * along + U(k) * lanes
        at = corner + across + along + lanes
        for m in range(lanes):
            sums[m] = given[at + m]
        _gather(sums, row, values, corner, across, along, lanes)
        own = row[13]
        for m in range(lanes):
            values[at + m] = sums[m] / own


@compiled
def sweep(stencil: StencilArray, values: Lanes, given: Lanes, active: BoolArray, first: int, last: int,
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
    first, last
        Planes of one parity.
    backward
        In reverse order of the colours.
    """
    ny, nz = active.shape[1], active.shape[2]
    lanes = U(values.shape[2] // (nz + 2))
    shape = (U(values.shape[1] * values.shape[2]), U(values.shape[2]), lanes)
    sums = np.empty(values.shape[2] // (nz + 2), dtype=values.dtype)
    flat, right = values.reshape(-1), given.reshape(-1)
    lead = 1 if backward else 0
    for i in range(first, last, 2):
        for j in range(lead, ny + 2, 2):
            for row in (j, j - 1):
                if 0 <= row < ny:
                    _smooth_row(stencil, flat, right, active, i, row, lead, shape, sums)
                    _smooth_row(stencil, flat, right, active, i, row, 1 - lead, shape, sums)


@compiled
def residual(stencil: StencilArray, values: Lanes, given: Lanes, left: Lanes, first: int, last: int) -> None:
    """Write what is left of the right-hand side into ``left``, for planes from ``first`` to before ``last``."""
    ny, nz = stencil.shape[1], stencil.shape[2]
    lanes, across, along = U(values.shape[2] // (nz + 2)), U(values.shape[1] * values.shape[2]), U(values.shape[2])
    sums = np.empty(values.shape[2] // (nz + 2), dtype=values.dtype)
    flat, right, out = values.reshape(-1), given.reshape(-1), left.reshape(-1)
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                row = stencil[i, j, k]
                corner = U(i) * across + U(j) * along + U(k) * lanes
                at = corner + across + along + lanes
                if row[13] == 0:
                    for m in range(lanes):
                        out[at + m] = 0
                    continue
                own = row[13]
                for m in range(lanes):
                    sums[m] = right[at + m] - own * flat[at + m]
                _gather(sums, row, flat, corner, across, along, lanes)
                for m in range(lanes):
                    out[at + m] = sums[m]


@compiled
def product(stencil: StencilArray, pinned: Any, values: Lanes, out: Lanes, first: int, last: int) -> None:
    """Write the stencils' product with ``values`` into ``out``, in double precision.

    The diagonal is not read but taken as ``pinned`` less the sum of the others, so that constants are in the kernel to
    the last bit although stencils have single precision: over ten thousand nodes that would be seen.
    """
    ny, nz = stencil.shape[1], stencil.shape[2]
    lanes, across, along = U(values.shape[2] // (nz + 2)), U(values.shape[1] * values.shape[2]), U(values.shape[2])
    sums = np.empty(values.shape[2] // (nz + 2), dtype=values.dtype)
    wide = np.zeros(27, dtype=values.dtype)
    flat, into = values.reshape(-1), out.reshape(-1)
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                corner = U(i) * across + U(j) * along + U(k) * lanes
                at = corner + across + along + lanes
                if stencil[i, j, k, 13] == 0:
                    for m in range(lanes):
                        into[at + m] = 0
                    continue
                own = pinned[i, j, k] - _widened(stencil[i, j, k], wide)
                for m in range(lanes):
                    sums[m] = -own * flat[at + m]
                _gather(sums, wide, flat, corner, across, along, lanes)
                for m in range(lanes):
                    into[at + m] = -sums[m]


@compiled
def _widened(row: Any, wide: Any) -> Any:
    """Copy a stencil into double precision, and return the sum of all but its diagonal."""
    total = wide[0] - wide[0]
    for n in range(27):
        wide[n] = row[n]
        if n != 13:
            total += wide[n]
    return total
