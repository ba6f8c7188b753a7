"""A lead's parts in the subject's space: its shape carried along its ribbon."""

from __future__ import annotations

import numpy as np

from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.leads.design import LeadDesign
from spinemodel.leads.lead import Lead, Ribbon, to_space
from spinemodel.leads.shape import shape
from spinemodel.leads.site import region


def lead_on(design: LeadDesign, ribbon: Ribbon) -> Lead:
    """Return the lead of a design on a ribbon; the same two give the same parts."""
    return carried(design, ribbon, shape(design))


def carried(design: LeadDesign, ribbon: Ribbon, own: Partition) -> Lead:
    """Return the lead whose shape ``own``, in the lead's coordinates, lies on a ribbon."""
    vertices = to_space(ribbon, own.vertices)
    return Lead(design, ribbon, Partition(ribbon.space, vertices, own.faces, own.sides, own.labels))


def body_of(lead: Lead) -> Surface:
    """Return the lead's whole outer surface."""
    return region(lead.parts, lead.parts.labels, lead.design.name)


def face_of(lead: Lead, contact: str) -> IntArray:
    """Return the faces (k, 3) of a contact that the backing does not cover.

    Raises
    ------
    InputError
        If the lead has no such contact, or it shows no face.
    """
    if contact not in lead.parts.labels:
        raise InputError(f"{lead.design.name}: no contact {contact}; there are {', '.join(lead.parts.labels)}")
    number = lead.parts.labels.index(contact) + 1
    one, other = lead.parts.sides.T
    shown = ((one == number) & (other == OUTSIDE)) | ((other == number) & (one == OUTSIDE))
    if not shown.any():
        raise InputError(f"{lead.design.name}: the backing covers contact {contact}; expected a face that shows")
    return np.asarray(lead.parts.faces[shown])


def part_beside(lead: Lead, point: FloatArray) -> str:
    """Return the part whose vertex is nearest to a point (3,); of several at one vertex a contact."""
    vertex = int(((lead.parts.vertices - point) ** 2).sum(axis=1).argmin())
    touching = (lead.parts.faces == vertex).any(axis=1)
    numbers = sorted({int(k) for k in lead.parts.sides[touching].ravel() if k != OUTSIDE})
    names = [lead.parts.labels[k - 1] for k in numbers]
    contacts = {contact.name for contact in lead.design.contacts}
    return next((name for name in names if name in contacts), names[0])
