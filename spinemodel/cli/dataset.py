"""``spinemodel dataset``: what a public dataset holds, counted from its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import InputError
from spinemodel.io.tables import Row, write_rows

if TYPE_CHECKING:
    from spinemodel.io.dataset_files import SpiderFiles, VerseFiles
    from spinemodel.io.scan_names import ScanFiles
    from spinemodel.vertebrae.datasets.spider_rows import SpiderGrading, SpiderSeries
    from spinemodel.vertebrae.datasets.summary import Summary

app = typer.Typer(no_args_is_help=True)

_T = TypeVar("_T")

NOTES = "notes"
"""Name of the table that holds the notes."""


@app.callback()
def dataset() -> None:
    """Datasets of vertebrae: what VerSe and SPIDER hold, counted from their files.

    Example: spinemodel dataset summary ~/spine/spider
    """


@app.command()
def summary(
    root: Annotated[Path, typer.Argument(help="Folder of VerSe or SPIDER, with tables, masks or both.")],
    lowest: Annotated[
        Literal["L4", "L5", "L6"], typer.Option(help="SPIDER: the vertebra above the lowest disc, to name discs by.")
    ] = "L5",
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write each table as a TSV.")] = None,
) -> None:
    """Print the tables of a dataset as its paper has them, and what its files leave out or contradict.

    VerSe: scans, patients and vertebrae by region, fractures by grade and shape, foreign material, scanners, density.
    SPIDER: series and patients by subset, sex and age, scanners, voxels, findings at each disc. A dataset is known by
    its files; vertebrae are counted from centroids where there are any, else from masks.

    Example: spinemodel dataset summary ~/spine/spider --out tables

    Example: spinemodel dataset summary ~/spine/dataset-verse19
    """
    from spinemodel.io.dataset_files import SpiderFiles, find_dataset

    with step(f"Looking through {root}"):
        files = find_dataset(root)
    found = _spider(files, lowest) if isinstance(files, SpiderFiles) else _verse(files)
    written = _written(found, out)
    for table in found.tables:
        numbers = [column.replace("_", " ") for column in table.rows[0] if column not in table.texts]
        print_rows(table.title, table.rows, numbers=numbers)
    for note in found.notes:
        say(f"note: {note}")
    if out is not None:
        rows: list[Sequence[Row]] = [table.rows for table in found.tables]
        for path, table_rows in zip(written, [*rows, [{"note": note} for note in found.notes]], strict=True):
            write_rows(path, table_rows)
        say(f"{len(written)} tables: {out}")


def _written(found: Summary, out: Path | None) -> list[Path]:
    """Return the files to write: one for each table, and one for the notes."""
    if out is None:
        return []
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file; expected a folder")
    return [out / f"{found.dataset.lower()}_{name}.tsv" for name in (*(table.name for table in found.tables), NOTES)]


def _spider(files: SpiderFiles, lowest: str) -> Summary:
    """Return what SPIDER holds: from the overview, else from the masks, and from the gradings."""
    from spinemodel.io.dataset_files import spider_series
    from spinemodel.io.spider_tables import GRADINGS, OVERVIEW, read_gradings, read_overview
    from spinemodel.vertebrae.datasets.spider_notes import mask_notes
    from spinemodel.vertebrae.datasets.spider_summary import summarise_spider

    notes = []
    series: Sequence[SpiderSeries] = ()
    gradings: Sequence[SpiderGrading] = ()
    if files.overview:
        table = read_overview(files.overview)
        series, notes = table.rows, [*table.notes, *mask_notes(table.rows, [scan.name for scan in files.masks])]
    else:
        series = _each("mask", files.masks, spider_series)
        notes = [f"no {OVERVIEW}: no subsets, ages and scanners" + ("; counted from the masks" if series else "")]
    if files.gradings:
        graded = read_gradings(files.gradings)
        gradings, notes = graded.rows, [*notes, *graded.notes]
    else:
        notes += [f"no {GRADINGS}: no findings at discs"]
    if not files.masks:
        notes += ["no masks (masks/*.mha): files are not compared with the tables"]
    return summarise_spider(series, gradings, lowest, notes)


def _verse(files: VerseFiles) -> Summary:
    """Return what VerSe holds: from centroids and masks, and from the sheet."""
    from spinemodel.io.dataset_files import verse_labels
    from spinemodel.io.verse_sheet import read_verse_sheet
    from spinemodel.vertebrae.datasets.verse_summary import summarise_verse

    labelled = _each("scan", files.masks, verse_labels)
    notes = []
    if unmarked := sum(scan.centroids is None for scan in files.masks):
        notes.append(f"{unmarked} of {len(files.masks)} scans have no centroids; their vertebrae are those of the mask")
    if not files.masks:
        notes.append("no masks: no labelled vertebrae, and no splits")
    if files.sheet is None:
        notes.append("no sheet (ryai190138_appendixe1.xlsx): no gradings, scanners and density")
        return summarise_verse(labelled, (), notes)
    table = read_verse_sheet(files.sheet)
    return summarise_verse(labelled, table.rows, [*notes, *table.notes])


def _each(what: str, masks: Sequence[ScanFiles], read: Callable[[ScanFiles], _T]) -> tuple[_T, ...]:
    """Return what each mask holds, and tell how far it is."""
    found = []
    for number, scan in enumerate(masks, start=1):
        with step(f"Reading {what} {number} of {len(masks)}, {scan.name}"):
            found.append(read(scan))
    return tuple(found)
