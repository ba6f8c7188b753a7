"""How far a lead stays from what is around it, over its whole body, or how deep it lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from spinemodel.anatomy.proximity import nearest
from spinemodel.anatomy.solids import NOTHING_MM3, to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.leads.lead import Lead
from spinemodel.leads.near import Near, distances, least, near, whole
from spinemodel.leads.parts import body_of, part_beside
from spinemodel.leads.site import Wall

FARTHEST_MM: Final = 20.0
"""Clearances beyond this are not measured: a canal is about as wide."""

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Clearance:
    """The least distance between a lead and a wall.

    Attributes
    ----------
    to
        The wall: ``dura``, ``cord``, ``bone``, ``disc``, ``canal`` or ``domain``.
    mm
        Negative is the depth of the deepest point of either on the other's side; None beyond ``FARTHEST_MM``.
    at
        Where, RAS mm; None with no distance.
    part
        Of the lead, the nearest or deepest.
    crossing_mm3
        Volume of the lead on the wrong side.
    origin
        Where the wall comes from: ``annotated``, ``derived``, ``extrapolated``; empty where nothing says.
    """

    to: str
    mm: float | None
    at: Place | None
    part: str
    crossing_mm3: float
    origin: str = ""


def clearance(lead: Lead, wall: Wall) -> Clearance:
    """Return the least distance between the whole body of a lead and a wall.

    Whether they cross is told by exact booleans. Distances are those of the vertices of each to the surface of the
    other; the lead's lie half a millimetre apart.
    """
    body = body_of(lead)
    solid = to_solid(body)
    wrong = solid - wall.solid if wall.keeps == "in" else solid ^ wall.solid
    size = float(wrong.volume())
    beside = near(wall.near, body.vertices, FARTHEST_MM)
    found = _deepest(wrong, body, beside) if size > NOTHING_MM3 else _nearest(body, beside)
    if found is None:
        return Clearance(wall.name, None, None, "", size, wall.origin)
    mm, (x, y, z) = found[0], found[1].tolist()
    return Clearance(wall.name, mm, (x, y, z), part_beside(lead, found[1]), size, wall.origin)


def _deepest(wrong: Any, body: Surface, wall: Near | None) -> tuple[float, FloatArray]:
    """Return the negative depth of what lies on the wrong side, and where; of its points on either surface."""
    points = np.asarray(wrong.to_mesh64().vert_properties)[:, :3]
    if wall is None:
        return -FARTHEST_MM, points[0]
    own = whole(body)
    depth = np.maximum(*(np.abs(distances(one, points)[0]) for one in (own, wall)))
    deepest = int(depth.argmax())
    return -float(depth[deepest]), points[deepest]


def _nearest(body: Surface, wall: Near | None) -> tuple[float, FloatArray] | None:
    """Return the distance between two surfaces that do not cross, and the point of the lead there."""
    if wall is None:
        return None
    mm, which = least(wall, body.vertices)
    point = body.vertices[which]
    own, others = whole(body), wall.surface.surface.vertices
    other, which = least(own, others)
    if other < mm:
        mm, point = other, nearest(own.pieces, others[which][None])[1][0]
    return (mm, point) if mm <= FARTHEST_MM else None
