"""The files of a scene: found inside its folder, checked against their SHA-256, and taken apart."""

from __future__ import annotations

import hashlib
import io
from pathlib import PurePosixPath

import numpy as np

from .entries import FileEntry, MeshEntry
from .mesh_files import FRAMES, MeshFileError, Triangles, parse_mesh
from .records import MEND, Record, SceneError


def file_entry(row: Record, *, mesh: bool = True) -> FileEntry:
    """Return a file inside the record's folder; a mesh must state a frame and mm."""
    relative = PurePosixPath(row.text("path"))
    if relative.is_absolute() or ".." in relative.parts or "\\" in str(relative) or ":" in str(relative):
        raise SceneError(f"{row.where}: path {str(relative)!r} leaves the folder; expected a file inside it")
    frame = ""
    if mesh:
        row.require("unit", "mm")
        frame = row.text("frame")
        if frame not in FRAMES:
            raise SceneError(f"{row.where}: frame {frame!r}; expected RAS or LPS; export the model again")
    return FileEntry(row.folder.joinpath(*relative.parts), row.sha256("sha256"), frame)


def content_of(entry: FileEntry) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    SceneError
        If it is missing, or its bytes are not those that were written.
    """
    try:
        content = entry.path.read_bytes()
    except FileNotFoundError:
        raise SceneError(f"{entry.path}: is named but missing; {MEND}") from None
    except OSError as problem:
        raise SceneError(f"{entry.path}: cannot be read ({problem.strerror}); {MEND}") from None
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise SceneError(f"{entry.path}: changed since it was written (SHA-256 differs); {MEND}")
    return content


def triangles_of(mesh: MeshEntry) -> Triangles:
    """Return the triangles of a mesh, RAS mm.

    Raises
    ------
    SceneError
        If the file is not as it was written, or is not a mesh of the stated size.
    """
    content = content_of(mesh.file)
    try:
        found = parse_mesh(mesh.file.path.suffix.lower(), content, mesh.file.frame)
    except MeshFileError as problem:
        raise SceneError(f"{mesh.file.path}: not a readable mesh ({problem}); {MEND}") from None
    for what, stated, size in (("vertices", mesh.vertices, found.vertices), ("faces", mesh.faces, found.faces)):
        if stated is not None and stated != len(size):
            raise SceneError(f"{mesh.file.path}: holds {len(size)} {what}, stated {stated}; {MEND}")
    return found


def values_of(entry: FileEntry, count: int) -> np.ndarray:
    """Return the numbers in a field's file, one for each of ``count`` vertices.

    Raises
    ------
    SceneError
        If the file is not as it was written, or does not hold that.
    """
    try:
        values = np.load(io.BytesIO(content_of(entry)), allow_pickle=False)
    except (EOFError, ValueError) as problem:
        raise SceneError(f"{entry.path}: not an array of numbers ({' '.join(str(problem).split())}); {MEND}") from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu" or values.shape != (count,):
        got = f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
        raise SceneError(f"{entry.path}: holds {got}, expected {count} numbers, one per vertex; {MEND}")
    return values.astype(np.float64)
