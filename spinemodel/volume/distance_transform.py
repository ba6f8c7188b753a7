"""The Euclidean distance transform: to every voxel, the label of the nearest voxel that has one.

One axis after the other: along a line, each voxel is the foot of a parabola, raised by the squared distance found so
far, and the lowest parabola at a place tells the nearest seed (Felzenszwalb and Huttenlocher 2012, Theory of Computing
8:415; Meijster et al. 2000). This needs axes at right angles; on a sheared grid a tree of the seeds is asked instead,
which is exact too, but slow.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume._device import Device, choose
from spinemodel.volume._distance_cpu import Float32Array, Int32Array
from spinemodel.volume.grid import Grid, spacing, to_mm

SHEAR_TOLERANCE: Final = 1e-4
"""Axes are sheared where their unit vectors have a larger inner product (a choice: float32 headers stay below 1e-6)."""

TILE: Final = 16
"""Lines worked on together, so that a line across memory reads whole cache lines: 16 float32 are 64 bytes."""


def spread(label: Int32Array, grid: Grid, *, device: Device = "auto") -> Float32Array:
    """Give each voxel without a label the label of the nearest voxel that has one.

    Parameters
    ----------
    label
        int32 array of the grid's shape, C-contiguous; -1 for none. Overwritten.
    grid
        Where the voxels lie. Of seeds equally near, any one counts.
    device
        ``cpu``, ``cuda`` or ``auto``.

    Returns
    -------
    squared
        float32 array: squared distance from that voxel, mm2.

    Raises
    ------
    InputError
        If no voxel has a label.

    Examples
    --------
    >>> label = np.full((1, 1, 6), -1, dtype=np.int32)
    >>> label[0, 0, 1], label[0, 0, 5] = 7, 8
    >>> spread(label, Grid((1, 1, 6), np.diag([1.0, 1.0, 0.5, 1.0]), "here"))[0, 0].tolist()
    [0.25, 0.0, 0.25, 1.0, 0.25, 0.0]
    >>> label[0, 0, :3].tolist(), label[0, 0, 4:].tolist()
    ([7, 7, 7], [8, 8])
    """
    if not (label >= 0).any():
        raise InputError("distance transform: no voxel has a label, so there is nothing to be far from")
    if is_sheared(grid):
        return _by_tree(label, grid)
    along = sweep if choose(device) == "cpu" else _cuda_sweep()
    squared = np.where(label >= 0, np.float32(0), np.float32(np.inf))
    nx, ny, nz = grid.shape
    sides = [(nx * ny, nz, 1), (nx, ny, nz), (1, nx, ny * nz)]
    for shape, step in zip(sides, spacing(grid)[::-1], strict=True):
        along(squared.reshape(shape), label.reshape(shape), float(step))
    return squared


def is_sheared(grid: Grid) -> bool:
    """Tell whether the grid's axes are not at right angles."""
    axes = grid.affine[:3, :3] / spacing(grid)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR_TOLERANCE)


def _by_tree(label: Int32Array, grid: Grid) -> Float32Array:
    """Do the same on any grid, by a tree of the seeds."""
    seeds = np.argwhere(label >= 0)
    names = label[label >= 0]
    tree = KDTree(to_mm(grid, seeds.astype(np.float64)))
    squared = np.zeros(label.shape, dtype=np.float32)
    for i in range(len(label)):  # One slice at a time, so that the places of all voxels are never held.
        places = np.argwhere(label[i] < 0)
        indices = np.column_stack([np.full(len(places), float(i)), places])
        distance, nearest = tree.query(to_mm(grid, indices))
        squared[i][tuple(places.T)] = distance**2
        label[i][tuple(places.T)] = names[nearest]
    return squared


def lowest(cost: FloatArray, step: float, foot: IntArray, until: FloatArray, winner: IntArray) -> bool:
    """Write which parabola ``cost[q] + step2 (p - q)2`` is lowest at each place p of a line; tell whether there is any.

    Parameters
    ----------
    cost
        (n,) mm2; infinite where there is none.
    step
        Distance of neighbours, mm.
    foot, until
        (n,) scratch: the feet of the parabolas that are lowest somewhere, and where each gives way to the next.
    winner
        (n,) result.
    """
    top = -1
    weight = 0.5 / (step * step)
    for q in range(len(cost)):
        if cost[q] == np.inf:
            continue
        while top >= 0:
            v = foot[top]
            meet = (cost[q] - cost[v]) * weight / (q - v) + 0.5 * (q + v)
            if top == 0 or meet > until[top - 1]:
                until[top] = meet
                break
            top -= 1
        top += 1
        foot[top] = q
    if top < 0:
        return False
    p = 0
    for n in range(top + 1):
        # On a GPU, ceil returns a float.
        stop = len(cost) if n == top else min(max(int(ceil(until[n])), 0), len(cost))  # noqa: RUF046
        while p < stop:
            winner[p] = foot[n]
            p += 1
    return True


def _cuda_sweep() -> Callable[[Float32Array, Int32Array, float], None]:
    """Return the sweep of the GPU, which is loaded only where it is used."""
    from spinemodel.volume import _distance_cuda

    return _distance_cuda.sweep


_lowest = compiled(lowest)


@compiled
def sweep(squared: Float32Array, label: Int32Array, step: float) -> None:
    """Go along the middle axis of (outer, n, inner) arrays, in place."""
    outer, n, inner = squared.shape
    cost, seed = np.empty((TILE, n)), np.empty((TILE, n), dtype=np.int32)
    foot, winner, until = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n)
    for o in range(outer):
        for first in range(0, inner, TILE):
            width = min(TILE, inner - first)
            for p in range(n):
                for t in range(width):
                    cost[t, p], seed[t, p] = squared[o, p, first + t], label[o, p, first + t]
            for t in range(width):
                if _lowest(cost[t], step, foot, until, winner):
                    for p in range(n):
                        away = (p - winner[p]) * step
                        squared[o, p, first + t] = cost[t, winner[p]] + away * away
                        label[o, p, first + t] = seed[t, winner[p]]
