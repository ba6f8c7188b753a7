"""Mesh files of any origin: one format, one function.

Every function takes a path and returns a :class:`Soup`: triangles as the file has them, in mm and in the file's frame,
with the text in which the file may state that frame.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.parsers.expat import ExpatError

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.io.mesh_writers import STL_RECORD, TO_GLTF

if TYPE_CHECKING:
    import pyvista

BROKEN: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ExpatError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What the parsers of this module and of the libraries behind it raise on bytes that are not of the format."""


class Soup(NamedTuple):
    """Triangles of a file: vertices (n, 3), faces (m, 3), and the header or comments that may name a frame."""

    vertices: FloatArray
    faces: IntArray
    statement: str


def from_stl(path: Path) -> Soup:
    """Read a binary or ASCII STL file; every triangle has three vertices of its own."""
    content = path.read_bytes()
    count = int.from_bytes(content[80:84], "little")
    if len(content) >= 84 + 50 * count:
        records = np.frombuffer(content, STL_RECORD, count, offset=84)
        corners, header = records["corners"].astype(np.float64).reshape(-1, 3), content[:80]
    elif content.lstrip()[:5].lower() == b"solid":
        corners, header = _ascii_corners(content), content.lstrip().splitlines()[0]
    else:
        raise ValueError(f"{len(content)} bytes, expected {84 + 50 * count} for the {count} triangles in its header")
    return Soup(corners, np.arange(len(corners)).reshape(-1, 3), header.decode("latin-1"))


def _ascii_corners(content: bytes) -> FloatArray:
    """Return the corners in an ASCII STL file, (3 m, 3)."""
    found = re.findall(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", content, re.IGNORECASE)
    if b"endsolid" not in content.lower() or len(found) % 3:
        raise ValueError("it ends before endsolid")
    return np.array(found, dtype="S32").astype(np.float64).reshape(-1, 3)


def from_obj(path: Path) -> Soup:
    """Read an OBJ file: ``v`` and ``f`` lines alone; polygons become fans about their first corner."""
    vertices: list[list[str]] = []
    faces: list[tuple[int, int, int]] = []
    comments: list[str] = []
    for line in path.read_text(encoding="latin-1").replace("\\\n", " ").splitlines():
        key, *values = line.split() or [""]
        if key == "v":
            vertices.append(values[:3])
        elif key == "f":
            corners = [_obj_index(value, len(vertices)) for value in values]
            faces += [(corners[0], *corners[i : i + 2]) for i in range(1, len(corners) - 1)]  # type: ignore[misc]
        elif key.startswith("#") and not vertices:
            comments.append(line)
    return Soup(np.array(vertices, dtype=np.float64), np.array(faces, dtype=np.int64), "\n".join(comments))


def _obj_index(corner: str, count: int) -> int:
    """Return the vertex that a corner ``v/vt/vn`` names; negative ones count back from the last read."""
    index = int(corner.split("/")[0])
    return index - 1 if index > 0 else count + index


def from_ply(path: Path) -> Soup:
    """Read a PLY file, ASCII or binary."""
    header = path.read_bytes().partition(b"end_header")[0].decode("latin-1")
    return Soup(*_by_trimesh(path), header)


def from_glb(path: Path) -> Soup:
    """Read a binary glTF file: all meshes in its scene, metres and +y up turned into mm and +z up."""
    vertices, faces = _by_trimesh(path)
    content = path.read_bytes()
    length = int.from_bytes(content[12:16], "little")
    extras = json.loads(content[20 : 20 + length])["asset"].get("extras", {})
    return Soup(vertices @ np.linalg.inv(TO_GLTF), faces, f"SPACE={extras['SPACE']}" if "SPACE" in extras else "")


def _by_trimesh(path: Path) -> tuple[FloatArray, IntArray]:
    """Return the triangles that trimesh finds, untouched."""
    import trimesh

    mesh: Any = trimesh.load_mesh(path, process=False)
    if not hasattr(mesh, "faces"):
        return np.empty((0, 3)), np.empty((0, 3), dtype=np.int64)
    return np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int64)


def read_polydata(path: Path) -> pyvista.PolyData:
    """Return the content of a VTK XML PolyData file.

    Raises
    ------
    ValueError
        With VTK's reason, where it cannot be read.
    """
    import pyvista
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(path))
    with pyvista.vtk_verbosity("off"), pyvista.VtkErrorCatcher(send_to_logging=False) as catcher:
        reader.Update()
    if catcher.events:
        raise ValueError(catcher.events[0].alert)
    return pyvista.wrap(reader.GetOutput())


def from_vtp(path: Path) -> Soup:
    """Read a VTK XML PolyData file; polygons and strips become triangles, lines and points are left out."""
    mesh = read_polydata(path).triangulate()
    stated = mesh.field_data["SPACE"][0] if "SPACE" in mesh.field_data else ""
    faces = mesh.regular_faces if mesh.n_cells else np.empty((0, 3))
    return Soup(mesh.points.astype(np.float64), faces.astype(np.int64), f"SPACE={stated}" if stated else "")


def from_gii(path: Path) -> Soup:
    """Read a GIFTI surface, which is RAS by its specification."""
    from nibabel.gifti import GiftiImage

    points, triangles = GiftiImage.from_bytes(path.read_bytes()).agg_data(("pointset", "triangle"))
    return Soup(np.asarray(points, dtype=np.float64), np.asarray(triangles, dtype=np.int64), "SPACE=RAS")


READERS: Final[dict[str, Callable[[Path], Soup]]] = {
    ".stl": from_stl,
    ".ply": from_ply,
    ".obj": from_obj,
    ".glb": from_glb,
    ".vtp": from_vtp,
    ".gii": from_gii,
}
"""Readers by suffix."""
