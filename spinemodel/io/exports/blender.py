"""Blender: meshes, and ``scene.json``, which says what each is and how it is shown; a ``.blend`` file where bpy is.

::

    scene.json                             open this with the extension of ``blender_scripts``
    structures/ tissues/ lead/             meshes (.ply, float32), RAS mm
    fields/sub-03_potential_Cord.npy ...   a number per vertex, where fields were given
    sub-03.blend                           the same as Blender's own file, made by a Python that has bpy

``scene.json`` is a mapping of: ``format`` (1), ``spinemodel`` (version), ``subject``, ``space``, ``frame`` (RAS),
``unit`` (mm), ``axes``, ``model_sha256`` (of the model's ``model.json``) and the lists

- ``structures``, ``tissues``: ``name``, ``label``, ``colour`` (sRGB 0-1), ``opacity`` (0-1), ``kind`` (``cord``,
  ``dura``, ``root``, ``rootlets``, ``tissue``), ``level`` and ``side`` (of roots, else null), ``shown``, ``vertices``,
  ``faces``, ``file`` (``path``, ``frame``, ``unit``, ``sha256``). Structures overlap, and are what can be edited;
  tissues are a partition that follows from them.
- ``leads``: ``name``, ``title``, ``parts`` (as above, of kind ``backing`` or ``contact``) and ``contacts``: ``name``,
  ``middle`` of its face, ``normal`` out of it, ``along`` to the lead's tip.
- ``markers``: ``name``, ``kind`` (``entry`` and ``ganglion`` of a root, ``segment``, ``vertebra``; ``cord``, ``dura``
  and ``root`` where an annotation was given), ``position``, ``structure``, ``level``.
- ``fields``: ``name``, ``unit``, ``colour_map`` (``viridis`` or ``blue-white-red``), ``range`` (two limits; the least
  and greatest value where it is missing) and ``on``: ``mesh``, ``group`` (``structures``, ``tissues`` or ``leads``),
  ``file``: a NumPy array of a number per vertex, in the order of the mesh file; one that is not finite is no value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from spinemodel import __version__
from spinemodel.anatomy.annotation import Annotation
from spinemodel.io.exports.blend_file import write_blend
from spinemodel.io.exports.blender_fields import SceneField, write_field
from spinemodel.io.exports.blender_marks import drawn_marks, lead_record, model_marks
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat
from spinemodel.io.exports.meshes import Piece, pieces, what_of
from spinemodel.io.files import describe, sha256
from spinemodel.io.surfaces import write_surface
from spinemodel.leads.lead import BACKING
from spinemodel.levels import CORD, DURA, ROOT_TISSUES, ROOTLET_TISSUES

SCENE_FORMAT: Final = 1
"""Version of the layout of ``scene.json``."""

OPACITY: Final = {
    **{"Dura": 0.18, "Bone": 0.20, "Disc": 0.25, "CSF": 0.15, "DuraShell": 0.30, "Fat": 0.20},
    **{"Muscle": 0.15, "Bulk": 0.08, "Backing": 0.25},
}
"""Of what is seen through, 0-1; the rest is opaque. Choices: roots show through the dura, both through the bone."""

SHOWN_TISSUES: Final = frozenset({"Bone", "Disc", *ROOTLET_TISSUES})
"""Tissues that are shown at first. A choice: the others hide these or repeat the structures."""

GROUPS: Final = {"structure": "structures", "tissue": "tissues", "lead": "leads"}
"""List of the scene that a piece belongs to."""

Record = dict[str, Any]


@dataclass(frozen=True, eq=False)
class SceneExtras:
    """What a scene can hold beside the model.

    Attributes
    ----------
    fields
        Shown as colours.
    annotation
        The markers that the model was built from, shown as empties; a model folder does not hold them.
    """

    fields: Sequence[SceneField] = ()
    annotation: Annotation | None = None


def write_scene(contents: Contents, folder: Path, extras: SceneExtras | None = None) -> list[ExportedFile]:
    """Write ``scene.json`` and the files it names into an empty folder, and return what was written.

    Raises
    ------
    InputError
        If a field lies on a mesh that is not there, or has not one number per vertex.
    """
    extras = extras or SceneExtras()
    every = pieces(contents)
    rows = {(GROUPS[piece.kind], piece.name): _mesh(contents, piece, folder) for piece in every}
    files = [ExportedFile(Path(rows[GROUPS[piece.kind], piece.name]["file"]["path"]), *_said(piece)) for piece in every]
    listed = {group: [row for (own, _), row in rows.items() if own == group] for group in GROUPS.values()}
    record = _record(contents) | {group: listed[group] for group in ("structures", "tissues")}
    record["leads"] = [lead_record(contents.lead, listed["leads"])] if contents.lead else []
    record["markers"] = [*model_marks(contents.model), *(drawn_marks(extras.annotation) if extras.annotation else ())]
    sizes = {key: row["vertices"] for key, row in rows.items()}
    record["fields"] = [write_field(one, sizes, folder, contents.model.subject, files) for one in extras.fields]
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    (folder / "scene.json").write_text(text, encoding="utf-8", newline="\n")
    return [ExportedFile(Path("scene.json"), "what everything is: import this", "RAS", "mm"), *files]


def _said(piece: Piece) -> tuple[str, str, str]:
    """Return what is said of a piece's file, with frame and unit."""
    return what_of(piece), "RAS", "mm"


def _record(contents: Contents) -> Record:
    """Return what is said of the scene as a whole."""
    return {
        "format": SCENE_FORMAT,
        "spinemodel": __version__,
        "subject": contents.model.subject,
        "space": contents.model.space,
        "frame": "RAS",
        "unit": "mm",
        "axes": "x right, y anterior, z towards the head",
        "model_sha256": sha256((contents.model.folder / "model.json").read_bytes()),
    }


def _mesh(contents: Contents, piece: Piece, folder: Path) -> Record:
    """Write a piece and return what is said of it."""
    path = folder / piece.path(contents.model.subject, "ply")
    path.parent.mkdir(exist_ok=True)
    write_surface(path, piece.surface, frame="RAS", colour=piece.colour)
    kind = kind_of(piece)
    level, side = piece.name.split("_")[:2] if kind in ("root", "rootlets") else (None, None)
    return {
        "name": piece.name,
        "label": piece.label,
        "colour": piece.colour,
        "opacity": OPACITY.get(piece.name, 1.0),
        "kind": kind,
        "level": level,
        "side": side,
        "shown": piece.kind != "tissue" or piece.name in SHOWN_TISSUES,
        "vertices": len(piece.surface.vertices),
        "faces": len(piece.surface.faces),
        "file": describe(folder, path, "RAS"),
    }


def kind_of(piece: Piece) -> str:
    """Return the kind of a piece in the scene."""
    if piece.kind == "lead":
        return "backing" if piece.name == BACKING else "contact"
    if piece.name in ROOTLET_TISSUES:
        return "rootlets"
    if piece.name in ROOT_TISSUES:
        return "root"
    return {CORD.name: "cord", DURA.name: "dura"}.get(piece.name, "tissue")


def format_with(extras: SceneExtras) -> ExportFormat:
    """Return the format, writing fields and markers beside the model."""
    return replace(FORMAT, write=partial(_write, extras=extras))


def _write(contents: Contents, folder: Path, extras: SceneExtras | None = None) -> list[ExportedFile]:
    """Write the scene and, where a Python with bpy is found, Blender's own file."""
    files = write_scene(contents, folder, extras)
    path = folder / f"{contents.model.subject}.blend"
    if write_blend(folder, path):
        files.append(ExportedFile(Path(path.name), "the scene as Blender's own file: open this", "RAS", "mm"))
    return files


FORMAT: Final = ExportFormat(
    name="blender",
    title="Blender 4.2 or later",
    how_to_open="""
1. Install the extension once: Edit > Preferences > Get Extensions > Install from Disk, the archive spine_model-*.zip
   that comes with spinemodel.
2. If {subject}.blend is here, open it; only the tab Spine needs the extension. Otherwise File > Import > Spine model,
   scene.json.
3. One Blender unit is 1 mm; x points to the right, y to the front, z to the head (RAS).
4. The tab Spine of the sidebar (key N) holds views, fields, pictures and the way back: sculpt the cord, the dura or a
   root, press Export edits, and give the folder to spinemodel. Tissues cannot be edited: they follow from these.
5. Without a window: blender --background --python blender_scripts/render_model.py -- scene.json --out pictures
""",
    write=_write,
)
"""The format, by the name that users give."""
