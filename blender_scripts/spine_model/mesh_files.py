"""Triangle meshes in files: PLY and STL read, PLY written; binary, little endian.

Every mesh comes in as RAS+ mm. LPS and RAS differ by half a turn about z, so faces keep their winding.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

FRAMES = {"RAS": np.array([1.0, 1, 1]), "LPS": np.array([-1.0, -1, 1])}
"""What coordinates of a frame are multiplied with to be RAS."""

_TYPES = {
    **{"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "<i2", "int16": "<i2"},
    **{"ushort": "<u2", "uint16": "<u2", "int": "<i4", "int32": "<i4", "uint": "<u4", "uint32": "<u4"},
    **{"float": "<f4", "float32": "<f4", "double": "<f8", "float64": "<f8"},
}
_STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


class Triangles(NamedTuple):
    """Vertices (n, 3) mm, RAS+, and faces (m, 3), anticlockwise seen from outside."""

    vertices: np.ndarray
    faces: np.ndarray


class MeshFileError(ValueError):
    """Bytes that are not the mesh that they should be; the message says why."""


def parse_mesh(suffix: str, content: bytes, frame: str) -> Triangles:
    """Return the triangles in the bytes of a ``.ply`` or ``.stl`` file whose frame is ``LPS`` or ``RAS``.

    Vertices of an STL file at exactly the same place become one, numbered by their first appearance.

    Raises
    ------
    MeshFileError
        If the bytes are not of the format, hold no triangle, or a triangle without three corners that exist.
    """
    _require_frame(content.partition(b"end_header")[0][:4096] if suffix == ".ply" else content[:80], frame)
    try:
        vertices, faces = _parse_ply(content) if suffix == ".ply" else _parse_stl(content)
    except (IndexError, KeyError, ValueError) as problem:
        raise MeshFileError(" ".join(str(problem).split()) or type(problem).__name__) from None
    if not len(faces) or faces.min() < 0 or faces.max() >= len(vertices) or not np.isfinite(vertices).all():
        raise MeshFileError("no triangles, or a corner that does not exist or is not finite")
    if (faces == np.roll(faces, 1, axis=1)).any():
        raise MeshFileError("a triangle names a corner twice")
    return Triangles(vertices * FRAMES[frame], faces)


def _require_frame(header: bytes, frame: str) -> None:
    """Refuse a file whose header states another frame than its record."""
    stated = set(re.findall(rb"SPACE=(\w+)", header))
    if stated and stated != {frame.encode()}:
        raise MeshFileError(f"its header states SPACE={b'/'.join(sorted(stated)).decode()}, its record {frame}")


def _parse_ply(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return what a binary PLY file holds, as it is."""
    header, found, body = content.partition(b"end_header\n")
    lines = [line.split() for line in header.decode("ascii", "replace").splitlines()]
    if not found or lines[:1] != [["ply"]] or ["format", "binary_little_endian", "1.0"] not in lines:
        raise ValueError("not a PLY file of format binary_little_endian 1.0")
    elements = _elements(lines)
    if [name for name, _, _ in elements] != ["vertex", "face"] or len(elements[1][2]) != 1:
        raise ValueError("expected the elements vertex and face, the faces with corners alone")
    (_, count, properties), (_, size, (corners,)) = elements
    vertex = np.dtype([(name, _TYPES[kind]) for kind, name in (words[1:] for words in properties)])
    face = np.dtype([("count", _TYPES[corners[2]]), ("corners", _TYPES[corners[3]], 3)])
    if len(body) != count * vertex.itemsize + size * face.itemsize:
        raise ValueError(f"{len(body)} bytes after its header, not those of {count} vertices and {size} triangles")
    points = np.frombuffer(body, vertex, count)
    polygons = np.frombuffer(body, face, size, offset=count * vertex.itemsize)
    if (polygons["count"] != 3).any():
        raise ValueError("a face is not a triangle")
    return np.column_stack([points[axis] for axis in "xyz"]).astype(np.float64), polygons["corners"].astype(np.int64)


def _elements(lines: list[list[str]]) -> list[tuple[str, int, list[list[str]]]]:
    """Return the elements of a PLY header: name, count and the words of their properties."""
    elements: list[tuple[str, int, list[list[str]]]] = []
    for words in lines:
        if words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"]:
            elements[-1][2].append(words)
    return elements


def _parse_stl(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return what a binary STL file holds, its vertices made one."""
    count = int.from_bytes(content[80:84], "little")
    if len(content) != 84 + 50 * count:
        raise ValueError(f"{len(content)} bytes, expected {84 + 50 * count} for the {count} triangles in its header")
    corners = np.frombuffer(content, _STL, count, offset=84)["corners"].astype(np.float64).reshape(-1, 3)
    vertices, index = weld(corners)
    faces = index.reshape(-1, 3)
    return vertices, faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]


def weld(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different points in order of their first appearance, and the number of each point among them.

    Examples
    --------
    >>> vertices, index = weld(np.array([[1.0, 0, 0], [0, 0, 0], [1, 0, 0]]))
    >>> vertices.tolist(), index.tolist()
    ([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [0, 1, 0])
    """
    order = np.lexsort(points.T)
    ordered = points[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    group = np.empty(len(points), dtype=np.int64)
    group[order] = np.cumsum(starts) - 1
    first = order[starts]  # lexsort is stable, so the first of equals is the first to appear
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return points[np.sort(first)], rank[group]


def ply_bytes(mesh: Triangles, name: str) -> bytes:
    """Return a PLY file of a mesh: binary little endian, double coordinates, RAS mm, both stated in comments."""
    faces = np.zeros(len(mesh.faces), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, mesh.faces
    header = [
        *("ply", "format binary_little_endian 1.0", "comment SPACE=RAS", f"comment UNIT=mm spinemodel {name}"),
        *(f"element vertex {len(mesh.vertices)}", *(f"property double {axis}" for axis in "xyz")),
        *(f"element face {len(mesh.faces)}", "property list uchar int vertex_indices", "end_header"),
    ]
    head = ("\n".join(header) + "\n").encode("ascii", "replace")
    return head + mesh.vertices.astype("<f8").tobytes() + faces.tobytes()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def open_edges(faces: np.ndarray) -> np.ndarray:
    """Return the edges (k, 2) of triangles that two faces of opposite direction do not share.

    Examples
    --------
    >>> len(open_edges(np.array([[0, 1, 2]]))), len(open_edges(np.array([[0, 1, 2], [0, 2, 1]])))
    (3, 0)
    """
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    count = int(faces.max(initial=0)) + 1
    edges, edge = np.unique(np.minimum(tail, head) * count + np.maximum(tail, head), return_inverse=True)
    faulty = edges[np.bincount(edge.ravel(), np.where(tail < head, 1, -1)) != 0]
    return np.column_stack([faulty // count, faulty % count])
