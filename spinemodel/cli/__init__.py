"""The command line: each command reads, calls the library and writes.

Errors that a user can mend are one line on standard error and exit code 1; wrong usage is exit code 2; anything else
is a bug and shows its traceback.
"""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from spinemodel import __version__
from spinemodel.cli import (
    agree,
    align,
    build,
    check,
    data,
    dataset,
    demo,
    edit,
    export,
    field,
    leads,
    levels,
    overlap,
    place,
    quality,
    rasterise,
    recruit,
    run,
    score,
    solve,
    sweep,
    verify,
    vertebrae,
    volumes,
)
from spinemodel.errors import SpineModelError

app = typer.Typer(
    help="From the marks drawn on a spine MRI to a model that can be stimulated.\n\n"
    "Example: spinemodel build sub-03/ --out models",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(name="demo")(demo.demo)
app.command(name="build")(build.build_model)
app.command(name="check")(check.check)
app.command(name="levels")(levels.levels)
app.command(name="volumes")(volumes.volumes)
app.command(name="rasterise")(rasterise.rasterise)
app.command(name="align")(align.align)
app.command(name="overlap")(overlap.overlap)
app.command(name="vertebrae")(vertebrae.vertebrae)
app.command(name="score")(score.score)
app.command(name="quality")(quality.quality)
app.command(name="agree")(agree.agree)
app.command(name="place")(place.place)
app.command(name="export")(export.export)
app.command(name="edit")(edit.edit)
app.command(name="solve")(solve.solve)
app.command(name="recruit")(recruit.recruit)
app.command(name="sweep")(sweep.sweep)
app.command(name="run")(run.run)
app.command(name="verify")(verify.verify)
app.add_typer(leads.app, name="leads")
app.add_typer(field.app, name="field")
app.add_typer(data.app, name="data", help="Public datasets: list, fetch, verify.\n\nExample: spinemodel data list")
app.add_typer(dataset.app, name="dataset")


def _show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"spinemodel {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done, to standard error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(name)s: %(message)s", stream=sys.stderr, force=True)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SpineModelError as problem:
        sys.exit(f"error: {' '.join(str(problem).split())}")
