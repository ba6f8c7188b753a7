"""A folder of vertebra meshes: one closed surface per file, named by its level."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.facing import require_sound
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.surfaces import read_surface

SUFFIXES: Final = (".stl", ".ply", ".obj", ".glb", ".vtp", ".gii")

SIZES_MM: Final = (15.0, 250.0)
"""Width of a vertebra, or of a sacrum: what lies outside is in another unit."""

_NAME: Final = re.compile(r"(?:.*[_-])?([TLS]\d{1,2}|Sacrum)", re.IGNORECASE)
_DISC: Final = re.compile(r"[CTLS]\d{1,2}-[CTLS]\d{1,2}$", re.IGNORECASE)


def read_vertebrae(folder: Path, space: str) -> dict[str, Surface]:
    """Return the vertebrae in a folder by name (``L1.stl``, ``sub-03_T12.ply``), in RAS+ mm.

    They must lie in the subject's own frame; a file's frame is read as for every mesh.

    Raises
    ------
    InputError
        If the folder holds none, one level twice, or a mesh that cannot be read.
    GeometryError
        If a mesh is not closed, is turned inside out, or has faces twice.
    """
    files = mesh_files(folder)
    return {name: _checked(path, read_surface(path, space=space, name=name)) for name, path in files.items()}


def mesh_files(folder: Path) -> dict[str, Path]:
    """Return the vertebra meshes in a folder by level; a mesh of the sacrum stands for S1, and discs are passed over.

    Raises
    ------
    InputError
        If the folder holds none, or one level twice.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one with vertebra meshes such as L1.stl")
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*")):
        named = _NAME.fullmatch(path.stem)
        if path.suffix.lower() not in SUFFIXES or not named or _DISC.search(path.stem):
            continue
        name = named.group(1).upper().replace("SACRUM", "S1")
        if name in found:
            raise InputError(f"{path}: a second mesh of vertebra {name}; keep one of them in the folder")
        found[name] = path
    if not found:
        seen = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) or "nothing"
        raise InputError(f"{folder}: no vertebra mesh, but {seen}; expected files such as L1.stl or sub-03_T12.ply")
    return found


def _checked(path: Path, mesh: Surface) -> Surface:
    """Return the mesh if it is closed, looks outwards and is as large as a vertebra."""
    widest = float(np.ptp(mesh.vertices, axis=0).max())
    if not SIZES_MM[0] <= widest <= SIZES_MM[1]:
        expected = f"{SIZES_MM[0]:g} to {SIZES_MM[1]:g} mm"
        raise InputError(f"{path}: {widest:.3g} mm wide, expected {expected}; is it in millimetres?")
    try:
        to_solid(mesh)
        require_sound(mesh)
    except GeometryError as problem:
        raise GeometryError(f"{path}: {problem}") from None
    return mesh
