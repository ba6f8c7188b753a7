"""COMSOL Multiphysics: closed solids that share their interfaces, conductivities, fibres, tetrahedra as NASTRAN."""

from __future__ import annotations

from typing import Final

from spinemodel.io.exports.contents import ExportFormat
from spinemodel.io.exports.solids import write_solids

FORMAT: Final = ExportFormat(
    "comsol",
    "COMSOL Multiphysics",
    """
1. Set the geometry's length unit to mm: neither STL nor NASTRAN holds a unit.
2. With --tetrahedra (the shorter way): Mesh > Import, file type NASTRAN, {subject}.nas, with "Divide domain by
   material" (in scripts: materialsplit on) and selections created: every part becomes a domain with the number of its
   property and material, which comments at the top of the file name.
3. Without: Mesh > Import every file of solids/ and form a union; interfaces are the same triangles on both sides,
   some of them far below 0.01 mm. Where the mesher does not take those, use --tetrahedra.
4. Enter the conductivities of conductivities.csv (S/m). Along and across fibres they differ where the columns do.
5. Fibres: Geometry > Interpolation Curve through the points of each name in fibres.csv, for line evaluations.
These steps were written from the manufacturer's manual (Mesh, Import), not tried in the program.
""",
    write_solids,
)
"""The format."""
