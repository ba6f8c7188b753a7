"""Leads on a real dura: a subject's, without tissues."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.axis import locate
from spinemodel.anatomy.build import build
from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.segments import Span
from spinemodel.io.bids import read_subject
from spinemodel.io.lead_catalogue import find_lead
from spinemodel.leads.placement import GAP_MM, place
from spinemodel.leads.shape import shape
from spinemodel.leads.site import Site, Wall
from spinemodel.leads.track import Course, Target

DESIGN = find_lead("specify-5-6-5")


@pytest.fixture(scope="module")
def own() -> Partition:
    return shape(DESIGN, 1.0)


@pytest.fixture(scope="module")
def subject(sub03: Path) -> Site:
    anatomy = build(read_subject(sub03))
    dura, cord = anatomy.surfaces["Dura"], anatomy.surfaces["Cord"]
    return Site(
        anatomy.axis.space,
        anatomy.axis,
        dura,
        cord,
        (Wall("dura", dura), Wall("cord", cord)),
        {name: anatomy.surfaces[name] for name in anatomy.centrelines},
        {name: np.array(line.points[:1]) for name, line in anatomy.centrelines.items()},
        anatomy.levels.segments,
        tuple(Span(one.name, one.bottom, one.top, one.origin) for one in anatomy.levels.vertebrae),
    )


@pytest.mark.parametrize("segment", ["L1", "L3", "S1"])
def test_a_paddle_lies_on_a_real_dura(segment: str, subject: Site, own: Partition) -> None:
    span = next(one for one in subject.spinal if one.name == segment)
    middle = (span.bottom + span.top) / 2
    placed = place(DESIGN, subject, Target(segment, segment, s=middle), own=own)
    clear = {one.to: one.mm for one in placed.fit.clearances}
    assert clear["dura"] == pytest.approx(GAP_MM, abs=0.03)
    assert clear["cord"] is not None
    assert clear["cord"] > 1.0
    assert placed.fit.fits
    at = np.array([contact.at for contact in placed.fit.contacts])
    s, right, dorsal = locate(subject.axis, at)
    # The middle between the middle column's ends is the place asked for; all contacts lie behind the axis.
    assert s[5:11].mean() == pytest.approx(middle, abs=0.5)
    assert (dorsal > 5.0).all()
    assert (np.diff(s[5:11]) < 0).all()
    assert right[11:].mean() - right[:5].mean() == pytest.approx(5.0, abs=0.2)
    assert max(contact.gap_mm[1] for contact in placed.fit.contacts) < 1.5
    bend = placed.fit.bend.radius_mm
    assert bend is None or bend > 60.0


def test_levels_and_entries_under_the_contacts(subject: Site, own: Partition) -> None:
    span = next(one for one in subject.spinal if one.name == "L3")
    placed = place(
        DESIGN, subject, Target("L3", "L3", s=(span.bottom + span.top) / 2), Course(midline="canal"), own=own
    )
    segments = [contact.segment for contact in placed.fit.contacts[5:11]]
    assert segments == sorted(segments, key=["L1", "L2", "L3", "L4", "L5", "S1", "S2"].index)
    roots = {zone.root for contact in placed.fit.contacts for zone in contact.entries}
    assert {"L2_L", "L2_R"} & roots
    assert all(contact.nearest_root for contact in placed.fit.contacts)
