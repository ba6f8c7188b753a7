"""What montages recruit of a population: one call, from potentials along fibres to their thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.field.montage import Montage
from spinemodel.recruitment.engine import Engine
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.pulse import Pulse
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.search import find_thresholds
from spinemodel.recruitment.stretches import Group, Stretches, axons_of, site_points, stretches
from spinemodel.recruitment.thresholds import Outcome, Thresholds

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the montage, how many of its fibres are done, and of how many."""

UP_TO_MA: Final = 20.0
"""Largest amplitude that is tried unless told. A choice: implanted stimulators give up to some 25 mA."""

TOLERANCE: Final = 1e-3
"""Relative width of a threshold's last bracket unless told."""


def recruit(
    population: Population,
    potentials: FibrePotentials,
    montages: Sequence[Montage],
    pulse: Pulse,
    *,
    engine: Engine,
    up_to_mA: float = UP_TO_MA,
    tolerance: float = TOLERANCE,
    accurate: bool = False,
    progress: Progress = lambda montage, done, total: None,
) -> tuple[Recruited, ...]:
    """Return the threshold of every fibre in each montage, and where it fires first.

    Parameters
    ----------
    population
        Fibres.
    potentials
        Of every contact on their paths: sampled once, they serve all montages and pulses.
    montages
        Currents of the contacts. Amplitudes are multiples of these.
    pulse
        Course of the current.
    engine, up_to_mA, tolerance, accurate
        As of :func:`~spinemodel.recruitment.search.find_thresholds`.
    progress
        Told how far it is.

    Raises
    ------
    InputError
        If the potentials are not those of the population's fibres, or a montage names a contact that they have not.
    """
    own = stretches(population, potentials)
    found = []
    for montage in montages:
        groups, parts, done = axons_of(own, montage), [], 0
        for group in groups:
            tell = _counter(progress, str(montage), done, len(population))
            parts.append(find_thresholds(group.axons, pulse, engine, up_to_mA=up_to_mA, tolerance=tolerance,
                                         accurate=accurate, progress=tell))  # fmt: skip
            done += len(group.fibres)
        thresholds = _joined(own, groups, parts, up_to_mA, tolerance)
        site = site_points(own, np.arange(len(population)), thresholds.site_node)
        found.append(Recruited(str(montage), pulse.name, population, thresholds, site))
    return tuple(found)


def _counter(progress: Progress, montage: str, before: int, total: int) -> Callable[[int, int], None]:
    """Return what is told how many fibres of a group are done, ``before`` of others being so already."""
    return lambda done, _: progress(montage, before + done, total)


def _joined(
    own: Stretches, groups: Sequence[Group], parts: Sequence[Thresholds], up_to_mA: float, tolerance: float
) -> Thresholds:
    """Return the thresholds of all fibres, nodes counted along each; those in no group are left out.

    What fires first beyond the end of a path is told at the path's last node, as ``AT_END``.
    """
    count = len(own.population)
    threshold, latency = np.full(count, np.nan), np.full(count, np.nan)
    outcome, node = np.full(count, Outcome.LEFT_OUT.value), np.full(count, -1)
    for group, part in zip(groups, parts, strict=True):
        fires, site = part.site_node >= 0, group.first + part.site_node
        first, nodes = own.nodes[group.fibres].T
        drawn = np.clip(site, first, first + nodes - 1)
        threshold[group.fibres], latency[group.fibres] = part.threshold_mA, part.latency_ms
        outcome[group.fibres] = np.where(fires & (site != drawn), Outcome.AT_END, part.outcome)
        node[group.fibres] = np.where(fires, drawn, -1)
    return Thresholds(threshold, outcome, node, latency, up_to_mA, tolerance)
