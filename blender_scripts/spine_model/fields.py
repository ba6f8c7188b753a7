"""Numbers on the vertices of meshes: stored as they are, shown as colours, with a legend that states the scale."""

from __future__ import annotations

import json

import bpy
import numpy as np

from .colour_maps import colours, to_linear
from .entries import FieldEntry
from .legend import add_legend, remove_legend
from .materials import field_material, wear
from .records import SceneError
from .tags import FIELDS, GROUP, MATERIAL, NAME, objects


def add_field(model: bpy.types.Collection, field: FieldEntry, values: dict[tuple[str, str], np.ndarray]) -> None:
    """Store a field on its meshes: the numbers as attribute ``NAME (unit)``, colours as colour attribute ``NAME``."""
    every = np.concatenate([found[np.isfinite(found)] for found in values.values()])
    low, high = field.range or ((float(every.min()), float(every.max())) if len(every) else (0.0, 0.0))
    for target in objects(model, "structures", "tissues", "leads"):
        found = values.get((target[GROUP], target[NAME]))
        if found is not None:
            _store(target.data, field, found, colours(found, low, high, field.colour_map))
    scale = {"unit": field.unit, "colour_map": field.colour_map, "low": low, "high": high}
    scale["clipped"] = [bool((every < low).any()), bool((every > high).any())]
    scale["gaps"] = any(not np.isfinite(found).all() for found in values.values())
    model[FIELDS] = json.dumps({**fields_of(model), field.name: scale})


def _store(mesh: bpy.types.Mesh, field: FieldEntry, values: np.ndarray, srgb: np.ndarray) -> None:
    """Write the attributes of one mesh."""
    numbers = mesh.attributes.new(f"{field.name} ({field.unit})", "FLOAT", "POINT")
    numbers.data.foreach_set("value", values.astype(np.float32))
    shown = mesh.color_attributes.new(field.name, "FLOAT_COLOR", "POINT")
    linear = np.column_stack([to_linear(srgb), np.ones(len(srgb))])
    shown.data.foreach_set("color", linear.astype(np.float32).ravel())
    mesh.color_attributes.active_color = shown


def fields_of(model: bpy.types.Collection) -> dict[str, dict]:
    """Return the fields of a model by name, each with its unit, colour map and limits."""
    try:
        return dict(json.loads(model.get(FIELDS, "{}")))
    except (TypeError, ValueError):
        raise SceneError(f"{model.name}: its property {FIELDS} was changed; import the model again") from None


def show_field(model: bpy.types.Collection, name: str = "") -> None:
    """Colour the meshes that have a field by it, with its legend; without a name, give all their own colours back."""
    if name and name not in fields_of(model):
        raise SceneError(f"no field {name!r}; expected one of: {', '.join(fields_of(model)) or '(there is none)'}")
    remove_legend(model)
    for target in objects(model, "structures", "tissues", "leads"):
        if name and name in target.data.color_attributes:
            wear(target, field_material(f"Field {name}", name))
            target.data.color_attributes.active_color = target.data.color_attributes[name]
        elif isinstance(target.get(MATERIAL), bpy.types.Material):
            wear(target, target[MATERIAL])
    if name:
        add_legend(model, name, fields_of(model)[name])
