"""Sim4Life: closed solids that share their interfaces, conductivities, fibres, and tetrahedra as NASTRAN."""

from __future__ import annotations

from typing import Final

from spinemodel.io.exports.contents import ExportFormat
from spinemodel.io.exports.solids import write_solids

FORMAT: Final = ExportFormat(
    "sim4life",
    "Sim4Life",
    """
1. Import all files of solids/ as triangle meshes in one go, unit millimetres; each becomes an entity.
2. The solids fill the domain without overlap and share their interfaces vertex by vertex, so no priority is needed.
   Some of their triangles are far below 0.01 mm; where a mesher does not take those, use --tetrahedra.
3. Give every entity the conductivity in conductivities.csv (S/m; `isotropic`, or the tensor from `along` and
   `across`). Parts with verified = no have a value that was not read in its source.
4. Fibres: for each name in fibres.csv make a spline through its points, in order of `point`; s is the length in mm.
5. With --tetrahedra, {subject}.nas is a mesh of the same parts; its property ids are in comments at the top.
These steps were written from the formats' descriptions, not tried in the program.
""",
    write_solids,
)
"""The format."""
