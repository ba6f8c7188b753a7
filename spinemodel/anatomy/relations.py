"""What the structures of a model promise each other: nothing overlaps, and roots cross cord and dura once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from manifold3d import Manifold

from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import NOTHING_MM3, crossings, outside_share, overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES

STUB_MM: Final = 0.3
"""Deepest that a root may reach into the cord at its entry."""

FLUSH: Final = 1e-6
"""Share of the cord's volume that may lie outside the dura: where both are cut by one plane, the float32 of mesh files
keeps that plane only to 3e-5 mm."""


@dataclass(frozen=True)
class RootRelations:
    """How a root lies to cord and dura.

    Attributes
    ----------
    cord_crossings, dura_crossings
        Times that the tube passes through the surface; None where that structure is absent.
    stub_mm, stub_mm3
        Depth and volume of the part inside the cord.
    """

    cord_crossings: int | None
    dura_crossings: int | None
    stub_mm: float
    stub_mm3: float


@dataclass(frozen=True)
class Relations:
    """How all structures lie to each other.

    Attributes
    ----------
    root_overlaps_mm3
        Shared volume of every pair of roots that share any, by ``"S1_R & S2_R"``.
    cord_outside_dura
        Share of the cord's volume that the dura does not enclose.
    roots
        By root.
    """

    root_overlaps_mm3: Mapping[str, float]
    cord_outside_dura: float
    roots: Mapping[str, RootRelations]

    @property
    def failures(self) -> tuple[str, ...]:
        """The broken promises, one phrase each."""
        broken = [f"roots {pair} overlap by {shared:.3g} mm3" for pair, shared in self.root_overlaps_mm3.items()]
        if self.cord_outside_dura > FLUSH:
            broken.append(f"{100 * self.cord_outside_dura:.2g} % of the cord lies outside the dura")
        for root, to in self.roots.items():
            if to.cord_crossings not in (None, 1):
                broken.append(f"root {root} crosses the cord's surface {to.cord_crossings} times, not once")
            if to.stub_mm > STUB_MM:
                broken.append(f"root {root} reaches {to.stub_mm:.2f} mm into the cord, more than {STUB_MM:g} mm")
            if to.dura_crossings is not None and to.dura_crossings > 1:
                broken.append(f"root {root} crosses the dura {to.dura_crossings} times, not once")
        return tuple(broken)


def relate(surfaces: Mapping[str, Surface]) -> Relations:
    """Measure the relations between the surfaces of one model, by structure name.

    Raises
    ------
    GeometryError
        If a surface is not closed.
    """
    solids = {name: to_solid(surface) for name, surface in surfaces.items()}
    roots = [str(root) for root in ROOT_STRUCTURES if str(root) in solids]
    shared = {f"{a} & {b}": overlap_mm3(solids[a], solids[b]) for a, b in combinations(roots, 2)}
    nested = {CORD.name, DURA.name} <= solids.keys()
    cord = Proximity(surfaces[CORD.name]) if CORD.name in surfaces else None
    return Relations(
        {pair: volume for pair, volume in shared.items() if volume > NOTHING_MM3},
        outside_share(solids[CORD.name], solids[DURA.name]) if nested else 0.0,
        {name: _relate_root(name, solids, cord) for name in roots},
    )


def _relate_root(name: str, solids: Mapping[str, Manifold], cord: Proximity | None) -> RootRelations:
    """Return how one root lies to the walls that are there."""
    solid = solids[name]
    through = {wall: crossings(solid, solids[wall]) if wall in solids else None for wall in (CORD.name, DURA.name)}
    if cord is None:
        return RootRelations(None, through[DURA.name], 0.0, 0.0)
    stub = solid ^ solids[CORD.name]
    corners = np.array(stub.to_mesh64().vert_properties)[:, :3]
    depth = -signed_distance(cord, corners)[0].min(initial=0.0)
    return RootRelations(through[CORD.name], through[DURA.name], float(depth), float(stub.volume()))
