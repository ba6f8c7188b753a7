"""What is written on collections and objects, so that they are known again whatever they are called."""

from __future__ import annotations

import bpy

from .names import file_stem
from .records import SceneError

SUBJECT = "spine_subject"
SPACE = "spine_space"
MODEL_SHA256 = "spine_model_sha256"
FILE = "spine_file"
STRUCTURES = "spine_structures"
FIELDS = "spine_fields"
AXES = "spine_axes"
"""Of the collection of a subject: names, where it was imported from, its structures and fields, the scene's axes."""

NAME = "spine_name"
GROUP = "spine_group"
KIND = "spine_kind"
DIGEST = "spine_digest"
MATERIAL = "spine_material"
"""Of an object: the structure that it is, its group (:data:`looks.GROUPS`, or another), its mesh as imported, and
its own material."""


def models() -> list[bpy.types.Collection]:
    """Return the collections of all imported subjects."""
    return [collection for collection in bpy.data.collections if SUBJECT in collection]


def the_model(subject: str = "") -> bpy.types.Collection:
    """Return the collection of a subject, or of the only one.

    Raises
    ------
    SceneError
        If there is none, or several and none is named.
    """
    found = [model for model in models() if subject in ("", model[SUBJECT])]
    if len(found) != 1:
        have = ", ".join(sorted(str(model[SUBJECT]) for model in models())) or "none"
        wanted = f"one named {subject}" if subject else "one: select an object of it, or name it with --subject"
        raise SceneError(f"this file holds the models: {have}; expected {wanted}")
    return found[0]


def said(tagged: bpy.types.ID, tag: str) -> str:
    """Return the text of a tag; in a .blend file it can be changed like anything else.

    Raises
    ------
    SceneError
        If it is not there, or is no text.
    """
    value = tagged.get(tag)
    if not isinstance(value, str) or not value:
        raise SceneError(f"{tagged.name}: its property {tag} is {value!r:.60}, expected text; import the model again")
    return value


def file_name(model: bpy.types.Collection) -> str:
    """Return what files of a model are called by: its subject, without anything that leads to another folder."""
    return file_stem(said(model, SUBJECT))


def objects(model: bpy.types.Collection, *groups: str) -> list[bpy.types.Object]:
    """Return the objects of a model that belong to some groups."""
    return [one for one in model.all_objects if one.get(GROUP) in groups]
