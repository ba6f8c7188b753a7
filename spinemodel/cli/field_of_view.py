"""Which voxels a command works on, and what of a model lies outside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemodel.cli.show import say
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.io.shapes import Parts
    from spinemodel.volume.grid import Grid

MOST_VOXELS: Final = 1 << 31
"""Most voxels that are written: 4 GB of labels. A choice."""

REST: Final = 1e-3
"""Least by which a part is told to reach beyond an image, mm."""


SMALL: Final = 5.0
"""Extent below which a shape is asked whether it is in metres, mm. A choice: in metres a whole spine is less than 1."""


@contextmanager
def about(what: object) -> Iterator[None]:
    """Begin the line of an error with the file that it tells of."""
    try:
        yield
    except (GeometryError, InputError) as problem:
        raise type(problem)(f"{what}: {problem}") from None


def grid_of(parts: Parts, spacing: str | None, like: Path | None) -> Grid:
    """Return the voxels: those of an image in the parts' space, or those round the parts' surfaces.

    Raises
    ------
    InputError
        If the size of the voxels is no size, there would be too many, or the image cannot be read.
    SpaceMismatchError
        If the image's sidecar names another space.
    """
    from spinemodel.io.nifti import read_grid
    from spinemodel.io.sidecar import stated_space

    if like is None:
        return grid_round(parts.surfaces.values(), spacing or "", parts.path)
    grid = read_grid(like, parts.space)
    other = stated_space(like)
    if other not in (None, parts.space):
        raise SpaceMismatchError(f"{like}: lies in space {other}, {parts.path} in {parts.space}; align them first")
    with about(like):
        _require_bearable(grid)
    return grid


def grid_round(surfaces: Iterable[Surface], spacing: str, what: object) -> Grid:
    """Return voxels of the given size round surfaces.

    Raises
    ------
    InputError
        If the size is no size, or there would be too many; the line begins with ``what``.
    """
    from spinemodel.volume.grid import around

    sides = millimetres(spacing)
    try:
        grid = around(surfaces, sides)
        _require_bearable(grid)
    except InputError as problem:
        raise InputError(f"{what}: {problem}; use larger voxels than {spacing} mm, or is the unit wrong?") from None
    return grid


def _require_bearable(grid: Grid) -> None:
    """Refuse more voxels than are written."""
    from math import prod

    if prod(grid.shape) > MOST_VOXELS:
        sides = " x ".join(map(str, grid.shape))
        raise InputError(f"{sides} voxels are more than the {MOST_VOXELS:.2g} that are written")


def millimetres(text: str) -> tuple[float, ...]:
    """Return the size of a voxel along each axis."""
    try:
        sides = tuple(float(part) for part in text.split(","))
    except ValueError:
        sides = ()
    if len(sides) not in (1, 3) or not all(0 < side < float("inf") for side in sides):
        raise InputError(f"--spacing {text}: expected one positive number of mm, or three separated by commas")
    return sides if len(sides) == 3 else sides * 3


def tell_beyond(parts: Parts, grid: Grid, image: Path | None, *, empty: bool) -> None:
    """Say which parts reach out of an image, and refuse an image that shows nothing of them.

    Parameters
    ----------
    parts
        Surfaces.
    grid
        The voxels.
    image
        Where they come from; None where they were laid round the surfaces.
    empty
        Whether no voxel's centre lies in a part.

    Raises
    ------
    InputError
        If the volume would be empty.
    """
    beyond = {name: _distances(surface, grid) for name, surface in parts.surfaces.items()}
    if empty:
        raise InputError(_why_empty(parts, grid, image, min(near for near, _ in beyond.values())))
    cut = {name: far for name, (_, far) in beyond.items() if far > REST}
    if cut:
        names = ", ".join(list(cut)[:6]) + (f" and {len(cut) - 6} more" if len(cut) > 6 else "")
        far = f"reaching up to {max(cut.values()):.1f} mm beyond it"
        say(f"warning: {image} shows only part of {parts.path}: cut off are {names}, {far}")


def _why_empty(parts: Parts, grid: Grid, image: Path | None, nearest: float) -> str:
    """Return why no voxel's centre lies in a part, and what to do."""
    import numpy as np

    from spinemodel.volume.grid import spacing

    points = np.vstack([surface.vertices for surface in parts.surfaces.values()])
    extent, voxel = float(np.linalg.norm(np.ptp(points, axis=0))), float(spacing(grid).max())
    metres = f"it is {extent:.2g} mm across; is it in metres? If not, " if extent < max(SMALL, voxel) else ""
    if nearest > REST:
        frame = f"give an image in the model's frame ({parts.space})"
        where = f"does not show {parts.path}, the nearest point of which lies {nearest:.1f} mm outside"
        return f"{image}: {where}; {metres}{frame}"
    mend = "use smaller voxels" if image is None else f"the voxels of {image} ({voxel:.3g} mm) are too large for it"
    return f"{parts.path}: no voxel's centre lies inside; {metres}{mend}"


def _distances(surface: Surface, grid: Grid) -> tuple[float, float]:
    """Return how far outside the grid the nearest and the farthest vertex lie, mm; 0 inside."""
    import numpy as np

    from spinemodel.volume.grid import to_indices

    places = to_indices(grid, surface.vertices)
    gaps = places - np.clip(places, -0.5, np.array(grid.shape) - 0.5)
    apart = np.linalg.norm(gaps @ grid.affine[:3, :3].T, axis=1)
    return float(apart.min()), float(apart.max())
