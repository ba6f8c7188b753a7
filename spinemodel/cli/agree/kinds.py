"""What the annotations are: markers, masks or gradings."""

from __future__ import annotations

from collections.abc import Sequence
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


def one_kind(paths: Sequence[Path]) -> Kind:
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
