"""The model folder: surfaces, centrelines and ``model.json``, which says what everything is and where it came from.

::

    sub-03/model.json                                  written last: a folder without it is not a model
    sub-03/surfaces/sub-03_{Cord,Dura,Nerveroots}.stl  the dataset's names; Nerveroots holds all roots
    sub-03/surfaces/sub-03_L1_L.stl ...                one file per root
    sub-03/centrelines/sub-03_L1_L.mrk.json ...        open curves for 3D Slicer
    sub-03/centrelines/sub-03_centrelines.tsv          all centrelines, RAS+ mm
    sub-03/tissues/...                                 where asked for: see :mod:`spinemodel.io.tissues`

Everything is written aside and moved into place at the end (:mod:`spinemodel.io.staging`), so that a build that is
stopped leaves the model before it as it was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
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
from spinemodel.anatomy.tissues import Tissues
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, describe, plain, sha256
from spinemodel.io.slicer import Frame, Markup, write_markups
from spinemodel.io.staging import move_into_place, staged
from spinemodel.io.surfaces import file_frame, file_unit, read_surface, write_surface
from spinemodel.io.tissues import write_tissues
from spinemodel.levels import DURA, ROOT_STRUCTURES, STRUCTURES

FORMAT: Final = 2
"""Version of the layout of ``model.json``."""

CURVE_STEP_MM: Final = 1.0
"""Spacing of the control points of Slicer curves: the curve through them is within 1 um of the centreline."""

Record = dict[str, Any]


def write_model(
    anatomy: Anatomy,
    checked: Audit,
    fidelity: dict[str, Fidelity],
    out: Path,
    *,
    tissues: Tissues | None = None,
    formats: Sequence[str] = ("stl",),
    frame: Frame = "LPS",
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Write the model folder ``out/<subject>`` and return the path of its ``model.json``.

    The files and figures of an earlier model of the subject are replaced or removed; anything else stays. The same
    model gives the same bytes. What is in ``more`` is added to ``model.json``.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    folder = out / anatomy.annotation.subject
    path = folder / "model.json"
    with staged(folder) as staging:
        record = _write_files(anatomy, checked, fidelity, staging, formats, frame)
        if tissues:
            record |= write_tissues(tissues, staging, anatomy.annotation.subject, formats, frame)
        record |= more or {}
        kept = {(folder / name).resolve() for name in listed_files(record)}
        move_into_place(staging, path, record, stale=_previous(folder) - kept)
    return path


def _write_files(
    anatomy: Anatomy,
    checked: Audit,
    fidelity: dict[str, Fidelity],
    folder: Path,
    formats: Sequence[str],
    frame: Frame,
) -> Record:
    """Write every file of a model but ``model.json``, whose content is returned."""
    subject = anatomy.annotation.subject
    files: dict[str, list[Record]] = {name: [] for name in anatomy.surfaces}
    for name, surface in with_bundle(anatomy.surfaces, anatomy.centrelines).items():
        for suffix in formats:
            path = folder / "surfaces" / f"{subject}_{name}.{suffix}"
            write_surface(path, surface, frame=frame, colour=STRUCTURES[name].colour if name in STRUCTURES else None)
            files.setdefault(name, []).append(describe(folder, path, file_frame(suffix, frame), file_unit(suffix)))
    for name, centreline in anatomy.centrelines.items():
        path = folder / "centrelines" / f"{subject}_{name}.mrk.json"
        write_markups(path, [curve_of(centreline)], frame=frame)
        files[name].append(describe(folder, path, frame))
    table = folder / "centrelines" / f"{subject}_centrelines.tsv"
    write_centreline_table(table, anatomy.centrelines)
    record = _record(anatomy, checked, fidelity)
    record["structures"] = [_structure(anatomy, checked, name) | {"files": files[name]} for name in anatomy.surfaces]
    record["together"] = [*files.get("Nerveroots", []), describe(folder, table, "RAS")]
    return record


def with_bundle(surfaces: Mapping[str, Surface], roots: Collection[str]) -> dict[str, Surface]:
    """Return the surfaces, and all roots together as the dataset has them."""
    own = [surface for name, surface in surfaces.items() if name in roots]
    return {**surfaces, **({"Nerveroots": merge("Nerveroots", own)} if own else {})}


def curve_of(centreline: Centreline) -> Markup:
    """Return a centreline as the control points of a Slicer curve; labels say which of them nobody drew."""
    s = arc_length(centreline.points)
    at = np.linspace(0, s[-1], max(2, round(s[-1] / CURVE_STEP_MM) + 1))
    undrawn = centreline.extrapolated[np.searchsorted(s, at - 1e-9).clip(max=len(s) - 1)]
    labels = (f"{centreline.name}-{i}{' extrapolated' if no else ''}" for i, no in enumerate(undrawn, 1))
    return Markup(kind="Curve", points=resample(centreline.points, at), labels=tuple(labels))


def write_centreline_table(path: Path, centrelines: Mapping[str, Centreline]) -> None:
    """Write every point of every centreline as tab-separated values, RAS+ mm."""
    rows = ["root\tpoint\ts_mm\tx_mm\ty_mm\tz_mm\tradius_mm\textrapolated"]
    for name, line in centrelines.items():
        for i, (s, p, r, e) in enumerate(
            zip(arc_length(line.points), line.points, line.radius, line.extrapolated, strict=True)
        ):
            rows.append(f"{name}\t{i}\t{s:.4f}\t{p[0]:.4f}\t{p[1]:.4f}\t{p[2]:.4f}\t{r:.4f}\t{int(e)}")
    with atomic(path) as temporary:
        temporary.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _record(anatomy: Anatomy, checked: Audit, fidelity: dict[str, Fidelity]) -> Record:
    """Return what is said of the model as a whole."""
    drawn = anatomy.annotation
    return {
        "format": FORMAT,
        "spinemodel": __version__,
        "subject": drawn.subject,
        "space": drawn.space,
        "about": "coordinates in this file are RAS+ mm; each file states its own frame and unit",
        "unit": "mm",
        "failures": list(checked.failures),
        "relations": asdict(checked.relations) if checked.relations else None,
        "fidelity": {name: asdict(value) for name, value in fidelity.items()},
        "notes": list(drawn.notes),
        "axis": {"points": anatomy.axis.points.round(4).tolist()},
        "spinal_segments": [_span(span.name, span.bottom, span.top, span.origin) for span in anatomy.levels.segments],
        "vertebral_levels": [
            _span(one.name, one.bottom, one.top, one.origin) | {"disc_bottom_mm": one.disc_bottom}
            for one in anatomy.levels.vertebrae
        ],
        "parameters": plain(anatomy.parameters),
        "sources": [asdict(source) for source in drawn.sources],
    }


def _span(name: str, bottom: float, top: float, origin: str) -> Record:
    """Return what is said of a level: where it lies along the axis, mm from the axis's caudal end."""
    return {"name": name, "bottom_mm": bottom, "top_mm": top, "origin": origin}


def _structure(anatomy: Anatomy, checked: Audit, name: str) -> Record:
    """Return what is said of one structure."""
    row = STRUCTURES[name]
    record: Record = {"name": name, "label": row.id, "colour": row.colour, "origin": "annotated"}
    record["check"] = asdict(checked.surfaces[name])
    if name == DURA.name and anatomy.ends[name][0] == "dome":
        record["extrapolated_below_mm"] = float(anatomy.annotation.dura[0].points[:, 2].min())
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


def _previous(folder: Path) -> set[Path]:
    """Return the files inside ``folder`` that the model there names, and its figures; none without a sound record."""
    try:
        record = read_record(folder)
        listed = listed_files(record)
        figures = (folder / "figures").glob(f"{record['subject']}_*.png")
    except (InputError, KeyError, TypeError):
        return set()
    inside = folder.resolve()
    paths = {(folder / name).resolve() for name in listed} | {figure.resolve() for figure in figures}
    return {path for path in paths if path.is_relative_to(inside)}


def listed_files(record: Record) -> set[str]:
    """Return the paths that a model's record names, inside its folder."""
    return {part["path"] for part in _parts(record)}


def _parts(record: Record) -> list[Record]:
    """Return what a record says of each file."""
    rows = [*record["structures"], *record.get("tissues", [])]
    whole = [record["partition"]["file"]] if "partition" in record else []
    return [*record["together"], *whole, *(file for row in rows for file in row["files"])]


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


def find_models(folder: Path) -> list[Path]:
    """Return the model folders at ``folder``: itself, or those of the subjects in it.

    Raises
    ------
    InputError
        If there is none.
    """
    found = [folder] if (folder / "model.json").exists() else sorted(p.parent for p in folder.glob("*/model.json"))
    if not found:
        raise InputError(f"{folder}: no model.json; give a folder that `spinemodel build` wrote")
    return found


def read_surfaces(folder: Path) -> dict[str, Surface]:
    """Return the surfaces of a model folder by structure name, each from the first file listed for it.

    Raises
    ------
    InputError
        If any file of the model is missing, or its bytes are not those that were written.
    """
    record = read_record(folder)
    try:
        hashes = {folder / part["path"]: part["sha256"] for part in _parts(record)}
        first = {row["name"]: folder / row["files"][0]["path"] for row in record["structures"]}
        space = str(record["space"])
    except (KeyError, IndexError, TypeError) as problem:
        raise InputError(f"{folder / 'model.json'}: field {problem} is missing; build the model again") from None
    for path, expected in hashes.items():
        if not path.is_file():
            raise InputError(f"{path}: named in model.json but missing; build the model again")
        if sha256(path.read_bytes()) != expected:
            raise InputError(f"{path}: changed since the model was built (SHA-256 differs); build the model again")
    return {name: read_surface(path, space=space, name=name) for name, path in first.items()}
