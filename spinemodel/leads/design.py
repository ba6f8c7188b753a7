"""What an electrode lead is: its backing and its contacts, in the lead's own coordinates.

Lead coordinates are (u, v, w) in mm: v runs along the lead towards its tip, u across it, and w is the depth below the
face that the contacts show: 0 on that face, positive into the backing. (u, v, w) is right-handed. On the dorsal side
of a dura, tip towards the head, u points to the subject's right and w dorsally. u = 0 is the middle of the lead and
v = 0 the middle of the contacts' extent along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["paddle", "cylinder"]
Outline: TypeAlias = Literal["rectangle", "disc", "ring"]


@dataclass(frozen=True)
class Backing:
    """The insulating body of a lead.

    Attributes
    ----------
    form
        ``paddle``: a plate with rounded corners; ``cylinder``: a round lead with a round tip.
    length_mm
        Along v, of the whole body that is modelled.
    width_mm
        Across; a cylinder's diameter.
    thickness_mm
        Along w; a cylinder's diameter.
    middle_mm
        v of the body's middle.
    corner_mm
        Radius of a paddle's corners.
    radius_across_mm
        Radius to which a paddle is curved across, its contacts inside, when nothing bends it; infinite if flat.
    stiffness_across
        From 0, a paddle that takes the curvature of what it lies on, to 1, one that keeps its own.
    """

    form: Form
    length_mm: float
    width_mm: float
    thickness_mm: float
    middle_mm: float = 0.0
    corner_mm: float = 0.0
    radius_across_mm: float = inf
    stiffness_across: float = 1.0


@dataclass(frozen=True)
class Contact:
    """One electrode contact, whose face is flush with the backing's.

    Attributes
    ----------
    name
        Such as ``C1``.
    outline
        ``rectangle`` or ``disc`` on a paddle, ``ring`` on a cylinder.
    u_mm, v_mm
        Of its middle; u is 0 for a ring.
    width_mm, length_mm
        Across and along; of a disc both are its diameter, of a ring the width is the lead's diameter.
    """

    name: str
    outline: Outline
    u_mm: float
    v_mm: float
    width_mm: float
    length_mm: float


@dataclass(frozen=True)
class LeadDesign:
    """A lead as its maker, or its user, describes it.

    Attributes
    ----------
    name
        In commands and files, such as ``specify-5-6-5``.
    title
        For people, with the maker's model numbers.
    backing, contacts
        Its parts.
    metal_mm
        Thickness of the contacts, which lie in the backing.
    source
        Where each number comes from.
    verified
        Whether a document that states the numbers was read.
    """

    name: str
    title: str
    backing: Backing
    contacts: tuple[Contact, ...]
    metal_mm: float
    source: str
    verified: bool
