"""The pictures of a study's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.errors import BackendUnavailableError
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import parse_montage, told
from spinemodel.io.fibre_potentials import read_fibre_potentials
from spinemodel.io.lead import read_placed
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.lead import Lead
from spinemodel.leads.placement import Placed
from spinemodel.recruitment.curves import RecruitmentCurve, lowest_threshold
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.report.field import render_field
from spinemodel.report.lead import render_lead
from spinemodel.report.page import Picture
from spinemodel.report.recruitment import draw_bands, draw_curves
from spinemodel.report.recruitment_map import LEGEND, draw_map, mapped_classes
from spinemodel.report.recruitment_thresholds import activated_classes, draw_thresholds
from spinemodel.report.render import render_model
from spinemodel.report.study_page import picture
from spinemodel.report.study_spread import TITLE as SPREAD
from spinemodel.study.fibres_stage import POTENTIALS
from spinemodel.study.spread import bands_of
from spinemodel.study.stage import Job

MOST: Final = 3
"""Montages whose curves are drawn: those that need least current. All stand in the table."""


def pictures_of(
    job: Job,
    model: WholeModel,
    field: LeadField,
    fibres: Sequence[FibreTable],
    found: Sequence[RecruitmentCurve],
) -> tuple[Mapping[str, Sequence[Picture]], Sequence[str]]:
    """Return the pictures by the title of their section, and what to say where some cannot be drawn."""
    if not job.study.report.figures:
        return {}, ["pictures were not asked for"]
    montages, placed = by_threshold(found), read_placed(job.folder / "lead" / "lead.json", model)
    first = next(one for one in fibres if one.montage == montages[0])
    try:
        with job.step("Drawing model and lead"):
            shown = {"Model and lead": _of_lead(job, model, placed)}
        with job.step("Drawing the field"):
            shown |= {"Field": [_of_field(job, model, field, montages[0], placed.lead)]}
        with job.step("Drawing recruitment"):
            drawn = [*_of_thresholds(job, model, first, placed.lead), *_of_recruitment(job, found, montages)]
            shown |= {"Recruitment": drawn, SPREAD: _of_spread(job, montages[0])}
    except BackendUnavailableError as missing:
        return {}, [f"pictures are left out: {missing}"]
    return shown, []


def by_threshold(found: Sequence[RecruitmentCurve]) -> list[str]:
    """Return the montages, the one with the lowest threshold first."""
    names = dict.fromkeys(curve.montage for curve in found)
    lowest = {name: lowest_threshold([curve for curve in found if curve.montage == name]) for name in names}
    return sorted(names, key=lambda name: lowest[name])


def _of_lead(job: Job, model: WholeModel, placed: Placed) -> list[Picture]:
    """Draw the lead in the model, and the model."""
    lead, whole = _path(job, "lead"), _path(job, "model")
    render_lead(lead, placed, model.surfaces, model.partition, model.levels.axis)
    render_model(whole, model.surfaces, title=model.subject)
    return [
        picture(lead, f"{placed.lead.design.title} at {placed.target.said}: from behind, from the left, in section."),
        picture(whole, f"The model of {model.subject}, and the entries of its roots."),
    ]


def _of_field(job: Job, model: WholeModel, field: LeadField, text: str, lead: Lead) -> Picture:
    """Draw the potential of the montage with the lowest threshold."""
    montage, path = parse_montage(text, field.contacts), _path(job, "field")
    render_field(path, field, montage, model.require_partition().parts, axis=model.levels.axis, lead=lead,
                 title=told(montage))  # fmt: skip
    caption = f"Potential of {montage}, the montage with the lowest threshold, across and along the spine."
    return picture(path, caption)


def _of_thresholds(job: Job, model: WholeModel, found: FibreTable, lead: Lead) -> list[Picture]:
    """Draw the fibres round the lead by their thresholds in a montage, a picture for each class that is activated."""
    along, drawn = read_fibre_potentials(job.folder / POTENTIALS), []
    lines = np.split(along.points, along.offsets[1:-1])
    montage = parse_montage(found.montage, along.contacts)
    for kind in activated_classes(found):
        path, title = _path(job, f"thresholds_{kind}"), f"{kind}: {told(montage)}"
        draw_thresholds(path, found, lines, kind, model.surfaces, lead=lead, montage=montage, title=title)
        said = (
            f"{kind} fibres by their thresholds in {found.montage}, the montage with the lowest; dots are where each "
            "fires first, and grey ones are not activated, or it is unknown whether they are."
        )
        drawn.append(picture(path, said))
    return drawn


def _of_recruitment(job: Job, found: Sequence[RecruitmentCurve], montages: Sequence[str]) -> list[Picture]:
    """Draw a map of all montages for each class, and the curves of some."""
    drawn = []
    for kind in mapped_classes(found):
        draw_map(path := _path(job, f"map_{kind}"), found, kind)
        said = f"Current (mA) that recruits 10 % of the {kind} fibres of each root, by montage; {LEGEND}."
        drawn.append(picture(path, said))
    for i, montage in enumerate(montages[:MOST], start=1):
        own, path = [curve for curve in found if curve.montage == montage], _path(job, f"curves{i}")
        if any(len(curve.share) for curve in own):
            draw_curves(path, own)
            drawn.append(picture(path, f"Share of each root's fibres that a current of {montage} activates."))
    return drawn


def _of_spread(job: Job, montage: str) -> list[Picture]:
    """Draw the bands of the montage with the lowest threshold, a picture for each source."""
    drawn = []
    own = [band for band in bands_of(job) if band.montage == montage]
    for i, source in enumerate(dict.fromkeys(band.source for band in own), start=1):
        of = [band for band in own if band.source == source]
        if any(len(band.amplitude_mA) for band in of):
            draw_bands(path := _path(job, f"spread{i}"), of)
            said = f"Share of each root's fibres that {montage} activates: median and {of[0].holds}, {source}."
            drawn.append(picture(path, said))
    return drawn


def _path(job: Job, name: str) -> Path:
    """Return where a picture is written."""
    return job.out / "figures" / f"{name}.png"
