"""The vertebrae that a user gives to ``spinemodel build``: meshes or a mask, as they lie or fitted to the subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from spinemodel.cli.show import step
from spinemodel.cli.tables import print_rows

if TYPE_CHECKING:
    from spinemodel.anatomy.annotation import Annotation
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.surface import Surface
    from spinemodel.vertebrae.column_fit import ColumnFit, FitKind

Fit: TypeAlias = Literal["own", "rigid", "similarity", "template"]

KINDS: Final[dict[str, FitKind]] = {"rigid": "rigid", "similarity": "template", "template": "template"}
"""What the vertebrae may do, by the option."""


@dataclass(frozen=True, eq=False)
class GivenVertebrae:
    """Vertebrae in the subject's space.

    Attributes
    ----------
    surfaces
        By level.
    fit
        How they came there; None where they lay there.
    sources
        What was read, with hashes.
    """

    surfaces: Mapping[str, Surface]
    fit: ColumnFit | None
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
    from dataclasses import replace

    from spinemodel.anatomy.build import build
    from spinemodel.vertebrae.column_fit import fit_column, refuse, target_of

    chosen = wanted or ("own" if path.is_dir() else "rigid")
    with step(f"Reading {path}"):
        surfaces, canal, sources = _read(path, labels, parameters)
    if chosen == "own":
        inside = {name: replace(one, space=annotation.space) for name, one in surfaces.items()}
        return GivenVertebrae(inside, None, sources)
    with step("Fitting the vertebrae"):
        target, kind = target_of(build(annotation, parameters)), KINDS[chosen]
        found = fit_column(surfaces, target, kind=kind, heights=chosen != "similarity", canal=canal)
    refuse(found)
    return GivenVertebrae(found.surfaces, found, sources)


def _read(
    path: Path, labels: str | None, parameters: BuildParameters
) -> tuple[dict[str, Surface], Surface | None, tuple[dict[str, str], ...]]:
    """Return the vertebrae of a folder of meshes or of a mask, its canal where it has one, and the sources."""
    from spinemodel.io.files import sha256
    from spinemodel.io.vertebrae import mesh_files, read_vertebrae
    from spinemodel.io.vertebral_masks import read_vertebral_mask
    from spinemodel.vertebrae.fragments import clean
    from spinemodel.vertebrae.mask import labels_of
    from spinemodel.vertebrae.surfaces import mask_surfaces

    if path.is_dir():
        files = [{"name": file.name, "sha256": sha256(file.read_bytes())} for file in mesh_files(path).values()]
        return read_vertebrae(path, path.name), None, tuple(files)
    mask = read_vertebral_mask(
        path, labels=labels, lowest=parameters.last_lumbar, last_thoracic=parameters.last_thoracic
    )
    volume = clean(mask.volume, labels_of(mask)).volume
    parts = mask_surfaces(volume, labels_of(mask, "vertebra", "sacrum", "canal")).parts
    bones = {name: parts[name] for name in labels_of(mask, "vertebra", "sacrum")}
    column = {"S1" if name == "Sacrum" and "S1" not in bones else name: one for name, one in bones.items()}
    return column, parts.get("Canal"), tuple({"name": one.name, "sha256": one.sha256} for one in mask.sources)


def record_of(given: GivenVertebrae) -> dict[str, Any]:
    """Return what ``model.json`` says of the vertebrae that were given."""
    record: dict[str, Any] = {"levels": list(given.surfaces), "sources": list(given.sources), "fit": "own"}
    if given.fit is None:
        return record
    fit = given.fit
    return record | {
        "fit": fit.kind,
        "verdict": fit.verdict,
        "ganglia_mm": {str(root): round(value, 3) for root, value in fit.ganglia_mm.items()},
        "median_ganglion_mm": round(fit.median_mm, 3),
        "clearance_mm": {name: round(one.least_mm, 3) for name, one in fit.clearance.items()},
        "transforms": {name: one.matrix.tolist() for name, one in fit.transforms.items()},
        "notes": list(fit.notes),
    }


def print_fit(fit: ColumnFit) -> None:
    """Print how each vertebra lies to dura and ganglia."""
    from spinemodel.cli.field_of_view import say

    sides: dict[str, dict[str, str]] = {}
    for root, value in fit.ganglia_mm.items():
        sides.setdefault(root.level, {})[root.side] = f"{value:.1f}"
    rows = [
        {
            "vertebra": name,
            "dura to bone mm": f"{fit.clearance[name].least_mm:.1f}" if name in fit.clearance else "-",
            "ganglion L mm": sides.get(name, {}).get("L", "-"),
            "ganglion R mm": sides.get(name, {}).get("R", "-"),
        }
        for name in fit.surfaces
    ]
    print_rows(f"Vertebrae, fitted ({fit.kind}): distance of ganglia from the middle of their foramina", rows)
    say(fit.verdict)
    for note in fit.notes:
        say(f"note: {note}")
