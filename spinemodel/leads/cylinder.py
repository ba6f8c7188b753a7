"""A percutaneous lead as faces: a skin of rings of vertices, and a tube of metal inside each contact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from spinemodel.anatomy.rings import Ring, cap, zip_rings
from spinemodel.arrays import FloatArray
from spinemodel.leads.design import Contact, LeadDesign
from spinemodel.leads.lead import BACKING

SIDES: Final = 24
"""Fewest vertices round a lead, a multiple of four. A choice: a ring's area is then 0.3 % less than the true one."""

SLENDER: Final = 2.0
"""Longest step along a lead in steps round it: no angle on the skin below 26 degrees."""

Piece: TypeAlias = tuple[FloatArray, str | None, str | None]
"""Triangles (k, 3, 3) mm, and the labels inside and outside."""


def cylinder_faces(design: LeadDesign, edge_mm: float) -> Iterator[Piece]:
    """Yield the faces of a lead whose axis is u = 0, w = half the diameter; its vertices lie on the circle.

    Parameters
    ----------
    design
        A cylinder with rings.
    edge_mm
        Longest step along and round the lead.
    """
    radius = design.backing.width_mm / 2
    sides = max(SIDES, 4 * int(np.ceil(2 * np.pi * radius / edge_mm / 4)))
    step = min(edge_mm, SLENDER * 2 * np.pi * radius / sides)
    places = _places(design, step)
    tail, tip = (_ring(radius, v, sides) for v in (places[0][0], places[-1][-1]))
    body = [_ring(radius, v, sides) for stretch in places for v in stretch[:-1]]
    skin = _corners([*_end(tail, -1.0, 0.0)[::-1], *body, tip, *_end(tip, 1.0, radius)])
    along = skin[:, :, 1].mean(axis=1)
    bare = np.ones(len(skin), dtype=bool)
    for contact in design.contacts:
        low, high = _ends(contact)
        covered = (along > low) & (along < high)
        bare &= ~covered
        yield skin[covered], contact.name, None
        inner = _ring_stack(radius, design.metal_mm, next(s for s in places if s[0] == low), sides)
        yield _corners([_pole(inner[0]), *inner, _pole(inner[-1])])[sides:-sides], BACKING, contact.name
    yield skin[bare], BACKING, None


def _ends(contact: Contact) -> tuple[float, float]:
    """Return v of a ring's ends."""
    return contact.v_mm - contact.length_mm / 2, contact.v_mm + contact.length_mm / 2


def _places(design: LeadDesign, step: float) -> list[FloatArray]:
    """Return v of the rings of vertices from the tail to the tip's base, by stretches that begin or end a contact."""
    backing = design.backing
    low, high = (backing.middle_mm + sign * backing.length_mm / 2 for sign in (-1, 1))
    breaks = [low, high - backing.width_mm / 2, *(end for contact in design.contacts for end in _ends(contact))]
    return [np.linspace(a, b, max(1, int(np.ceil((b - a) / step - 1e-6))) + 1) for a, b in pairwise(sorted(breaks))]


def _ring(radius: float, v: float, sides: int, depth: float = 0.0) -> Ring:
    """Return vertices round the lead, ``depth`` below its skin, from the one nearest the tissue on.

    They run anticlockwise seen from the tip: v, w and u are right-handed in this order. On the skin, w starts from 0.
    """
    angle = 2 * np.pi * np.arange(sides) / sides
    inner = radius - depth
    return Ring(np.stack([-inner * np.sin(angle), np.full(sides, v), radius - inner * np.cos(angle)], axis=1), 0.0)


def _end(rim: Ring, sign: float, height_mm: float) -> list[Ring]:
    """Return the rings that close an end."""
    return cap(rim, np.array([0.0, sign, 0.0]), height_mm)


def _pole(rim: Ring) -> Ring:
    """Return the middle of a ring."""
    return Ring(rim.points.mean(axis=0)[None], 0.0)


def _ring_stack(radius: float, metal: float, stretch: FloatArray, sides: int) -> list[Ring]:
    """Return the rings from a contact's tail end on the skin, under its metal, to its tip end on the skin."""
    under = [_ring(radius, v, sides, metal) for v in stretch]
    return [_ring(radius, stretch[0], sides), *under, _ring(radius, stretch[-1], sides)]


def _corners(rings: list[Ring]) -> FloatArray:
    """Return the triangles (k, 3, 3) of the closed surface through rings."""
    points, faces = zip_rings(rings)
    return np.asarray(points[faces])
