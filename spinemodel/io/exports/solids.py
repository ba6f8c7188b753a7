"""Solids for programs that mesh by themselves: a closed STL per part, conductivities, fibres and tetrahedra.

::

    solids/sub-03_CSF.stl ...      closed; neighbours have the same triangles, to the bit, on their interface
    conductivities.csv             of every part
    fibres.csv                     centrelines of the roots, from the cord outwards
    sub-03.nas                     with tetrahedra: NASTRAN bulk data, a property for every part
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.curves import arc_length
from spinemodel.io.exports.conductivity_table import write_conductivities, write_csv
from spinemodel.io.exports.contents import Contents, ExportedFile
from spinemodel.io.exports.meshing import conforming, said_of
from spinemodel.io.nastran import write_nastran
from spinemodel.io.slicer import frame_factors
from spinemodel.io.surfaces import write_surface

FIBRES: Final = "fibres.csv"


def write_solids(contents: Contents, folder: Path) -> tuple[ExportedFile, ...]:
    """Write all parts of a model for another program's own mesher, and its tetrahedra if asked for.

    Raises
    ------
    InputError, GeometryError, BackendUnavailableError
        If there are no conductivities or tissues, or they cannot be filled.
    """
    table = write_conductivities(contents, folder)
    return (*_surfaces(contents, folder), table, *_fibres(contents, folder), *_tetrahedra(contents, folder))


def _surfaces(contents: Contents, folder: Path) -> list[ExportedFile]:
    """Write the closed surface of every part."""
    (folder / "solids").mkdir()
    files = []
    for name, surface in contents.partition.parts.items():
        path = Path("solids") / f"{contents.model.subject}_{name}.stl"
        write_surface(folder / path, surface, frame=contents.options.frame)
        files.append(ExportedFile(path, f"{name}, closed", contents.options.frame, "mm"))
    return files


def _fibres(contents: Contents, folder: Path) -> tuple[ExportedFile, ...]:
    """Write the points of every root's centreline, with the length along it; nothing without roots."""
    factors = frame_factors(contents.options.frame)
    rows: list[dict[str, object]] = []
    for name, line in contents.model.centrelines.items():
        places, lengths = line.points * factors, arc_length(line.points)
        rows += [
            {"fibre": name, "point": i, "x": f"{x:.6f}", "y": f"{y:.6f}", "z": f"{z:.6f}", "s": f"{s:.6f}"}
            for i, ((x, y, z), s) in enumerate(zip(places.tolist(), lengths.tolist(), strict=True))
        ]
    if not rows:
        return ()
    write_csv(folder / FIBRES, rows)
    what = "centreline of every root, from the cord outwards: fibre, point, place, and length s along it"
    return (ExportedFile(Path(FIBRES), what, contents.options.frame, "mm"),)


def _tetrahedra(contents: Contents, folder: Path) -> tuple[ExportedFile, ...]:
    """Write the tetrahedra, if asked for."""
    if not contents.options.tetrahedra:
        return ()
    frame = contents.options.frame
    mesh = conforming(contents, frame)
    assert mesh.tetrahedra is not None
    path = Path(f"{contents.model.subject}.nas")
    size = np.ptp(mesh.tetrahedra.vertices, axis=0)
    comments = (
        f"{contents.model.subject}: tissues and lead; unit mm; frame {frame}",
        f"extent {size[0]:.1f} x {size[1]:.1f} x {size[2]:.1f} mm; property and material ids are the parts' labels",
    )
    write_nastran(folder / path, mesh.tetrahedra, contents.labels, comments)
    return (ExportedFile(path, f"{said_of(mesh, contents)}; a property for every part", frame, "mm"),)
