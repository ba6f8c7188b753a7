"""NEURON: a section for every fibre path, ready for potentials from outside, and the coordinates as a table.

::

    fibres.hoc          creates a section per path with its 3-D points; load_file("fibres.hoc")
    fibres.py           the same from the tables, and potentials into e_extracellular
    points.tsv          fibre  point  arc_um  x_um  y_um  z_um
    fibres.tsv          fibre  root  rootlet  points  length_um  segments

NEURON keeps 3-D points in single precision: 0.03 um at 650 mm from the origin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat
from spinemodel.io.exports.fibres import model_paths
from spinemodel.io.tables import write_rows

UM: Final = 1000.0
"""Micrometres per mm."""

DIAMETER_UM: Final = 10.0
"""Of every section until the user chooses one. A placeholder: a section needs a diameter, a path has none."""

IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
"""What may name a section in hoc; anything else could be read as a command."""

LOADER: Final = "neuron_fibres.py"
"""The Python module as it lies beside this one; no model changes a letter of it."""


def _write(contents: Contents, folder: Path) -> Sequence[ExportedFile]:
    """Write everything."""
    paths = model_paths(contents.model)
    (folder / "fibres.hoc").write_bytes(to_hoc(paths))
    (folder / "fibres.py").write_bytes(files("spinemodel.io.exports").joinpath(LOADER).read_bytes())
    write_rows(folder / "points.tsv", [row for path in paths for row in _points(path)])
    write_rows(folder / "fibres.tsv", [_about(path) for path in paths])
    told = f"{len(paths)} fibre paths"
    return [
        ExportedFile(Path("fibres.hoc"), f"{told} as sections with 3-D points, for load_file", "RAS", "um"),
        ExportedFile(Path("fibres.py"), "the same in Python, and potentials into e_extracellular"),
        ExportedFile(Path("points.tsv"), f"points of {told}, with the distance along each", "RAS", "um"),
        ExportedFile(Path("fibres.tsv"), f"{told}: root, rootlet, length, segments", "", "um"),
    ]


def to_hoc(paths: Sequence[FibrePath]) -> bytes:
    """Return hoc code that creates a section per path.

    Raises
    ------
    InputError
        If a path's name is not an identifier.
    """
    for path in paths:
        require_identifier(path.name)
    head = [
        "// Fibre paths: RAS+ um (x right, y anterior, z towards the head), from the cord outwards.",
        "// Diameters are a placeholder: set fibre_diameter_um before this file is loaded, or diam afterwards.",
        f'if (!name_declared("fibre_diameter_um")) {{ execute("fibre_diameter_um = {DIAMETER_UM:g}") }}',
    ]
    return ("\n".join([*head, *(line for path in paths for line in _section(path))]) + "\n").encode("ascii")


def require_identifier(name: str) -> None:
    """Raise unless a name can be that of a section."""
    if not IDENTIFIER.fullmatch(name):
        raise InputError(f"fibre {name!r}: no name for a section of NEURON; expected letters, digits and underscores")


def segments(path: FibrePath) -> int:
    """Return the number of segments of a path's section: one per step between points, and odd, as NEURON advises."""
    steps = len(path.points) - 1
    return steps + 1 - steps % 2


def _section(path: FibrePath) -> list[str]:
    """Return the code of one section; a statement a line, since hoc compiles a block as a whole."""
    name, points = path.name, UM * path.points
    added = [f"{name} pt3dadd({x:.4f}, {y:.4f}, {z:.4f}, fibre_diameter_um)" for x, y, z in points]
    last = f"{name} {{ nseg = {segments(path)} insert extracellular }}"
    return [f"create {name}", f"{name} pt3dclear()", *added, last]


def _points(path: FibrePath) -> list[dict[str, str]]:
    """Return the rows of a path's points."""
    table = np.column_stack([path.arc_mm, path.points]) * UM
    names = ("arc_um", "x_um", "y_um", "z_um")
    return [
        {"fibre": path.name, "point": str(i)} | {key: f"{value:.4f}" for key, value in zip(names, row, strict=True)}
        for i, row in enumerate(table)
    ]


def _about(path: FibrePath) -> dict[str, str]:
    """Return the row of a path."""
    return {
        "fibre": path.name,
        "root": path.root,
        "rootlet": path.rootlet or "n/a",
        "points": str(len(path.points)),
        "length_um": f"{UM * path.arc_mm[-1]:.4f}",
        "segments": str(segments(path)),
    }


_OPEN: Final = """
NEURON 8 or later, with the folder of this file as the working folder:
1. In hoc: load_file("fibres.hoc"). It creates a section per fibre path, named as in fibres.tsv, with 3-D points in um
   and the mechanism extracellular inserted.
2. In Python: import fibres; sections = fibres.load(). It makes the same sections from the tables.
3. Potentials: none are here, since no field was solved for this export. Once you have them, write potentials.csv with
   the columns fibre, arc_um, potential_mV (per mA) and call fibres.apply_potentials(sections, "potentials.csv", mA);
   it sets e_extracellular of every segment. Without that file it says so, and sets nothing.
What this is not: a population. There are no fibre diameters (10 um is a placeholder), no nodes and no channels, only
the bare cable that NEURON makes: these sections say where fibres run. NEURON keeps 3-D points in single precision, so
that they differ from points.tsv by up to 0.03 um. Paths lie inside the root, and where the model has rootlets each
comes through one; which of them carries which fibre is a choice.
"""

FORMAT: Final = ExportFormat("neuron", "NEURON", _OPEN, _write)
"""As NEURON 9 loads it."""
