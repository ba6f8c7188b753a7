"""Where in each sub-voxel its sample lies: staggered, so that planes along the grid are seen as well as others.

Samples in the middles of S x S x S sub-voxels lie in S planes along the grid, so that the thickness of a sheet along it
is known to 1 / S of a cell only. Here each lies elsewhere in its own sub-voxel, such that those of a cell have S^2 / 2
different x and y, and S^3 / 4 different z, evenly spaced, and that mirrors of all three axes map them onto themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.volume._snap import VOXEL


def places_of(subsamples: int) -> FloatArray:
    """Return the places of a cell's samples, (S, S, S, 3) edges from its centre."""
    middle = np.moveaxis(np.indices((subsamples,) * 3), 0, -1) + 0.5 - subsamples / 2
    return np.asarray((middle + stagger(subsamples) / VOXEL) / subsamples)


def stagger(subsamples: int) -> NDArray[np.int64]:
    """Return how far the samples lie from the middles of their sub-voxels, (S, S, S, 3) in 2^-16 of these.

    0 where S is odd: sub-voxels in the middle of a cell have mirror images in themselves. The order of the z is a
    choice, by measurement: of all 24 for S = 4 the one with which concentric shells err least.
    """
    half, last = subsamples // 2, subsamples - 1
    if subsamples % 2:
        return np.zeros((subsamples,) * 3 + (3,), dtype=np.int64)
    place = np.indices((subsamples,) * 3)
    side = np.where(place < half, 1, -1)
    far = np.minimum(place, last - place)  # from the nearer face
    order = (half * far[0] + (2 * half - 1) * far[1]) % half**2
    spread = [_spread(far[1], half), _spread(half - 1 - far[0], half), _spread(order, half**2)]
    return np.stack([one * sign for one, sign in zip(spread, side, strict=True)], axis=-1)


def _spread(number: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the middle of one of so many parts of a voxel, from the voxel's own, 2^-16 voxels."""
    return ((2 * number + 1) * VOXEL // count - VOXEL) // 2
