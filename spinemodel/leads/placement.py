"""A lead placed on a model's dura, with a report of how it fits; nothing of the model is carved or moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.compartments import OUTSIDE, Partition
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.leads.design import LeadDesign
from spinemodel.leads.fit import Fit, fit_of
from spinemodel.leads.lead import Lead
from spinemodel.leads.parts import carried
from spinemodel.leads.seat import seat
from spinemodel.leads.shape import shape
from spinemodel.leads.site import Site
from spinemodel.leads.track import OPTIONS, Course, Keys, Target, track_over

GAP_MM: Final = 0.1
"""Between the lead and the dura where nobody says otherwise: it lies on the dura and nothing is pressed. A choice."""

MOST_GAP_MM: Final = 10.0
"""No canal holds more; a gap beyond it is a slip of units."""


@dataclass(frozen=True)
class Placed:
    """A lead in a model.

    Attributes
    ----------
    lead
        What was placed, and where.
    target, course, gap_mm
        What was asked for.
    fit
        How it lies.
    """

    lead: Lead
    target: Target
    course: Course
    gap_mm: float
    fit: Fit


def place(
    design: LeadDesign,
    site: Site,
    target: Target,
    course: Course | None = None,
    gap_mm: float = GAP_MM,
    own: Partition | None = None,
    *,
    keys: Keys = OPTIONS,
) -> Placed:
    """Return a lead that lies on the dura, and how it fits.

    v = 0 lies at the target, the tip towards the head. Along its length the lead follows the dura smoothly; across, it
    takes the curvature that its stiffness lets it take; it is lifted by the least that leaves the gap everywhere.

    Parameters
    ----------
    design
        What to place.
    site
        The model.
    target
        Where.
    course
        Offsets, turn, side and midline; by default none, dorsal, that of the cord.
    gap_mm
        Between the lead and the dura's outer face.
    own
        Shape of the design, where it is at hand.
    keys
        What errors call the place and the side.

    Raises
    ------
    InputError
        If the gap is not a length that a canal can hold, or the target and the course leave the dura.
    """
    if not 0 <= gap_mm <= MOST_GAP_MM:
        raise InputError(f"gap {gap_mm:g} mm: expected 0 to {MOST_GAP_MM:g}")
    course, own = course or Course(), own or shape(design)
    v = own.vertices[:, 1]
    track = track_over(site, target, course, float(v.min()), float(v.max()), design.backing.width_mm, keys)
    ribbon = seat(site.space, track, site.sac, design.backing, _lower_half(own, design), gap_mm)
    lead = carried(design, ribbon, own)
    return Placed(lead, target, course, gap_mm, fit_of(lead, site))


def _lower_half(own: Partition, design: LeadDesign) -> FloatArray:
    """Return dense points (k, 3) of the lower half of a lead's skin, and its two ends, in its own coordinates."""
    skin = own.faces[(own.sides == OUTSIDE).any(axis=1)]
    ends = own.vertices[[own.vertices[:, 1].argmin(), own.vertices[:, 1].argmax()]]
    points = np.vstack([own.vertices[np.unique(skin)], own.vertices[skin].mean(axis=1)])
    return np.vstack([points[points[:, 2] <= design.backing.thickness_mm / 2], ends])
