"""What a lead is placed among, from a model folder; and a place on it from what a user writes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.surface import Surface, merge
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.levels import along, beside
from spinemodel.io.shapes import listed
from spinemodel.io.slicer import read_markups
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.site import Site, Wall, entries_of, region
from spinemodel.leads.track import OPTIONS, Target
from spinemodel.levels import (
    BONE,
    BULK,
    CORD,
    DISC,
    DORSAL_COLUMNS,
    DURA,
    DURA_SHELL,
    FAT,
    GREY,
    MUSCLE,
    ROOT_STRUCTURES,
    ROOTLET_TISSUES,
    WHITE,
)

AROUND: Final = frozenset(row.name for row in (FAT, BONE, DISC, MUSCLE, BULK))
"""Tissues outside the dura; all others lie within it, or in its sleeves."""

CORD_TISSUES: Final = tuple(row.name for row in (WHITE, DORSAL_COLUMNS, GREY))

PLACES: Final = "L1, segment:L1, vertebra:T12, z:-420, or point:FILE.mrk.json"


def site_of(model: WholeModel) -> Site:
    """Return a model as leads see it.

    Raises
    ------
    InputError
        If it has no dura or no cord.
    """
    missing = [row.name for row in (DURA, CORD) if row.name not in model.surfaces]
    if missing:
        raise InputError(f"{model.folder}: has no {' and no '.join(missing)}; a lead is placed on a dura round a cord")
    dura, cord, parted = model.surfaces[DURA.name], model.surfaces[CORD.name], model.partition
    origins = {row["name"]: str(row.get("origin", "")) for row in model.record.get("tissues", [])}
    drawn = {row["name"]: str(row.get("origin", "")) for row in model.record["structures"]}
    walls = _walls(parted, origins) if parted else []
    if not any(wall.name == "dura" for wall in walls):
        walls.insert(0, Wall("dura", dura, origin=drawn.get(DURA.name, "")))
    walls.insert(1, Wall("cord", cord, origin=drawn.get(CORD.name, "")))
    return Site(
        space=model.space,
        axis=model.levels.axis,
        dura=dura,
        cord=cord,
        walls=tuple(walls),
        roots=_roots(model),
        entries=_entries(model),
        spinal=model.levels.spinal,
        vertebral=model.levels.vertebral,
        dura_from_mm=_dura_from(model),
        notes=_notes(parted),
    )


def _walls(parted: Partition, origins: dict[str, str]) -> list[Wall]:
    """Return what a partition holds around the dura; the dura's outer face where it is a tissue."""
    inside = [name for name in parted.labels if name not in AROUND]
    walls = []
    if DURA_SHELL.name in parted.labels:
        walls.append(Wall("dura", region(parted, inside, "dura"), origin=origins.get(DURA_SHELL.name, "")))
    for row in (BONE, DISC):
        if row.name in parted.labels:
            surface = region(parted, [row.name], row.name.lower())
            walls.append(Wall(row.name.lower(), surface, origin=origins.get(row.name, "")))
    if FAT.name in parted.labels:
        canal = region(parted, [*inside, FAT.name], "canal")
        walls.append(Wall("canal", canal, "in", origins.get(FAT.name, "")))
    return [*walls, Wall("domain", region(parted, parted.labels, "domain"), "in")]


def _notes(parted: Partition | None) -> tuple[str, ...]:
    """Say what the model lacks to be measured against."""
    if parted is None:
        return (
            "the model has no tissues: bone, discs, the canal and the dura's thickness are not checked; build it with "
            "--tissues",
        )
    lacking = [row.name for row in (DURA_SHELL, FAT, BONE, DISC) if row.name not in parted.labels]
    return (f"the model has no {', '.join(lacking)}: not checked",) if lacking else ()


def _roots(model: WholeModel) -> dict[str, Surface]:
    """Return the roots by name, each with its rootlets; single tubes where the model has no tissues."""
    names = [row.name for row in ROOT_STRUCTURES.values() if row.name in model.surfaces]
    if model.partition is None:
        return {name: model.surfaces[name] for name in names}
    parts = model.partition.parts
    kinds = ("", "_rootlets", "_ventral")
    pieces = {name: [parts[name + kind] for kind in kinds if name + kind in parts] for name in names}
    return {name: merge(name, own) for name, own in pieces.items() if own}


def _entries(model: WholeModel) -> dict[str, FloatArray]:
    """Return where dorsal rootlets enter the cord, by root; a root without them enters where its centreline begins."""
    entries = {name: np.array(line.points[:1]) for name, line in model.centrelines.items()}
    if model.partition is None:
        return entries
    cord = [name for name in CORD_TISSUES if name in model.partition.labels]
    for name in entries:
        rootlets = f"{name}_rootlets"
        if rootlets in ROOTLET_TISSUES and rootlets in model.partition.labels:
            found = entries_of(model.partition, rootlets, cord)
            entries[name] = found if len(found) else entries[name]
    return entries


def _dura_from(model: WholeModel) -> float:
    """Return where along the axis the drawn dura begins, mm."""
    below = (row.get("extrapolated_below_mm") for row in model.record["structures"] if row["name"] == DURA.name)
    z = next(below, None)
    return -np.inf if z is None else along(model.levels.axis, float(z))


def target_of(text: str, model: WholeModel, key: str = OPTIONS.at) -> Target:
    """Return the place that a user asks for.

    Parameters
    ----------
    text
        ``L1`` or ``segment:L1``, a spinal segment; ``vertebra:T12``, or a disc, ``vertebra:T12/L1``; ``z:-420``, RAS
        mm; ``point:FILE.mrk.json``, or ``point:FILE.mrk.json:LABEL`` for one of several.
    model
        With its levels.
    key
        What errors call the place.

    Raises
    ------
    InputError
        If it names no place of the model.
    """
    kind, colon, value = text.partition(":")
    if not colon:
        kind, value = "segment", text
    kind, value, where = kind.strip().lower(), value.strip(), f"{key} {text}"
    if kind in ("segment", "vertebra"):
        said, s = _at_level(where, value, model, spinal=kind == "segment")
        return Target(text, said, s=s)
    if kind == "z":
        height = _number(where, value)
        return Target(text, f"z {height:g} mm", z=height)
    if kind == "point" and value:
        point, name = _point(where, value)
        return Target(text, f"point {name}", point=(float(point[0]), float(point[1]), float(point[2])))
    raise InputError(f"{where}: expected {PLACES}")


def _at_level(where: str, name: str, model: WholeModel, *, spinal: bool) -> tuple[str, float]:
    """Return what the middle of a level is called, in both ways of counting, and where along the axis it lies, mm."""
    kind, spans = ("spinal segment", model.levels.spinal) if spinal else ("vertebra", model.levels.vertebral)
    span = next((one for one in spans if one.name.lower() == name.lower()), None)
    if span is None:
        raise InputError(
            f"{where}: {model.folder} has no {kind} {name or '(none)'}; there are "
            f"{', '.join(one.name for one in spans) or 'none'}"
        )
    s = (span.bottom + span.top) / 2
    other = beside(model.levels.vertebral if spinal else model.levels.spinal, s)
    what = "disc" if "/" in span.name else kind
    return f"{what} {span.name}{_extrapolated(span)}{_beside(other, spinal=spinal)}", s


def _beside(other: Span | None, *, spinal: bool) -> str:
    """Say what lies at the same height, of vertebrae for a spinal segment and of segments for a vertebra."""
    if other is None:
        return "" if spinal else ", below or above the cord's segments"
    kind = ("disc" if "/" in other.name else "vertebra") if spinal else "spinal segment"
    return f", beside {kind} {other.name}{_extrapolated(other)}"


def _extrapolated(span: Span) -> str:
    """Say that a level's place comes from tables."""
    return " (extrapolated)" if span.origin == "extrapolated" else ""


def _number(where: str, value: str) -> float:
    """Return the height in ``z:``."""
    try:
        number = float(value)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise InputError(f"{where}: expected a height in mm (RAS), such as z:-420")
    return number


def _point(where: str, value: str) -> tuple[FloatArray, str]:
    """Return the point of a Slicer file, or the one of a label, and its name."""
    path, label = Path(value), ""
    if not path.exists() and ":" in value:
        path, label = Path(value.rpartition(":")[0]), value.rpartition(":")[2]
    markups = read_markups(path)
    points = np.vstack([markup.points for markup in markups]) if markups else np.empty((0, 3))
    labels = [name for markup in markups for name in markup.labels]
    chosen = [i for i, name in enumerate(labels) if not label or name == label]
    if len(chosen) != 1:
        what = f"{len(chosen)} points" + (f" labelled {label}" if label else "")
        raise InputError(
            f"{where}: {path} holds {what}; expected one, or its label as point:{path}:LABEL; there are "
            f"{listed(name or '(no label)' for name in labels)}"
        )
    return points[chosen[0]], f"{labels[chosen[0]] or path.name} of {path.name}"
