"""The stretches of fibres that a montage can make fire, as axons: cut out of paths that are ten times as long.

Nodes lie along a path from its first one on, at the distance that the diameter tells; closer in the dorsal column (see
:mod:`spinemodel.recruitment.column_nodes`). What depolarises a fibre is the second difference of the potential from
node to node (Rattay 1986). A stretch holds all nodes where it is over a tenth of its largest value, of either sign
apart, and some more.

Between the points where the potential is known it is a cubic spline along the path.

Where a path ends (in the dorsal column, at the cord, at the ganglion), its fibre goes on, and where to is not drawn.
There the axon goes on as it is in a potential of constant slope, which drives it no further: what is not drawn is taken
for a cable that only carries on what the path's own potential begins. So the end of what is simulated lies far from
what is driven, and whether a fibre fires near the end of its path is a matter of its path. An axon that ends there
would fire at the cut end itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.field.montage import Montage, combined
from spinemodel.recruitment._splines import curvatures, spline_at
from spinemodel.recruitment.axons import PERIODS, Axons, Model, compartments
from spinemodel.recruitment.column_nodes import cable_mm
from spinemodel.recruitment.geometry import centres_um
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.propagation import LEAST_NODES
from spinemodel.recruitment.sizes import sizes_of

SHARE: Final = 0.1
"""Share of the largest second difference, of either sign, from which a node belongs to the stretch."""

FEWEST_NODES: Final = 3
"""Of a fibre on its own path."""

MARGIN: Final = 12
"""Nodes more at either end; beyond the end of the path, where it is that near.

Both are choices by measurement: on 42 fibres of a real subject with 10 mm of dorsal column and three montages,
thresholds are within 0.01 % of those of whole fibres with 30 nodes beyond either end of their paths, with the same
outcomes, at 45 % of their nodes. With a margin of 10 they differ by up to 0.04 %, with 8 by 0.3 %; whole fibres with 4
nodes beyond their paths by 10 %, and every fifth fires at an end.
"""

LEAST_DRIVE: Final = 1e-9
"""mV per mA: a second difference that is none."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """Fibres with the potential of every contact along them.

    Attributes
    ----------
    population
        The n fibres.
    potentials
        On points of their paths.
    cable_mm
        Of each of these points, the distance along its fibre in which nodes are evenly spaced.
    begin, end
        (n,) the points of each fibre's longest run without a gap: from ``begin`` to before ``end``.
    """

    population: Population
    potentials: FibrePotentials
    cable_mm: FloatArray
    begin: IntArray
    end: IntArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "cable_mm", freeze(self.cable_mm))
        for name in ("begin", "end"):
            object.__setattr__(self, name, freeze_int(getattr(self, name)))

    def points(self, fibre: int) -> slice:
        """Return which points are those of a fibre."""
        return slice(*(int(end) for end in self.potentials.offsets[fibre : fibre + 2]))

    @cached_property
    def phase_mm(self) -> FloatArray:
        """Cable's distance to the first node of each fibre, (n,)."""
        arcs, cable, first = self.potentials.arc_mm, self.cable_mm, self.population.first_mm
        own = [self.points(k) for k in range(len(first))]
        return freeze([np.interp(at, arcs[part], cable[part]) for at, part in zip(first, own, strict=True)])

    @cached_property
    def spacing_mm(self) -> FloatArray:
        """Distance of the nodes of each fibre along the cable, (n,)."""
        spacing = np.empty(len(self.population))
        for model, own in _by_model(self.population).items():
            spacing[own] = sizes_of(model, self.population.diameter_um[own]).spacing_um / 1000
        return freeze(spacing)

    @cached_property
    def nodes(self) -> IntArray:
        """First node of each fibre that lies in its run, and the number of those that do, (n, 2)."""
        s, first = self.cable_mm, self.phase_mm
        low, high = s[np.minimum(self.begin, len(s) - 1)], s[np.maximum(self.end, 1) - 1]
        lowest = np.maximum(np.ceil((low - first) / self.spacing_mm - 1e-9), 0).astype(int)
        highest = np.floor((high - first) / self.spacing_mm + 1e-9).astype(int)
        return freeze_int(np.stack([lowest, np.where(self.end > self.begin, highest - lowest + 1, 0).clip(0)], axis=1))

    @cached_property
    def path_ends(self) -> BoolArray:
        """Whether each fibre's run begins and ends where its path does, and not at a gap, (n, 2)."""
        offsets = self.potentials.offsets
        return np.stack([self.begin == offsets[:-1], self.end == offsets[1:]], axis=1)


@dataclass(frozen=True, eq=False)
class Group:
    """Stretches of fibres of one model.

    Attributes
    ----------
    fibres
        (m,) which fibres of the population.
    first
        (m,) number of each stretch's first node, counted along its fibre; negative beyond the path's central end.
    axons
        The m stretches.
    """

    fibres: IntArray
    first: IntArray
    axons: Axons


def stretches(population: Population, potentials: FibrePotentials) -> Stretches:
    """Return the fibres of a population with their potentials.

    Raises
    ------
    InputError
        If the potentials are not those of these fibres, or are complex.
    """
    if potentials.names != population.names:
        raise InputError(f"stretches: got potentials of {len(potentials.names)} fibres that are not the population's "
                         f"{len(population)}; sample the field on the population's paths")  # fmt: skip
    if np.iscomplexobj(potentials.potential):
        raise InputError("stretches: got complex potentials; expected those of a quasi-static field")
    known = np.isfinite(potentials.potential).all(axis=0)
    runs = [_longest(known[a:b]) for a, b in zip(potentials.offsets[:-1], potentials.offsets[1:], strict=True)]
    begin, end = potentials.offsets[:-1] + np.array(runs, dtype=int).reshape(-1, 2).T
    arcs = np.split(potentials.arc_mm, potentials.offsets[1:-1])
    cable = [cable_mm(arc, path.column_mm) for arc, path in zip(arcs, population.paths, strict=True)]
    return Stretches(population, potentials, np.concatenate(cable), begin, end)


def axons_of(
    stretches: Stretches, montage: Montage, *, share: float = SHARE, margin: int = MARGIN
) -> tuple[Group, ...]:
    """Return the stretches that a montage can make fire, of each model in turn.

    A fibre is in none where its longest run with potentials holds under three of its nodes, or, with those that may lie
    beyond its path, under ``LEAST_NODES``.

    Parameters
    ----------
    stretches
        Fibres.
    montage
        Currents of the contacts.
    share, margin
        What is cut off: nodes beyond the outermost ones with this share of the largest second difference, and so many
        more, which may lie beyond the ends of the path. A share of 0 keeps whole fibres.
    """
    potentials = stretches.potentials
    values = combined(potentials.potential, montage, potentials.contacts)
    curvature = curvatures(stretches.begin, stretches.end, stretches.cable_mm, values)
    usable = _reach(stretches, margin) >= LEAST_NODES
    groups = []
    for model, own in _by_model(stretches.population).items():
        fibres = own[usable[own]]
        if len(fibres):
            groups.append(_group(stretches, model, fibres, values, curvature, share, margin))
    return tuple(groups)


def _reach(stretches: Stretches, margin: int) -> IntArray:
    """Return how many nodes a stretch of each fibre may have, (n,), those beyond its path among them; 0 of no three."""
    nodes = stretches.nodes[:, 1]
    return np.where(nodes >= FEWEST_NODES, nodes + margin * stretches.path_ends.sum(axis=1), 0)


def site_points(stretches: Stretches, fibres: IntArray, nodes: IntArray) -> FloatArray:
    """Return where nodes of fibres lie, (m, 3) mm; NaN where the node is negative.

    Nodes are counted along their fibres, so that node k of a group's stretch i is ``group.first[i] + k``.
    """
    out = np.full((len(fibres), 3), np.nan)
    at = stretches.phase_mm[fibres] + nodes * stretches.spacing_mm[fibres]
    for row in np.flatnonzero(np.asarray(nodes) >= 0):
        own = stretches.points(fibres[row])
        points = stretches.potentials.points[own].T
        out[row] = [np.interp(at[row], stretches.cable_mm[own], column) for column in points]
    return out


def _by_model(population: Population) -> dict[Model, IntArray]:
    """Return which fibres are of each model."""
    models = np.array(population.models)
    return {model: np.flatnonzero(models == model) for model in dict.fromkeys(population.models)}


def _longest(known: BoolArray) -> tuple[int, int]:
    """Return begin and end of the longest run that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = int((stops - starts).argmax())
    return int(starts[best]), int(stops[best])


def _group(
    stretches: Stretches,
    model: Model,
    fibres: IntArray,
    values: FloatArray,
    curvature: FloatArray,
    share: float,
    margin: int,
) -> Group:
    """Return the stretches of fibres of one model."""
    spline = (stretches.begin[fibres], stretches.end[fibres], stretches.cable_mm, values, curvature)
    spacing, phase = stretches.spacing_mm[fibres], stretches.phase_mm[fibres]
    first, count = stretches.nodes[fibres].T
    numbers = first[:, None] + np.arange(-1, count.max() + 1)
    at_nodes = spline_at(*spline, phase[:, None] + numbers * spacing[:, None])
    low, high = _window(at_nodes, count, stretches.path_ends[fibres], share, margin)
    sizes = sizes_of(model, stretches.population.diameter_um[fibres])
    middles = np.zeros((len(fibres), 1)) if PERIODS[model] == 1 else centres_um(sizes) / 1000
    periods = np.arange((high - low).max() + 1)
    begin = phase + (first + low) * spacing
    at = (begin[:, None] + periods * spacing[:, None])[:, :, None] + middles[:, None]
    most = int(compartments(model, (high - low).max() + 1))
    potential = spline_at(*spline, at.reshape(len(fibres), -1)[:, :most])
    return Group(fibres, first + low, Axons(model, sizes, high - low + 1, potential))


def _window(
    values: FloatArray, count: IntArray, path_ends: BoolArray, share: float, margin: int
) -> tuple[IntArray, IntArray]:
    """Return the first and the last node (m,) of each stretch, told from the first of the fibre's ``count`` in its run.

    ``values`` (m, most + 2) are the potential at these nodes, and at one more at either end.
    """
    nodes = np.arange(values.shape[1] - 2)
    inner = (nodes >= ~path_ends[:, :1]) & (nodes < count[:, None] - ~path_ends[:, 1:])
    drive = np.where(inner, np.diff(values, 2, axis=1), 0.0)
    driven = np.zeros(drive.shape, dtype=bool)
    for one in (drive, -drive):
        driven |= one >= np.maximum(share * one.max(axis=1, keepdims=True), LEAST_DRIVE)
    least, most = -margin * path_ends[:, 0], count - 1 + margin * path_ends[:, 1]
    low = np.maximum(driven.argmax(axis=1) - margin, least)
    high = np.minimum(len(nodes) - 1 - driven[:, ::-1].argmax(axis=1) + margin, most)
    missing = np.maximum(LEAST_NODES - (high - low + 1), 0)
    high = np.minimum(high + missing, most)
    return np.minimum(low, high - LEAST_NODES + 1), high
