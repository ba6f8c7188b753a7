"""From a model, a lead placed in it and conductivities to what is solved."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.anatomy.overlay import overlay
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError
from spinemodel.field.conductivity import (
    ROOT,
    Conductivity,
    Preset,
    conductivities,
    material_of,
    require_there,
    without_direction,
)
from spinemodel.field.directions import along_axis, along_cord, along_lines, course_of
from spinemodel.field.problem import Direction, Electrode, Medium, Problem
from spinemodel.io.exports.fibres import model_paths
from spinemodel.io.exports.names import require_lead_names
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.lead import BACKING, Lead
from spinemodel.levels import BULK, CORD, CSF, DORSAL_COLUMNS, DURA_SHELL, MUSCLE, ROOT_TISSUES, WHITE

Boundary: TypeAlias = Literal["grounded", "insulated", "beyond"]
"""What becomes of the current at the model's skin.

``grounded``: it leaves anywhere. ``insulated``: it leaves at the caudal end alone, as to a distant return.
``beyond``: the tissue round the spine goes on, to the faces of the box that is solved in.
"""

GROUND: Final = "ground"
"""Name of the electrode that takes the current back."""

CAUDAL_DEG: Final = 45.0
"""How nearly the skin of the caudal end faces caudally. A choice: the model is a prism, and its end is flat."""

PATHS_PER_ROOT: Final = 12
"""Paths that tell the direction of a root's rootlets: more than a root has rootlets, so that each has one."""

MARGIN_MM: Final = 10.0
"""Of the region of interest beyond the lead's ends. A choice."""

LEAD_MARGIN_MM: Final = 1.0
"""Of the lead's own region."""

log = logging.getLogger("spinemodel")


def field_problem(
    model: WholeModel,
    lead: Lead | None,
    preset: Preset,
    boundary: Boundary = "grounded",
    *,
    paths: Sequence[FibrePath] | None = None,
) -> Problem:
    """Return what is solved for a lead in a model.

    The lead takes the place of tissues, and is taken out: no current enters its backing, and its contacts are surfaces
    of one potential. White matter conducts along the cord, roots and rootlets along their lines, and muscle along the
    spine's axis at its height. That is a choice: muscles of the back run roughly along the spine, and at 20 degrees to
    it 0.35 and 0.086 S/m still are 0.32 along it, of which the geometric mean would leave 0.14. Of other tissues no
    direction is known; they conduct alike in all, by that mean.

    Parameters
    ----------
    model
        With tissues.
    lead
        Placed in it; None for the tissues alone.
    preset
        Conductivities.
    boundary
        What becomes of the current at the skin.
    paths
        Fibre paths of the model, through every rootlet, where they are at hand; else they are drawn, in seconds.

    Raises
    ------
    InputError
        If a tissue has no value, a user's table names one that the model lacks, the model has no tissues, a contact
        touches none, or the boundary has no such name.
    """
    if boundary not in get_args(Boundary):
        raise InputError(f"boundary: got {boundary!r}, expected one of {', '.join(get_args(Boundary))}")
    tissues = model.require_partition()
    require_there(preset, tissues.labels)
    values = {name: _known(name, value) for name, value in conductivities(preset, tissues.labels).items()}
    partition = with_lead(tissues, lead)
    contacts = contact_electrodes(partition, lead) if lead else ()
    ground, beyond = _boundary(partition, model.levels.axis, boundary)
    medium = Medium(model.space, partition.parts, values, _directions(model, values, paths), beyond)
    return Problem(medium, contacts, ground)


def with_lead(tissues: Partition, lead: Lead | None) -> Partition:
    """Return tissues and a lead's parts as one conforming mesh.

    Raises
    ------
    InputError
        If the lead's names cannot stand beside theirs.
    GeometryError
        If the lead sticks out of the tissues or swallows one.
    """
    if lead is None:
        return tissues
    require_lead_names(lead.parts.labels, lead.design.name)
    return overlay(tissues, lead.parts)


def contact_electrodes(partition: Partition, lead: Lead) -> tuple[Electrode, ...]:
    """Return each contact's faces that touch tissue, in the order of the lead's contacts.

    Raises
    ------
    InputError
        If a contact touches none.
    """
    names = [contact.name for contact in lead.design.contacts]
    own = {partition.labels.index(name) + 1 for name in (BACKING, *names) if name in partition.labels}
    conducts = np.array([number not in own and number != OUTSIDE for number in range(len(partition.labels) + 1)])
    found = []
    for name in names:
        number = partition.labels.index(name) + 1 if name in partition.labels else -1
        triangles = _facing(partition, partition.sides == number, conducts)
        if not len(triangles):
            raise InputError(f"lead {lead.design.name}: contact {name} touches no tissue; expected a face that shows")
        found.append(Electrode(name, triangles))
    return tuple(found)


def _facing(partition: Partition, own: BoolArray, other: BoolArray) -> FloatArray:
    """Return the corners (m, 3, 3) of the faces between sides (f, 2) and labels, their normals towards the labels."""
    beyond = other[partition.sides]
    along, against = own[:, 0] & beyond[:, 1], own[:, 1] & beyond[:, 0]
    faces = np.vstack([partition.faces[along], partition.faces[against][:, ::-1]])
    return np.asarray(partition.vertices[faces])


def skin(partition: Partition) -> FloatArray:
    """Return the corners (m, 3, 3) mm of the faces at which the domain ends, their normals into the tissue."""
    inside = np.arange(len(partition.labels) + 1) != OUTSIDE
    return _facing(partition, partition.sides == OUTSIDE, inside)


def _boundary(partition: Partition, axis: Axis, boundary: Boundary) -> tuple[Electrode | None, str | None]:
    """Return where current leaves, and what lies beyond the skin."""
    if boundary == "beyond":
        if BULK.name not in partition.labels:
            raise InputError(f"boundary beyond: the model has no {BULK.name} to go on; expected grounded or insulated")
        return None, BULK.name
    triangles = skin(partition)
    if boundary == "insulated":
        triangles = triangles[_looks_caudally(triangles, axis)]
        if not len(triangles):
            raise InputError(f"boundary insulated: no skin faces caudally within {CAUDAL_DEG:g} degrees; take grounded")
    return Electrode(GROUND, triangles), None


def _looks_caudally(triangles: FloatArray, axis: Axis) -> BoolArray:
    """Tell which triangles, whose normals look inwards, close the domain's caudal end.

    Caudal is against the axis at its rostral end, which the domain is straight along.
    """
    inwards = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    return np.asarray(inwards @ axis.frame[-1, 2] > np.cos(np.radians(CAUDAL_DEG)) * np.linalg.norm(inwards, axis=1))


def _known(name: str, value: Conductivity) -> Conductivity:
    """Return the value of a tissue as far as its fibres' direction is known."""
    if not value.has_direction or _is_white(name) or material_of(name) == ROOT or name == MUSCLE.name:
        return value
    log.warning("%s: no direction of its fibres is known; it conducts by the geometric mean", name)
    return without_direction(value)


def _is_white(name: str) -> bool:
    """Tell whether fibres run along the cord in a tissue."""
    return name in (WHITE.name, DORSAL_COLUMNS.name)


def _directions(
    model: WholeModel, values: Mapping[str, Conductivity], paths: Sequence[FibrePath] | None
) -> dict[str, Direction]:
    """Return the direction of the fibres of every tissue that conducts differently along and across."""
    names = [name for name, value in values.items() if value.has_direction]
    roots = [name for name in names if material_of(name) == ROOT]
    axis, found = model.levels.axis, _along_roots(model, roots, paths)
    white = [name for name in names if _is_white(name)]
    if white:
        cord = model.surfaces.get(CORD.name)
        found |= dict.fromkeys(white, along_axis(axis) if cord is None else along_cord(course_of(cord, axis)))
    if MUSCLE.name in names:
        found[MUSCLE.name] = along_axis(axis)
    return found


def _along_roots(model: WholeModel, names: Sequence[str], paths: Sequence[FibrePath] | None) -> dict[str, Direction]:
    """Return the directions of roots, by their centrelines, and of rootlets, by paths through each."""
    trunks = {name: [model.centrelines[name].points] for name in names if name in model.centrelines}
    others = [name for name in names if name not in trunks]
    if others and paths is None:
        paths = model_paths(model, PATHS_PER_ROOT)
    for name in others:
        root = name if name in ROOT_TISSUES else name.removesuffix("_rootlets")
        lines = [path.points for path in paths or () if path.root == root]
        if not lines:
            raise InputError(f"{model.folder}: has no line for {name}, which conducts along it; build the model again")
        trunks[name] = lines
    return {name: along_lines(lines) for name, lines in trunks.items()}


def region_of(partition: Partition, lead: Lead, margin_mm: float = MARGIN_MM) -> tuple[FloatArray, FloatArray]:
    """Return the corners (3,) mm of the box in which the field is wanted finely.

    It holds the lead, and the dura between the lead's caudal and rostral ends and a margin beyond each: its shell, or
    the fluid where a model has no shell.

    Raises
    ------
    InputError
        If the margin is below 0.
    """
    if not margin_mm >= 0:
        raise InputError(f"region: got a margin of {margin_mm:g} mm, expected 0 or more")
    low, high = lead_region(lead, 0.0)
    low[2], high[2] = low[2] - margin_mm, high[2] + margin_mm
    sac = next((name for name in (DURA_SHELL.name, CSF.name) if name in partition.labels), None)
    if sac is not None:
        points = partition.parts[sac].vertices
        beside = points[(points[:, 2] >= low[2]) & (points[:, 2] <= high[2])]
        low[:2] = np.vstack([beside[:, :2], low[:2]]).min(axis=0)
        high[:2] = np.vstack([beside[:, :2], high[:2]]).max(axis=0)
    return low, high


def lead_region(lead: Lead, margin_mm: float = LEAD_MARGIN_MM) -> tuple[FloatArray, FloatArray]:
    """Return the corners (3,) mm of the box round a lead."""
    points = lead.parts.vertices
    return points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
