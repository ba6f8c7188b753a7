"""The chart of currents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.report.recruitment_currents import draw_currents
from tests.recruitment.made_fibres import curve
from tests.report.test_recruitment import NOBODY, drawn, ink


def test_lower_ones_lie_left(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    near, far = curve("L3_R", {1.0: 0.5, 2.0: 1.0}), curve("L4_R", {4.0: 0.5, 8.0: 1.0}, fibre_class="II")
    draw_currents(tmp_path / "currents.png", [near, far, NOBODY])
    picture = drawn(tmp_path / "currents.png")[:-60]
    (row, left), (below, right) = (np.array(np.nonzero(ink(picture, k))).mean(axis=1) for k in (0, 1))
    assert left < right
    assert row < below


def test_goes_on_beyond_what_was_tried(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    for name, top in (("reached", 1.0), ("not", 0.6)):
        draw_currents(tmp_path / f"{name}.png", [curve("L3_R", {1.0: 0.5, 2.0: top})])
    pictures = (drawn(tmp_path / f"{name}.png")[:-60] for name in ("reached", "not"))
    reached, beyond = (np.nonzero(ink(picture, 0))[1].max() for picture in pictures)
    assert beyond > reached + 100


def test_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no fibre is activated"):
        draw_currents(tmp_path / "none.png", [NOBODY])
