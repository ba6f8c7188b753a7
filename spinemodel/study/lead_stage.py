"""The lead, placed in the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spinemodel.io.files import plain
from spinemodel.io.lead import write_lead
from spinemodel.io.lead_catalogue import find_lead
from spinemodel.io.lead_site import site_of, target_of
from spinemodel.io.study_rows import Study
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.design import LeadDesign
from spinemodel.leads.placement import Placed, place
from spinemodel.leads.track import Course, Keys
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage, model_of

POINT: Final = "point:"

KEYS: Final = Keys("lead.at", "lead.side")


def _settings(study: Study) -> Mapping[str, Any]:
    """Return where the lead lies, and its design: a catalogue may change."""
    return study.lead.model_dump(exclude={"name"}) | {"design": repr(plain(design_of(study)))}


def _files(study: Study) -> dict[str, Path]:
    """Return the file of the point that the lead lies at, where it does."""
    path = _point_file(study)
    return {} if path is None else {f"point/{path.name}": path}


def _work(job: Job) -> Notes:
    """Place the lead."""
    with job.step("Reading the model"):
        model = model_of(job)
    with job.step("Placing the lead"):
        placed = placed_lead(job.study, model)
    write_lead(placed, job.out / "lead.json", model)
    return [*(f"the lead does not fit: {fault}" for fault in placed.fit.faults), *placed.fit.notes]


def placed_lead(study: Study, model: WholeModel) -> Placed:
    """Return the lead of a study in its model, and how it fits."""
    row = study.lead
    course = Course(row.offset_mm, row.lateral_mm, row.tilt_deg, row.side, row.midline)
    target = replace(target_of(_absolute(study), model, KEYS.at), asked=row.at)
    return place(design_of(study), site_of(model), target, course, row.gap_mm, keys=KEYS)


def design_of(study: Study) -> LeadDesign:
    """Return the design that a study names."""
    name = study.lead.name
    return find_lead(str(study.path(name)) if ".toml" in name.lower() else name)


def _absolute(study: Study) -> str:
    """Return where the lead lies, a file by its whole way."""
    at = study.lead.at
    return f"{POINT}{study.path(at.removeprefix(POINT))}" if at.startswith(POINT) else at


def _point_file(study: Study) -> Path | None:
    """Return the file of a point, which a label may follow."""
    if not study.lead.at.startswith(POINT):
        return None
    path = study.path(study.lead.at.removeprefix(POINT))
    return path if path.exists() else path.parent / path.name.rpartition(":")[0]


LEAD: Final = Stage("lead", ("model",), NUMERICAL, _settings, _files, _work)
