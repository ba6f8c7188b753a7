"""``spinemodel field``: a lead field told, drawn, and written for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from spinemodel.cli.field_files import lead_of, model_of, write_on_model, write_part, write_volume
from spinemodel.cli.field_tables import (
    NO_PATCHES,
    print_about,
    print_boxes,
    print_certificate,
    print_impedances,
    print_patches,
)
from spinemodel.cli.outputs import require_free
from spinemodel.cli.show import say, step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.field.lead_field import LeadField
    from spinemodel.field.montage import Montage
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.lead import Lead

app = typer.Typer(
    help="Lead fields: what they are, pictures of them, and files for other programs.\n\n"
    "Example: spinemodel field info leadfield.h5",
    no_args_is_help=True,
)

FieldFile = Annotated[Path, typer.Argument(help="A file of `spinemodel solve`.")]
ModelFolder = Annotated[Path, typer.Argument(help="The model folder that it was solved for.")]
ContactName = Annotated[
    str | None, typer.Option("--contact", metavar="NAME", help="A contact alone, at +1 mA: an anode.")
]
MontageText = Annotated[
    str | None,
    typer.Option("--montage", metavar="C5:-1,C9:+1", help="Currents of contacts, mA; the ground takes the rest."),
]
LeadFile = Annotated[Path | None, typer.Option("--lead", metavar="JSON", help="The lead, to draw it.")]

To = Literal["vti", "nifti", "blender", "fibres", "neuron", "leadfield"]

ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "vti": (".vti",), "nifti": (".nii", ".nii.gz"), "fibres": (".h5", ".hdf5"), "neuron": (".csv",),
    "leadfield": (".h5", ".hdf5"),
}  # fmt: skip
"""What a file's name ends with, by what is written; Blender takes a folder."""

WITH_MODEL: Final = ("blender", "fibres", "neuron")
"""What needs the model."""

WITH_BOX: Final = ("vti", "nifti", "leadfield")
"""What can be cut to a box."""


@app.command()
def info(field: FieldFile) -> None:
    """Tell what a lead field was made from, its boxes, patches, impedances and certificate.

    Example: spinemodel field info leadfield.h5
    """
    found = _read(field)
    print_about(found)
    print_boxes(found.boxes)
    print_patches([patch.box for patch in found.patches])
    print_impedances(found)
    if found.about.get("certificate"):
        print_certificate(found.about["certificate"])


@app.command()
def verify(field: FieldFile) -> None:
    """Read all of a lead field and compare it with its hashes; exit with 1 and one line where it is not as written.

    Other commands read only what they need, and would not see a number that a disk spoilt.

    Example: spinemodel field verify leadfield.h5
    """
    from spinemodel.io.lead_field import require_intact

    with step(f"Hashing {field}"):
        require_intact(field)
    say(f"{field}: every array is as it was written")


@app.command()
def show(
    field: FieldFile,
    model: ModelFolder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write, a .png.")],
    contact: ContactName = None,
    montage: MontageText = None,
    lead: LeadFile = None,
    surfaces: Annotated[bool, typer.Option("--surfaces", help="Draw cord and roots in colour, not sections.")] = False,
) -> None:
    """Draw the potential of a contact or a montage: on sections through the contact, or on cord and roots.

    Tissues are outlined and named; numbers along the sides count mm from the contact. Of a montage the sections go
    through the contact of the greatest current. Without either it is the first contact. A contact alone is shown at
    +1 mA, an anode, as the file holds it; --montage "C7:-1" shows it as a cathode.

    Example: spinemodel field show leadfield.h5 models/sub-03 --contact C7 --lead lead.json --out c7.png

    Example: spinemodel field show leadfield.h5 models/sub-03 --montage "C5:-1,C9:+1" --surfaces --out bipole.png
    """
    from spinemodel.field.montage import Montage, told

    if out.suffix.lower() != ".png":
        raise InputError(f"--out {out}: expected a name that ends with .png")
    require_free([out], [field, model, *([lead] if lead else [])])
    found = _read_real(field)
    chosen = _montage(found, contact, montage) or Montage({found.contacts[0]: 1.0})
    whole = model_of(found, field, model)
    placed = lead_of(found, field, lead, whole)
    with step(f"Drawing {out.name}"):
        _draw(out, found, chosen, whole, placed, surfaces)
    say(f"{told(chosen)}: {out}")
    if not found.patches:
        say(f"note: {NO_PATCHES}")


def _draw(
    out: Path, field: LeadField, montage: Montage, model: WholeModel, lead: Lead | None, surfaces: bool
) -> None:
    """Draw sections or surfaces."""
    from spinemodel.report.montage_words import in_words

    title = f"{model.subject}: {in_words(montage)}"
    if surfaces:
        from spinemodel.report.field_surfaces import render_on_surfaces

        render_on_surfaces(out, field, montage, model.surfaces, lead=lead, title=title)
        return
    from spinemodel.report.field import render_field

    parts = model.partition.parts if model.partition else model.surfaces
    render_field(out, field, montage, parts, axis=model.levels.axis, lead=lead, title=title)


@app.command()
def export(
    field: FieldFile,
    to: Annotated[To, typer.Option("--to", help="The program, or kind of file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, of blender a folder.")],
    model: Annotated[
        Path | None, typer.Argument(help="The model folder, for blender, fibres and neuron.", show_default=False)
    ] = None,
    contact: ContactName = None,
    montage: MontageText = None,
    lead: LeadFile = None,
    box: Annotated[
        str | None,
        typer.Option(metavar="X0,X1,Y0,Y1,Z0,Z1", help="vti, nifti, leadfield: this box, RAS mm. "
                     "Default of the first two: that of the cells asked for, round the sac beside the lead."),
    ] = None,
    spacing: Annotated[
        float | None,
        typer.Option(metavar="MM", help="vti, nifti: of the points. Default: that of the cells asked for."),
    ] = None,
) -> None:  # fmt: skip
    """Write a lead field for another program; without a contact or a montage every contact, at 1 mA each.

    vti: VTK's image data, for ParaView. nifti: voxels in mV, 4-D of several contacts. blender: a scene with the
    potential on cord, dura and roots. fibres: potentials along the fibre paths alone, as HDF5. neuron: the same of one
    montage as the table that `spinemodel export --to neuron` reads. leadfield: a smaller lead field.

    Example: spinemodel field export leadfield.h5 --to vti --contact C7 --out c7.vti

    Example: spinemodel field export leadfield.h5 --to nifti --box -20,20,-80,-30,-400,-340 --spacing 0.5 --out v.nii.gz

    Example: spinemodel field export leadfield.h5 models/sub-03 --to blender --montage "C5:-1,C9:+1" --out scene

    Example: spinemodel field export leadfield.h5 models/sub-03 --to neuron --contact C7 --out potentials.csv
    """
    _require_sound(to, out, model, box, spacing)
    require_free([out] if to != "blender" else [], [field, *([model] if model else []), *([lead] if lead else [])])
    found = _read_real(field)
    region = None if box is None else _box(box)
    chosen = _montage(found, contact, montage)
    if to == "leadfield" and region is not None:
        write_part(found, out, region, chosen)
    elif model is None:
        write_volume(found, field, out, to, chosen, contact, region, spacing)
    else:
        write_on_model(found, field, out, to, chosen, contact, lead, model)


def _require_sound(to: To, out: Path, model: Path | None, box: str | None, spacing: float | None) -> None:
    """Refuse options that do not go together, before anything is read."""
    endings = ENDINGS.get(to, ())
    if endings and not out.name.lower().endswith(endings):
        raise InputError(f"--out {out}: expected a name that ends with {' or '.join(endings)} for --to {to}")
    if (model is None) == (to in WITH_MODEL):
        got = "none" if model is None else model
        raise InputError(f"MODEL: got {got}; expected the model for {', '.join(WITH_MODEL)}, and none for the others")
    if box is not None and to not in WITH_BOX:
        raise InputError(f"--box: --to {to} cannot be cut; leave it out, or take {', '.join(WITH_BOX)}")
    if to == "leadfield" and box is None:
        raise InputError("--to leadfield: expected --box, the part to keep")
    if spacing is not None and to not in ("vti", "nifti"):
        raise InputError(f"--spacing: is for vti and nifti alone; leave it out with --to {to}")


def _box(text: str) -> tuple[list[float], list[float]]:
    """Return the corners that a text tells.

    Examples
    --------
    >>> _box("-1,1,-2,2,0,5")
    ([-1.0, -2.0, 0.0], [1.0, 2.0, 5.0])
    """
    try:
        ends = [float(part) for part in text.split(",")]
    except ValueError:
        ends = []
    if len(ends) != 6 or not all(map(isfinite, ends)):
        raise InputError(f"--box {text}: expected six numbers in mm, X0,X1,Y0,Y1,Z0,Z1 (RAS)")
    return ends[::2], ends[1::2]


def _read(path: Path) -> LeadField:
    """Return a lead field."""
    from spinemodel.io.lead_field import read_lead_field

    with step(f"Reading {path}"):
        return read_lead_field(path)


def _read_real(path: Path) -> LeadField:
    """Return a lead field that can be drawn and exported: one that is quasi-static."""
    from numpy import iscomplexobj

    found = _read(path)
    if iscomplexobj(found.potential[0]):
        raise InputError(f"{path}: complex potentials, at a frequency; pictures and exports hold real ones; solve "
                         "without --frequency")  # fmt: skip
    return found


def _montage(field: LeadField, contact: str | None, montage: str | None) -> Montage | None:
    """Return the montage that was asked for; None where none was."""
    from spinemodel.field.montage import Montage, parse_montage

    if contact is not None and montage is not None:
        raise InputError("--contact and --montage: got both; expected one of them")
    if montage is not None:
        return parse_montage(montage, field.contacts)
    if contact is None:
        return None
    if contact not in field.contacts:
        raise InputError(f"--contact {contact}: no such contact; expected one of {', '.join(field.contacts)}")
    return Montage({contact: 1.0})
