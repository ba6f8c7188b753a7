"""Several subjects side by side in the space of one of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.alignment.align import align
from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.shapes import Target, prepare
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.surface import Surface, corners, face_vectors
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.spaces import Transform, apply, compose, require_same_space

log = logging.getLogger("spinemodel")

Method: TypeAlias = Literal["dura-top", "register"]

Subject: TypeAlias = Anatomy | Mapping[str, Surface]

TOP: Final = "Dura"
"""The structure whose highest plane is brought to one height."""

REGISTERED: Final = ("Cord", "Dura")
"""The structures that are registered together: those that every subject has."""

SEARCH: Final = AlignParameters(range_deg=20.0)
"""Spines lie along the scanner's axis; posture turns them by less (a choice)."""


def align_cohort(
    subjects: Mapping[str, Subject], reference: str | None = None, method: Method = "dura-top"
) -> Mapping[str, Transform]:
    """Return for each subject the map from its space to the reference's.

    Parameters
    ----------
    subjects
        Models or their surfaces, by the subjects' names.
    reference
        Name of the subject that stays where it is; the first by default.
    method
        ``dura-top`` shifts each subject so that the highest points of all duras have one height, and their middles (of
        the surface's area) one x and y. ``register`` lays cord and dura together rigidly onto the reference's, from
        there; what slides along itself, as straight tubes do, is logged.

    Raises
    ------
    InputError
        If there is no subject, no such reference or method, or a structure is missing.
    ConvergenceError
        If a registration does not converge.

    Examples
    --------
    >>> faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    >>> low = Surface("Dura", "a", [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]], faces)
    >>> high = Surface("Dura", "b", low.vertices + [0, 0, 5], faces)
    >>> align_cohort({"sub-01": {"Dura": low}, "sub-02": {"Dura": high}})["sub-02"].matrix[:3, 3]
    array([ 0.,  0., -5.])
    """
    if method not in ("dura-top", "register"):
        raise InputError(f"cohort: got method {method!r}, expected dura-top or register")
    if not subjects or (reference is not None and reference not in subjects):
        raise InputError(f"cohort: no reference {reference or ''}; there are {', '.join(subjects) or 'no subjects'}")
    reference = reference or next(iter(subjects))
    wanted = (TOP,) if method == "dura-top" else REGISTERED
    shapes = {name: _structures(name, subject, wanted) for name, subject in subjects.items()}
    there = shapes[reference]
    shifts = {name: _shift(shape[TOP], there[TOP]) for name, shape in shapes.items()}
    if method == "register":
        target = prepare(there, SEARCH)
        others = {name: _registered(name, shapes[name], shifts[name], target) for name in shapes if name != reference}
        shifts |= others
    return MappingProxyType(shifts)


def _structures(name: str, subject: Subject, wanted: tuple[str, ...]) -> dict[str, Surface]:
    """Return the wanted structures of a subject, of one space."""
    surfaces = subject.surfaces if isinstance(subject, Anatomy) else subject
    missing = [one for one in wanted if one not in surfaces]
    if missing:
        raise InputError(f"{name}: no {missing[0]}, expected {' and '.join(wanted)}; it has {', '.join(surfaces)}")
    require_same_space(*(surfaces[one].space for one in wanted))
    return {one: surfaces[one] for one in wanted}


def _shift(moving: Surface, fixed: Surface) -> Transform:
    """Return the shift that brings one dura's top and middle to the other's."""
    matrix = np.eye(4)
    matrix[:3, 3] = _landmark(fixed) - _landmark(moving)
    return Transform(matrix, moving.space, fixed.space)


def _landmark(dura: Surface) -> FloatArray:
    """Return x and y of the surface's centroid, and its greatest z, (3,) mm."""
    weight = np.linalg.norm(face_vectors(dura), axis=1)
    x, y, _ = weight @ corners(dura).mean(axis=1) / weight.sum()
    return np.array([x, y, dura.vertices[:, 2].max()])


def _registered(name: str, shape: Mapping[str, Surface], shift: Transform, target: Target) -> Transform:
    """Return the rigid map of a subject onto the reference, found from where the shift leaves it."""
    placed = {
        part: Surface(part, shift.target, apply(shift, surface.vertices, space=surface.space), surface.faces)
        for part, surface in shape.items()
    }
    found = align(placed, target, parameters=SEARCH)
    if found.verdict.ambiguous:
        log.warning("%s: %s", name, found.verdict.reason)
    return compose(shift, found.transform)
