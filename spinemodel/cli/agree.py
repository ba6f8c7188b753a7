"""``spinemodel agree``: how far two or more raters agree, and what they make together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from spinemodel.cli.field_of_view import say
from spinemodel.cli.show import step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.agreement.bootstrap import Draws
    from spinemodel.io.marker_tables import Frame, Unit
    from spinemodel.report.agreement_page import Findings

Kind: TypeAlias = Literal["markers", "masks", "gradings"]

RECORD: Final = "agreement.json"
PAGE: Final = "report.html"
FORMAT: Final = 1
"""Version of the layout of ``agreement.json``."""

RESERVED: Final[dict[Kind, tuple[str, ...]]] = {
    "markers": ("all", "consensus"),
    "masks": ("majority", "STAPLE", "others"),
    "gradings": ("all",),
}
"""Names by which the tables of each kind call something else than a rater."""

TEXTS: Final = ("first", "second", "subject", "level", "side", "structure", "kind", "measure", "statistic", "grading")
"""Printed columns that are set to the left."""


@dataclass(frozen=True)
class Request:
    """What is asked for; fields as the options of ``spinemodel agree``."""

    paths: Mapping[str, Path]
    subjects: tuple[str, ...]
    draws: Draws
    frame: Frame | None
    unit: Unit | None
    order: tuple[str, ...]
    models: bool
    figures: bool


def agree(
    annotations: Annotated[
        list[Path],
        typer.Argument(help="Two or more: folders of marker files, masks or folders of masks, or tables."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write tables and report to.")],
    names: Annotated[
        str | None, typer.Option(metavar="A,B", help="Names of the raters, in order. Default: from the paths.")
    ] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Compare this subject only; repeatable.")] = None,
    frame: Annotated[
        Literal["RAS", "LPS"] | None, typer.Option(help="Frame of a table of points whose headings state none.")
    ] = None,
    unit: Annotated[
        Literal["mm", "cm", "m"] | None, typer.Option(help="Unit of a table of points whose headings state none.")
    ] = None,
    order: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Grades that are words, ascending, such as none,mild,severe.")
    ] = None,
    models: Annotated[
        bool, typer.Option("--models", help="Build each annotation, and map the distances of the surfaces.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws of subjects that intervals come from.")] = 0,
    figures: Annotated[bool, typer.Option(help="Draw the figures.")] = True,
) -> None:
    """Compare raters: markers, masks or gradings; write tables, their consensus and a report.

    Markers: a folder of one subject's marker files, a tree of many, or a table with columns subject, level, side and
    x, y, z (x_ras_mm, or with --frame and --unit). Masks: NIfTI or MetaImage, or folders with equal file names;
    dc_2.nii.gz beside dc.nii.gz is a second drawing. Gradings: csv, tsv or xlsx with a column subject, perhaps level,
    and a column for each grading. OUT/report.html holds all; OUT/consensus can be built.

    Example: spinemodel agree anna/ ben/ --out agreement

    Example: spinemodel agree anna/sub-03 ben/sub-03 --names anna,ben --out agreement --models

    Example: spinemodel agree raters/* --out tracts

    Example: spinemodel agree anna.xlsx ben.xlsx --out gradings --order none,mild,severe
    """
    from spinemodel.agreement.bootstrap import Draws

    kind = _one_kind(annotations)
    paths = _named(annotations, names, RESERVED[kind])
    if models and kind != "markers":
        raise InputError(f"--models: {annotations[0]} holds {kind}; models are built from marker files")
    _require_apart(out, annotations)
    wanted = tuple(_split(order)) if order else ()
    request = Request(
        paths, tuple(subject or ()), Draws(seed=seed), frame, unit, wanted, models=models, figures=figures
    )
    report = _prepare(kind)(request)
    findings = _write(out, kind, request, report)
    title, rows = findings.shown
    print_rows(title, rows, [column.replace("_", " ") for row in rows[:1] for column in row if column not in TEXTS])
    for note in findings.notes:
        say(f"note: {note}")
    say(f"{len(findings.tables)} tables and the report: {out / PAGE}")


def _prepare(kind: Kind) -> Callable[[Request], Callable[[Path], Findings]]:
    """Return what reads and compares a kind of annotations, and gives what writes the findings into a folder."""
    from spinemodel.cli.agree_gradings import compare_gradings
    from spinemodel.cli.agree_markers import compare_markers
    from spinemodel.cli.agree_masks import compare_all_masks

    ways: dict[Kind, Callable[[Request], Callable[[Path], Findings]]] = {
        "markers": compare_markers,
        "masks": compare_all_masks,
        "gradings": compare_gradings,
    }
    return ways[kind]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _named(paths: Sequence[Path], names: str | None, reserved: Sequence[str]) -> dict[str, Path]:
    """Return the annotations by the rater's name."""
    if len(paths) < 2:
        raise InputError(f"{paths[0]}: one annotation; expected two or more to compare")
    chosen = _split(names) if names else _told(paths)
    if len(chosen) != len(paths):
        raise InputError(f"--names {names}: {len(chosen)} names for {len(paths)} annotations; give one for each")
    twice = [name for name, count in Counter(chosen).items() if count > 1]
    wrong = [name for name in chosen if name in reserved]
    if twice or wrong:
        why = f"{twice[0]} is there twice" if twice else f"{wrong[0]} is what the tables call something else"
        raise InputError(f"raters {', '.join(chosen)}: {why}; name them with --names")
    return dict(zip(chosen, paths, strict=True))


def _told(paths: Sequence[Path]) -> list[str]:
    """Return names from the last part of the paths in which all differ.

    Examples
    --------
    >>> _told([Path("study/anna/sub-03"), Path("study/ben/sub-03")]), _told([Path("a.nii.gz"), Path("b.nii.gz")])
    (['anna', 'ben'], ['a', 'b'])
    """
    whole = [path if path.is_absolute() else path.absolute() for path in paths]
    for back in range(1, min(len(path.parts) for path in whole)):
        parts = [path.parts[-back] for path in whole]
        if back == 1:
            parts = [part if path.is_dir() else part.split(".")[0] for part, path in zip(parts, whole, strict=True)]
        if len(set(parts)) == len(parts):
            return parts
    return [path.name for path in paths]


def _one_kind(paths: Sequence[Path]) -> Kind:
    """Return what all annotations are."""
    kinds = [_kind(path) for path in paths]
    other = next((place for place, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is not None:
        raise InputError(
            f"{paths[other]}: holds {kinds[other]}, and {paths[0]} {kinds[0]}; compare annotations of one kind"
        )
    return kinds[0]


def _kind(path: Path) -> Kind:
    """Return what a file or folder holds, by its content."""
    from spinemodel.io.marker_tables import is_point_table, is_table
    from spinemodel.io.metaimage import is_metaimage
    from spinemodel.io.sheets import read_sheet
    from spinemodel.io.sidecar import is_volume

    if not path.exists():
        raise InputError(f"{path}: no such file or folder; expected marker files, masks or a table")
    if path.is_dir():
        return "masks" if any(is_volume(file) or is_metaimage(file) for file in path.iterdir()) else "markers"
    if is_volume(path) or is_metaimage(path):
        return "masks"
    if is_table(path):
        return "markers" if is_point_table(read_sheet(path)) else "gradings"
    raise InputError(f"{path}: neither a mask nor a table; give the folder of marker files, not one of them")


def _require_apart(out: Path, paths: Sequence[Path]) -> None:
    """Refuse to write into what is read."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file; expected a folder")
    for path in paths:
        if path.is_dir() and (out.resolve() == path.resolve() or path.resolve() in out.resolve().parents):
            raise InputError(f"--out {out}: lies in {path}, which is read; choose another folder")


def _write(out: Path, kind: Kind, request: Request, report: Callable[[Path], Findings]) -> Findings:
    """Write the folder: tables, consensus, figures and page, and the record last."""
    from spinemodel.io.staging import move_into_place, staged
    from spinemodel.io.tables import write_rows
    from spinemodel.report.agreement_page import write_page

    with staged(out) as folder, step(f"Writing {out}"):
        findings = report(folder)
        for name, rows in findings.tables.items():
            if rows:
                write_rows(folder / f"{name}.tsv", rows)
        title = f"Agreement of {', '.join(request.paths)}"
        write_page(folder / PAGE, title, [*findings.sections, _about(request, findings)])
        files = [file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file()]
        _require_no_input(out, files, request)
        for file in files:
            (out / file).parent.mkdir(parents=True, exist_ok=True)
        record = _record(kind, request, findings, folder, files)
        stale = _previous(out) - {out / file for file in files}
        move_into_place(folder, out / RECORD, record, stale)
    return findings


def _require_no_input(out: Path, files: Sequence[Path], request: Request) -> None:
    """Refuse to replace what was read, such as a consensus that lies in the folder."""
    written = {(out / file).resolve() for file in files} | {(out / file).resolve().parent for file in files}
    hit = next((path for path in request.paths.values() if path.resolve() in written - {out.resolve()}), None)
    if hit is not None:
        raise InputError(f"--out {out}: would replace {hit}, which is read; choose another folder")


def _previous(out: Path) -> set[Path]:
    """Return the files that an earlier record names."""
    import json

    try:
        return {out / each["path"] for each in json.loads((out / RECORD).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _record(
    kind: Kind, request: Request, findings: Findings, folder: Path, files: Sequence[Path]
) -> dict[str, Any]:
    """Return what was compared, how, and what was written."""
    from spinemodel import __version__
    from spinemodel.io.files import sha256

    return {
        "format": FORMAT,
        "spinemodel": __version__,
        "kind": kind,
        "subjects": list(findings.subjects),
        "raters": {
            name: {
                "path": path.as_posix(),
                "sources": [{"name": each.name, "sha256": each.sha256} for each in findings.sources[name]],
            }
            for name, path in request.paths.items()
        },
        "parameters": _parameters(request),
        "frame": "RAS",
        "unit": "mm",
        "notes": list(findings.notes),
        "files": [{"path": file.as_posix(), "sha256": sha256((folder / file).read_bytes())} for file in files],
    }


def _parameters(request: Request) -> dict[str, Any]:
    """Return the options that decide over the numbers."""
    from spinemodel.io.files import plain

    told = {name: getattr(request, name) for name in ("subjects", "frame", "unit", "order", "models")}
    return {**{name: plain(value) for name, value in told.items()}, "bootstrap": plain(request.draws)}


def _about(request: Request, findings: Findings) -> Any:
    """Return the last section: what was read, and how to repeat it."""
    from spinemodel import __version__
    from spinemodel.io.files import sha256
    from spinemodel.report.agreement_page import Section, Table

    rows = [
        {
            "rater": name,
            "path": path.as_posix(),
            "files": str(len(findings.sources[name])),
            "sha256": sha256("".join(each.sha256 for each in findings.sources[name]).encode()),
        }
        for name, path in request.paths.items()
    ]
    caption = f"What was read. The last column is the SHA-256 of the files' own ones, which {RECORD} lists"
    how = (
        f"Made by spinemodel {__version__}. Intervals hold the truth in {100 * request.draws.level:g} % of studies; "
        f"unless said otherwise they are {request.draws.interval} bootstrap intervals over subjects of "
        f"{request.draws.resamples} draws with seed {request.draws.seed}. Lengths are mm, places RAS+."
    )
    return Section("What was read, and how", [how], tables=[Table("sources", caption, rows)])
