"""``spinemodel verify``: whether a study's folder is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemodel.cli.show import say, step


def verify(folder: Annotated[Path, typer.Argument(help="A folder that `spinemodel run` wrote.")]) -> None:
    """Hash every file of a study again, and name the first stage that differs; exit with 1 where one does.

    Example: spinemodel verify studies/first
    """
    from spinemodel.study.verify import verify_study

    with step(f"Hashing {folder}"):
        found = verify_study(folder)
    for one in found:
        say(f"{one.stage}: {one.what}")
    if found:
        say(f"first stage that differs: {found[0].stage}")
        raise typer.Exit(1)
    say(f"{folder}: every file is as it was written")
