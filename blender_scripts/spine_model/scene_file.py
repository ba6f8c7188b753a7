"""What a scene holds, as types: the meshes, leads, markers and fields that ``scene.json`` or ``model.json`` names.

Reading is looking up: nothing that a file contains is executed, and no file outside its folder is opened. Every file
is checked against its SHA-256 before anything is made of it.

``scene.json``, format 1 (written by ``spinemodel export --to blender``; ``?`` marks what may be missing)::

    {"format": 1, "spinemodel": "0.1.0", "subject": "sub-03", "space": "sub-03/scanner",
     "frame": "RAS", "unit": "mm", "axes": "x right, y anterior, z towards the head",
     "model_sha256": of the model's model.json,
     "structures": [MESH], "tissues": [MESH],
     "leads": [{"name", "title", "parts": [MESH], "contacts": [{"name", "middle", "normal", "along"}]}],
     "markers": [{"name", "kind", "position", "structure"?, "level"?}],
     "fields": [{"name", "unit", "colour_map", "range"?: [low, high], "on": [{"mesh", "group", "file"}]}]}

    MESH = {"name", "label"?, "colour": sRGB 0-1, "opacity": 0-1, "kind", "level"?, "side"?, "shown",
            "vertices", "faces", "file": {"path", "frame": "RAS" or "LPS", "unit": "mm", "sha256"}}

Names of the subject, leads, contacts, meshes and fields are such as :func:`names.is_name` takes; a marker's may hold
spaces. Positions are mm in the scene's frame. ``kind`` is one of :data:`looks.KINDS`. A contact's ``middle`` lies on
its face, ``normal`` points out of it, ``along`` to the lead's tip. A field's file is a NumPy array (``.npy``, no
objects) of one number per vertex, in the order of the mesh file's vertices; one that is not finite is "no value".

A model folder (``model.json``, format 2) is read as such a scene: see :mod:`model_folder`.
"""

from __future__ import annotations

from pathlib import Path

from .colour_maps import COLOUR_MAPS
from .contents import content_of, file_entry
from .entries import ContactEntry, FieldEntry, LeadEntry, MarkerEntry, MeshEntry, Scene
from .looks import GROUPS, look_of
from .model_folder import scene_of_model
from .names import LONGEST_NAME
from .records import MEND, Record, SceneError, read_json

FORMAT = 1
"""Version of ``scene.json`` that this extension reads."""


def read_scene(path: Path) -> Scene:
    """Return the scene at ``path``: a ``scene.json``, a ``model.json``, or a folder that holds one of them.

    Raises
    ------
    SceneError
        In one line, if a file is missing, was changed or is not what it should be, or a structure is not known.
    """
    path = _find(Path(path).resolve())
    record = read_json(path)
    scene = scene_of_model(path, record) if path.name == "model.json" else _scene(path, record)
    _require_different(scene)
    for entry in (*(mesh.file for mesh in scene.every_mesh), *(f for field in scene.fields for f in field.on.values())):
        content_of(entry)
    return scene


def _find(path: Path) -> Path:
    """Return the record at or in a path."""
    for candidate in (path / "scene.json", path / "model.json") if path.is_dir() else (path,):
        if candidate.is_file():
            return candidate
    raise SceneError(f"{path}: no scene.json or model.json; choose what `spinemodel export --to blender` wrote")


def _scene(path: Path, record: Record) -> Scene:
    """Return what a ``scene.json`` names."""
    record.require("format", FORMAT)
    record.require("frame", "RAS")
    record.require("unit", "mm")
    meshes = [mesh_entry(row, group) for group in GROUPS[:2] for row in record.rows(group)]
    return Scene(
        path=path,
        subject=record.name("subject"),
        space=record.text("space"),
        model_sha256=record.sha256("model_sha256"),
        meshes=tuple(meshes),
        leads=tuple(_lead(row) for row in record.rows("leads")),
        markers=tuple(_marker(row) for row in record.rows("markers")),
        fields=tuple(_field(row) for row in record.rows("fields")),
    )


def _require_different(scene: Scene) -> None:
    """Refuse two meshes of one name in a group, and fields on meshes that are not there."""
    keys = [(mesh.group, mesh.name) for mesh in scene.every_mesh]
    twice = sorted({name for group, name in keys if keys.count((group, name)) > 1})
    if twice:
        raise SceneError(f"{scene.path}: names {', '.join(twice)} twice; {MEND}")
    for field in scene.fields:
        for group, name in field.on.keys() - set(keys):
            raise SceneError(f"{scene.path}: field {field.name} lies on {name} of {group}, which is not there; {MEND}")


def mesh_entry(row: Record, group: str) -> MeshEntry:
    """Return a mesh; raise if its name or kind is not known."""
    name, kind = row.name("name"), row.text("kind")
    _require_known(row, name, kind, group)
    colour, opacity = _colour(row, name)
    return MeshEntry(
        name=name,
        group=group,
        kind=kind,
        colour=colour,
        opacity=opacity,
        shown=row.get("shown", bool, True),
        file=file_entry(row.child("file")),
        label=row.get("label", int, None),
        level=row.get("level", str, "") or "",
        side=row.get("side", str, "") or "",
        vertices=row.get("vertices", int, None),
        faces=row.get("faces", int, None),
    )


def _require_known(row: Record, name: str, kind: str, group: str) -> None:
    """Refuse a name or kind that a group does not have."""
    if group == "leads":
        if kind not in ("backing", "contact"):
            raise SceneError(f"{row.where}: {name} of a lead is of kind {kind!r}; expected backing or contact; {MEND}")
        return
    look = look_of(name, group)
    if look is None or look.kind != kind:
        raise SceneError(
            f"{row.where}: unknown structure {name!r} of kind {kind!r} among {group}; expected Cord, Dura, a root such "
            f"as L2_R, or a tissue; {MEND}"
        )


def _colour(row: Record, name: str) -> tuple[tuple[float, float, float], float]:
    """Return colour and opacity, all 0-1."""
    colour, opacity = tuple(row.numbers("colour", 3).tolist()), row.number("opacity")
    if not 0 <= min(*colour, opacity) <= max(*colour, opacity) <= 1:
        raise SceneError(f"{row.where}: colour and opacity of {name} must lie between 0 and 1; {MEND}")
    return colour, opacity


def _lead(row: Record) -> LeadEntry:
    """Return a lead."""
    parts = tuple(mesh_entry(part, "leads") for part in row.rows("parts"))
    contacts = tuple(
        ContactEntry(one.name("name"), one.numbers("middle", 3), one.direction("normal"), one.direction("along"))
        for one in row.rows("contacts")
    )
    return LeadEntry(row.name("name"), row.get("title", str, "") or "", parts, contacts)


def _marker(row: Record) -> MarkerEntry:
    """Return a marker."""
    name, kind = (row.text(key, LONGEST_NAME) for key in ("name", "kind"))
    words = [row.get(key, str, "") or "" for key in ("structure", "level")]
    return MarkerEntry(name, kind, row.numbers("position", 3), *words)


def _field(row: Record) -> FieldEntry:
    """Return a field."""
    colour_map = row.text("colour_map")
    if colour_map not in COLOUR_MAPS:
        raise SceneError(f"{row.where}: unknown colour map {colour_map!r}; expected one of {', '.join(COLOUR_MAPS)}")
    on = {(one.text("group"), one.name("mesh")): file_entry(one.child("file"), mesh=False) for one in row.rows("on")}
    return FieldEntry(row.name("name"), row.text("unit"), colour_map, _limits(row), on)


def _limits(row: Record) -> tuple[float, float] | None:
    """Return the limits of a field's scale; None where it states none."""
    if "range" not in row.values:
        return None
    low, high = row.numbers("range", 2).tolist()
    if low > high:
        raise SceneError(f"{row.where}: range is [{low:g}, {high:g}], expected the lower limit first; {MEND}")
    return low, high
