"""The tables of a spine: one row per vertebra, per disc, per landmark, and for the spine as a whole.

Lengths are mm, angles degrees; points are RAS+ mm of the scan's space. What was not measured is ``n/a``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import area, volume
from spinemodel.arrays import FloatArray
from spinemodel.io.tables import Row
from spinemodel.levels import SIDES
from spinemodel.vertebrae.density import MeanDensity, Refused
from spinemodel.vertebrae.genant import Grade
from spinemodel.vertebrae.mask import labels_of
from spinemodel.vertebrae.spine import Spine

MISSING: Final = "n/a"

HEIGHTS: Final = {
    **{f"{part}_height_mm": part for part in ("anterior", "middle", "posterior")},
    **{f"{what}_{part}_mm": f"{what}_{part}" for what in ("width", "depth") for part in ("upper", "middle", "lower")},
    **{name: name for name in ("wedge_sagittal_deg", "wedge_coronal_deg", "tilt_sagittal_deg", "tilt_coronal_deg")},
}
"""Columns of a body's measures, and the measures."""


RATIOS: Final = ("anterior_ratio", "middle_ratio")
"""Of the anterior and middle to the posterior height, beside the grade."""

SLOPE_OF: Final = {"sacral slope": "S1 upper endplate, against the scanner's axial plane"}
"""What an angle is measured against, where its name does not tell."""


def structure_rows(spine: Spine) -> list[Row]:
    """Return one row per structure: its label, its size, and what was dropped or left of it."""
    rows = []
    for name, label in labels_of(spine.mask).items():
        region, surface = spine.mask.regions[label], spine.surfaces.parts[name]
        pieces = [piece for piece in spine.fragments if piece.name == name]
        rows.append(
            {
                "structure": name,
                "kind": region.kind,
                "label": str(label),
                "partial": "yes" if region.partial else "no",
                "volume_mm3": f"{volume(surface):.1f}",
                "area_mm2": f"{area(surface):.1f}",
                "fragments_dropped": str(sum(piece.dropped for piece in pieces)),
                "fragments_kept": str(sum(not piece.dropped for piece in pieces)),
                "holes": str(sum(hole.name == name for hole in spine.holes)),
            }
        )
    return rows


def vertebra_rows(spine: Spine) -> list[Row]:
    """Return one row per vertebra: size and form of its body, fracture, canal, pedicles and density."""
    return [
        {"vertebra": name}
        | _body(spine, name)
        | _fracture(spine, name)
        | _canal(spine, name)
        | _pedicles(spine, name)
        | _density(spine, name)
        for name in labels_of(spine.mask, "vertebra")
    ]


def _number(value: float | None, digits: int = 2) -> str:
    """Return a number as text."""
    return MISSING if value is None or not np.isfinite(value) else f"{value + 0.0:.{digits}f}"


def _body(spine: Spine, name: str) -> Row:
    """Return the measures of a body, and where it is."""
    found, body = spine.heights.get(name), spine.bodies.get(name)
    size = volume(spine.surfaces.parts[name])
    row = {column: _number(getattr(found, field, None)) for column, field in HEIGHTS.items()}
    return row | {"volume_mm3": f"{size:.1f}"} | _place("body", None if body is None else body.centre)


def _place(what: str, point: FloatArray | None) -> Row:
    """Return a point's coordinates."""
    return {
        f"{what}_{axis}_mm": _number(None if point is None else float(point[i])) for i, axis in enumerate("xyz")
    }


def _fracture(spine: Spine, name: str) -> Row:
    """Return a vertebra's grade, or why there is none."""
    grade = spine.grades.get(name)
    if isinstance(grade, Grade):
        lost = grade.loss_percent
        row = {"genant_grade": str(grade.grade), "genant_shape": grade.shape, "height_loss_percent": _number(lost, 1)}
        row |= {ratio: _number(getattr(grade, ratio), 3) for ratio in RATIOS}
        return row | {"genant_reference": "; ".join(grade.references), "ungradable": MISSING}
    columns = ("genant_grade", "genant_shape", "height_loss_percent", *RATIOS, "genant_reference")
    return dict.fromkeys(columns, MISSING) | {"ungradable": grade.reason if grade else MISSING}


def grades_in(rows: Iterable[Mapping[str, str]]) -> dict[str, int | str]:
    """Return the grades in the rows of vertebrae by level, or why there is none.

    Examples
    --------
    >>> grades_in([{"vertebra": "L1", "genant_grade": "2", "ungradable": "n/a"},
    ...            {"vertebra": "L2", "genant_grade": "n/a", "ungradable": "fused"}])
    {'L1': 2, 'L2': 'fused'}
    """
    found: dict[str, int | str] = {}
    for row in rows:
        grade = row["genant_grade"]
        found[row["vertebra"]] = row["ungradable"] if grade == MISSING else int(grade)
    return found


def _canal(spine: Spine, name: str) -> Row:
    """Return the canal's size at a vertebra."""
    found = spine.canal.get(name)
    return {
        "canal_area_mm2": _number(getattr(found, "area_mm2", None), 1),
        "canal_sagittal_mm": _number(getattr(found, "sagittal_mm", None)),
        "canal_transverse_mm": _number(getattr(found, "transverse_mm", None)),
        "canal_from": found.origin if found else MISSING,
    }


def _pedicles(spine: Spine, name: str) -> Row:
    """Return the sizes of both pedicles."""
    return {
        f"pedicle_{side}_{what}_mm": _number(getattr(spine.pedicles.get((name, side)), f"{what}_mm", None))
        for side in SIDES
        for what in ("height", "width")
    }


def _density(spine: Spine, name: str) -> Row:
    """Return the density of a body, or why there is none; nothing without a CT."""
    found = spine.density.get(name)
    if found is None:
        return {}
    columns = ("core_mean_hu", "core_sd_hu", "core_mm3", "bmd_mg_cm3")
    if isinstance(found, Refused):
        return dict.fromkeys(columns, MISSING) | {"density_note": found.reason}
    values = (found.mean_hu, found.sd_hu, found.mm3, found.bmd_mg_cm3)
    row = {column: _number(value, 1) for column, value in zip(columns, values, strict=True)}
    return row | {"density_note": "; ".join(found.notes) or MISSING}


def disc_rows(spine: Spine) -> list[Row]:
    """Return one row per disc: its heights, the angle over it and the foramina beside it."""
    names = dict.fromkeys([*spine.segmental_deg, *spine.discs])
    return [_disc(spine, name) for name in names]


def _disc(spine: Spine, name: str) -> Row:
    """Return the row of one disc."""
    found, meshes = spine.discs.get(name), labels_of(spine.mask, "disc")
    parts = ("anterior", "middle", "posterior", "mean")
    row = {"disc": name} | {f"{part}_height_mm": _number(getattr(found, part, None)) for part in parts}
    row |= {"from": "mesh" if name in meshes else "endplates", "angle_deg": _number(spine.segmental_deg.get(name))}
    upper = name.split("-")[0]
    return row | {
        f"foramen_{side}_height_mm": _number(getattr(spine.foramina.get((upper, side)), "height_mm", None))
        for side in SIDES
    }


def spine_rows(spine: Spine) -> list[Row]:
    """Return what is told of the spine as a whole, one value a row."""
    rows = [
        {"measure": name, "value": _number(value), "unit": "deg", "of": SLOPE_OF.get(name, "")}
        for name, value in spine.curves.items()
    ]
    if spine.cobb:
        between = f"{spine.cobb.upper} to {spine.cobb.lower}, coronal"
        rows.append({"measure": "Cobb", "value": _number(spine.cobb.deg), "unit": "deg", "of": between})
    if isinstance(spine.mean, MeanDensity):
        levels = ", ".join(spine.mean.levels)
        rows.append({"measure": "core mean", "value": _number(spine.mean.mean_hu, 1), "unit": "HU", "of": levels})
        if spine.mean.bmd_mg_cm3 is not None:
            value = _number(spine.mean.bmd_mg_cm3, 1)
            rows.append({"measure": "BMD mean", "value": value, "unit": "mg/cm3", "of": levels})
    return rows


def landmark_rows(spine: Spine) -> list[Row]:
    """Return one row per landmark with its place, RAS+ mm."""
    return [
        {"landmark": name} | {f"{axis}_mm": f"{point[i]:.3f}" for i, axis in enumerate("xyz")}
        for name, point in landmarks(spine).items()
    ]


def landmarks(spine: Spine) -> dict[str, FloatArray]:
    """Return the points that were found, (3,) mm, by names such as ``L3 body`` and ``L3 foramen L``."""
    found: dict[str, FloatArray] = {}
    for name, body in spine.bodies.items():
        found |= {f"{name} body": body.centre, f"{name} upper endplate": body.upper.centre}
        found[f"{name} lower endplate"] = body.lower.centre
    if spine.sacrum is not None:
        found["S1 upper endplate"] = spine.sacrum.centre
    found |= {f"{name} canal": section.centre for name, section in spine.canal.items()}
    found |= {f"{name} pedicle {side}": one.centre for (name, side), one in spine.pedicles.items()}
    found |= {f"{name} foramen {side}": one.centre for (name, side), one in spine.foramina.items()}
    return {name: point for name, point in found.items() if np.isfinite(point).all()}


def tables(spine: Spine) -> Mapping[str, list[Row]]:
    """Return every table that has rows, by name."""
    every = {
        "structures": structure_rows(spine),
        "vertebrae": vertebra_rows(spine),
        "discs": disc_rows(spine),
        "spine": spine_rows(spine),
        "landmarks": landmark_rows(spine),
    }
    return {name: rows for name, rows in every.items() if rows}

