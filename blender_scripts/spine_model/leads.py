"""Leads: backing and contacts as meshes, and every contact with its number beside it."""

from __future__ import annotations

from collections.abc import Collection

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from .entries import ContactEntry, LeadEntry
from .materials import plain_material
from .mesh_files import Triangles
from .meshes import add_mesh
from .tags import GROUP, KIND, NAME, objects
from .tree import inside

LIFT_MM = 0.4
"""How far a label floats over the back of the lead, so that it is drawn in front of it. A choice."""

FARTHEST_MM = 10.0
"""No lead is thicker. A choice: the thickest in use have some 2 mm."""

APART_MM = 0.01
"""By which a backing is drawn smaller than it is; its mesh is not touched. A choice: far below any picture's pixel."""

TEXT_MM = 1.5
"""Height of a label. A choice."""

BEFORE_LEADS = ("Bone", "Disc", "Muscle")
"""Tissues that a picture of a lead leaves out, for it is hardly seen through them. A choice."""


def clear_leads(model: bpy.types.Collection, kept: Collection[bpy.types.Object] = ()) -> list[bpy.types.Object]:
    """Return the parts of leads in the picture; where there are some, hide from it what covers them, less what is kept.

    The parts are what such a picture is best about: a spine is long, and contacts are small.
    """
    parts = [one for one in objects(model, "leads") if not one.hide_render]
    covers = [one for one in objects(model, "tissues") if one.get(NAME) in BEFORE_LEADS and one not in kept]
    for one in covers if parts else ():
        one.hide_render = True
    return parts


def add_lead(model: bpy.types.Collection, lead: LeadEntry, parts: dict[str, Triangles]) -> None:
    """Add the parts of a lead, and an empty and a label for each contact; the label is read from behind the lead."""
    for part in lead.parts:
        made = add_mesh(model, part, parts[part.name])
        if part.kind == "backing":
            _draw_apart(made)
    bodies = [BVHTree.FromPolygons(*(part.tolist() for part in mesh)) for mesh in parts.values()]
    for contact in lead.contacts:
        _add_frame(model, lead, contact)
        _add_label(model, lead, contact, max(_reach(contact, body) for body in bodies))


def _draw_apart(backing: bpy.types.Object) -> None:
    """Draw the backing a hair smaller: where it shares faces with contacts, no renderer can tell which is in front."""
    shrink = backing.modifiers.new("Drawn apart from the contacts", "DISPLACE")
    shrink.mid_level, shrink.strength = 0.0, -APART_MM


def _reach(contact: ContactEntry, body: BVHTree) -> float:
    """Return how far a body reaches behind the middle of a contact's face; 0 where it does not."""
    reach, back = 0.0, Vector(-contact.normal)
    start = Vector(contact.middle) - 0.01 * back
    while (hit := body.ray_cast(start, back, FARTHEST_MM))[0] is not None:
        reach = float((np.array(hit[0]) - contact.middle) @ -contact.normal)
        start = hit[0] + 0.01 * back
    return reach


def _axes(contact: ContactEntry) -> np.ndarray:
    """Return the axes of a label, as columns: to its right, to the lead's tip, away from the contact's face."""
    away = -contact.normal
    along = contact.along - (contact.along @ away) * away
    along /= np.linalg.norm(along)
    return np.column_stack([np.cross(along, away), along, away])


def _add_frame(model: bpy.types.Collection, lead: LeadEntry, contact: ContactEntry) -> None:
    """Add an empty on the face of a contact, its arrow pointing out of it."""
    made = bpy.data.objects.new(f"{contact.name} face", None)
    made.empty_display_type, made.empty_display_size = "SINGLE_ARROW", 2.0
    right, along, away = _axes(contact).T
    made.matrix_world = _matrix(np.column_stack([-right, along, -away]), contact.middle)
    _link(model, lead, made, contact, "contact face")


def _add_label(model: bpy.types.Collection, lead: LeadEntry, contact: ContactEntry, height: float) -> None:
    """Add the name of a contact, behind it."""
    text = bpy.data.curves.new(f"{contact.name} label", "FONT")
    text.body, text.size, text.align_x, text.align_y = contact.name, TEXT_MM, "CENTER", "CENTER"
    text.materials.append(plain_material("Label"))
    made = bpy.data.objects.new(f"{contact.name} label", text)
    made.matrix_world = _matrix(_axes(contact), contact.middle - contact.normal * (height + LIFT_MM))
    _link(model, lead, made, contact, "label")


def _matrix(axes: np.ndarray, place: np.ndarray) -> Matrix:
    """Return the matrix with axes as columns at a place."""
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = axes, place
    return Matrix(found.tolist())


def _link(
    model: bpy.types.Collection, lead: LeadEntry, made: bpy.types.Object, contact: ContactEntry, kind: str
) -> None:
    """Put an object into the leads' collection and say what it is."""
    made[NAME], made[GROUP], made[KIND], made["spine_lead"] = contact.name, "lead marks", kind, lead.name
    inside(model, "Leads").objects.link(made)
