"""What a model folder says of its own quality: centrelines, the distances of its markers, and the levels to tell by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import locate
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.fidelity import Fidelity
from spinemodel.anatomy.posture import in_posture
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.bids import read_subject
from spinemodel.io.levels import ModelLevels, beside, read_levels
from spinemodel.vertebrae.datasets.summary import some

NOWHERE = "n/a"


@dataclass(frozen=True, eq=False)
class Stated:
    """What a model folder holds beside its surfaces.

    Attributes
    ----------
    centrelines
        By root; empty where the folder has no table of them.
    fidelity
        Distances of the markers it was built from, as it states them.
    levels
        Its axis with levels, surfaces and tissues; None where it states none.
    notes
        What is not there, one sentence each.
    """

    centrelines: Mapping[str, Centreline]
    fidelity: Mapping[str, Fidelity]
    levels: ModelLevels | None
    notes: tuple[str, ...]


def read_stated(folder: Path, record: Mapping[str, Any]) -> Stated:
    """Return what a model folder holds beside its surfaces; what is not there is said in the notes.

    Raises
    ------
    InputError
        If a part is there but cannot be understood.
    """
    lines = read_centrelines(folder, record)
    notes = [] if lines else ["no table of centrelines: nothing is said of the courses of roots"]
    levels = None
    if {"axis", "spinal_segments", "vertebral_levels"} <= record.keys():
        levels = read_levels(folder)
    else:
        notes.append("no levels are stated: places have none, and tissues are not measured")
    if "fidelity" not in record:
        notes.append("no distances of markers are stated")
    return Stated(lines, _fidelity(folder, record), levels, tuple(notes))


def _fidelity(folder: Path, record: Mapping[str, Any]) -> dict[str, Fidelity]:
    """Return the distances of markers that a record states."""
    try:
        return {name: Fidelity(**row) for name, row in record.get("fidelity", {}).items()}
    except (TypeError, AttributeError) as problem:
        raise InputError(
            f"{folder / 'model.json'}: field fidelity cannot be understood ({problem}); build the model again"
        ) from None


def read_centrelines(folder: Path, record: Mapping[str, Any]) -> dict[str, Centreline]:
    """Return the centrelines of a model folder by root, from the table that its record names; none without.

    Raises
    ------
    InputError
        If the table cannot be understood.
    """
    named = [part["path"] for part in record.get("together", []) if part["path"].endswith("_centrelines.tsv")]
    if not named:
        return {}
    path = folder / named[0]
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
        return {name: _line(name, str(record["space"]), rows) for name in dict.fromkeys(row["root"] for row in rows)}
    except (IndexError, KeyError, ValueError, GeometryError) as problem:
        raise InputError(f"{path}: not a table of centrelines ({problem}); build the model again") from None


def _line(name: str, space: str, rows: list[dict[str, str]]) -> Centreline:
    """Return the centreline that the rows of one root make."""
    own = [row for row in rows if row["root"] == name]
    points = np.array([[float(row[axis]) for axis in ("x_mm", "y_mm", "z_mm")] for row in own])
    radius = np.array([float(row["radius_mm"]) for row in own])
    return Centreline(name, space, points, radius, np.array([row["extrapolated"] == "1" for row in own]))


def read_as_built(markers: Path, record: Mapping[str, Any], levels: ModelLevels | None) -> Annotation:
    """Return the markers of a model's subject, arranged and in the model's posture; its notes say where files differ.

    Raises
    ------
    InputError
        If the folder does not hold the subject, or the model is prone and does not state its levels.
    """
    drawn = read_subject(markers, record["subject"])
    used = {source["name"]: source["sha256"] for source in record.get("sources", [])}
    notes = _differing(markers, used, {source.name: source.sha256 for source in drawn.sources})
    posture = record.get("parameters", {}).get("posture", "supine")
    arranged = arrange(drawn)
    if posture != "supine":
        if levels is None:
            raise InputError(f"{record['subject']}: a {posture} model without levels; build the model again")
        middles = {span.name: (span.bottom + span.top) / 2 for span in levels.vertebral}
        arranged = in_posture(arranged, posture, levels.axis, middles)
    return replace(arranged, notes=tuple(notes))


def _differing(markers: Path, used: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return a note each on files that are others than, more than or fewer than those used; both by name and hash."""
    told = {
        "not as they were when the model was built": {name for name in used.keys() & now if used[name] != now[name]},
        "not used for the model": now.keys() - used.keys(),
        "used for the model but not there": used.keys() - now.keys(),
    }
    every = len(used.keys() | now.keys())
    return [
        f"{markers}: {len(names)} of {every} files {why}: {some(sorted(names))}"
        for why, names in told.items()
        if names
    ]


def level_at(levels: ModelLevels | None, place: tuple[float, float, float], *, spinal: bool = False) -> str:
    """Return the vertebra or disc, or the spinal segment, beside a place; ``n/a`` where none is known."""
    if levels is None:
        return NOWHERE
    s = float(locate(levels.axis, np.array([place]))[0][0])
    span = beside(levels.spinal if spinal else levels.vertebral, s)
    return span.name if span else NOWHERE
