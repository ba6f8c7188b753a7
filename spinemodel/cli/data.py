"""``spinemodel data``: the public datasets, listed, fetched and verified."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from spinemodel.io.fetch import Outcome
    from spinemodel.io.manifest import Dataset
    from spinemodel.io.progress import Progress

app = typer.Typer(help="Public datasets: list, fetch and verify them.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="A dataset, as `spinemodel data list` calls it.")]
_Root = Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder that holds one folder per dataset.")]
_Parts = Annotated[
    list[str] | None,
    typer.Option("--part", metavar="PART", help="A part or `all`; repeat it for several. Default: the small ones."),
]
_List = Annotated[Path | None, typer.Option("--manifest", metavar="FILE", help="Another list of datasets (YAML).")]
_HERE = Path("spinemodel-data")


@app.command("list")
def list_datasets(
    to: _Root = _HERE,
    manifest: _List = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the public datasets, their parts, and what of them is here.

    Example: spinemodel data list --to ~/spine
    """
    from spinemodel.io.local import presence
    from spinemodel.io.manifest import read_manifest

    datasets = read_manifest(manifest).datasets
    rows = [_row(name, dataset, presence(dataset, to / name)) for name, dataset in datasets.items()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print_table(rows)


@app.command()
def fetch(name: _Name, part: _Parts = None, to: _Root = _HERE, manifest: _List = None) -> None:
    """Download parts of a dataset, verify them and arrange them in DIR/NAME; run it again to resume.

    Example: spinemodel data fetch lumbosacral --part markers --to ~/spine
    """
    from spinemodel.io import fetch as store
    from spinemodel.io.manifest import read_manifest

    dataset = store.find_dataset(read_manifest(manifest), name)
    items = store.choose(dataset, part or ())
    typer.echo(f"{name}, {dataset.licence}, to {to / name}: {_size([item.file.bytes for item in items])}")
    for key in dict.fromkeys(item.part for item in items):
        typer.echo(f"  {key}: {_size([item.file.bytes for item in items if item.part == key])}")
    with _bars() as progress:
        for outcome in store.fetch(items, to / name, progress):
            print(_told(outcome))  # not typer.echo, which would write across the bars
    typer.echo("Please cite:\n" + "\n".join(f"  {paper}" for paper in dataset.citation))


@app.command()
def verify(name: _Name, to: _Root = _HERE, manifest: _List = None) -> None:
    """Hash the fetched files of a dataset again; exit code 1 when one is missing or has changed.

    Example: spinemodel data verify lumbosacral --to ~/spine
    """
    from spinemodel.io import local
    from spinemodel.io.fetch import find_dataset
    from spinemodel.io.manifest import read_manifest

    dataset = find_dataset(read_manifest(manifest), name)
    with _bars() as progress:
        count, wrong = local.verify(dataset, to / name, progress)
    for difference in wrong:
        typer.echo(f"{to / name / difference.path}: {difference.problem}")
    typer.echo(f"{name}: {count} files compared, {len(wrong)} differ")
    if wrong:
        raise typer.Exit(1)


def _row(name: str, dataset: Dataset, here: Mapping[str, str]) -> dict[str, Any]:
    """Return what the manifest says of a dataset, and what of it is here."""
    parts = [{"part": key, **part.model_dump(), "here": here[key]} for key, part in dataset.parts.items()]
    return {"name": name, **dataset.model_dump(exclude={"files", "components"}), "parts": parts}


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table("dataset", "licence", "part", "size", "checksum", "here", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        heads = [(row["name"], row["licence"]), *[("", "")] * (len(row["parts"]) - 1)]
        for head, part in zip(heads, row["parts"], strict=True):
            by_osf = "api" in part
            size = "by OSF" if by_osf else _size([part["bytes"]])
            checksum = "by OSF" if by_osf else (part["checksum"] or "none").split(":")[0]
            table.add_row(*head, part["part"], size, checksum, part["here"])
        table.add_section()
    Console().print(table)
    typer.echo("none, unknown: not published here (--json gives the note); by OSF: its API states it when fetched")


def _size(sizes: Sequence[int | None]) -> str:
    """Return the number of files and their size together, and of how many the size is not published."""
    from rich.filesize import decimal

    known = [size for size in sizes if size is not None]
    unknown = len(sizes) - len(known)
    count = f"{len(sizes)} files, " if len(sizes) > 1 else ""
    missing = ("unknown size" if not known else f"and {unknown} of unknown size") if unknown else ""
    return count + " ".join(filter(None, [decimal(sum(known)) if known else "", missing]))


def _told(outcome: Outcome) -> str:
    """Return one line on a file: where it is, and what proves it."""
    file, members = outcome.item.file, outcome.members
    where = f"{file.target}" if file.unpack_to is None else f"{file.target}, {len(members)} files"
    if not outcome.is_new:
        return f"{file.name}: already here and unchanged ({where})"
    if file.checksum:
        return f"{file.name}: {file.checksum.split(':')[0]} verified ({where})"
    proof = next(iter(members.values())) if file.unpack_to is None else "the unpacked files are recorded"
    return f"{file.name}: no checksum is published, so it cannot be proved ({where}; {proof})"


@contextmanager
def _bars() -> Iterator[Progress]:
    """Show a bar for each thing that goes on, under the printed lines; show none where there is no terminal."""
    from rich import progress as bars
    from rich.console import Console

    console = Console()
    name = bars.TextColumn("{task.description}", markup=False)
    columns = (name, bars.BarColumn(), bars.DownloadColumn(), bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        tasks: dict[str, bars.TaskID] = {}

        def advance(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done)
            if done == total:
                shown.remove_task(tasks.pop(what))

        yield advance
