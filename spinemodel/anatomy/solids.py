"""Exact booleans and clearances between closed surfaces, by manifold3d."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from manifold3d import Error, Manifold, Mesh64

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError

NOTHING_MM3: Final = 1e-6
"""Overlap that counts as none: a cube of 10 um."""


def to_solid(surface: Surface) -> Manifold:
    """Return the solid inside ``surface``.

    Raises
    ------
    GeometryError
        If the surface is not closed and consistently oriented.
    """
    solid = Manifold(Mesh64(np.array(surface.vertices), np.array(surface.faces, dtype=np.uint64)))
    if solid.status() != Error.NoError:
        raise GeometryError(
            f"surface {surface.name}: not a closed, oriented surface ({solid.status().name}); "
            "`spinemodel check` names the broken promise"
        )
    return solid


def overlap_mm3(one: Manifold, other: Manifold) -> float:
    """Return the volume that two solids share."""
    return float((one ^ other).volume())


def parts_overlap_mm3(surface: Surface) -> float:
    """Return the volume that the parts of one closed surface share, pair by pair.

    A part that looks inwards bounds a cavity and is left out.
    """
    parts = [part for part in to_solid(surface).decompose() if part.volume() > 0]
    return sum(overlap_mm3(one, other) for one, other in combinations(parts, 2))


def outside_share(inner: Manifold, outer: Manifold) -> float:
    """Return the share of the volume of ``inner`` that lies outside ``outer``."""
    return float((inner - outer).volume() / inner.volume())


def crossings(solid: Manifold, wall: Manifold) -> int:
    """Return how often a rod crosses a wall: the parts inside and outside it, less one."""
    inside, outside = solid.split(wall)
    return len(inside.decompose()) + len(outside.decompose()) - 1
