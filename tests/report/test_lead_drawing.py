"""Drawings of leads: to scale, every contact there, and what is not verified marked."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemodel.errors import BackendUnavailableError
from spinemodel.io.lead_catalogue import read_catalogue
from spinemodel.leads.design import LeadDesign
from spinemodel.report.lead_drawing import BODY, METAL, TALL_IN, WARNING, render_design
from spinemodel.report.lead_text import draw_text
from tests.leads.designs import bar, cylinder, paddle

DPI = 150


def pixels(path: Path, colour: tuple[float, float, float]) -> np.ndarray:
    """Where a picture has a colour."""
    with Image.open(path) as opened:
        picture = np.asarray(opened.convert("RGB")).astype(float) / 255
    return np.abs(picture - colour).max(axis=2) < 0.01


def drawn(tmp_path: Path, design: LeadDesign) -> Path:
    render_design(tmp_path / "lead.png", design)
    return tmp_path / "lead.png"


def test_face_and_side_are_drawn_to_scale(tmp_path: Path) -> None:
    design = paddle(bar("a", 0, 0, 4, 10))
    design = replace(design, backing=replace(design.backing, length_mm=40.0, middle_mm=0.0))
    per_mm = TALL_IN / 40 * DPI
    metal = pixels(drawn(tmp_path, design), METAL)
    rows, columns = metal.sum(axis=0), metal.sum(axis=1)
    assert rows.max() == pytest.approx(10 * per_mm, abs=4)
    assert columns.max() == pytest.approx((4 + 0.2) * per_mm, abs=8)
    body = pixels(tmp_path / "lead.png", BODY) | metal
    assert body.sum(axis=0).max() == pytest.approx(40 * per_mm, abs=6)


def test_only_a_lead_that_is_not_verified_wears_a_warning(tmp_path: Path) -> None:
    assert cylinder().verified
    assert not pixels(drawn(tmp_path, cylinder()), WARNING).any()
    assert pixels(drawn(tmp_path, replace(cylinder(), verified=False)), WARNING).any()


def test_the_same_lead_gives_the_same_bytes(tmp_path: Path) -> None:
    design = read_catalogue()["specify-5-6-5"]
    first = drawn(tmp_path, design).read_bytes()
    assert drawn(tmp_path, design).read_bytes() == first


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(BackendUnavailableError, match="report"):
        render_design(tmp_path / "lead.png", paddle())
    assert not list(tmp_path.iterdir())


def test_text_shows_every_contact_at_its_row_and_column() -> None:
    lead = read_catalogue()["specify-5-6-5"]
    lines = draw_text(lead).splitlines()
    assert len(lines) == 2 + 11 + 1
    assert len({len(line) for line in lines[1:]}) == 1
    assert lines[2].split() == ["+21.25", "|", "C6", "|"]
    assert lines[3].split() == ["+17", "|", "C1", "C12", "|"]
    for contact in lead.contacts:
        assert sum(contact.name in line.split() for line in lines) == 1


def test_text_of_a_cylinder_has_a_row_for_each_ring() -> None:
    assert draw_text(cylinder()).splitlines()[2:5] == ["    +7  | C0 |", "     0  | C1 |", "    -7  | C2 |"]
