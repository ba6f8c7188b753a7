"""The stage: a millimetre scene, a camera that looks at the model and goes round it, lights that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, radians

import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

from .records import SceneError
from .tags import GROUP, KIND, NAME, objects
from .tree import inside

AXES = "x right, y anterior, z towards the head (RAS), 1 unit = 1 mm"

WORLD = "Spine model"
BEHIND = 0.82
"""Grey behind the model, linear: against it white, and what is seen through, still has an outline. A choice."""
MM_IN_M = 0.001
LENS_MM = 85.0
"""Of the camera: long, so that near and far roots have much the same size. A choice."""
SENSOR_MM = 36.0
"""Longer side of the camera's sensor; 36 mm is Blender's own."""
MARGIN = 1.06
"""Of the picture round the model. A choice."""
DEPTH_MM = 20.0
"""Distance from the camera of what is fixed before it."""
FRAMES = 36
"""Pictures of a turn: one every ten degrees. A choice."""
VIEWS = {"behind": 0.0, "right": 90.0, "front": 180.0, "left": 270.0, "behind-right": 35.0, "behind-left": 325.0}
"""Degrees by which the camera stands anticlockwise, seen from the head, of straight behind the subject."""
SUNS = (("Key", 1.9, (50, 0, -40)), ("Fill", 0.6, (60, 0, 45)), ("Rim", 0.8, (-50, 0, 20)))
"""Lights that go with the camera: name, strength (W/m2), rotation (degrees) against the view from behind. Choices."""


def set_millimetres(scene: bpy.types.Scene) -> None:
    """Let one unit be one millimetre, and shown as such."""
    scene.unit_settings.system = "METRIC"
    scene.unit_settings.scale_length = MM_IN_M
    scene.unit_settings.length_unit = "MILLIMETERS"
    for screen in bpy.data.screens:
        for space in (space for area in screen.areas for space in area.spaces if space.type == "VIEW_3D"):
            space.clip_start, space.clip_end = 1.0, 100_000.0


def set_stage(
    model: bpy.types.Collection,
    scene: bpy.types.Scene,
    view: str = "behind",
    frames: int = FRAMES,
    focus: Sequence[bpy.types.Object] = (),
) -> None:
    """Set camera, lights, background and a turn of ``frames`` pictures, about ``focus`` or all that is rendered."""
    pivot = _own(model, "Turntable", lambda: None)
    camera = _own(model, "Camera", lambda: bpy.data.cameras.new("Camera"))
    for name, strength, degrees in SUNS:
        sun = _own(model, name, lambda name=name: bpy.data.lights.new(name, "SUN"))
        sun.data.energy, sun.data.angle = strength, radians(10)
        sun.parent, sun.rotation_euler = pivot, Euler([radians(d) for d in degrees])
    camera.parent, scene.camera = pivot, camera
    frame_model(model, scene, focus)
    _turn(pivot, radians(VIEWS[view]), frames)
    scene.frame_start, scene.frame_end, scene.frame_current = 1, frames, 1
    _set_background(scene)


def _own(model: bpy.types.Collection, name: str, data: object) -> bpy.types.Object:
    """Return the stage's object of a name, made where it is not there."""
    for one in model.all_objects:
        if one.get(GROUP) == "stage" and one.get(NAME) == name:
            return one
    made = bpy.data.objects.new(name, data())
    made[NAME], made[GROUP], made[KIND] = name, "stage", "stage"
    inside(model, "Stage").objects.link(made)
    return made


def the_camera(model: bpy.types.Collection) -> bpy.types.Object:
    """Return the camera of a model's stage.

    Raises
    ------
    SceneError
        If it was deleted.
    """
    for one in model.all_objects:
        if one.get(GROUP) == "stage" and one.get(NAME) == "Camera":
            return one
    raise SceneError("the camera of the model was deleted; press Set stage")


def frame_model(
    model: bpy.types.Collection, scene: bpy.types.Scene, focus: Sequence[bpy.types.Object] = ()
) -> None:
    """Move camera and pivot so that some objects, or all that are rendered, fit into the picture from every side."""
    shown = focus or [one for one in objects(model, "structures", "tissues", "leads") if not one.hide_render]
    if not shown:
        raise SceneError("every structure is hidden from the picture; show one")
    points = np.array([one.matrix_world @ Vector(corner) for one in shown for corner in one.bound_box])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm((points - middle)[:, :2], axis=1).max())
    half_height = float(points[:, 2].max() - middle[2])
    camera = the_camera(model)
    camera.data.lens, camera.data.sensor_fit, camera.data.sensor_width = LENS_MM, "AUTO", SENSOR_MM
    wide, high = half_view(scene)
    distance = radius + MARGIN * max(radius * DEPTH_MM / wide, half_height * DEPTH_MM / high)
    camera.parent.location = middle
    camera.matrix_parent_inverse = Matrix.Identity(4)
    camera.location, camera.rotation_euler = (0, -distance, 0), Euler((pi / 2, 0, 0))
    camera.data.clip_start, camera.data.clip_end = 1.0, 10 * distance


def half_view(scene: bpy.types.Scene | None = None) -> tuple[float, float]:
    """Return half the width and half the height, mm, of what the camera sees :data:`DEPTH_MM` before it."""
    render = (scene or bpy.context.scene).render
    wide, high = render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y
    long = DEPTH_MM * SENSOR_MM / 2 / LENS_MM
    return long * wide / max(wide, high), long * high / max(wide, high)


def _turn(pivot: bpy.types.Object, start: float, frames: int) -> None:
    """Let the pivot go round once in ``frames`` pictures, from an angle."""
    pivot.driver_remove("rotation_euler", 2)
    driver = pivot.driver_add("rotation_euler", 2).driver
    driver.type, driver.expression = "SCRIPTED", f"{start:.9f} + 2 * pi * (frame - 1) / {frames}"


def _set_background(scene: bpy.types.Scene) -> None:
    """Show one light grey behind the model, and light it softly from all around; colours appear as they are stated."""
    scene.view_settings.view_transform = "Standard"
    scene.world = world = bpy.data.worlds.get(WORLD) or bpy.data.worlds.new(WORLD)
    if bpy.app.version < (5, 0):
        world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    ray, mix = nodes.new("ShaderNodeLightPath"), nodes.new("ShaderNodeMixShader")
    soft, behind = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeBackground")
    output = nodes.new("ShaderNodeOutputWorld")
    soft.inputs["Color"].default_value, soft.inputs["Strength"].default_value = (1, 1, 1, 1), 0.35
    behind.inputs["Color"].default_value = (*[BEHIND] * 3, 1)
    links.new(ray.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(soft.outputs[0], mix.inputs[1])
    links.new(behind.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], output.inputs["Surface"])
