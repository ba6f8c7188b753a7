"""What lies under each contact of a lead: the gap to the dura, root entries, the nearest root and the levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemodel.anatomy.axis import locate
from spinemodel.anatomy.segments import Span
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from spinemodel.leads.clearances import FARTHEST_MM
from spinemodel.leads.lead import Lead
from spinemodel.leads.near import Near, distances, least, near
from spinemodel.leads.parts import face_of
from spinemodel.leads.site import Site, span_beside


@dataclass(frozen=True)
class EntryZone:
    """A dorsal root that enters the cord within a contact's extent along it.

    Attributes
    ----------
    root
        Such as ``L2_R``.
    rootlets
        How many of its rootlets enter there; 1 for a root without rootlets.
    lateral_mm
        From the contact's middle to the nearest of these entries, to the subject's right.
    """

    root: str
    rootlets: int
    lateral_mm: float


@dataclass(frozen=True)
class ContactFit:
    """How a contact lies.

    Attributes
    ----------
    name
        Of the contact.
    at
        Middle of its face, RAS mm.
    gap_mm
        Least, mean and greatest distance of its face from the dura's outer face.
    segment, vertebra
        Spinal segment and vertebra, or disc, beside its middle; empty where there is none.
    segment_origin, vertebra_origin
        ``annotated``, ``derived`` or ``extrapolated``; empty with no level.
    entries
        Root entry zones within its extent along the cord.
    nearest_root, nearest_root_mm
        The root nearest to its face; empty and None without one within 20 mm.
    """

    name: str
    at: tuple[float, float, float]
    gap_mm: tuple[float, float, float]
    segment: str
    segment_origin: str
    vertebra: str
    vertebra_origin: str
    entries: tuple[EntryZone, ...]
    nearest_root: str
    nearest_root_mm: float | None


def contact_fits(lead: Lead, site: Site) -> tuple[ContactFit, ...]:
    """Return how every contact of a lead lies, in the design's order."""
    entries = {name: locate(site.axis, points)[:2] for name, points in site.entries.items() if len(points)}
    points = lead.parts.vertices
    sac = near(site.sac, points, FARTHEST_MM)
    if sac is None:
        raise GeometryError(f"{lead.design.name}: lies more than {FARTHEST_MM:g} mm from the dura; expected on it")
    roots = {name: near(root, points, FARTHEST_MM) for name, root in site.near_roots.items()}
    beside = {name: root for name, root in roots.items() if root}
    return tuple(_fit(lead, site, contact.name, entries, sac, beside) for contact in lead.design.contacts)


def _fit(
    lead: Lead,
    site: Site,
    name: str,
    entries: Mapping[str, tuple[FloatArray, FloatArray]],
    sac: Near,
    roots: Mapping[str, Near],
) -> ContactFit:
    """Return how one contact lies."""
    faces = face_of(lead, name)
    corners = lead.parts.vertices[faces]
    points = lead.parts.vertices[np.unique(faces)]
    middles = corners.mean(axis=1)
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    gap = distances(sac, np.vstack([points, middles]))[0]
    mean = float(np.average(gap[len(points):], weights=areas))  # fmt: skip
    middle = np.average(middles, axis=0, weights=areas)
    s, right, _ = locate(site.axis, np.vstack([middle, points]))
    segment, vertebra = (span_beside(spans, float(s[0])) for spans in (site.spinal, site.vertebral))
    root, distance = _nearest_root(roots, points)
    return ContactFit(
        name,
        (float(middle[0]), float(middle[1]), float(middle[2])),
        (float(gap.min()), mean, float(gap.max())),
        *_told(segment),
        *_told(vertebra),
        _zones(entries, float(s[1:].min()), float(s[1:].max()), float(right[0])),
        root,
        distance,
    )


def _told(span: Span | None) -> tuple[str, str]:
    """Return a level's name and origin."""
    return (span.name, span.origin) if span else ("", "")


def _zones(
    entries: Mapping[str, tuple[FloatArray, FloatArray]], low: float, high: float, right: float
) -> tuple[EntryZone, ...]:
    """Return the roots that enter between two places along the axis, nearest first."""
    zones = []
    for name, (s, beside) in entries.items():
        within = beside[(s >= low) & (s <= high)] - right
        if len(within):
            zones.append(EntryZone(name, len(within), float(within[np.abs(within).argmin()])))
    return tuple(sorted(zones, key=lambda zone: abs(zone.lateral_mm)))


def _nearest_root(roots: Mapping[str, Near], points: FloatArray) -> tuple[str, float | None]:
    """Return the root nearest to any of the points, and its distance, mm; none beyond ``FARTHEST_MM``."""
    found = {name: least(root, points)[0] for name, root in roots.items()}
    best = min(found, key=lambda name: found[name], default="")
    return (best, found[best]) if best and found[best] <= FARTHEST_MM else ("", None)
