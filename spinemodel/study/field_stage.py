"""The potential of every contact, in all of space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spinemodel.io.conductivities import QUASI_STATIC_HZ
from spinemodel.io.field_case import Asked, Case, boxes_of, certified, preset_at, solved
from spinemodel.io.field_memory import Keys, require_memory
from spinemodel.io.field_problem import field_problem
from spinemodel.io.files import plain
from spinemodel.io.lead import read_lead
from spinemodel.io.lead_field import write_lead_field
from spinemodel.io.study_rows import Study
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage, model_of, no_files

COARSE: Final = (
    "along roots the potential is that of the field's own cells, hardly smaller than a root: thresholds are rough; "
    "leave patches = false out of [field]"
)

KEYS: Final = Keys("field.spacing_mm", "field.certify", "field.region_mm")


AT: Final = f"at {QUASI_STATIC_HZ:g} Hz"
"""What sources of values end with that follow from a frequency."""


def tissues_of(study: Study) -> str:
    """Return the conductivities that a study names: a preset's name, or a file's whole way."""
    text = study.tissues.preset
    return str(study.path(text)) if text.lower().endswith(".toml") else text


def _settings(study: Study) -> Mapping[str, Any]:
    """Return how the field is solved, and the conductivities, whatever their file is called."""
    preset = preset_at(tissues_of(study), None)
    values = {material: plain(value) for material, value in preset.materials.items()}
    return study.field.model_dump() | {"conductivities": values, "named": sorted(preset.named), "title": preset.title}


def _work(job: Job) -> Notes:
    """Solve for the field, and certify it where that is asked for."""
    case = _case(job)
    require_memory(case, certify=job.study.field.certify, keys=KEYS)
    with job.step("Solving"):
        field = solved(case, boxes_of(case, case.asked.spacing_mm))
    if job.study.field.certify:
        with job.step("Certifying"):
            field = certified(case, field)
    with job.step("Writing the lead field"):
        write_lead_field(field, job.out / "leadfield.h5")
    return [*remarks_on(tissues_of(job.study)), *([] if job.study.field.patches else [COARSE])]


def remarks_on(tissues: str) -> list[str]:
    """Return what must be known of conductivities: at which frequency those are that follow from it.

    Examples
    --------
    >>> remarks_on("nrv"), remarks_on("gabriel1996")
    ([], ['conductivities of gabriel1996 follow from the frequency: as the field is quasi-static, those at 1000 Hz'])
    """
    preset = preset_at(tissues, None)
    if not any(one.source.endswith(AT) for one in preset.materials.values()):
        return []
    return [f"conductivities of {preset.name} follow from the frequency: as the field is quasi-static, those {AT}"]


def _case(job: Job) -> Case:
    """Return the problem."""
    row, tissues = job.study.field, job.study.tissues
    asked = Asked(tissues.preset, row.spacing_mm, row.region_mm, row.boundary, row.contacts, None,
                  row.tolerance, "auto", row.patches)  # fmt: skip
    preset, lead_file = preset_at(tissues_of(job.study), None), job.folder / "lead" / "lead.json"
    with job.step("Laying the lead into the tissues"):
        model = model_of(job)
        lead = read_lead(lead_file, model)
        return Case(model, lead, lead_file, preset, field_problem(model, lead, preset, row.boundary), asked)


FIELD: Final = Stage("field", ("model", "lead"), (*NUMERICAL, "h5py"), _settings, no_files, _work)
