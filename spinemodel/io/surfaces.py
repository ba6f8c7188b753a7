"""Surfaces as mesh files: stl, ply, obj, glb, vtp and gii, chosen by the suffix.

Files are in mm and state their frame as 3D Slicer does (``vtkMRMLModelStorageNode``): ``SPACE=LPS`` in the header of
STL, in a comment of PLY and OBJ, in the field data of VTP. Two formats have rules of their own: GIFTI is RAS whatever
is asked for, and glTF is in metres with +y up (see :func:`~spinemodel.io.mesh_writers.to_glb`). A file that states no
frame is taken as LPS, as Slicer takes it, and this is logged.

LPS and RAS differ by half a turn about z, so faces keep their winding. STL, PLY, glTF and GIFTI hold float32: a
coordinate comes back within 6e-8 of its size (1e-5 is promised); OBJ within 5e-7 mm; VTP exactly. The colour goes into
PLY and glTF, which have a place for it.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import get_args

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.mesh_readers import BROKEN, READERS, Soup
from spinemodel.io.mesh_writers import WRITERS, Colour, MeshFile
from spinemodel.io.slicer import Frame, frame_factors

log = logging.getLogger("spinemodel")


def file_frame(suffix: str, frame: Frame) -> Frame:
    """Return the frame of a written file: the one asked for, or the only one that its format knows.

    Examples
    --------
    >>> file_frame("stl", "LPS"), file_frame("gii", "LPS")
    ('LPS', 'RAS')
    """
    return "RAS" if suffix.lstrip(".") == "gii" else frame


def file_unit(suffix: str) -> str:
    """Return the unit of the numbers in a file: m in glTF, mm elsewhere."""
    return "m" if suffix.lstrip(".") == "glb" else "mm"


def write_surface(path: Path, surface: Surface, *, frame: Frame = "LPS", colour: Colour | None = None) -> None:
    """Write a surface, whole or not at all; the same surface gives the same bytes.

    Parameters
    ----------
    path
        Its suffix chooses the format.
    surface
        mm, RAS+.
    frame
        Frame of the file; a GIFTI file is RAS whatever is asked for (:func:`file_frame`).
    colour
        sRGB, 0-1.

    Raises
    ------
    InputError
        If the suffix is not of a known format.
    """
    suffix = _suffix(path)
    frame = file_frame(suffix, frame)
    content = WRITERS[suffix](
        MeshFile(surface.vertices * frame_factors(frame), surface.faces, frame, surface.name, colour)
    )
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def read_surface(path: Path, space: str, name: str | None = None) -> Surface:
    """Read a surface into RAS+ mm.

    Vertices at exactly the same place become one, since STL repeats every vertex and other formats split them where
    a texture has a seam; triangles that lose a corner by this are left out.

    Parameters
    ----------
    path
        File of any origin, in mm (glTF: in metres).
    space
        Name of the coordinate space, which no format holds.
    name
        Structure name; the file's stem by default.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no triangle.
    """
    reader = READERS[_suffix(path)]
    try:
        soup = reader(path)
    except BROKEN as problem:
        reason = " ".join(str(problem).split()) or type(problem).__name__
        raise InputError(f"{path}: not a readable {path.suffix[1:]} file ({reason}); export it again") from problem
    _require_triangles(path, soup)
    vertices, faces = weld(soup.vertices, soup.faces)
    factors = frame_factors(_frame(path, soup.statement))
    return Surface(path.stem if name is None else name, space, vertices * factors, faces)


def _suffix(path: Path) -> str:
    """Return the suffix in small letters, or refuse it."""
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise InputError(f"{path}: unknown mesh format {suffix or '(no suffix)'}; expected {', '.join(WRITERS)}")
    return suffix


def _require_triangles(path: Path, soup: Soup) -> None:
    """Refuse a file without triangles, with a corner that does not exist or with a position that is not finite."""
    vertices, faces = soup.vertices, soup.faces
    if not len(faces):
        raise InputError(f"{path}: holds no triangle; expected a closed triangle surface")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(f"{path}: a face names vertex {faces.max()} of {len(vertices)}; export it again")
    wrong = int((~np.isfinite(vertices)).any(axis=1).sum())
    if wrong:
        raise InputError(f"{path}: {wrong} vertices are not finite; export it again")


def _frame(path: Path, statement: str) -> Frame:
    """Return the frame that a file states, LPS where it states none."""
    stated = set(re.findall(r"SPACE=(\w+)", statement))
    if not stated:
        log.info("%s: states no frame; taken as LPS, as 3D Slicer does", path)
        return "LPS"
    frames: tuple[Frame, ...] = get_args(Frame)
    for frame in frames:
        if stated == {frame}:
            return frame
    raise InputError(f"{path}: states SPACE={'/'.join(sorted(stated))}; expected SPACE=LPS or SPACE=RAS, once")


def weld(vertices: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the mesh with vertices at exactly the same place made one, in order of their first appearance.

    Examples
    --------
    >>> twice = np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]])
    >>> vertices, faces = weld(twice, np.array([[2, 1, 3], [0, 1, 2]]))
    >>> len(vertices), faces.tolist()
    (3, [[0, 1, 2]])
    """
    order = np.lexsort(vertices.T)
    ordered = vertices[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    first = order[starts]
    appearance = np.argsort(first)
    rank = np.empty_like(appearance)
    rank[appearance] = np.arange(len(first))
    index = np.empty(len(vertices), dtype=np.int64)
    index[order] = rank[np.cumsum(starts) - 1]
    welded = index[faces]
    whole = (welded != np.roll(welded, 1, axis=1)).all(axis=1)
    return vertices[first[appearance]], welded[whole]
