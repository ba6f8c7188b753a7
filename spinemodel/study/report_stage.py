"""The report: one page that shows what was found, and all that must be known of how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from spinemodel.field.lead_field import LeadField
from spinemodel.io.files import plain
from spinemodel.io.lead_field import read_lead_field
from spinemodel.io.manifest import read_manifest
from spinemodel.io.recruitment_tables import read_fibres, read_rows
from spinemodel.io.study_rows import Study
from spinemodel.io.tables import Row
from spinemodel.io.whole_model import WholeModel
from spinemodel.recruitment.curves import curves
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.report.page import write_page
from spinemodel.report.study_methods import Used
from spinemodel.report.study_page import Shown, study_sections
from spinemodel.study.curves_stage import muscles_of
from spinemodel.study.fibres_stage import LEAD_FIELD, classes_of
from spinemodel.study.hashing import hash_of, own_version
from spinemodel.study.lead_stage import design_of
from spinemodel.study.pictures import by_threshold, pictures_of
from spinemodel.study.record import Record
from spinemodel.study.recruitment_stage import THRESHOLDS
from spinemodel.study.spread import spread_of, used_by
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage, model_of, no_files

PAGE: Final = "report.html"

FEW: Final = 10
"""Fibres of a root and class: of fewer, each is more than 10 %."""

NEEDS: Final = ("model", "lead", "field", "fibres", "recruitment", "curves", "uncertainty")


def _settings(study: Study) -> Mapping[str, Any]:
    """Return the whole study, and what the page cites: works, whatever the files are called that name them."""
    dataset, muscles = study.subject.dataset, muscles_of(study)
    cited = {
        "datasets": read_manifest().datasets[dataset].citation if dataset else (),
        "lead": design_of(study).source,
        "classes": {one.name: one.source for one in classes_of(study)},
        "muscles": [one.source for one in muscles.muscles] if muscles else [],
    }
    return study.model_dump() | {"cited": cited}


def _work(job: Job) -> Notes:
    """Draw the pictures and write the page."""
    model = model_of(job)
    field = read_lead_field(job.folder / LEAD_FIELD)
    fibres = read_fibres(job.folder / THRESHOLDS)
    found = [curve for one in fibres for curve in curves(one)]
    pictures, missing = pictures_of(job, model, field, fibres, found)
    spread = spread_of(job, by_threshold(found)[0])
    tables = job.folder / "curves"
    muscles = read_rows(tables / "muscles.tsv", "curves") if job.study.muscles else []
    shown = Shown(
        title=job.study.report.title or f"Epidural stimulation of {model.subject}: {design_of(job.study).title}",
        warnings=[*warnings(job, model), *values_unread(job.study, field), *missing],
        used=replace(_used(job, model, field, fibres), **used_by(job, spread)),
        pictures=pictures,
        curves=read_rows(tables / "curves.tsv", "curves"),
        selectivity=read_rows(tables / "selectivity.tsv", "selectivity"),
        muscles=muscles,
        spread=spread,
        conductivities=list(_conductivities(field)),
        stages=list(_stages(job.record)),
        files=list(_files(job.record)),
        versions=_versions(job.record),
        settings=list(_lines(job.study.model_dump(exclude_none=True))),
    )
    write_page(job.out / PAGE, shown.title, study_sections(shown))
    return []


def warnings(job: Job, model: WholeModel) -> Iterator[str]:
    """Yield what the user must know: of the subject, of what nobody drew, and the notes of all stages."""
    if job.study.subject.phantom:
        yield f"{model.subject} is a synthetic subject: its numbers are of nobody."
    tables = [row["name"] for row in model.record.get("tissues", []) if row.get("origin") == "extrapolated"]
    if tables:
        yield f"Sizes of {', '.join(tables)} come from published tables, not from this subject."
    lengths = {row["name"]: sum(b - a for a, b in row["extrapolated_mm"]) for row in model.record["structures"]
               if row.get("extrapolated_mm")}  # fmt: skip
    far = {name: mm for name, mm in lengths.items() if mm >= 1}
    if far:
        said = ", ".join(f"{name} {mm:.0f} mm" for name, mm in far.items())
        yield f"Courses of roots where nobody drew a marker are extrapolated: {said}."
    for name, done in job.record.stages.items():
        yield from (f"{name}: {note}" for note in done.notes if name in NEEDS)


def values_unread(study: Study, field: LeadField) -> Iterator[str]:
    """Yield what the user must know of values: those whose sources nobody read, and shares of few fibres."""
    unread = [name for name, row in field.about["conductivities"].items() if not row["verified"]]
    if unread:
        yield f"Conductivities of {', '.join(unread)} are choices, or their sources were not read (source read: no)."
    count = study.fibres.count
    if count < FEW:
        yield (f"There are {count} fibres of each root and class: with fewer than {FEW}, the currents for 10 % and "
               "90 % are those of the lowest and the highest fibre.")  # fmt: skip


def _used(job: Job, model: WholeModel, field: LeadField, found: Sequence[FibreTable]) -> Used:
    """Return what the methods are told from."""
    study, design = job.study, design_of(job.study)
    dataset, muscles = study.subject.dataset, muscles_of(study)
    cited = read_manifest().datasets[dataset].citation if dataset else ()
    sources = dict.fromkeys(row["source"] for row in field.about["conductivities"].values())
    return Used(
        subject=model.subject,
        phantom_noise_mm=study.subject.phantom.noise_mm if study.subject.phantom else None,
        datasets=list(cited),
        lead=design.title,
        at=study.lead.at,
        lead_source=" ".join(design.source.split()),
        preset=str(field.about["title"]),
        preset_sources=list(sources),
        spacing_mm=study.field.spacing_mm,
        boundary=study.field.boundary,
        certified=study.field.certify,
        classes={one.name: one.source for one in classes_of(study) if one.name in found[0].classes},
        models=list(dict.fromkeys(found[0].models)),
        fibres=len(found[0].fibres),
        montages=len(found),
        pulse=found[0].pulse,
        up_to_mA=study.recruitment.up_to_mA,
        accurate=study.recruitment.accurate,
        engine=study.recruitment.engine,
        muscles=list(dict.fromkeys(one.source for one in muscles.muscles)) if muscles else [],
    )


def _conductivities(field: LeadField) -> Iterator[Row]:
    """Yield a row for each material."""
    for name, row in field.about["conductivities"].items():
        verified = "yes" if row["verified"] else "no"
        yield {"material": name, "along": f"{row['along']:g}", "across": f"{row['across']:g}", "source read": verified,
               "source": row["source"]}  # fmt: skip


def _stages(record: Record) -> Iterator[Row]:
    """Yield a row for each stage before this."""
    for name, done in record.stages.items():
        if name in NEEDS:
            yield {"stage": name, "finished (UTC)": done.finished.removesuffix("+00:00"), "s": f"{done.seconds:.1f}",
                   "inputs": hash_of(plain(done.inputs))}  # fmt: skip


def _files(record: Record) -> Iterator[Row]:
    """Yield a row for each file that was read from outside or written."""
    for name, done in record.stages.items():
        if name in NEEDS:
            read = {done.places[file]: value for file, value in done.inputs.files.items()}
            for way, files in (("read", read), ("written", done.outputs)):
                yield from ({"stage": name, "": way, "file": file, "SHA-256": value} for file, value in files.items())


def _versions(record: Record) -> list[Row]:
    """Return a row for each package on which a result depends."""
    found: dict[str, str] = {"spinemodel": own_version()}
    for done in record.stages.values():
        found |= done.inputs.packages
    return [{"package": name, "version": version} for name, version in sorted(found.items())]


def _lines(table: Mapping[str, Any], before: str = "") -> Iterator[Row]:
    """Yield a row for each key of nested tables."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{before}{key}.")
        else:
            yield {"key": f"{before}{key}", "value": str(value)}


REPORT: Final = Stage("report", NEEDS, (*NUMERICAL, "matplotlib", "pyvista"), _settings, no_files, _work)
