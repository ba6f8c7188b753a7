"""The JSON beside a volume, which says what NIfTI has no place for: space, sources, parameters and version."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, one_line, sha256
from spinemodel.volume.grid import Grid, spacing

log = logging.getLogger("spinemodel")

SUFFIXES: Final = (".nii", ".nii.gz")


def is_volume(path: Path) -> bool:
    """Return whether a file's name says that it is a NIfTI volume."""
    return path.name.lower().endswith(SUFFIXES)


def volume_suffix(path: Path) -> str:
    """Return ``.nii`` or ``.nii.gz`` as the file spells it.

    Raises
    ------
    InputError
        If it has neither.
    """
    for suffix in reversed(SUFFIXES):
        if path.name.lower().endswith(suffix):
            return path.name[-len(suffix) :]
    raise InputError(f"{path}: unknown volume format {path.suffix or '(no suffix)'}; expected {' or '.join(SUFFIXES)}")


def beside(path: Path, ending: str) -> Path:
    """Return the file of a volume's stem with another ending.

    Examples
    --------
    >>> beside(Path("sub-03_dseg.nii.gz"), ".tsv").name
    'sub-03_dseg.tsv'
    """
    return path.with_name(path.name.removesuffix(volume_suffix(path)) + ending)


def sidecar_text(
    path: Path, grid: Grid, sources: Iterable[Path], parameters: Mapping[str, object], more: Mapping[str, object]
) -> str:
    """Return what the volume at ``path`` is, as JSON.

    ``Sources``, ``SpatialReference`` (``orig``: the image's own space), ``Manual``, ``Resolution`` and ``LabelMap`` are
    keys of BIDS derivatives (specification, "Common data types" and "Imaging data types"). Paths are relative to the
    volume's folder.

    Parameters
    ----------
    path
        The volume.
    grid
        Its voxels.
    sources
        Files that it was made from.
    parameters
        How it was made; what JSON can hold.
    more
        Further keys.

    Raises
    ------
    InputError
        If a source cannot be read.
    """
    hashes = {relative(source, path.parent): _hash(source) for source in sources}
    record = {
        "Description": "made by spinemodel; Parameters say how",
        "Sources": list(hashes),
        "SpatialReference": "orig",
        "Resolution": " x ".join(f"{side:.6g}" for side in spacing(grid)) + " mm",
        **more,
        "Space": grid.space,
        "Frame": "RAS",
        "Unit": "mm",
        "SourceSHA256": hashes,
        "Parameters": dict(parameters),
        "GeneratedBy": {"Name": "spinemodel", "Version": __version__},
    }
    return json.dumps(record, indent=1, allow_nan=False) + "\n"


def write_sidecar(path: Path, text: str) -> None:
    """Write the sidecar of the volume at ``path``, whole or not at all."""
    with atomic(beside(path, ".json")) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _hash(source: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        return sha256(source.read_bytes())
    except OSError as problem:
        raise InputError(f"{source}: cannot be read ({problem.strerror})") from None


def relative(source: Path, folder: Path) -> str:
    """Return the way from a folder to a file, or the whole path where there is none (another Windows drive)."""
    try:
        return Path(os.path.relpath(source, folder)).as_posix()
    except ValueError:
        return source.resolve().as_posix()


def stated_space(path: Path) -> str | None:
    """Return the space that the sidecar of the volume at ``path`` names; None without one, or where it names none.

    A sidecar that cannot be read is warned of, once.
    """
    sidecar = beside(path, ".json")
    try:
        record = json.loads(sidecar.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        _warn(f"{sidecar}: cannot be read ({one_line(problem)}); the space of {path.name} is not known")
        return None
    space = record.get("Space") if isinstance(record, dict) else None
    return space if isinstance(space, str) else None


@cache
def _warn(line: str) -> None:
    """Log a warning once, however often the file is asked."""
    log.warning(line)
