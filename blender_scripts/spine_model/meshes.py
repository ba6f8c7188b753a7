"""Triangles as mesh objects, and back."""

from __future__ import annotations

import hashlib
from math import radians

import bpy
import numpy as np

from .entries import MeshEntry
from .materials import tissue_material, wear
from .mesh_files import Triangles
from .tags import DIGEST, GROUP, KIND, MATERIAL, NAME
from .tree import inside, place_of

SHARP_DEG = 40.0
"""Edges that turn by more are drawn sharp: the ends of the cord, the rims of contacts. A choice."""


def add_mesh(model: bpy.types.Collection, entry: MeshEntry, triangles: Triangles) -> bpy.types.Object:
    """Return a new object that shows a structure, in its collection, with its material."""
    taken = {one.get(NAME) for one in model.all_objects}
    name = f"{entry.name} {entry.group[:-1]}" if entry.name in taken else entry.name
    mesh = new_mesh(name, triangles)
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=radians(SHARP_DEG))
    made = bpy.data.objects.new(name, mesh)
    inside(model, *place_of(entry)).objects.link(made)
    made[MATERIAL] = tissue_material(name, entry.colour, entry.opacity)
    wear(made, made[MATERIAL])
    made.color = [*entry.colour, entry.opacity]
    made[NAME], made[GROUP], made[KIND], made[DIGEST] = entry.name, entry.group, entry.kind, digest(mesh)
    for key, value in (("spine_label", entry.label), ("spine_level", entry.level), ("spine_side", entry.side)):
        if value not in (None, ""):
            made[key] = value
    return made


def new_mesh(name: str, triangles: Triangles) -> bpy.types.Mesh:
    """Return a mesh of triangles; Blender holds coordinates in single precision."""
    mesh = bpy.data.meshes.new(name)
    count = len(triangles.faces)
    mesh.vertices.add(len(triangles.vertices))
    mesh.vertices.foreach_set("co", triangles.vertices.astype(np.float32).ravel())
    mesh.loops.add(3 * count)
    mesh.loops.foreach_set("vertex_index", triangles.faces.astype(np.int32).ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    mesh.update(calc_edges=True)
    return mesh


def coordinates(mesh: bpy.types.Mesh) -> np.ndarray:
    """Return the vertices of a mesh, (n, 3) single precision."""
    found = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)


def corners(mesh: bpy.types.Mesh) -> np.ndarray:
    """Return the vertex at every corner of every face."""
    found = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", found)
    return found


def triangles_in(mesh: bpy.types.Mesh) -> Triangles:
    """Return a mesh's faces as triangles, in its own coordinates."""
    mesh.calc_loop_triangles()
    faces = np.empty(3 * len(mesh.loop_triangles), dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", faces)
    return Triangles(coordinates(mesh).astype(np.float64), faces.reshape(-1, 3).astype(np.int64))


def digest(mesh: bpy.types.Mesh) -> str:
    """Return a hash of the vertices and faces of a mesh."""
    return hashlib.sha256(coordinates(mesh).tobytes() + corners(mesh).tobytes()).hexdigest()
