"""Where in their voxels the samples of a grid lie, if not in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.arrays import IntArray, freeze_int
from spinemodel.errors import InputError

HALF: Final = 1 << 15
"""Half a voxel, in 2^-16: every sample is nearer to its voxel's centre along an axis."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Where samples lie in their voxels, in a pattern that repeats along all axes.

    Attributes
    ----------
    aside
        (S, S, S, 3) from the voxels' centres, 2^-16 voxels, less than 2^15 either way. The first two do not depend on
        the third index: samples of a column lie above one another.
    phase
        Place in the pattern of the grid's first voxel, alike along all axes, 0 to S - 1.

    Examples
    --------
    >>> Samples(np.full((1, 1, 1, 3), 1 << 14), 0).is_middle
    False
    """

    aside: IntArray
    phase: int

    def __post_init__(self) -> None:
        """Copy the array, make it read-only and refuse what is no pattern."""
        given = np.asarray(self.aside)
        if given.dtype.kind not in "iuf":
            raise InputError(f"samples: got aside of {given.dtype}, expected whole numbers of 2^-16 voxels")
        given = given.astype(np.float64)
        if given.ndim != 4 or given.shape != (len(given),) * 3 + (3,) or not given.size:
            raise InputError(f"samples: got aside of shape {given.shape}, expected (S, S, S, 3) with S of 1 or more")
        if not (np.abs(given) < HALF).all() or (given != np.round(given)).any():
            raise InputError(
                f"samples: got aside from {given.min()} to {given.max()}, expected whole numbers of 2^-16 voxels, less "
                f"than {HALF} either way"
            )
        if (given[..., :2] != given[:, :, :1, :2]).any():
            raise InputError("samples: got aside that changes along a column, expected its x and y alike for all z")
        if self.phase not in range(len(given)):
            raise InputError(f"samples: got phase {self.phase}, expected a whole number from 0 to {len(given) - 1}")
        object.__setattr__(self, "aside", freeze_int(given))
        object.__setattr__(self, "phase", int(self.phase))

    @property
    def is_middle(self) -> bool:
        """Whether all lie in the middle of their voxels."""
        return not self.aside.any()
