"""What the annotations are: markers, masks or gradings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from spinemodel.errors import InputError

Kind: TypeAlias = Literal["markers", "masks", "gradings"]

RESERVED: Final[dict[Kind, tuple[str, ...]]] = {
    "markers": ("all", "consensus"),
    "masks": ("majority", "STAPLE", "others"),
    "gradings": ("all",),
}
"""Names by which the tables of each kind call something else than a rater."""

OF_TABLES: Final = ("--frame", "--unit")

ONLY_FOR: Final[dict[str, tuple[Kind, str]]] = {
    "--models": ("markers", "models are built from marker files"),
    "--frame": ("markers", "it is that of a table of points; leave it out"),
    "--unit": ("markers", "it is that of a table of points; leave it out"),
    "--order": ("gradings", "it is that of grades that are words; leave it out"),
}
"""Options that only one kind has a use for, and which."""


def one_kind(paths: Sequence[Path]) -> Kind:
    """Return what all annotations are."""
    kinds = [_kind(path) for path in paths]
    other = next((place for place, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is not None:
        raise InputError(
            f"{paths[other]}: holds {kinds[other]}, and {paths[0]} {kinds[0]}; compare annotations of one kind"
        )
    return kinds[0]


def require_applicable(kind: Kind, paths: Sequence[Path], given: Iterable[str]) -> None:
    """Refuse options that would do nothing to what is read."""
    tables = any(path.is_file() for path in paths)
    for name in given:
        wanted, why = ONLY_FOR[name]
        if kind != wanted:
            raise InputError(f"{name}: {paths[0]} holds {kind}; {why}")
        if name in OF_TABLES and not tables:
            raise InputError(f"{name}: {paths[0]} holds marker files, which state their own; {why}")


def _kind(path: Path) -> Kind:
    """Return what a file or folder holds, by its content."""
    from spinemodel.io.marker_tables import is_point_table, is_table
    from spinemodel.io.metaimage import is_metaimage
    from spinemodel.io.sheets import read_sheet
    from spinemodel.io.sidecar import is_volume

    if not path.exists():
        raise InputError(f"{path}: no such file or folder; expected marker files, masks or a table")
    if path.is_dir():
        return _kind_of_folder(path)
    if is_volume(path) or is_metaimage(path):
        return "masks"
    if is_table(path):
        return "markers" if is_point_table(read_sheet(path)) else "gradings"
    raise InputError(f"{path}: neither a mask nor a table; give the folder of marker files, not one of them")


def _kind_of_folder(path: Path) -> Kind:
    """Return what a folder or a tree holds: masks that lie in it, else markers, else masks further down.

    A dataset has images besides its markers, so that what lies further down tells nothing where there are markers.
    """
    from spinemodel.cli.agree.mask_files import masks_below, masks_in
    from spinemodel.io.bids import find_subjects

    if masks_in(path):
        return "masks"
    try:
        find_subjects(path)
    except InputError:
        if masks_below(path):
            return "masks"
        raise InputError(
            f"{path}: expected marker files such as sub-03_cord_1.json, or masks (NIfTI or MetaImage), in it or in "
            "folders of subjects, got neither; name the right folder"
        ) from None
    return "markers"
