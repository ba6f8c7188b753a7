"""Insulators beside electrodes: where tissue ends at their surfaces, as it does at the metal's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from spinemodel.anatomy.surface import Surface, corners
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.field._electrode_pieces import TRIES, Pieces, facets_of, touching
from spinemodel.field.cells import Cells
from spinemodel.field.problem import Electrode

BESIDE: Final = 1.0
"""Cells round an electrode in which walls are looked at: a function of the basis reaches over one. A choice by
measurement: with 2 the impedances of a paddle change by 0.1 %."""

AHEAD: Final = TRIES[:3]
"""A wall that has no tissue before it is one inside the lead."""

_LEVEL: Final = 1e-6
"""Of the reach: what lies no further behind a surface lies in it; a choice, far above rounding."""


def walls_beside(
    walls: Sequence[Surface], electrodes: Sequence[Electrode], cells: Sequence[Cells]
) -> Iterator[Pieces]:
    """Yield the pieces of walls beside electrodes that touch tissue, over single sub-voxels."""
    held = [facets_of(one.triangles, cells, False) for one in electrodes]
    places = np.concatenate([np.empty((0, 3)), *(one.centre for one in held)])
    normals = np.concatenate([np.empty((0, 3)), *(one.normal for one in held)])
    reach, near = BESIDE * cells[0].box.spacing_mm, cKDTree(places)
    for wall in walls:
        around = _around(corners(wall), places, reach)
        if len(around):  # Cut at cells first: of a large wall little lies beside an electrode.
            coarse, _ = touching(facets_of(around, cells, False), cells, AHEAD)
            distance, nearest = (np.atleast_1d(one) for one in near.query(coarse.centre, distance_upper_bound=reach))
            beside = np.flatnonzero(np.isfinite(distance))
            metal = nearest[beside]
            away = places[metal] - coarse.centre[beside]
            beside = beside[~_under(away, coarse.normal[beside], normals[metal], reach)]
            if len(beside):
                yield touching(facets_of(coarse.corners[beside], cells, True), cells, AHEAD)[0]


def _under(away: FloatArray, normal: FloatArray, metal: FloatArray, reach: float) -> BoolArray:
    """Tell which walls border on the metal of a contact, not on tissue: those under its surface that face its middle.

    ``away`` (n, 3) leads from a wall to the nearest metal; ``normal`` and ``metal`` (n, 3) are their normals.
    """
    behind, faces = (np.einsum("nx,nx->n", away, way) for way in (metal, normal))
    return np.asarray((behind > _LEVEL * reach) & (faces > _LEVEL * reach))


def _around(triangles: FloatArray, places: FloatArray, reach: float) -> FloatArray:
    """Return the triangles that come near the box that holds places; none where there is no place."""
    low, high = places.min(axis=0, initial=np.inf) - reach, places.max(axis=0, initial=-np.inf) + reach
    return np.asarray(triangles[((triangles.max(axis=1) >= low) & (triangles.min(axis=1) <= high)).all(axis=1)])
