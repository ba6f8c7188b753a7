"""What a lead is placed among: the surfaces, levels and root entries of a model that leads are measured against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.compartments import Partition, interface
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError

Keeps: TypeAlias = Literal["out", "in"]
"""Whether a lead has to stay outside of a wall, or within it."""


@dataclass(frozen=True, eq=False)
class Wall:
    """A closed surface that a lead must not cross.

    Attributes
    ----------
    name
        What a report calls it: ``dura``, ``cord``, ``bone``, ``disc``, ``canal`` or ``domain``.
    surface
        Closed.
    keeps
        The side that the lead belongs to.
    origin
        Where the surface comes from: ``annotated``, ``derived`` or ``extrapolated``; empty where nothing says.
    """

    name: str
    surface: Surface
    keeps: Keeps = "out"
    origin: str = ""

    @cached_property
    def solid(self) -> Any:
        """The solid inside, for exact booleans."""
        return to_solid(self.surface)

    @cached_property
    def near(self) -> Proximity:
        """The surface prepared for distances."""
        return Proximity(self.surface)


@dataclass(frozen=True, eq=False)
class Site:
    """A model as leads see it.

    Attributes
    ----------
    space
        Name of the coordinate space.
    axis
        The line along which levels are told.
    dura
        Whose course leads follow: the surface that was drawn, without sleeves.
    cord
        Its surface.
    walls
        What is measured against; ``dura`` is among them: the outer face of the dura, its sleeves included.
    roots
        Whole roots, rootlets included, by name.
    entries
        (k, 3) mm by root: where each of its dorsal rootlets, or the root itself, enters the cord.
    spinal, vertebral
        Spans along the axis, from head to foot; vertebral ones with the discs between them.
    dura_from_mm
        Where along the axis the drawn dura begins; below it is extrapolated.
    notes
        What the model lacks, one sentence each.
    """

    space: str
    axis: Axis
    dura: Surface
    cord: Surface
    walls: tuple[Wall, ...]
    roots: Mapping[str, Surface] = field(default_factory=dict)
    entries: Mapping[str, FloatArray] = field(default_factory=dict)
    spinal: tuple[Span, ...] = ()
    vertebral: tuple[Span, ...] = ()
    dura_from_mm: float = -np.inf
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only and refuse a site without a dura to lie on."""
        for name in ("roots", "entries"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if "dura" not in (wall.name for wall in self.walls):
            raise InputError(f"{self.space}: no dura to place a lead on; build the model from markers with a dura")

    @cached_property
    def sac(self) -> Proximity:
        """The dura's outer face."""
        return next(wall.near for wall in self.walls if wall.name == "dura")

    @cached_property
    def dura_extent(self) -> tuple[float, float]:
        """Where along the axis the dura begins and ends, mm."""
        s = locate(self.axis, self.dura.vertices)[0]
        return float(s.min()), float(s.max())

    @cached_property
    def near_roots(self) -> Mapping[str, Proximity]:
        """Roots prepared for distances."""
        return {name: Proximity(surface) for name, surface in self.roots.items()}


def region(partition: Partition, labels: Collection[str], name: str) -> Surface:
    """Return the closed surface round all compartments of these labels together, looking outwards.

    Raises
    ------
    InputError
        If a label is not there.
    """
    missing = [label for label in labels if label not in partition.labels]
    if missing:
        raise InputError(f"{name}: no compartment {', '.join(missing)}; there are {', '.join(partition.labels)}")
    chosen = np.array([False, *(label in labels for label in partition.labels)])
    inner, outer = chosen[partition.sides].T
    faces = np.vstack([partition.faces[inner & ~outer], partition.faces[outer & ~inner][:, ::-1]])
    used, place = np.unique(faces, return_inverse=True)
    return Surface(name, partition.space, partition.vertices[used], place.reshape(-1, 3))


def entries_of(partition: Partition, rootlets: str, cord: Sequence[str]) -> FloatArray:
    """Return where the rootlets of a compartment enter the cord's compartments, (k, 3) mm, one for each rootlet.

    An entry is the middle of a patch of faces that rootlets share with the cord.
    """
    faces = np.vstack([interface(partition, rootlets, label) for label in cord])
    if not len(faces):
        return np.empty((0, 3))
    used, place = np.unique(faces, return_inverse=True)
    patch = _patches(place.reshape(-1, 3), len(used))
    points, count = np.zeros((patch.max() + 1, 3)), np.bincount(patch)
    np.add.at(points, patch, partition.vertices[used])
    return np.asarray(points / count[:, None])


def _patches(faces: IntArray, vertices: int) -> IntArray:
    """Return the number of the connected patch that each vertex belongs to."""
    ends = np.vstack([faces[:, :2], faces[:, 1:]]).T
    graph = coo_array((np.ones(ends.shape[1]), tuple(ends)), shape=(vertices, vertices))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def span_beside(spans: Sequence[Span], s: float) -> Span | None:
    """Return the span at ``s`` mm along the axis, of two that meet there the higher one; None beyond them."""
    return next((span for span in spans if span.bottom <= s <= span.top), None)
