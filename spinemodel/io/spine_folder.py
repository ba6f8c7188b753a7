"""The folder of a spine: surfaces, tables, landmarks and ``vertebrae.json``, which says what they are.

::

    sub-verse004/vertebrae.json                       written last: a folder without it is not complete
    sub-verse004/surfaces/sub-verse004_L3.stl ...     one closed surface per structure
    sub-verse004/sub-verse004_partition.vtp           all of them as one conforming mesh, with the label on either side
    sub-verse004/sub-verse004_{structures,vertebrae,discs,spine,landmarks}.tsv
    sub-verse004/sub-verse004_landmarks.mrk.json      points for 3D Slicer
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel import __version__
from spinemodel.io.files import describe
from spinemodel.io.partition import write_partition
from spinemodel.io.slicer import Frame, Markup, write_markups
from spinemodel.io.spine_tables import landmarks, tables
from spinemodel.io.staging import move_into_place, staged
from spinemodel.io.surfaces import file_frame, file_unit, write_surface
from spinemodel.io.tables import write_rows
from spinemodel.vertebrae.fragments import Fragment, Hole
from spinemodel.vertebrae.mask import labels_of
from spinemodel.vertebrae.palette import colour
from spinemodel.vertebrae.spine import Spine

FORMAT: Final = 1
"""Version of the layout of ``vertebrae.json``."""

RECORD: Final = "vertebrae.json"

Record = dict[str, Any]


def write_spine(
    spine: Spine,
    out: Path,
    *,
    request: Mapping[str, Any] | None = None,
    formats: Sequence[str] = ("stl",),
    frame: Frame = "LPS",
) -> Path:
    """Write the folder ``out/<subject>`` and return the path of its ``vertebrae.json``.

    The files that an earlier record names are replaced or removed; anything else stays.

    Parameters
    ----------
    spine
        What :func:`~spinemodel.vertebrae.spine.examine` found.
    out
        Folder above.
    request
        What was asked for, which :func:`is_done` compares; what JSON can hold.
    formats, frame
        Of the meshes.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    subject = spine.mask.subject
    path = out / subject / RECORD
    with staged(path.parent) as staging:
        files = _write_surfaces(spine, staging, formats, frame)
        whole = _write_whole(spine, staging, frame)
        record = _record(spine, dict(request or {}), files, whole)
        kept = {path.parent / name for name in _listed(record)}
        move_into_place(staging, path, record, stale=_previous(path) - kept)
    return path


def is_done(path: Path, request: Mapping[str, Any]) -> bool:
    """Tell whether the record at ``path`` answers a request, by this version, and all its files are there."""
    record = _read(path)
    same = record.get("spinemodel") == __version__ and record.get("request") == dict(request)
    return same and all(file.is_file() for file in _previous(path))


def _write_surfaces(spine: Spine, folder: Path, formats: Sequence[str], frame: Frame) -> dict[str, list[Record]]:
    """Write a surface of every structure, and return what is said of each file."""
    files: dict[str, list[Record]] = {name: [] for name in labels_of(spine.mask)}
    for name, listed in files.items():
        for suffix in formats:
            path = folder / "surfaces" / f"{spine.mask.subject}_{name}.{suffix}"
            write_surface(path, spine.surfaces.parts[name], frame=frame, colour=colour(name))
            listed.append(describe(folder, path, file_frame(suffix, frame), file_unit(suffix)))
    return files


def _write_whole(spine: Spine, folder: Path, frame: Frame) -> list[Record]:
    """Write what is told of all structures together, and return what is said of each file."""
    subject = spine.mask.subject
    partition = folder / f"{subject}_partition.vtp"
    write_partition(partition, spine.surfaces, labels_of(spine.mask))
    files = [describe(folder, partition, "RAS")]
    for name, rows in tables(spine).items():
        path = folder / f"{subject}_{name}.tsv"
        write_rows(path, rows)
        files.append(describe(folder, path, "RAS"))
    if points := landmarks(spine):
        path = folder / f"{subject}_landmarks.mrk.json"
        write_markups(path, [Markup("Fiducial", np.array(list(points.values())), tuple(points))], frame=frame)
        files.append(describe(folder, path, frame))
    return files


def _record(spine: Spine, request: Record, files: dict[str, list[Record]], whole: list[Record]) -> Record:
    """Return what is said of the spine."""
    mask = spine.mask
    return {
        "format": FORMAT,
        "spinemodel": __version__,
        "subject": mask.subject,
        "space": mask.space,
        "about": "coordinates in this file are RAS+ mm; each file states its own frame and unit",
        "unit": "mm",
        "label_map": mask.scheme,
        "notes": list(mask.notes),
        "missing": list(spine.missing),
        "structures": [
            {"name": name, "label": label, "partial": mask.regions[label].partial, "files": files[name]}
            for name, label in labels_of(mask).items()
        ],
        "together": whole,
        "fragments": [_piece(piece) | {"dropped": piece.dropped} for piece in spine.fragments],
        "holes": [_piece(hole) | {"filled": hole.filled} for hole in spine.holes],
        "request": request,
        "sources": [asdict(source) for source in mask.sources],
    }


def _piece(found: Fragment | Hole) -> Record:
    """Return what is said of a detached piece or a cavity."""
    return {"structure": found.name, "mm3": round(found.mm3, 3), "centre_mm": found.centre_mm.round(2).tolist()}


def _read(path: Path) -> Record:
    """Return the record at a path; empty where there is no sound one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        _listed(record)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(record)


def _previous(path: Path) -> set[Path]:
    """Return the files that the record at a path names, none of them outside its folder."""
    record, inside = _read(path), path.parent.resolve()
    paths = {path.parent / name for name in _listed(record)} if record else set()
    return {file for file in paths if file.resolve().is_relative_to(inside)}


def _listed(record: Record) -> set[str]:
    """Return the paths that a record names."""
    rows = [*record["together"], *(file for row in record["structures"] for file in row["files"])]
    return {row["path"] for row in rows}
