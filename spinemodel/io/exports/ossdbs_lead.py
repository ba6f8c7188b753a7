"""A lead as OSS-DBS can hold it: straight and round, with rings of one length at one pitch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.leads.design import Contact, LeadDesign
from spinemodel.leads.lead import Lead, to_space

MODEL: Final = "BF08R_SP05X_0BHCustom"
"""Of all lead models of OSS-DBS 0.5 (``ossdbs/electrodes``) the one with any number of rings, a free length of tip, and
a first gap of its own: a row of rings on a shaft with a round tip, whatever its name says; ``Custom`` takes parameters.
"""

SAME_MM: Final = 1e-3
"""Lengths and gaps that differ by less are equal."""

FARTHEST_MM: Final = 2.0
"""Most by which a ring may lie beside its place on the straight lead. A choice: half the height of the space that such
a lead lies in; beyond it the dura or bone would be pierced unseen."""


@dataclass(frozen=True, eq=False)
class StraightLead:
    """A straight lead in the subject's space.

    Attributes
    ----------
    rings
        Contacts from the tip on: number k + 1 of OSS-DBS is ``rings[k]``.
    tip, direction
        (3,) mm of the tip, and the unit vector from there along the lead.
    middles
        (n, 3) mm of the rings on the straight lead.
    beside_mm
        (n,) distances of those from the rings of the lead as placed.
    parameters
        ``CustomParameters`` of OSS-DBS, mm.
    """

    rings: tuple[Contact, ...]
    tip: FloatArray
    direction: FloatArray
    middles: FloatArray
    beside_mm: FloatArray
    parameters: dict[str, Any]

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("tip", "direction", "middles", "beside_mm"):
            object.__setattr__(self, name, freeze(getattr(self, name)))


def straight_lead(lead: Lead) -> StraightLead:
    """Return the straight lead whose rings lie nearest to those of a lead, in least squares.

    Raises
    ------
    InputError
        If OSS-DBS has no model of such a lead, or the lead is bent too much to be taken for straight.
    """
    rings = _rings(lead.design)
    deep = lead.design.backing.thickness_mm / 2
    along = np.array([ring.v_mm for ring in rings])
    places = to_space(lead.ribbon, np.stack([np.zeros_like(along), along, np.full_like(along, deep)], axis=1))
    direction, first = _line(lead, along, places)
    middles = first + (along[0] - along)[:, None] * direction
    beside = np.linalg.norm(middles - places, axis=1)
    if beside.max() > FARTHEST_MM:
        raise InputError(
            f"lead {lead.design.name}: bent, its rings lie up to {beside.max():.1f} mm beside a straight lead; OSS-DBS "
            f"has straight leads only, and more than {FARTHEST_MM:g} mm would be another lead; use --to gmsh or simnibs"
        )
    parameters = _parameters(lead.design, rings)
    reach = parameters["tip_length"] + rings[0].length_mm / 2
    return StraightLead(rings, first - reach * direction, direction, middles, beside, parameters)


def _line(lead: Lead, along: FloatArray, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the direction from the tip backwards, and the place of the first ring, of the line through all."""
    if len(along) == 1:
        ends = to_space(lead.ribbon, np.array([[0, along[0] + 0.5, 0], [0, along[0] - 0.5, 0]]))
        return np.asarray((ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])), places[0]
    middle = places.mean(axis=0)
    way = np.linalg.svd(places - middle)[2][0]
    way = way * np.sign(way @ (places[-1] - places[0]))
    return way, middle - (along[0] - along.mean()) * way


def _rings(design: LeadDesign) -> tuple[Contact, ...]:
    """Return the contacts from the tip on, if they are what OSS-DBS can hold."""
    if design.backing.form != "cylinder" or any(contact.outline != "ring" for contact in design.contacts):
        raise InputError(
            f"lead {design.name}: a {design.backing.form}; OSS-DBS has round leads with rings only; place a "
            "percutaneous lead (spinemodel leads list), or use --to gmsh or simnibs for this one"
        )
    rings = tuple(sorted(design.contacts, key=lambda ring: -ring.v_mm))
    lengths, gaps = {ring.length_mm for ring in rings}, _gaps(rings)
    if max(lengths) - min(lengths) > SAME_MM or np.ptp(gaps[1:] or [0.0]) > SAME_MM:
        told = ", ".join(f"{length:g}" for length in sorted(lengths))
        raise InputError(
            f"lead {design.name}: rings of {told} mm with gaps of {', '.join(f'{gap:g}' for gap in gaps)} mm; OSS-DBS "
            "has rings of one length, and one gap after the first two; use --to gmsh or simnibs"
        )
    return rings


def _gaps(rings: tuple[Contact, ...]) -> list[float]:
    """Return the insulated lengths between neighbouring rings, mm."""
    return [a.v_mm - b.v_mm - (a.length_mm + b.length_mm) / 2 for a, b in pairwise(rings)]


def _parameters(design: LeadDesign, rings: tuple[Contact, ...]) -> dict[str, Any]:
    """Return the parameters of the lead's model; the tip holds at least its half sphere."""
    backing, gaps = design.backing, _gaps(rings)
    radius = backing.thickness_mm / 2
    tip = backing.middle_mm + backing.length_mm / 2 - rings[0].v_mm - rings[0].length_mm / 2
    first = round(gaps[0], 6) if gaps else 0.0
    return {
        "tip_length": round(max(tip, radius), 6),
        "contact_length": rings[0].length_mm,
        "contact_spacing": round(gaps[1], 6) if len(gaps) > 1 else first,
        "first_contact_spacing": first,
        "lead_diameter": backing.thickness_mm,
        # The shaft begins at the round tip's centre and is total_length - tip_length long.
        "total_length": round(backing.length_mm - radius + max(tip, radius), 6),
        "n_contacts": len(rings),
    }
