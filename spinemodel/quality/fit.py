"""How well the classes of a model fit an image where they are laid on it: the contrast of fluid and cord.

Two measures are taken, since either alone is misled:

- **contrast**: abs(mean of fluid - mean of cord) / sqrt(var of fluid + var of cord) over all points. Two tissues side
  by side, such as bone and fat, give it as well as fluid round a cord does.
- **edge**: the correlation of being cord with the value, beyond what the slab of a point and a slope across that slab
  explain (a partial correlation, 0 to 1). It asks for cord in the middle of fluid; noise within the classes lowers it.

Both count amounts alone: fluid is bright beside the cord in T2-weighted images, and dark in T1-weighted ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.quality.regions import Region, Regions
from spinemodel.volume.grid import Grid, spacing
from spinemodel.volume.image import ScalarVolume

SLABS: Final = 20
"""Most slabs from feet to head. A choice, as the next: some 1000 points tell a correlation to 0.03."""

EACH: Final = 25
"""Most points of each class in a slab."""

FEWEST: Final = 5
"""Fewest points of each class in a slab that counts. A choice: two more than a slope across it needs."""

INSIDE: Final = 0.8
"""Least share of the points that the image must show. A choice: a fit of fewer is that of another part."""

AT_ONCE: Final = 1 << 19
"""Values held in memory at once."""


class Fit(NamedTuple):
    """Contrast and edge of the classes in each of several places, (n,); 0 where the image shows too little of them."""

    contrast: FloatArray
    edge: FloatArray


class Classes:
    """Points of fluid and cord, in slabs from feet to head.

    Attributes
    ----------
    places
        (n, 3) voxel indices.
    """

    def __init__(self, regions: Regions) -> None:
        """Choose the points: the same for the same regions."""
        grid, generator = regions.grid, np.random.default_rng(0)
        up = upright(grid)
        both = [_places(region, grid) for region in (regions.csf, regions.cord)]
        slabs = _slabs(both, up, generator)
        flat = [axis for axis in range(3) if axis != up]
        self.places: IntArray = np.vstack([np.vstack(pair) for pair in slabs]) if slabs else np.zeros((0, 3), np.int64)
        kinds = [np.repeat([0, 1], [len(part) for part in pair]) for pair in slabs]
        self._is_cord = np.concatenate([np.zeros(0, int), *kinds]) == 1
        self._ends = np.cumsum([0, *(sum(map(len, pair)) for pair in slabs)])
        self._slopes = [_basis(self.places[a:b][:, flat] * spacing(grid)[flat]) for a, b in pairwise(self._ends)]
        self._beyond = self._residual(self._is_cord[None].astype(np.float64))[0]

    def fit(self, image: ScalarVolume, places: IntArray) -> Fit:
        """Return the fit of the points laid on the voxels (b, n, 3)."""
        last = np.array(image.grid.shape) - 1
        kept = np.clip(places, 0, last)
        shown = (kept == places).all(axis=2).mean(axis=1) >= INSIDE
        values = np.nan_to_num(image.values[kept[..., 0], kept[..., 1], kept[..., 2]].astype(np.float64))
        fluid, cord = values[:, ~self._is_cord], values[:, self._is_cord]
        noise = np.sqrt(fluid.var(axis=1) + cord.var(axis=1))
        contrast = _ratio(np.abs(fluid.mean(axis=1) - cord.mean(axis=1)), noise)
        rest = self._residual(values)
        size = np.sqrt((rest**2).sum(axis=1) * (self._beyond**2).sum())
        edge = _ratio(np.abs(rest @ self._beyond), size)
        return Fit(np.where(shown, contrast, 0.0), np.where(shown, edge, 0.0))

    def fits(self, image: ScalarVolume, shifts: IntArray) -> Fit:
        """Return the fit after shifts (b, 3) of whole voxels."""
        step = max(AT_ONCE // max(len(self.places), 1), 1)
        parts = [self.fit(image, self.places + shifts[at : at + step, None]) for at in range(0, len(shifts), step)]
        return Fit(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _residual(self, values: FloatArray) -> FloatArray:
        """Return values (b, n) less the mean of each slab and a slope across it."""
        rest = values.copy()
        for (first, end), basis in zip(pairwise(self._ends), self._slopes, strict=True):
            rest[:, first:end] -= (values[:, first:end] @ basis) @ basis.T
        return rest


def upright(grid: Grid) -> int:
    """Return the axis of a grid that runs closest to feet and head."""
    return int(np.argmax(np.abs(grid.affine[2, :3]) / spacing(grid)))


def _places(region: Region, grid: Grid) -> IntArray:
    """Return the voxels that belong to a class by half or more, (n, 3)."""
    return np.stack(np.unravel_index(region.voxels[region.weights >= 0.5], grid.shape), axis=1).astype(np.int64)


def _slabs(both: Sequence[IntArray], up: int, generator: np.random.Generator) -> list[list[IntArray]]:
    """Return points of fluid and cord in every slab that holds both."""
    if not all(map(len, both)):
        return []
    low, high = int(both[1][:, up].min()), int(both[1][:, up].max()) + 1
    found = []
    for first, end in pairwise(np.linspace(low, high, min(SLABS, high - low) + 1)):
        pair = [part[(part[:, up] >= first) & (part[:, up] < end)] for part in both]
        if min(map(len, pair)) >= FEWEST:
            found.append([generator.permutation(part)[:EACH] for part in pair])
    return found


def _basis(across: FloatArray) -> FloatArray:
    """Return orthonormal columns that span a constant and the slopes across a slab, (n, 1 to 3)."""
    columns = np.column_stack([np.ones(len(across)), across - across.mean(axis=0)])
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(basis[:, sizes > 1e-9 * sizes[0]])


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return a quotient, 0 where there is next to nothing to divide by."""
    near = 1e-9 * (1 + np.abs(above))
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > near))
