"""What montages recruit of a population: one call, from potentials along fibres to their thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.field.montage import Montage
from spinemodel.recruitment.axons import together
from spinemodel.recruitment.engine import Engine
from spinemodel.recruitment.montages import scaled
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.pulse import Pulse
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.search import find_thresholds
from spinemodel.recruitment.stretches import Group, Stretches, axons_of, site_points, stretches
from spinemodel.recruitment.thresholds import Outcome, Thresholds

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the montages, how many of their thresholds are done, and of how many."""

TOGETHER: Final = 8192
"""Thresholds that are searched for together. A choice: lanes enough for all cores, and some 100 MB of potentials."""

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
        Currents of the contacts, each montage once. Amplitudes and thresholds are mA of the contact with the largest
        current, the others in proportion: C1:-2 has the thresholds of C1:-1.
    pulse
        Course of the current.
    engine, up_to_mA, tolerance, accurate
        As of :func:`~spinemodel.recruitment.search.find_thresholds`.
    progress
        Told how far it is.

    Raises
    ------
    InputError
        If the potentials are not those of the population's fibres, a montage names a contact that they have not, or two
        montages are the same but for their size.
    """
    of_1_mA = scaled(montages)
    own, found = stretches(population, potentials), []
    each = max(1, TOGETHER // max(1, len(population)))
    for first in range(0, len(montages), each):
        some = montages[first : first + each]
        groups = [axons_of(own, montage) for montage in of_1_mA[first : first + each]]
        tell = _counter(progress, some, len(population))
        search = partial(find_thresholds, pulse=pulse, engine=engine, up_to_mA=up_to_mA, tolerance=tolerance,
                         accurate=accurate)  # fmt: skip
        for montage, of_montage, parts in zip(some, groups, _searched(groups, search, tell), strict=True):
            thresholds = _joined(own, of_montage, parts, up_to_mA, tolerance)
            site = site_points(own, np.arange(len(population)), thresholds.site_node)
            found.append(Recruited(str(montage), pulse.name, population, thresholds, site))
    return tuple(found)


def _counter(progress: Progress, montages: Sequence[Montage], fibres: int) -> Callable[[int, int], None]:
    """Return what is told how many thresholds of some montages are done, and after how many others."""
    what = str(montages[0]) if len(montages) == 1 else f"{montages[0]} to {montages[-1]}"
    return lambda done, before: progress(what, before + done, fibres * len(montages))


def _searched(
    groups: Sequence[Sequence[Group]], search: Callable[..., Thresholds], tell: Callable[[int, int], None]
) -> list[list[Thresholds]]:
    """Return the thresholds of the groups of each montage, searched for together: lanes are then many.

    Which models there are, and which fibres have a stretch, is the same in all montages.
    """
    parts: list[list[Thresholds]] = [[] for _ in groups]
    before = 0
    for same in zip(*groups, strict=True):
        axons = together([group.axons for group in same])
        whole = search(axons, progress=lambda done, _, before=before: tell(done, before))
        before += len(axons)
        for part, own in zip(parts, np.split(np.arange(len(axons)), len(groups)), strict=True):
            part.append(whole.take(own))
    return parts


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
