"""A scene file made into objects."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from . import tags
from .contents import triangles_of, values_of
from .entries import FieldEntry, Scene
from .fields import add_field
from .leads import add_lead
from .markers import add_marker
from .mesh_files import Triangles
from .meshes import add_mesh
from .records import SceneError
from .rendering import Picture, set_picture
from .scene_file import read_scene
from .stage import AXES, set_millimetres, set_stage

Meshes = dict[tuple[str, str], Triangles]
Values = dict[tuple[str, str], np.ndarray]


def import_scene(path: Path, context: bpy.types.Context) -> bpy.types.Collection:
    """Return the collection of the subject that a ``scene.json``, or a model folder, holds.

    Everything is read and checked before anything is made.

    Raises
    ------
    SceneError
        As of :func:`scene_file.read_scene`, or if the subject is already there.
    """
    scene = read_scene(path)
    if any(model[tags.SUBJECT] == scene.subject for model in tags.models()):
        raise SceneError(f"{scene.subject} is already in this file; delete its collection first, or open a new file")
    meshes: Meshes = {(entry.group, entry.name): triangles_of(entry) for entry in scene.every_mesh}
    values = [_values(field, meshes) for field in scene.fields]
    model = _new_model(scene, context.scene)
    set_millimetres(context.scene)
    _add_all(model, scene, meshes, values)
    _hide(model, {(entry.group, entry.name) for entry in scene.every_mesh if not entry.shown}, context.view_layer)
    context.view_layer.update()
    set_picture(context.scene, Picture())
    set_stage(model, context.scene)
    return model


def _values(field: FieldEntry, meshes: Meshes) -> Values:
    """Return the numbers of a field on each of its meshes."""
    return {key: values_of(file, len(meshes[key].vertices)) for key, file in field.on.items()}


def _add_all(model: bpy.types.Collection, scene: Scene, meshes: Meshes, values: list[Values]) -> None:
    """Make the objects of a scene, and store its fields on them."""
    for entry in scene.meshes:
        add_mesh(model, entry, meshes[entry.group, entry.name])
    for lead in scene.leads:
        add_lead(model, lead, {part.name: meshes[part.group, part.name] for part in lead.parts})
    for marker in scene.markers:
        add_marker(model, marker)
    for field, found in zip(scene.fields, values, strict=True):
        add_field(model, field, found)


def _new_model(scene: Scene, target: bpy.types.Scene) -> bpy.types.Collection:
    """Return an empty collection for a subject, which says where it came from."""
    model = bpy.data.collections.new(scene.subject)
    target.collection.children.link(model)
    model[tags.SUBJECT], model[tags.SPACE], model[tags.MODEL_SHA256] = scene.subject, scene.space, scene.model_sha256
    model[tags.FILE], model[tags.AXES] = str(scene.path), AXES
    model[tags.STRUCTURES] = " ".join(entry.name for entry in scene.meshes if entry.group == "structures")
    return model


def _hide(model: bpy.types.Collection, hidden: set[tuple[str, str]], layer: bpy.types.ViewLayer) -> None:
    """Hide objects in the viewport and from pictures."""
    for one in tags.objects(model, "structures", "tissues", "leads"):
        if (one[tags.GROUP], one[tags.NAME]) in hidden:
            one.hide_set(True, view_layer=layer)
            one.hide_render = True
