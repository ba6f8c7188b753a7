"""Two shapes on one command line: which part of the one belongs to which part of the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.io.shapes import Parts

StructureOption = Annotated[
    list[str] | None,
    typer.Option(
        "--structure",
        metavar="NAME",
        help="Part of both, or FIRST=SECOND where they are called otherwise; repeatable. Default: all they share.",
    ),
]
LabelOption = Annotated[
    list[int] | None,
    typer.Option("--label", metavar="N", help="Label of the mask, or of both masks; repeatable."),
]


def read_pair(
    first: Path,
    second: Path,
    structures: Sequence[str] | None,
    labels: Sequence[int] | None,
    spaces: tuple[str | None, str | None] = (None, None),
) -> tuple[Parts, Parts]:
    """Return the chosen parts of two shapes.

    Parameters
    ----------
    first, second
        Model folders, mesh files or masks.
    structures
        ``NAME``, or ``FIRST=SECOND``.
    labels
        Of those that are masks; structures then name the parts of the other.
    spaces
        Names of the spaces of shapes that state none.

    Raises
    ------
    InputError
        If a shape cannot be read, or a part is not there.
    """
    from spinemodel.io.shapes import read_parts
    from spinemodel.io.sidecar import is_volume

    if labels and not any(is_volume(path) for path in (first, second)):
        raise InputError(f"--label {labels[0]}: neither {first} nor {second} is a mask; choose parts with --structure")
    names = [_names(text) for text in structures or ()]
    numbers = [str(label) for label in labels or ()]
    chosen = [
        numbers if numbers and is_volume(path) else [pair[place] for pair in names]
        for place, path in enumerate((first, second))
    ]
    one, other = (
        read_parts(path, wanted, space=space)
        for path, wanted, space in zip((first, second), chosen, spaces, strict=True)
    )
    return one, other


def _names(text: str) -> tuple[str, str]:
    """Return the names of one part in the first and in the second shape."""
    first, _, second = (part.strip() for part in text.partition("="))
    if not first or ("=" in text and not second):
        raise InputError(f"--structure {text}: expected NAME, or FIRST=SECOND")
    return first, second or first


def match(first: Parts, second: Parts, *, chosen: bool) -> list[tuple[str, str]]:
    """Return which part of the first belongs to which of the second.

    One part alone belongs to one alone; chosen ones belong together in their order; others by their names.

    Raises
    ------
    InputError
        If none belong together.
    """
    if len(first.names) == len(second.names) and (chosen or len(first.names) == 1):
        return list(zip(first.names, second.names, strict=True))
    by_name = {name.lower(): name for name in second.names}
    shared = [(name, by_name[name.lower()]) for name in first.names if name.lower() in by_name]
    if not shared:
        raise InputError(
            f"no part of one name: {first.path} has {', '.join(first.names)}, {second.path} has "
            f"{', '.join(second.names)}; pair them with --structure FIRST=SECOND or --label"
        )
    return shared
