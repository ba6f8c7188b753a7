"""A model folder of ``spinemodel build`` as a scene: its own files, with looks and markers told from their names."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import numpy as np

from .contents import content_of, file_entry
from .entries import FileEntry, MarkerEntry, MeshEntry, Scene
from .looks import look_of
from .names import LONGEST_NAME
from .records import MEND, Record, SceneError

MODEL_FORMAT = 2
"""Version of ``model.json`` that is read."""


def scene_of_model(path: Path, record: Record) -> Scene:
    """Return the scene that a model folder makes.

    Raises
    ------
    SceneError
        If it is of another version, names an unknown structure, or has no STL or PLY file for one.
    """
    record.require("format", MODEL_FORMAT)
    meshes = [_mesh(row, group) for group in ("structures", "tissues") for row in record.rows(group)]
    return Scene(
        path=path,
        subject=record.name("subject"),
        space=record.text("space"),
        model_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        meshes=tuple(meshes),
        leads=(),
        markers=(*_ends(record), *_levels(record)),
        fields=(),
    )


def _mesh(row: Record, group: str) -> MeshEntry:
    """Return a structure or tissue."""
    name = row.name("name")
    look = look_of(name, group)
    if look is None:
        raise SceneError(f"{row.where}: unknown structure {name!r} among {group}; {MEND} with this version")
    colour = row.numbers("colour", 3) if "colour" in row.values else np.full(3, 0.8)
    return MeshEntry(
        name=name,
        group=group,
        kind=look.kind,
        colour=tuple(colour.clip(0, 1).tolist()),
        opacity=look.opacity,
        shown=look.shown,
        file=_first_file(row),
        label=row.get("label", int, None),
        level=look.level,
        side=look.side,
    )


def _first_file(row: Record) -> FileEntry:
    """Return the first file of a structure whose format is read."""
    for one in row.rows("files"):
        if one.text("path").lower().endswith((".stl", ".ply")):
            return file_entry(one)
    raise SceneError(f"{row.where}: no STL or PLY file; build the model with --format stl, or export it --to blender")


def _ends(record: Record) -> list[MarkerEntry]:
    """Return where each root leaves the cord and where its ganglion lies, from the table of centrelines."""
    files = [row for row in record.rows("together") if row.text("path").endswith("_centrelines.tsv")]
    ends: dict[str, list[np.ndarray]] = {}
    for entry in (file_entry(row) for row in files):
        text = content_of(entry).decode("utf-8", "replace")
        try:
            for line in csv.DictReader(io.StringIO(text), delimiter="\t"):
                ends.setdefault(line["root"], []).append(np.array([float(line[f"{axis}_mm"]) for axis in "xyz"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise SceneError(f"{entry.path}: not a table of centrelines ({problem}); {MEND}") from None
    for root in ends:
        if look_of(root, "structures") is None:
            raise SceneError(f"{record.where}: its centrelines name {root!r:.60}, expected roots such as L2_R; {MEND}")
    return [
        MarkerEntry(f"{kind} {root}", kind, points[place], root, root.partition("_")[0])
        for root, points in ends.items()
        for kind, place in (("entry", 0), ("ganglion", -1))
    ]


def _levels(record: Record) -> list[MarkerEntry]:
    """Return the middle of every spinal segment and vertebra that lies on the model's axis."""
    if "axis" not in record.values:
        return []
    points = record.child("axis").numbers("points", -1, 3)
    s = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    found = []
    for kind, key in (("segment", "spinal_segments"), ("vertebra", "vertebral_levels")):
        for row in record.rows(key):
            middle = (row.number("bottom_mm") + row.number("top_mm")) / 2
            if 0 <= middle <= s[-1]:
                place = np.array([np.interp(middle, s, axis) for axis in points.T])
                name = row.text("name", LONGEST_NAME)
                found.append(MarkerEntry(f"{kind} {name}", kind, place, "", name))
    return found
