"""Which tissue a point lies in, of nodes and places half-way between that lie in one each: by the eight nearest.

Between two tissues a point belongs to both, and passes from one to the other over a small part of a cell; so what is
fitted to its own tissue has no step there.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled

SHARPEN: Final = 32
"""Power of the shares of tissues at a point. A choice by measurement: with less, a node of a poor conductor, in which
the potential may be three times as high, counts too far into a good one; between shells, half the power has 1.4 times
the error. Where both sides have the same share the potential still has no step."""

OWN: Final = 0.25
"""Share at a point from which a tissue that was asked for counts alone. A choice: a point in a root, however near its
wall, has more, and one that comes out of it takes its surroundings gradually."""

ENOUGH: Final = 4
"""By how much a tissue's share of the nodes near a point may fall short of its share at the point. A choice: where a
quarter of the nodes are of a tissue, the place alone decides."""

Labels: TypeAlias = NDArray[np.uint8]
Place: TypeAlias = tuple[float, float, float]


@compiled
def tissue_numbers(labels: Labels, places: FloatArray, shares: FloatArray, out: IntArray) -> None:
    """Write the tissue that has the largest share near each point; 0: nothing conducts."""
    near, part = np.empty(8, dtype=np.int64), np.empty(8)
    group = np.arange(256)
    for n in range(len(places)):
        if shares[n] > 0.0 and out[n] == 0:
            _nodes(labels, group, (places[n, 0], places[n, 1], places[n, 2]), near, part)
            out[n] = near[_largest(near, part)]


@compiled
def _nodes(labels: Labels, group: IntArray, place: Place, near: IntArray, part: FloatArray) -> float:
    """Write the groups of the eight nodes nearest to a place and the share of each in total; return what conducts.

    A group's share is that at the corners of the half-cell round the place, as far as nodes are of that group; the
    rest, such as that of a layer in which no node lies, goes to the nodes by their own shares.
    """
    conducts = 0.0
    for corner in range(8):
        i, s = _near(place[0], labels.shape[0], corner // 4, 2)
        j, t = _near(place[1], labels.shape[1], corner // 2 % 2, 2)
        k, u = _near(place[2], labels.shape[2], corner % 2, 2)
        near[corner] = group[labels[i, j, k]]
        part[corner] = s * t * u if near[corner] > 0 else 0.0
        conducts += part[corner]
    for a in range(8):  # the share of a node's group stands at its first node
        for b in range(a):
            if near[b] == near[a]:
                part[b] += part[a]
                part[a] = 0.0
                break
    if conducts > 0.0:
        _refine(labels, group, place, near, part, conducts)
    return conducts


@compiled
def _refine(labels: Labels, group: IntArray, place: Place, near: IntArray, part: FloatArray, conducts: float) -> None:
    """Turn the shares of nodes into those of half-cells' corners, as far as nodes have them; ``conducts`` in total."""
    half = np.zeros(8)
    for corner in range(8):
        i, s = _near(2.0 * place[0], labels.shape[0], corner // 4, 1)
        j, t = _near(2.0 * place[1], labels.shape[1], corner // 2 % 2, 1)
        k, u = _near(2.0 * place[2], labels.shape[2], corner % 2, 1)
        for a in range(8):
            if near[a] == group[labels[i, j, k]]:
                half[a] += s * t * u
                break
    left = conducts
    for a in range(8):
        half[a] *= min(ENOUGH * part[a], 1.0) * conducts
        left -= half[a]
    for a in range(8):
        part[a] = half[a] + left * part[a] / conducts


@compiled
def _near(u: float, count: int, side: int, step: int) -> tuple[int, float]:
    """Return the last place below ``u`` steps, or the first above, and its share; at a border the last."""
    low = int(np.floor(u))
    beyond = u - low
    return min(max(step * (low + side), 0), count - 1), beyond if side else 1.0 - beyond


@compiled
def _largest(near: IntArray, part: FloatArray) -> int:
    """Return the node that holds the largest share; of equal ones that of the smallest group."""
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
    conducts = _nodes(labels, group, place, near, part)
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
