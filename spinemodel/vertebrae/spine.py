"""All that a mask of a spine tells: surfaces, bodies and their measures, discs, canal, fractures and density."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.levels import SIDES, Side
from spinemodel.vertebrae import angles, genant
from spinemodel.vertebrae._joints import each, joints
from spinemodel.vertebrae._ungradable import ungradable
from spinemodel.vertebrae.body import Body, Endplate, find_bodies
from spinemodel.vertebrae.canal import CanalSection, canal_section
from spinemodel.vertebrae.column import bones_of
from spinemodel.vertebrae.ct import CT
from spinemodel.vertebrae.density import Calibration, Density, MeanDensity, Refused, density, mean_density
from spinemodel.vertebrae.discs import DiscHeights
from spinemodel.vertebrae.fragments import LEAST_MM3, Fragment, Hole, clean
from spinemodel.vertebrae.heights import Heights, heights
from spinemodel.vertebrae.landmarks import Foramen, Pedicle, foramina, pedicle
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.vertebrae.names import Kind
from spinemodel.vertebrae.surfaces import LabelledSurfaces, mask_surfaces

MESHED: Final[tuple[Kind, ...]] = ("vertebra", "disc", "sacrum", "coccyx", "canal", "cord", "endplate", "part")
"""Kinds that get a surface."""


@dataclass(frozen=True)
class ExamineParameters:
    """What is asked of a mask.

    Attributes
    ----------
    least_mm3
        Detached pieces of a structure that are smaller are dropped.
    fill_holes
        Whether cavities within a structure are filled.
    calibration
        From HU to bone mineral density; None for HU alone.
    """

    least_mm3: float = LEAST_MM3
    fill_holes: bool = False
    calibration: Calibration | None = None


@dataclass(frozen=True, eq=False)
class Spine:
    """What a mask tells, each by the structure's name, from head to foot.

    Attributes
    ----------
    mask
        As it was meshed: without the fragments that were dropped.
    surfaces
        One conforming mesh.
    fragments, holes
        Detached pieces and cavities.
    bodies, heights, canal
        Of the vertebrae whose body was found.
    sacrum
        The upper endplate of S1; None where it was not found.
    pedicles, foramina
        By vertebra and side.
    discs, segmental_deg
        Heights of the discs, that on the sacrum too, and angles over them.
    curves
        Lordosis, kyphosis and sacral slope as far as their levels are there, degrees.
    cobb
        Where the coronal curve is largest; None of a single vertebra.
    grades
        Of fractures.
    density, mean
        Of the bodies, and over T12-L3; empty and None without a CT.
    missing
        What could not be measured, and why.
    """

    mask: VertebralMask
    surfaces: LabelledSurfaces
    fragments: tuple[Fragment, ...]
    holes: tuple[Hole, ...]
    bodies: Mapping[str, Body]
    sacrum: Endplate | None
    heights: Mapping[str, Heights]
    canal: Mapping[str, CanalSection]
    pedicles: Mapping[tuple[str, Side], Pedicle]
    foramina: Mapping[tuple[str, Side], Foramen]
    discs: Mapping[str, DiscHeights]
    segmental_deg: Mapping[str, float]
    curves: Mapping[str, float]
    cobb: angles.Cobb | None
    grades: Mapping[str, genant.Grade | genant.Ungradable]
    density: Mapping[str, Density | Refused]
    mean: MeanDensity | Refused | None
    missing: tuple[str, ...]


def examine(
    mask: VertebralMask, ct: CT | None = None, parameters: ExamineParameters | None = None
) -> Spine:
    """Return all that a mask tells of a spine; what cannot be measured is said in :attr:`Spine.missing`.

    Parameters
    ----------
    mask
        With a vertebra, disc, sacrum or canal.
    ct
        Of the mask's space, in HU.
    parameters
        Size of fragments, calibration.

    Raises
    ------
    InputError
        If the mask shows no structure.
    """
    own = parameters or ExamineParameters()
    wanted = labels_of(mask, *MESHED)
    if not wanted:
        raise InputError(f"{mask.subject}: the mask shows no vertebra, disc, canal or sacrum")
    cleaned = clean(mask.volume, wanted, least_mm3=own.least_mm3, fill_holes=own.fill_holes)
    mask = replace(mask, volume=cleaned.volume)
    surfaces = mask_surfaces(mask.volume, wanted)
    return _measured(mask, surfaces, cleaned.fragments, cleaned.holes, ct, own)


def _measured(
    mask: VertebralMask,
    surfaces: LabelledSurfaces,
    fragments: tuple[Fragment, ...],
    holes: tuple[Hole, ...],
    ct: CT | None,
    own: ExamineParameters,
) -> Spine:
    """Return what surfaces and CT tell."""
    whole = {name: surfaces.parts[name] for name in labels_of(mask, "vertebra")}
    bodies, reasons = find_bodies(whole)
    missing = [f"{name}: no body found: {why}" for name, why in reasons.items()]
    measured = each(bodies, lambda name: heights(bodies[name], whole[name]), missing)
    both = _pedicles(whole, bodies, missing)
    canal = _canal(mask, surfaces, bodies, both, missing)
    column = bones_of(mask, surfaces.parts)
    between = joints(mask, column, surfaces.parts, bodies, measured, missing)
    excused = ungradable(mask, bodies, reasons, between.pairs, ct)
    grades = genant.grades(measured, excused)
    cut = [name for name in measured if excused.get(name) == "partly visible"]
    missing += [f"{name}: heights are not told, for the image shows only a part of its body" for name in cut]
    found = {} if ct is None else density(mask, ct, bodies, own.calibration)
    fractured = {name: grade.grade for name, grade in grades.items() if isinstance(grade, genant.Grade)}
    return Spine(
        mask=mask,
        surfaces=surfaces,
        fragments=fragments,
        holes=holes,
        bodies=bodies,
        sacrum=between.sacrum,
        heights={name: one for name, one in measured.items() if name not in cut},
        canal=canal,
        pedicles=both,
        foramina=foramina(column, bodies, both),
        discs=between.discs,
        segmental_deg=between.segmental_deg,
        curves=between.curves,
        cobb=angles.cobb(bodies) if len(bodies) > 1 else None,
        grades=grades,
        density=found,
        mean=mean_density(found, fractured) if found else None,
        missing=tuple(missing),
    )


def _pedicles(
    whole: Mapping[str, Surface], bodies: Mapping[str, Body], missing: list[str]
) -> dict[tuple[str, Side], Pedicle]:
    """Return the pedicles of all vertebrae that have both."""
    found = each(bodies, lambda name: {side: pedicle(whole[name], bodies[name], side) for side in SIDES}, missing)
    return {(name, side): one for name, both in found.items() for side, one in both.items()}


def _canal(
    mask: VertebralMask,
    surfaces: LabelledSurfaces,
    bodies: Mapping[str, Body],
    both: Mapping[tuple[str, Side], Pedicle],
    missing: list[str],
) -> dict[str, CanalSection]:
    """Return the canal's sections: of its own mask where there is one, of the bony rings elsewhere."""
    own = next((surfaces.parts[name] for name in labels_of(mask, "canal")), None)
    levels = {name: body for name, body in bodies.items() if (name, "L") in both}
    return each(levels, lambda name: canal_section(surfaces.parts[name], bodies[name], both, own), missing)
