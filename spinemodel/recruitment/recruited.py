"""Thresholds of a population in one montage: what curves and selectivity are told from."""

from __future__ import annotations

from dataclasses import dataclass

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.thresholds import Thresholds


@dataclass(frozen=True, eq=False)
class Recruited:
    """One montage, one pulse.

    Attributes
    ----------
    montage, pulse
        As told.
    population
        Its n fibres.
    thresholds
        Theirs.
    site
        (n, 3) mm, RAS+, where each fibre fires first; NaN where it does not.
    """

    montage: str
    pulse: str
    population: Population
    thresholds: Thresholds
    site: FloatArray

    def __post_init__(self) -> None:
        """Copy the sites, make them read-only, and see that all are of the same fibres."""
        object.__setattr__(self, "site", freeze(self.site))
        n = len(self.population)
        if len(self.thresholds) != n or self.site.shape != (n, 3):
            raise InputError(
                f"recruited: got {len(self.thresholds)} thresholds and sites {self.site.shape} of {n} fibres"
            )
