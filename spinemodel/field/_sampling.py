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
from spinemodel.field._quadratic import TERMS, factorise, moments_of, quadratic, solve
from spinemodel.field._sweeps import U
from spinemodel.field._tissue_shares import Labels, Node, Place, cells_beside, membership
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

SIDE: Final = 6
"""Nodes along an axis within the reach."""

LINE: Final = 8
"""Room for them along the last axis: a whole number of vector registers, and more than ``SIDE`` cells."""

BLOCK: Final = (SIDE + 1, SIDE + 1, LINE)
"""Cells round the nodes within the reach."""


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
        (nx, ny, nz, contacts); what the first contact has not, no other has.
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
        (n, rows, contacts) values, and slopes per cell where rows = 4.
    total
        (n,) shares of the boxes in which a fit was found.
    """
    rows = out.shape[1]
    member, near = np.zeros(512), np.zeros(8, dtype=np.int64)
    conduct, weights = np.empty(BLOCK), np.empty(BLOCK)
    away = np.empty((3, SIDE))
    moments, solved = np.empty((TERMS, TERMS)), np.empty((rows, TERMS))
    for n in range(len(places)):
        place = (places[n, 0], places[n, 1], places[n, 2])
        if shares[n] > 0.0 and membership(labels, group, place, within[n], one_sided, near, member):
            first = (_first(place[0]), _first(place[1]), _first(place[2]))
            cells_beside(labels, group, member, first, conduct, weights)
            if _weigh(values, first, place, away, conduct, weights):
                moments_of(away, weights, SIDE, moments)
                for a in range(1, TERMS):
                    moments[a, a] += (SLOPE if a < 4 else RIDGE) * moments[0, 0]
                factorise(moments)
                solve(moments, solved)
                _add(values, first, away, weights, solved, shares[n], out[n])
                total[n] += shares[n]
        for g in near:
            member[g] = 0.0


@compiled
def _first(u: float) -> int:
    """Return the first node within the reach of ``u``; it may lie before all that there are."""
    return int(np.ceil(u - REACH))


@compiled
def _weigh(
    values: NDArray[np.float32], first: Node, place: Place, away: FloatArray, conduct: FloatArray, weights: FloatArray
) -> bool:
    """Turn agreements into weights, and write how many reaches away the nodes are; return whether any counts."""
    for axis in range(3):
        for a in range(SIDE):
            away[axis, a] = (first[axis] + a - place[axis]) / REACH
    some = False
    for a in range(SIDE):
        for b in range(SIDE):
            for c in range(SIDE):
                square = away[0, a] ** 2 + away[1, b] ** 2 + away[2, c] ** 2
                left, agree = 1.0 - square, weights[a, b, c]
                weights[a, b, c] = 0.0
                if left > 0.0 and agree > 0.0 and np.isfinite(values[first[0] + a, first[1] + b, first[2] + c, 0]):
                    agree /= conduct[a, b, c]
                    weights[a, b, c] = left * left / (square + NEAR / REACH**2) * agree**POWER
                    some = True
    return some


@compiled
def _add(
    values: NDArray[np.float32],
    first: Node,
    away: FloatArray,
    weights: FloatArray,
    solved: FloatArray,
    share: float,
    out: FloatArray,
) -> None:
    """Add the sums over the nodes; the contacts of a node lie side by side, so that one reading fetches them all."""
    flat, lanes = values.reshape(-1), U(out.shape[1])
    sums = np.empty(out.shape[1])
    for row in range(len(out)):
        sums[:] = 0.0
        for a in range(SIDE):
            for b in range(SIDE):
                corner = ((first[0] + a) * values.shape[1] + first[1] + b) * values.shape[2] + first[2]
                for c in range(SIDE):
                    if weights[a, b, c] > 0.0:
                        factor = weights[a, b, c] * quadratic(solved[row], away[0, a], away[1, b], away[2, c])
                        at = U(corner + c) * lanes
                        for m in range(lanes):
                            sums[m] += factor * flat[at + m]
        scaled = share if row == 0 else share / REACH
        for m in range(lanes):
            out[row, m] += scaled * sums[m]
