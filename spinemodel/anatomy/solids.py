"""Exact booleans and clearances between closed surfaces, by manifold3d."""

from __future__ import annotations

import numpy as np
from manifold3d import Error, Manifold, Mesh64

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError


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


def outside_share(inner: Manifold, outer: Manifold) -> float:
    """Return the share of the volume of ``inner`` that lies outside ``outer``."""
    return float((inner - outer).volume() / inner.volume())


def crossings(solid: Manifold, wall: Manifold) -> int:
    """Return how often a rod crosses a wall: the parts inside and outside it, less one."""
    inside, outside = solid.split(wall)
    return len(inside.decompose()) + len(outside.decompose()) - 1
