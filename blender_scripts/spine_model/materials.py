"""Materials in the table's colours, and materials that show a colour attribute."""

from __future__ import annotations

import bpy
import numpy as np

from .colour_maps import to_linear

ROUGHNESS = 0.55
"""A choice: moist tissue, without glare."""


def tissue_material(name: str, colour: tuple[float, float, float], opacity: float) -> bpy.types.Material:
    """Return a material of an sRGB colour, seen through where ``opacity`` is below one; an equal one is used again."""
    linear = [*to_linear(np.array(colour)).tolist(), opacity]
    known = bpy.data.materials.get(name)
    if known is not None and np.allclose(known.diffuse_color, linear, atol=1e-6):
        return known
    material, shader = _principled(name)
    shader.inputs["Base Color"].default_value = [*linear[:3], 1.0]
    shader.inputs["Alpha"].default_value = opacity
    material.diffuse_color = linear
    if opacity < 1:
        material.surface_render_method = "BLENDED"
    return material


def field_material(name: str, attribute: str) -> bpy.types.Material:
    """Return a material that shows a colour attribute: half as light of its own, so that shade hides no value."""
    known = bpy.data.materials.get(name)
    if known is not None:
        return known
    material, shader = _principled(name)
    source = material.node_tree.nodes.new("ShaderNodeAttribute")
    source.attribute_name = attribute
    half = material.node_tree.nodes.new("ShaderNodeVectorMath")
    half.operation, half.inputs["Scale"].default_value = "SCALE", 0.5
    links = material.node_tree.links
    links.new(source.outputs["Color"], half.inputs[0])
    links.new(half.outputs["Vector"], shader.inputs["Base Color"])
    links.new(half.outputs["Vector"], shader.inputs["Emission Color"])
    shader.inputs["Emission Strength"].default_value = 1.0
    shader.inputs["Roughness"].default_value = 1.0
    shader.inputs["Specular IOR Level"].default_value = 0.0
    return material


def plain_material(name: str, attribute: str = "") -> bpy.types.Material:
    """Return a material whose colour no light changes: black, or an attribute's where one is named."""
    known = bpy.data.materials.get(name)
    if known is not None:
        return known
    material = _new(name)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    light, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    links.new(light.outputs["Emission"], output.inputs["Surface"])
    light.inputs["Color"].default_value = (0, 0, 0, 1)
    if attribute:
        source = nodes.new("ShaderNodeAttribute")
        source.attribute_name = attribute
        links.new(source.outputs["Color"], light.inputs["Color"])
    material.diffuse_color = (0, 0, 0, 1)
    return material


def _new(name: str) -> bpy.types.Material:
    """Return a new material with nodes, which Blender before 5.0 must be asked for."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    return material


def _principled(name: str) -> tuple[bpy.types.Material, bpy.types.Node]:
    """Return a new material and its main shader."""
    material = _new(name)
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Roughness"].default_value = ROUGHNESS
    return material, shader


def wear(target: bpy.types.Object, material: bpy.types.Material) -> None:
    """Give an object one material."""
    if target.data.materials:
        target.data.materials[0] = material
    else:
        target.data.materials.append(material)
