"""The legend of a field: a bar of its colour map with limits, unit and the map's name, fixed before the camera."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from .colour_maps import colours, to_linear
from .materials import plain_material
from .mesh_files import Triangles
from .meshes import new_mesh
from .stage import DEPTH_MM, half_view, the_camera
from .tags import GROUP, KIND, NAME
from .tree import inside

STEPS = 64
"""Patches of the bar."""


def legend_lines(name: str, scale: dict) -> tuple[str, str, str]:
    """Return the texts of a legend: title, upper limit, lower limit with what else must be said.

    Examples
    --------
    >>> scale = {"unit": "mV", "low": -1.5, "high": 20, "colour_map": "viridis"}
    >>> legend_lines("potential", scale | {"clipped": [False, True], "gaps": False})
    ('potential (mV), viridis', '>= 20', '-1.5')
    """
    below, above = scale["clipped"]
    low, high = (f"{'<= ' * below}{scale['low']:.4g}", f"{'>= ' * above}{scale['high']:.4g}")
    return f"{name} ({scale['unit']}), {scale['colour_map']}", high, low + "\ngrey: no value" * scale["gaps"]


def add_legend(model: bpy.types.Collection, name: str, scale: dict) -> None:
    """Put a legend at the left edge of the camera's view."""
    half_width, half_height = half_view()
    unit = half_height / 20
    left, low, tall = -half_width + unit, -half_height / 2, half_height
    bar = bpy.data.objects.new("Legend bar", _bar(scale, unit, tall))
    _hang(model, bar, left, low)
    title, top, bottom = legend_lines(name, scale)
    size = 0.9 * unit
    for text, x, y in ((title, left, low + tall + unit), (top, left + 1.4 * unit, low + tall - size)):
        _hang(model, _text(text, size), x, y)
    _hang(model, _text(bottom, size), left + 1.4 * unit, low)


def _bar(scale: dict, width: float, tall: float) -> bpy.types.Mesh:
    """Return the coloured bar."""
    y = np.linspace(0, tall, STEPS + 1)
    vertices = np.array([[x, h, 0.0] for h in y for x in (0.0, width)])
    i = 2 * np.arange(STEPS)
    faces = np.vstack([np.column_stack([i, i + 1, i + 3]), np.column_stack([i, i + 3, i + 2])])
    mesh = new_mesh("Legend bar", Triangles(vertices, faces))
    values = np.repeat(np.linspace(0, 1, STEPS + 1), 2)
    shown = mesh.color_attributes.new("legend", "FLOAT_COLOR", "POINT")
    srgb = colours(values, 0, 1, scale["colour_map"])
    shown.data.foreach_set("color", np.column_stack([to_linear(srgb), np.ones(len(srgb))]).astype(np.float32).ravel())
    mesh.materials.append(plain_material("Legend", "legend"))
    return mesh


def _text(body: str, size: float) -> bpy.types.Object:
    """Return an object that shows a text."""
    text = bpy.data.curves.new("Legend text", "FONT")
    text.body, text.size = body, size
    text.materials.append(plain_material("Label"))
    return bpy.data.objects.new("Legend text", text)


def _hang(model: bpy.types.Collection, made: bpy.types.Object, x: float, y: float) -> None:
    """Fix an object before the camera, and keep it out of shadows and reflections."""
    inside(model, "Legend").objects.link(made)
    made.parent = the_camera(model)
    made.matrix_local = Matrix.Translation((x, y, -DEPTH_MM))
    made[NAME], made[GROUP], made[KIND] = made.name, "legend", "legend"
    made.hide_select = True
    for ray in ("diffuse", "glossy", "transmission", "shadow"):
        setattr(made, f"visible_{ray}", False)


def remove_legend(model: bpy.types.Collection) -> None:
    """Take the legend away."""
    for one in [one for one in model.all_objects if one.get(GROUP) == "legend"]:
        data = one.data
        bpy.data.objects.remove(one)
        (bpy.data.meshes if isinstance(data, bpy.types.Mesh) else bpy.data.curves).remove(data)
