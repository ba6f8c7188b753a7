"""Plain mesh formats: a file per structure, tissue and part of the lead.

::

    structures/sub-03_Dura.stl ...     what the marks enclose; they overlap
    tissues/sub-03_CSF.stl ...         a partition of space: neighbours share their interface vertex by vertex
    lead/sub-03_C1.stl ...             its backing and contacts
    sub-03_parts.tsv                   file, kind, name, label and colour of each, for formats that hold no such thing
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from spinemodel.anatomy.surface import Surface
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat, part_colour
from spinemodel.io.exports.mesh_extras import join_glb, named_gifti, obj_materials, with_materials
from spinemodel.io.exports.readme import hexadecimal
from spinemodel.io.exports.vtk_parts import write_blocks, write_conforming, write_part
from spinemodel.io.slicer import Frame
from spinemodel.io.surfaces import file_frame, file_unit, write_surface
from spinemodel.io.tables import write_rows
from spinemodel.leads.colours import Colour
from spinemodel.levels import STRUCTURES

FOLDERS: Final = {"structure": "structures", "tissue": "tissues", "lead": "lead"}
"""Folder of each kind of part."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A surface to write.

    Attributes
    ----------
    kind
        ``structure``, ``tissue`` or ``lead``.
    surface
        RAS+ mm, by its name.
    label
        As in volumes.
    """

    kind: str
    surface: Surface
    label: int

    @property
    def name(self) -> str:
        """Of the part."""
        return self.surface.name

    @property
    def colour(self) -> Colour:
        """Of the part, sRGB 0-1."""
        return part_colour(self.name)

    def path(self, subject: str, suffix: str) -> Path:
        """Return its place in the export's folder."""
        return Path(FOLDERS[self.kind]) / f"{subject}_{self.name}.{suffix}"


def pieces(contents: Contents) -> tuple[Piece, ...]:
    """Return the surfaces of all structures, then of all tissues and of the lead's parts."""
    lead = set(contents.lead.parts.labels) if contents.lead else set()
    structures = (
        Piece("structure", surface, STRUCTURES[name].id) for name, surface in contents.model.surfaces.items()
    )
    parts = (
        Piece("lead" if name in lead else "tissue", contents.parts[name], label)
        for name, label in contents.labels.items()
    )
    return (*structures, *parts)


def what_of(piece: Piece) -> str:
    """Return what a file of a piece holds, for the README."""
    said = {"structure": "structure", "tissue": "tissue", "lead": "part of the lead:"}
    return f"{said[piece.kind]} {piece.name}"


def _write(contents: Contents, folder: Path, suffix: str) -> list[ExportedFile]:
    """Write every part in one format, and the table of parts."""
    subject, frame = contents.model.subject, contents.options.frame
    files = []
    for piece in pieces(contents):
        path = piece.path(subject, suffix)
        (folder / path).parent.mkdir(exist_ok=True)
        _WRITE.get(suffix, _plain)(folder / path, piece, frame)
        files.append(ExportedFile(path, what_of(piece), file_frame(path.suffix, frame), file_unit(path.suffix)))
    return [*_together(contents, folder, files, suffix), _table(contents, folder, suffix), *files]


def _plain(path: Path, piece: Piece, frame: Frame) -> None:
    """Write a part as the package writes all its surfaces."""
    write_surface(path, piece.surface, frame=frame, colour=piece.colour)


def _gifti(path: Path, piece: Piece, frame: Frame) -> None:
    """Write a part with its name, label and colour as GIFTI metadata."""
    _plain(path, piece, frame)
    path.write_bytes(named_gifti(path.read_bytes(), piece.name, piece.label, piece.colour))


def _obj(path: Path, piece: Piece, frame: Frame) -> None:
    """Write a part with a reference to its material."""
    _plain(path, piece, frame)
    path.write_bytes(with_materials(path.read_bytes(), piece.name))


def _vtp(path: Path, piece: Piece, frame: Frame) -> None:
    """Write a part with its name, label and colour."""
    write_part(path, piece.surface, frame, piece.kind, piece.label, piece.colour)


_WRITE: Final[dict[str, Callable[[Path, Piece, Frame], None]]] = {"surf.gii": _gifti, "obj": _obj, "vtp": _vtp}
"""Writers that say more than :func:`~spinemodel.io.surfaces.write_surface`."""


def _table(contents: Contents, folder: Path, suffix: str) -> ExportedFile:
    """Write the table of parts."""
    subject = contents.model.subject
    path = Path(f"{subject}_parts.tsv")
    rows = [
        {
            "file": piece.path(subject, suffix).as_posix(),
            "kind": piece.kind,
            "name": piece.name,
            "label": str(piece.label),
            "colour": hexadecimal(piece.colour),
        }
        for piece in pieces(contents)
    ]
    write_rows(folder / path, rows)
    return ExportedFile(path, "file, kind, name, label and colour of every part")


def _together(
    contents: Contents, folder: Path, files: Sequence[ExportedFile], suffix: str
) -> tuple[ExportedFile, ...]:
    """Write what a format holds beside single parts."""
    subject, frame = contents.model.subject, contents.options.frame
    if suffix == "glb":
        path = Path(f"{subject}.glb")
        (folder / path).write_bytes(join_glb([(folder / file.path).read_bytes() for file in files]))
        return (ExportedFile(path, "all parts, each a node of its own name", frame, "m"),)
    if suffix == "obj":
        return tuple(_materials(contents, folder))
    return _vtk_whole(contents, folder, files) if suffix == "vtp" else ()


def _materials(contents: Contents, folder: Path) -> list[ExportedFile]:
    """Write a library of materials into each folder of OBJ files."""
    every, files = pieces(contents), []
    for kind, name in FOLDERS.items():
        colours = {piece.name: piece.colour for piece in every if piece.kind == kind}
        if colours:
            path = Path(name) / "materials.mtl"
            (folder / path).write_bytes(obj_materials(colours))
            files.append(ExportedFile(path, "colours of the OBJ files beside it"))
    return files


def _vtk_whole(contents: Contents, folder: Path, files: Sequence[ExportedFile]) -> tuple[ExportedFile, ...]:
    """Write all parts as blocks and, where there are tissues, those as one conforming mesh."""
    subject, frame = contents.model.subject, contents.options.frame
    path = Path(f"{subject}.vtm")
    blocks: dict[str, dict[str, Path]] = {}
    for piece, file in zip(pieces(contents), files, strict=True):
        blocks.setdefault(FOLDERS[piece.kind], {})[piece.name] = file.path
    write_blocks(folder / path, blocks)
    whole = [ExportedFile(path, "all parts as named blocks, which refer to the files beside it", frame, "mm")]
    if contents.model.partition:
        path = Path(f"{subject}_partition.vtp")
        write_conforming(folder / path, contents.partition, contents.labels, frame)
        what = "every interface once, with the labels on its inner and outer side"
        whole.append(ExportedFile(path, what, frame, "mm"))
    return tuple(whole)


_OPEN: Final = {
    "vtk": """
1. In ParaView: File > Open, {subject}.vtm, Apply. Every part is a named block (Multi-block Inspector).
2. Colours: Coloring > RGB with Map Scalars off; the field data `colour` of each part holds them too.
3. In Python: pyvista.read("{subject}.vtm")["tissues"]["CSF"].
4. {subject}_partition.vtp holds every interface of the tissues once: the cell arrays inner and outer are the labels on
   its two sides, the field data `labels` names them.
""",
    "gifti": """
1. In Python: nibabel.load("structures/{subject}_Dura.surf.gii").agg_data() gives vertices and triangles.
2. The metadata (Name, AnatomicalStructurePrimary) and the label table hold the part's name, label and colour.
""",
    "stl": """
1. Drag the files into any program that reads STL (3D Slicer, MeshLab, CAD).
2. STL has no unit, name or colour: the unit is mm, {subject}_parts.tsv has the rest. The header states SPACE, which 3D
   Slicer reads.
""",
    "obj": """
1. Open or import the .obj files (MeshLab; Blender: File > Import > Wavefront). Colours come from materials.mtl in the
   same folder, which must stay there.
2. The unit is mm. Programs that take +y for up turn the model: choose Z up, Y forward.
""",
    "ply": """
1. Open the .ply files (MeshLab, 3D Slicer, CloudCompare). Every vertex has the part's colour.
2. The unit is mm; a comment in the header states SPACE, which 3D Slicer reads.
""",
    "glb": """
1. Open {subject}.glb (Blender: File > Import > glTF 2.0; any glTF viewer), or single parts from the folders.
2. glTF is in metres with +y up: (x, y, z) m in the file is (1000 x, -1000 z, 1000 y) mm in the stated frame; Blender's
   importer undoes the turn.
""",
}
"""How to open each format."""

_TITLES: Final = {
    "vtk": ("vtp", "VTK and ParaView"),
    "gifti": ("surf.gii", "GIFTI readers"),
    "stl": ("stl", "STL readers"),
    "obj": ("obj", "Wavefront OBJ readers"),
    "ply": ("ply", "PLY readers"),
    "glb": ("glb", "glTF readers"),
}

FORMATS: Final = tuple(
    ExportFormat(name, title, _OPEN[name], partial(_write, suffix=suffix))
    for name, (suffix, title) in _TITLES.items()
)
"""The formats, by the name that users give."""
