"""``spinemodel volumes``: how much cord, root, fluid, dura and fat lies at every height, beside what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from spinemodel.cli.show import console, say
from spinemodel.cli.tables import named, print_rows
from spinemodel.errors import InputError
from spinemodel.io.tables import Row, write_rows

if TYPE_CHECKING:
    from spinemodel.anatomy.published import Comparison
    from spinemodel.anatomy.surface import Surface
    from spinemodel.io.levels import ModelLevels

SHOWN: Final = ("cord", "roots", "CSF", "dura", "fat")
"""Groups of tissues, in the order of the columns."""

PER_CM: Final = "_cm3_per_cm"
"""Ends the names of their columns in files."""


def volumes(
    model: Annotated[Path, typer.Argument(help="A model folder that `spinemodel build --tissues` wrote.")],
    step: Annotated[float, typer.Option(help="Thickness of the horizontal slabs, mm.")] = 10.0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write the slabs as a TSV file, and the comparison beside it as NAME_published.tsv."
        ),
    ] = None,
) -> None:
    """Print the volumes of cord, roots, CSF, dura and fat by height, and beside published ranges.

    Slabs are horizontal, between multiples of the step; the model's ends are oblique, so the first and the last slab
    hold less. z is RAS mm. Roots count with their rootlets as far as they reach, in the comparison only inside the
    sac. A level marked with * was extrapolated, one marked with ' lies between levels that were marked.

    Example: spinemodel volumes models/sub-03

    Example: spinemodel volumes models/sub-03 --step 5 --out volumes.tsv
    """
    from spinemodel.io.model import find_models

    if not 0 < step < float("inf"):
        raise InputError(f"--step {step:g}: expected a positive number of mm")
    slabs: list[Row] = []
    published: list[Row] = []
    for folder in find_models(model):
        by_height, compared = _volumes_of(folder, step)
        print_rows(f"{folder.name}: cm3 per cm", [_short(row) for row in by_height], numbers=SHOWN)
        _print_comparison(folder.name, compared)
        slabs += [{"model": folder.name} | row for row in by_height]
        published += [{"model": folder.name} | comparison_row(row) for row in compared]
    if out is not None:
        for path, rows in ((out, slabs), (out.with_name(f"{out.stem}_published{out.suffix}"), published)):
            write_rows(path, rows)
            say(f"{len(rows)} rows: {path}")


def _volumes_of(folder: Path, step: float) -> tuple[list[Row], tuple[Comparison, ...]]:
    """Return the slabs of a model folder and its comparison with what was published."""
    from spinemodel.anatomy.measured import measured
    from spinemodel.anatomy.published import GROUPS, compare_published
    from spinemodel.io.levels import read_levels
    from spinemodel.io.model import read_record
    from spinemodel.levels import DURA

    record, known = read_record(folder), read_levels(folder)
    if not known.tissues:
        raise InputError(f"{folder}: has no tissues; build the model again with --tissues")
    if DURA.name not in known.surfaces:
        raise InputError(f"{folder}: has no {DURA.name}, the inside of which counts; build the model again")
    parts = {name: part for name, part in known.tissues.items() if name in GROUPS}
    if not parts:
        raise InputError(f"{folder}: its partition holds no cord, root, CSF, dura or fat; build the model again")
    ends = [row.get("ends", {}) for row in record["structures"] if row["name"] == DURA.name]
    ours = measured(
        parts,
        known.axis,
        known.spinal,
        known.vertebral,
        known.surfaces[DURA.name],
        closed_below=ends[0].get("caudal") != "flat",
    )
    return slab_rows(known, parts, step), compare_published(ours)


def slab_rows(known: ModelLevels, parts: Mapping[str, Surface], step: float) -> list[Row]:
    """Return a row for every slab between multiples of ``step`` mm, from head to foot; dashes for what is left out.

    The first and the last slab end with the parts, and their volume is divided by what height they have.
    """
    import numpy as np

    from spinemodel.anatomy.published import group_slabs
    from spinemodel.anatomy.slices import planes_at
    from spinemodel.anatomy.volumes import steps
    from spinemodel.io.levels import along, beside

    z = np.concatenate([part.vertices[:, 2] for part in parts.values()])
    heights = np.unique(np.clip(steps(parts.values(), step), z.min(), z.max()))
    found: dict[tuple[float, float], Row] = {}
    for slab in group_slabs(parts, planes_at(heights)):
        found.setdefault((slab.low, slab.high), {})[slab.part] = _text(slab.per_cm, 3)
    rows = []
    for (low, high), per_cm in sorted(found.items(), reverse=True):
        s = along(known.axis, (low + high) / 2)
        rows.append(
            {
                "z_top_mm": _text(high, 1),
                "z_bottom_mm": _text(low, 1),
                **named("spinal", beside(known.spinal, s)),
                **named("vertebra", beside(known.vertebral, s)),
                **{group + PER_CM: per_cm.get(group, "-") for group in SHOWN},
            }
        )
    return rows


def _text(number: float, digits: int) -> str:
    """Return a number as it is written; no minus before zeros."""
    return f"{round(number, digits) + 0.0:.{digits}f}"


def _short(row: Row) -> Row:
    """Return a slab's row as it is printed."""
    rest = {column.removesuffix(PER_CM): text for column, text in row.items() if not column.startswith("z_")}
    return {"z_mm": f"{row['z_top_mm']} to {row['z_bottom_mm']}"} | rest


def comparison_row(row: Comparison) -> Row:
    """Return a comparison as it is written."""
    known = row.published
    return {
        "quantity": known.quantity,
        "unit": known.unit,
        "ours": _text(row.ours, 2),
        "published_low": f"{known.low:.2f}",
        "published_high": f"{known.high:.2f}",
        "verdict": row.verdict,
        "source": known.source,
        "basis": known.basis,
        "explanation": row.explanation,
    }


def _print_comparison(name: str, compared: Sequence[Comparison]) -> None:
    """Print measured beside published, and below that the sources and why rows lie outside their ranges."""
    sources = list(dict.fromkeys(_source(row) for row in compared))
    brief = [_brief(row) | {"source": f"{sources.index(_source(row)) + 1}"} for row in compared]
    print_rows(f"{name}: beside what was published", brief, numbers=("ours", "published", "source"))
    outside: dict[str, dict[str, None]] = {}
    for row in compared:
        if row.explanation:
            outside.setdefault(row.explanation, {})[row.published.quantity] = None
    notes = [f"{number} {source}" for number, source in enumerate(sources, start=1)]
    notes += [f"\n{'; '.join(quantities)}: {why}" for why, quantities in outside.items()]
    console.print("\n".join(notes) + "\n", highlight=False, markup=False)


def _source(row: Comparison) -> str:
    """Return where a range comes from, and what it is."""
    return f"{row.published.source}; {row.published.basis}"


def _brief(row: Comparison) -> Row:
    """Return a comparison as it is printed."""
    known = row.published
    span = f"{known.low:.1f}" if known.low == known.high else f"{known.low:.1f} to {known.high:.1f}"
    return {
        "quantity": known.quantity,
        "ours": _text(row.ours, 1),
        "published": span,
        "unit": known.unit,
        "verdict": row.verdict,
    }
