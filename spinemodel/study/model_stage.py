"""Markers in, model out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.model import BuildParameters
from spinemodel.anatomy.perturb import perturb
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.roots import RootParameters
from spinemodel.anatomy.tissues import TissueParameters
from spinemodel.io.bids import marker_paths, read_subject, write_subject
from spinemodel.io.built_model import build_and_write
from spinemodel.io.given_vertebrae import given_vertebrae
from spinemodel.io.study_rows import BuildRow, Study
from spinemodel.study.hashing import files_in
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage


def _settings(study: Study) -> Mapping[str, Any]:
    """Return how the model is built; of the files that it is built from their content counts, not their place."""
    subject, vertebrae = study.subject.model_dump(exclude={"markers", "dataset"}), study.vertebrae
    given = vertebrae.model_dump(exclude={"given"}) if vertebrae else None
    return {"subject": subject, "build": study.build.model_dump(), "vertebrae": given}


def _files(study: Study) -> dict[str, Path]:
    """Return the marker files, and those of the vertebrae."""
    found: dict[str, Path] = {}
    if study.subject.markers:
        folder = study.path(study.subject.markers)
        found |= {f"markers/{path.name}": path for path in marker_paths(folder, study.subject.subject)}
    if study.vertebrae:
        given = study.path(study.vertebrae.given)
        own = files_in(given) if given.is_dir() else {given.name: given}
        found |= {f"vertebrae/{name}": path for name, path in own.items()}
    return found


def _work(job: Job) -> Notes:
    """Build the model with its tissues; the synthetic subject's markers are written first."""
    study, parameters = job.study, _parameters(job.study.build)
    annotation = _annotation(job)
    given = None
    if study.vertebrae:
        with job.step("Placing the vertebrae"):
            path = study.path(study.vertebrae.given)
            given = given_vertebrae(path, study.vertebrae.fit, study.vertebrae.labels, annotation, parameters)
    tissues = TissueParameters(frozenset(study.build.without), study.build.ventral)
    built = build_and_write(annotation, job.out, parameters, completed=tissues, vertebrae=given, step=job.step)
    notes = (*built.anatomy.annotation.notes, *(built.tissues.notes if built.tissues else ()))
    return [*(f"broken promise: {failure}" for failure in built.failures), *notes]


def _annotation(job: Job) -> Annotation:
    """Return what was drawn, or as another annotator might have drawn it."""
    seed, drawn = job.study.subject.redrawn_seed, _drawn(job)
    return drawn if seed is None else perturb(drawn, seed)


def _drawn(job: Job) -> Annotation:
    """Return what was drawn, or what the synthetic subject's markers are."""
    subject = job.study.subject
    if subject.phantom is None:
        return read_subject(job.study.path(str(subject.markers)), subject.subject)
    phantom = Phantom(noise_mm=subject.phantom.noise_mm, seed=subject.phantom.seed)
    folder = job.out / "markers" / phantom.subject
    write_subject(annotate(phantom), folder)
    return read_subject(folder)


def _parameters(row: BuildRow) -> BuildParameters:
    """Return the parameters of the build."""
    return BuildParameters(
        edge_mm=row.edge_mm,
        contour=row.contour,
        conus=row.conus,
        caudal=row.caudal,
        posture=row.posture,
        last_thoracic=row.last_thoracic,
        last_lumbar=row.last_lumbar,
        root=RootParameters(radius_mm=row.root_radius_mm),
    )


MODEL: Final = Stage("model", (), (*NUMERICAL, "manifold3d", "trimesh"), _settings, _files, _work)
