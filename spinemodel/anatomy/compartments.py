"""Overlapping solids into a partition of space by an explicit list of priorities.

A point belongs to the first solid of the list that counts there, else to the background; outside the domain to nothing.
Every face lies between two compartments and exists once, so parts share their interfaces vertex by vertex, and the
volumes of the parts add up to the domain's whatever is done to the vertices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement import arrangement
from spinemodel.anatomy.arrangement.tidy import FINEST_MM, tidy
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import GeometryError, InputError

OUTSIDE: Final = 0
"""Label number of what lies outside the domain."""

VOLUME_SHARE: Final = 1e-6
"""Most by which the parts' volumes may miss the domain's, as a share."""


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed surface and the compartment that it fills.

    Attributes
    ----------
    surface
        Closed, oriented, free of self-intersection.
    label
        Name of the compartment; several solids may share it.
    within
        The solid counts only where one of the solids with this label counts (before priorities), or everywhere.
    """

    surface: Surface
    label: str
    within: str | None = None


@dataclass(frozen=True, eq=False)
class Partition:
    """A domain cut into compartments.

    Attributes
    ----------
    space
        Name of the coordinate space.
    vertices
        (n, 3) mm, RAS+.
    faces
        (m, 3) indices of vertices; anticlockwise seen from the side of the second label.
    sides
        (m, 2) label numbers on the inner side and on the side that the normal points to; never equal.
    labels
        Names; number k is ``labels[k - 1]``, and 0 is outside the domain.
    """

    space: str
    vertices: FloatArray
    faces: IntArray
    sides: IntArray
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "vertices", freeze(self.vertices))
        object.__setattr__(self, "faces", freeze_int(self.faces))
        object.__setattr__(self, "sides", freeze_int(self.sides))

    @cached_property
    def parts(self) -> Mapping[str, Surface]:
        """Every compartment's closed surface, looking outwards, of one or several parts and cavities."""
        return MappingProxyType({name: _surface(self, k) for k, name in enumerate(self.labels, start=1)})


def partition(
    solids: Sequence[Solid], domain: Surface, background: str = "Bulk", *, finest_mm: float = FINEST_MM
) -> Partition:
    """Return the partition of ``domain`` by ``solids``.

    Parameters
    ----------
    solids
        Highest priority first. They may overlap, cross the domain's boundary or touch; where two of them touch or are
        flush, the one that comes first is swollen by nanometres.
    domain
        Closed surface.
    background
        Label of what no solid fills; no compartment where nothing is left.
    finest_mm
        Vertices and edges that come nearer than this are merged; 0 keeps the cuts as they are. The default lets every
        part survive single precision.

    Raises
    ------
    InputError
        If ``within`` names no label, or labels lie within each other.
    GeometryError
        If a compartment is empty, or surfaces cannot be cut by each other.

    Examples
    --------
    >>> def tetrahedron(size):
    ...     points = size * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    ...     return Surface("tetrahedron", "lab", points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))
    >>> parted = partition([Solid(tetrahedron(1.0), "Corner")], tetrahedron(2.0))
    >>> {name: round(mm3, 4) for name, mm3 in volumes(parted).items()}
    {'Corner': 0.1667, 'Bulk': 1.1667}
    >>> check_partition(parted, 8 / 6)
    ()
    """
    names = tuple(dict.fromkeys([*(solid.label for solid in solids), background]))
    _require_known(solids, domain)
    cut = arrangement([*(solid.surface for solid in solids), domain], len(solids))
    used, patch = np.unique(cut.patch, return_inverse=True)
    owner = np.empty(len(used), dtype=np.int64)
    owner[patch] = cut.owner
    outer_side, inner_side = cut.inside[used], cut.inside[used]
    inner_side[np.arange(len(used)), owner] = True
    sides = np.stack([_labels(solids, names, background, side) for side in (inner_side, outer_side)], axis=1)[patch]
    parted = sides[:, 0] != sides[:, 1]
    faces, sides = tidy(cut.vertices, cut.faces[parted], sides[parted], finest_mm)
    return _named(cut.space, cut.vertices, faces, sides, names, background)


def _require_known(solids: Sequence[Solid], domain: Surface) -> None:
    """Raise where a solid lies within a label that no solid has, directly or in the end within itself."""
    within: dict[str, set[str]] = {solid.label: set() for solid in solids}
    for solid in solids:
        if solid.within is not None and solid.within not in within:
            raise InputError(
                f"{solid.surface.name}: within {solid.within!r}, which no solid is labelled; expected one of "
                f"{', '.join(sorted(within))}"
            )
        within[solid.label] |= {solid.within} - {None}  # type: ignore[arg-type]
    for label in within:
        reached = set(within[label])
        for _ in within:
            reached |= {further for name in reached for further in within[name]}
        if label in reached:
            raise InputError(f"compartment {label} lies within itself; expected `within` to lead outwards")


def _labels(solids: Sequence[Solid], names: Sequence[str], background: str, inside: BoolArray) -> IntArray:
    """Return the label numbers of places (k,) that are ``inside`` (k, solids + 1) the solids and the domain."""
    counts: dict[int, BoolArray] = {}
    regions: dict[str, BoolArray] = {}

    def region(label: str) -> BoolArray:
        if label not in regions:
            regions[label] = np.logical_or.reduce([count(i) for i, s in enumerate(solids) if s.label == label])
        return regions[label]

    def count(i: int) -> BoolArray:
        if i not in counts:
            limit = solids[i].within
            counts[i] = inside[:, i] if limit is None else inside[:, i] & region(limit)
        return counts[i]

    found = np.full(len(inside), names.index(background) + 1)
    for i in range(len(solids) - 1, -1, -1):
        found[count(i)] = names.index(solids[i].label) + 1
    found[~inside[:, -1]] = OUTSIDE
    return found


def _named(
    space: str, vertices: FloatArray, faces: IntArray, sides: IntArray, names: tuple[str, ...], background: str
) -> Partition:
    """Return the partition without unused vertices and labels; raise if a label that was asked for is not there."""
    present = set(np.unique(sides).tolist())
    missing = [name for k, name in enumerate(names, start=1) if k not in present and name != background]
    if missing:
        raise GeometryError(
            f"{', '.join(missing)}: nothing is left after the solids of higher priority, `within` and the domain; "
            "expected a part of some volume; leave it out, or move it up the list"
        )
    used, where = np.unique(faces, return_inverse=True)
    kept = tuple(name for k, name in enumerate(names, start=1) if k in present)
    number = np.array([0] + [kept.index(name) + 1 if name in kept else 0 for name in names])
    return Partition(space, vertices[used], where.reshape(faces.shape), number[sides], kept)


def _number(partition: Partition, name: str) -> int:
    """Return the number of a label."""
    if name not in partition.labels:
        raise InputError(f"no compartment {name!r}; expected one of {', '.join(partition.labels)}")
    return partition.labels.index(name) + 1


def _surface(partition: Partition, label: int) -> Surface:
    """Return the closed surface of the compartment with a label number."""
    inside, outside = (partition.sides[:, side] == label for side in (0, 1))
    own = inside | outside
    faces = np.where(inside[own, None], partition.faces[own], partition.faces[own, ::-1])
    used = np.zeros(len(partition.vertices), dtype=bool)
    used[faces] = True
    place = np.cumsum(used) - 1
    return Surface(partition.labels[label - 1], partition.space, partition.vertices[used], place[faces])


def interface(partition: Partition, one: str, other: str) -> IntArray:
    """Return the faces (k, 3) between two compartments, anticlockwise seen from the second; (0, 3) if apart."""
    a, b = _number(partition, one), _number(partition, other)
    inner, outer = partition.sides.T
    along, against = ((inner == x) & (outer == y) for x, y in ((a, b), (b, a)))
    return np.vstack([partition.faces[along], partition.faces[against][:, ::-1]])


def volumes(partition: Partition) -> Mapping[str, float]:
    """Return the volume of every compartment, mm3."""
    a, b, c = np.moveaxis((partition.vertices - partition.vertices.mean(axis=0))[partition.faces], 1, 0)
    under = np.einsum("ij,ij->i", np.cross(a, b), c) / 6
    count = len(partition.labels) + 1
    inner, outer = (np.bincount(partition.sides[:, side], under, minlength=count) for side in (0, 1))
    return MappingProxyType({name: float(v) for name, v in zip(partition.labels, (inner - outer)[1:], strict=True)})


def check_partition(partition: Partition, domain_mm3: float) -> tuple[str, ...]:
    """Return the promises that a partition breaks, one phrase each; none if it is whole.

    The parts' volumes add up to the domain's, each part is closed with two faces at every edge and has a volume, and no
    triangle is without area.
    """
    size = volumes(partition)
    missing = abs(sum(size.values()) - domain_mm3) / domain_mm3
    broken = [f"{name}: volume {v:.3g} mm3" for name, v in size.items() if not v > 0]
    if missing > VOLUME_SHARE:
        broken.append(f"volumes of the parts differ from the domain's by {missing:.2g} of it")
    for name, surface in partition.parts.items():
        open_, branching = edge_faults(surface.faces)
        broken += [f"{name}: {open_} open edges"] * (open_ > 0)
        broken += [f"{name}: {branching} edges with more than two faces"] * (branching > 0)
    flat = _without_area(partition)
    return (*broken, *([f"{flat} triangles without area"] * (flat > 0)))


def edge_faults(faces: IntArray) -> tuple[int, int]:
    """Return the number of edges at which faces (m, 3) do not close, and of those shared by more than two."""
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    key = np.minimum(tail, head) * (int(faces.max(initial=0)) + 1) + np.maximum(tail, head)
    _, edge = np.unique(key, return_inverse=True)
    balance = np.bincount(edge, np.where(tail < head, 1, -1))
    return int((balance != 0).sum()), int((np.bincount(edge) > 2).sum())


def _without_area(partition: Partition) -> int:
    """Return the number of triangles that have no area as they are or in single precision."""
    corners = np.asarray(partition.vertices, dtype=np.float32)[partition.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return int((~(np.linalg.norm(normals, axis=1) > 0)).sum())
