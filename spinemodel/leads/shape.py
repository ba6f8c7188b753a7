"""A lead as a mesh, straight and flat, in its own coordinates."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.leads.checks import check_design
from spinemodel.leads.cylinder import cylinder_faces
from spinemodel.leads.design import LeadDesign
from spinemodel.leads.lead import BACKING
from spinemodel.leads.outlines import contact_outline, paddle_outline
from spinemodel.leads.plane_mesh import PlaneMesh, rim, triangulate

EDGE_MM: Final = 0.5
"""Edge to aim at. A choice: a third of the width of the narrowest contacts in use."""

STEEPEST: Final = 3.0
"""Longest side of a contact's outline in thicknesses of its metal: its wall then has no angle below 18 degrees."""

FINEST: Final = 0.25
"""Shortest side of a contact's outline in edges, however thin the metal, so that thin metal stays affordable."""


MOST: Final = 1e6
"""Triangles beyond which a lead is refused: an edge so short is a slip, and would take the memory."""


class Faces(NamedTuple):
    """Triangles (k, 3, 3) mm that all lie between the same two labels: the one inside, and the one outside."""

    corners: FloatArray
    inside: str | None
    outside: str | None


def shape(design: LeadDesign, edge_mm: float = EDGE_MM) -> Partition:
    """Return a lead as a conforming mesh in its own coordinates (u, v, w) mm, space ``lead/<name>``.

    Labels are ``Backing`` and the contacts' names. A contact is a plate of ``metal_mm`` whose face is flush with the
    backing's, w = 0; on a cylinder it is a tube flush with the skin, and only its line nearest the tissue has w = 0.
    Rectangles are exact; a disc is a polygon of its exact area; the vertices of a paddle's round corners and of a
    cylinder lie on the circle. A cylinder ends flat towards the tail and as half a sphere at the tip.

    Parameters
    ----------
    design
        A lead that passes :func:`~spinemodel.leads.checks.check_design`.
    edge_mm
        Length of edges to aim at. Edges on the face reach 1.4 times that; thin metal and cylinders have shorter ones.

    Raises
    ------
    InputError
        If the lead cannot exist, or ``edge_mm`` is not a positive number or needs a million triangles.

    Examples
    --------
    >>> from spinemodel.anatomy.compartments import volumes
    >>> from spinemodel.leads.design import Backing, Contact
    >>> plate = Backing("paddle", length_mm=10, width_mm=4, thickness_mm=1)
    >>> contact = Contact("C1", "rectangle", u_mm=0, v_mm=0, width_mm=2, length_mm=3)
    >>> parts = shape(LeadDesign("tiny", "", plate, (contact,), 0.1, "made up", False))
    >>> {name: round(mm3, 6) for name, mm3 in volumes(parts).items()}
    {'Backing': 39.4, 'C1': 0.6}
    """
    check_design(design)
    _require_edge(design, edge_mm)
    faces = _paddle(design, edge_mm) if design.backing.form == "paddle" else _cylinder(design, edge_mm)
    return _joined(f"lead/{design.name}", faces, (BACKING, *(contact.name for contact in design.contacts)))


def _require_edge(design: LeadDesign, edge_mm: float) -> None:
    """Refuse edges that are no length, or that would need too many triangles."""
    backing = design.backing
    if not 0 < edge_mm < np.inf:
        raise InputError(f"lead {design.name}: edge_mm: got {edge_mm:g}, expected a positive number of mm")
    girth = 2 * (backing.width_mm + backing.thickness_mm)
    least = float(np.sqrt(backing.length_mm * girth / (np.sqrt(3) / 4) / MOST))
    if edge_mm < least:
        raise InputError(f"lead {design.name}: edge_mm: got {edge_mm:g}, expected {least:.2g} mm or more")


def _cylinder(design: LeadDesign, edge_mm: float) -> list[Faces]:
    """Return the faces of a percutaneous lead."""
    return [Faces(*faces) for faces in cylinder_faces(design, edge_mm)]


def _paddle(design: LeadDesign, edge_mm: float) -> list[Faces]:
    """Return the faces of a paddle; one triangulation serves its face, the depth of the metal and its back."""
    backing, metal = design.backing, design.metal_mm
    fine = min(edge_mm, max(STEEPEST * metal, FINEST * edge_mm))
    outlines = [contact_outline(contact, fine) for contact in design.contacts]
    plane = triangulate([paddle_outline(backing, edge_mm), *outlines], edge_mm)
    depth = backing.thickness_mm
    around = rim(plane.triangles)
    faces = [
        Faces(_at(plane, plane.triangles, depth), BACKING, None),
        Faces(_wall(plane, around, np.linspace(0, depth, _steps(depth, edge_mm))), BACKING, None),
        Faces(_at(plane, _of(plane, 0)[:, ::-1], 0.0), BACKING, None),
    ]
    for i, contact in enumerate(design.contacts, start=1):
        own = _of(plane, i)
        faces += [
            Faces(_at(plane, own[:, ::-1], 0.0), contact.name, None),
            Faces(_at(plane, own, metal), contact.name, BACKING),
            Faces(_wall(plane, rim(own), np.linspace(0, metal, _steps(metal, edge_mm))), contact.name, BACKING),
        ]
    return faces


def _steps(length: float, edge_mm: float) -> int:
    """Return how many places cut a length into steps of about an edge."""
    return max(1, round(length / edge_mm)) + 1


def _of(plane: PlaneMesh, region: int) -> IntArray:
    """Return the triangles in a loop."""
    return np.asarray(plane.triangles[plane.region == region])


def _at(plane: PlaneMesh, triangles: IntArray, w: float) -> FloatArray:
    """Return the corners (k, 3, 3) of plane triangles at a depth."""
    return np.asarray(np.pad(plane.points, ((0, 0), (0, 1)), constant_values=w)[triangles])


def _wall(plane: PlaneMesh, edges: IntArray, depths: FloatArray) -> FloatArray:
    """Return the corners (k, 3, 3) of the wall that stands on edges, looking to the right of them."""
    layers = np.stack([np.pad(plane.points, ((0, 0), (0, 1)), constant_values=w) for w in depths])
    a, b = layers[:, edges[:, 0]], layers[:, edges[:, 1]]
    lower = np.stack([a[:-1], b[:-1], b[1:]], axis=2)
    upper = np.stack([a[:-1], b[1:], a[1:]], axis=2)
    return np.concatenate([lower, upper]).reshape(-1, 3, 3)


def _joined(space: str, faces: list[Faces], labels: tuple[str, ...]) -> Partition:
    """Return faces as one partition; corners at exactly the same place become one vertex."""
    number = {None: OUTSIDE} | {label: i for i, label in enumerate(labels, start=1)}
    corners = np.concatenate([part.corners for part in faces])
    sides = [np.tile([number[part.inside], number[part.outside]], (len(part.corners), 1)) for part in faces]
    vertices, index = np.unique(corners.reshape(-1, 3) + 0.0, axis=0, return_inverse=True)
    return Partition(space, vertices, index.reshape(-1, 3), np.concatenate(sides), labels)
