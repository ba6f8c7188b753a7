"""Points that two annotators drew and that belong together, and how far apart they lie."""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import FloatArray, freeze


class Paired:
    """Corresponding points, for a dataclass that has ``first`` and ``second``, each (n, 3) mm, RAS+."""

    first: FloatArray
    second: FloatArray

    def __post_init__(self) -> None:
        """Copy the points and make them read-only."""
        object.__setattr__(self, "first", freeze(self.first))
        object.__setattr__(self, "second", freeze(self.second))

    @property
    def distances(self) -> FloatArray:
        """(n,) mm between corresponding points."""
        return np.asarray(np.linalg.norm(self.second - self.first, axis=1))

    @property
    def mean(self) -> float:
        """Mean distance, mm; nan without pairs."""
        return mean_of(self.distances)

    @property
    def sd(self) -> float:
        """SD of the distances, mm, over n - 1; nan with fewer than two pairs."""
        return sd_of(self.distances)


def mean_of(values: FloatArray) -> float:
    """Return the mean, nan where there is nothing."""
    return float(values.mean()) if len(values) else np.nan


def sd_of(values: FloatArray) -> float:
    """Return the standard deviation over n - 1, nan with fewer than two values."""
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan
