"""``spinemodel run``: a whole study, from markers to the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.cli.show import say, step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.io.study_rows import Study
    from spinemodel.study.record import Record


def run(
    study: Annotated[Path, typer.Argument(help="A file such as study.toml.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write to. Default: beside the file, of its stem.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="STAGE", help="Last stage to run.")] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="STAGE", help="The one stage to run.")] = None,
) -> None:
    """Run a study: model, lead, field, fibres, recruitment, curves, uncertainty, report; each in a folder of its name.

    A stage that would come out as it is already is skipped: what its settings, files, earlier stages and packages are
    is hashed. A run that is stopped loses the stage that it was in; run it again to go on. study.json records it all.

    Example: spinemodel run study.toml --out studies/first

    Example: spinemodel run study.toml --until field
    """
    from spinemodel.io.study_file import read_study

    if until and only:
        raise InputError("--until and --only: expected one of them")
    asked = read_study(study)
    run_and_tell(asked, out or study.with_suffix(""), study, until, only)


def run_and_tell(study: Study, out: Path, source: Path, until: str | None = None, only: str | None = None) -> Record:
    """Run a study, telling each stage, its notes and where the report is."""
    from spinemodel.study.compiling import compiling
    from spinemodel.study.lead_stage import design_of
    from spinemodel.study.preflight import require_sound
    from spinemodel.study.run import Watch, run_study

    require_sound(study, source)
    with compiling(say, len(design_of(study).contacts)) as ready:
        record = run_study(study, out, source, until=until, only=only, watch=Watch(step, say, ready))
    for name, done in record.stages.items():
        for note in done.notes:
            say(f"note: {name}: {note}")
    if "report" in record.stages:
        say(f"report: {out / 'report' / 'report.html'}")
    return record
