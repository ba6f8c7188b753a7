"""The vertebrae that a user gives for a model: meshes or a mask, as they lie or fitted to the subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.build import build
from spinemodel.anatomy.model import BuildParameters
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.files import sha256
from spinemodel.io.vertebrae import mesh_files, read_vertebrae
from spinemodel.io.vertebral_masks import read_vertebral_mask
from spinemodel.vertebrae.column import bones_of
from spinemodel.vertebrae.column_fit import ColumnFit, FitKind, fit_column, refuse, target_of
from spinemodel.vertebrae.fitting.clearance import Clearance, clearances
from spinemodel.vertebrae.fragments import clean
from spinemodel.vertebrae.mask import labels_of
from spinemodel.vertebrae.surfaces import mask_surfaces

Fit: TypeAlias = Literal["own", "rigid", "similarity", "template"]

FAR_MM: Final = 25.0
"""Vertebrae farther from the dura than this are not round it. A choice: more than the widest canal leaves beside it."""

KINDS: Final[dict[str, FitKind]] = {"rigid": "rigid", "similarity": "template", "template": "template"}
"""What the vertebrae may do, by the option."""


@dataclass(frozen=True, eq=False)
class GivenVertebrae:
    """Vertebrae in the subject's space.

    Attributes
    ----------
    surfaces
        By level.
    how
        As the option names it.
    fit
        How they came there; None where they lay there.
    clearance
        Space between the dura and each vertebra.
    sources
        What was read, with hashes.
    """

    surfaces: Mapping[str, Surface]
    how: Fit
    fit: ColumnFit | None
    clearance: Mapping[str, Clearance]
    sources: tuple[dict[str, str], ...]


def given_vertebrae(
    path: Path, wanted: Fit | None, labels: str | None, annotation: Annotation, parameters: BuildParameters
) -> GivenVertebrae:
    """Return the vertebrae at a path in the subject's space.

    Raises
    ------
    GeometryError
        If no place is found for them in which bone and dura keep apart.
    """
    chosen = wanted or ("own" if path.is_dir() else "rigid")
    surfaces, canal, sources = _read(path, labels, parameters)
    target = target_of(build(annotation, parameters))
    if chosen == "own":
        inside = {name: replace(one, space=annotation.space) for name, one in surfaces.items()}
        near = clearances(target.dura, inside)
        _require_near(path, near)
        return GivenVertebrae(inside, chosen, None, near, sources)
    found = fit_column(surfaces, target, kind=KINDS[chosen], heights=chosen != "similarity", canal=canal)
    refuse(found)
    return GivenVertebrae(found.surfaces, chosen, found, found.clearance, sources)


def _require_near(path: Path, near: Mapping[str, Clearance]) -> None:
    """Raise where vertebrae that are taken as they lie are none of this subject's."""
    nearest = min(one.least_mm for one in near.values())
    if nearest > FAR_MM:
        raise InputError(
            f"{path}: the nearest vertebra lies {nearest:.0f} mm from the dura; expected the subject's own frame, or "
            "--vertebrae-fit rigid or template, which bring them there"
        )
    inside = {name: one for name, one in near.items() if one.bone_inside or one.dura_inside}
    if inside:
        worst = min(inside.values(), key=lambda one: one.least_mm)
        raise GeometryError(
            f"{path}: vertebra {worst.vertebra} reaches {-worst.least_mm:.1f} mm into the dura as it lies; mend its "
            "mask, or let --vertebrae-fit rigid look for its place"
        )


def _read(
    path: Path, labels: str | None, parameters: BuildParameters
) -> tuple[dict[str, Surface], Surface | None, tuple[dict[str, str], ...]]:
    """Return the vertebrae of a folder of meshes or of a mask, its canal where it has one, and the sources."""
    if path.is_dir():
        files = [{"name": file.name, "sha256": sha256(file.read_bytes())} for file in mesh_files(path).values()]
        return read_vertebrae(path, path.name), None, tuple(files)
    mask = read_vertebral_mask(
        path, labels=labels, lowest=parameters.last_lumbar, last_thoracic=parameters.last_thoracic
    )
    volume = clean(mask.volume, labels_of(mask)).volume
    parts = mask_surfaces(volume, labels_of(mask, "vertebra", "sacrum", "canal")).parts
    sources = tuple({"name": one.name, "sha256": one.sha256} for one in mask.sources)
    return bones_of(mask, parts), parts.get("Canal"), sources


def record_of(given: GivenVertebrae) -> dict[str, Any]:
    """Return what ``model.json`` says of the vertebrae that were given."""
    record: dict[str, Any] = {"levels": list(given.surfaces), "sources": list(given.sources), "fit": given.how}
    record["clearance_mm"] = {name: round(one.least_mm, 3) for name, one in given.clearance.items()}
    if given.fit is None:
        return record
    fit = given.fit
    return record | {
        "verdict": fit.verdict,
        "ganglia_mm": {str(root): round(value, 3) for root, value in fit.ganglia_mm.items()},
        "median_ganglion_mm": round(fit.median_mm, 3),
        "transforms": {name: one.matrix.tolist() for name, one in fit.transforms.items()},
        "notes": list(fit.notes),
    }
