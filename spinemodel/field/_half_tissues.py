"""Which tissue the nodes of a box lie in, and the places half-way between them: that of the sub-voxels that meet there.

Elements that take interfaces into account have, at a node, the potential of the side on which the node lies, also
where the cells round it are mostly of another tissue: in layers thinner than a cell none is mostly of the layer. The
places between tell where in a cell the interface runs.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import IntArray
from spinemodel.field._planes import over_planes
from spinemodel.field.cells import Cells
from spinemodel.jit import compiled

Bytes: TypeAlias = NDArray[np.uint8]
Range: TypeAlias = tuple[int, int]
"""The first, and the one after the last."""


def tissue_of(cells: Cells) -> Bytes:
    """Return the label at each half of a cell, (2 cx + 1, 2 cy + 1, 2 cz + 1): of nodes that at even places.

    It is that of most of the sub-voxels that meet there and conduct; of two that are alike that of the poorer conductor
    across its fibres, in which the potential falls more steeply: read as if it were of the other it would be far off.
    Where no sub-voxel conducts, as just inside an insulator, the cells that meet there decide: there the potential is
    the smooth continuation of that in the tissue. 0 where no cell conducts by half.
    """
    rank = np.argsort(np.argsort(np.abs(cells.across), kind="stable"))
    return _labelled(cells.tissue, cells.labels, cells.subsamples, cells.margin, rank)


def best_conductors(cells: Cells, nodes: IntArray) -> Bytes:
    """Return the label of the best conductor across its fibres that touches each node.

    Parameters
    ----------
    cells
        Of a box.
    nodes
        (n, 3) counted from the box's first.

    Returns
    -------
    (n,) of the eight sub-voxels that meet at a node; 0 where none conducts.
    """
    i, j, k = (nodes * cells.subsamples + cells.margin).T
    meet = np.stack([cells.labels[i - a, j - b, k - c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    best = np.argmax(np.abs(cells.across)[meet], axis=0)
    return np.asarray(meet[best, np.arange(len(nodes))])


def tissue_by_cells(tissue: Bytes) -> Bytes:
    """Return the same where only the labels of cells are known: that of most of those that meet there and conduct.

    Examples
    --------
    >>> tissue_by_cells(np.array([[[0, 3, 2]]], np.uint8))[0, 0].tolist()
    [0, 0, 3, 3, 2, 2, 2]
    """
    return _labelled(tissue, np.zeros((2, 2, 2), dtype=np.uint8), 0, 1, np.arange(256))


def _labelled(tissue: Bytes, labels: Bytes, subsamples: int, margin: int, rank: IntArray) -> Bytes:
    """Return the labels; with no sub-voxels along a cell all places are at the first, where nothing conducts."""
    nx, ny, nz = (2 * n + 1 for n in tissue.shape)
    found = np.zeros((nx, ny, nz), dtype=np.uint8)
    work = tissue, labels, subsamples, margin, rank, found
    over_planes(lambda first, last: _label(*work, first, last), nx)
    return found


@compiled
def _label(
    tissue: Bytes, labels: Bytes, subsamples: int, margin: int, rank: IntArray, found: Bytes, first: int, last: int
) -> None:
    """Write the labels of planes ``first`` to before ``last``."""
    _, ny, nz = found.shape
    votes = np.zeros(256, dtype=np.int64)
    of_cells, of_voxels = np.empty((2, tissue.shape[2]), np.uint8), np.empty((2, labels.shape[2]), np.uint8)
    for i in range(first, last):
        u, a = _voxels_beside(i, subsamples, margin), _cells_beside(i, tissue.shape[0])
        for j in range(ny):
            v, b = _voxels_beside(j, subsamples, margin), _cells_beside(j, tissue.shape[1])
            _compare(tissue, a, b, of_cells)
            _compare(labels, u, v, of_voxels)
            for k in range(nz):
                w, c = _voxels_beside(k, subsamples, margin), _cells_beside(k, tissue.shape[2])
                whole, own = int(of_cells[0, c[0]]), int(of_voxels[0, w[0]])
                if not _are_alike(of_cells, c):
                    whole = _elected(tissue, a, b, c, rank, votes)
                if not _are_alike(of_voxels, w):
                    own = _elected(labels, u, v, w, rank, votes)
                found[i, j, k] = own if whole > 0 and own > 0 else whole


@compiled
def _cells_beside(half: int, cells: int) -> tuple[int, int]:
    """Return the first cell that touches a place so many half cells from the first node, and that after the last."""
    return max((half - 1) // 2, 0), min(half // 2 + 1, cells)


@compiled
def _voxels_beside(half: int, subsamples: int, margin: int) -> tuple[int, int]:
    """Return the same of sub-voxels."""
    at, odd = half * subsamples // 2, half * subsamples % 2
    return margin + at - 1 + odd, margin + at + 1


@compiled
def _compare(of: Bytes, a: Range, b: Range, row: Bytes) -> None:
    """Write the first of each block of places along z, and what differs from it there, (2, nz); 0: nothing.

    A whole row at once, since the compiler then takes many places in a step.
    """
    row[0], row[1] = of[a[0], b[0]], 0
    for i in range(a[0], a[1]):
        for j in range(b[0], b[1]):
            for k in range(row.shape[1]):
                row[1, k] |= of[i, j, k] ^ row[0, k]


@compiled
def _are_alike(row: Bytes, c: Range) -> bool:
    """Tell whether a block, of two places along z at most, is all alike, as nearly all are."""
    return bool(row[1, c[0]] == 0 and row[1, c[1] - 1] == 0 and row[0, c[0]] == row[0, c[1] - 1])


@compiled
def _elected(of: Bytes, a: Range, b: Range, c: Range, rank: IntArray, votes: IntArray) -> int:
    """Return what most of those in a block that conduct are, of several the first by rank; 0 where none does.

    ``votes`` is all zeros before and after.
    """
    here = of[a[0] : a[1], b[0] : b[1], c[0] : c[1]]
    for label in here.flat:
        votes[label] += 1
    best = votes[0] = 0
    for label in here.flat:
        one = int(label)
        if votes[one] > votes[best] or (votes[one] == votes[best] and rank[one] < rank[best]):
            best = one
    for label in here.flat:
        votes[label] = 0
    return best
