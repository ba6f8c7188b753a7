"""Scale bars: as long as there is room for, with a label that is there as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spinemodel.errors import BackendUnavailableError
from spinemodel.field.montage import Montage
from spinemodel.report.field_surfaces import SURFACES_PX, render_on_surfaces
from spinemodel.report.panels import FOOT_PX, require_opengl
from spinemodel.report.scale_bars import SCALE_BARS_MM, scale_bar_mm
from tests.io.made_fields import point_field
from tests.shapes import sphere


@given(st.floats(0.1, 100.0), st.floats(100.0, 1000.0))
def test_a_bar_is_the_longest_that_there_is_room_for(px_per_mm: float, room_px: float) -> None:
    length = scale_bar_mm(px_per_mm, room_px)
    assert length * px_per_mm <= room_px
    longer = [bar for bar in SCALE_BARS_MM if bar > length]
    assert not longer or longer[0] * px_per_mm > room_px


def test_without_room_it_is_the_shortest() -> None:
    assert scale_bar_mm(200.0, 100.0) == SCALE_BARS_MM[0]


def test_the_label_of_a_narrow_view_is_not_cut_off(tmp_path: Path) -> None:
    """From the side roots and cord are 8 mm wide, from behind 48: 20 mm have no room there."""
    try:
        require_opengl()
    except BackendUnavailableError as missing:
        pytest.skip(str(missing))
    field = point_field({"C1": (0, 0, 0)}, region=((-8, -8, -8), (8, 8, 8)), domain=((-50, -50, -50), (50, 50, 50)),
                        spacing=1.0)  # fmt: skip
    ball = replace(sphere(4.0, rows=20), space=field.space)
    surfaces = {
        name: replace(ball, name=name, vertices=ball.vertices * [1, 1, 8] + [x, 0, 0])
        for name, x in {"Cord": 0.0, "L1_L": -20.0, "L1_R": 20.0}.items()
    }
    path = tmp_path / "surfaces.png"
    render_on_surfaces(path, field, Montage({"C1": 1.0}), surfaces)
    picture = np.asarray(Image.open(path).convert("RGB"), dtype=float) / 255
    foot = picture[-SURFACES_PX[1] :, : SURFACES_PX[0]]
    assert (foot[-FOOT_PX + 4 :, -1] == 1).all()  # views fill the picture: beside the colour bar's foot it is white
    ink = (foot[-66:-40] < 0.5).all(axis=2)
    bars = np.flatnonzero(ink.sum(axis=0) == 4)
    behind, side = np.split(bars, np.flatnonzero(np.diff(bars) > 100)[:1] + 1)
    for bar, end in ((behind, side[0]), (side, SURFACES_PX[0])):
        label = np.flatnonzero(ink[:, bar[-1] + 4 : end].any(axis=0))
        assert len(label) > 20
        assert bar[-1] + 4 + label[-1] < end - 8
