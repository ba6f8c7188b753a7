"""A folder of vertebra meshes: one closed surface per file, named by its level."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.io.surfaces import read_surface

SUFFIXES: Final = (".stl", ".ply", ".obj", ".glb", ".vtp", ".gii")

_NAME: Final = re.compile(r"(?:.*[_-])?([TLS]\d{1,2})", re.IGNORECASE)


def read_vertebrae(folder: Path, space: str) -> dict[str, Surface]:
    """Return the vertebrae in a folder by name (``L1.stl``, ``sub-03_T12.ply``), in RAS+ mm.

    They must lie in the subject's own frame; a file's frame is read as for every mesh.

    Raises
    ------
    InputError
        If the folder holds none, one level twice, or a mesh that cannot be read.
    GeometryError
        If a mesh is not closed.
    """
    found: dict[str, Surface] = {}
    for path in sorted(folder.glob("*")):
        named = _NAME.fullmatch(path.stem)
        if path.suffix.lower() not in SUFFIXES or not named:
            continue
        name = named.group(1).upper()
        if name in found:
            raise InputError(f"{path}: a second mesh of vertebra {name}; keep one of them in the folder")
        found[name] = read_surface(path, space=space, name=name)
        to_solid(found[name])
    if not found:
        raise InputError(f"{folder}: no vertebra mesh; expected files such as L1.stl or sub-03_T12.ply")
    return found
