"""What an export starts from, and what it says of each file it writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.overlay import overlay
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity, Preset, conductivities
from spinemodel.io.conductivities import preset_names
from spinemodel.io.exports.names import require_lead_names
from spinemodel.io.slicer import Frame
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.colours import Colour, lead_colour
from spinemodel.leads.lead import BACKING, Lead, part_surfaces
from spinemodel.levels import STRUCTURES, TISSUES

LEAD_LABEL: Final = 100
"""Label of a lead's backing; its contacts follow in their order. A choice: above every tissue's, and where SimNIBS has
its electrodes (100 to 499)."""

log = logging.getLogger("spinemodel")


@dataclass(frozen=True)
class ExportOptions:
    """What a user can ask of an export.

    Attributes
    ----------
    frame
        Of files whose format leaves it open.
    spacing_mm
        Of label volumes.
    tetrahedra
        Whether to fill the tissues with tetrahedra, where the format holds them.
    """

    frame: Frame = "LPS"
    spacing_mm: float = 0.5
    tetrahedra: bool = False


@dataclass(frozen=True, eq=False)
class Contents:
    """A model, with the lead and the conductivities that go with it.

    Attributes
    ----------
    model
        As read.
    lead
        Placed in the model; None without.
    preset
        Conductivities; None where the user named none.
    options
        What was asked for.
    lead_file
        Where the lead was read from, whose hash is stated; None without.
    tell
        Told what is being done, where that takes minutes.
    """

    model: WholeModel
    lead: Lead | None = None
    preset: Preset | None = None
    options: ExportOptions = field(default_factory=ExportOptions)
    lead_file: Path | None = None
    tell: Callable[[str], None] = log.info

    @cached_property
    def partition(self) -> Partition:
        """Tissues and the lead's parts as one conforming mesh, RAS+ mm; the lead takes the place of tissues.

        Raises
        ------
        InputError
            If the model has no tissues, or the lead's names cannot stand beside theirs.
        """
        tissues = self.model.require_partition()
        if self.lead is None:
            return tissues
        require_lead_names(self.lead.parts.labels, str(self.lead_file or self.lead.design.name))
        return overlay(tissues, self.lead.parts)

    @cached_property
    def conductivities(self) -> Mapping[str, Conductivity]:
        """Of every part of the partition.

        Raises
        ------
        InputError
            If no preset was named, or it lacks a part's material.
        """
        if self.preset is None:
            raise InputError(
                "no conductivities: this format needs them; name a preset with --tissues, one of "
                f"{', '.join(preset_names())}, or a .toml file of your own"
            )
        return conductivities(self.preset, self.partition.labels)

    @cached_property
    def labels(self) -> Mapping[str, int]:
        """Number of every tissue of the partition and part of the lead: one set of numbers for all formats.

        Tissues have those of :mod:`spinemodel.levels`; the lead's backing is 100, its contacts 101, 102, ...
        """
        own = self.model.partition.labels if self.model.partition else ()
        parts = [BACKING, *(contact.name for contact in self.lead.design.contacts)] if self.lead else []
        return MappingProxyType(
            {name: TISSUES[name].id for name in own} | {name: LEAD_LABEL + i for i, name in enumerate(parts)}
        )

    @cached_property
    def parts(self) -> Mapping[str, Surface]:
        """Closed surface of every tissue and part of the lead, sharing their interfaces vertex by vertex.

        Without tissues only the lead's; empty without either.
        """
        if self.model.partition is not None:
            return self.partition.parts
        return part_surfaces(self.lead) if self.lead else MappingProxyType({})


def part_colour(name: str) -> Colour:
    """Return the colour of a structure, a tissue or a part of a lead, sRGB 0-1.

    Examples
    --------
    >>> part_colour("CSF"), part_colour("C1")
    ((0.83, 0.92, 0.98), (0.9, 0.1, 0.29))
    """
    row = TISSUES.get(name) or STRUCTURES.get(name)
    return lead_colour(name) if row is None else row.colour


@dataclass(frozen=True)
class ExportedFile:
    """One written file.

    Attributes
    ----------
    path
        Inside the export's folder.
    what
        What it holds, for the README.
    frame, unit
        Of its coordinates; empty where it has none.
    note
        What must be known before it is relied on, for the README; empty without.
    """

    path: Path
    what: str
    frame: str = ""
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class ExportFormat:
    """A program that a model can be written for.

    Attributes
    ----------
    name
        In ``--to``.
    title
        The program.
    how_to_open
        Plain text for the README: the steps in that program, ``{subject}`` for the subject's name.
    write
        Writes into a folder that exists and is empty, and returns what it wrote.
    numbers
        Returns the number that the files have for each part, where that is not :attr:`Contents.labels`; parts that it
        leaves out have none. None: they have those.
    """

    name: str
    title: str
    how_to_open: str
    write: Callable[[Contents, Path], Sequence[ExportedFile]]
    numbers: Callable[[Contents], Mapping[str, int]] | None = None
