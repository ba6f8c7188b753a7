"""The potential of each contact of a lead at 1 mA, in all of space: what every montage is a sum of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemodel.field.boxes import Box


@dataclass(frozen=True, eq=False)
class Patch:
    """A small box of its own cells, as for a nerve root: potentials in it count before those of the boxes.

    Attributes
    ----------
    box
        Anywhere in the field's boxes; patches may overlap.
    potential
        (contacts, nx, ny, nz), in memory by node, as of a box of the field.
    tissue
        (2 nx - 1, 2 ny - 1, 2 nz - 1) uint8, as of a box of the field.
    """

    box: Box
    potential: NDArray[Any]
    tissue: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class LeadField:
    """Potentials on the nodes of nested boxes.

    A point takes its potential from a patch, or else from the finest box, that holds it. Potentials are
    against the ground, which takes the current back; contacts that carry none float.

    Attributes
    ----------
    space
        Name of the coordinate space, RAS+ mm.
    contacts
        Names, in the order of the potentials.
    boxes
        From the finest to the one that holds the domain.
    potential
        Of each box: (contacts, nx, ny, nz) float32, mV per mA; complex64 where tissue stores charge. May be mapped from
        a file. NaN at nodes that touch no cell of which half conducts: within metal they are hardly tied to anything.
        In memory, and in the file, a node's contacts lie side by side, since who reads one mostly reads all: arrays are
        views of (nx, ny, nz, contacts). Those in another order do as well, but are copied whenever they are sampled.
    tissue
        Of each box: (2 nx - 1, 2 ny - 1, 2 nz - 1) uint8: number of the part at each node, at even places, and at each
        place half-way between nodes; just inside of what does not conduct that of the part beside it, whose potential
        goes on there; 0 where a node has no potential.
    tissues
        Name of each of these numbers.
    impedance
        (contacts, contacts) ohm, symmetric: potential of one contact where another carries 1 A.
    about
        How it came about: preset, conductivities, hashes, settings, certificate; what JSON holds.
    patches
        Where cells are smaller than the boxes', as along nerve roots.
    """

    space: str
    contacts: tuple[str, ...]
    boxes: tuple[Box, ...]
    potential: tuple[NDArray[Any], ...]
    tissue: tuple[NDArray[np.uint8], ...]
    tissues: Mapping[int, str]
    impedance: NDArray[Any]
    about: Mapping[str, Any] = field(default_factory=dict)
    patches: tuple[Patch, ...] = ()

    def __post_init__(self) -> None:
        """Make mappings and the impedance read-only; potentials may be large, and are not copied."""
        impedance = np.array(self.impedance, dtype=np.complex128 if np.iscomplexobj(self.impedance) else np.float64)
        impedance.setflags(write=False)
        object.__setattr__(self, "impedance", impedance)
        object.__setattr__(self, "tissues", MappingProxyType(dict(self.tissues)))
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))
