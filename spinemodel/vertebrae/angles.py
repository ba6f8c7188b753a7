"""Angles between vertebrae, and the heights of the discs between them.

Endplates are planes here. An angle is that between two of them, seen along an axis common to the vertebrae concerned.
Seen from the side, along the mean of their right axes, it is positive where the planes part to the front: lordosis.
Seen from behind, along the mean of their anterior axes, it is positive where they part to the right: a curve convex to
the left. So wedges of bodies, angles of segments, lordosis and scoliosis have one convention, and the angles of parts
add up nearly to that of the whole (exactly where all vertebrae share their axes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface, volume
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._frame import extent, lattice, orthonormal
from spinemodel.vertebrae.body import Body, Endplate
from spinemodel.vertebrae.heights import Heights, opening_deg
from spinemodel.vertebrae.names import disc_below, rank
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import column_of

CELL_MM: Final = 1.0
"""Side of the cells over which a disc's height is averaged: a choice, two columns of an endplate."""

LEAST_SHARED_MM2: Final = 50.0
"""Endplates that face each other over less have no disc between them: a choice, a fifth of a small one."""


def common_axes(bodies: Sequence[Body]) -> FloatArray:
    """Return the mean axes of some bodies, (3, 3) rows right, anterior, cranial."""
    require_same_space(*(body.space for body in bodies))
    _, anterior, cranial = np.mean([body.axes for body in bodies], axis=0)
    return orthonormal(cranial, anterior)


def sagittal_deg(upper: Body, lower: Body, below: Endplate | None = None) -> float:
    """Return the angle seen from the side between the upper endplate of one vertebra and the lower one of another.

    Positive for lordosis. ``below`` replaces the lower endplate, such as that of S1 for the lordosis L1-S1.

    Examples
    --------
    Sagittal angle of one vertebra with itself is its wedge angle.

    >>> from trimesh.creation import box
    >>> from spinemodel.vertebrae.body import find_body
    >>> block = box(extents=(40, 30, 25))
    >>> body = find_body(Surface("L3", "here", block.vertices, block.faces))
    >>> round(abs(sagittal_deg(body, body)), 2)
    0.0
    """
    return opening_deg(upper.upper, lower.lower if below is None else below, common_axes([upper, lower]), 1)


def lordosis_deg(
    bodies: Mapping[str, Body], upper: str = "L1", lower: str = "L5", sacrum: Endplate | None = None
) -> float:
    """Return the lumbar lordosis: from the upper endplate of L1 to the lower one of L5, or to S1 where it is given.

    Positive for lordosis, negative for kyphosis.
    """
    _require(bodies, upper, lower)
    return sagittal_deg(bodies[upper], bodies[lower], sacrum)


def kyphosis_deg(bodies: Mapping[str, Body], upper: str = "T4", lower: str = "T12") -> float:
    """Return the thoracic kyphosis, from one upper to one lower endplate: positive for kyphosis."""
    _require(bodies, upper, lower)
    return -sagittal_deg(bodies[upper], bodies[lower])


def segmental_deg(bodies: Mapping[str, Body]) -> dict[str, float]:
    """Return the sagittal angle of each disc between neighbours, by the disc's name.

    It is that between the lower endplate of the vertebra above and the upper one of that below, positive where they
    part to the front.
    """
    found = {}
    for above, below in neighbours(bodies):
        axes = common_axes([bodies[above], bodies[below]])
        found[disc_below(above, below)] = opening_deg(bodies[above].lower, bodies[below].upper, axes, 1)
    return found


@dataclass(frozen=True)
class Cobb:
    """A curve of the spine seen from behind.

    Attributes
    ----------
    deg
        Angle between the endplates that tilt most against each other; positive where the curve is convex to the left.
    upper, lower
        The end vertebrae: the upper endplate of the one, the lower one of the other.
    """

    deg: float
    upper: str
    lower: str


def cobb(bodies: Mapping[str, Body]) -> Cobb:
    """Return the coronal curve whose angle is largest over all pairs of vertebrae (Cobb 1948).

    All are seen along the mean anterior axis of the bodies. Sharp wedges of one vertebra count as well.

    Raises
    ------
    InputError
        If there are fewer than two vertebrae.
    """
    names = sorted(bodies, key=rank)
    if len(names) < 2:
        raise InputError(f"Cobb angle: got {len(names)} vertebrae, expected two or more")
    axes = common_axes(list(bodies.values()))
    angles = {(a, b): opening_deg(bodies[a].upper, bodies[b].lower, axes, 0) for a, b in combinations(names, 2)}
    pair = max(angles, key=lambda pair: abs(angles[pair]))
    return Cobb(angles[pair], *pair)


def neighbours(names: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the pairs of vertebrae that stand on one another, from head to foot.

    Where one between them is missing they are none; L1 may stand under T11, T12 or T13, and S1 under L4 to L6, where
    none of these lies between.
    """
    ordered = sorted(names, key=rank)
    return [(a, b) for a, b in pairwise(ordered) if _adjacent(a, b)]


def _adjacent(above: str, below: str) -> bool:
    """Tell whether the second vertebra may be the next below the first."""
    if above[0] == below[0]:
        return int(below[1:]) == int(above[1:]) + 1
    least = {"C": 7, "T": 11, "L": 4}
    return below[1:] == "1" and int(above[1:]) >= least[above[0]]


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
    axes, centre = disc_frame(above, below)
    along = [(of_above.points @ axes[2]), (of_below.points @ axes[2])]
    front, back, middle = along[0][2] - along[1][0], along[0][3] - along[1][1], along[0][5] - along[1][4]
    gaps = shared_gaps(above, below, axes, centre)
    name = disc_below(above.name, below.name)
    if len(gaps) * CELL_MM**2 < LEAST_SHARED_MM2:
        raise GeometryError(
            f"disc {name}: the endplates of {above.name} and {below.name} face each other over "
            f"{len(gaps) * CELL_MM**2:.0f} mm2, expected {LEAST_SHARED_MM2:g} or more; are both of one spine?"
        )
    return DiscHeights(name, float(front), float(middle), float(back), float(gaps.mean()))


def disc_frame(above: Body, below: Body) -> tuple[FloatArray, FloatArray]:
    """Return the axes of a disc, (3, 3) rows right, anterior, cranial, and its centre (3,) mm."""
    axes = common_axes([above, below])
    up = below.upper.normal - above.lower.normal
    return orthonormal(up, axes[1]), (above.lower.centre + below.upper.centre) / 2


def shared_gaps(above: Body, below: Body, axes: FloatArray, centre: FloatArray) -> FloatArray:
    """Return the heights between two endplates in each cell that both cover, (n,) mm."""
    cells = []
    for plate in (above.lower, below.upper):
        local = (plate.points - centre) @ axes.T
        keys, which = np.unique(np.floor(local[:, :2] / CELL_MM).astype(np.int64), axis=0, return_inverse=True)
        level = np.bincount(which.reshape(-1), local[:, 2]) / np.bincount(which.reshape(-1))
        cells.append(dict(zip(map(tuple, keys.tolist()), level.tolist(), strict=True)))
    return np.array([cells[0][key] - cells[1][key] for key in cells[0].keys() & cells[1].keys()])


def disc_heights_of_mesh(disc: Surface, above: Body, below: Body) -> DiscHeights:
    """Return the heights of a disc from its own mesh, along the mean of the normals of its endplates.

    Raises
    ------
    GeometryError
        If the mesh is open.
    SpaceMismatchError
        If it does not live in the vertebrae's space.
    """
    require_same_space(disc.space, above.space, below.space)
    axes, centre = disc_frame(above, below)
    low, high = extent(disc, axes, centre)
    grid = lattice(axes, centre, low, high, np.array([CELL_MM / 2, CELL_MM / 2, CELL_MM / 20]), disc.space)
    i, j, start, stop = column_of(rasterise(disc, grid, device="cpu"))
    thickness = np.zeros(grid.shape[:2])
    np.add.at(thickness, (i, j), (stop - start) * CELL_MM / 20)
    ground = thickness > 0
    across = _thirds(np.flatnonzero(ground.any(axis=1)))[1]
    third = [thickness[across][:, part] for part in _thirds(np.flatnonzero(ground.any(axis=0)))]
    back, middle, front = (float(part[part > 0].mean()) for part in third)
    mean = volume(disc) / (float(ground.sum()) * CELL_MM**2 / 4)
    return DiscHeights(disc.name, front, middle, back, float(mean))


def _thirds(places: IntArray) -> list[slice]:
    """Return the thirds of the range of sorted places."""
    ends = np.linspace(places[0], places[-1] + 1, 4).round().astype(int)
    return [slice(a, b) for a, b in pairwise(ends)]


def _require(bodies: Mapping[str, Body], *names: str) -> None:
    """Raise unless all vertebrae are there."""
    missing = [name for name in names if name not in bodies]
    if missing:
        known = ", ".join(sorted(bodies, key=rank)) or "none"
        raise InputError(f"angle: no body of {', '.join(missing)}; there are {known}; name two of these")
