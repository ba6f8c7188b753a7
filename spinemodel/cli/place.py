"""``spinemodel place``: an electrode lead on a model's dura, and how it fits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spinemodel.cli.options import FileFrame, formats_of
from spinemodel.cli.outputs import require_free
from spinemodel.cli.show import print_table, say, step
from spinemodel.cli.tables import MARKS
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.design import LeadDesign
    from spinemodel.leads.placement import Placed
    from spinemodel.leads.under_contacts import ContactFit

MOST_IN_SERIES = 99
"""Files are numbered with two digits."""


def place(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    lead: Annotated[
        str, typer.Option("--lead", metavar="NAME|FILE.toml", help="A lead; see `spinemodel leads list`.")
    ],
    at: Annotated[
        str,
        typer.Option(help="Place of the contacts' middle: L1 or segment:L1 (spinal segment), vertebra:T12, z:-420 "
                     "(RAS mm), point:FILE.mrk.json or point:FILE.mrk.json:LABEL."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, such as lead.json.")],
    offset: Annotated[float, typer.Option(metavar="MM", help="From there towards the head, along the dura.")] = 0.0,
    lateral: Annotated[
        float, typer.Option(metavar="MM", help="From the midline to the subject's right, round the dura.")
    ] = 0.0,
    tilt: Annotated[
        float, typer.Option(metavar="DEG", help="Turn about the normal, anticlockwise seen from outside the dura.")
    ] = 0.0,
    side: Annotated[Literal["dorsal", "ventral"], typer.Option(help="Side of the dura.")] = "dorsal",
    gap: Annotated[
        float, typer.Option(metavar="MM", help="Least distance between the lead and the dura's outer face.")
    ] = 0.1,
    midline: Annotated[
        Literal["cord", "canal"], typer.Option(help="What the midline is the middle of: the cord, or dura and canal.")
    ] = "cord",
    series: Annotated[
        int, typer.Option(metavar="N", help="Place N leads, each moved on by --step or --turn; OUT_01.json and so on.")
    ] = 1,
    step_by: Annotated[
        str, typer.Option("--step", metavar="MM", help="Between leads of a series, towards the head: 2mm.")
    ] = "0mm",
    turn_by: Annotated[str, typer.Option("--turn", metavar="DEG", help="Between leads of a series: 5deg.")] = "0deg",
    meshes: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also write the parts as meshes.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Formats of the meshes, separated by commas.")] = "stl",
    frame: FileFrame = "LPS",
    figure: Annotated[bool, typer.Option("--figure", help="Also draw each lead, as OUT.png.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where a lead does not fit.")] = False,
) -> None:  # fmt: skip
    """Place an electrode lead on the dura, tip towards the head, and report how it fits; nothing is carved.

    The middle of the contacts lies at the place asked for. The lead follows the dura's course; it is lifted by the
    least that leaves the gap everywhere. Clearances to dura, cord, bone, discs and canal are those of its whole body.

    Example: spinemodel place models/sub-03 --lead specify-5-6-5 --at L1 --out lead.json --figure

    Example: spinemodel place models/sub-03 --lead my.toml --at vertebra:T12 --offset -5 --lateral 1 --tilt 3
    --out lead.json --meshes lead_meshes --strict

    Example: spinemodel place models/sub-03 --lead specify-5-6-5 --at L1 --series 6 --step 2mm --out lead.json
    """
    from spinemodel.io.lead import write_lead, write_lead_meshes
    from spinemodel.io.lead_catalogue import find_lead
    from spinemodel.io.lead_site import site_of, target_of
    from spinemodel.io.whole_model import read_model
    from spinemodel.leads.series import courses
    from spinemodel.leads.series import series as in_series
    from spinemodel.leads.track import Course

    design, chosen = find_lead(lead), formats_of(formats)
    first = Course(offset, lateral, tilt, side, midline)
    several = courses(first, _count(series), _measure("--step", step_by, "mm"), _measure("--turn", turn_by, "deg"))
    paths = _numbered(out, len(several))
    require_free(_outputs(out, paths, design, meshes, chosen, figure=figure), [model])
    with step(f"Reading {model}"):
        whole = read_model(model)
        site, target = site_of(whole), target_of(at, whole)
    say(f"{at}: {target.said}")
    done: dict[str, Placed] = {}
    placing = in_series(design, site, target, several, gap)
    for path in paths:
        with step(f"Placing {path.stem}"):
            placed = next(placing)
        write_lead(placed, path, whole)
        done[path.name] = placed
        if meshes:
            write_lead_meshes(placed.lead, meshes, chosen, stem=path.stem, frame=frame)
        if figure:
            _draw(path.with_suffix(".png"), placed, whole)
        _tell(path, placed)
    if len(done) > 1:
        _compare(out.with_suffix(".tsv"), done)
    if strict and not all(placed.fit.fits for placed in done.values()):
        raise typer.Exit(1)


def _count(series: int) -> int:
    """Return the number of leads, or refuse it."""
    if not 1 <= series <= MOST_IN_SERIES:
        raise InputError(f"--series {series}: expected 1 to {MOST_IN_SERIES}")
    return series


def _measure(option: str, text: str, unit: str) -> float:
    """Return a number with or without its unit.

    Examples
    --------
    >>> _measure("--step", "2mm", "mm"), _measure("--turn", "-5", "deg")
    (2.0, -5.0)
    """
    from math import isfinite

    try:
        value = float(text.strip().lower().removesuffix(unit))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise InputError(f"{option} {text}: expected a number of {unit}, such as 2{unit}")
    return value


def _numbered(out: Path, count: int) -> list[Path]:
    """Return the file to write, or those of a series.

    Examples
    --------
    >>> [path.name for path in _numbered(Path("lead.json"), 2)]
    ['lead_01.json', 'lead_02.json']
    """
    if out.suffix.lower() != ".json":
        raise InputError(f"--out {out}: expected a name that ends with .json")
    return [out] if count == 1 else [out.with_stem(f"{out.stem}_{i:02d}") for i in range(1, count + 1)]


def _outputs(
    out: Path, paths: list[Path], design: LeadDesign, meshes: Path | None, formats: list[str], *, figure: bool
) -> list[Path]:
    """Return all that will be written."""
    from spinemodel.io.lead import mesh_paths

    pictures = [path.with_suffix(".png") for path in paths] if figure else []
    parts = [part for path in paths for part in mesh_paths(design, meshes, formats, path.stem)] if meshes else []
    return [*paths, *pictures, *parts, *([out.with_suffix(".tsv")] if len(paths) > 1 else [])]


def _tell(path: Path, placed: Placed) -> None:
    """Print how a lead lies, and the verdict."""
    fit = placed.fit
    marks = f"; {MARKS['extrapolated']} extrapolated, {MARKS['derived']} derived level"
    print_table(f"{path.name}: contacts (gap: to the dura's outer face, least / mean / greatest{marks})",
                [_contact_row(contact) for contact in fit.contacts])  # fmt: skip
    print_table("Clearance of the whole lead (negative: depth on the wrong side)", [
        {"to": one.to, "mm": "beyond 20" if one.mm is None else f"{one.mm:.2f}", "part": one.part,
         "x y z (RAS)": " ".join(f"{x:.1f}" for x in one.at or ())}
        for one in fit.clearances
    ])  # fmt: skip
    radius = fit.bend.radius_mm
    bend = "straight" if radius is None else f"bent to a radius of {radius:.0f} mm at v {fit.bend.v_mm:.0f} mm"
    say(f"{placed.lead.design.name}: {bend}")
    for note in fit.notes:
        say(f"note: {note}")
    for fault in fit.faults:
        say(f"fault: {fault}")
    say(f"{'fits' if fit.fits else 'does not fit'}: {path}")


def _contact_row(contact: ContactFit) -> dict[str, str]:
    """Return what is printed of a contact; marks say which levels nobody marked."""
    nearest = contact.nearest_root_mm
    return {
        "contact": contact.name,
        "gap mm": " / ".join(f"{mm:.2f}" for mm in contact.gap_mm),
        "segment": (contact.segment or "-") + MARKS.get(contact.segment_origin, ""),
        "vertebra": (contact.vertebra or "-") + MARKS.get(contact.vertebra_origin, ""),
        "entries (mm to the right)": ", ".join(f"{zone.root} {zone.lateral_mm:+.1f}" for zone in contact.entries)
        or "-",
        "nearest root mm": f"{contact.nearest_root} {nearest:.1f}" if nearest is not None else "-",
    }


def _compare(path: Path, done: Mapping[str, Placed]) -> None:
    """Write and print what tells the leads of a series apart."""
    from spinemodel.io.lead import comparison
    from spinemodel.io.tables import write_rows

    rows = comparison(done)
    write_rows(path, rows)
    shown = ("file", "offset_mm", "tilt_deg", "fits", "dura_mm", "cord_mm", "bone_mm", "canal_mm", "gap_mean_mm")
    print_table("Series", [{name: row[name] for name in shown if name in row} for row in rows])
    say(str(path))


def _draw(path: Path, placed: Placed, model: WholeModel) -> None:
    """Draw a lead, or say why not."""
    from spinemodel.report.lead import render_lead

    try:
        with step(f"Drawing {path.name}"):
            render_lead(path, placed, model.surfaces, model.partition, model.levels.axis)
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")
