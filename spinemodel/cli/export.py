"""``spinemodel export``: a model for another program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import InputError
from spinemodel.io.exports.formats import FORMATS, WITH_TETRAHEDRA

if TYPE_CHECKING:
    from spinemodel.io.exports.contents import Contents, ExportFormat, ExportOptions
    from spinemodel.io.exports.folder import Exported
    from spinemodel.io.tables import Row

FrameName = Literal["LPS", "RAS"]

LIST: Final = "list"
"""Instead of a format: prints the table of them."""

_NAMES: Final = "\n\n".join(f"{name}: {entry.about}." for name, entry in FORMATS.items())


def export(
    model: Annotated[Path | None, typer.Argument(help="A model folder.", show_default=False)] = None,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="The program; `list` prints all.")] = LIST,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder to write into.")] = None,
    lead: Annotated[
        Path | None, typer.Option(metavar="JSON", help="A lead that `spinemodel place` put into this model.")
    ] = None,
    tissues: Annotated[
        str | None,
        typer.Option(metavar="PRESET|TOML", help="Conductivities: capogrosso2013, rado-scs, simnibs, nrv, or a file."),
    ] = None,
    frame: Annotated[FrameName, typer.Option(help="Frame of files whose format leaves it open.")] = "LPS",
    spacing: Annotated[float, typer.Option(metavar="MM", help="Voxels of label volumes.")] = 0.5,
    tetrahedra: Annotated[
        bool, typer.Option("--tetrahedra", help="Fill the tissues with tetrahedra, where the format holds them.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="blender: colour every structure by its distance from this model's."),
    ] = None,
    markers: Annotated[
        Path | None, typer.Option(metavar="DIR", help="blender: the marker files that were drawn, as empties.")
    ] = None,
) -> None:
    """Write a model, its tissues and a lead as another program reads them, with a README that says how to open it."""
    if to.lower() == LIST:
        for name, entry in FORMATS.items():
            say(f"{name:9} {entry.about}")
        return
    from spinemodel.io.exports.folder import require_place, write_export
    from spinemodel.io.exports.formats import find_format

    form = find_format(to)
    if tetrahedra and form.name not in WITH_TETRAHEDRA:
        held = ", ".join(sorted(WITH_TETRAHEDRA))
        raise InputError(f"--tetrahedra: {to} holds none; leave it out, or take one of {held}")
    if form.name != "blender" and (against or markers):
        raise InputError(f"--to {to}: --against and --markers are for blender alone; leave them out")
    contents = _read(_given(model, "MODEL"), lead, tissues, _options(frame, spacing, tetrahedra))
    place = _given(out, "--out")
    require_place(contents, place)
    if against or markers:
        form = _with_extras(contents, against, markers)
    if contents.lead and contents.model.partition:
        with step("Laying the lead into the tissues"):
            _ = contents.partition
    with step(f"Writing {place}"):
        written = write_export(contents, form, place)
    _tell(written, form.title)


export.__doc__ = f"""{export.__doc__}

Formats (--to):

{_NAMES}

Example: spinemodel export models/sub-03 --to slicer --out sub-03_slicer

Example: spinemodel export models/sub-03 --to gmsh --lead lead.json --tissues capogrosso2013 --tetrahedra --out gmsh
"""


def _given(path: Path | None, what: str) -> Path:
    """Return a path that must be given."""
    if path is None:
        raise InputError(f"{what} missing; expected spinemodel export MODEL --to NAME --out DIR")
    return path


def _options(frame: FrameName, spacing: float, tetrahedra: bool) -> ExportOptions:
    """Return what was asked for."""
    from spinemodel.io.exports.contents import ExportOptions

    if not 0 < spacing < float("inf"):
        raise InputError(f"--spacing {spacing:g}: expected a number of mm above 0")
    return ExportOptions(frame, spacing, tetrahedra)


def _read(model: Path, lead: Path | None, tissues: str | None, options: ExportOptions) -> Contents:
    """Return the model, the lead and the conductivities."""
    from spinemodel.io.conductivities import read_preset
    from spinemodel.io.exports.contents import Contents
    from spinemodel.io.whole_model import read_model

    preset = read_preset(tissues) if tissues else None
    with step(f"Reading {model}"):
        whole = read_model(model)
    if lead is None:
        return Contents(whole, None, preset, options, tell=say)
    from spinemodel.io.lead import read_lead

    with step(f"Reading {lead}"):
        return Contents(whole, read_lead(lead, whole), preset, options, lead, say)


def _with_extras(contents: Contents, against: Path | None, markers: Path | None) -> ExportFormat:
    """Return the format of Blender with the distances from another model and the markers that were drawn."""
    from spinemodel.io.bids import read_subject
    from spinemodel.io.exports.blender import SceneExtras, format_with
    from spinemodel.io.exports.blender_fields import distance_field
    from spinemodel.io.whole_model import read_model

    drawn = read_subject(markers, contents.model.subject) if markers else None
    if against is None:
        return format_with(SceneExtras((), drawn))
    with step(f"Measuring the distance from {against}"):
        field = distance_field(contents.model.surfaces, read_model(against).surfaces, "distance")
    return format_with(SceneExtras((field,), drawn))


def _tell(written: Exported, title: str) -> None:
    """Print the files, those of one folder and kind together, and what to read first."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for file in written.files:
        kind = (file.path.parent.as_posix(), "".join(file.path.suffixes[-2:]), file.frame or "-", file.unit or "-")
        groups.setdefault(kind, []).append(file.path.name)
    rows: list[Row] = []
    for (folder, suffix, frame, unit), names in groups.items():
        inside = "" if folder == "." else f"{folder}/"
        listed = inside + (names[0] if len(names) == 1 else f"*{suffix}")
        rows.append({"file": listed, "files": str(len(names)), "frame": frame, "unit": unit})
    print_rows(f"{written.folder} for {title}", rows, numbers=("files",))
    say(f"how to open it: {written.readme}")
