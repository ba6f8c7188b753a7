"""``spinemodel levels``: which spinal segments and vertebrae a structure, or a plane, lies beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.cli.show import say
from spinemodel.cli.tables import named, print_rows
from spinemodel.errors import InputError
from spinemodel.io.tables import Row, write_rows

if TYPE_CHECKING:
    from spinemodel.anatomy.segments import Span
    from spinemodel.anatomy.surface import Surface
    from spinemodel.io.levels import ModelLevels


def levels(
    model: Annotated[Path, typer.Argument(help="A model folder that `spinemodel build` wrote.")],
    every: Annotated[
        float | None, typer.Option(help="Also tell the levels of horizontal planes, one every so many mm.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the table (with --every that of the planes) as a TSV file."),
    ] = None,
) -> None:
    """Print the spinal segments and vertebral levels beside every structure, and beside every plane.

    Heights z are RAS mm; s is the distance along the spine's axis from its caudal end, mm. A level marked with *
    was extrapolated, one marked with ' lies between levels that were marked.

    Example: spinemodel levels models/sub-03

    Example: spinemodel levels models/sub-03 --every 10 --out levels.tsv
    """
    from spinemodel.io.levels import read_levels
    from spinemodel.io.model import find_models

    if every is not None and not 0 < every < float("inf"):
        raise InputError(f"--every {every:g}: expected a positive number of mm")
    written: list[Row] = []
    for folder in find_models(model):
        known = read_levels(folder)
        by_structure = structure_rows(known)
        by_plane = plane_rows(known, every) if every is not None else []
        print_rows(f"{folder.name}: structures, and the levels that they lie beside", by_structure)
        if by_plane:
            print_rows(f"{folder.name}: planes", by_plane)
        written += [{"model": folder.name} | row for row in by_plane or by_structure]
    if out is not None:
        write_rows(out, written)
        say(f"{len(written)} rows: {out}")


def structure_rows(known: ModelLevels) -> list[Row]:
    """Return a row for every structure and tissue, in the order of the model."""
    import numpy as np

    from spinemodel.anatomy.axis import locate

    rows = []
    for name, surface in _everything(known).items():
        near = np.asarray(known.axis.tree.query(surface.vertices)[1])
        s, _, _ = locate(known.axis, surface.vertices[[near.argmin(), near.argmax()]])
        z = surface.vertices[:, 2]
        rows.append(
            {
                "structure": name,
                **_over("spinal", known.spinal, float(s[0]), float(s[1])),
                **_over("vertebra", known.vertebral, float(s[0]), float(s[1])),
                "z_top_mm": f"{z.max():.1f}",
                "z_bottom_mm": f"{z.min():.1f}",
            }
        )
    return rows


def _everything(known: ModelLevels) -> dict[str, Surface]:
    """Return structures and then tissues, by name; a root that is both once, as the whole line."""
    return {**known.surfaces, **{name: part for name, part in known.tissues.items() if name not in known.surfaces}}


def _over(kind: str, spans: Sequence[Span], bottom: float, top: float) -> Row:
    """Return the first and the last span, from head to foot, beside a stretch of the axis."""
    from spinemodel.anatomy.segments import spans_over

    passed = spans_over(spans, bottom, top)
    first, last = (passed[0], passed[-1]) if passed else (None, None)
    return named(f"{kind}_from", first) | named(f"{kind}_to", last)


def plane_rows(known: ModelLevels, every: float) -> list[Row]:
    """Return a row for every horizontal plane at a multiple of ``every`` mm within the model, from head to foot."""
    import numpy as np

    from spinemodel.io.levels import along, beside

    heights = {name: surface.vertices[:, 2] for name, surface in _everything(known).items()}
    extent = {name: (z.min(), z.max()) for name, z in heights.items()}
    if not extent:
        return []
    low, high = min(low for low, _ in extent.values()), max(high for _, high in extent.values())
    rows = []
    for z in every * np.arange(np.floor(high / every), np.ceil(low / every) - 1, -1):
        s = along(known.axis, float(z))
        rows.append(
            {
                "z_mm": f"{z + 0.0:.1f}",
                "s_mm": f"{s:.1f}",
                **named("spinal", beside(known.spinal, s)),
                **named("vertebra", beside(known.vertebral, s)),
                "structures": " ".join(name for name, (a, b) in extent.items() if a <= z <= b),
            }
        )
    return rows
