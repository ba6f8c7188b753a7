"""How much of each voxel each structure fills, from the runs on a finer grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import IntArray
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume._device import Device
from spinemodel.volume.grid import MAX_SIDE, Grid, refined
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import Spans, label_of, select

MAX_SUBSAMPLES: Final = 32
"""Most subsamples along an axis: their number in a voxel, 32768, fits 16 bits."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """The share of each voxel that each structure fills.

    It holds runs on the finer grid, never the finer volume; :func:`share` gives one structure's shares.

    Attributes
    ----------
    grid
        Whose voxels are filled.
    subsamples
        Along each axis of a voxel.
    fine
        The structures on the finer grid.
    """

    grid: Grid
    subsamples: int
    fine: Spans


def coverage(
    surfaces: Surface | Sequence[Surface],
    grid: Grid,
    subsamples: int = 4,
    *,
    labels: Sequence[int] | None = None,
    priorities: Sequence[float] | None = None,
    device: Device = "auto",
) -> Coverage:
    """Return how much of each voxel each closed surface fills.

    A voxel is sampled at the centres of ``subsamples`` cubed equal parts, and each sample counts once. So the shares of
    structures that fill space without gap or overlap add up to one; with float32's rounding where ``subsamples`` is no
    power of two.

    Parameters
    ----------
    surfaces, grid, labels, priorities, device
        As in :func:`~spinemodel.volume.rasterise.rasterise`.
    subsamples
        Along each axis of a voxel, 1 to 32; the finer grid has at most 8192 along a side.

    Raises
    ------
    InputError
        If ``subsamples`` is out of bounds; and as in :func:`~spinemodel.volume.rasterise.rasterise`.
    """
    require_subsamples(grid, subsamples)
    fine = rasterise(surfaces, refined(grid, subsamples), labels=labels, priorities=priorities, device=device)
    return Coverage(grid, subsamples, fine)


def require_subsamples(grid: Grid, subsamples: int) -> None:
    """Raise unless the finer grid is one, and not too large.

    Raises
    ------
    InputError
        If not.
    """
    most = min(MAX_SUBSAMPLES, MAX_SIDE // max(grid.shape))
    if subsamples not in range(1, most + 1):
        raise InputError(f"coverage: got {subsamples} subsamples, expected 1 to {most} on a grid of shape {grid.shape}")


def share(cover: Coverage, name: str) -> NDArray[np.float32]:
    """Return the share of each voxel that a structure fills, 0 to 1, of the grid's shape.

    Raises
    ------
    InputError
        If there is no structure of that name.
    """
    runs = select(cover.fine, label_of(cover.fine, name))
    counts = np.zeros(cover.grid.shape, dtype=np.uint16)
    _count(runs.start, runs.stop, cover.fine.grid.shape[1], cover.fine.grid.shape[2], cover.subsamples, counts)
    return np.asarray(counts / np.float32(cover.subsamples**3), dtype=np.float32)


@compiled
def _count(start: IntArray, stop: IntArray, ny: int, nz: int, subsamples: int, counts: NDArray[np.uint16]) -> None:
    """Add the samples of every run on the finer grid to the voxels that they lie in."""
    for n in range(len(start)):
        column = start[n] // nz
        i, j = column // ny // subsamples, column % ny // subsamples
        low, high = start[n] - column * nz, stop[n] - column * nz
        while low < high:
            k = low // subsamples
            end = min((k + 1) * subsamples, high)
            counts[i, j, k] += end - low
            low = end
