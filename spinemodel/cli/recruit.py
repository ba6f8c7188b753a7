"""``spinemodel recruit``: which fibres a montage makes fire, at what current."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemodel.cli.field_files import lead_of, model_of
from spinemodel.cli.outputs import require_free, require_writable
from spinemodel.cli.recruit_case import (
    fibres_of,
    found_in,
    montages_of,
    on_field,
    read_real,
    remarks_on,
    remarks_on_muscles,
    stated,
)
from spinemodel.cli.recruit_files import Files, Written, draw, write_all
from spinemodel.cli.recruit_options import (
    Accurate,
    Asked,
    Classes,
    DeviceChoice,
    DorsalColumn,
    EngineChoice,
    Fibres,
    ModelFolder,
    MusclesFile,
    PulseText,
    Roots,
    Seed,
    UpTo,
    classes_of,
    files_among,
    muscle_facts,
    muscles_of,
    pulse_of,
    roots_of,
    widths_of,
)
from spinemodel.cli.recruit_tables import print_all, print_durations
from spinemodel.cli.show import say
from spinemodel.errors import InputError


def recruit(
    model: ModelFolder,
    lead_field: Annotated[Path, typer.Argument(help="A file of `spinemodel solve`, for this model.")],
    pulse: PulseText,
    out: Annotated[Path, typer.Option("--out", "-o", help="Table of curves to write, such as curves.tsv.")],
    montage: Annotated[
        list[str] | None,
        typer.Option("--montage", metavar="C5:-1,C9:+1", help="Currents of contacts; repeatable. The ground takes the "
                     "rest; -1 is a cathode. Only their proportions count."),
    ] = None,
    monopoles: Annotated[bool, typer.Option("--monopoles", help="Each contact alone, as a cathode of 1 mA.")] = False,
    fibres: Fibres = 50,
    classes: Classes = None,
    roots: Roots = None,
    seed: Seed = 0,
    up_to: UpTo = 20.0,
    engine: EngineChoice = "auto",
    device: DeviceChoice = "auto",
    accurate: Accurate = False,
    dorsal_column: DorsalColumn = 10.0,
    widths: Annotated[
        str | None,
        typer.Option("--widths", metavar="MS,MS,...", help="Also find thresholds of monophasic pulses of these widths: "
                     "rheobase and chronaxie, after Weiss (charge linear in width, usual of extracellular stimuli) and "
                     " Lapicque (a membrane of one time constant)."),
    ] = None,
    muscles: MusclesFile = None,
    figure: Annotated[
        bool,
        typer.Option("--figure", help="Also draw the curves, as OUT.png, and of each class the fibres by their "
                     "thresholds, as OUT_thresholds_CLASS.png; of several montages also OUT_map_CLASS.png."),
    ] = False,
    lead: Annotated[
        Path | None, typer.Option("--lead", metavar="JSON", help="With --figure: the lead, to draw it by the fibres.")
    ] = None,
) -> None:  # fmt: skip
    """Find the current at which each fibre of the roots fires, and what share of each root a current recruits.

    Pulses: 0.3ms; biphasic:0.2ms,gap=0.1ms,recovery=0.25; 0.2ms@50Hz x3 for a train; FILE.csv of times in ms and
    levels. Currents are told in mA of the contact with the largest current, the others in proportion: C5:-2,C9:+1 has
    the thresholds of C5:-1,C9:+0.5.

    Beside OUT are written OUT_fibres.tsv (every fibre's threshold, and where it fires first), OUT_shares.tsv,
    OUT_selectivity.tsv, and of each a JSON that says how it was made. What is not reached up to --up-to is said so, and
    not extrapolated.

    Example: spinemodel recruit models/sub-03 leadfield.h5 --montage "C5:-1,C9:+1" --pulse 0.3ms --out curves.tsv

    Example: spinemodel recruit models/sub-03 leadfield.h5 --monopoles --pulse biphasic:0.2ms --classes Ia,II
    --fibres 100 --muscles example --out curves.tsv --figure

    Example: spinemodel recruit models/sub-03 leadfield.h5 --montage C8:-1 --pulse 0.3ms --roots L3_L,L3_R
    --widths 0.05,0.1,0.2,0.5,1 --accurate --out curves.tsv
    """
    chosen = classes_of(classes), roots_of(roots)
    asked = Asked(fibres, *chosen, seed, dorsal_column, up_to, engine, device, accurate)
    files = Files(out, muscles=muscles is not None, durations=widths is not None, figure=figure)
    if lead and not figure:
        raise InputError(f"--lead {lead}: is for --figure alone; the lead field knows its contacts")
    require_free(files.written(), [model, lead_field, *([lead] if lead else []), *files_among(pulse, classes, muscles)])
    require_writable(files.written())
    _require_one(montage, monopoles)
    course, lasting, table = pulse_of(pulse), widths_of(widths), muscles_of(muscles)
    field = read_real(lead_field)
    montages = montages_of(field, montage)
    whole = model_of(field, lead_field, model)
    placed = lead_of(field, lead_field, lead, whole)
    population = fibres_of(whole, asked)
    potentials = on_field(field, population)
    found = found_in(population, potentials, montages, course, asked)
    by_width = [found_in(population, potentials, montages, pulse_of(f"{width}ms"), asked) for width in lasting]
    remarks = (*remarks_on(field, found), *remarks_on_muscles(table, found))
    about = stated(asked, course, {lead_field: field}, remarks)
    if table:
        about["Muscles"] = muscle_facts(muscles, table)
    if lasting:
        about["WidthsMs"] = list(lasting)
    sources = [whole.folder / "model.json", lead_field]
    write_all(files, Written(found, table, lasting, by_width, sources, about))
    if figure:
        draw(files, found, montages, whole, placed)
    print_all(found)
    if lasting:
        print_durations(files.table("durations"))
    for line in remarks:
        say(f"note: {line}")


def _require_one(montage: list[str] | None, monopoles: bool) -> None:
    """Refuse to be told both montages and all monopoles, or neither."""
    if montage and monopoles:
        raise InputError("--montage and --monopoles: expected one of them, got both")
    if not montage and not monopoles:
        raise InputError("--montage or --monopoles: one of them is needed, such as --montage C5:-1")
