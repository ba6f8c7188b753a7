"""Moving least squares in one box: a quadratic through the nodes round each point that lie in the point's own tissue.

Each node counts by its distance and by the share of its cells that are of the point's tissue, so that a fit looks to
one side of an interface, where the potential has a kink. Few nodes, as in a thin root, leave some of the quadratic
open; a small penalty on its second derivatives then keeps them small.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._tissue_shares import Labels, Place, agreement, membership
from spinemodel.jit import compiled

REACH: Final = 2.6
"""Cells within which nodes count; less than half of ``SIDE``. A choice by measurement: with h = 0.4 mm, second
differences over 1 mm along tubes of 0.4 to 1 mm radius beside a point source were nearest to their closed form with 2.4
to 2.8."""

NEAR: Final = 1.0
"""Cells2 by which weights fall with the distance: as 1 / (r2 + this) near a point, to 0 at the reach. A choice by the
same measurement: less is better in an even tissue, and worse in thin tubes; without it an even tissue has twice the
error."""

POWER: Final = 4
"""Of the share of a node's cells that are of the point's tissue. A choice by the same measurement: 3 to 6 do about as
well, 1 errs by half as much again. To leave out every node with a foreign cell leaves too few in thin tubes."""

RIDGE: Final = 1e-4
"""Penalty on the second derivatives per total weight, in units of the reach. A choice by the same measurement: 1e-3 and
1e-5 do about as well, 1e-2 blunts."""

SLOPE: Final = 1e-6
"""The same on the slopes; only so that two nodes do not stop a fit. A choice: it blunts slopes by some 1e-5."""

TERMS: Final = 10
"""Of a quadratic in space."""

SIDE: Final = 6
"""Nodes along an axis within the reach."""


@compiled
def fit(
    values: NDArray[np.float32],
    labels: Labels,
    group: IntArray,
    places: FloatArray,
    within: IntArray,
    shares: FloatArray,
    one_sided: bool,
    out: FloatArray,
    total: FloatArray,
) -> None:
    """Add every point's value, and slopes where ``out`` has room for them, times its share in this box.

    Parameters
    ----------
    values
        (contacts, nx, ny, nz); what the first contact has not, no other has.
    labels
        (nx - 1, ny - 1, nz - 1) numbers of tissues; 0 where nothing conducts.
    group
        (256,) number below 512 of the group of tissues that one fit may join, by the number of the tissue; 0 for 0.
    places
        (n, 3) points in cells from the first node.
    within
        (n,) group that a point is known to lie in, or -1.
    shares
        (n,) share of this box in a point's value; 0: the point is skipped.
    one_sided
        Whether a point takes one tissue alone, however near the next.
    out
        (n, contacts, rows) values, and slopes per cell where rows = 4.
    total
        (n,) shares of the boxes in which a fit was found.
    """
    rows = out.shape[2]
    member = np.zeros(512)
    near = np.zeros(8, dtype=np.int64)
    nodes, weights = np.empty((SIDE**3, 3), dtype=np.int64), np.empty(SIDE**3)
    terms, moments = np.empty((SIDE**3, TERMS)), np.empty((TERMS, TERMS))
    solved, factors = np.empty((rows, TERMS)), np.empty((SIDE**3, rows))
    for n in range(len(places)):
        place = (places[n, 0], places[n, 1], places[n, 2])
        if shares[n] > 0.0 and membership(labels, group, place, within[n], one_sided, near, member):
            found = _neighbours(values, labels, group, member, place, nodes, weights, terms)
            if found > 0:
                _moments(terms, weights, found, moments)
                _factorise(moments)
                _solve(moments, solved)
                _factors(terms, weights, found, solved, factors)
                _add(values, nodes, factors, found, shares[n], out, n)
                total[n] += shares[n]
        for g in near:
            member[g] = 0.0


@compiled
def _neighbours(
    values: NDArray[np.float32],
    labels: Labels,
    group: IntArray,
    member: FloatArray,
    place: Place,
    nodes: IntArray,
    weights: FloatArray,
    terms: FloatArray,
) -> int:
    """Write the nodes that count, their weights and their terms; return how many there are."""
    found = 0
    i0, i1 = _span(place[0], values.shape[1])
    j0, j1 = _span(place[1], values.shape[2])
    k0, k1 = _span(place[2], values.shape[3])
    for i in range(i0, i1):
        for j in range(j0, j1):
            for k in range(k0, k1):
                x, y, z = (i - place[0]) / REACH, (j - place[1]) / REACH, (k - place[2]) / REACH
                square = x * x + y * y + z * z
                left = 1.0 - square
                if left > 0.0 and np.isfinite(values[0, i, j, k]):
                    weight = left * left / (square + NEAR / REACH**2)
                    weight *= agreement(labels, group, member, i, j, k) ** POWER
                    if weight > 0.0:
                        nodes[found, 0], nodes[found, 1], nodes[found, 2] = i, j, k
                        weights[found] = weight
                        _write_terms(terms, found, x, y, z)
                        found += 1
    return found


@compiled
def _span(u: float, nodes: int) -> tuple[int, int]:
    """Return the first node within the reach of ``u``, and the one after the last."""
    return max(int(np.ceil(u - REACH)), 0), min(int(np.floor(u + REACH)) + 1, nodes)


@compiled
def _write_terms(terms: FloatArray, n: int, x: float, y: float, z: float) -> None:
    """Write the terms of a quadratic at (x, y, z), in reaches from the point."""
    terms[n, 0], terms[n, 1], terms[n, 2], terms[n, 3] = 1.0, x, y, z
    terms[n, 4], terms[n, 5], terms[n, 6] = x * x, y * y, z * z
    terms[n, 7], terms[n, 8], terms[n, 9] = x * y, y * z, z * x


@compiled
def _moments(terms: FloatArray, weights: FloatArray, found: int, moments: FloatArray) -> None:
    """Write the normal equations' matrix with its penalties; the lower triangle only."""
    moments[:] = 0.0
    for n in range(found):
        for a in range(TERMS):
            scaled = weights[n] * terms[n, a]
            for b in range(a + 1):
                moments[a, b] += scaled * terms[n, b]
    for a in range(1, TERMS):
        moments[a, a] += (SLOPE if a < 4 else RIDGE) * moments[0, 0]


@compiled
def _factorise(moments: FloatArray) -> None:
    """Turn the lower triangle of a positive matrix into its Cholesky factor."""
    for a in range(TERMS):
        for b in range(a + 1):
            left = moments[a, b]
            for c in range(b):
                left -= moments[a, c] * moments[b, c]
            moments[a, b] = np.sqrt(left) if a == b else left / moments[b, b]


@compiled
def _solve(factor: FloatArray, solved: FloatArray) -> None:
    """Write the first rows of the inverse of a matrix, given its Cholesky factor."""
    for row in range(len(solved)):
        for a in range(TERMS):
            left = 1.0 if a == row else 0.0
            for b in range(a):
                left -= factor[a, b] * solved[row, b]
            solved[row, a] = left / factor[a, a]
        for a in range(TERMS - 1, -1, -1):
            left = solved[row, a]
            for b in range(a + 1, TERMS):
                left -= factor[b, a] * solved[row, b]
            solved[row, a] = left / factor[a, a]


@compiled
def _factors(terms: FloatArray, weights: FloatArray, found: int, solved: FloatArray, factors: FloatArray) -> None:
    """Write what each node's value is multiplied by in the point's value, and in its slopes per cell."""
    for n in range(found):
        for row in range(len(solved)):
            sum_ = 0.0
            for a in range(TERMS):
                sum_ += terms[n, a] * solved[row, a]
            factors[n, row] = weights[n] * sum_ / (1.0 if row == 0 else REACH)


@compiled
def _add(
    values: NDArray[np.float32],
    nodes: IntArray,
    factors: FloatArray,
    found: int,
    share: float,
    out: FloatArray,
    point: int,
) -> None:
    """Add the sums over the nodes for every contact."""
    rows = out.shape[2]
    sums = np.empty(rows, dtype=out.dtype)
    for contact in range(len(values)):
        sums[:] = 0.0
        for n in range(found):
            value = values[contact, nodes[n, 0], nodes[n, 1], nodes[n, 2]]
            for row in range(rows):
                sums[row] += factors[n, row] * value
        for row in range(rows):
            out[point, contact, row] += share * sums[row]
