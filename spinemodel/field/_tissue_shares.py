"""Which tissue a point lies in, of cells that hold one each: by the eight cells nearest to it.

Between cells of two tissues a point belongs to both, and passes from one to the other over a third of a cell; so what
is fitted to its own tissue has no step there.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field._sweeps import U
from spinemodel.jit import compiled

SHARPEN: Final = 4
"""Power of the shares of tissues at a point. A choice: within a third of a cell of an interface both sides count, so
that the potential has no step there."""

OWN: Final = 0.25
"""Share at a point from which a tissue that was asked for counts alone. A choice: a point in a root, however near its
wall, has more, and one that comes out of it takes its surroundings gradually."""

Labels: TypeAlias = NDArray[np.uint8]
Place: TypeAlias = tuple[float, float, float]
Node: TypeAlias = tuple[int, int, int]


@compiled
def tissue_numbers(labels: Labels, places: FloatArray, shares: FloatArray, out: IntArray) -> None:
    """Write the tissue that has the largest share of the eight cells nearest to each point; 0: nothing conducts."""
    near, part = np.empty(8, dtype=np.int64), np.empty(8)
    group = np.arange(256)
    for n in range(len(places)):
        if shares[n] > 0.0 and out[n] == 0:
            _cells(labels, group, (places[n, 0], places[n, 1], places[n, 2]), near, part)
            out[n] = near[_largest(near, part)]


@compiled
def _cells(labels: Labels, group: IntArray, place: Place, near: IntArray, part: FloatArray) -> float:
    """Write the groups of the eight cells nearest to a place and the share of each in total; return what conducts."""
    conducts = 0.0
    for corner in range(8):
        i, s = _near(place[0], labels.shape[0], corner // 4)
        j, t = _near(place[1], labels.shape[1], corner // 2 % 2)
        k, u = _near(place[2], labels.shape[2], corner % 2)
        near[corner] = group[labels[i, j, k]]
        part[corner] = s * t * u if near[corner] > 0 else 0.0
        conducts += part[corner]
    for a in range(8):  # the share of a cell's group stands at its first cell
        for b in range(a):
            if near[b] == near[a]:
                part[b] += part[a]
                part[a] = 0.0
                break
    return conducts


@compiled
def _near(u: float, cells: int, side: int) -> tuple[int, float]:
    """Return the cell whose middle is the last below ``u``, or the first above, and its share; at a border the last."""
    low = int(np.floor(u - 0.5))
    beyond = u - 0.5 - low
    return min(max(low + side, 0), cells - 1), beyond if side else 1.0 - beyond


@compiled
def _largest(near: IntArray, part: FloatArray) -> int:
    """Return the cell that holds the largest share; of equal ones that of the smallest group."""
    best = 0
    for a in range(1, 8):
        if part[a] > part[best] or (part[a] == part[best] and near[a] < near[best]):
            best = a
    return best


@compiled
def membership(
    labels: Labels, group: IntArray, place: Place, within: int, one_sided: bool, near: IntArray, member: FloatArray
) -> bool:
    """Write how far a place belongs to each group, 1 together; return whether anything conducts there."""
    part = np.empty(8)
    conducts = _cells(labels, group, place, near, part)
    if conducts <= 0.0:
        return False
    own = 0.0
    for a in range(8):
        part[a] /= conducts
        if near[a] == within:
            own += part[a]
    step = min(own / OWN, 1.0)
    asked = step * step * (3.0 - 2.0 * step)
    if one_sided:
        member[within if own > 0.0 else near[_largest(near, part)]] = 1.0
        return True
    whole = 0.0
    for a in range(8):
        whole += part[a] ** SHARPEN
    for a in range(8):
        member[near[a]] += (1.0 - asked) * part[a] ** SHARPEN / whole
    if asked > 0.0:
        member[within] += asked
    return True


@compiled
def cells_beside(
    labels: Labels, group: IntArray, member: FloatArray, first: Node, conduct: FloatArray, agree: FloatArray
) -> None:
    """Write, for a block of nodes, how many cells round each conduct, and how many of these are of a point's groups.

    Parameters
    ----------
    labels, group, member
        As of :func:`membership`.
    first
        Node of the block's corner; it may lie outside, where nothing conducts.
    conduct, agree
        (m, m, line), m below line, for the block's nodes: all but the last along each axis.
    """
    some, most, flat = conduct.reshape(-1), agree.reshape(-1), labels.reshape(-1)
    some[:], most[:] = 0.0, 0.0
    m, line = conduct.shape[1:]
    i0, j0, k0 = first[0] - 1, first[1] - 1, first[2] - 1
    low = max(k0, 0)
    row = U(max(min(k0 + m, labels.shape[2]) - low, 0))
    for i in range(max(i0, 0), min(i0 + m, labels.shape[0])):
        for j in range(max(j0, 0), min(j0 + m, labels.shape[1])):
            at, to = U((i * labels.shape[1] + j) * labels.shape[2] + low), U(((i - i0) * m + j - j0) * line + low - k0)
            for k in range(row):
                g = group[flat[at + k]]
                some[to + k] = 1.0 if g > 0 else 0.0
                most[to + k] = member[g]
    for step in (1, line, m * line):  # each cell and the seven after it lie round a node
        for n in range(U(len(some) - step)):
            some[n] += some[n + U(step)]
            most[n] += most[n + U(step)]
