import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.cord_course import ANGLES, angles
from spinemodel.anatomy.grey_parameters import (
    CONUS,
    LUMBAR,
    SEGMENTS,
    THORACIC,
    UPPER_LUMBAR,
    UPPER_SACRAL,
    GreyParameters,
    along_segments,
    named_points,
    segment_places,
)
from spinemodel.anatomy.grey_section import butterfly, enclosed, grey_section
from spinemodel.errors import InputError

SHAPES = {"T12": THORACIC, "L1": UPPER_LUMBAR, "L3": LUMBAR, "S1": UPPER_SACRAL, "S4": CONUS}


def section(shape, ratio, half=(4.5, 3.6), outline=None, rim=0.3):
    """One section of an elliptic cord, or of one with the given outline in half axes."""
    half, outline = np.array([half]), np.ones((1, ANGLES)) if outline is None else outline[None]
    limit = outline - rim / half.min()
    area = ratio * np.pi * half.prod() * (outline**2).mean(axis=1)
    grey, fit = grey_section(named_points(shape)[None], area, half, outline, limit)
    return grey[0], fit, area[0]


def crossings(loop) -> int:
    """Pairs of edges of a closed plane curve that cross."""
    a, b = loop, np.roll(loop, -1, axis=0)

    def side(p, q, r):
        (x, y), (u, v) = (q - p).T, (r - p).T
        return np.sign(x * v - y * u)

    i, j = np.triu_indices(len(loop), 2)
    apart = side(a[i], b[i], a[j]) * side(a[i], b[i], b[j]) < 0
    return int((apart & (side(a[j], b[j], a[i]) * side(a[j], b[j], b[i]) < 0)).sum())


@pytest.mark.parametrize("segment", SHAPES)
def test_a_section_is_a_symmetric_simple_curve_of_the_wanted_area(segment) -> None:
    grey, fit, area = section(SHAPES[segment], GreyParameters().ratio[segment])
    assert enclosed(grey[None])[0] == pytest.approx(area, rel=1e-9)
    assert np.abs(grey[1:] - grey[:0:-1] * [-1, 1]).max() < 1e-9
    assert crossings(grey) == 0
    assert 0.9 < fit.scale[0] < 1.1


@given(
    ratio=st.floats(0.2, 0.4),
    width=st.floats(2.5, 6),
    depth=st.floats(0.7, 1.0),
    bumps=st.lists(st.floats(-0.05, 0.05), min_size=6, max_size=6),
)
def test_whatever_the_outline_the_grey_keeps_its_area_and_its_rim(ratio, width, depth, bumps) -> None:
    outline = 1 + sum(b * np.cos((i + 2) * angles() + i) for i, b in enumerate(bumps))
    grey, fit, area = section(LUMBAR, ratio, (width, width * depth), outline)
    places = grey / fit.half[0]
    limit = np.interp(np.arctan2(places[:, 1], places[:, 0]), angles(), fit.limit[0], period=2 * np.pi)
    assert (np.linalg.norm(places, axis=1) < limit).all()
    assert crossings(grey) == 0
    if fit.scale[0] < 1.59:
        assert enclosed(grey[None])[0] == pytest.approx(area, rel=1e-9)


def test_horns_that_would_touch_the_surface_stop_at_the_rim() -> None:
    grey, _, _ = section(LUMBAR, 0.34, rim=0.8)
    depth = 1 - np.linalg.norm(grey / [4.5, 3.6], axis=1)
    assert depth.min() == pytest.approx(0.8 / 3.6, rel=0.15)


def test_lumbar_grey_is_plump_and_thoracic_slender() -> None:
    areas = {name: enclosed(butterfly(named_points(shape)[None]))[0] / np.pi for name, shape in SHAPES.items()}
    assert list(areas.values()) == sorted(areas.values())
    assert areas["T12"] == pytest.approx(0.20, abs=0.02)
    assert areas["L3"] == pytest.approx(0.34, abs=0.02)


def test_segments_follow_the_known_levels() -> None:
    places = segment_places({"L1": 330.0, "L3": 306.0, "S2": 275.0})
    assert [places[name] for name in ("L1", "L3", "S2")] == [330.0, 306.0, 275.0]
    at = [places[name] for name in SEGMENTS]
    assert at == sorted(at, reverse=True)
    scale = (330.0 - 275.0) / (15.5 / 2 + 12.0 + 10.3 + 9.5 + 7.3 + 6.4 + 6.9 / 2)
    assert places["T12"] - 330.0 == pytest.approx(scale * (16.8 + 15.5) / 2)
    assert 275.0 - places["S3"] == pytest.approx(scale * (6.9 + 6.0) / 2)


def test_one_level_takes_the_lengths_as_they_are() -> None:
    places = segment_places({"L2": 100.0})
    assert places["L1"] - 100.0 == pytest.approx((15.5 + 12.0) / 2)


def test_values_are_interpolated_and_held_beyond_the_ends() -> None:
    places = segment_places({"L1": 330.0, "S2": 275.0})
    values = along_segments({"L1": 0.2, "L3": 0.4}, places, np.array([400.0, (330.0 + places["L3"]) / 2, 0.0]))
    np.testing.assert_allclose(values, [0.2, 0.3, 0.4])


@pytest.mark.parametrize("centres", [{}, {"L1": 300.0, "L2": 310.0}, {"C5": 100.0}])
def test_levels_that_do_not_fall_are_refused(centres) -> None:
    with pytest.raises(InputError, match="from head to foot"):
        segment_places(centres)


@pytest.mark.parametrize("wrong", [{"ratio": {"L1": 0.9}}, {"ratio": {"C5": 0.2}}, {"ratio": {}}, {"rim_mm": 0.0}])
def test_parameters_that_are_no_grey_matter_are_refused(wrong) -> None:
    with pytest.raises(InputError, match="grey matter"):
        GreyParameters(**wrong)
