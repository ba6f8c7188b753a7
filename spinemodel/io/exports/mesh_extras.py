"""What mesh files of a whole model say beyond a single surface: names, materials, several parts in one file.

Every function takes and returns bytes; the same input gives the same bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from spinemodel.leads.colours import Colour

MATERIALS: Final = "materials.mtl"
"""Name of the material library beside OBJ files."""

HEADER: Final = 20
"""Bytes of a binary glTF file before its JSON: magic, version, length; length and type of the chunk (glTF 2.0, 4.4)."""


def named_gifti(content: bytes, name: str, label: int, colour: Colour) -> bytes:
    """Return a GIFTI surface that tells its structure: metadata of the file and of its points, and a label table.

    ``AnatomicalStructurePrimary`` and ``GeometricType`` are the keys of the GIFTI specification (version 1.0, 5.0) for
    a surface's structure and for what its coordinates are.
    """
    from nibabel.gifti import GiftiImage, GiftiLabel

    image = GiftiImage.from_bytes(content)
    image.meta.update({"Label": str(label)})
    image.darrays[0].meta.update({"AnatomicalStructurePrimary": name, "GeometricType": "Anatomical"})
    row = GiftiLabel(label, *colour, 1.0)
    row.label = name
    image.labeltable.labels.append(row)
    return bytes(image.to_bytes())


def obj_materials(colours: Mapping[str, Colour]) -> bytes:
    """Return a material library: diffuse colours by name."""
    rows = (f"newmtl {name}\nKd {r:.6f} {g:.6f} {b:.6f}\n" for name, (r, g, b) in colours.items())
    return "\n".join(rows).encode()


def with_materials(content: bytes, name: str) -> bytes:
    """Return an OBJ file whose faces have the material of a name in the library beside it."""
    head, faces, rest = content.partition(b"\nf ")
    return b"mtllib " + MATERIALS.encode() + b"\n" + head + b"\nusemtl " + name.encode() + faces + rest


def join_glb(contents: Sequence[bytes]) -> bytes:
    """Return one binary glTF file with the nodes of several, each with a buffer view and material of its own.

    All must be as :func:`~spinemodel.io.mesh_writers.to_glb` writes them, in one frame.
    """
    joined: dict[str, Any] = {}
    binary = b""
    for content in contents:
        document, body = _chunks(content)
        _append(joined, document, len(binary))
        binary += body
    joined["buffers"] = [{"byteLength": len(binary)}]
    joined["scenes"] = [{"nodes": list(range(len(joined["nodes"])))}]
    text = json.dumps(joined, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, HEADER + len(text) + 8 + len(binary))
    return b"".join(
        [head, struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(binary), b"BIN\0"), binary]
    )


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the JSON and the padded binary chunk of a file."""
    length = int.from_bytes(content[12:16], "little")
    return json.loads(content[HEADER : HEADER + length]), content[HEADER + length + 8 :]


def _append(joined: dict[str, Any], document: dict[str, Any], offset: int) -> None:
    """Append the lists of a document, with its indices counted on from those that are there."""
    if not joined:
        joined |= {"asset": document["asset"], "scene": 0, "scenes": [], "nodes": [], "meshes": [], "materials": []}
        joined |= {"accessors": [], "bufferViews": []}
    meshes, materials, accessors, views = (
        len(joined[key]) for key in ("meshes", "materials", "accessors", "bufferViews")
    )
    for view in document["bufferViews"]:
        joined["bufferViews"].append(view | {"byteOffset": view["byteOffset"] + offset})
    for accessor in document["accessors"]:
        joined["accessors"].append(accessor | {"bufferView": accessor["bufferView"] + views})
    for mesh in document["meshes"]:
        primitives = [_shifted(primitive, accessors, materials) for primitive in mesh["primitives"]]
        joined["meshes"].append(mesh | {"primitives": primitives})
    joined["nodes"] += [node | {"mesh": node["mesh"] + meshes} for node in document["nodes"]]
    joined["materials"] += document["materials"]


def _shifted(primitive: dict[str, Any], accessors: int, materials: int) -> dict[str, Any]:
    """Return a primitive with its indices counted on."""
    return {
        "attributes": {key: index + accessors for key, index in primitive["attributes"].items()},
        "indices": primitive["indices"] + accessors,
        "material": primitive["material"] + materials,
    }
