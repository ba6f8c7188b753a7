"""Moving least squares in one box: a quadratic through the nodes round each point that lie in the point's own tissue.

Each node counts by its distance. A fit looks to one side of an interface, where the potential has a kink: where a point
belongs to two tissues, each has a fit of its own, and their values count by how far it does. Few nodes, as in a thin
root, leave some of the quadratic open; small penalties on its second derivatives then keep them small, and their sum
smaller.

Where even so the nodes of its tissue do not bear a value out, as in a layer in which one plane of nodes lies, which
leaves the slope across it open, a straight fit to all nodes within a cell and a half takes over, whatever tissue they
lie in. Its weights are those of quadratic B-splines, none negative, so that it keeps between the nodes' values where
there are nodes on all sides. How far a value is borne out is told by the places of the nodes alone: superposition
holds, and nothing jumps.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._quadratic import TERMS, factorise, moments_of, quadratic, solve, straighten
from spinemodel.field._sweeps import U
from spinemodel.field._tissue_shares import Labels, Place, membership
from spinemodel.jit import compiled

REACH: Final = 2.6
"""Cells within which nodes count; less than half of ``SIDE``. A choice by measurement: with h = 0.4 mm, second
differences over 1 mm along tubes of 0.4 to 1 mm radius beside a point source were nearest to their closed form with 2.4
to 2.8."""

NEAR: Final = 1.0
"""Cells2 by which weights fall with the distance: as 1 / (r2 + this) near a point, to 0 at the reach. A choice by the
same measurement: less is better in an even tissue, and worse in thin tubes; without it an even tissue has twice the
error."""

RIDGE: Final = 1e-4
"""Penalty on the second derivatives per total weight, in units of the reach. A choice by the same measurement: 1e-3 and
1e-5 do about as well, 1e-2 blunts."""

EVEN: Final = 5e-4
"""The same on their sum, which is 0 in an even tissue: what few planes of nodes beside an interface leave open across
it, as much as along it is given. A choice by measurement: slopes 0.1 mm from a plane interface are off by a sixth of
their step without it, and by 5 % with it; more errs beside contacts."""

SLOPE: Final = 1e-6
"""The same on the slopes; only so that two nodes do not stop a fit. A choice: it blunts slopes by some 1e-5."""

SURE: Final = 50.0
"""Variance of a value, in those of the nodes' weighted mean, up to which the fit counts alone. Within a cell of the
last plane of nodes of an even half-space it is up to 55; between nodes on all sides 2 to 3. By measurement: on every
second node of solved fields of a spine, against the nodes between, fits below this have half the error of trilinear
interpolation, up to twice this the same, and above it more."""

OPEN: Final = 200.0
"""The same from which nodes of all tissues decide. A choice: with 110 to 500 errors are about the same; less is
steeper, more wavers beside single planes of nodes."""

STILL: Final = 1e-6
"""What a tissue's own nodes count where those of all do. A choice: enough for a fit where no near node has a potential,
too little to be seen where one has."""

SIDE: Final = 6
"""Nodes along an axis within the reach."""

FEW: Final = 1e-6
"""Least part that a tissue has in a value, and is fitted for; a choice, far below what any fit is sure to."""

Node: TypeAlias = tuple[int, int, int]
Room: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Nodes' weights, how far away they are, moments, and what is solved: to work in."""


@compiled
def fit(
    values: NDArray[np.float32],
    labels: Labels,
    group: IntArray,
    places: FloatArray,
    within: IntArray,
    shares: FloatArray,
    one_sided: bool,
    firm: bool,
    out: FloatArray,
    total: FloatArray,
) -> None:
    """Add every point's value, and slopes where ``out`` has room for them, times its share in this box.

    Parameters
    ----------
    values
        (nx, ny, nz, contacts); what the first contact has not, no other has.
    labels
        (2 nx - 1, 2 ny - 1, 2 nz - 1) numbers of tissues at nodes and half-way between; 0 where nothing conducts.
    group
        (256,) number below 512 of the group of tissues that one fit may join, by the number of the tissue; 0 for 0.
    places
        (n, 3) points in cells from the first node.
    within
        (n,) group that a point is known to lie in, or -1.
    shares
        (n,) share of this box in a point's value; 0: the point is skipped.
    one_sided
        Whether a point takes one tissue alone, however near the next, and however little its nodes tell.
    firm
        Whether a point takes the group that it is known to lie in wherever that has a node within the reach, whatever
        the labels round it, and however little these nodes tell.
    out
        (n, rows, contacts) values, and slopes per cell where rows = 4.
    total
        (n,) shares of the boxes in which a fit was found.
    """
    rows = out.shape[1]
    member, near, part = np.zeros(512), np.zeros(8, dtype=np.int64), np.empty(8)
    room = np.empty((SIDE, SIDE, SIDE)), np.empty((3, SIDE)), np.empty((TERMS, TERMS)), np.empty((rows, TERMS))
    for n in range(len(places)):
        place = (places[n, 0], places[n, 1], places[n, 2])
        if shares[n] > 0.0 and membership(labels, group, place, within[n], one_sided, near, member):
            _take_parts(near, member, part)
            if firm and within[n] >= 0 and _part_of(within[n], near, part) < 1.0:
                member[within[n]] = 1.0
                alone = _add_fit(values, labels, group, member, place, True, shares[n], room, out[n])
                member[within[n]] = 0.0
                if alone:
                    total[n] += shares[n]
                    continue
            for a in range(8):
                if part[a] > FEW:
                    member[near[a]] = 1.0
                    own = part[a] * shares[n]
                    if _add_fit(values, labels, group, member, place, one_sided, own, room, out[n]):
                        total[n] += own
                    member[near[a]] = 0.0


@compiled
def _part_of(one: int, near: IntArray, part: FloatArray) -> float:
    """Return the part of a group."""
    total = 0.0
    for a in range(8):
        if near[a] == one:
            total += part[a]
    return total


@compiled
def _take_parts(near: IntArray, member: FloatArray, part: FloatArray) -> None:
    """Write the part of each of the groups ``near``, once, and take it from ``member``, which is 0 then."""
    for a in range(8):
        part[a], member[near[a]] = member[near[a]], 0.0


@compiled
def _add_fit(
    values: NDArray[np.float32], labels: Labels, group: IntArray, member: FloatArray, place: Place, one_sided: bool,
    share: float, room: Room, out: FloatArray,
) -> bool:  # fmt: skip
    """Add what is fitted to the nodes of the groups in ``member``, times a share; return whether there are any."""
    weights, away, moments, solved = room
    first = (_first(place[0]), _first(place[1]), _first(place[2]))
    if not _weigh(values, labels, group, member, first, place, away, weights):
        return False
    moments_of(away, weights, SIDE, moments)
    whole = moments[0, 0]
    _solve(moments, solved)
    doubt = 0.0 if one_sided else _doubt(solved[0, 0] * whole)
    _add(values, first, away, weights, solved, (1.0 - doubt) * share, out)
    if doubt > 0.0:
        _weigh_all(values, labels, group, first, away, weights)
        moments_of(away, weights, SIDE, moments)
        straighten(moments)
        _solve(moments, solved)
        _add(values, first, away, weights, solved, doubt * share, out)
    return True


@compiled
def _solve(moments: FloatArray, solved: FloatArray) -> None:
    """Write the first rows of the inverse of the moments with their penalties."""
    _penalise(moments)
    factorise(moments)
    solve(moments, solved)


@compiled
def _penalise(moments: FloatArray) -> None:
    """Add the penalties to the lower triangle."""
    for a in range(1, TERMS):
        moments[a, a] += (SLOPE if a < 4 else RIDGE) * moments[0, 0]
    for a in range(4, 7):
        for b in range(4, a + 1):
            moments[a, b] += EVEN * moments[0, 0]


@compiled
def _doubt(variance: float) -> float:
    """Return how far a fit is not borne out: 0 below ``SURE`` to 1 above ``OPEN``, with no kink."""
    step = min(max(np.log(variance / SURE) / np.log(OPEN / SURE), 0.0), 1.0)
    doubt: float = step * step * (3.0 - 2.0 * step)
    return doubt


@compiled
def _first(u: float) -> int:
    """Return the first node within the reach of ``u``; it may lie before all that there are."""
    return int(np.ceil(u - REACH))


@compiled
def _weigh(
    values: NDArray[np.float32], labels: Labels, group: IntArray, member: FloatArray, first: Node, place: Place,
    away: FloatArray, weights: FloatArray,
) -> bool:  # fmt: skip
    """Write the nodes' weights, and how many reaches away they are; return whether any counts."""
    for axis in range(3):
        for a in range(SIDE):
            away[axis, a] = (first[axis] + a - place[axis]) / REACH
    some = False
    weights[:] = 0.0
    i0, j0, k0 = first
    for i in range(max(i0, 0), min(i0 + SIDE, values.shape[0])):
        for j in range(max(j0, 0), min(j0 + SIDE, values.shape[1])):
            flat = away[0, i - i0] ** 2 + away[1, j - j0] ** 2
            for k in range(max(k0, 0), min(k0 + SIDE, values.shape[2])):
                square, agree = flat + away[2, k - k0] ** 2, member[group[labels[2 * i, 2 * j, 2 * k]]]
                if square < 1.0 and agree > 0.0 and np.isfinite(values[i, j, k, 0]):
                    weights[i - i0, j - j0, k - k0] = (1.0 - square) ** 2 / (square + NEAR / REACH**2) * agree
                    some = True
    return some


@compiled
def _weigh_all(
    values: NDArray[np.float32], labels: Labels, group: IntArray, first: Node, away: FloatArray, weights: FloatArray
) -> None:
    """Add the weights of the nodes of every tissue to those of one, which hardly count any longer."""
    i0, j0, k0 = first
    for i in range(max(i0, 0), min(i0 + SIDE, values.shape[0])):
        for j in range(max(j0, 0), min(j0 + SIDE, values.shape[1])):
            flat = _spline(away[0, i - i0] * REACH) * _spline(away[1, j - j0] * REACH)
            for k in range(max(k0, 0), min(k0 + SIDE, values.shape[2])):
                here = i - i0, j - j0, k - k0
                weights[here] *= STILL
                if group[labels[2 * i, 2 * j, 2 * k]] > 0 and np.isfinite(values[i, j, k, 0]):
                    weights[here] += flat * _spline(away[2, k - k0] * REACH)


@compiled
def _spline(u: float) -> float:
    """Return the quadratic B-spline at ``u`` cells from its middle (de Boor, A Practical Guide to Splines, ch. IX)."""
    u = abs(u)
    return 0.75 - u * u if u < 0.5 else 0.5 * max(1.5 - u, 0.0) ** 2


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
