"""A placed lead as ``lead.json``: design, ribbon, what was asked for and how it fits, tied to the model it lies in.

Coordinates are RAS+ mm, whatever the frame of the model's files. The parts are not stored: they follow from design and
ribbon, to the last bit on one machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from math import inf
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.io.files import atomic, one_line, plain, sha256
from spinemodel.io.slicer import Frame
from spinemodel.io.surfaces import write_surface
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.checks import check_design
from spinemodel.leads.colours import Colour, lead_colour
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.fit import Fit
from spinemodel.leads.lead import BACKING, Lead, Ribbon
from spinemodel.leads.parts import lead_on
from spinemodel.leads.placement import Placed
from spinemodel.leads.track import Course, Target

FORMAT: Final = 1
"""Version of the layout of ``lead.json``."""

MEND: Final = "place the lead again with `spinemodel place`"

UPRIGHT: Final = 1e-6
"""Most by which a ribbon's frames may miss right angles."""


def write_lead(placed: Placed, path: Path, model: WholeModel) -> None:
    """Write a placed lead, whole or not at all; the same lead gives the same bytes.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    lead = placed.lead
    asked = plain(placed.target) | plain(placed.course) | {"gap_mm": placed.gap_mm}
    record = {
        "format": FORMAT,
        "spinemodel": __version__,
        "about": "coordinates are RAS+ mm; u runs across the lead, v to its tip, w away from the dura",
        "frame": "RAS",
        "unit": "mm",
        "subject": model.subject,
        "space": lead.space,
        "model_sha256": _hash_of(model),
        "design": plain(lead.design),
        "asked": asked,
        "ribbon": {name: getattr(lead.ribbon, name).tolist() for name in _RIBBON},
        "fits": placed.fit.fits,
        "report": plain(placed.fit),
    }
    if record["design"]["backing"]["radius_across_mm"] == inf:
        record["design"]["backing"]["radius_across_mm"] = None
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


_RIBBON: Final = ("v", "points", "frames", "curvature_across")


def read_lead(path: Path, model: WholeModel) -> Lead:
    """Return the lead of a file, which must lie in this very model.

    Raises
    ------
    InputError
        If the file cannot be read, breaks the format, or is of another model or of an earlier state of this one.
    """
    record = _record(path)
    if (record.subject, record.space) != (model.subject, model.space):
        raise InputError(
            f"{path}: a lead in {record.subject} (space {record.space}), and {model.folder} is {model.subject} (space "
            f"{model.space}); give the model that it was placed in"
        )
    if record.model_sha256 != _hash_of(model):
        raise InputError(f"{path}: {model.folder / 'model.json'} is not as it was when the lead was placed; {MEND}")
    design = _design(path, record.design)
    return lead_on(design, _ribbon(path, record))


def read_placed(path: Path, model: WholeModel) -> Placed:
    """Return the lead of a file with what was asked for and how it fits; errors are those of :func:`read_lead`."""
    lead, record = read_lead(path, model), json.loads(path.read_bytes())
    try:
        asked = record["asked"]
        target = Target(**{part.name: asked[part.name] for part in fields(Target)})
        course = Course(**{part.name: asked[part.name] for part in fields(Course)})
        return Placed(lead, target, course, asked["gap_mm"], TypeAdapter(Fit).validate_python(record["report"]))
    except (KeyError, TypeError, ValueError) as problem:
        raise InputError(f"{path}: does not say how the lead lies ({one_line(problem)}); {MEND}") from None


def _hash_of(model: WholeModel) -> str:
    """Return the SHA-256 of a model's record."""
    return sha256((model.folder / "model.json").read_bytes())


_Number = Annotated[float, Field(allow_inf_nan=False)]
_Vector = tuple[_Number, _Number, _Number]


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Backing(_Row):
    form: Literal["paddle", "cylinder"]
    length_mm: _Number
    width_mm: _Number
    thickness_mm: _Number
    middle_mm: _Number
    corner_mm: _Number
    radius_across_mm: _Number | None
    stiffness_across: _Number


class _Contact(_Row):
    name: str
    outline: Literal["rectangle", "disc", "ring"]
    u_mm: _Number
    v_mm: _Number
    width_mm: _Number
    length_mm: _Number


class _Design(_Row):
    name: str
    title: str
    backing: _Backing
    contacts: list[_Contact]
    metal_mm: _Number
    source: str
    verified: bool


class _Ribbon(_Row):
    v: list[_Number]
    points: list[_Vector]
    frames: list[tuple[_Vector, _Vector, _Vector]]
    curvature_across: list[_Number]


class _Record(BaseModel):
    format: Literal[1]
    frame: Literal["RAS"]
    unit: Literal["mm"]
    subject: str
    space: str
    model_sha256: str
    design: _Design
    ribbon: _Ribbon


def _record(path: Path) -> _Record:
    """Return what a file holds of a lead, its form checked."""
    try:
        return _Record.model_validate_json(path.read_bytes())
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror}); give a file of `spinemodel place`") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(map(str, first["loc"])) or "top level"
        raise InputError(f"{path}: {field}: {first['msg']}; {MEND}") from None


def _design(path: Path, row: _Design) -> LeadDesign:
    """Return the design that a file holds."""
    backing = row.backing.model_dump()
    backing["radius_across_mm"] = inf if backing["radius_across_mm"] is None else backing["radius_across_mm"]
    contacts = tuple(Contact(**contact.model_dump()) for contact in row.contacts)
    design = LeadDesign(
        row.name, row.title, Backing(**backing), contacts, row.metal_mm, row.source, row.verified
    )
    try:
        check_design(design)
    except InputError as problem:
        raise InputError(f"{path}: {problem}; {MEND}") from None
    return design


def _ribbon(path: Path, record: _Record) -> Ribbon:
    """Return the ribbon that a file holds."""
    row = record.ribbon
    v, points, frames = np.array(row.v), np.array(row.points), np.array(row.frames)
    counts = {len(row.v), len(row.points), len(row.frames), len(row.curvature_across)}
    if len(counts) != 1 or len(v) < 2 or (np.diff(v) <= 0).any():
        raise InputError(f"{path}: ribbon: expected as many points, frames and curvatures as rising places v; {MEND}")
    square = np.einsum("nij,nkj->nik", frames, frames)
    if np.abs(square - np.eye(3)).max() > UPRIGHT or (np.linalg.det(frames) < 0).any():
        raise InputError(f"{path}: ribbon.frames: expected right-handed unit vectors at right angles; {MEND}")
    return Ribbon(record.space, v, points, frames, np.array(row.curvature_across))


def colours_of(lead: Lead) -> dict[str, Colour]:
    """Return a colour for every part."""
    return {name: lead_colour(name) for name in (BACKING, *(contact.name for contact in lead.design.contacts))}


def mesh_paths(design: LeadDesign, folder: Path, formats: Sequence[str], stem: str) -> list[Path]:
    """Return where :func:`write_lead_meshes` writes the parts of a lead."""
    names = [BACKING, *(contact.name for contact in design.contacts)]
    return [folder / f"{stem}_{name}.{suffix}" for suffix in formats for name in names]


def write_lead_meshes(
    lead: Lead, folder: Path, formats: Sequence[str] = ("stl",), *, stem: str = "lead", frame: Frame = "LPS"
) -> Mapping[str, list[Path]]:
    """Write every part as ``<stem>_<part>.<suffix>``, in colours where the format holds them, and return the paths."""
    written: dict[str, list[Path]] = {}
    for path in mesh_paths(lead.design, folder, formats, stem):
        name = path.stem.removeprefix(f"{stem}_")
        write_surface(path, lead.parts.parts[name], frame=frame, colour=colours_of(lead)[name])
        written.setdefault(name, []).append(path)
    return written


def comparison(several: Mapping[str, Placed]) -> list[dict[str, str]]:
    """Return a row of text for each placement of a series, by file name."""
    return [_compared(name, placed) for name, placed in several.items()]


def _compared(name: str, placed: Placed) -> dict[str, Any]:
    """Return what tells one placement of a series from another."""
    fit, course = placed.fit, placed.course
    gaps = np.array([contact.gap_mm for contact in fit.contacts]).reshape(-1, 3)
    row = {"file": name, "offset_mm": f"{course.offset_mm:g}", "lateral_mm": f"{course.lateral_mm:g}",
           "tilt_deg": f"{course.tilt_deg:g}", "fits": "yes" if fit.fits else "no"}  # fmt: skip
    row |= {f"{one.to}_mm": "n/a" if one.mm is None else f"{one.mm:.3f}" for one in fit.clearances}
    row |= {"gap_least_mm": f"{gaps[:, 0].min():.3f}", "gap_mean_mm": f"{gaps[:, 1].mean():.3f}",
            "gap_greatest_mm": f"{gaps[:, 2].max():.3f}"} if len(gaps) else {}  # fmt: skip
    row["bend_radius_mm"] = "n/a" if fit.bend.radius_mm is None else f"{fit.bend.radius_mm:.1f}"
    roots = dict.fromkeys(zone.root for contact in fit.contacts for zone in contact.entries)
    row["roots"] = ",".join(roots) or "n/a"
    row["faults"] = "; ".join(fit.faults) or "n/a"
    return row
