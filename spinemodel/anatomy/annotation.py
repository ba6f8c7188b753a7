"""What a person drew of one subject: contours, root markers and ganglia, in RAS+ millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from spinemodel.arrays import FloatArray, freeze
from spinemodel.levels import RootName


@dataclass(frozen=True, eq=False)
class Markers:
    """Control points of one drawn structure.

    Attributes
    ----------
    points
        (n, 3) mm, RAS+, in the stored order, which means nothing: geometry decides.
    source
        The file they came from, for messages.
    """

    points: FloatArray
    source: str

    def __post_init__(self) -> None:
        """Copy the points and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points).reshape(-1, 3))


Roots: TypeAlias = Mapping[RootName, Markers]


@dataclass(frozen=True)
class Source:
    """A file that was read, with the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Annotation:
    """Everything that was drawn of one subject.

    Attributes
    ----------
    subject
        BIDS name, such as ``sub-03``.
    space
        Name of the coordinate space of every point, such as ``sub-03/scanner``.
    cord, dura
        Closed contours, one per slice, in any order.
    roots, ganglia
        Markers per root; a ganglion has one point, or two (entry and exit). Levels and sides may be missing.
    sources
        The files, in name order.
    notes
        Corrections made and things left out while reading, one sentence each.
    """

    subject: str
    space: str
    cord: tuple[Markers, ...]
    dura: tuple[Markers, ...]
    roots: Roots
    ganglia: Roots
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("roots", "ganglia"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
