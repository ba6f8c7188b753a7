"""Fluid and cord of label volumes on an image's voxels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.ndimage import binary_fill_holes

from spinemodel.arrays import BoolArray
from spinemodel.errors import InputError
from spinemodel.quality.regions import Regions, Role, classes, region
from spinemodel.quality.slices import slice_axis
from spinemodel.volume.grid import Grid, require_same_grid
from spinemodel.volume.labels import LabelVolume


def role_masks(
    volumes: Iterable[tuple[LabelVolume, Mapping[int, Role]]], grid: Grid, *, across: int | None = None
) -> dict[Role, BoolArray]:
    """Return the voxels of every role in label volumes of one grid; the ``sac`` is the whole inside of the dura.

    A voxel has one label, so that the label of the sac lacks what lies in it. The whole sac is what fluid, cord and
    sac fill together in each slice, with the holes in them: that is where roots lie.

    Parameters
    ----------
    volumes
        Each with the roles of its labels.
    grid
        The image's.
    across
        The axis across which holes are filled; the image's slice axis where none is given.

    Raises
    ------
    SpaceMismatchError
        If a volume has other voxels than the grid.
    InputError
        If a role was asked for and no voxel has its label.
    """
    masks: dict[Role, BoolArray] = {}
    for volume, roles in volumes:
        require_same_grid(grid, volume.grid)
        for role in dict.fromkeys(roles.values()):
            found = np.isin(volume.values, [label for label, own in roles.items() if own == role])
            masks[role] = masks[role] | found if role in masks else found
    for role, mask in masks.items():
        if not mask.any():
            raise InputError(f"no voxel is labelled as {role}; expected some")
    if masks.keys() & {"sac", "csf"}:
        inside = [masks[role] for role in ("sac", "csf", "cord") if role in masks]
        # Where fluid has a label of its own, that of the dura beside it is a shell.
        masks["csf"] = masks["csf" if "csf" in masks else "sac"]
        masks["sac"] = _filled(np.logical_or.reduce(inside), slice_axis(grid).axis if across is None else across)
    return masks


def _filled(mask: BoolArray, axis: int) -> BoolArray:
    """Return a mask with the holes in each of its slices filled."""
    filled = mask.copy()
    slices, out = np.moveaxis(mask, axis, 0), np.moveaxis(filled, axis, 0)
    for index in np.flatnonzero(slices.any(axis=(1, 2))):
        out[index] = binary_fill_holes(slices[index])
    return filled


def mask_regions(masks: Mapping[Role, BoolArray], grid: Grid, *, roots: bool = True) -> Regions:
    """Return the classes of masks by role, as :func:`role_masks` gives them.

    Raises
    ------
    InputError
        If there is no fluid or no cord.
    """
    fluid, cord = classes(masks, roots=roots)
    return Regions(grid, region(fluid), region(cord))
