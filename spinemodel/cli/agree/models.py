"""Models compared: every annotation is built, and every two models of a subject are mapped onto each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spinemodel.agreement.marker_agreement import MarkerAgreement
from spinemodel.cli.agree.marker_files import Drawn
from spinemodel.cli.show import step
from spinemodel.errors import BackendUnavailableError, SpineModelError
from spinemodel.io.agreement.cells import number
from spinemodel.io.tables import Row
from spinemodel.report.agreement_figures.models import draw_models
from spinemodel.report.page import Picture, Section, Table

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.arrays import FloatArray
    from spinemodel.cli.agree.request import Request

    Built = Mapping[str, Surface]


class Models(NamedTuple):
    """Models compared: the rows and pictures of every two, and what cannot be built or drawn."""

    rows: list[Row]
    pictures: Sequence[Picture]
    notes: Sequence[str]


NO_MODELS: Final = Models([], (), ())


def compare_models(
    request: Request, drawn: Drawn, found: Mapping[str, MarkerAgreement], folder: Path
) -> Models:
    """Build every annotation, and map how far each two models lie apart; say which cannot be built."""
    from spinemodel.anatomy.build import build

    rows: list[Row] = []
    pictures: list[Picture] = []
    notes: list[str] = []
    for subject in found:
        built: dict[str, Built] = {}
        for rater, annotation in drawn[subject].items():
            try:
                with step(f"Building {subject} of {rater}"):
                    built[rater] = build(annotation).surfaces
            except SpineModelError as problem:
                notes.append(f"{subject}: no model of {rater}: {problem}")
        for first, second in combinations(built, 2):
            own, picture = _map(folder, subject, (first, second), built, request, notes)
            back, _ = _map(folder, subject, (second, first), built, replace(request, figures=False), notes)
            rows, pictures = [*rows, *own, *back], pictures + picture
    return Models(rows, pictures, notes)


def section_of(models: Models) -> Section:
    """Return the part of the page."""
    caption = (
        "Distance of every vertex of the first one's surface from the second one's surface. Every pair has a row in "
        "each direction; the Hausdorff distance, over vertices, is the larger one of their two largest. There are no "
        "intervals: each row is one pair of models, and its vertices are neighbours, no samples"
    )
    text = [
        "Each annotation was built into a model by itself. Colours show the distance of every vertex of the first to "
        "the second; models/*.vtp hold both directions, each on the surfaces of the one named first, as distance_mm, "
        "and as signed_mm, positive outside the other. Below the contours the sac is continued along the "
        "ganglia, and the roots to them, so that ganglia move both there.",
        *models.notes,
    ]
    return Section("Models", text, models.pictures, [Table("models", caption, models.rows)])


def _map(
    folder: Path, subject: str, raters: tuple[str, str], built: Mapping[str, Built], request: Request, notes: list[str]
) -> tuple[list[Row], list[Picture]]:
    """Write how far the first one's surfaces lie from the second one's; return rows and the picture."""
    from spinemodel.anatomy.proximity import Proximity, signed_distance

    one, other = (built[rater] for rater in raters)
    signed = {n: signed_distance(Proximity(other[n]), one[n].vertices)[0] for n in one if n in other}
    distances = {name: np.abs(values) for name, values in signed.items()}
    stem = "_".join([subject, *("".join(c for c in rater if c.isalnum() or c in "-.") for rater in raters)])
    _write_map(folder / "models" / f"{stem}_distances.vtp", {n: one[n] for n in signed}, signed)
    rows = [
        {
            "subject": subject,
            "first": raters[0],
            "second": raters[1],
            "structure": name,
            "mean_mm": number(float(values.mean())),
            "p95_mm": number(float(np.quantile(values, 0.95))),
            "largest_mm": number(float(values.max())),
            "vertices": str(len(values)),
        }
        for name, values in distances.items()
    ]
    if not request.figures:
        return rows, []
    path, title = folder / "figures" / f"{stem}_models.png", f"{subject}: {raters[0]}, distance from {raters[1]}"
    try:
        draw_models(path, {name: one[name] for name in signed}, distances, title)
    except BackendUnavailableError as missing:
        notes.append(f"map left out: {missing}")
        return rows, []
    alt = f"{title}: the model's surfaces in colours of the distance; the numbers are in the table models."
    caption = f"{title}, in colours up to the 99 % quantile of all vertices. Bars are 20 mm long."
    return rows, [Picture(path, caption, alt)]


def _write_map(path: Path, surfaces: Built, signed: Mapping[str, FloatArray]) -> None:
    """Write surfaces as one VTP with the distances of their vertices, RAS+ mm, and each face's structure."""
    import pyvista

    from spinemodel.io.files import atomic

    starts = np.cumsum([0, *(len(surface.vertices) for surface in surfaces.values())])
    faces = np.vstack([surface.faces + start for surface, start in zip(surfaces.values(), starts, strict=False)])
    mesh = pyvista.PolyData.from_regular_faces(np.vstack([each.vertices for each in surfaces.values()]), faces)
    values = np.concatenate([signed[name] for name in surfaces])
    mesh.point_data["distance_mm"], mesh.point_data["signed_mm"] = np.abs(values), values
    numbers = [np.full(len(surface.faces), place, np.int32) for place, surface in enumerate(surfaces.values())]
    mesh.cell_data["structure"] = np.concatenate(numbers)
    mesh.field_data["structures"], mesh.field_data["SPACE"] = list(surfaces), ["RAS"]
    with atomic(path) as temporary:
        mesh.save(temporary)
