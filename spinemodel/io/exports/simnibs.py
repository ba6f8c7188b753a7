"""SimNIBS: the conforming mesh as MSH 2.2 with SimNIBS's tags, and a table of tags and conductivities.

::

    sub-03.msh       triangles tagged 1000 + n, and tetrahedra tagged n; RAS+ mm, which is SimNIBS's own frame
    tags.csv         what each tag is, and its conductivity

Every interface is there once, with the tag of its inner tissue, as SimNIBS's ``reconstruct_unique_surface`` has it: a
contact's before all others, then the backing's, else the part that comes first in the model's list of priorities.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.field.conductivity import METAL, SILICONE, material_of
from spinemodel.io.exports.conductivity_table import conductivity_row, write_csv
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat
from spinemodel.io.exports.meshing import Conforming, conforming, said_of
from spinemodel.io.msh import write_msh22

OWN_TAGS: Final = {"White": 1, "Grey": 2, "CSF": 3, "Bone": 4, "Muscle": 10, "Fat": 12}
"""Tissues that SimNIBS has: ``simnibs/utils/mesh_element_properties.py``, ``ElementTags`` (WM, GM, CSF, BONE, MUSCLE,
FAT). 11 is cartilage in one version and edema in another, and so left alone."""

FIRST_FREE: Final = 51
"""First tag of tissues that SimNIBS does not have: a choice, clear of its own, which end at 25."""

FIRST_ELECTRODE: Final = 100
LAST_ELECTRODE: Final = 499
SURFACE: Final = 1000
"""``ELECTRODE_RUBBER_START``, ``ELECTRODE_RUBBER_END`` and ``TH_SURFACE_START`` of the same file."""

LEAD_FIRST: Final = {METAL: 2, SILICONE: 1}
"""How far the parts of a lead come before tissues where they meet."""


def tags(parts: Iterable[str]) -> dict[str, int]:
    """Return the volume tag of every part; its surface has that and 1000.

    Examples
    --------
    >>> tags(["Grey", "White", "DuraShell", "Backing", "C1", "C2"])
    {'Grey': 2, 'White': 1, 'DuraShell': 51, 'Backing': 52, 'C1': 100, 'C2': 101}
    """
    free, electrodes = iter(range(FIRST_FREE, FIRST_ELECTRODE)), iter(range(FIRST_ELECTRODE, LAST_ELECTRODE + 1))
    found = {}
    for name in parts:
        found[name] = OWN_TAGS.get(name) or next(electrodes if material_of(name) == METAL else free)
    return found


def numbers(contents: Contents) -> dict[str, int]:
    """Return the volume tag of every part of an export."""
    return tags(contents.partition.labels)


def write(contents: Contents, folder: Path) -> tuple[ExportedFile, ...]:
    """Write the mesh and its table.

    Raises
    ------
    InputError, GeometryError, BackendUnavailableError
        If there are no conductivities or tissues, or they cannot be filled.
    """
    number = numbers(contents)
    rows = [
        {"tag": tag, "surface_tag": SURFACE + tag} | conductivity_row(contents, name) for name, tag in number.items()
    ]
    mesh = conforming(contents, "RAS")
    path = Path(f"{contents.model.subject}.msh")
    triangles, tetrahedra = tagged(mesh, number)
    write_msh22(folder / path, mesh.surfaces.vertices, triangles, tetrahedra)
    write_csv(folder / "tags.csv", rows)
    return (
        ExportedFile(path, f"{said_of(mesh, contents)}; SimNIBS's tags", "RAS", "mm"),
        ExportedFile(Path("tags.csv"), "SimNIBS's tag of every part and of its surface, and its conductivity, S/m"),
    )


def tagged(mesh: Conforming, number: dict[str, int]) -> tuple[IntArray, IntArray]:
    """Return triangles (k, 4) and tetrahedra (m, 5), each behind its tag, sorted by it."""
    names = mesh.surfaces.labels
    tag = np.array([0, *(number[name] for name in names)])
    first = [LEAD_FIRST.get(material_of(name), 0) for name in names]
    rank = np.array([len(names), *(k - len(names) * ahead for k, ahead in enumerate(first))])
    sides = mesh.surfaces.sides
    second = rank[sides[:, 1]] < rank[sides[:, 0]]
    owner = np.where(second, sides[:, 1], sides[:, 0])
    outwards = np.where(second[:, None], mesh.surfaces.faces[:, ::-1], mesh.surfaces.faces)
    triangles = np.column_stack([SURFACE + tag[owner], outwards])
    cells = np.empty((0, 5), dtype=np.int64)
    if mesh.tetrahedra is not None:
        cells = np.column_stack([tag[mesh.tetrahedra.label], mesh.tetrahedra.cells])
    return tuple(rows[np.argsort(rows[:, 0], kind="stable")] for rows in (triangles, cells))  # type: ignore[return-value]


FORMAT: Final = ExportFormat(
    "simnibs",
    "SimNIBS",
    """
1. SimNIBS needs the volumes: export with --tetrahedra. Without them the file holds the tagged surfaces alone.
2. In simnibs_python: mesh = simnibs.read_msh("{subject}.msh"). Tags are in mesh.elm.tag1.
3. Tissues that SimNIBS does not have need their conductivity: for every row of tags.csv
   cond[tag - 1].value = isotropic, cond[tag - 1].name = name, of the simulation's list of conductivities.
4. Contacts are volumes 100, 101, ... with surfaces 1100, 1101, ...: give those to simnibs.simulation.fem.tdcs as
   electrode surface tags. The lead's electrodes lie in the body, so leave out SimNIBS's own placing of electrodes.
5. For anisotropic tissues the table holds the values along and across; SimNIBS takes tensors for white and grey matter
   only from diffusion images.
""",
    write,
    numbers,
)
"""The format."""
