"""Mesh files as bytes: one format, one function.

Every function takes a :class:`MeshFile`, in the file's frame and mm, and returns the whole file. The bytes depend on
the mesh alone: no dates, no versions of libraries, no compression.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.io.slicer import Frame
from spinemodel.units import MM_PER_M

Colour: TypeAlias = tuple[float, float, float]

STL_RECORD: Final = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
"""One triangle of a binary STL file, 50 bytes."""

TO_GLTF: Final = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]) / MM_PER_M
"""Row vectors (x, y, z) in mm times this are (x, z, -y) in m: head up, as glTF has it."""


@dataclass(frozen=True, eq=False)
class MeshFile:
    """What goes into a file.

    Attributes
    ----------
    vertices
        (n, 3) mm, in ``frame``.
    faces
        (m, 3) indices of vertices, anticlockwise seen from outside.
    frame
        ``LPS`` or ``RAS``.
    name
        Structure name.
    colour
        sRGB, 0-1, or none.
    """

    vertices: FloatArray
    faces: IntArray
    frame: Frame
    name: str
    colour: Colour | None = None


def to_stl(mesh: MeshFile) -> bytes:
    """Return a binary STL file: an 80-byte header, the number of triangles, 50 bytes each. Normals are computed."""
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    records = np.zeros(len(corners), STL_RECORD)
    records["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    records["corners"] = corners
    header = f"SPACE={mesh.frame} UNIT=mm spinemodel {mesh.name}".encode("ascii", "replace")[:80].ljust(80)
    return header + struct.pack("<I", len(records)) + records.tobytes()


def to_ply(mesh: MeshFile) -> bytes:
    """Return a PLY file, binary little endian, float32; the colour is given to every vertex."""
    colour = [(channel, "u1") for channel in ("red", "green", "blue") if mesh.colour]
    vertices = np.zeros(len(mesh.vertices), [("xyz", "<f4", 3), *colour])
    vertices["xyz"] = mesh.vertices
    for channel, value in zip(("red", "green", "blue"), mesh.colour or (), strict=False):
        vertices[channel] = round(255 * value)
    faces = np.zeros(len(mesh.faces), [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, mesh.faces
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment SPACE={mesh.frame}",
        f"comment UNIT=mm spinemodel {mesh.name}",
        f"element vertex {len(vertices)}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {channel}" for channel, _ in colour),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    return ("\n".join(header) + "\n").encode("ascii", "replace") + vertices.tobytes() + faces.tobytes()


def to_obj(mesh: MeshFile) -> bytes:
    """Return an OBJ file; positions are rounded to 1e-6 mm."""
    vertices = "v %.6f %.6f %.6f\n" * len(mesh.vertices) % tuple(mesh.vertices.ravel().tolist())
    faces = "f %d %d %d\n" * len(mesh.faces) % tuple((mesh.faces + 1).ravel().tolist())
    return f"# SPACE={mesh.frame}\n# UNIT=mm spinemodel\no {mesh.name}\n{vertices}{faces}".encode()


def to_glb(mesh: MeshFile) -> bytes:
    """Return a binary glTF 2.0 file, in metres and with the head up.

    The specification sets metres, right-handed axes, +y up, +z to the front and -x to the right (glTF 2.0, 3.4). So
    (x, y, z) in mm becomes (x, z, -y) in m; from LPS this is the specification's own pose, from RAS the back is in
    front. Blender's importer turns (x, y, z) into (x, -z, y), which undoes it: the mesh appears there along the axes
    of ``frame``, in metres. ``asset.extras`` states ``SPACE`` and the steps back.
    """
    positions = (mesh.vertices @ TO_GLTF).astype("<f4")
    indices = mesh.faces.astype("<u4")
    views = [
        {"buffer": 0, "byteOffset": 0, "byteLength": positions.nbytes, "target": 34962},
        {"buffer": 0, "byteOffset": positions.nbytes, "byteLength": indices.nbytes, "target": 34963},
    ]
    primitive = {"attributes": {"POSITION": 0}, "indices": 1} | ({"material": 0} if mesh.colour else {})
    document = {
        "asset": {"version": "2.0", "generator": "spinemodel", "extras": _gltf_extras(mesh.frame)},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": mesh.name, "mesh": 0}],
        "meshes": [{"name": mesh.name, "primitives": [primitive]}],
        **({"materials": [_gltf_material(mesh.name, mesh.colour)]} if mesh.colour else {}),
        "accessors": [
            _gltf_accessor(0, positions, "VEC3", 5126),
            {"bufferView": 1, "componentType": 5125, "count": indices.size, "type": "SCALAR"},
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": positions.nbytes + indices.nbytes}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    chunks = _gltf_chunk(b"JSON", text, b" ") + _gltf_chunk(b"BIN\0", positions.tobytes() + indices.tobytes(), b"\0")
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _gltf_extras(frame: Frame) -> dict[str, str]:
    """Return what a glTF file says of its frame."""
    return {"SPACE": frame, "unit": "m", "axes": f"glTF (x, y, z) m is {frame} (1000 x, -1000 z, 1000 y) mm"}


def _gltf_accessor(view: int, values: NDArray[np.float32], kind: str, component: int) -> dict[str, object]:
    """Return the description of float vectors, with the bounds that the specification asks for."""
    bounds = {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()} if len(values) else {}
    return {"bufferView": view, "componentType": component, "count": len(values), "type": kind, **bounds}


def _gltf_material(name: str, colour: Colour) -> dict[str, object]:
    """Return a matt material; glTF's factors are linear, so the sRGB curve is undone (IEC 61966-2-1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    factors = {"baseColorFactor": [*(round(c, 6) for c in linear), 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.7}
    return {"name": name, "pbrMetallicRoughness": factors}


def _gltf_chunk(kind: bytes, content: bytes, padding: bytes) -> bytes:
    """Return a chunk of a binary glTF file, padded to four bytes."""
    content += padding * (-len(content) % 4)
    return struct.pack("<I4s", len(content), kind) + content


def to_vtp(mesh: MeshFile) -> bytes:
    """Return a VTK XML PolyData file, float64; field data ``SPACE`` names the frame, as 3D Slicer has it."""
    codes = " ".join(str(code) for code in mesh.frame.encode())
    offsets = 3 * np.arange(1, len(mesh.faces) + 1)
    return f"""<?xml version="1.0"?>
<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
<PolyData>
<FieldData><Array type="String" Name="SPACE" NumberOfTuples="1" format="ascii">{codes} 0</Array></FieldData>
<Piece NumberOfPoints="{len(mesh.vertices)}" NumberOfPolys="{len(mesh.faces)}">
<Points>{_vtk_array("Points", mesh.vertices, "<f8")}</Points>
<Polys>{_vtk_array("connectivity", mesh.faces, "<i8")}{_vtk_array("offsets", offsets, "<i8")}</Polys>
</Piece>
</PolyData>
</VTKFile>
""".encode()


def _vtk_array(name: str, values: FloatArray | IntArray, dtype: str) -> str:
    """Return a DataArray element: base64 of the number of bytes and the bytes."""
    content = values.astype(dtype).tobytes()
    text = base64.b64encode(struct.pack("<Q", len(content)) + content).decode()
    kind = {"f": "Float64", "i": "Int64"}[dtype[1]]
    width = 3 if name == "Points" else 1
    return f'<DataArray type="{kind}" Name="{name}" NumberOfComponents="{width}" format="binary">{text}</DataArray>'


def to_gii(mesh: MeshFile) -> bytes:
    """Return a GIFTI surface, float32; its coordinate system is ``NIFTI_XFORM_SCANNER_ANAT``, which is RAS."""
    from nibabel.gifti import GiftiCoordSystem, GiftiDataArray, GiftiImage, GiftiMetaData

    scanner = GiftiCoordSystem(dataspace="NIFTI_XFORM_SCANNER_ANAT", xformspace="NIFTI_XFORM_SCANNER_ANAT")
    points = GiftiDataArray(
        mesh.vertices.astype(np.float32),
        intent="NIFTI_INTENT_POINTSET",
        datatype="NIFTI_TYPE_FLOAT32",
        encoding="GIFTI_ENCODING_B64BIN",
        coordsys=scanner,
    )
    triangles = GiftiDataArray(
        mesh.faces.astype(np.int32),
        intent="NIFTI_INTENT_TRIANGLE",
        datatype="NIFTI_TYPE_INT32",
        encoding="GIFTI_ENCODING_B64BIN",
        coordsys=None,
    )
    meta = GiftiMetaData({"Name": mesh.name, "SPACE": mesh.frame, "UNIT": "mm"})
    return bytes(GiftiImage(meta=meta, darrays=[points, triangles]).to_bytes())


WRITERS: Final[dict[str, Callable[[MeshFile], bytes]]] = {
    ".stl": to_stl,
    ".ply": to_ply,
    ".obj": to_obj,
    ".glb": to_glb,
    ".vtp": to_vtp,
    ".gii": to_gii,
}
"""Writers by suffix."""
