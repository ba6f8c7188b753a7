"""What a report tells of a study's variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spinemodel.io.band_tables import CURRENTS, read_bands
from spinemodel.io.field_case import preset_at
from spinemodel.io.recruitment_tables import read_rows
from spinemodel.recruitment.bands import PRESETS, Band
from spinemodel.report.study_spread import Spread
from spinemodel.study.field_stage import tissues_of
from spinemodel.study.stage import Job
from spinemodel.study.uncertainty_stage import NAME, VARIANTS
from spinemodel.study.variants import variants_of


def bands_of(job: Job) -> tuple[Band, ...]:
    """Return the bands of a study; none where it has no variants."""
    return read_bands(job.folder / NAME) if variants_of(job.study) else ()


def spread_of(job: Job, montage: str) -> Spread | None:
    """Return what the bands come to, with the currents of a montage; None where a study has no variants."""
    if not variants_of(job.study):
        return None
    folder = job.folder / NAME
    variants, currents = read_rows(folder / VARIANTS, "variants"), read_rows(folder / CURRENTS, "currents_bands")
    return Spread(job.study.uncertainty.level, variants, currents, montage)


def used_by(job: Job, spread: Spread | None) -> Mapping[str, Any]:
    """Return what the methods are told from: repetitions, and conductivities of those variants that were done."""
    if spread is None:
        return {}
    done = {row["variant"] for row in spread.variants if row["result"] == "done"}
    others: dict[str, Sequence[str]] = {}
    for variant in variants_of(job.study):
        if variant.source == PRESETS and variant.name in done:
            preset = preset_at(tissues_of(variant.study), None)
            others[preset.title] = list(dict.fromkeys(one.source for one in preset.materials.values()))
    return {"repetitions": spread.repetitions, "level": spread.level, "other_presets": others}
