"""Recruitment curves, selectivity and muscles: what thresholds come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from spinemodel.io.files import plain
from spinemodel.io.muscles import read_muscles
from spinemodel.io.recruitment_tables import curve_rows, read_fibres, selectivity_rows, write_table
from spinemodel.io.study_rows import Study
from spinemodel.recruitment.curves import RecruitmentCurve, curves
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.recruitment.muscles import RootToMuscle, muscle_curves
from spinemodel.recruitment.selectivity import Selectivity, selectivity
from spinemodel.study.recruitment_stage import THRESHOLDS
from spinemodel.study.stage import NUMERICAL, Job, Notes, Stage, no_files

EXAMPLE: Final = "example"


def muscles_of(study: Study) -> RootToMuscle | None:
    """Return the table of muscles that a study names; None where it names none."""
    if study.muscles is None:
        return None
    text = study.muscles.matrix
    return read_muscles(None if text == EXAMPLE else study.path(text))


def _settings(study: Study) -> Mapping[str, Any]:
    """Return the muscles, whatever their file is called."""
    table = muscles_of(study)
    return {"muscles": None if table is None else [plain(table.muscles), table.weight.tolist()]}


def _work(job: Job) -> Notes:
    """Write the tables of curves, of selectivity and of muscles."""
    found, muscles = read_fibres(job.folder / THRESHOLDS), muscles_of(job.study)
    roots = [curve for one in found for curve in curves(one)]
    write_table(job.out / "curves.tsv", "curves", curve_rows(roots), space=found[0].space)
    chosen = [each for one in found for each in selectivities(one)]
    write_table(job.out / "selectivity.tsv", "selectivity", selectivity_rows(chosen), space=found[0].space)
    if muscles:
        own = [curve for one in found for curve in muscle_curves(curves(one), muscles)]
        write_table(job.out / "muscles.tsv", "curves", curve_rows(own), space=found[0].space)
    return []


def selectivities(found: FibreTable) -> Iterator[Selectivity]:
    """Yield the selectivity of a montage for each root against the others, by class."""
    every = curves(found)
    for kind in dict.fromkeys(curve.fibre_class for curve in every):
        own: Sequence[RecruitmentCurve] = [curve for curve in every if curve.fibre_class == kind]
        if len(own) > 1:
            yield from (selectivity(own, curve.target) for curve in own)


CURVES: Final = Stage("curves", ("recruitment",), NUMERICAL, _settings, no_files, _work)
