"""What the user can do: import a model, set the stage, show a field, render, export the edits.

Annotations are evaluated here, since Blender reads an operator's properties from them.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from . import tags
from .edits import write_edits
from .fields import fields_of, show_field
from .importing import import_scene
from .records import SceneError
from .rendering import join_film, render_one, render_turn, set_output
from .stage import FRAMES, VIEWS, set_stage

BESIDE = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (5, 0) else set()
"""A path may begin with ``//``, the folder of the .blend file; Blender 5 asks for that to be said."""

OWN_COLOURS = "-"
"""Stands for no field in the list of fields."""


def active_model(context: bpy.types.Context) -> bpy.types.Collection:
    """Return the model that the active object belongs to, or the only one.

    Raises
    ------
    SceneError
        If that does not name one.
    """
    active = context.object
    for model in tags.models():
        if active is not None and active.name in model.all_objects:
            return model
    return tags.the_model()


def act(operator: bpy.types.Operator, work: Callable[[], str]) -> set[str]:
    """Do the work of an operator and report what it says; what the user can mend is one line."""
    try:
        operator.report({"INFO"}, work())
    except SceneError as problem:
        operator.report({"ERROR"}, str(problem))
        return {"CANCELLED"}
    return {"FINISHED"}


class SPINE_OT_import(bpy.types.Operator, ImportHelper):  # noqa: N801 - Blender asks for such names
    """Import a spine model: a scene.json that was exported for Blender, or the model.json of a model folder."""

    bl_idname = "import_scene.spine_model"
    bl_label = "Import spine model"
    bl_options = {"UNDO"}  # noqa: RUF012 - read by Blender

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Import."""

        def work() -> str:
            model = import_scene(Path(bpy.path.abspath(self.filepath)), context)
            return f"{model.name}: {len(model.all_objects)} objects; {model[tags.AXES]}"

        return act(self, work)


class SPINE_OT_stage(bpy.types.Operator):  # noqa: N801
    """Set camera and lights about all that is rendered."""

    bl_idname = "spine.stage"
    bl_label = "Set stage"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    view: EnumProperty(name="View", items=[(name, name.capitalize(), "") for name in VIEWS])
    frames: IntProperty(name="Pictures of a turn", default=FRAMES, min=1)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it."""

        def work() -> str:
            set_stage(active_model(context), context.scene, self.view, self.frames)
            return f"the camera looks from {self.view}"

        return act(self, work)


def _field_items(_self: object, context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    """Return the fields to choose from; kept, for Blender holds no copy of the texts."""
    items = [(OWN_COLOURS, "Own colours", "The colours of the table")]
    with suppress(AttributeError, SceneError):
        items += [(name, name, scale["unit"]) for name, scale in fields_of(active_model(context)).items()]
    _field_items.kept = items
    return items


class SPINE_OT_field(bpy.types.Operator):  # noqa: N801
    """Colour the meshes by a field, with a legend before the camera."""

    bl_idname = "spine.field"
    bl_label = "Show field"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    field: EnumProperty(name="Field", items=_field_items)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show it."""

        def work() -> str:
            name = "" if self.field == OWN_COLOURS else self.field
            show_field(active_model(context), name)
            return f"shown: {name or 'own colours'}"

        return act(self, work)


class SPINE_OT_render(bpy.types.Operator):  # noqa: N801
    """Render the view of the camera, or a whole turn, with the scene's engine and resolution."""

    bl_idname = "spine.render"
    bl_label = "Render"

    directory: StringProperty(subtype="DIR_PATH", default="//pictures", options=BESIDE)
    turn: BoolProperty(name="Whole turn", default=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Render."""

        def work() -> str:
            model, scene = active_model(context), context.scene
            folder, name = _folder(self.directory), tags.file_name(model)
            set_output(scene, "IMAGE", "PNG")
            if not self.turn:
                return f"{render_one(scene, folder / f'{name}.png', scene.frame_current)}"
            pictures = render_turn(scene, folder, name)
            film = join_film(pictures, folder / f"{name}.mp4")
            return f"{len(pictures)} pictures in {folder}, {film or 'no film: this Blender has no FFmpeg'}"

        return act(self, work)


class SPINE_OT_export_edits(bpy.types.Operator):  # noqa: N801
    """Write every edited structure, for spinemodel to check and to take into the model."""

    bl_idname = "spine.export_edits"
    bl_label = "Export edits"

    directory: StringProperty(subtype="DIR_PATH", default="//edits", options=BESIDE)
    overwrite: BoolProperty(name="Replace edits in the folder", default=False)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a folder."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write."""

        def work() -> str:
            if context.object is not None and context.object.mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")  # sculpting hands its vertices over when it ends
            edits = write_edits(active_model(context), _folder(self.directory), overwrite=self.overwrite)
            for note in edits.notes:
                self.report({"WARNING"}, note)
            return f"{edits.path}: {', '.join(edits.names)}" if edits.path else "nothing is edited; nothing was written"

        return act(self, work)


def _folder(directory: str) -> Path:
    """Return a folder; one beside the .blend file needs the file to be saved."""
    if directory.startswith("//") and not bpy.data.filepath:
        raise SceneError("the .blend file has no place yet; save it first, or choose a folder")
    return Path(bpy.path.abspath(directory))


CLASSES = (SPINE_OT_import, SPINE_OT_stage, SPINE_OT_field, SPINE_OT_render, SPINE_OT_export_edits)


def _menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the entry of File > Import."""
    self.layout.operator(SPINE_OT_import.bl_idname, text="Spine model (scene.json, model.json)")


def register() -> None:
    """Add operators and menu entry."""
    for one in CLASSES:
        bpy.utils.register_class(one)
    bpy.types.TOPBAR_MT_file_import.append(_menu)


def unregister() -> None:
    """Take them away."""
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
    for one in reversed(CLASSES):
        bpy.utils.unregister_class(one)
