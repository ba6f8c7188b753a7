"""The lattice of a volume: how many voxels there are, and where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.spaces import require_same_space

Shape: TypeAlias = tuple[int, int, int]

MAX_SIDE: Final = 1 << 13
"""Most voxels along a side: with it, vertices a whole grid away from the grid still fit the rasteriser's integers."""


class Image(Protocol):
    """What :func:`like` needs to know of an image; nibabel's images do."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""

    @property
    def affine(self) -> FloatArray:
        """(4, 4) map of voxel indices to RAS+ mm."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A lattice of voxels in a named space.

    Attributes
    ----------
    shape
        Voxels along each axis.
    affine
        (4, 4) map of voxel indices to RAS+ mm; whole numbers are the voxels' centres, as in NIfTI. Any rotation,
        flip, spacing and shear.
    space
        Name of the coordinate space.
    """

    shape: Shape
    affine: FloatArray
    space: str

    def __post_init__(self) -> None:
        """Copy the affine and refuse a lattice without volume or beyond the rasteriser's bounds."""
        if len(self.shape) != 3 or not all(1 <= n <= MAX_SIDE and n == int(n) for n in self.shape):
            sides = " x ".join(f"{n:g}" for n in self.shape)
            raise InputError(f"grid: got {sides} voxels, expected three sides of 1 to {MAX_SIDE}")
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "affine", freeze(self.affine))
        matrix = self.affine
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or not np.array_equal(matrix[3], [0, 0, 0, 1]):
            raise InputError("grid: expected a finite (4, 4) affine with last row 0 0 0 1")
        # Measured in units of the voxel itself, so that a fine lattice is not taken for a flat one.
        sides = np.linalg.norm(matrix[:3, :3], axis=0)
        if not sides.all() or abs(np.linalg.det(matrix[:3, :3] / sides)) < 1e-6:
            raise InputError("grid: the affine has no volume; expected three axes that are not in one plane")


def like(image: Image, space: str) -> Grid:
    """Return the grid of an image of three or more axes, such as one that nibabel read.

    Examples
    --------
    >>> import nibabel
    >>> like(nibabel.Nifti1Image(np.zeros((4, 5, 6)), np.eye(4)), "sub-03/scanner").shape
    (4, 5, 6)
    """
    if len(image.shape) < 3:
        raise InputError(f"image: got {len(image.shape)} axes, expected at least 3")
    return Grid(image.shape[:3], image.affine, space)  # type: ignore[arg-type]


def around(
    surfaces: Iterable[Surface] | Mapping[str, Surface], spacing_mm: float | Sequence[float], margin_mm: float = 2.0
) -> Grid:
    """Return the axis-aligned grid that holds ``surfaces`` with a margin.

    Faces of voxels lie on whole multiples of the spacing, so that grids of one spacing fit each other.

    Parameters
    ----------
    surfaces
        Of one space; some, or a model's by name.
    spacing_mm
        Of all axes, or of each.
    margin_mm
        Least space between a surface and the grid's border.

    Raises
    ------
    InputError
        If there is no surface, the spacing is not positive, or the grid would be too large.

    Examples
    --------
    >>> faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    >>> corner = Surface("corner", "here", [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]], faces)
    >>> around([corner], 0.5, margin_mm=1).shape
    (8, 8, 8)
    """
    given = surfaces.values() if isinstance(surfaces, Mapping) else surfaces
    group = [surface for surface in given if len(surface.vertices)]
    sides = np.atleast_1d(np.asarray(spacing_mm, dtype=np.float64))
    spacing = np.broadcast_to(sides, 3) if sides.shape in ((1,), (3,)) else np.zeros(3)
    if not group or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise InputError(f"grid: got {len(group)} surfaces and spacing {spacing_mm} mm, expected 1 or more, above 0")
    space = require_same_space(*(surface.space for surface in group))
    low = np.min([surface.vertices.min(axis=0) for surface in group], axis=0) - margin_mm
    high = np.max([surface.vertices.max(axis=0) for surface in group], axis=0) + margin_mm
    first, last = np.floor(low / spacing), np.ceil(high / spacing)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (first + 0.5) * spacing
    return Grid(tuple((last - first).astype(int)), affine, space)


def refined(grid: Grid, times: int) -> Grid:
    """Return the grid whose voxels are ``times`` smaller along each axis and fill the same space."""
    matrix = np.diag([1 / times] * 3 + [1.0])
    matrix[:3, 3] = (1 - times) / (2 * times)
    nx, ny, nz = grid.shape
    return Grid((nx * times, ny * times, nz * times), grid.affine @ matrix, grid.space)


def spacing(grid: Grid) -> FloatArray:
    """Return the distance of neighbouring voxels along each axis, (3,) mm."""
    return np.asarray(np.linalg.norm(grid.affine[:3, :3], axis=0))


def voxel_mm3(grid: Grid) -> float:
    """Return the volume of a voxel, mm3."""
    return float(abs(np.linalg.det(grid.affine[:3, :3])))


def to_mm(grid: Grid, indices: FloatArray) -> FloatArray:
    """Return the place of voxel indices (n, 3), which need not be whole, in RAS+ mm."""
    return np.asarray(indices @ grid.affine[:3, :3].T + grid.affine[:3, 3])


def to_indices(grid: Grid, points: FloatArray) -> FloatArray:
    """Return the voxel indices, not rounded, of points (n, 3) in RAS+ mm."""
    inverse = np.linalg.inv(grid.affine)
    return np.asarray(points @ inverse[:3, :3].T + inverse[:3, 3])


AFFINE_TOLERANCE: Final = 1e-3
"""Two grids are one where no corner differs by more than this share of a voxel: float32 headers round that much."""


def require_same_grid(first: Grid, second: Grid) -> None:
    """Raise unless both grids have the same shape, place and space.

    Raises
    ------
    SpaceMismatchError
        If they differ.
    """
    require_same_space(first.space, second.space)
    if first.shape != second.shape:
        raise SpaceMismatchError(f"grids differ: {first.shape} and {second.shape} voxels; rasterise both on one grid")
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * first.shape
    apart = np.abs(to_indices(first, to_mm(second, corners)) - corners).max()
    if apart > AFFINE_TOLERANCE:
        raise SpaceMismatchError(f"grids differ: corners up to {apart:.3g} voxels apart; rasterise both on one grid")
