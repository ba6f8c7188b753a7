"""The threshold of every fibre in every montage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spinemodel.field.montage import Montage, parse_montage
from spinemodel.io.fibre_potentials import read_fibre_potentials
from spinemodel.io.lead_field import read_lead_field
from spinemodel.io.population_table import read_population
from spinemodel.io.pulse_file import read_pulse
from spinemodel.io.recruitment_tables import fibre_rows, write_table
from spinemodel.io.study_rows import EVERY_MONOPOLE, Study
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.fibre_table import fibre_table
from spinemodel.recruitment.montages import monopoles
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic, train
from spinemodel.recruitment.recruit import recruit
from spinemodel.recruitment.remarks import remarks
from spinemodel.study.fibres_stage import LEAD_FIELD, POTENTIALS, TABLE
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage

THRESHOLDS: Final = Path("recruitment") / "thresholds.tsv"


def pulse_of(study: Study) -> Pulse:
    """Return the pulse that a study states."""
    row = study.pulse
    if row.file is not None:
        one = read_pulse(study.path(row.file))
    elif row.kind == "monophasic":
        one = monophasic(float(row.width_ms or 0))
    else:
        one = biphasic(float(row.width_ms or 0), row.gap_ms, row.recovery)
    return one if row.frequency_hz is None or row.count == 1 else train(one, row.frequency_hz, row.count)


def montages_of(study: Study, contacts: Sequence[str]) -> tuple[Montage, ...]:
    """Return the montages that a study states."""
    if study.montages == EVERY_MONOPOLE:
        return monopoles(contacts)
    return tuple(parse_montage(text, contacts) for text in study.montages)


def _settings(study: Study) -> Mapping[str, Any]:
    """Return how thresholds are sought; the table of them names the pulse's file."""
    file = {"file": Path(study.pulse.file).name} if study.pulse.file else {}
    stated = {"montages": study.montages, "pulse": study.pulse.model_dump(exclude={"file"}) | file}
    return stated | study.recruitment.model_dump()


def _files(study: Study) -> dict[str, Path]:
    """Return the file of the pulse, where it has one."""
    return {"pulse": study.path(study.pulse.file)} if study.pulse.file else {}


def _work(job: Job) -> Notes:
    """Find the thresholds."""
    study, row = job.study, job.study.recruitment
    potentials = read_fibre_potentials(job.folder / POTENTIALS)
    population = read_population(job.folder / TABLE, potentials)
    montages = montages_of(study, potentials.contacts)
    with job.step(f"Finding thresholds of {len(population)} fibres in {len(montages)} montages"):
        found = recruit(population, potentials, montages, pulse_of(study), engine=engine(row.engine),
                        up_to_mA=row.up_to_mA, accurate=row.accurate)  # fmt: skip
    write_table(job.out / THRESHOLDS.name, "fibres", fibre_rows(map(fibre_table, found)), space=potentials.space)
    return remarks(read_lead_field(job.folder / LEAD_FIELD), found)


RECRUITMENT: Final = Stage("recruitment", ("field", "fibres"), NUMERICAL, _settings, _files, _work)
