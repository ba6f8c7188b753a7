"""The picture of a placed lead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.io.lead import colours_of
from spinemodel.io.lead_catalogue import find_lead
from spinemodel.io.lead_site import site_of, target_of
from spinemodel.leads.colours import CONTACTS
from spinemodel.leads.placement import place
from spinemodel.leads.shape import shape
from spinemodel.leads.track import Course
from spinemodel.report.lead import render_lead
from tests.leads.models import straight_model
from tests.leads.phantoms import paddle


def test_a_lead_is_drawn_with_its_section(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    model = straight_model(tmp_path / "sub-toy")
    design = paddle()
    placed = place(design, site_of(model), target_of("L1", model), own=shape(design, 1.0))
    path = tmp_path / "lead.png"
    render_lead(path, placed, model.surfaces, model.partition, model.levels.axis)
    picture = image.imread(path)[:, :, :3]
    assert picture.shape == (1400, 1700, 3)
    # The contact at the section's middle, in its own colour, and cord and dura beside each other in both views.
    section = picture[:, 1040:]
    assert (np.abs(section - np.array(CONTACTS[0])).max(axis=2) < 0.02).sum() > 100
    for view in (picture[:, :520], picture[:, 520:1040]):
        assert (view.min(axis=2) < 0.9).mean() > 0.05
    again = tmp_path / "again.png"
    render_lead(again, placed, model.surfaces, model.partition, model.levels.axis)
    assert again.read_bytes() == path.read_bytes()


def test_contacts_have_colours_of_their_own() -> None:
    design = paddle()
    model = colours_of(place_free(design))
    assert len({model[name] for name in ("Backing", "C1", "C2", "C3")}) == 4


def place_free(design):  # type: ignore[no-untyped-def]
    """Return a lead that lies nowhere in particular."""
    from spinemodel.leads.lead import Lead, Ribbon

    frame = np.eye(3)
    return Lead(design, Ribbon("s", [0, 1], [[0, 0, 0], [0, 1, 0]], [frame, frame], [0, 0]), shape(design, 1.0))


def test_a_thin_lead_on_a_narrow_dura_leaves_room_for_the_scale_bars_label(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    model, design = straight_model(tmp_path / "sub-toy"), find_lead("rado-drg")
    course = Course(lateral_mm=4.0)
    placed = place(design, site_of(model), target_of("z:60", model), course, own=shape(design, 1.0))
    path = tmp_path / "lead.png"
    render_lead(path, placed, model.surfaces, model.partition, model.levels.axis)
    foot = image.imread(path)[-100:-45, :1040, :3]
    inked = (foot.min(axis=2) < 0.6).any(axis=0)
    one, other = inked[:520], inked[520:]
    assert one[:8].sum() == one[-8:].sum() == other[:8].sum() == other[-8:].sum() == 0
    assert one.sum() == pytest.approx(other.sum(), abs=2)
