"""What ``spinemodel field export`` writes: volumes, scenes, what is on fibres, and smaller lead fields."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.cli.field_tables import NO_PATCHES, print_boxes
from spinemodel.cli.show import counted, say, step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.field.lead_field import LeadField
    from spinemodel.field.montage import Montage
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.lead import Lead
    from spinemodel.volume.grid import Shape


def model_of(field: LeadField, path: Path, model: Path) -> WholeModel:
    """Return the model, which must be the one that the field was solved for."""
    from spinemodel.io.lead_field import require_model
    from spinemodel.io.whole_model import read_model

    with step(f"Reading {model}"):
        whole = read_model(model)
    require_model(field, path, whole)
    return whole


def lead_of(field: LeadField, path: Path, lead: Path | None, model: WholeModel) -> Lead | None:
    """Return the lead, which must be the one that the field was solved for; None where none was given."""
    from spinemodel.io.lead import read_lead
    from spinemodel.io.lead_field import require_lead

    if lead is None:
        return None
    placed = read_lead(lead, model)
    require_lead(field, path, lead)
    return placed


def _several(field: LeadField, chosen: Montage | None, contact: str | None) -> dict[str, Montage]:
    """Return what is written by name: the montage, or each contact."""
    from spinemodel.io.field_exports import every_contact

    return every_contact(field) if chosen is None else {contact or _name(chosen): chosen}


def _name(montage: Montage) -> str:
    """Return a montage's name in files.

    Examples
    --------
    >>> from spinemodel.field.montage import Montage
    >>> _name(Montage({"C5": -1.0, "C9": 0.5}))
    'C5-1_C9+0.5'
    """
    return str(montage).replace(":", "").replace(",", "_")


def write_part(
    field: LeadField, out: Path, region: tuple[list[float], list[float]], chosen: Montage | None
) -> None:
    """Write a smaller lead field."""
    from spinemodel.field.crop import crop
    from spinemodel.field.montage import superpose
    from spinemodel.io.field_points import require_within
    from spinemodel.io.lead_field import write_lead_field

    require_within(field, *region)
    part = crop(field, *region)
    with step(f"Writing {out}"):
        write_lead_field(superpose(part, chosen) if chosen else part, out)
    print_boxes(part.boxes)
    say(str(out))


def write_volume(
    field: LeadField, source: Path, out: Path, to: str, chosen: Montage | None, contact: str | None,
    region: tuple[list[float], list[float]] | None, spacing: float | None,
) -> None:  # fmt: skip
    """Write image data or voxels."""
    from spinemodel.io.field_exports import write_nifti, write_vti
    from spinemodel.io.field_points import lattice

    wanted = _several(field, chosen, contact)
    grid = lattice(field, region, spacing, len(wanted))
    _tell_size(grid.shape, len(wanted))
    with counted(f"Writing {out}", "points") as tell:
        if to == "vti":
            without = write_vti(out, field, grid, wanted, progress=tell)
        else:
            without = write_nifti(out, field, grid, wanted, sources=[source], progress=tell)
    low, h = grid.affine[:3, 3], grid.affine[0, 0]
    ends = ", ".join(f"{a:g} to {a + h * (n - 1):g}" for a, n in zip(low, grid.shape, strict=True))
    say(f"{' x '.join(map(str, grid.shape))} points {h:g} mm apart, RAS {ends} mm; mV of {', '.join(wanted)}: {out}")
    if without:
        say(f"note: {100 * without:.2g} % of the points have no potential, as in the lead's body: NaN")


def _tell_size(shape: Shape, volumes: int) -> None:
    """Print how many points an export has, and what memory it takes."""
    from spinemodel.io.export_room import export_memory, volume_bytes
    from spinemodel.io.memory import free_bytes, told

    free, points = free_bytes(), f"{prod(shape) / 1e6:.3g} million points"
    numbers, memory = told(volume_bytes(shape, volumes)), told(export_memory(shape, volumes))
    have = "" if free is None else f", and {told(free)} are free"
    say(f"{points}, {volumes} volume{'s' if volumes > 1 else ''}: {numbers} of numbers, about {memory} of memory{have}")


def write_on_model(
    field: LeadField, source: Path, out: Path, to: str, chosen: Montage | None, contact: str | None,
    lead: Path | None, model: Path,
) -> None:  # fmt: skip
    """Write a scene, or what is on fibres."""
    whole = model_of(field, source, model)
    if to == "blender":
        _write_scene(field, source, out, _several(field, chosen, contact), lead, whole)
        return
    from spinemodel.field.along_fibres import on_fibres, potential_rows
    from spinemodel.io.exports.fibres import model_paths
    from spinemodel.io.fibre_potentials import write_fibre_potentials, write_potential_table

    with counted("Sampling along fibres", "points") as tell:
        found = on_fibres(field, model_paths(whole), missing="nan", progress=tell)
    if to == "fibres":
        write_fibre_potentials(found, out)
    else:
        write_potential_table(out, potential_rows(found, _the_one(field, chosen)))
    say(f"{len(found.names)} fibre paths, {len(found.points)} points: {out}")
    if not field.patches:
        say(f"note: {NO_PATCHES}")


def _the_one(field: LeadField, chosen: Montage | None) -> Montage:
    """Return the montage, which must be told where a table holds only one."""
    if chosen is None:
        raise InputError(f"--to neuron: expected --contact, one of {', '.join(field.contacts)}, or --montage")
    return chosen


def _write_scene(
    field: LeadField, source: Path, out: Path, several: Mapping[str, Montage], lead: Path | None, model: WholeModel
) -> None:
    """Write a scene for Blender with potentials."""
    from spinemodel.io.exports.blender import SceneExtras, format_with
    from spinemodel.io.exports.contents import Contents
    from spinemodel.io.exports.folder import require_place, write_export
    from spinemodel.io.field_scene import scene_fields

    contents = Contents(model, lead_of(field, source, lead, model), lead_file=lead, tell=say)
    require_place(contents, out)
    with counted("Sampling on structures", "structures") as tell:
        extras = SceneExtras(scene_fields(field, model.surfaces, several, tell))
    with step(f"Writing {out}"):
        written = write_export(contents, format_with(extras), out)
    say(f"potential of {', '.join(several)} on {len(model.surfaces)} structures: {written.folder}")
    say(f"how to open it: {written.readme}")
