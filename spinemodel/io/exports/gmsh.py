"""Gmsh: the conforming mesh as MSH 4.1, every part and every interface a physical group by name.

::

    sub-03.msh      interfaces as discrete surfaces, parts as volumes bounded by them, or filled with tetrahedra

Physical volumes have the part's label as number and its name. Physical surfaces are numbered from 1001: every interface
as ``CSF-DuraShell``, its normals from the first to the second, the model's own boundary as ``Bulk-Outside``; and the
whole surface of every contact of a lead as ``C1_surface``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.field.conductivity import METAL, material_of
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat
from spinemodel.io.exports.meshing import Conforming, conforming, said_of
from spinemodel.io.msh import Entity, MshMesh, write_msh41

FIRST_SURFACE: Final = 1001
"""Number of the first physical surface: none of the parts' labels, for programs that do not tell dimensions apart."""

OUTSIDE_NAME: Final = "Outside"


def write(contents: Contents, folder: Path) -> tuple[ExportedFile, ...]:
    """Write the mesh.

    Raises
    ------
    InputError, GeometryError, BackendUnavailableError
        If the model has no tissues, or they cannot be filled.
    """
    frame = contents.options.frame
    mesh = conforming(contents, frame)
    path = Path(f"{contents.model.subject}.msh")
    write_msh41(folder / path, groups(mesh, contents.labels))
    return (ExportedFile(path, f"{said_of(mesh, contents)}; physical groups by name", frame, "mm"),)


def groups(mesh: Conforming, numbers: Mapping[str, int]) -> MshMesh:
    """Return the surfaces and volumes of a mesh with their physical groups.

    Parameters
    ----------
    mesh
        The conforming mesh.
    numbers
        Of the parts.
    """
    names = ("", *mesh.surfaces.labels)
    first = np.unique(mesh.patch, return_index=True)[1]
    pairs = [tuple(row) for row in mesh.surfaces.sides[first].tolist()]
    interface = {pair: FIRST_SURFACE + i for i, pair in enumerate(dict.fromkeys(sorted(pairs)))}
    metal = [k for k, name in enumerate(names) if k and material_of(name) == METAL]
    contact = {k: FIRST_SURFACE + len(interface) + i for i, k in enumerate(metal)}
    order = np.split(np.argsort(mesh.patch, kind="stable"), np.cumsum(np.bincount(mesh.patch))[:-1])
    surfaces = [
        Entity(2, i + 1, mesh.surfaces.faces[rows], (interface[pair], *(contact[k] for k in pair if k in contact)))
        for i, (rows, pair) in enumerate(zip(order, pairs, strict=True))
    ]
    bounds = mesh.beside[first]
    volumes = [
        Entity(
            3,
            number,
            _cells(mesh, label),
            (numbers[names[label]],),
            [*(np.flatnonzero(bounds[:, 0] == number) + 1), *(-1 - np.flatnonzero(bounds[:, 1] == number))],
        )
        for number, label in enumerate(mesh.label.tolist())
        if number
    ]
    named = {(3, numbers[name]): name for name in names[1:]}
    named |= {(2, number): f"{names[a]}-{names[b] or OUTSIDE_NAME}" for (a, b), number in interface.items()}
    named |= {(2, number): f"{names[k]}_surface" for k, number in contact.items()}
    return MshMesh(mesh.surfaces.vertices, [*surfaces, *volumes], named)


def _cells(mesh: Conforming, label: int) -> IntArray:
    """Return the tetrahedra of a part, none where it is only bounded."""
    if mesh.tetrahedra is None:
        return np.empty((0, 4), dtype=np.int64)
    return np.asarray(mesh.tetrahedra.cells[mesh.tetrahedra.label == label])


FORMAT: Final = ExportFormat(
    "gmsh",
    "Gmsh",
    """
1. In Gmsh: File > Open, {subject}.msh. Tools > Visibility lists the parts and interfaces by name.
2. With --tetrahedra the file holds the volumes; Gmsh's own statistics (Tools > Statistics) show their quality.
3. Without, the file holds every interface once, exactly as the model has it. To fill it, export with --tetrahedra:
   Gmsh's own 3D mesher may refuse the exact surfaces, whose smallest triangles are merged first there.
4. In Python: meshio.read("{subject}.msh").cell_sets_dict["CSF-DuraShell"]["triangle"], and with --tetrahedra
   ["CSF"]["tetra"]; in GetDP, Physical Region by number.
""",
    write,
)
"""The format."""
