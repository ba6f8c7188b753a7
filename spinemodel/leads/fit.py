"""How a placed lead fits: clearances, contacts, bending, and a verdict with its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spinemodel.anatomy.axis import locate
from spinemodel.anatomy.segments import Span, spans_over
from spinemodel.leads.clearances import Clearance, Place, clearance
from spinemodel.leads.lead import Lead
from spinemodel.leads.site import Site
from spinemodel.leads.smooth_line import curvature_along
from spinemodel.leads.under_contacts import ContactFit, contact_fits

TOUCH_MM: Final = 0.01
"""Depth that counts as touching: a tenth of a voxel of the finest spine MRI is ten times as much. A choice."""

BEND_MM: Final = 2.5
"""Half the length over which bending is measured. A choice: a paddle's thickness."""

STRAIGHT_MM: Final = 10_000.0
"""A radius beyond this is straight: over a lead of 60 mm it is 0.05 mm of bow."""

_WHERE: Final = {
    "dura": "lies in the dura",
    "cord": "lies in the cord",
    "bone": "lies in bone",
    "disc": "lies in a disc",
    "canal": "leaves the canal",
    "domain": "leaves the model's domain",
}
"""What it means to be on the wrong side of a wall."""


@dataclass(frozen=True)
class Bend:
    """Where a lead bends most along its length.

    Attributes
    ----------
    radius_mm
        Least radius of the line u = 0 of its face; None where it is straight.
    v_mm
        Place along the lead.
    at
        RAS mm.
    """

    radius_mm: float | None
    v_mm: float
    at: Place


@dataclass(frozen=True)
class Fit:
    """How a lead fits.

    Attributes
    ----------
    clearances
        To each wall that the model has.
    contacts
        In the design's order.
    bend
        Where it bends most.
    faults
        Why it does not fit, one phrase each.
    notes
        What should be known when it is judged, one sentence each.
    """

    clearances: tuple[Clearance, ...]
    contacts: tuple[ContactFit, ...]
    bend: Bend
    faults: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def fit_of(lead: Lead, site: Site) -> Fit:
    """Return how a lead lies among a model's surfaces; nothing is changed."""
    clearances = tuple(clearance(lead, wall) for wall in site.walls)
    contacts = contact_fits(lead, site)
    s = locate(site.axis, lead.parts.vertices)[0]
    low, high = float(s.min()), float(s.max())
    faults = (*_crossings(clearances), *_beyond_dura(site, low, high))
    return Fit(clearances, contacts, bend_of(lead), faults, _notes(lead, site, clearances, low, high))


def bend_of(lead: Lead) -> Bend:
    """Return the least radius to which a lead is bent along its length, and where."""
    v, body = lead.ribbon.v, lead.parts.vertices
    curvature = curvature_along(v, lead.ribbon.frames[:, 1], BEND_MM)
    curvature[(v < v[0] + BEND_MM) | (v > v[-1] - BEND_MM)] = 0.0
    most = int(curvature.argmax())
    x, y, z = lead.ribbon.points[most].tolist() if len(body) else (0.0, 0.0, 0.0)
    radius = 1 / max(float(curvature[most]), 1e-12)
    return Bend(radius if radius < STRAIGHT_MM else None, float(v[most]), (x, y, z))


def _crossings(clearances: tuple[Clearance, ...]) -> tuple[str, ...]:
    """Return a fault for every wall that the lead crosses."""
    faults = []
    for one in clearances:
        if one.mm is not None and one.at is not None and one.mm < -TOUCH_MM:
            x, y, z = one.at
            faults.append(
                f"{one.part} {_WHERE.get(one.to, f'crosses {one.to}')} by {-one.mm:.2f} mm "
                f"({one.crossing_mm3:.1f} mm3 of the lead) at x {x:.1f}, y {y:.1f}, z {z:.1f}"
            )
    return tuple(faults)


def _beyond_dura(site: Site, low: float, high: float) -> tuple[str, ...]:
    """Return a fault for each end of the lead under which there is no dura, from its extent along the axis."""
    bottom, top = site.dura_extent
    over = {"upper": high - top, "lower": bottom - low}
    return tuple(
        f"the lead reaches {mm:.1f} mm beyond the {end} end of the dura; there it goes on straight"
        for end, mm in over.items()
        if mm > TOUCH_MM
    )


def _notes(lead: Lead, site: Site, clearances: tuple[Clearance, ...], low: float, high: float) -> tuple[str, ...]:
    """Return what the verdict rests on: extrapolated parts, what the model lacks, an unverified design."""
    notes = [*site.notes]
    if low < site.dura_from_mm:
        notes.append(f"the dura under the lowest {site.dura_from_mm - low:.1f} mm of the lead was not drawn: "
                     "extrapolated")  # fmt: skip
    tables = [one.to for one in clearances if one.origin == "extrapolated"]
    if tables:
        notes.append(f"{', '.join(tables)}: extrapolated from tables, not this subject's own; so is the clearance")
    derived = [one.to for one in clearances if one.origin == "derived" and one.to == "canal"]
    if derived:
        notes.append("canal: derived from the dura with clearances and sizes from tables; its room is not measured")
    for kind, spans in (("spinal segments", site.spinal), ("vertebral levels", site.vertebral)):
        unmarked = _extrapolated(spans_over(spans, low, high))
        if unmarked:
            notes.append(f"{kind} beside the lead that nobody marked: {', '.join(unmarked)}")
    if not lead.design.verified:
        notes.append(f"{lead.design.name}: its sizes are not verified ({lead.design.source})")
    return tuple(notes)


def _extrapolated(spans: tuple[Span, ...]) -> list[str]:
    """Return the names of extrapolated levels, discs left out."""
    return [span.name for span in spans if span.origin == "extrapolated" and "/" not in span.name]
