"""A dense volume of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid

LabelArray: TypeAlias = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class LabelVolume:
    """One label per voxel.

    Attributes
    ----------
    grid
        Where the voxels lie.
    values
        uint16 array of the grid's shape; 0 is the background. Read-only; not copied, since it may be large.
    names
        Name of each label; labels without one are called by their number.
    """

    grid: Grid
    values: LabelArray
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        """Refuse an array that does not fit the grid, and make it read-only."""
        if self.values.shape != self.grid.shape or self.values.dtype != np.uint16:
            raise InputError(
                f"label volume: got {self.values.dtype} {self.values.shape}, expected uint16 {self.grid.shape}"
            )
        view = self.values.view()
        view.setflags(write=False)
        object.__setattr__(self, "values", view)
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))
