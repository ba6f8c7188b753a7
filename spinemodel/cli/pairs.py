"""Two shapes on one command line: which part of the one belongs to which part of the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemodel.cli.show import say
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
    from spinemodel.io.sidecar import is_volume

    if labels and not any(is_volume(path) for path in (first, second)):
        raise InputError(f"--label {labels[0]}: neither {first} nor {second} is a mask; choose parts with --structure")
    names = [_names(text) for text in structures or ()]
    numbers = [str(label) for label in labels or ()]
    chosen = [
        numbers if numbers and is_volume(path) else [pair[place] for pair in names]
        for place, path in enumerate((first, second))
    ]
    named = [_holds(path) for path in (first, second)]
    one, other = (
        _read(path, wanted, space, beside)
        for path, wanted, space, beside in zip((first, second), chosen, spaces, reversed(named), strict=True)
    )
    return one, other


def _holds(path: Path) -> set[str]:
    """Return the names of what a mask or a mesh file holds, as far as its table or its name tells; none of a model."""
    from spinemodel.io.label_table import names_beside
    from spinemodel.io.shapes import structure_in
    from spinemodel.io.sidecar import is_volume

    if is_volume(path):
        return set(names_beside(path).values())
    return set() if path.is_dir() else {structure_in(path.stem)}


def _read(path: Path, chosen: Sequence[str], space: str | None, beside: set[str]) -> Parts:
    """Return the chosen parts of one shape; of a model its tissues, where what it is compared with has tissues.

    Roots are structures and tissues of one name and other forms. Dura and cord are taken too, where the other has them.
    """
    from dataclasses import replace

    from spinemodel.io.shapes import read_parts, states_frame
    from spinemodel.levels import STRUCTURES, TISSUES

    if not states_frame(path):
        say(f"note: {path} states no frame; taken as LPS, as 3D Slicer does")
    if not path.is_dir() or not beside & (TISSUES.keys() - STRUCTURES.keys()):
        return read_parts(path, chosen, space=space)
    parts = read_parts(path, chosen, space=space, tissues=True)
    whole = beside & (STRUCTURES.keys() - TISSUES.keys())
    if chosen or not whole:
        return parts
    structures = {n: surface for n, surface in read_parts(path, space=space).surfaces.items() if n in whole}
    return replace(parts, surfaces=structures | dict(parts.surfaces))


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
        from spinemodel.io.shapes import listed

        raise InputError(
            f"no part of one name: {first.path} has {listed(first.names)}, {second.path} has "
            f"{listed(second.names)}; pair them with --structure FIRST=SECOND or --label"
        )
    return shared
