"""``spinemodel levels``: which spinal segments and vertebrae a structure, or a plane, lies beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from spinemodel.cli.show import console
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.anatomy.axis import Axis
    from spinemodel.anatomy.segments import Span
    from spinemodel.anatomy.surface import Surface

SPINAL, VERTEBRAL = "spinal_segments", "vertebral_levels"

Row = dict[str, str]
"""One line of a table: text by column."""

MARKS = {"extrapolated": "*", "derived": "'"}
"""Say in print which levels nobody marked; files have a column for it."""

ORIGIN = "_origin"
"""Ends the name of the column that says where the level in the column before comes from."""


class Levels(NamedTuple):
    """What a model folder says of its levels.

    Attributes
    ----------
    axis
        The line along which levels are told.
    spinal, vertebral
        Spans along it, from head to foot; the vertebral ones with the discs between them, such as ``L1/L2``.
    surfaces
        By structure name.
    """

    axis: Axis
    spinal: tuple[Span, ...]
    vertebral: tuple[Span, ...]
    surfaces: Mapping[str, Surface]


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
    from spinemodel.io.model import find_models

    if every is not None and not 0 < every < float("inf"):
        raise InputError(f"--every {every:g}: expected a positive number of mm")
    written: list[Row] = []
    for folder in find_models(model):
        known = read_levels(folder)
        by_structure = structure_rows(known)
        by_plane = plane_rows(known, every) if every is not None else []
        _print(f"{folder.name}: structures", by_structure)
        if by_plane:
            _print(f"{folder.name}: planes", by_plane)
        written += [{"model": folder.name} | row for row in by_plane or by_structure]
    if out is not None:
        _write(out, written)
        console.print(f"{len(written)} rows: {out}", highlight=False, markup=False, soft_wrap=True)


def read_levels(folder: Path) -> Levels:
    """Return the levels and surfaces of a model folder.

    Raises
    ------
    InputError
        If it is no model folder, or an older version wrote it.
    """
    from spinemodel.anatomy.axis import Axis
    from spinemodel.io.model import read_record, read_surfaces

    record = read_record(folder)
    try:
        axis = Axis(str(record["space"]), record["axis"]["points"])
        spinal = tuple(_span(row) for row in record[SPINAL])
        vertebral = tuple(_with_discs(record[VERTEBRAL]))
    except (KeyError, TypeError, ValueError) as problem:
        raise InputError(
            f"{folder / 'model.json'}: holds no levels ({type(problem).__name__}: {problem}); build the model again "
            "with this version"
        ) from None
    if axis.points.ndim != 2 or axis.points.shape[1] != 3 or len(axis.points) < 2:
        raise InputError(f"{folder / 'model.json'}: its axis is not a line of points; build the model again")
    return Levels(axis, spinal, vertebral, read_surfaces(folder))


def _span(row: Mapping[str, Any]) -> Span:
    """Return a span of the record."""
    from spinemodel.anatomy.segments import Span

    return Span(str(row["name"]), float(row["bottom_mm"]), float(row["top_mm"]), row["origin"])


def _with_discs(rows: Sequence[Mapping[str, Any]]) -> Iterator[Span]:
    """Yield the vertebrae of the record, each followed by the disc below where the record has one."""
    from spinemodel.anatomy.segments import Span

    for row, below in zip_longest(rows, rows[1:]):
        body = _span(row)
        yield body
        disc_bottom = float(row.get("disc_bottom_mm", body.bottom))
        if below and disc_bottom < body.bottom:
            yield Span(f"{body.name}/{below['name']}", disc_bottom, body.bottom, body.origin)


def structure_rows(known: Levels) -> list[Row]:
    """Return a row for every structure, in the order of the model."""
    import numpy as np

    from spinemodel.anatomy.axis import locate

    rows = []
    for name, surface in known.surfaces.items():
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


def _over(kind: str, spans: Sequence[Span], bottom: float, top: float) -> Row:
    """Return the first and the last span, from head to foot, beside a stretch of the axis."""
    from spinemodel.anatomy.segments import spans_over

    beside = spans_over(spans, bottom, top)
    first, last = (beside[0], beside[-1]) if beside else (None, None)
    return _named(f"{kind}_from", first) | _named(f"{kind}_to", last)


def _named(column: str, span: Span | None) -> Row:
    """Return a span's name and origin, dashes for none."""
    return {column: span.name if span else "-", column + ORIGIN: span.origin if span else "-"}


def plane_rows(known: Levels, every: float) -> list[Row]:
    """Return a row for every horizontal plane at a multiple of ``every`` mm within the model, from head to foot."""
    import numpy as np

    if not known.surfaces:
        return []
    extent = {name: (s.vertices[:, 2].min(), s.vertices[:, 2].max()) for name, s in known.surfaces.items()}
    low, high = min(low for low, _ in extent.values()), max(high for _, high in extent.values())
    rows = []
    for z in every * np.arange(np.floor(high / every), np.ceil(low / every) - 1, -1):
        s = _along(known.axis, float(z))
        rows.append(
            {
                "z_mm": f"{z + 0.0:.1f}",
                "s_mm": f"{s:.1f}",
                **_named("spinal", _at(known.spinal, s)),
                **_named("vertebra", _at(known.vertebral, s)),
                "structures": " ".join(name for name, (a, b) in extent.items() if a <= z <= b),
            }
        )
    return rows


def _along(axis: Axis, z: float) -> float:
    """Return where along the axis a horizontal plane crosses it, or comes nearest to it, mm; the lowest of several."""
    import numpy as np

    height = axis.points[:, 2] - z
    rising = np.flatnonzero((height[:-1] <= 0) & (height[1:] > 0))
    if not len(rising):
        return float(axis.s[np.abs(height).argmin()])
    i = int(rising[0])
    return float(axis.s[i] + (axis.s[i + 1] - axis.s[i]) * height[i] / (height[i] - height[i + 1]))


def _at(spans: Sequence[Span], s: float) -> Span | None:
    """Return the span at ``s``, of two that meet there the higher one."""
    return next((span for span in spans if span.bottom <= s <= span.top), None)


def _print(title: str, rows: Sequence[Row]) -> None:
    """Print rows as a table."""
    from rich import box
    from rich.table import Table

    printed = [_printed(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in printed[0] if printed else ():
        numeric = column.endswith(" mm")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column != "structures")
    for line in printed:
        table.add_row(*line.values())
    console.print(title, table)


def _printed(row: Row) -> Row:
    """Return a row as it is printed: levels from head to foot in one column, with marks in place of origins."""
    line = {}
    for column, text in row.items():
        if column.endswith(ORIGIN):
            continue
        marked = text + MARKS.get(row.get(column + ORIGIN, ""), "")
        kind, _, end = column.rpartition("_")
        if end == "to":
            line[kind] += f" to {marked}" if marked != line[kind] else ""
        else:
            line[kind if end == "from" else column.replace("_", " ")] = marked
    return line


def _write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as tab-separated values, whole or not at all."""
    from spinemodel.io.files import atomic

    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)] if rows else [""]
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
