"""VTK XML files of a whole model: named parts, blocks that refer to them, and the tissues as one conforming mesh."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.surface import Surface
from spinemodel.io.slicer import Frame, frame_factors
from spinemodel.leads.colours import Colour


def write_part(path: Path, surface: Surface, frame: Frame, kind: str, label: int, colour: Colour) -> None:
    """Write a surface as ``.vtp``, float64, with what it is.

    Field data: ``SPACE`` (as 3D Slicer has it), ``space``, ``unit``, ``kind``, ``name``, ``label``, ``colour`` (sRGB,
    0-1). Cell data: ``label``, and ``RGB`` for programs that colour by an array.
    """
    import pyvista as pv

    mesh = pv.PolyData.from_regular_faces(surface.vertices * frame_factors(frame), np.array(surface.faces))
    mesh.field_data["SPACE"], mesh.field_data["space"] = [frame], [surface.space]
    mesh.field_data["unit"], mesh.field_data["kind"], mesh.field_data["name"] = ["mm"], [kind], [surface.name]
    mesh.field_data["label"], mesh.field_data["colour"] = [label], np.array(colour)
    mesh.cell_data["label"] = np.full(mesh.n_cells, label, dtype=np.int32)
    mesh.cell_data["RGB"] = np.tile(np.round(255 * np.array(colour)).astype(np.uint8), (mesh.n_cells, 1))
    mesh.save(path)


def write_blocks(path: Path, blocks: Mapping[str, Mapping[str, Path]]) -> None:
    """Write a ``.vtm`` file: by kind, named blocks that refer to files beside it."""
    lines = [
        '<?xml version="1.0"?>',
        '<VTKFile type="vtkMultiBlockDataSet" version="1.0" byte_order="LittleEndian" header_type="UInt64">',
        "<vtkMultiBlockDataSet>",
    ]
    for i, (kind, parts) in enumerate(blocks.items()):
        lines.append(f'<Block index="{i}" name={quoteattr(kind)}>')
        lines += [
            f'<DataSet index="{j}" name={quoteattr(name)} file={quoteattr(file.as_posix())}/>'
            for j, (name, file) in enumerate(parts.items())
        ]
        lines.append("</Block>")
    lines += ["</vtkMultiBlockDataSet>", "</VTKFile>", ""]
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")


def write_conforming(path: Path, partition: Partition, labels: Mapping[str, int], frame: Frame) -> None:
    """Write a partition as ``.vtp``: every face once, cell data ``inner`` and ``outer`` the labels on its two sides.

    Field data ``labels`` names them as ``label name``; 0 is outside.
    """
    import pyvista as pv

    mesh = pv.PolyData.from_regular_faces(partition.vertices * frame_factors(frame), np.array(partition.faces))
    codes = np.array([0, *(labels[name] for name in partition.labels)], dtype=np.int32)
    mesh.cell_data["inner"], mesh.cell_data["outer"] = codes[partition.sides].T
    mesh.field_data["labels"] = [f"{labels[name]} {name}" for name in partition.labels]
    mesh.field_data["SPACE"], mesh.field_data["space"], mesh.field_data["unit"] = [frame], [partition.space], ["mm"]
    mesh.save(path)
