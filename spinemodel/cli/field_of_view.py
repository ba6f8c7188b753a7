"""Which voxels a command works on, and what of a model lies outside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemodel.cli.show import console
from spinemodel.errors import InputError, SpaceMismatchError

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.io.shapes import Parts
    from spinemodel.volume.grid import Grid

MOST_VOXELS: Final = 1 << 31
"""Most voxels that are written: 4 GB of labels. A choice."""

REST: Final = 1e-3
"""Least by which a part is told to reach beyond an image, mm."""


def say(text: str) -> None:
    """Print a line as it is."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def grid_of(parts: Parts, spacing: str | None, like: Path | None) -> Grid:
    """Return the voxels: those of an image in the parts' space, or those round the parts' surfaces.

    Raises
    ------
    InputError
        If the size of the voxels is no size, there would be too many, or the image cannot be read.
    SpaceMismatchError
        If the image's sidecar names another space.
    """
    from math import prod

    from spinemodel.io.nifti import read_grid
    from spinemodel.io.sidecar import stated_space
    from spinemodel.volume.grid import around

    if like is None:
        grid = around(parts.surfaces.values(), millimetres(spacing or ""))
    else:
        grid = read_grid(like, parts.space)
        other = stated_space(like)
        if other not in (None, parts.space):
            raise SpaceMismatchError(f"{like}: lies in space {other}, {parts.path} in {parts.space}; align them first")
    if prod(grid.shape) > MOST_VOXELS:
        sides = " x ".join(map(str, grid.shape))
        raise InputError(f"{sides} voxels are more than the {MOST_VOXELS:.2g} that are written; use larger ones")
    return grid


def millimetres(text: str) -> tuple[float, ...]:
    """Return the size of a voxel along each axis."""
    try:
        sides = tuple(float(part) for part in text.split(","))
    except ValueError:
        sides = ()
    if len(sides) not in (1, 3) or not all(0 < side < float("inf") for side in sides):
        raise InputError(f"--spacing {text}: expected one positive number of mm, or three separated by commas")
    return sides if len(sides) == 3 else sides * 3


def tell_beyond(parts: Parts, grid: Grid, image: Path, *, empty: bool) -> None:
    """Say which parts reach out of an image, and refuse an image that shows nothing of them.

    Parameters
    ----------
    parts
        Surfaces.
    grid
        The image's voxels.
    image
        Where they come from.
    empty
        Whether no voxel's centre lies in a part.

    Raises
    ------
    InputError
        If the volume would be empty.
    """
    beyond = {name: _distances(surface, grid) for name, surface in parts.surfaces.items()}
    if empty:
        nearest = min(near for near, _ in beyond.values())
        if nearest > REST:
            where = f"does not show {parts.path}, the nearest point of which lies {nearest:.1f} mm outside"
            raise InputError(f"{image}: {where}; give an image in the model's frame ({parts.space})")
        raise InputError(f"{parts.path}: no voxel's centre lies inside; use smaller voxels")
    cut = {name: far for name, (_, far) in beyond.items() if far > REST}
    if cut:
        names = ", ".join(list(cut)[:6]) + (f" and {len(cut) - 6} more" if len(cut) > 6 else "")
        far = f"reaching up to {max(cut.values()):.1f} mm beyond it"
        say(f"warning: {image} shows only part of {parts.path}: cut off are {names}, {far}")


def _distances(surface: Surface, grid: Grid) -> tuple[float, float]:
    """Return how far outside the grid the nearest and the farthest vertex lie, mm; 0 inside."""
    import numpy as np

    from spinemodel.volume.grid import to_indices

    places = to_indices(grid, surface.vertices)
    gaps = places - np.clip(places, -0.5, np.array(grid.shape) - 0.5)
    apart = np.linalg.norm(gaps @ grid.affine[:3, :3].T, axis=1)
    return float(apart.min()), float(apart.max())
