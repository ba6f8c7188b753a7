"""The outlines of a paddle and of its contacts, as loops of vertices on the face."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.leads.design import Backing, Contact
from spinemodel.leads.plane_mesh import divided

DISC_SIDES: Final = 16
"""Fewest sides of a disc, whatever the edge. A choice: its radius is then right to 2 %."""

CORNER_SIDES: Final = 3
"""Fewest sides of a rounded corner. A choice."""


def contact_outline(contact: Contact, edge_mm: float) -> FloatArray:
    """Return the outline (k, 2) of a contact on a paddle, (u, v) mm, anticlockwise.

    A rectangle has its own corners. A disc is a regular polygon of the disc's area, since the area decides the density
    of the current: n sides of circumradius R have n R^2 sin(2 pi / n) / 2.

    Parameters
    ----------
    contact
        A rectangle or a disc.
    edge_mm
        Longest side.

    Examples
    --------
    >>> len(contact_outline(Contact("C1", "rectangle", 0, 0, 1.5, 4), 0.5))
    22
    """
    middle = np.array([contact.u_mm, contact.v_mm])
    if contact.outline == "rectangle":
        half = np.array([contact.width_mm, contact.length_mm]) / 2
        return divided(middle + half * [[-1, -1], [1, -1], [1, 1], [-1, 1]], edge_mm)
    sides = max(DISC_SIDES, int(np.ceil(np.pi * contact.width_mm / edge_mm)))
    radius = contact.width_mm / 2 * np.sqrt(2 * np.pi / sides / np.sin(2 * np.pi / sides))
    angle = 2 * np.pi * np.arange(sides) / sides
    return np.asarray(middle + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def paddle_outline(backing: Backing, edge_mm: float) -> FloatArray:
    """Return the outline (k, 2) of a paddle, (u, v) mm, anticlockwise; the vertices of its round corners lie on them.

    Examples
    --------
    >>> paddle_outline(Backing("paddle", 4, 2, 1), 2.0).tolist()
    [[1.0, -2.0], [1.0, 0.0], [1.0, 2.0], [-1.0, 2.0], [-1.0, 0.0], [-1.0, -2.0]]
    """
    half = np.array([backing.width_mm, backing.length_mm]) / 2
    middle, radius = np.array([0.0, backing.middle_mm]), backing.corner_mm
    quarters = np.array([[1.0, -1], [1, 1], [-1, 1], [-1, -1]])
    sides = max(CORNER_SIDES, int(np.ceil(radius * np.pi / 2 / edge_mm))) if radius else 0
    corners = []
    for i, quarter in enumerate(quarters):
        angle = (i - 1 + np.arange(sides + 1) / max(sides, 1)) * np.pi / 2
        corners.append(quarter * (half - radius) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    loop = np.vstack(corners)
    apart = np.linalg.norm(np.roll(loop, -1, axis=0) - loop, axis=1) > 1e-9
    return divided(middle + loop[apart], edge_mm)
