"""What curves are made of: a row for every fibre, without its path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemodel.arrays import FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import InputError
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.thresholds import Outcome


@dataclass(frozen=True, eq=False)
class FibreTable:
    """Thresholds of n fibres in one montage for one pulse.

    Attributes
    ----------
    montage, pulse
        As told.
    space
        Name of the coordinate space of ``site``.
    fibres, roots, classes, models
        (n) names, as in :class:`~spinemodel.recruitment.population.Population`.
    diameter_um
        (n,) with myelin.
    weight
        (n,) share of its root's and class's fibres that each stands for.
    threshold_mA, outcome, latency_ms, up_to_mA, tolerance
        As in :class:`~spinemodel.recruitment.thresholds.Thresholds`.
    site
        (n, 3) mm, RAS+, where each fires first; NaN where it does not.
    """

    montage: str
    pulse: str
    space: str
    fibres: tuple[str, ...]
    roots: tuple[str, ...]
    classes: tuple[str, ...]
    models: tuple[str, ...]
    diameter_um: FloatArray
    weight: FloatArray
    threshold_mA: FloatArray
    outcome: IntArray
    latency_ms: FloatArray
    site: FloatArray
    up_to_mA: float
    tolerance: float

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that all are of the same fibres."""
        numbers = ("diameter_um", "weight", "threshold_mA", "latency_ms", "site")
        for name in numbers:
            object.__setattr__(self, name, freeze(getattr(self, name)))
        object.__setattr__(self, "outcome", freeze_int(self.outcome))
        names = ("fibres", "roots", "classes", "models", "outcome", *numbers)
        counts = {name: len(getattr(self, name)) for name in names}
        if len(set(counts.values())) != 1 or self.site.shape != (len(self), 3):
            raise InputError(f"fibres: got {counts} entries and sites {self.site.shape}; expected one of each a fibre")

    def __len__(self) -> int:
        """Return the number of fibres."""
        return len(self.fibres)

    @property
    def activated_mA(self) -> FloatArray:
        """Threshold of the fibres that are activated, infinite for all others, (n,) mA."""
        return np.where(self.outcome == Outcome.ACTIVATED, self.threshold_mA, np.inf)


def fibre_table(recruited: Recruited) -> FibreTable:
    """Return the rows of a population's fibres."""
    population, thresholds = recruited.population, recruited.thresholds
    return FibreTable(
        montage=recruited.montage,
        pulse=recruited.pulse,
        space=population.space,
        fibres=population.names,
        roots=population.roots,
        classes=population.classes,
        models=population.models,
        diameter_um=population.diameter_um,
        weight=population.weight,
        threshold_mA=thresholds.threshold_mA,
        outcome=thresholds.outcome,
        latency_ms=thresholds.latency_ms,
        site=recruited.site,
        up_to_mA=thresholds.up_to_mA,
        tolerance=thresholds.tolerance,
    )
