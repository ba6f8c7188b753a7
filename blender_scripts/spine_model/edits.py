"""The way back: every structure whose mesh is not the one that was imported, written as an edits folder.

::

    edits.json      {"format": 1, "subject", "space", "model_sha256", "frame": "RAS", "unit": "mm",
                     "made_with": "Blender 5.0.1", "tolerance_mm": 1e-05,
                     "structures": [{"name", "file", "sha256", "vertices", "faces"}]}
    Cord.ply ...    binary little endian, double coordinates, comment SPACE=RAS

Transforms and modifiers are applied, other faces are cut into triangles. A vertex that did not move has the very
coordinates of the imported file, and while no vertex or face was added or taken away their order is the file's. Only
structures (cord, dura, roots) can be edited: tissues follow from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import bpy
import numpy as np

from . import tags
from .contents import triangles_of
from .entries import Scene
from .mesh_files import Triangles, open_edges, ply_bytes, write_whole
from .meshes import digest, triangles_in
from .records import SceneError
from .scene_file import read_scene

FORMAT = 1
TOLERANCE_MM = 1e-5
"""Vertices that moved by no more did not move."""


class Edits(NamedTuple):
    """What was written: the path of ``edits.json`` (None if nothing is edited), names, and notes of one line each."""

    path: Path | None
    names: tuple[str, ...]
    notes: tuple[str, ...]


def write_edits(
    model: bpy.types.Collection, folder: Path, source: Path | None = None, *, overwrite: bool = False
) -> Edits:
    """Write every edited structure of a model into a folder; nothing is written where none is edited.

    Parameters
    ----------
    model
        Collection of the subject.
    folder
        Made where it is not there.
    source
        The imported ``scene.json`` or ``model.json``, where it is no longer at its place.
    overwrite
        Whether edits that the folder holds may be replaced.

    Raises
    ------
    SceneError
        If a structure is there twice or is open, or the imported files are missing or changed.
    """
    if (folder / "edits.json").exists() and not overwrite:
        raise SceneError(f"{folder}: holds edits already; choose another folder, or allow to overwrite")
    found = {name: world_triangles(one) for name, one in _structures(model).items() if not _as_imported(one)}
    scene = _imported(model, source) if found else None
    edited = {name: after for name, mesh in found.items() if (after := _edited(scene, name, mesh)) is not None}
    for name, mesh in edited.items():
        _require_closed(name, mesh)
    notes = _notes(model)
    if not edited:
        return Edits(None, (), notes)
    return Edits(_write(model, folder, edited), tuple(edited), notes)


def _structures(model: bpy.types.Collection) -> dict[str, bpy.types.Object]:
    """Return the objects of structures by name."""
    found: dict[str, bpy.types.Object] = {}
    for one in tags.objects(model, "structures"):
        name = tags.said(one, tags.NAME)
        if one.type != "MESH":
            raise SceneError(f"{name}: {one.name} is no mesh any more; undo the conversion and export again")
        other = found.setdefault(name, one)
        if other != one:
            raise SceneError(f"{name} is there twice: {other.name} and {one.name}; delete one or join them")
    return found


def _notes(model: bpy.types.Collection) -> tuple[str, ...]:
    """Return what is not in the edits although it was changed."""
    gone = sorted(set(tags.said(model, tags.STRUCTURES).split()) - _structures(model).keys())
    notes = [f"{name}: was deleted here; nothing is said of it" for name in gone]
    others = tags.objects(model, "tissues", "leads")
    changed = [one.name for one in others if not _unchanged(one)]
    notes += [f"{name}: was changed, but is left out: only cord, dura and roots are taken back" for name in changed]
    return tuple(notes)


def _as_imported(one: bpy.types.Object) -> bool:
    """Return whether an object is to the bit what was imported, so that no file need be compared."""
    if one.mode == "EDIT":
        one.update_from_editmode()
    still = not one.modifiers and not one.constraints and one.data.shape_keys is None
    return still and _unchanged(one)


def _unchanged(one: bpy.types.Object) -> bool:
    """Return whether an object stands where it was put, and its mesh is the one that was put there."""
    in_place = one.parent is None and np.array_equal(one.matrix_basis, np.eye(4))
    return in_place and one.type == "MESH" and digest(one.data) == one.get(tags.DIGEST)


def world_triangles(one: bpy.types.Object) -> Triangles:
    """Return the triangles of an object in the scene, its transform and modifiers applied.

    Raises
    ------
    SceneError
        If it lies in a collection that is switched off, so that Blender does not apply them, or is mirrored.
    """
    off = SceneError(f"{one.name}: its collection is switched off or hidden; show it in the outliner and export again")
    if bpy.context.view_layer.objects.get(one.name) != one:
        raise off
    with _shown(one):
        if not one.visible_get():
            raise off
        evaluated = one.evaluated_get(bpy.context.evaluated_depsgraph_get())
        mesh = triangles_in(evaluated.to_mesh())
        matrix = np.array(evaluated.matrix_world, dtype=np.float64)
        evaluated.to_mesh_clear()
    _require_not_mirrored(one.name, matrix)
    return Triangles(mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3], mesh.faces)


@contextmanager
def _shown(one: bpy.types.Object) -> Iterator[None]:
    """Show an object for a while: Blender applies nothing to what is hidden."""
    hidden = one.hide_get(), one.hide_viewport
    one.hide_viewport = False
    one.hide_set(False)
    try:
        bpy.context.view_layer.update()
        yield
    finally:
        one.hide_set(hidden[0])
        one.hide_viewport = hidden[1]


def _require_not_mirrored(name: str, matrix: np.ndarray) -> None:
    """Refuse a transform that makes left right, or everything flat: hardly ever is it meant."""
    turned = np.linalg.det(matrix[:3, :3])
    if turned < 0:
        raise SceneError(
            f"{name} is mirrored (negative scale); undo it, or apply it (Object > Apply > Scale) and turn the faces "
            "outwards (Mesh > Normals > Recalculate Outside), and export again"
        )
    if not turned > 0:
        raise SceneError(f"{name} is flat (a scale of 0); undo that and export again")


def _imported(model: bpy.types.Collection, source: Path | None) -> Scene:
    """Return the scene that a model was imported from."""
    known = Path(bpy.path.abspath(tags.said(model, tags.FILE)))
    beside = Path(bpy.data.filepath).parent / known.name
    path = source or (beside if bpy.data.filepath and not known.exists() else known)
    if not path.exists():
        raise SceneError(f"{path}: what was imported is not there; save the .blend beside it, or name it with --source")
    scene = read_scene(path)
    subject = tags.said(model, tags.SUBJECT)
    if (scene.subject, scene.model_sha256) != (subject, model.get(tags.MODEL_SHA256)):
        raise SceneError(f"{path}: is not what {subject} was imported from; name that file")
    return scene


def _edited(scene: Scene, name: str, mesh: Triangles) -> Triangles | None:
    """Return an edited mesh, what did not move exactly where it was; None for one that is as it was imported."""
    entry = next((entry for entry in scene.meshes if (entry.group, entry.name) == ("structures", name)), None)
    if entry is None:
        raise SceneError(f"{scene.path}: has no structure {name!r:.80}; give its property {tags.NAME} its name back")
    before = triangles_of(entry)
    if mesh.vertices.shape != before.vertices.shape or not np.array_equal(mesh.faces, before.faces):
        return mesh
    moved = np.linalg.norm(mesh.vertices - before.vertices.astype(np.float32), axis=1) > TOLERANCE_MM
    if not moved.any():
        return None
    return Triangles(np.where(moved[:, None], mesh.vertices, before.vertices), mesh.faces)


def _require_closed(name: str, mesh: Triangles) -> None:
    """Refuse an open mesh."""
    edges = open_edges(mesh.faces)
    if len(edges):
        x, y, z = mesh.vertices[edges[0]].mean(axis=0)
        raise SceneError(
            f"{name}: {len(edges)} open edges, the first at ({x:.2f}, {y:.2f}, {z:.2f}) mm; expected a closed mesh: "
            "fill the holes (Mesh > Clean Up) or undo the edit"
        )


def _write(model: bpy.types.Collection, folder: Path, edited: dict[str, Triangles]) -> Path:
    """Write meshes and then their record."""
    record, rows = _about(model), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "edits.json").unlink(missing_ok=True)
        for name, mesh in edited.items():
            content = ply_bytes(mesh, name)
            write_whole(folder / f"{name}.ply", content)
            row = {"name": name, "file": f"{name}.ply", "sha256": hashlib.sha256(content).hexdigest()}
            rows.append(row | {"vertices": len(mesh.vertices), "faces": len(mesh.faces)})
        text = json.dumps(record | {"structures": rows}, indent=1) + "\n"
        write_whole(folder / "edits.json", text.encode())
    except OSError as problem:
        raise SceneError(f"{folder}: cannot be written to ({problem.strerror}); choose another folder") from None
    return folder / "edits.json"


def _about(model: bpy.types.Collection) -> dict[str, object]:
    """Return what is said of all edits of a model."""
    keys = {"subject": tags.SUBJECT, "space": tags.SPACE, "model_sha256": tags.MODEL_SHA256}
    of_model = {key: tags.said(model, tag) for key, tag in keys.items()}
    made = {"made_with": f"Blender {bpy.app.version_string}", "tolerance_mm": TOLERANCE_MM}
    return {"format": FORMAT, **of_model, "frame": "RAS", "unit": "mm", **made}
