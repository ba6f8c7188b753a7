"""Heights of the discs between vertebrae, and of that on the sacrum."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface, volume
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._frame import extent, lattice, orthonormal
from spinemodel.vertebrae.angles import disc_axes, upper_of
from spinemodel.vertebrae.body import Body, Endplate
from spinemodel.vertebrae.heights import Heights
from spinemodel.vertebrae.names import disc_below
from spinemodel.vertebrae.sacrum import plate_marks
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import column_of

CELL_MM: Final = 1.0
"""Side of the cells over which a disc's height is averaged: a choice, two columns of an endplate."""

LEAST_SHARED_MM2: Final = 50.0
"""Endplates that face each other over less have no disc between them: a choice, a fifth of a small one."""


@dataclass(frozen=True)
class DiscHeights:
    """Heights of a disc along the mean of the normals of its endplates, mm.

    Attributes
    ----------
    name
        As in :mod:`spinemodel.vertebrae.names`.
    anterior, middle, posterior
        Between the endplates: from their front corners, middles and back corners. Of a mesh: means over the front,
        middle and back third of its depth, in the middle third of its width.
    mean
        Over all the ground that both endplates cover; of a mesh, its volume over that ground.
    """

    name: str
    anterior: float
    middle: float
    posterior: float
    mean: float


def disc_heights(above: Body, below: Body, of_above: Heights, of_below: Heights) -> DiscHeights:
    """Return the heights of the disc between two vertebrae, from their endplates.

    Only what lies along the axis counts, so that a vertebra that slipped forwards does not make its disc higher.

    Raises
    ------
    GeometryError
        If the endplates do not face each other.
    """
    return _between(above, below, below.name, of_above, of_below.points[[0, 4, 1]])


def disc_heights_on_sacrum(above: Body, sacrum: Endplate, of_above: Heights) -> DiscHeights:
    """Return the heights of the disc between the last lumbar vertebra and S1, likewise.

    Of S1 the corners and the middle are marked on the endplate alone
    (:func:`~spinemodel.vertebrae.sacrum.plate_marks`).
    """
    marks = plate_marks(sacrum, disc_frame(above, sacrum)[0], of_above.middle)
    return _between(above, sacrum, "S1", of_above, marks)


def _between(
    above: Body, below: Body | Endplate, lower: str, of_above: Heights, marks: FloatArray
) -> DiscHeights:
    """Return the heights of a disc; ``marks`` (3, 3) mm are the front, middle and back of the endplate below."""
    axes, centre = disc_frame(above, below)
    front, middle, back = (of_above.points[[2, 5, 3]] - marks) @ axes[2]
    gaps = shared_gaps(above.lower, upper_of(below), axes, centre)
    name = disc_below(above.name, lower)
    if len(gaps) * CELL_MM**2 < LEAST_SHARED_MM2:
        raise GeometryError(
            f"disc {name}: the endplates of {above.name} and {lower} face each other over "
            f"{len(gaps) * CELL_MM**2:.0f} mm2, expected {LEAST_SHARED_MM2:g} or more; are both of one spine?"
        )
    return DiscHeights(name, float(front), float(middle), float(back), float(gaps.mean()))


def disc_frame(above: Body, below: Body | Endplate) -> tuple[FloatArray, FloatArray]:
    """Return the axes of a disc, (3, 3) rows right, anterior, cranial, and its centre (3,) mm."""
    lower = upper_of(below)
    up = lower.normal - above.lower.normal
    return orthonormal(up, disc_axes(above, below)[1]), (above.lower.centre + lower.centre) / 2


def shared_gaps(above: Endplate, below: Endplate, axes: FloatArray, centre: FloatArray) -> FloatArray:
    """Return the heights between two endplates in each cell that both cover, (n,) mm."""
    cells = []
    for plate in (above, below):
        local = (plate.points - centre) @ axes.T
        keys, which = np.unique(np.floor(local[:, :2] / CELL_MM).astype(np.int64), axis=0, return_inverse=True)
        level = np.bincount(which.reshape(-1), local[:, 2]) / np.bincount(which.reshape(-1))
        cells.append(dict(zip(map(tuple, keys.tolist()), level.tolist(), strict=True)))
    return np.array([cells[0][key] - cells[1][key] for key in cells[0].keys() & cells[1].keys()])


def disc_heights_of_mesh(disc: Surface, above: Body, below: Body | Endplate) -> DiscHeights:
    """Return the heights of a disc from its own mesh, along the mean of the normals of its endplates.

    ``below`` is the endplate of S1 where the disc lies on the sacrum.

    Raises
    ------
    GeometryError
        If the mesh is open, or has no front, middle or back third.
    SpaceMismatchError
        If it does not live in the vertebrae's space.
    """
    require_same_space(disc.space, above.space, *([] if isinstance(below, Endplate) else [below.space]))
    axes, centre = disc_frame(above, below)
    low, high = extent(disc, axes, centre)
    grid = lattice(axes, centre, low, high, np.array([CELL_MM / 2, CELL_MM / 2, CELL_MM / 20]), disc.space)
    i, j, start, stop = column_of(rasterise(disc, grid, device="cpu"))
    thickness = np.zeros(grid.shape[:2])
    np.add.at(thickness, (i, j), (stop - start) * CELL_MM / 20)
    ground = thickness > 0
    across = _thirds(np.flatnonzero(ground.any(axis=1)))[1]
    third = [thickness[across][:, part] for part in _thirds(np.flatnonzero(ground.any(axis=0)))]
    if not all((part > 0).any() for part in third):
        raise GeometryError(f"disc {disc.name}: a third of its depth is empty in its middle; its mask has a hole there")
    back, middle, front = (float(part[part > 0].mean()) for part in third)
    mean = volume(disc) / (float(ground.sum()) * CELL_MM**2 / 4)
    return DiscHeights(disc.name, front, middle, back, float(mean))


def _thirds(places: IntArray) -> list[slice]:
    """Return the thirds of the range of sorted places."""
    ends = np.linspace(places[0], places[-1] + 1, 4).round().astype(int)
    return [slice(a, b) for a, b in pairwise(ends)]
