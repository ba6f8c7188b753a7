"""``spinemodel sweep``: which montage, and which place of a lead, recruits a target best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.cli.field_files import model_of
from spinemodel.cli.outputs import require_free, require_writable
from spinemodel.cli.recruit_case import contacts_of, fibres_of, found_in, on_field, read_real, remarks_on, stated
from spinemodel.cli.recruit_options import (
    Accurate,
    Asked,
    ClassName,
    DeviceChoice,
    DorsalColumn,
    EngineChoice,
    Fibres,
    ModelFolder,
    MusclesFile,
    PairsChoice,
    PairsName,
    PulseText,
    RankBy,
    Roots,
    Seed,
    UpTo,
    classes_of,
    files_among,
    muscles_of,
    pulse_of,
    roots_of,
)
from spinemodel.cli.recruit_tables import print_ranks
from spinemodel.cli.show import say, step
from spinemodel.cli.sweep_target import Target, require_among, target_of
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.field.lead_field import LeadField
    from spinemodel.field.montage import Montage
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.recruitment.ranking import By, Ranked
    from spinemodel.recruitment.recruited import Recruited


def sweep(
    model: ModelFolder,
    lead_fields: Annotated[
        list[Path], typer.Argument(help="Files of `spinemodel solve` for this model: one, or those of a series.")
    ],
    target: Annotated[
        str,
        typer.Option(metavar="L3_L|level:L3|side:L|muscle:TA_L", help="What should be recruited; several by commas."),
    ],
    pulse: PulseText,
    out: Annotated[Path, typer.Option("--out", "-o", help="Table of ranks to write, such as ranks.tsv.")],
    pairs: PairsChoice = "none",
    by: RankBy = "contrast",
    fibre_class: ClassName = "Ia",
    muscles: MusclesFile = None,
    fibres: Fibres = 50,
    roots: Roots = None,
    seed: Seed = 0,
    up_to: UpTo = 20.0,
    engine: EngineChoice = "auto",
    device: DeviceChoice = "auto",
    accurate: Accurate = False,
    dorsal_column: DorsalColumn = 10.0,
    figure: Annotated[bool, typer.Option("--figure", help="Also draw selectivity, as OUT_<lead field>.png.")] = False,
) -> None:
    """Try each contact as a cathode, and pairs of contacts, and rank them by how selectively they recruit a target.

    Selectivity is told where half of the target is recruited, and at its best: contrast is (Rt - Ro) / (Rt + Ro),
    difference Rt - Ro, veraart Rt / sum of all, with Rt of the target and Ro the mean of all others of its kind.
    Montages that do not recruit half of the target up to --up-to come last. The fibres are the same in every field.

    Example: spinemodel sweep models/sub-03 leadfield.h5 --target L3_L --pulse 0.3ms --out ranks.tsv

    Example: spinemodel sweep models/sub-03 lead_0?.h5 --target muscle:TA_L --muscles example --pairs neighbours
    --pulse biphasic:0.2ms --out ranks.tsv

    Example: spinemodel sweep models/sub-03 leadfield.h5 --target side:L --by threshold --pulse 0.3ms --out ranks.tsv
    """
    from spinemodel.io.ranking_tables import rank_rows
    from spinemodel.io.recruitment_tables import write_table

    chosen = classes_of(fibre_class), roots_of(roots)
    asked = Asked(fibres, *chosen, seed, dorsal_column, up_to, engine, device, accurate)
    if out.suffix.lower() != ".tsv":
        raise InputError(f"--out {out}: expected a name that ends with .tsv")
    if len({path.stem for path in lead_fields}) < len(lead_fields):
        raise InputError(f"lead fields {', '.join(map(str, lead_fields))}: expected names that differ, without folders")
    pictures = [_picture(out, path) for path in lead_fields] if figure else []
    outputs = [out, out.with_suffix(".json"), *pictures]
    require_free(outputs, [model, *lead_fields, *files_among(pulse, fibre_class, muscles)])
    require_writable(outputs)
    if len(asked.classes) != 1:
        raise InputError(f"--class {fibre_class}: expected one class; each has ranks of its own")
    wanted, course = target_of(target, muscles_of(muscles)), pulse_of(pulse)
    require_among(wanted, asked.roots)
    fields = {path: read_real(path) for path in lead_fields}
    montages = {path: _montages(field, pairs) for path, field in fields.items()}
    whole = _model_of(fields, model)
    population = fibres_of(whole, asked)
    found = {path: found_in(population, on_field(field, population), montages[path], course, asked)
             for path, field in fields.items()}  # fmt: skip
    ranks = _ranked(found, wanted, by)
    remarks = [f"{path.name}: {line}" for path, field in fields.items() for line in remarks_on(field, found[path])]
    sources = [whole.folder / "model.json", *fields]
    about = stated(asked, course, fields, remarks) | {"Target": str(wanted), "By": by}
    write_table(out, "ranks", rank_rows(ranks), space=whole.space, sources=sources, parameters=about)
    say(str(out))
    if figure:
        _draw(out, found, wanted, by)
    print_ranks(ranks, str(wanted), by)
    for line in remarks:
        say(f"note: {line}")


def _model_of(fields: Mapping[Path, LeadField], model: Path) -> WholeModel:
    """Return the model that all the fields were solved for."""
    from spinemodel.io.lead_field import require_model

    (first, field), *others = fields.items()
    whole = model_of(field, first, model)
    for path, other in others:
        require_model(other, path, whole)
    return whole


def _montages(field: LeadField, pairs: PairsName) -> tuple[Montage, ...]:
    """Return a cathode on each contact, and the pairs that were asked for."""
    from spinemodel.recruitment.montages import bipoles, monopoles

    return (*monopoles(field.contacts), *(bipoles(contacts_of(field), pairs) if pairs != "none" else ()))


def _ranked(found: Mapping[Path, Sequence[Recruited]], target: Target, by: By) -> tuple[Ranked, ...]:
    """Return all montages of all fields in order."""
    from spinemodel.recruitment.ranking import in_order, ranked

    every = ((path.stem, target.curves(one)) for path, several in found.items() for one in several)
    return in_order((ranked(curves, target.names, by, lead) for lead, curves in every), by)


def _picture(out: Path, lead_field: Path) -> Path:
    """Return the figure of a lead field."""
    return out.with_name(f"{out.stem}_{lead_field.stem}.png")


def _draw(out: Path, found: Mapping[Path, Sequence[Recruited]], target: Target, by: By) -> None:
    """Draw the selectivity of every montage for each target of the kind, or say why not."""
    from spinemodel.recruitment.ranking import formula_of
    from spinemodel.recruitment.selectivity import selectivity
    from spinemodel.report.recruitment_selectivity import draw_selectivity_matrix

    try:
        for lead_field, several in found.items():
            path = _picture(out, lead_field)
            every = [selectivity(curves, curve.target, formula_of(by))
                     for curves in map(target.curves, several) for curve in curves]  # fmt: skip
            with step(f"Drawing {path.name}"):
                draw_selectivity_matrix(path, every, title=lead_field.stem)
            say(str(path))
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")
