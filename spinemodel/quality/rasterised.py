"""Fluid and cord of a model in an image: what each voxel of the image has of them.

Only the box of voxels round the sac is rasterised. With one sample a voxel belongs to what its centre lies in; with n,
each voxel has n x n x n samples, and its weight in a class is the share of them that lie in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, IntArray
from spinemodel.errors import InputError
from spinemodel.quality.field_of_view import Beyond, beyond, in_words
from spinemodel.quality.regions import Region, Regions, Role, classes, region, require_roles
from spinemodel.spaces import require_same_space
from spinemodel.volume.grid import Grid, refined, to_indices
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume

MOST_SAMPLES: Final = 1 << 29
"""Most samples of all voxels round the sac: some 3 GB. A choice."""

SHOWN: Final = 0.5
"""Least share of the sac's vertices that an image shows. A choice: a model continues the sac below the scan that it was
drawn on, but one most of which is outside is more likely in another frame."""


def model_regions(
    parts: Mapping[Role, Sequence[Surface]], grid: Grid, *, roots: bool = True, samples: int = 1
) -> Regions:
    """Return the fluid and the cord of a model on an image's voxels.

    Parameters
    ----------
    parts
        Closed surfaces by role, of the grid's space; all of a role count together. Cord and roots count as far as they
        lie in the sac.
    grid
        The image's.
    roots
        Whether roots in the sac count as cord; otherwise they count as neither.
    samples
        Along each axis of a voxel.

    Raises
    ------
    InputError
        If cord or sac are missing, the image shows too little of the sac, or there would be too many samples.
    GeometryError
        If a surface is open.
    SpaceMismatchError
        If a surface is of another space.
    """
    require_roles(parts)
    require_same_space(grid.space, *(surface.space for group in parts.values() for surface in group))
    around = parts["sac" if "sac" in parts else "csf"]
    notes = _require_shown(around, grid)
    box, first = _box(around, grid)
    if samples < 1 or prod(box.shape) * samples**3 > MOST_SAMPLES:
        most = max(1, int((MOST_SAMPLES / prod(box.shape)) ** (1 / 3)))
        raise InputError(f"samples: got {samples} along each axis of a voxel, expected 1 to {most} of these voxels")
    fine = refined(box, samples) if samples > 1 else box
    masks: dict[Role, BoolArray] = {role: _mask(group, fine) for role, group in parts.items() if role != "air"}
    fluid, cord = (_placed(_shares(mask, samples), first, grid) for mask in classes(masks, roots=roots))
    return Regions(grid, fluid, cord, None, notes)


def model_sac(around: Sequence[Surface], grid: Grid) -> tuple[BoolArray, tuple[str, ...]]:
    """Return the voxels whose centres lie in the sac, of the grid's shape, and a note of what the image cuts off.

    Errors are those of :func:`model_regions`.
    """
    notes = _require_shown(around, grid)
    return _mask(around, grid), notes


def _require_shown(around: Sequence[Surface], grid: Grid) -> tuple[str, ...]:
    """Return a note of what an image cuts off the sac; refuse one that shows too little of it."""
    found = beyond(grid, np.vstack([surface.vertices for surface in around]))
    if found.share < SHOWN:
        raise InputError(_not_shown(found))
    if found.share < 1:
        cut = f"{100 * (1 - found.share):.0f} % of the sac's vertices lie beyond the image, up to"
        return (f"{cut} {in_words(found.farthest)}",)
    return ()


def _not_shown(found: Beyond) -> str:
    """Return how far a model lies outside an image, and what may be wrong."""
    part = "nothing" if found.share == 0 else f"only {100 * found.share:.0f} %"
    near = f"the nearest point lies {in_words(found.nearest)} outside, " if found.share == 0 else ""
    line = f"the image shows {part} of the model's sac: {near}the farthest {in_words(found.farthest)}"
    mirror = "; with x and y mirrored it would lie inside: is it LPS taken for RAS?"
    return line + (mirror if found.mirrored >= SHOWN else "; is it of this subject and in the image's frame?")


def _box(around: Sequence[Surface], grid: Grid) -> tuple[Grid, IntArray]:
    """Return the voxels of a grid round surfaces, and which is the first of them."""
    places = np.vstack([to_indices(grid, surface.vertices) for surface in around])
    low = np.clip(np.floor(places.min(axis=0)), 0, np.array(grid.shape) - 1).astype(np.int64)
    high = np.clip(np.ceil(places.max(axis=0)), low, np.array(grid.shape) - 1).astype(np.int64)
    shift = np.eye(4)
    shift[:3, 3] = low
    nx, ny, nz = (high - low + 1).tolist()
    return Grid((nx, ny, nz), grid.affine @ shift, grid.space), low


def _mask(group: Sequence[Surface], grid: Grid) -> BoolArray:
    """Return the voxels whose centres lie in any of some surfaces."""
    return np.asarray(to_volume(rasterise(list(group), grid, device="cpu")).values > 0)


def _shares(mask: BoolArray, samples: int) -> NDArray[np.float32] | BoolArray:
    """Return the share of each voxel's samples in a mask on the finer grid."""
    if samples == 1:
        return mask
    nx, ny, nz = (n // samples for n in mask.shape)
    blocks = mask.reshape(nx, samples, ny, samples, nz, samples)
    return np.asarray(np.count_nonzero(blocks, axis=(1, 3, 5)) / np.float32(samples**3), dtype=np.float32)


def _placed(shares: NDArray[np.float32] | BoolArray, first: IntArray, grid: Grid) -> Region:
    """Return the voxels of a box as those of the whole grid."""
    found = region(shares)
    places = np.stack(np.unravel_index(found.voxels, shares.shape)) + first[:, None]
    return Region(np.ravel_multi_index(tuple(places), grid.shape), found.weights)
