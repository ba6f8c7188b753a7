"""Signed distance to a surface, or to a mask's boundary, on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.spaces import require_same_space
from spinemodel.volume import _distance_cpu
from spinemodel.volume._device import Device, choose
from spinemodel.volume._triangle_frames import frames
from spinemodel.volume.distance_transform import spread
from spinemodel.volume.grid import Grid, spacing
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.mask_surface import mask_of, mask_surface
from spinemodel.volume.rasterise import rasterise

BAND_VOXELS: Final = 3.0
"""Width of the exact band to each side of the surface where none is asked for, in voxels of the coarsest spacing."""

MAX_VOXELS: Final = (1 << 31) - 1
"""Most voxels of a field; it takes 12 bytes each while it is made."""


@dataclass(frozen=True, eq=False)
class DistanceField:
    """Signed distance to a surface at the voxels of a grid.

    Attributes
    ----------
    name
        Structure that the surface shows.
    grid
        Where the voxels lie.
    values
        float32 array of the grid's shape, mm; negative inside. Read-only; not copied.
    band_mm
        Distance up to which the values are exact; farther ones follow from a distance transform.
    """

    name: str
    grid: Grid
    values: NDArray[np.float32]
    band_mm: float

    def __post_init__(self) -> None:
        """Refuse an array that does not fit the grid, and make it read-only."""
        if self.values.shape != self.grid.shape or self.values.dtype != np.float32:
            raise InputError(
                f"distance field: got {self.values.dtype} {self.values.shape}, expected float32 {self.grid.shape}"
            )
        view = self.values.view()
        view.setflags(write=False)
        object.__setattr__(self, "values", view)


def signed_distance(
    surface: Surface, grid: Grid, *, band_mm: float | None = None, device: Device = "auto"
) -> DistanceField:
    """Return the signed distance of every voxel's centre from a closed surface.

    Within the band the distance is that of the nearest triangle, to float32. Beyond, it is the distance of the triangle
    that is nearest to the nearest voxel of the band: never too small, and too large by at most the diagonal of a
    voxel, since the way to the nearest point passes within half a diagonal of a voxel of the band. That bound
    needs the nearest point to lie in the grid; a surface that leaves the grid is not known beyond it.

    Parameters
    ----------
    surface
        Closed, of the grid's space.
    grid
        Where the voxels lie; any affine. Sheared axes take far longer beyond the band.
    band_mm
        Half the band's width, at least half a voxel's diagonal; 3 voxels of the coarsest spacing where none is given.
    device
        ``cpu``, ``cuda`` or ``auto``; both give the same, but for the last bit of float32 and for far voxels that have
        two triangles to choose from.

    Raises
    ------
    GeometryError
        If the surface is open.
    InputError
        If the surface has no voxel in its band, or the band or the grid is out of bounds.
    BackendUnavailableError
        If ``cuda`` is asked for and cannot be had.

    Examples
    --------
    >>> faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    >>> corner = Surface("corner", "here", [[0, 0, 0], [8, 0, 0], [0, 8, 0], [0, 0, 8]], faces)
    >>> field = signed_distance(corner, Grid((8, 8, 8), np.eye(4), "here"))
    >>> field.values[1, 2, :4].tolist()
    [-0.0, -1.0, -1.0, -1.0]
    """
    inside = rasterise(surface, grid, device=device)
    values, band = _unsigned(surface, grid, band_mm, device)
    _distance_cpu.negate(inside.start, inside.stop, values.reshape(-1))
    return DistanceField(surface.name, grid, values, band)


def mask_distance(
    volume: LabelVolume, label: int, *, band_mm: float | None = None, device: Device = "auto"
) -> DistanceField:
    """Return the signed distance of every voxel's centre from the boundary of a mask.

    The boundary is that of :mod:`spinemodel.volume.mask_surface`, which runs between the centres inside and outside.

    Parameters
    ----------
    volume, label
        The mask: where the volume has the label.
    band_mm, device
        As of :func:`signed_distance`.

    Raises
    ------
    InputError
        If no voxel has the label.
    """
    inside = mask_of(volume, label)
    surface = mask_surface(volume, label)
    values, band = _unsigned(surface, volume.grid, band_mm, device)
    np.negative(values, out=values, where=inside)
    return DistanceField(surface.name, volume.grid, values, band)


def _unsigned(surface: Surface, grid: Grid, band_mm: float | None, device: Device) -> tuple[NDArray[np.float32], float]:
    """Return the distance of every voxel from the surface, and the band's half width, mm."""
    require_same_space(surface.space, grid.space)
    band = float(BAND_VOXELS * spacing(grid).max() if band_mm is None else band_mm)
    _require_bounds(surface, grid, band)
    backend = _distance_cpu if choose(device) == "cpu" else _cuda()
    inverse = np.asarray(np.linalg.inv(grid.affine), dtype=np.float64)
    rows = frames(surface.vertices, surface.faces, grid.affine, inverse, band)
    gram = inverse[:3, :3] @ inverse[:3, :3].T
    values, face = backend.nearest_in_band(rows, gram, band, grid.shape)
    if not (face >= 0).any():
        raise InputError(f"surface {surface.name}: no voxel of the grid is within {band:g} mm of it; use another grid")
    spread(face, grid, device=device)
    backend.measure(rows, face, values)
    return values, band


def _require_bounds(surface: Surface, grid: Grid, band: float) -> None:
    """Raise unless the band is wide enough for its far field, and the numbers of voxels and triangles fit theirs."""
    signs = np.array([[x, y, 1] for x in (-1, 1) for y in (-1, 1)])
    diagonal = float(np.linalg.norm(signs @ grid.affine[:3, :3].T, axis=1).max())
    if not diagonal / 2 <= band < np.inf:
        raise InputError(f"distance: got a band of {band:g} mm, expected at least half a voxel, {diagonal / 2:.3g} mm")
    if np.prod(grid.shape, dtype=np.int64) > MAX_VOXELS or len(surface.faces) > MAX_VOXELS:
        raise InputError(
            f"distance: got a grid of {grid.shape} and {len(surface.faces)} triangles, expected at most 2^31 - 1 of "
            "each; use a coarser grid, or one round the part in question"
        )


def _cuda() -> ModuleType:
    """Return the backend of the GPU, which is loaded only where it is used."""
    from spinemodel.volume import _distance_cuda

    return _distance_cuda
