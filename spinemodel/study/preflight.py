"""What a study names is looked for before anything is made: what is not there costs no minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from spinemodel.anatomy.tissues import TissueParameters
from spinemodel.errors import InputError, SpineModelError
from spinemodel.field.conductivity import MATERIALS, METAL, ROOT, SILICONE, conductivities, require_there
from spinemodel.io.field_case import preset_at
from spinemodel.io.files import one_line
from spinemodel.io.lead_site import PLACES
from spinemodel.io.manifest import read_manifest
from spinemodel.io.study_rows import Study
from spinemodel.levels import ROOTS
from spinemodel.study.curves_stage import muscles_of
from spinemodel.study.fibres_stage import classes_of
from spinemodel.study.field_room import require_room
from spinemodel.study.field_stage import tissues_of
from spinemodel.study.lead_levels import drawn_of, require_height, require_level
from spinemodel.study.lead_stage import POINT, design_of
from spinemodel.study.model_stage import MODEL
from spinemodel.study.recruitment_stage import montages_of, pulse_of
from spinemodel.study.variants import variants_of

Check: TypeAlias = Callable[[Study], object]

LEVELS: Final = ("segment", "vertebra")

KINDS: Final = (*LEVELS, "z", "point")
"""Of places that a lead can lie at."""


def require_sound(study: Study, source: Path) -> None:
    """Refuse a study that names what there is not, as far as that can be told without its model.

    Raises
    ------
    InputError
        One line that names the file, the key, and what is wrong with it.
    """
    for key, check in CHECKS.items():
        try:
            check(study)
        except SpineModelError as problem:
            told = one_line(problem)
            raise InputError(f"{source}: {told if told.startswith(f'{key}:') else f'{key}: {told}'}") from None


def _dataset(study: Study) -> None:
    """Look for the dataset."""
    name, known = study.subject.dataset, read_manifest().datasets
    if name is not None and name not in known:
        raise InputError(f"no dataset {name!r}; expected {', '.join(known)}")


def _markers(study: Study) -> None:
    """Read the markers."""
    if study.subject.markers:
        MODEL.files(study.model_copy(update={"vertebrae": None}))
        drawn_of(study)


def _vertebrae(study: Study) -> None:
    """Look for the vertebrae."""
    if study.vertebrae and not study.path(study.vertebrae.given).exists():
        raise InputError(f"{study.path(study.vertebrae.given)} is not there; give a folder of meshes or a label mask")


def _place(study: Study) -> None:
    """Read where the lead lies, and see that the subject has the place, as far as that needs no model."""
    kind, colon, value = study.lead.at.partition(":")
    kind, value = kind.strip().lower(), value.strip()
    if (colon and (kind not in KINDS or not value)) or (kind == "z" and not _is_number(value)):
        raise InputError(f"got {study.lead.at!r}, expected {PLACES}")
    if kind == "point":
        path = study.path(study.lead.at.removeprefix(POINT))
        if not path.is_file() and not (path.parent / path.name.rpartition(":")[0]).is_file():
            raise InputError(f"{path} is not there; expected a file of Slicer Markups")
    if colon and kind == "z":
        require_height(study, float(value))
    if kind in LEVELS or not colon:
        require_level(study, *((kind, value) if colon else ("segment", study.lead.at.strip())))


def _is_number(text: str) -> bool:
    """Tell whether text is a finite number."""
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _montages(study: Study) -> None:
    """Read the montages, each of which must be another."""
    found = [tuple(sorted(one.currents.items())) for one in montages_of(study, list(_contacts(study)))]
    for i, one in enumerate(found):
        if one in found[:i]:
            raise InputError(f"{study.montages[i]!r} stands there twice; expected each montage once")


def _contacts(study: Study) -> Iterator[str]:
    """Yield the names of the lead's contacts."""
    return (contact.name for contact in design_of(study).contacts)


def _roots(study: Study) -> None:
    """See that the roots have names of roots."""
    for name in study.fibres.roots or ():
        if name.removesuffix("_ventral") not in map(str, ROOTS):
            raise InputError(f"no root {name!r}; expected some of {', '.join(map(str, ROOTS))}")


def _tissues(study: Study) -> None:
    """Read the conductivities, and see that they have a value for each tissue of the model and for no other."""
    preset = preset_at(tissues_of(study), None)
    others = (ROOT, SILICONE, METAL, *study.build.without)
    parts = [*(name for name in MATERIALS if name not in others), *map(str, ROOTS)]
    require_there(preset, parts)
    conductivities(preset, parts)


def _presets(study: Study) -> None:
    """Read the conductivities of variants likewise."""
    for variant in variants_of(study):
        _tissues(variant.study)


CHECKS: Final[dict[str, Check]] = {
    "subject.dataset": _dataset,
    "subject.markers": _markers,
    "build": lambda study: TissueParameters(frozenset(study.build.without), study.build.ventral),
    "vertebrae.given": _vertebrae,
    "lead.name": design_of,
    "lead.at": _place,
    "tissues.preset": _tissues,
    "field.region_mm": require_room,
    "montages": _montages,
    "pulse": pulse_of,
    "fibres": classes_of,
    "fibres.roots": _roots,
    "muscles.matrix": muscles_of,
    "uncertainty.presets": _presets,
}
"""By key, in the order of the stages."""
