"""A model with surfaces that were changed by hand: checked, and all that lies beside them carried along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.audit import Audit, audit
from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.carry import carried, carried_line, carried_surface
from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.edits import MOVED_MM, EditDisplacement, Move, displacement, move_of, require_acceptable
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import CORD, DURA

SHALLOW_MM: Final = 1e-3
"""Faces that pass less far through each other lay on each other before, and any move parts or crosses them: exact
partitions hold a few such pairs. A choice, far below the thinnest tissue."""


@dataclass(frozen=True, eq=False)
class EditedModel:
    """A model after edits.

    Attributes
    ----------
    surfaces, centrelines, partition
        As :class:`~spinemodel.anatomy.model.Anatomy` and its tissues have them; the partition is None without tissues.
    edits
        How far each edited structure, or tissue, was moved by hand.
    followed
        How far each other structure was carried along.
    checked
        The structures as they are now.
    """

    surfaces: Mapping[str, Surface]
    centrelines: Mapping[str, Centreline]
    partition: Partition | None
    edits: Mapping[str, EditDisplacement]
    followed: Mapping[str, EditDisplacement]
    checked: Audit

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("surfaces", "centrelines", "edits", "followed"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def take_edits(
    surfaces: Mapping[str, Surface],
    centrelines: Mapping[str, Centreline],
    partition: Partition | None,
    axis: Axis,
    edits: Mapping[str, Surface],
) -> EditedModel:
    """Return the model with the edited surfaces in place of its own.

    An edit of a structure (``Cord``, ``Dura``, a root) stands as it was drawn; structures and tissues beside it follow.
    An edit of a tissue that is no structure (``Fat``) moves the walls that it shares with its neighbours.

    Parameters
    ----------
    surfaces, centrelines, partition, axis
        The model; the partition is None without tissues.
    edits
        Edited surfaces by the name of the structure or tissue, in the model's space.

    Raises
    ------
    InputError
        If an edit's name is neither a structure nor a tissue.
    GeometryError
        If an edit is not acceptable by itself (:func:`~spinemodel.anatomy.edits.require_acceptable`), breaks a promise
        that the model kept before, or folds the tissues.
    """
    before = {name: _unedited(name, surfaces, partition) for name in edits}
    moved = {name: require_acceptable(before[name], after, axis) for name, after in edits.items()}
    _require_nested(surfaces, edits)
    moves = [move_of(before[name], after) for name, after in edits.items()]
    after = {name: edits.get(name) or carried_surface(surface, moves) for name, surface in surfaces.items()}
    checked = _still_sound(surfaces, after)
    followed = {name: displacement(surfaces[name], after[name]) for name in surfaces if name not in edits}
    return EditedModel(
        after,
        {name: carried_line(line, moves) for name, line in centrelines.items()},
        _carried(partition, moves),
        moved,
        {name: change for name, change in followed.items() if change.most_mm > MOVED_MM},
        checked,
    )


def _require_nested(surfaces: Mapping[str, Surface], edits: Mapping[str, Surface]) -> None:
    """Refuse a cord that leaves the dura as that was drawn, before either is carried along with the other."""
    both = {name: edits.get(name) or surfaces[name] for name in (CORD.name, DURA.name) if name in surfaces}
    if both.keys() & edits.keys():
        _still_sound({name: surfaces[name] for name in both}, both)


def _unedited(name: str, surfaces: Mapping[str, Surface], partition: Partition | None) -> Surface:
    """Return the structure, or else the tissue, of a name."""
    tissues = partition.labels if partition else ()
    if name in surfaces:
        return surfaces[name]
    if partition is None or name not in tissues:
        known = ", ".join(dict.fromkeys([*surfaces, *tissues]))
        raise InputError(f"edit of {name}: the model has no such structure or tissue; expected one of {known}")
    return partition.parts[name]


def _still_sound(before: Mapping[str, Surface], after: Mapping[str, Surface]) -> Audit:
    """Return the audit of the edited structures; raise where a promise is broken that was kept."""
    checked = audit(after)
    if not checked.failures:
        return checked
    known = {_subject_of(failure) for failure in audit(before).failures}
    new = [failure for failure in checked.failures if _subject_of(failure) not in known]
    if new:
        raise GeometryError(f"the edits break what the model promises: {'; '.join(new)}; mend them and export again")
    return checked


def _subject_of(failure: str) -> str:
    """Return a failure without its numbers, which change where a known fault moves."""
    return "".join(character for character in failure if not character.isdigit())


def _carried(partition: Partition | None, moves: Sequence[Move]) -> Partition | None:
    """Return the tissues carried along; raise where they fold."""
    if partition is None:
        return None
    after = carried(partition, moves)
    touched = np.flatnonzero((after.vertices != partition.vertices).any(axis=1)[partition.faces].any(axis=1))
    was, now = (_folds(each, touched) for each in (partition, after))
    if len(now) > len(was):
        raise GeometryError(
            f"the edits fold the tissues beside them: {len(now) - len(was)} pairs of faces cut through each other, "
            f"{_place_of(after, now[0])}; move less there, or spread the edit over a wider area"
        )
    return after


def _folds(partition: Partition, chosen: IntArray) -> IntArray:
    """Return the pairs (k, 2) of the chosen faces that cut through each other, more than sheets on each other do."""
    faces = partition.faces[chosen]
    pairs = self_intersections(Surface("tissues", partition.space, partition.vertices, faces))
    a, b = (partition.vertices[faces[pairs[:, side]]] for side in (0, 1))
    return chosen[pairs[np.minimum(_reach_through(a, b), _reach_through(b, a)) > SHALLOW_MM]]


def _reach_through(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return how far triangles ``a`` (k, 3, 3) reach to the shallower side of the planes of ``b``, mm."""
    normals = np.cross(b[:, 1] - b[:, 0], b[:, 2] - b[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    heights = np.einsum("kij,kj->ki", a - b[:, :1], normals)
    return np.asarray(np.minimum(heights.max(axis=1, initial=0.0), -heights.min(axis=1, initial=0.0)))


def _place_of(partition: Partition, pair: IntArray) -> str:
    """Return where two faces are, and between which tissues."""
    x, y, z = partition.vertices[partition.faces[pair]].reshape(-1, 3).mean(axis=0)
    names = dict.fromkeys(partition.labels[k - 1] for k in partition.sides[pair].ravel() if k)
    return f"the first at ({x:.1f}, {y:.1f}, {z:.1f}) RAS between {', '.join(names)}"
