"""A dense volume of measured numbers, such as the Hounsfield units of a CT."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid

ScalarArray: TypeAlias = NDArray[np.int16] | NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ScalarVolume:
    """One number per voxel.

    Attributes
    ----------
    grid
        Where the voxels lie.
    values
        int16 or float32 array of the grid's shape, in the image's own unit. Read-only; not copied, since it may be
        large.
    """

    grid: Grid
    values: ScalarArray

    def __post_init__(self) -> None:
        """Refuse an array that does not fit the grid, and make it read-only."""
        if self.values.shape != self.grid.shape or self.values.dtype not in (np.int16, np.float32):
            got = f"{self.values.dtype} {self.values.shape}"
            raise InputError(f"image: got {got}, expected int16 or float32 {self.grid.shape}")
        view = self.values.view()
        view.setflags(write=False)
        object.__setattr__(self, "values", view)


def scalars_of(path: Path, raw: NDArray[Any], slope: float = 1.0, inter: float = 0.0) -> ScalarArray:
    """Return stored numbers as an image's values: int16 where they are such and unscaled, float32 otherwise.

    Parameters
    ----------
    path
        Of the image, for errors.
    raw
        Stored numbers, of three axes.
    slope, inter
        A voxel's value is its number times ``slope`` plus ``inter``. They are applied in float64, slice by slice.

    Raises
    ------
    InputError
        If the voxels hold colours or complex numbers.
    """
    if raw.dtype.kind not in "iuf":
        raise InputError(f"{path}: voxels of type {raw.dtype}; expected one real number per voxel")
    plain = (slope, inter) == (1.0, 0.0)
    if plain and np.can_cast(raw.dtype, np.int16):
        return raw.astype(np.int16)
    values = np.empty(raw.shape, dtype=np.float32)
    for k in range(raw.shape[2]):
        values[:, :, k] = raw[:, :, k] if plain else raw[:, :, k] * np.float64(slope) + inter
    return values
