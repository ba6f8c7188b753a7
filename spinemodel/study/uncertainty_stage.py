"""How far curves spread: the study's variants, and bands over those of a source and the study itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from spinemodel.io.band_tables import BANDS, CURRENTS, band_current_rows, band_rows
from spinemodel.io.files import plain
from spinemodel.io.recruitment_tables import read_fibres, write_table
from spinemodel.io.study_rows import Study
from spinemodel.io.tables import Row
from spinemodel.recruitment.bands import PRESETS, Band, bands
from spinemodel.recruitment.curves import RecruitmentCurve, curves
from spinemodel.study.field_stage import remarks_on, tissues_of
from spinemodel.study.hashing import hash_of
from spinemodel.study.recruitment_stage import THRESHOLDS
from spinemodel.study.stage import Job, Notes, Stage
from spinemodel.study.variants import Variant, folder_of, remove_others, run_variants, variants_of

NAME: Final = "uncertainty"

VARIANTS: Final = "variants.tsv"
"""Which there are, and what became of each."""


def uncertainty_stage(stages: Sequence[Stage]) -> Stage:
    """Return the stage that does the stages before it again for every variant.

    What it makes depends on all that these depend on.
    """
    needs, packages = (stage.name for stage in stages), (one for stage in stages for one in stage.packages)
    settings, files, work = partial(_settings, stages), partial(_files, stages), partial(_work, stages)
    return Stage(NAME, tuple(needs), tuple(dict.fromkeys(packages)), settings, files, work)


def _settings(stages: Sequence[Stage], study: Study) -> Mapping[str, Any]:
    """Return the level, and of each variant a hash of the settings of its stages."""
    own = {one.name: hash_of([plain(stage.settings(one.study)) for stage in stages]) for one in variants_of(study)}
    return {"level": study.uncertainty.level, "variants": own}


def _files(stages: Sequence[Stage], study: Study) -> dict[str, Path]:
    """Return the files that the variants' stages read from outside: those of the study's own."""
    if not variants_of(study):
        return {}
    return {f"{stage.name}/{name}": path for stage in stages for name, path in stage.files(study).items()}


def _work(stages: Sequence[Stage], job: Job) -> Notes:
    """Run the variants, and write the tables of what they come to; one that fails is named, and the others go on.

    Folders of variants that an earlier state of the study asked for are removed.
    """
    remove_others(job)
    if not variants_of(job.study):
        return []
    results = list(_results(stages, job))
    done = [variant for variant, why in results if not why]
    found = [band for source in dict.fromkeys(one.source for one in done) for band in _bands(source, done, job)]
    write_table(job.out / VARIANTS, "variants", [_row(*result) for result in results])
    write_table(job.out / BANDS, "bands", band_rows(found))
    write_table(job.out / CURRENTS, "currents_bands", band_current_rows(found))
    left_out = [f"{variant.name} is left out of the bands: {why}" for variant, why in results if why]
    presets = (tissues_of(one.study) for one in done if one.source == PRESETS)
    return [*left_out, *(remark for preset in presets for remark in remarks_on(preset))]


def _results(stages: Sequence[Stage], job: Job) -> Iterator[tuple[Variant, str]]:
    """Run the variants, and yield each with why it is left out, empty where it is not."""
    own = _keys(job.folder)
    for variant, failed in run_variants(job, stages):
        if not failed and _keys(folder_of(variant, job)) != own:
            yield variant, "it has other roots, classes or montages than the study"
        else:
            yield variant, failed


def _row(variant: Variant, why: str) -> Row:
    """Return what is told of a variant."""
    return {"variant": variant.name, "source": variant.source, "changed": variant.changed, "result": why or "done"}


def _keys(folder: Path) -> set[tuple[str, str, str]]:
    """Return what a folder has curves of."""
    return {(montage, curve.target, curve.fibre_class) for montage, own in _curves(folder).items() for curve in own}


def _curves(folder: Path) -> Mapping[str, Sequence[RecruitmentCurve]]:
    """Return the curves of a folder by montage."""
    return {one.montage: curves(one) for one in read_fibres(folder / THRESHOLDS)}


def _bands(source: str, done: Sequence[Variant], job: Job) -> Iterator[Band]:
    """Yield the bands of a source of spread over the study and its variants, montage by montage."""
    folders = [job.folder, *(folder_of(one, job) for one in done if one.source == source)]
    repetitions = [_curves(folder) for folder in folders]
    for montage in repetitions[0]:
        yield from bands([one[montage] for one in repetitions], source, job.study.uncertainty.level)
