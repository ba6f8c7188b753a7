"""``spinemodel agree``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from spinemodel.cli.agree.folder import PAGE, require_apart, write_folder
from spinemodel.cli.agree.kinds import Kind, one_kind, require_applicable
from spinemodel.cli.agree.naming import split
from spinemodel.cli.agree.raters import by_rater
from spinemodel.cli.agree.request import Request
from spinemodel.cli.show import say
from spinemodel.cli.tables import print_rows
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.report.agreement_page import Findings

TEXTS: Final = ("first", "second", "subject", "level", "side", "structure", "kind", "measure", "statistic", "grading")
"""Printed columns that are set to the left."""


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
    x, y, z (x_ras_mm, or with --frame and --unit). Masks: NIfTI or MetaImage, or folders, or trees as in BIDS, with
    equal file names; dc_2.nii.gz beside dc.nii.gz is a second drawing. Gradings: csv, tsv or xlsx with a column
    subject, perhaps level, and a column for each grading; a column rater names the raters of a table of all.
    OUT/report.html holds all; OUT/consensus can be built.

    Example: spinemodel agree anna/ ben/ --out agreement

    Example: spinemodel agree anna/sub-03 ben/sub-03 --names anna,ben --out agreement --models

    Example: spinemodel agree raters/* --out tracts

    Example: spinemodel agree anna.xlsx ben.xlsx --out gradings --order none,mild,severe
    """
    from spinemodel.agreement.bootstrap import Draws

    kind = one_kind(annotations)
    paths = by_rater(annotations, names, kind)
    given = {"--models": models, "--frame": frame, "--unit": unit, "--order": order is not None}
    require_applicable(kind, annotations, [name for name, value in given.items() if value])
    require_apart(out, annotations)
    wanted = tuple(split(order)) if order else ()
    request = Request(
        paths, tuple(subject or ()), Draws(seed=seed), frame, unit, wanted, models=models, figures=figures
    )
    report = _prepare(kind)(request)
    findings = write_folder(out, kind, request, report)
    _tell(findings, out)
    if findings.failed:
        every = len(findings.failed) + len(findings.subjects)
        first = ": ".join(next(iter(findings.failed.items())))
        raise InputError(
            f"{len(findings.failed)} of {every} subjects failed ({', '.join(findings.failed)}), the first: {first}"
        )


def _tell(findings: Findings, out: Path) -> None:
    """Print the summary and the notes, and what was written."""
    title, rows = findings.shown
    if rows:
        print_rows(title, rows, [column.replace("_", " ") for column in rows[0] if column not in TEXTS])
    for note in findings.notes:
        say(f"note: {note}")
    count = sum(bool(table) for table in findings.tables.values())
    say(f"{count} table{'s' * (count != 1)} and the report: {out / PAGE}")


def _prepare(kind: Kind) -> Callable[[Request], Callable[[Path], Findings]]:
    """Return what reads and compares a kind of annotations, and gives what writes the findings into a folder."""
    from spinemodel.cli.agree.gradings import compare_gradings
    from spinemodel.cli.agree.markers import compare_markers
    from spinemodel.cli.agree.masks import compare_all_masks

    ways: dict[Kind, Callable[[Request], Callable[[Path], Findings]]] = {
        "markers": compare_markers,
        "masks": compare_all_masks,
        "gradings": compare_gradings,
    }
    return ways[kind]
