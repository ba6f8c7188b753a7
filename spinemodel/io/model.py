"""The model folder: surfaces, centrelines and ``model.json``, which says what everything is and where it came from.

::

    OUT/model.json                              written last: a folder without it is not a model
    OUT/surfaces/sub-03_{Cord,Dura,Nerveroots}.stl   the dataset's names; Nerveroots holds all roots
    OUT/surfaces/sub-03_L1_L.stl ...            one file per root
    OUT/centrelines/sub-03_L1_L.mrk.json ...    open curves for 3D Slicer
    OUT/centrelines/sub-03_centrelines.tsv      all centrelines, RAS+ mm
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel import __version__
from spinemodel.anatomy.audit import Audit
from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.fidelity import Fidelity
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.surface import Surface, merge
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, sha256
from spinemodel.io.slicer import Frame, Markup, write_markups
from spinemodel.io.surfaces import file_frame, file_unit, read_surface, write_surface
from spinemodel.levels import ROOT_STRUCTURES, STRUCTURES

FORMAT: Final = 1
"""Version of the layout of ``model.json``."""

CURVE_STEP_MM: Final = 1.0
"""Spacing of the control points of Slicer curves: the curve through them is within 1 um of the centreline."""

Record = dict[str, Any]


def write_model(
    anatomy: Anatomy,
    checked: Audit,
    fidelity: dict[str, Fidelity],
    folder: Path,
    *,
    formats: Sequence[str] = ("stl",),
    frame: Frame = "LPS",
) -> Path:
    """Write a model folder and return the path of its ``model.json``.

    Every file is written whole or not at all; files of an earlier model in the same folder that this one does not have
    are removed. The same model gives the same bytes.
    """
    subject = anatomy.annotation.subject
    files: dict[str, list[Record]] = {name: [] for name in anatomy.surfaces}
    for name, surface in _with_bundle(anatomy).items():
        for suffix in formats:
            path = folder / "surfaces" / f"{subject}_{name}.{suffix}"
            write_surface(path, surface, frame=frame, colour=STRUCTURES[name].colour if name in STRUCTURES else None)
            files.setdefault(name, []).append(_file(folder, path, file_frame(suffix, frame), file_unit(suffix)))
    for name, centreline in anatomy.centrelines.items():
        path = folder / "centrelines" / f"{subject}_{name}.mrk.json"
        write_markups(path, [_curve(centreline)], frame=frame)
        files[name].append(_file(folder, path, frame))
    table = folder / "centrelines" / f"{subject}_centrelines.tsv"
    _write_table(table, anatomy)
    record = _record(anatomy, checked, fidelity)
    record["structures"] = [_structure(anatomy, checked, name) | {"files": files[name]} for name in anatomy.surfaces]
    record["together"] = [*files.get("Nerveroots", []), _file(folder, table, "RAS")]
    return _replace_model(folder, record)


def _with_bundle(anatomy: Anatomy) -> dict[str, Surface]:
    """Return the surfaces, and all roots together as the dataset has them."""
    roots = [surface for name, surface in anatomy.surfaces.items() if name in anatomy.centrelines]
    return {**anatomy.surfaces, **({"Nerveroots": merge("Nerveroots", roots)} if roots else {})}


def _curve(centreline: Centreline) -> Markup:
    """Return a centreline as the control points of a Slicer curve."""
    length = arc_length(centreline.points)[-1]
    points = resample(centreline.points, np.linspace(0, length, max(2, round(length / CURVE_STEP_MM) + 1)))
    labels = tuple(f"{centreline.name}-{i + 1}" for i in range(len(points)))
    return Markup(kind="Curve", points=points, labels=labels)


def _write_table(path: Path, anatomy: Anatomy) -> None:
    """Write every point of every centreline as tab-separated values."""
    rows = ["root\tpoint\ts_mm\tx_mm\ty_mm\tz_mm\tradius_mm\textrapolated"]
    for name, line in anatomy.centrelines.items():
        for i, (s, p, r, e) in enumerate(
            zip(arc_length(line.points), line.points, line.radius, line.extrapolated, strict=True)
        ):
            rows.append(f"{name}\t{i}\t{s:.4f}\t{p[0]:.4f}\t{p[1]:.4f}\t{p[2]:.4f}\t{r:.4f}\t{int(e)}")
    with atomic(path) as temporary:
        temporary.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _file(folder: Path, path: Path, frame: str, unit: str = "mm") -> Record:
    """Return what is said of a written file."""
    digest = sha256(path.read_bytes())
    return {"path": path.relative_to(folder).as_posix(), "frame": frame, "unit": unit, "sha256": digest}


def _record(anatomy: Anatomy, checked: Audit, fidelity: dict[str, Fidelity]) -> Record:
    """Return what is said of the model as a whole."""
    drawn = anatomy.annotation
    return {
        "format": FORMAT,
        "spinemodel": __version__,
        "subject": drawn.subject,
        "space": drawn.space,
        "frame": "RAS",
        "unit": "mm",
        "about": "coordinates in this file are RAS+ mm; every file beside it states its own frame",
        "failures": list(checked.failures),
        "relations": asdict(checked.relations) if checked.relations else None,
        "fidelity": {name: asdict(value) for name, value in fidelity.items()},
        "notes": list(drawn.notes),
        "parameters": asdict(anatomy.parameters),
        "sources": [asdict(source) for source in drawn.sources],
    }


def _structure(anatomy: Anatomy, checked: Audit, name: str) -> Record:
    """Return what is said of one structure."""
    row = STRUCTURES[name]
    record: Record = {"name": name, "label": row.id, "colour": row.colour, "check": asdict(checked.surfaces[name])}
    if name in anatomy.ends:
        record["ends"] = dict(zip(("caudal", "rostral"), anatomy.ends[name], strict=True))
        return record
    root = next(root for root, structure in ROOT_STRUCTURES.items() if structure.name == name)
    line = anatomy.centrelines[name]
    displacement = next(d for d in anatomy.displacements if d.root == name)
    return record | {
        "level": root.level,
        "side": root.side,
        "length_mm": float(arc_length(line.points)[-1]),
        "extrapolated_mm": extrapolated_spans(line),
        "displacement": asdict(displacement),
    }


def extrapolated_spans(line: Centreline) -> list[list[float]]:
    """Return the spans [from, to] in mm along a centreline where no marker was drawn."""
    s = arc_length(line.points)
    change = np.flatnonzero(np.diff(np.concatenate([[False], line.extrapolated, [False]]).astype(int)))
    return [[float(s[a]), float(s[min(b, len(s) - 1)])] for a, b in zip(change[::2], change[1::2], strict=True)]


def _replace_model(folder: Path, record: Record) -> Path:
    """Write ``model.json``, then remove the files that only the model before it had."""
    path = folder / "model.json"
    before = _previous(folder)
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    for stale in before - {(folder / name).resolve() for name in _listed(record)}:
        stale.unlink(missing_ok=True)
    return path


def _previous(folder: Path) -> set[Path]:
    """Return the files inside ``folder`` that the model there names; none where it cannot be read."""
    try:
        listed = _listed(read_record(folder))
    except (InputError, KeyError, TypeError):
        return set()
    return {path for name in listed if (path := (folder / name).resolve()).is_relative_to(folder.resolve())}


def _listed(record: Record) -> set[str]:
    """Return the paths that a record names."""
    parts = [*record["together"], *(file for structure in record["structures"] for file in structure["files"])]
    return {part["path"] for part in parts}


def read_record(folder: Path) -> Record:
    """Return the parsed ``model.json`` of a model folder.

    Raises
    ------
    InputError
        If there is none, or it is not of this format.
    """
    path = folder / "model.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder}: no model.json; give a folder that `spinemodel build` wrote") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({problem}); build the model again") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(f"{path}: expected format {FORMAT}; build the model again with this version")
    return record


def read_surfaces(folder: Path) -> dict[str, Surface]:
    """Return the surfaces of a model folder by structure name, each from the first file listed for it.

    Raises
    ------
    InputError
        If a file is missing or its bytes are not those that were written.
    """
    record = read_record(folder)
    try:
        entries = {
            row["name"]: (folder / row["files"][0]["path"], row["files"][0]["sha256"]) for row in record["structures"]
        }
        space = str(record["space"])
    except (KeyError, IndexError, TypeError) as problem:
        raise InputError(f"{folder / 'model.json'}: field {problem} is missing; build the model again") from None
    for path, expected in entries.values():
        if not path.is_file():
            raise InputError(f"{path}: named in model.json but missing; build the model again")
        if sha256(path.read_bytes()) != expected:
            raise InputError(f"{path}: changed since the model was built (SHA-256 differs); build the model again")
    return {name: read_surface(path, space=space, name=name) for name, (path, _) in entries.items()}
