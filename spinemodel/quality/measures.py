"""Signal to noise and contrast to noise of fluid and cord, as the dataset paper has them and as MRIQC does.

Liu et al. 2024 (Scientific Data 11:1131), which says that its metrics are MRIQC's, defines by slice:

- ``SNR``: the mean of the foreground over its weighted SD; the foreground is fluid and the cord within it.
- ``CNR`` = abs(mean_CSF - mean_cord) / sqrt(var_CSF + var_cord).

These definitions are from notes on the paper; its own words could not be looked up. What the notes leave open is taken
from MRIQC, whose statistics are weighted by the share of a tissue in each voxel (``DescrStatsW``, of the population):
weights are those shares, 1 throughout a mask. The signal is the mean, as MRIQC's documentation has it; its code takes
the median.

MRIQC (``mriqc/qc/anatomical.py``, ``mriqc/interfaces/anatomical.py``):

- ``SNR_mriqc_CSF``, ``SNR_mriqc_cord`` = median / (sd sqrt(n / (n - 1))), each class by itself.
- ``CNR_mriqc`` = abs(median_CSF - median_cord) / sqrt(sd_air^2 + sd_CSF^2 + sd_cord^2) (there of white and grey matter;
  Magnotta & Friedman 2006). It needs air.

``SNR_within`` is the paper's SNR with the SD within the classes, weighted by their sizes, in place of that of the whole
foreground: the contrast between fluid and cord, which is no noise, raises the latter. No paper defines it so; it is a
choice of this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan, sqrt
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from spinemodel.quality.statistics import Statistics, corrected, pooled_variance, together

Name: TypeAlias = Literal["SNR", "SNR_within", "SNR_mriqc_CSF", "SNR_mriqc_cord", "CNR", "CNR_mriqc"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)

NO_AIR: Final = "no air was given"
CONSTANT: Final = "the image is constant there (SD 0)"


@dataclass(frozen=True)
class Measures:
    """What is measured of one slice, or of a whole image.

    Attributes
    ----------
    csf, cord
        Statistics of the classes.
    values
        By name; NaN where one is not defined.
    undefined
        Why not, by the same names.
    """

    csf: Statistics
    cord: Statistics
    values: Mapping[Name, float]
    undefined: Mapping[Name, str]

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("values", "undefined"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def measures(csf: Statistics, cord: Statistics, air_sd: float | None = None) -> Measures:
    """Return all measures of two classes.

    Parameters
    ----------
    csf, cord
        Of at least one voxel each.
    air_sd
        SD of the image outside the body.

    Examples
    --------
    >>> fluid, cord = Statistics(50, 50.0, 100.0, 3.0, 100.0), Statistics(50, 50.0, 50.0, 4.0, 50.0)
    >>> measures(fluid, cord).values["CNR"]
    10.0
    """
    foreground = together(csf, cord)
    contrast, variance = abs(csf.median - cord.median), csf.variance + cord.variance
    noises: dict[Name, tuple[float, float]] = {
        "SNR": (foreground.mean, foreground.sd),
        "SNR_within": (foreground.mean, sqrt(pooled_variance(csf, cord))),
        "SNR_mriqc_CSF": (csf.median, corrected(csf.sd, csf.n)),
        "SNR_mriqc_cord": (cord.median, corrected(cord.sd, cord.n)),
        "CNR": (abs(csf.mean - cord.mean), sqrt(variance)),
        "CNR_mriqc": (contrast, nan if air_sd is None else sqrt(air_sd**2 + variance)),
    }
    values = {name: _ratio(*pair) for name, pair in noises.items()}
    undefined = {name: _why(*pair) for name, pair in noises.items() if not isfinite(values[name])}
    return Measures(csf, cord, values, undefined)


def _ratio(signal: float, noise: float) -> float:
    """Return a signal over its noise; NaN where there is none to divide by."""
    return signal / noise if noise > 0 and isfinite(noise) else nan


def _why(signal: float, noise: float) -> str:
    """Return why a ratio is not defined."""
    if noise == 0:
        return CONSTANT
    return "a single voxel has no SD" if noise > 0 or not isfinite(signal) else NO_AIR
