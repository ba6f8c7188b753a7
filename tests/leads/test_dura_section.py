"""What lies under a lead's width on sections that are circles, straight lines and hollows."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.anatomy.curves import arc_length
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.leads.dura_section import Outline, bed_of, midline_of, outline_at
from tests.leads.phantoms import MIDDLE, RADIUS, site, straight


def _outline(places: FloatArray) -> Outline:
    arc = arc_length(places)
    middle = float(np.interp(0.0, places[:, 0], arc))
    point, right, dorsal = np.zeros(3), np.array([1.0, 0, 0]), np.array([0.0, -1, 0])
    return Outline(0.0, point, right, dorsal, arc - middle, places)


def test_a_straight_wall_has_no_curvature() -> None:
    x = np.linspace(-20, 20, 81)
    bed = bed_of(_outline(np.stack([x, 9 + 0.1 * x], axis=1)), 2.0, 10.0)
    assert bed.curvature == pytest.approx(0.0, abs=1e-9)
    assert bed.normal == pytest.approx(np.array([-0.1, -1.0, 0.0]) / np.hypot(0.1, 1.0))
    assert bed.point == pytest.approx([2 / np.hypot(0.1, 1), -9 - 0.2 / np.hypot(0.1, 1), 0])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_bulges_are_positive_and_hollows_negative(sign: float) -> None:
    turn = np.linspace(-1, 1, 401)
    places = np.stack([12 * np.sin(turn), 20 + sign * 12 * (np.cos(turn) - 1)], axis=1)
    bed = bed_of(_outline(places), 1.5, 8.0)
    assert bed.curvature == pytest.approx(sign / 12, rel=1e-3)
    assert bed.normal == pytest.approx([sign * np.sin(1.5 / 12), -np.cos(1.5 / 12), 0], abs=1e-3)


def test_an_outline_begins_at_its_midline_and_runs_to_the_right() -> None:
    where = site(straight())
    for side, sign in (("dorsal", 1.0), ("ventral", -1.0)):
        outline = outline_at(where, MIDDLE, side, midline_of(where, "canal"))  # type: ignore[arg-type]
        at = int(np.abs(outline.arc).argmin())
        assert outline.places[at] == pytest.approx([0, sign * RADIUS], abs=0.02)
        right = outline.places[np.abs(outline.arc - 3.0).argmin()]
        assert right == pytest.approx([RADIUS * np.sin(3 / RADIUS), sign * RADIUS * np.cos(3 / RADIUS)], abs=0.4)
        assert np.ptp(outline.arc) == pytest.approx(2 * np.pi * RADIUS, rel=0.02)


def test_beyond_the_side_is_refused() -> None:
    where = site(straight())
    outline = outline_at(where, MIDDLE, "dorsal", midline_of(where, "cord"))
    with pytest.raises(InputError, match=r"beyond the side of the dura, which is 12\.\d mm"):
        bed_of(outline, 13.0, 10.0)
