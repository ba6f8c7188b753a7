"""Which tissue a point lies in, of cells that hold one each: by the eight cells nearest to it.

Between cells of two tissues a point belongs to both, and passes from one to the other over a third of a cell; so what
is fitted to its own tissue has no step there.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled

SHARPEN: Final = 4
"""Power of the shares of tissues at a point. A choice: within a third of a cell of an interface both sides count, so
that the potential has no step there."""

OWN: Final = 0.25
"""Share at a point from which a tissue that was asked for counts alone. A choice: a point in a root, however near its
wall, has more, and one that comes out of it takes its surroundings gradually."""

Labels: TypeAlias = NDArray[np.uint8]
Place: TypeAlias = tuple[float, float, float]


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
def agreement(labels: Labels, group: IntArray, member: FloatArray, i: int, j: int, k: int) -> float:
    """Return how far the cells round a node that conduct are of the groups of a point, 0 to 1."""
    nx, ny, nz = labels.shape
    conduct, agree = 0, 0.0
    for a in range(max(i - 1, 0), min(i + 1, nx)):
        for b in range(max(j - 1, 0), min(j + 1, ny)):
            for c in range(max(k - 1, 0), min(k + 1, nz)):
                g = group[labels[a, b, c]]
                if g > 0:
                    conduct += 1
                    agree += member[g]
    return agree / conduct if conduct else 0.0
