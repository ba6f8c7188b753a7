"""Surfaces that were edited in Blender, and the model folder that they are taken into.

An edits folder is what ``blender_scripts/export_edits.py`` writes: ``edits.json`` and a mesh per edited structure, RAS
mm. ``edits.json`` holds ``format``, ``subject``, ``space``, ``model_sha256`` (of the ``model.json`` that was imported),
``frame``, ``unit``, ``made_with`` and ``structures``, each with ``name``, ``file`` and ``sha256``.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_args

import numpy as np

from spinemodel.anatomy.compartments import OUTSIDE, Partition, volumes
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.edited import EditedModel
from spinemodel.anatomy.edits import EditDisplacement
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.errors import InputError
from spinemodel.io.files import describe, sha256
from spinemodel.io.model import curve_of, listed_files, read_record, with_bundle, write_centreline_table
from spinemodel.io.partition import write_partition
from spinemodel.io.slicer import Frame, write_markups
from spinemodel.io.staging import move_into_place, staged
from spinemodel.io.surfaces import read_surface, write_surface
from spinemodel.io.whole_model import WholeModel

EDITS_FORMAT: Final = 1
"""Version of the layout of ``edits.json``."""


@dataclass(frozen=True, eq=False)
class Edits:
    """What an edits folder holds.

    Attributes
    ----------
    path
        Of ``edits.json``.
    made_with
        The program, such as ``Blender 5.0.1``.
    surfaces
        By name of the structure or tissue, in the model's space, RAS+ mm.
    """

    path: Path
    made_with: str
    surfaces: Mapping[str, Surface]

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "surfaces", MappingProxyType(dict(self.surfaces)))


def read_edits(folder: Path, model: WholeModel) -> Edits:
    """Return the edited surfaces of a model.

    Raises
    ------
    InputError
        If the folder is not one of edits, its edits are of another model, or of an earlier state of this one, or a file
        is missing or changed.
    """
    path = folder / "edits.json"
    record = _record(path)
    own = sha256((model.folder / "model.json").read_bytes())
    expected = {"format": EDITS_FORMAT, "subject": model.subject, "space": model.space, "frame": "RAS", "unit": "mm"}
    for field, value in {**expected, "model_sha256": own}.items():
        if record.get(field) != value:
            raise InputError(
                f"{path}: field {field}: got {record.get(field)!r}, expected {value!r} as {model.folder} has it; import"
                " that model into Blender, edit it there and export again"
            )
    rows = record.get("structures")
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{path}: field structures: names no edited structure; edit a mesh, then export again")
    surfaces = [_surface(path, row, model.space) for row in rows]
    twice = [name for name, times in Counter(surface.name for surface in surfaces).items() if times > 1]
    if twice:
        raise InputError(f"{path}: field structures: names {twice[0]} twice; expected every structure once")
    return Edits(path, str(record.get("made_with", "an unnamed program")), {one.name: one for one in surfaces})


def _record(path: Path) -> dict[str, Any]:
    """Return the parsed ``edits.json``."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path.parent}: no edits.json; give a folder that export_edits.py wrote in Blender") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({problem}); export the edits again") from None
    if not isinstance(record, dict):
        raise InputError(f"{path}: expected a JSON object; export the edits again")
    return record


def _surface(path: Path, row: Any, space: str) -> Surface:
    """Return the surface of one row, its bytes those that were written and its place inside the folder."""
    try:
        name, file, digest = str(row["name"]), path.parent / str(row["file"]), str(row["sha256"])
    except (KeyError, TypeError):
        raise InputError(f"{path}: a row of structures lacks name, file or sha256; export the edits again") from None
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise InputError(f"{path}: {name}: file {row['file']} lies outside the folder; export the edits again")
    if not file.is_file():
        raise InputError(f"{file}: named in edits.json but missing; export the edits again")
    if sha256(file.read_bytes()) != digest:
        raise InputError(f"{file}: changed since it was exported (SHA-256 differs); export the edits again")
    return read_surface(file, space=space, name=name)


def write_edited(model: WholeModel, edited: EditedModel, edits: Edits, out: Path) -> Path:
    """Write the edited model as ``out/<subject>`` and return the path of its ``model.json``.

    Files that no edit changed are copied as they are. ``model.json`` says of each structure how far it was moved by
    hand (``edit``) or carried along (``followed``), and in ``edits`` by what. The distances of its markers no longer
    hold and are left out (``spinemodel check --markers`` measures them again).

    Raises
    ------
    InputError
        If ``out`` is where the model lies, or cannot be written to.
    """
    folder = out / model.subject
    if folder.resolve() == model.folder.resolve():
        raise InputError(f"--out {out}: holds the model that was edited; choose another folder, so that both are kept")
    with staged(folder) as staging:
        for name in listed_files(dict(model.record)):
            if not _inside(staging / name, staging):
                raise InputError(f"{model.folder / 'model.json'}: names {name}, outside its folder; build it again")
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(model.folder / name, staging / name)
        record = json.loads(json.dumps(model.record))
        _structures(record, edited, staging)
        _tissues(record, edited, staging)
        _say(record, edited, edits, model)
        stale = {folder / name for name in _before(folder)} - {folder / name for name in listed_files(record)}
        move_into_place(staging, folder / "model.json", record, stale={path for path in stale if _inside(path, folder)})
    return folder / "model.json"


def _before(folder: Path) -> set[str]:
    """Return the files of a model that lay there before."""
    return set(listed_files(read_record(folder))) if (folder / "model.json").is_file() else set()


def _inside(path: Path, folder: Path) -> bool:
    """Return whether a path lies in a folder, however it is spelt."""
    return path.resolve().is_relative_to(folder.resolve())


def _structures(record: dict[str, Any], edited: EditedModel, staging: Path) -> None:
    """Write the surfaces and centrelines that moved, and what the record says of them."""
    whole = with_bundle(edited.surfaces, edited.centrelines)
    moved = {**edited.followed, **edited.edits}
    for row in record["structures"]:
        name = row["name"]
        if name in moved:
            row["check"] = asdict(edited.checked.surfaces[name])
            row["edit" if name in edited.edits else "followed"] = asdict(moved[name])
            row["files"] = [_written(staging, part, whole[name], edited, row.get("colour")) for part in row["files"]]
        if name in moved and name in edited.centrelines:
            row["length_mm"] = float(arc_length(edited.centrelines[name].points)[-1])
    roots_moved = bool(moved.keys() & edited.centrelines.keys())
    for i, part in enumerate(record["together"]):
        if part["path"].endswith("_centrelines.tsv") and roots_moved:
            write_centreline_table(staging / part["path"], edited.centrelines)
            record["together"][i] = describe(staging, staging / part["path"], part["frame"], part["unit"])
        elif "Nerveroots" in whole and roots_moved:
            record["together"][i] = _written(staging, part, whole["Nerveroots"], edited, None)


def _written(staging: Path, part: dict[str, str], surface: Surface, edited: EditedModel, colour: Any) -> dict[str, str]:
    """Write one file of a structure anew, mesh or curve, and return what the record says of it."""
    path = staging / part["path"]
    frame = next(frame for frame in get_args(Frame) if frame == part["frame"])
    if path.name.endswith(".mrk.json"):
        write_markups(path, [curve_of(edited.centrelines[surface.name])], frame=frame)
    else:
        write_surface(path, surface, frame=frame, colour=None if colour is None else tuple(colour))
    return describe(staging, path, part["frame"], part["unit"])


def _tissues(record: dict[str, Any], edited: EditedModel, staging: Path) -> None:
    """Write the tissues as they lie now, and what the record says of them."""
    if edited.partition is None:
        return
    parts, sizes = edited.partition.parts, volumes(edited.partition)
    for row in record["tissues"]:
        row["volume_mm3"] = sizes[row["name"]]
        row["files"] = [_written(staging, part, parts[row["name"]], edited, row["colour"]) for part in row["files"]]
    whole = record["partition"]
    write_partition(staging / whole["file"]["path"], edited.partition)
    whole["file"] = describe(staging, staging / whole["file"]["path"], "RAS")
    whole["parts_mm3"] = sum(sizes.values())
    whole["domain_mm3"] = _domain_mm3(edited.partition)


def _domain_mm3(partition: Partition) -> float:
    """Return the volume inside a partition's outer skin alone, which its parts must add up to."""
    outer, inner = (partition.faces[partition.sides[:, side] == OUTSIDE] for side in (1, 0))
    return volume(Surface("domain", partition.space, partition.vertices, np.vstack([outer, inner[:, ::-1]])))


def _say(record: dict[str, Any], edited: EditedModel, edits: Edits, model: WholeModel) -> None:
    """Record what was edited, by what, and of which model."""
    record["failures"] = list(edited.checked.failures)
    record["relations"] = asdict(edited.checked.relations) if edited.checked.relations else None
    moved = {**edited.followed, **edited.edits}
    record["fidelity"] = {name: row for name, row in record["fidelity"].items() if name not in {*moved, "Roots"}}
    said = {
        "made_with": edits.made_with,
        "edits_sha256": sha256(edits.path.read_bytes()),
        "model_sha256": sha256((model.folder / "model.json").read_bytes()),
        "edited": {name: asdict(change) for name, change in edited.edits.items()},
        "followed": {name: change.most_mm for name, change in edited.followed.items()},
    }
    record["edits"] = [*record.get("edits", []), said]
    record["notes"] = [*record["notes"], *(_note(name, change, edits) for name, change in edited.edits.items())]


def _note(name: str, change: EditDisplacement, edits: Edits) -> str:
    """Return one sentence on an edit."""
    size = f"{change.mean_mm:.2f} mm in the mean and {change.most_mm:.2f} mm at most"
    return f"{name}: edited by hand in {edits.made_with}, by {size}"
