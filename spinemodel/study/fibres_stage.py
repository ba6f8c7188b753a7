"""The fibres, and the potential of every contact along them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from spinemodel.io.fibre_classes import chosen_classes, read_classes
from spinemodel.io.fibre_potentials import write_fibre_potentials
from spinemodel.io.files import plain
from spinemodel.io.lead_field import read_lead_field
from spinemodel.io.population_table import write_population
from spinemodel.io.populations import population
from spinemodel.io.study_rows import Study
from spinemodel.io.whole_model import WholeModel
from spinemodel.recruitment.population import FibreClass, Population
from spinemodel.recruitment.sampled import sampled
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage, model_of, no_files

TABLE: Final = Path("fibres") / "fibres.tsv"
POTENTIALS: Final = Path("fibres") / "potentials.h5"
LEAD_FIELD: Final = Path("field") / "leadfield.h5"


def classes_of(study: Study) -> tuple[FibreClass, ...]:
    """Return the classes of fibres that a study names; all of their file unless it names some."""
    row = study.fibres
    known = read_classes(study.path(row.file) if row.file else None)
    return tuple(known.values()) if row.classes is None else chosen_classes(row.classes, known)


def _settings(study: Study) -> Mapping[str, Any]:
    """Return which fibres there are; of their classes what a file states, whatever it is called."""
    stated = study.fibres.model_dump(exclude={"classes", "file"})
    return stated | {"classes": [plain(one) for one in classes_of(study)]}


def _work(job: Job) -> Notes:
    """Draw the fibres, and sample the field along them."""
    with job.step("Reading model and lead field"):
        model, field = model_of(job), read_lead_field(job.folder / LEAD_FIELD)
    with job.step("Drawing fibres"):
        found = _drawn(job.study, model)
    with job.step("Sampling the field along fibres"):
        write_fibre_potentials(sampled(field, found), job.out / POTENTIALS.name)
    write_population(found, job.out / TABLE.name)
    missing = [one.name for one in classes_of(job.study) if one.name not in found.classes]
    none = f"there are no fibres of {', '.join(missing)}: the model has no roots of theirs; set ventral in [build]"
    return [none] if missing else []


def _drawn(study: Study, model: WholeModel) -> Population:
    """Return the fibres; ventral roots go with the dorsal ones of their names."""
    row, parts = study.fibres, model.partition.parts if model.partition else {}
    roots = row.roots and [*row.roots, *(name for root in row.roots if (name := f"{root}_ventral") in parts)]
    return population(model, classes_of(study), row.count, row.seed, roots=roots, dorsal_column_mm=row.dorsal_column_mm)


FIBRES: Final = Stage("fibres", ("model", "field"), (*NUMERICAL, "h5py"), _settings, no_files, _work)
