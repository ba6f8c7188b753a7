"""``spinemodel leads``: the catalogue of electrode leads, listed, drawn and written as meshes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.cli.outputs import require_free
from spinemodel.cli.show import console, say, step
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.leads.design import LeadDesign

app = typer.Typer(help="Electrode leads: list them, and show one with a drawing.", no_args_is_help=True)

_Catalogue = Annotated[
    Path | None,
    typer.Option("--catalogue", metavar="FILE", help="Your own leads (TOML) in place of the ones that ship."),
]

NOT_VERIFIED = "not verified"
FOOTNOTE = (
    "not verified: no document was read that states all sizes; `spinemodel leads show NAME` says what was read. "
    "Compare with the maker's manual before you rely on them."
)


@app.command("list")
def list_leads(catalogue: _Catalogue = None) -> None:
    """List the leads: name, contacts, size, and whether a document that states the sizes was read.

    Example: spinemodel leads list

    Example: spinemodel leads list --catalogue my_leads.toml
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from spinemodel.io.lead_catalogue import read_catalogue

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("body mm", no_wrap=True)
    table.add_column("verified", no_wrap=True)
    table.add_column("lead")
    leads = read_catalogue(catalogue)
    for name, design in leads.items():
        standing = Text("yes", "green") if design.verified else Text("no", "yellow")
        table.add_row(Text(name), str(len(design.contacts)), _body(design), standing, Text(design.title))
    console.print(table)
    if not all(design.verified for design in leads.values()):
        say(FOOTNOTE)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A lead of the catalogue, FILE.toml with one lead, or FILE.toml:NAME.")],
    catalogue: _Catalogue = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the lead to scale, with its sizes, into this file.")
    ] = None,
    mesh: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write every part as STL into this new folder, in the lead's coordinates."),
    ] = None,
    edge: Annotated[float, typer.Option(help="Target edge of the mesh, mm.")] = 0.5,
) -> None:
    """Show one lead: its contacts, its sizes in mm, and where these come from.

    Lead coordinates: u across (the subject's right if the lead lies behind the cord, tip up), v along it towards its
    tip, w the depth below the contacts' face.

    Example: spinemodel leads show specify-5-6-5 --figure lead.png

    Example: spinemodel leads show my_leads.toml:grid --mesh lead/
    """
    from spinemodel.io.lead_catalogue import find_lead
    from spinemodel.report.lead_text import draw_text

    design = find_lead(name, catalogue)
    require_free([figure] if figure else [], [path for path in (catalogue, _file_of(name)) if path])
    if figure and figure.suffix.lower() != ".png":
        raise InputError(f"--figure {figure}: expected a name that ends in .png")
    if not 0 < edge < float("inf"):
        raise InputError(f"--edge {edge:g}: expected a positive number of mm")
    if mesh and (mesh.is_file() or (mesh.is_dir() and any(mesh.iterdir()))):
        raise InputError(f"--mesh {mesh}: is not empty; expected a new folder, without parts of another lead")
    say(f"{design.title}\n{design.name}: {'verified' if design.verified else NOT_VERIFIED.upper()}\n")
    say(draw_text(design) + "\n")
    say("\n".join(f"{what:<16}{value}" for what, value in _facts(design).items()))
    if figure:
        _draw(figure, design)
    if mesh:
        _write_mesh(mesh, design, edge)


def _facts(design: LeadDesign) -> dict[str, str]:
    """Return what is said of a lead, by heading."""
    from spinemodel.leads.sizes import contact_sizes, gaps_across, gaps_along

    backing = design.backing
    outlines = dict.fromkeys(f"{contact.outline}s" for contact in design.contacts)
    sizes = ", ".join(f"{width:g} x {length:g}" for width, length in contact_sizes(design))
    facts = {
        "contacts": f"{len(design.contacts)}, {' and '.join(outlines)}",
        "contact mm": f"{sizes} (across x along)",
        "gaps along mm": ", ".join(f"{gap:g}" for gap in gaps_along(design)) or "-",
        "gaps across mm": ", ".join(f"{gap:g}" for gap in gaps_across(design)) or "-",
        "body mm": f"{_body(design)}, {backing.form}, v {_span(backing.middle_mm, backing.length_mm)}",
        "metal mm": f"{design.metal_mm:g} thick",
    }
    if backing.form == "paddle":
        flat = "flat" if backing.radius_across_mm == float("inf") else f"radius {backing.radius_across_mm:g} mm"
        facts["curve across"] = f"{flat}, stiffness {backing.stiffness_across:g}"
    return facts | {"source": design.source}


def _body(design: LeadDesign) -> str:
    """Return the size of a lead's body in words."""
    backing = design.backing
    if backing.form == "cylinder":
        return f"{backing.length_mm:g} x dia. {backing.width_mm:g}"
    return f"{backing.length_mm:g} x {backing.width_mm:g} x {backing.thickness_mm:g}"


def _span(middle: float, length: float) -> str:
    """Return a stretch of v in words."""
    return f"{middle - length / 2:+.4g} to {middle + length / 2:+.4g}"


def _file_of(name: str) -> Path | None:
    """Return the file that a lead was named by, if any."""
    file, colon, _ = name.rpartition(":")
    path = Path(file if colon and file.lower().endswith(".toml") else name)
    return path if path.is_file() else None


def _draw(path: Path, design: LeadDesign) -> None:
    """Draw a lead, or say why not."""
    from spinemodel.report.lead_drawing import render_design

    try:
        with step(f"Drawing {path}"):
            render_design(path, design)
        say(str(path))
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")


def _write_mesh(folder: Path, design: LeadDesign, edge: float) -> None:
    """Write every part of a lead as an STL file."""
    from spinemodel.io.surfaces import write_surface
    from spinemodel.leads.shape import shape

    with step(f"Writing {folder}"):
        parts = shape(design, edge).parts
        for part, surface in parts.items():
            write_surface(folder / f"{part}.stl", surface, frame="RAS")
    triangles = sum(len(surface.faces) for surface in parts.values())
    say(f"{folder}: {len(parts)} parts, {triangles} triangles; x, y, z of the files are u, v, w in mm")
