"""``spinemodel solve``: the potential of every contact of a lead, in all of space."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from spinemodel.cli.field_case import (
    BoundaryName,
    CurrentsName,
    DeviceName,
    read_case,
    unknowns,
    watched,
)
from spinemodel.cli.field_tables import print_boxes, print_certificate, print_impedances, print_patches
from spinemodel.cli.outputs import require_free, require_writable
from spinemodel.cli.show import say, step
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.field.boxes import Box
    from spinemodel.field.lead_field import LeadField
    from spinemodel.io.field_case import Case

SUFFIXES: Final = (".h5", ".hdf5")


def solve(
    model: Annotated[Path, typer.Argument(help="A model folder, with tissues.")],
    lead: Annotated[Path, typer.Argument(help="A lead that `spinemodel place` put into this model.")],
    tissues: Annotated[
        str, typer.Option("--tissues", metavar="PRESET|TOML", help="Conductivities: capogrosso2013, ..., or a file.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, such as leadfield.h5.")],
    spacing: Annotated[
        float, typer.Option(metavar="MM", help="Cells round the sac; half as large round the lead, larger far away.")
    ] = 0.25,
    region: Annotated[
        float, typer.Option(metavar="MM", help="How far the finest cells reach beyond the lead's ends.")
    ] = 10.0,
    boundary: Annotated[
        BoundaryName,
        typer.Option(help="Current leaves through all the skin, the model's caudal end alone, or far beyond it."),
    ] = "beyond",
    contacts: Annotated[
        CurrentsName, typer.Option(help="Contacts are metal, of one potential; or give the same density everywhere.")
    ] = "floating",
    frequency: Annotated[
        float | None, typer.Option(metavar="HZ", help="Complex conductivities at a frequency. Default: quasi-static.")
    ] = None,
    patches: Annotated[
        bool, typer.Option("--patches/--no-patches", help="Solve anew in smaller cells along roots and rootlets.")
    ] = True,
    tolerance: Annotated[float, typer.Option(help="Residual that may be left, relative.")] = 3e-8,
    device: Annotated[DeviceName, typer.Option(help="Processor to work on.")] = "auto",
    certify: Annotated[
        bool,
        typer.Option("--certify", help="Solve with smaller cells and in a larger domain too; exit with 1 where these "
                     "change too much."),
    ] = False,
    figure: Annotated[
        bool, typer.Option("--figure", help="Also draw the first contact's potential, as OUT.png.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell the unknowns and the memory.")] = False,
) -> None:  # fmt: skip
    """Solve for the potential of each contact at 1 mA in all of space: every montage is a sum of these.

    The lead's body is taken out of the tissues. Memory is told before the work starts; what does not fit is refused.
    A solution that does not converge is an error, and no file is written. A field that --certify finds less sure than
    it should be is written, with its certificate, and the command exits with 1.

    Example: spinemodel solve models/sub-03 lead.json --tissues capogrosso2013 --spacing 0.4 --out leadfield.h5

    Example: spinemodel solve models/sub-03 lead.json --tissues mine.toml --out leadfield.h5 --certify --figure

    Example: spinemodel solve models/sub-03 lead.json --tissues capogrosso2013 --out leadfield.h5 --dry-run
    """
    from spinemodel.io.field_case import Asked, boxes_of, certified, patches_of
    from spinemodel.io.field_memory import is_charged, require_memory
    from spinemodel.study.compiling import field_loops, told_once
    from spinemodel.volume._device import choose

    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out {out}: expected a name that ends with {' or '.join(SUFFIXES)}")
    asked = Asked(tissues, spacing, region, boundary, contacts, frequency, tolerance, device, patches)
    outputs = [out, *([out.with_suffix(".png")] if figure else [])]
    require_free(outputs, [model, lead])
    require_writable(outputs)
    choose(device)
    case = read_case(model, lead, asked)
    boxes = boxes_of(case, spacing)
    _tell_size(case, boxes, patches_of(case, boxes))
    if certify:
        _tell_certifying(case)
    if dry_run:
        return
    require_memory(case, certify=certify)
    loops = field_loops(len(case.problem.contacts), complex_values=is_charged(case))
    with told_once(loops, say):
        field = _told(case, boxes)
    _write(out, field)
    if certify:
        field = certified(case, field, watched)
        print_certificate(field.about["certificate"])
        _write(out, field)
    else:
        say("note: not certified: what smaller cells would change, of activating functions above all, --certify tells")
    if figure:
        _draw(out.with_suffix(".png"), case, field)
    if not field.about.get("certificate", {"holds": True})["holds"]:
        say(f"{out}: written, and its certificate does not hold")
        raise typer.Exit(1)


def _tell_size(case: Case, boxes: Sequence[Box], patches: Sequence[Box]) -> None:
    """Print the boxes, the patches and the memory."""
    from spinemodel.io.field_memory import memory_of
    from spinemodel.io.memory import free_bytes, told

    print_boxes(boxes)
    print_patches(patches)
    free, contacts = free_bytes(), len(case.problem.contacts)
    have = "" if free is None else f", and {told(free)} are free"
    need = told(memory_of(case, boxes, patches))
    say(f"{unknowns(boxes) / 1e6:.2f} million unknowns for each of {contacts} contacts: about {need} of memory{have}")


def _tell_certifying(case: Case) -> None:
    """Print what a certificate costs."""
    from spinemodel.io.field_memory import certificate_memory, certificate_work
    from spinemodel.io.memory import told

    say(f"certifying solves twice more, with smaller cells and in a larger domain: about {certificate_work(case):.1f} "
        f"times the work of the field, and {told(certificate_memory(case))} of memory")  # fmt: skip


def _told(case: Case, boxes: Sequence[Box]) -> LeadField:
    """Return the lead field, telling how long it took and the impedances."""
    from spinemodel.io.field_case import solved

    start = time.perf_counter()
    field = solved(case, boxes, watched=watched)
    seconds = time.perf_counter() - start
    steps = max((len(left) - 1 for left in field.about.get("residuals", [])), default=0)
    say(f"solved in {seconds:.0f} s, {steps} iterations to {case.asked.tolerance:g}")
    print_impedances(field)
    return field


def _write(out: Path, field: LeadField) -> None:
    """Write the lead field."""
    from spinemodel.io.lead_field import write_lead_field

    with step(f"Writing {out}"):
        write_lead_field(field, out)
    say(str(out))


def _draw(path: Path, case: Case, field: LeadField) -> None:
    """Draw the first contact's potential, or say why not."""
    from spinemodel.field.montage import Montage
    from spinemodel.report.field import render_field
    from spinemodel.report.montage_words import in_words

    montage = Montage({field.contacts[0]: 1.0})
    try:
        with step(f"Drawing {path.name}"):
            render_field(path, field, montage, case.model.require_partition().parts, axis=case.model.levels.axis,
                         lead=case.lead, title=f"{case.model.subject}: {in_words(montage)}")  # fmt: skip
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")
        return
    say(str(path))
