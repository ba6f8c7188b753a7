"""Runs in Blender's Python, without our package: imports, looks, edits, and writes what it found as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(scene: Path, model: Path, work: Path) -> None:
    """Do everything and write ``found.json``."""
    import bpy
    from spine_model import headless
    from spine_model.importing import import_scene

    headless.empty_file()
    collection = import_scene(scene, bpy.context)
    found = {"imported": facts(collection)}
    found["shown"] = fields(collection)
    headless.empty_file()
    found["model"] = facts(import_scene(model, bpy.context))
    headless.empty_file()
    found["leads"] = leads(import_scene(scene, bpy.context))
    found["spoilt"] = spoilt(scene, work)
    headless.empty_file()
    import_scene(model, bpy.context)
    found["again"] = refused(lambda: import_scene(model, bpy.context))
    found["edits"] = edits(scene, work)
    found["operators"] = operators(scene, work)
    (work / "found.json").write_text(json.dumps(found))


def refused(act: object) -> str:
    """Return the line that an act is refused with."""
    from spine_model.records import SceneError

    try:
        act()
    except SceneError as problem:
        return str(problem)
    return ""


def facts(collection: object) -> dict[str, object]:
    """Return what is in the file."""
    import bpy
    from spine_model.meshes import coordinates

    scene = bpy.context.scene
    return {
        "unit": [scene.unit_settings.system, scene.unit_settings.length_unit, scene.unit_settings.scale_length],
        "camera": scene.camera.name if scene.camera else "",
        "about": {key: collection[key] for key in collection.keys() if isinstance(collection[key], str)},  # noqa: SIM118
        "collections": {child.name: [one.name for one in child.objects] for child in collection.children_recursive},
        "nested": {child.name: [one.name for one in child.children] for child in collection.children_recursive},
        "objects": {one.name: _object(one) for one in collection.all_objects},
        "vertices": {one.name: coordinates(one.data).tolist() for one in collection.all_objects if one.type == "MESH"},
        "loose": [one.name for one in scene.collection.objects],
    }


def _object(one: object) -> dict[str, object]:
    """Return what an object is."""
    material = one.active_material
    shader = material and next((node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED"), None)
    return {
        "type": one.type,
        "matrix": [list(row) for row in one.matrix_world],
        "hidden": [one.hide_get(), one.hide_render],
        "name": one.get("spine_name"),
        "group": one.get("spine_group"),
        "colour": list(material.diffuse_color) if material else None,
        "alpha": shader.inputs["Alpha"].default_value if shader else None,
        "text": one.data.body if one.type == "FONT" else None,
        "modifiers": [modifier.type for modifier in one.modifiers],
        "attributes": list(one.data.attributes.keys()) if one.type == "MESH" else None,
    }


def fields(collection: object) -> dict[str, object]:
    """Show each field and return colours, numbers and the legend's texts."""
    import numpy as np
    from spine_model.fields import show_field

    found = {}
    for field, unit, name in (("potential", "mV", "Cord"), ("displacement", "mm", "Dura")):
        show_field(collection, field)
        one = next(one for one in collection.all_objects if one.name == name)
        colours, numbers = (np.empty(len(one.data.vertices) * n, np.float32) for n in (4, 1))
        one.data.color_attributes[field].data.foreach_get("color", colours)
        one.data.attributes[f"{field} ({unit})"].data.foreach_get("value", numbers)
        legend = [one for one in collection.all_objects if one.get("spine_group") == "legend"]
        found[field] = {
            "colours": colours.reshape(-1, 4).tolist(),
            "numbers": np.nan_to_num(numbers, nan=-99).tolist(),
            "texts": sorted(one.data.body for one in legend if one.type == "FONT"),
            "parents": sorted({one.parent.name for one in legend}),
            "materials": [one.active_material.name for one in collection.all_objects if one.name in ("Cord", "Dura")],
        }
    show_field(collection)
    found["after"] = [one.active_material.name for one in collection.all_objects if one.name in ("Cord", "Dura")]
    found["legend left"] = sum(one.get("spine_group") == "legend" for one in collection.all_objects)
    found["unknown"] = refused(lambda: show_field(collection, "heat"))
    return found


def leads(collection: object) -> dict[str, object]:
    """Clear the view of the lead, then with bone kept, then without a lead, and return what is in the picture."""
    from spine_model.leads import clear_leads

    found, every = {}, {one.name: one for one in collection.all_objects}
    lead = ("Backing", "C1", "C2", "C3")
    for case, kept, hidden in (("default", (), ()), ("kept", ("Bone",), ()), ("none", (), lead)):
        for one in every.values():
            one.hide_render = one.name in hidden
        parts = clear_leads(collection, [every[name] for name in kept])
        picture = sorted(name for name, one in every.items() if one.get("spine_group") and not one.hide_render)
        found[case] = {"about": sorted(one.name for one in parts), "picture": picture}
    return found


def spoilt(scene: Path, work: Path) -> dict[str, object]:
    """Change what a .blend file says of a model, keep one such file, and return the lines that it is refused with."""
    import bpy
    from spine_model import headless, tags
    from spine_model.edits import write_edits
    from spine_model.fields import show_field
    from spine_model.importing import import_scene

    said = {}
    headless.empty_file()
    collection = import_scene(scene, bpy.context)
    _moved(bpy.data.objects)
    for tag in (tags.STRUCTURES, tags.FILE, tags.SPACE, tags.SUBJECT, tags.MODEL_SHA256, tags.FIELDS):
        said[f"written before {tag}"] = str((work / "spoilt").exists())
        before = collection[tag]
        collection[tag] = 5
        said[tag] = refused(lambda: (write_edits(collection, work / "spoilt"), show_field(collection, "potential")))
        said[f"{tag} of the model"] = refused(lambda: tags.the_model("sub-03"))
        collection[tag] = before
    collection[tags.SUBJECT] = "../../evil"
    bpy.ops.wm.save_as_mainfile(filepath=str(work / "evil.blend"))
    return said


def edits(scene: Path, work: Path) -> dict[str, object]:
    """Edit in many ways, each from a fresh import, and return what the way back says."""
    import bpy
    from spine_model import headless
    from spine_model.edits import write_edits
    from spine_model.importing import import_scene

    found = {}
    for name, edit in EDITS.items():
        headless.empty_file()
        collection = import_scene(scene, bpy.context)
        edit(bpy.data.objects)
        said: list[object] = []
        line = refused(lambda: said.append(write_edits(collection, work / name)))  # noqa: B023
        found[name] = {
            "line": line,
            "names": list(said[0].names) if said else [],
            "notes": list(said[0].notes) if said else [],
            "written": sorted(path.name for path in (work / name).iterdir()) if (work / name).exists() else [],
        }
        if name == "moved":
            found["kept"] = refused(lambda: write_edits(collection, work / "moved"))  # noqa: B023
            bpy.ops.wm.save_as_mainfile(filepath=str(work / "moved.blend"))
    return found


def _nothing(_objects: object) -> None:
    """Leave everything."""


def _moved(objects: object) -> None:
    """Move one vertex of the cord."""
    objects["Cord"].data.vertices[7].co.x += 0.3


def _transformed(objects: object) -> None:
    """Shift and turn the root as an object, by half a turn about z."""
    from mathutils import Matrix

    objects["L1_L"].matrix_world = Matrix([[-1, 0, 0, 24.6], [0, -1, 0, -170], [0, 0, 1, 0.5], [0, 0, 0, 1]])


def _mirrored(objects: object) -> None:
    """Mirror the root as an object."""
    objects["L1_L"].scale.x = -1


def _flat(objects: object) -> None:
    """Make the cord flat."""
    objects["Cord"].scale.z = 0


def _renamed(objects: object) -> None:
    """Say that the cord is a file elsewhere, and move it."""
    _moved(objects)
    objects["Cord"]["spine_name"] = "../../evil"


def _numbered(objects: object) -> None:
    """Say that the cord is a number."""
    objects["Cord"]["spine_name"] = 5


def _undigested(objects: object) -> None:
    """Forget what was imported: the cord as it was, the dura moved, and bone."""
    for name in ("Cord", "Dura", "Bone"):
        del objects[name]["spine_digest"]
    objects["Dura"].data.vertices[7].co.x += 0.3


def _converted(objects: object) -> None:
    """Make a curve of the cord, as a conversion does."""
    import bpy

    cord = objects["Cord"]
    curve = objects.new("Curve", bpy.data.curves.new("Curve", "CURVE"))
    for tag in ("spine_name", "spine_group", "spine_kind", "spine_digest"):
        curve[tag] = cord[tag]
    cord.users_collection[0].objects.link(curve)
    objects.remove(cord)


def _subdivided(objects: object) -> None:
    """Give the dura a modifier that makes new faces."""
    finer = objects["Dura"].modifiers.new("finer", "SUBSURF")
    finer.subdivision_type, finer.levels = "SIMPLE", 1


def _in_edit_mode(objects: object) -> None:
    """Move a vertex in edit mode, and stay there."""
    import bmesh
    import bpy

    bpy.context.view_layer.objects.active = objects["Cord"]
    bpy.ops.object.mode_set(mode="EDIT")
    mesh = bmesh.from_edit_mesh(objects["Cord"].data)
    mesh.verts.ensure_lookup_table()
    mesh.verts[3].co.y -= 0.25
    bmesh.update_edit_mesh(objects["Cord"].data)


def _opened(objects: object) -> None:
    """Take a face of the cord away."""
    import bmesh

    mesh = bmesh.new()
    mesh.from_mesh(objects["Cord"].data)
    mesh.faces.ensure_lookup_table()
    bmesh.ops.delete(mesh, geom=[mesh.faces[0]], context="FACES_ONLY")
    mesh.to_mesh(objects["Cord"].data)
    mesh.free()


def _twice(objects: object) -> None:
    """Copy the cord."""
    objects["Cord"].users_collection[0].objects.link(objects["Cord"].copy())


def _others(objects: object) -> None:
    """Move bone, and delete the root."""
    objects["Bone"].location.x = 1
    objects.remove(objects["L1_L"])


def _hidden(objects: object) -> None:
    """Hide the cord, then give it a modifier: it is evaluated all the same."""
    objects["Cord"].hide_set(True)
    shift = objects["Cord"].modifiers.new("shift", "DISPLACE")
    shift.direction, shift.mid_level, shift.strength = "Z", 0.0, 0.5


def _switched_off(objects: object) -> None:
    """Move the cord and switch its collection off."""
    import bpy

    _moved(objects)
    model = bpy.context.view_layer.layer_collection.children[0]
    next(child for child in model.children if child.name == "Cord").exclude = True


def _collection_hidden(objects: object) -> None:
    """Move the cord and hide its collection."""
    _moved(objects)
    objects["Cord"].users_collection[0].hide_viewport = True


EDITS = {
    "nothing": _nothing,
    "moved": _moved,
    "transformed": _transformed,
    "mirrored": _mirrored,
    "flat": _flat,
    "renamed": _renamed,
    "numbered": _numbered,
    "undigested": _undigested,
    "converted": _converted,
    "subdivided": _subdivided,
    "edit_mode": _in_edit_mode,
    "opened": _opened,
    "twice": _twice,
    "others": _others,
    "hidden": _hidden,
    "switched_off": _switched_off,
    "collection_hidden": _collection_hidden,
}


class Layout:
    """Stands for a layout, which only a window has: keeps what is drawn."""

    def __init__(self, said: list[str] | None = None) -> None:
        self.said = [] if said is None else said

    def box(self) -> Layout:
        """Return a part that keeps into the same list."""
        return Layout(self.said)

    row = box

    def label(self, text: str = "", **_more: object) -> None:
        """Keep a text."""
        self.said.append(text)

    def operator(self, name: str, **_more: object) -> Layout:
        """Keep an operator's name, and take its settings."""
        self.said.append(name)
        return Layout()

    def operator_menu_enum(self, name: str, _setting: str, **_more: object) -> None:
        """Keep an operator's name."""
        self.said.append(name)


class Drawn:
    """Stands for a panel that is drawn."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout


def operators(scene: Path, work: Path) -> dict[str, object]:
    """Register the extension and use every operator; the panel's drawing needs a window."""
    import bpy
    import spine_model
    from spine_model import headless

    headless.empty_file()
    spine_model.register()
    found = {"panel": bpy.types.SPINE_PT_model.bl_category}
    found["imported"] = list(bpy.ops.import_scene.spine_model(filepath=str(scene / "scene.json")))
    try:
        bpy.ops.import_scene.spine_model(filepath=str(scene / "scene.json"))
    except RuntimeError as problem:
        found["twice"] = str(problem)
    found["stage"] = list(bpy.ops.spine.stage(view="left", frames=12))
    bpy.context.scene.frame_set(4)
    found["turn"] = bpy.data.objects["Turntable"].evaluated_get(bpy.context.evaluated_depsgraph_get()).rotation_euler.z
    found["field"] = list(bpy.ops.spine.field(field="potential"))
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y, bpy.context.scene.cycles.samples = 48, 64, 1
    found["render"] = list(bpy.ops.spine.render(directory=str(work / "pictures")))
    layout = Layout()
    bpy.types.SPINE_PT_model.draw(Drawn(layout), bpy.context)
    found["labels"] = layout.said
    _moved(bpy.data.objects)
    found["edits"] = list(bpy.ops.spine.export_edits(directory=str(work / "by operator")))
    try:
        bpy.ops.spine.export_edits(directory="//edits")
    except RuntimeError as problem:
        found["unsaved"] = str(problem)
    spine_model.unregister()
    found["gone"] = not hasattr(bpy.types, "SPINE_PT_model")
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "blender_scripts"))
    main(*map(Path, sys.argv[1:]))
