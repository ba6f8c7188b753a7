"""Meshes of triangles and tetrahedra as Gmsh's MSH files: 4.1 with named groups, and 2.2 as SimNIBS reads it; binary.

Layouts: Gmsh reference manual, "MSH file format" (version 4.1) and "MSH file format version 2" (2.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.io.files import atomic

TRIANGLE: Final = 2
TETRAHEDRON: Final = 4
"""Gmsh's numbers of element types."""


@dataclass(frozen=True, eq=False)
class Entity:
    """A surface or a volume of a mesh.

    Attributes
    ----------
    dimension, number
        2 of surfaces and 3 of volumes; from 1 within a dimension.
    cells
        (k, 3) or (k, 4) indices of nodes.
    groups
        Numbers of the physical groups it belongs to.
    bounds
        Of a volume: numbers of the surfaces round it, negative where the surface's normals look into it.
    """

    dimension: int
    number: int
    cells: IntArray
    groups: Sequence[int] = ()
    bounds: Sequence[int] = ()


@dataclass(frozen=True, eq=False)
class MshMesh:
    """A mesh as an MSH file holds it.

    Attributes
    ----------
    vertices
        (n, 3).
    entities
        Surfaces and volumes.
    names
        Of physical groups, by dimension and number.
    """

    vertices: FloatArray
    entities: Sequence[Entity]
    names: Mapping[tuple[int, int], str] = field(default_factory=dict)


def write_msh41(path: Path, mesh: MshMesh) -> None:
    """Write a mesh as binary MSH 4.1, whole or not at all."""
    entities = sorted(mesh.entities, key=lambda entity: (entity.dimension, entity.number))
    with atomic(path) as draft, draft.open("wb") as file:
        file.write(b"$MeshFormat\n4.1 1 8\n" + np.int32(1).tobytes() + b"\n$EndMeshFormat\n")
        rows = [f'{dimension} {number} "{name}"' for (dimension, number), name in sorted(mesh.names.items())]
        file.write("\n".join(["$PhysicalNames", str(len(rows)), *rows, "$EndPhysicalNames", ""]).encode("ascii"))
        _write_entities(file, mesh, entities)
        _write_nodes(file, mesh, entities)
        _write_elements(file, entities)


def _write_entities(file: BinaryIO, mesh: MshMesh, entities: Sequence[Entity]) -> None:
    """Write the section that says what bounds what."""
    file.write(b"$Entities\n")
    file.write(_sizes([0, 0, *(sum(entity.dimension == d for entity in entities) for d in (2, 3))]))
    faces = {entity.number: entity.cells for entity in entities if entity.dimension == 2}
    for entity in entities:
        used = [entity.cells, *(faces[abs(k)] for k in entity.bounds)]
        box = mesh.vertices[np.unique(np.concatenate([cells.ravel() for cells in used]))]
        file.write(np.int32(entity.number).tobytes() + np.concatenate([box.min(axis=0), box.max(axis=0)]).tobytes())
        for numbers in (entity.groups, entity.bounds):
            file.write(_sizes([len(numbers)]) + np.array(numbers, dtype="<i4").tobytes())
    file.write(b"\n$EndEntities\n")


def _write_nodes(file: BinaryIO, mesh: MshMesh, entities: Sequence[Entity]) -> None:
    """Write the nodes, each with the first entity that uses it."""
    owner = np.full(len(mesh.vertices), len(entities))
    for k in range(len(entities) - 1, -1, -1):
        owner[entities[k].cells.ravel()] = k
    order = np.argsort(owner, kind="stable")
    start = np.searchsorted(owner[order], np.arange(len(entities) + 1))
    blocks = [(entities[k], order[start[k] : start[k + 1]]) for k in range(len(entities)) if start[k] < start[k + 1]]
    file.write(b"$Nodes\n" + _sizes([len(blocks), start[-1], 1, len(mesh.vertices)]))
    for entity, nodes in blocks:
        file.write(np.array([entity.dimension, entity.number, 0], dtype="<i4").tobytes() + _sizes([len(nodes)]))
        file.write(_sizes(nodes + 1) + mesh.vertices[nodes].astype("<f8").tobytes())
    file.write(b"\n$EndNodes\n")


def _write_elements(file: BinaryIO, entities: Sequence[Entity]) -> None:
    """Write the triangles and tetrahedra, numbered through."""
    filled = [entity for entity in entities if len(entity.cells)]
    count = sum(len(entity.cells) for entity in filled)
    file.write(b"$Elements\n" + _sizes([len(filled), count, 1, count]))
    first = 1
    for entity in filled:
        kind = {2: TRIANGLE, 3: TETRAHEDRON}[entity.dimension]
        file.write(np.array([entity.dimension, entity.number, kind], dtype="<i4").tobytes())
        numbers = np.arange(first, first + len(entity.cells))
        file.write(_sizes([len(entity.cells)]) + _sizes(np.column_stack([numbers, entity.cells + 1])))
        first += len(entity.cells)
    file.write(b"\n$EndElements\n")


def _sizes(values: Iterable[int] | IntArray) -> bytes:
    """Return integers as the ``size_t`` of the header."""
    return np.asarray(values, dtype="<u8").tobytes()


def write_msh22(path: Path, vertices: FloatArray, triangles: IntArray, tetrahedra: IntArray) -> None:
    """Write a mesh as binary MSH 2.2, whole or not at all, triangles first.

    No other section stands before the nodes and none names groups: SimNIBS's reader (``mesh_io._read_msh_2``) expects
    the nodes right after the header, and numbers from 1 without gaps.

    Parameters
    ----------
    path
        File to write.
    vertices
        (n, 3).
    triangles, tetrahedra
        (k, 4) and (k, 5): the tag, and the nodes as indices of ``vertices``.
    """
    with atomic(path) as draft, draft.open("wb") as file:
        file.write(b"$MeshFormat\n2.2 1 8\n" + np.int32(1).tobytes() + b"\n$EndMeshFormat\n")
        nodes = np.zeros(len(vertices), [("number", "<i4"), ("place", "<f8", 3)])
        nodes["number"], nodes["place"] = np.arange(1, len(vertices) + 1), vertices
        file.write(f"$Nodes\n{len(nodes)}\n".encode() + nodes.tobytes() + b"\n$EndNodes\n")
        file.write(f"$Elements\n{len(triangles) + len(tetrahedra)}\n".encode())
        first = 1
        for kind, rows in ((TRIANGLE, triangles), (TETRAHEDRON, tetrahedra)):
            if len(rows):
                numbers = np.arange(first, first + len(rows))
                # Two tags, the physical group and the entity; SimNIBS reads both.
                cells = np.column_stack([numbers, rows[:, 0], rows[:, 0], rows[:, 1:] + 1]).astype("<i4")
                file.write(np.array([kind, len(rows), 2], dtype="<i4").tobytes() + cells.tobytes())
                first += len(rows)
        file.write(b"\n$EndElements\n")
