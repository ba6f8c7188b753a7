"""The tab "Spine" in the sidebar of the 3D view."""

from __future__ import annotations

import bpy

from . import tags
from .fields import fields_of
from .legend import legend_lines
from .operators import active_model
from .records import SceneError


class SPINE_PT_model(bpy.types.Panel):  # noqa: N801 - Blender asks for such names
    """Import, what the model is, fields, pictures, and the way back."""

    bl_label = "Spine model"
    bl_idname = "SPINE_PT_model"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Spine"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw."""
        layout = self.layout
        layout.operator("import_scene.spine_model", icon="IMPORT")
        try:
            model = active_model(context)
        except SceneError as problem:
            layout.label(text=str(problem) if tags.models() else "No model in this file yet")
            return
        _draw_about(layout.box(), model, context.object)
        _draw_fields(layout.box(), model)
        _draw_pictures(layout.box())
        layout.operator("spine.export_edits", icon="EXPORT")


def _draw_about(box: bpy.types.UILayout, model: bpy.types.Collection, active: bpy.types.Object | None) -> None:
    """Say what the model and the active object are."""
    box.label(text=f"{model.get(tags.SUBJECT)} in {model.get(tags.SPACE)}")
    for part in str(model.get(tags.AXES, "")).split(", "):
        box.label(text=part)
    if active is not None and tags.NAME in active:
        box.label(text=f"{active[tags.NAME]}: {active.get(tags.KIND)} of {active.get(tags.GROUP)}", icon="OBJECT_DATA")
        if active.get(tags.GROUP) in ("tissues", "leads"):
            box.label(text="Edits of this are not taken back", icon="INFO")


def _draw_fields(box: bpy.types.UILayout, model: bpy.types.Collection) -> None:
    """Offer the fields, each with its scale."""
    box.operator_menu_enum("spine.field", "field", text="Colour by")
    for name, scale in fields_of(model).items():
        title, high, low = legend_lines(name, scale)
        box.label(text=f"{title}: {low.splitlines()[0]} to {high}")


def _draw_pictures(box: bpy.types.UILayout) -> None:
    """Offer views and pictures."""
    box.operator_menu_enum("spine.stage", "view", text="Look from")
    row = box.row()
    row.operator("spine.render", icon="RENDER_STILL").turn = False
    row.operator("spine.render", text="Render turn", icon="RENDER_ANIMATION").turn = True


def register() -> None:
    """Add the panel."""
    bpy.utils.register_class(SPINE_PT_model)


def unregister() -> None:
    """Take it away."""
    bpy.utils.unregister_class(SPINE_PT_model)
