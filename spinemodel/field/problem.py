"""What is solved: what fills space and how it conducts, where current enters, and where it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.field.conductivity import Conductivity

Direction: TypeAlias = Callable[[FloatArray], FloatArray]
"""Points (n, 3) mm to the unit direction of the fibres there, (n, 3)."""


@dataclass(frozen=True, eq=False)
class Electrode:
    """A metal surface: all of one potential.

    Attributes
    ----------
    name
        Such as ``C1``.
    triangles
        (m, 3, 3) mm: corners of its faces that touch tissue, anticlockwise seen from the tissue, so that normals point
        into the tissue.
    """

    name: str
    triangles: FloatArray

    def __post_init__(self) -> None:
        """Copy the array and make it read-only."""
        object.__setattr__(self, "triangles", freeze(self.triangles))


@dataclass(frozen=True, eq=False)
class Medium:
    """What fills space.

    Attributes
    ----------
    space
        Name of the coordinate space.
    parts
        Closed surfaces, RAS+ mm, that do not overlap, by name.
    conductivity
        Of every part that conducts, by name. Parts without one are taken out: no current enters them.
    direction
        Of the fibres, of every part that does not conduct alike along and across.
    beyond
        What fills the space outside all parts: the name of a part, or None where nothing conducts there.
    """

    space: str
    parts: Mapping[str, Surface]
    conductivity: Mapping[str, Conductivity]
    direction: Mapping[str, Direction]
    beyond: str | None = None

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("parts", "conductivity", "direction"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @cached_property
    def corners(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest corner of all parts, (3,) mm each."""
        vertices = [part.vertices for part in self.parts.values()]
        low, high = (np.array([extreme(own, axis=0) for own in vertices]) for extreme in (np.min, np.max))
        return freeze(low.min(axis=0)), freeze(high.max(axis=0))


@dataclass(frozen=True, eq=False)
class Problem:
    """A medium with electrodes.

    Attributes
    ----------
    medium
        What fills space.
    contacts
        Where current enters, each by itself. Parts that do not conduct must not go on under one in its own plane.
    ground
        Where it leaves, at 0 V; None: at the faces of the outermost box.
    """

    medium: Medium
    contacts: tuple[Electrode, ...]
    ground: Electrode | None

    @property
    def insulators(self) -> tuple[Surface, ...]:
        """Parts that do not conduct, but for contacts."""
        apart = self.medium.conductivity.keys() | {contact.name for contact in self.contacts}
        return tuple(part for name, part in self.medium.parts.items() if name not in apart)
