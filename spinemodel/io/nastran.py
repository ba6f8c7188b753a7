"""Tetrahedra as a NASTRAN bulk data file: large-field ``GRID*``, and ``CTETRA`` with a property for each part.

Fields are 8 columns wide, or 16 in a line whose name ends in ``*`` and in its continuation (MSC Nastran Quick Reference
Guide, "Format of Bulk Data Entries"). NASTRAN has no units; the file says what it is in, in comments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

import numpy as np

from spinemodel.anatomy.tetrahedra import Tetrahedra
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.io.files import atomic

LINES_AT_ONCE: Final = 1 << 17
"""Bounds the memory of writing to about 100 MB."""


def write_nastran(path: Path, mesh: Tetrahedra, numbers: Mapping[str, int], comments: Sequence[str] = ()) -> None:
    """Write tetrahedra as ``.nas``, whole or not at all, with the property (PID) of every part by name.

    Each part has a ``PSOLID`` with a ``MAT1`` of the same number, since programs that part domains by material look
    there; the ``MAT1`` says nothing mechanical.
    """
    property_ = np.array([0, *(numbers[name] for name in mesh.labels)])
    with atomic(path) as draft, draft.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(f"$ {line}\n" for line in comments)
        file.write("BEGIN BULK\n")
        for name in mesh.labels:
            number = numbers[name]
            file.write(f"$ {name}\nPSOLID  {number:<8d}{number:<8d}\n")
            file.write(f"MAT1    {number:<8d}{'1.':<8s}{'':<8s}{'0.':<8s}\n")
        _write_grid(file, mesh.vertices)
        _write_cells(file, mesh.cells, property_[mesh.label])
        file.write("ENDDATA\n")


def _write_grid(file: TextIO, vertices: FloatArray) -> None:
    """Write the nodes; 16 columns hold coordinates below 100 m to 1e-9 of a millimetre or finer."""
    row = "GRID*   %-16d%16s%16.9f%16.9f\n*       %16.9f\n"
    for first in range(0, len(vertices), LINES_AT_ONCE):
        block = vertices[first : first + LINES_AT_ONCE]
        values = [
            value
            for k, (x, y, z) in enumerate(block.tolist(), start=first + 1)
            for value in (k, "", x, y, z)
        ]
        file.write(row * len(block) % tuple(values))


def _write_cells(file: TextIO, cells: IntArray, properties: IntArray) -> None:
    """Write the tetrahedra; NASTRAN's first three nodes are anticlockwise seen from the fourth, as ours are."""
    row = "CTETRA  %-8d%-8d%-8d%-8d%-8d%-8d\n"
    rows = np.column_stack([np.arange(1, len(cells) + 1), properties, cells + 1])
    for first in range(0, len(rows), LINES_AT_ONCE):
        block = rows[first : first + LINES_AT_ONCE]
        file.write(row * len(block) % tuple(block.ravel().tolist()))
