"""``spinemodel edit``: meshes that were sculpted in Blender, taken back into the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.anatomy.edited import EditedModel
    from spinemodel.anatomy.edits import EditDisplacement
    from spinemodel.io.tables import Row


def edit(
    model: Annotated[Path, typer.Argument(help="The model folder that was imported into Blender.")],
    edits: Annotated[Path, typer.Argument(help="What export_edits.py, or the panel's button, wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the edited model, which becomes OUT/<subject>.")],
    figures: Annotated[bool, typer.Option(help="Draw the edited model.")] = True,
) -> None:
    """Take meshes that were edited in Blender into a model; the model itself stays as it was.

    Edits are refused where a surface is open, doubled, folded, inside out, mirrored, in another frame or on the other
    side, or breaks what the model promises (the cord inside the dura, roots that do not overlap and cross once). What
    lies beside an edit is carried along, so that the tissues still part space without gap or overlap. How far
    everything moved stands in model.json.

    Example: spinemodel edit models/sub-03 edits --out edited
    """
    from spinemodel.anatomy.edited import take_edits
    from spinemodel.io.edits import read_edits, write_edited
    from spinemodel.io.whole_model import read_model

    if not edits.is_dir():
        raise InputError(f"{edits}: no such folder; give a folder that export_edits.py wrote in Blender")
    with step(f"Reading {model}"):
        whole = read_model(model)
        found = read_edits(edits, whole)
    with step("Checking the edits"):
        edited = take_edits(whole.surfaces, whole.centrelines, whole.partition, whole.levels.axis, found.surfaces)
    with step(f"Writing {out}"):
        path = write_edited(whole, edited, found, out)
    print_rows(f"{path.parent.name}: edited in {found.made_with}", list(_rows(edited)))
    if figures:
        with step("Drawing"):
            _draw(path.parent, whole.subject, edited)
    say(str(path))


def _rows(edited: EditedModel) -> Iterator[Row]:
    """Yield what is printed of every structure that moved."""
    for how, moved in (("edited", edited.edits), ("followed", edited.followed)):
        for name, change in moved.items():
            yield _row(name, how, change)


def _row(name: str, how: str, change: EditDisplacement) -> Row:
    """Return one line of the table."""
    return {
        "structure": name,
        "moved": how,
        "mean mm": f"{change.mean_mm:.2f}",
        "most mm": f"{change.most_mm:.2f}",
        "at (RAS mm)": ", ".join(f"{value:.0f}" for value in change.at_mm),
        "mm3": f"{change.volume_change_mm3:+.1f}",
    }


def _draw(folder: Path, subject: str, edited: EditedModel) -> None:
    """Draw the model as it is now; say so where it cannot be drawn."""
    from spinemodel.report.render import render_model

    try:
        render_model(folder / "figures" / f"{subject}_model.png", edited.surfaces, title=f"{subject}, edited")
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")
