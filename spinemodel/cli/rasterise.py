"""``spinemodel rasterise``: a model or a mesh as a label volume."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spinemodel.cli.field_of_view import about, grid_of, millimetres, tell_beyond
from spinemodel.cli.filled import NUMBERS, filled, taken
from spinemodel.cli.outputs import require_free, share_path, volume_outputs
from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.io.shapes import Parts
    from spinemodel.volume.grid import Grid
    from spinemodel.volume.spans import Spans

log = logging.getLogger("spinemodel")

DeviceName = Literal["auto", "cpu", "cuda"]


def rasterise(
    model: Annotated[Path, typer.Argument(help="A model folder, or a mesh file (stl, ply, obj, glb, vtp, gii).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Volume to write: NAME.nii.gz or NAME.nii.")],
    spacing: Annotated[
        str | None, typer.Option(metavar="MM", help="Size of the voxels, mm: 0.3, or 0.3,0.3,2 along x, y and z.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="NIfTI image in the model's frame whose voxels to take.")
    ] = None,
    what: Annotated[
        str | None, typer.Option(help="tissues, structures, or names separated by commas. Default: tissues, if any.")
    ] = None,
    device: Annotated[DeviceName, typer.Option(help="Processor to work on.")] = "auto",
    coverage: Annotated[
        int | None,
        typer.Option(metavar="N", help="Also write the share of every voxel that each part named by --what fills, "
                     "from N x N x N samples."),
    ] = None,
    slicer: Annotated[bool, typer.Option("--slicer", help="Also write a colour table for 3D Slicer.")] = False,
    figure: Annotated[bool, typer.Option("--figure", help="Also draw three planes, as NAME.png.")] = False,
) -> None:  # fmt: skip
    """Write which tissue or structure fills each voxel, with the names and colours of the labels (BIDS dseg).

    A voxel belongs to what its centre lies in; of structures that overlap, to that of the highest priority. A mesh that
    is open, turned inside out, or has faces twice is refused. Beside NAME.nii.gz stand NAME.tsv, the labels, and
    NAME.json, what it was made from.

    Example: spinemodel rasterise models/sub-03 --spacing 0.3 --out sub-03_seg-tissue_dseg.nii.gz

    Example: spinemodel rasterise models/sub-03 --like sub-03_T2TSE.nii.gz --what structures --out seg_dseg.nii.gz

    Example: spinemodel rasterise models/sub-03 --like T2.nii.gz --what CSF,White --coverage 4 --out csf_dseg.nii.gz
    """
    from spinemodel.volume._device import choose
    from spinemodel.volume.coverage import require_subsamples

    _require_sound(spacing, like, what, coverage)
    shares = [] if coverage is None else _names(what or "")
    require_free(volume_outputs(out, slicer=slicer, figure=figure, shares=shares), [model, *([like] if like else [])])
    with step(f"Reading {model}"):
        parts = _read(model, what)
        grid = grid_of(parts, spacing, like)
        if coverage is not None:
            require_subsamples(grid, coverage)
    chosen = choose(device)
    log.info("device: %s", chosen)
    with step("Rasterising"), about(parts.path):
        spans = _rasterised(parts.surfaces, grid, chosen)
    tell_beyond(parts, grid, like, empty=not len(spans.start))
    parameters = _parameters(parts, spacing, what, chosen)
    sources = [*_sources(parts), *([like] if like else [])]
    with step(f"Writing {out}"):
        _write(out, spans, sources, parameters, slicer=slicer, title=parts.path.name if figure else None)
    title = f"{out.name}: {' x '.join(map(str, grid.shape))} voxels (mesh cm3: inside each mesh, whatever overlaps it)"
    print_rows(title, filled(parts.surfaces, spans), numbers=NUMBERS)
    for note in taken(parts.surfaces, spans, chosen):
        say(note)
    say(str(out))
    if coverage is not None:
        with step("Sampling shares"):
            _write_shares(out, parts, grid, coverage, chosen, sources, parameters | {"subsamples": coverage})


def _require_sound(spacing: str | None, like: Path | None, what: str | None, coverage: int | None) -> None:
    """Refuse options that contradict each other, before anything is read."""
    if (spacing is None) == (like is None):
        got = "neither" if spacing is None else "both"
        raise InputError(f"--spacing or --like: got {got}, expected one of them to say which voxels there are")
    if coverage is not None and what in (None, "tissues", "structures"):
        raise InputError("--coverage: writes a file per part; name the parts, such as --what CSF,White")


def _names(what: str) -> list[str]:
    """Return the names of parts in ``--what``, each once whatever its capitals."""
    names = [name.strip() for name in what.split(",") if name.strip()]
    if not names:
        raise InputError(f"--what {what!r}: expected tissues, structures, or names separated by commas")
    return list({name.lower(): name for name in names}.values())


def _read(model: Path, what: str | None) -> Parts:
    """Return the surfaces that ``--what`` asks for."""
    from spinemodel.io.model import read_record
    from spinemodel.io.shapes import read_parts, the_model
    from spinemodel.io.sidecar import is_volume
    from spinemodel.levels import STRUCTURES

    if is_volume(model):
        raise InputError(f"{model}: is a volume already; give a model folder or a mesh file")
    if what == "tissues" and model.is_dir() and "partition" not in read_record(the_model(model)):
        raise InputError(f"{model}: has no tissues; build the model again with --tissues")
    if what in (None, "tissues", "structures"):
        return read_parts(model, tissues=what != "structures")
    names = _names(what or "")
    known = {name.lower() for name in STRUCTURES}
    return read_parts(model, names, tissues=not {name.lower() for name in names} <= known)


def _rasterised(surfaces: Mapping[str, Surface], grid: Grid, device: DeviceName) -> Spans:
    """Return the runs of all parts, labelled as the table of levels has it."""
    from spinemodel.io.label_table import label_ids, label_priorities
    from spinemodel.volume.rasterise import rasterise as run

    names = list(surfaces)
    return run(
        list(surfaces.values()), grid, labels=label_ids(names), priorities=label_priorities(names), device=device
    )


def _sources(parts: Parts) -> list[Path]:
    """Return the files that a volume is made from; a model's record holds the hashes of all its own."""
    return [parts.path / "model.json" if parts.path.is_dir() else parts.path]


def _parameters(parts: Parts, spacing: str | None, what: str | None, device: str) -> dict[str, object]:
    """Return how the volume was made, for its sidecar."""
    from spinemodel.io.label_table import label_priorities

    names = list(parts.surfaces)
    return {
        "spacing_mm": None if spacing is None else list(millimetres(spacing)),
        "what": what or "default",
        "device": device,
        "priorities": dict(zip(names, label_priorities(names), strict=True)),
    }


def _write(
    out: Path,
    spans: Spans,
    sources: Sequence[Path],
    parameters: Mapping[str, object],
    *,
    slicer: bool,
    title: str | None,
) -> None:
    """Write the volume, its tables and, where there is a title, its picture."""
    from spinemodel.io.label_table import write_colour_table, write_label_table
    from spinemodel.io.nifti import write_volume
    from spinemodel.io.sidecar import beside
    from spinemodel.report.slices_of_volume import render_slices
    from spinemodel.volume.spans import to_volume

    volume, tables = to_volume(spans), {".tsv": write_label_table} | ({".ctbl": write_colour_table} if slicer else {})
    spoilt = [beside(out, ending) for ending in tables]
    write_volume(out, volume, sources=sources, parameters=parameters, spoilt=spoilt)
    for path, write in zip(spoilt, tables.values(), strict=True):
        write(path, spans.names)
    if title:
        try:
            render_slices(beside(out, ".png"), volume, title=title)
        except BackendUnavailableError as missing:
            say(f"note: figure left out: {missing}")


def _write_shares(
    out: Path,
    parts: Parts,
    grid: Grid,
    subsamples: int,
    device: DeviceName,
    sources: Sequence[Path],
    parameters: Mapping[str, object],
) -> None:
    """Write the share of every voxel that each part fills, one file per part."""
    from spinemodel.io.label_table import label_ids, label_priorities
    from spinemodel.io.nifti import write_shares
    from spinemodel.volume.coverage import coverage, share

    names, surfaces = list(parts.surfaces), list(parts.surfaces.values())
    labels, ranks = label_ids(names), label_priorities(names)
    cover = coverage(surfaces, grid, subsamples, labels=labels, priorities=ranks, device=device)
    for name in names:
        path = share_path(out, name)
        write_shares(path, grid, share(cover, name), name, sources=sources, parameters=parameters)
        say(str(path))
