"""The mask of a synthetic subject's spine, whose heights are known: vertebrae, discs, sacrum and canal as labels."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from spinemodel.anatomy.axis import locate
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.canal import canal, canal_form
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.shell import dura_shell
from spinemodel.anatomy.surround.stacking import unite
from spinemodel.anatomy.surround.vertebrae import discs, sacrum, vertebra
from spinemodel.anatomy.vertebral_levels import VertebralSpan
from spinemodel.errors import InputError
from spinemodel.levels import DURA
from spinemodel.vertebrae.mask import Region, VertebralMask
from spinemodel.vertebrae.names import VERSE_LABELS, disc_below, kind_of
from spinemodel.volume.grid import around
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume

CANAL: Final = 61
DISCS: Final = 100
"""Label of the canal, and what a disc's label is above that of the vertebra on it, as SPINEPS has them; vertebrae have
VerSe's."""

CANAL_MM: Final = 10.0
"""How far above the dura vertebrae are made: within the canal, which goes on for 15 mm."""

PRIORITIES: Final = {"canal": 2, "vertebra": 1, "sacrum": 1, "disc": 0}
"""What takes a voxel that several fill: the parametric forms overlap so that none leaves a gap."""


def phantom_mask(anatomy: Anatomy, spacing_mm: float = 1.0) -> VertebralMask:
    """Return the parametric spine round an anatomy as a label mask.

    A body's height is that of its span in ``anatomy.levels.vertebrae``: ``top`` less ``bottom``, along the axis.

    Parameters
    ----------
    anatomy
        With vertebral levels, such as that of a phantom.
    spacing_mm
        Side of the voxels.

    Raises
    ------
    InputError
        If the anatomy has no vertebral levels.
    """
    end = locate(anatomy.axis, anatomy.surfaces[DURA.name].vertices)[0].max() + CANAL_MM
    spans = [span for span in anatomy.levels.vertebrae if span.top < end]
    if not spans:
        raise InputError(f"{anatomy.annotation.subject}: no vertebral levels; mark ganglia")
    surfaces = phantom_surfaces(anatomy, spans)
    labels = [_label(name) for name in surfaces]
    priorities = [PRIORITIES[kind_of(name)] for name in surfaces]
    grid = around(surfaces, spacing_mm)
    runs = rasterise(list(surfaces.values()), grid, labels=labels, priorities=priorities, device="cpu")
    regions = {label: Region(name) for label, name in zip(labels, surfaces, strict=True)}
    return VertebralMask(anatomy.annotation.subject, to_volume(runs), regions, "spinemodel phantom")


def phantom_surfaces(anatomy: Anatomy, spans: list[VertebralSpan]) -> dict[str, Surface]:
    """Return the parametric vertebrae, discs, sacrum and canal of some levels by name; they overlap a little."""
    own, axis = SurroundParameters(), anatomy.axis
    form = canal_form(axis, dura_shell(anatomy.surfaces[DURA.name], own.dura_mm), spans, own)
    edge = own.bone_edge_mm
    free = [span for span in spans if span.name[0] != "S"]
    found = {span.name: unite(span.name, vertebra(axis, form, span, own), edge) for span in free}
    for upper, lower in pairwise(spans):
        if upper.bottom > lower.top:
            name = disc_below(upper.name, lower.name)
            found[name] = discs(axis, form, [upper, lower], own)
    if fused := [span for span in spans if span.name[0] == "S"]:
        found["Sacrum"] = unite("Sacrum", sacrum(axis, form, fused, own), edge)
    return found | {"Canal": canal(axis, form, own)}


def _label(name: str) -> int:
    """Return the label of a structure."""
    if name == "Canal":
        return CANAL
    upper, _, lower = name.partition("-")
    return VERSE_LABELS[upper] + (DISCS if lower else 0)
