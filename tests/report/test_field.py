"""Pictures of a potential: levels, planes, names, and what is seen where."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.field.boxes import node_points
from spinemodel.field.montage import Montage
from spinemodel.report.field import (
    BELOW_PX,
    HALF_MM,
    HEAD_PX,
    NAMES_PX,
    PX_PER_MM,
    VENTRALLY_MM,
    _values,
    place_of,
    render_field,
)
from spinemodel.report.field_names import _widest
from spinemodel.report.field_scale import SPAN, Scale, bands, colours, scale_of
from spinemodel.report.field_sections import axial, outlines, points_of, sagittal
from spinemodel.report.field_surfaces import render_on_surfaces
from spinemodel.report.panels import require_opengl
from tests.io.exports.toy_contents import toy_lead
from tests.io.made_fields import point_field
from tests.shapes import sphere

SPACE = "test"
UP = np.array([0.0, 0, 1])
FIELD = point_field({"C1": (0, 0, 0), "C2": (0, 0, 12)}, space=SPACE, region=((-8, -8, -8), (8, 8, 8)),
                    domain=((-50, -50, -50), (50, 50, 50)), spacing=1.0)  # fmt: skip


ANODE, CATHODE, BIPOLE = Montage({"C1": 1.0}), Montage({"C1": -1.0}), Montage({"C1": -1.0, "C2": 1.0})


def ball(name: str, radius: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Surface:
    shape = sphere(radius, centre, rows=40)
    return Surface(name, SPACE, shape.vertices, shape.faces)


def pixels(path: Path) -> FloatArray:
    return np.asarray(Image.open(path).convert("RGB"), dtype=float) / 255


class TestScale:
    @given(st.floats(1e-3, 1e4), st.floats(1.0, 1e5))
    def test_one_sign(self, least: float, ratio: float) -> None:
        values = np.geomspace(least, least * ratio, 50)
        levels = scale_of(np.append(values, -least / 2), ANODE).levels
        assert (np.diff(levels) > 0).all()
        assert 2 <= len(levels) <= 25
        assert levels[-1] <= max(values.max(), levels[0]) * 1.1
        if ratio > 2:
            assert levels[0] >= values.max() / SPAN / 2
            assert len(levels) >= 4
        np.testing.assert_array_equal(scale_of(-values, CATHODE).levels, -levels[::-1])

    @given(st.floats(1e-2, 1e3), st.floats(1e-2, 1e3))
    def test_both_signs(self, low: float, high: float) -> None:
        levels = scale_of(np.array([-low, 0.0, high]), BIPOLE).levels
        assert (np.diff(levels) > 0).all()
        assert (np.abs(levels) >= max(low, high) / SPAN / 2).all()
        assert -low <= levels[0]
        assert levels[-1] <= high

    @pytest.mark.parametrize("values", [[np.nan, np.inf], [0.0, 0.0], []])
    def test_nothing_to_show(self, values: list[float]) -> None:
        for montage in (ANODE, BIPOLE):
            with pytest.raises(InputError, match="none to show"):
                scale_of(np.array(values), montage)
        with pytest.raises(InputError, match="none to show"):
            scale_of(np.array([1.0]), CATHODE)

    def test_bands_and_smooth_colours_agree_in_the_middle_of_a_band(self) -> None:
        for levels in ([1.0, 2, 5, 10], [-2.0, -1, 1, 2]):
            scale = Scale(levels)
            middles = np.array([(a + b) / 2 for a, b in pairwise(levels)])
            np.testing.assert_allclose(colours(scale, middles), [row[:3] for row in bands(scale)[1:-1]])
            assert len(bands(scale)) == len(levels) + 1

    def test_zero_is_pale_between_two_signs_and_signs_are_blue_and_red(self) -> None:
        blue, pale, red = colours(Scale([-10.0, -1, 1, 10]), np.array([-50.0, 0, 50]))
        assert blue[2] > blue[0] + 0.2
        assert pale.min() > 0.9
        assert red[0] > red[2] + 0.2

    def test_where_there_is_no_potential_it_is_grey(self) -> None:
        np.testing.assert_array_equal(colours(Scale([1.0, 2]), np.array([np.nan]))[0], 0.75)


class TestCuts:
    def test_axial_is_seen_from_below(self) -> None:
        cut = axial(np.array([1.0, 2, 3]), UP, (10, 5))
        np.testing.assert_allclose(np.cross(cut.right, cut.up), [0, 0, -1])
        _, _, points = points_of(cut)
        np.testing.assert_allclose(points[0, 0], [11, -3, 3])
        np.testing.assert_allclose(points[-1, -1], [-9, 7, 3])

    def test_along_an_oblique_spine(self) -> None:
        along = np.array([0.0, 0.6, 0.8])
        for cut in (axial(np.zeros(3), along, (1, 1)), sagittal(np.zeros(3), along, (1, 1), 4.0)):
            products = [cut.right @ cut.up, cut.right @ cut.right, cut.up @ cut.up]
            np.testing.assert_allclose(products, [0, 1, 1], atol=1e-12)
        np.testing.assert_allclose(axial(np.zeros(3), along, (1, 1)).normal, -along)
        np.testing.assert_allclose(cut.middle, 4 * np.array([0, 0.8, -0.6]), atol=1e-12)

    def test_outlines_are_seen_in_the_cut(self) -> None:
        cut = axial(np.zeros(3), UP, (30, 30), 5.0)
        (loop,) = outlines({"White": ball("White", 4.0, (10, 0, 0)), "Fat": ball("Fat", 1.0, (0, 0, 9))}, cut)["White"]
        np.testing.assert_allclose(loop.mean(axis=0), [-10, -5], atol=0.1)

    def test_a_name_points_into_its_part_where_it_is_wide(self) -> None:
        cut = axial(np.zeros(3), UP, (30, 30))
        parts = {"Fat": ball("Fat", 9.0), "inner": ball("inner", 7.0)}
        shown = outlines(parts, cut)
        place, radius = _widest([*shown["Fat"], *shown["inner"]], cut)
        assert 7 < np.hypot(*place) < 9
        assert radius == pytest.approx(1.0, abs=0.25)


class TestPlace:
    def test_is_the_contact_of_the_greatest_current(self) -> None:
        np.testing.assert_allclose(place_of(FIELD, Montage({"C1": 0.5, "C2": -1.0}), None), [0, 0, 8], atol=1.0)
        np.testing.assert_allclose(place_of(FIELD, Montage({"C1": 1.0, "C2": -1.0}), None), [0, 0, 0])


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> FloatArray:
    path = tmp_path_factory.mktemp("field") / "new" / "field.png"
    parts = {"Bulk": ball("Bulk", 22.0), "CSF": ball("CSF", 11.0), "White": ball("White", 4.5)}
    axis = Axis(SPACE, np.array([[0.0, 0, -40], [0, 0, 40]]))
    render_field(path, FIELD, Montage({"C1": -1.0}), parts, axis=axis, title="test: C1")
    assert [file.name for file in path.parent.iterdir()] == ["field.png"]
    return pixels(path)


def at(picture: FloatArray, right: float) -> FloatArray:
    """Colour in the axial view right of the contact, mm; the median of a few pixels."""
    width, height = HALF_MM["axial"]
    column = int(NAMES_PX + (right + width) * PX_PER_MM)
    row = int(HEAD_PX + (height + VENTRALLY_MM) * PX_PER_MM)
    return np.asarray(np.median(picture[row - 1 : row + 2, column - 1 : column + 2], axis=(0, 1)))


def test_in_the_lead_and_where_nothing_conducts_there_is_no_potential() -> None:
    tissue = tuple(np.ones_like(each) for each in FIELD.tissue)
    for box, nodes in zip(FIELD.boxes, tissue, strict=True):
        nodes[:, : 2 * int((node_points(box)[1] <= -4).sum())] = 0
    field = replace(FIELD, tissue=tissue)
    lead = toy_lead(SPACE)
    cut = axial(np.array([5.6, 5.5, 8.2]), UP, (4, 4))
    values = _values(field, cut, ANODE, lead)
    _, _, points = points_of(cut)
    body = ((points > 4.7) & (points < 6.6))[..., :2].all(axis=2)
    assert np.isnan(values[body]).all()
    assert np.isfinite(values[~body]).mean() > 0.95
    below = _values(field, axial(np.array([0.0, -7, 0]), UP, (2, 0.5)), ANODE, None)
    assert np.isnan(below).all()


class TestPicture:
    def test_size(self, picture: FloatArray) -> None:
        assert picture.shape[0] == HEAD_PX + 2 * HALF_MM["axial"][1] * PX_PER_MM + BELOW_PX

    @pytest.mark.parametrize("right", [-20.0, -12.0, -3.2, 3.2])
    def test_colours_are_those_of_the_potential(self, picture: FloatArray, right: float) -> None:
        scale = Scale([-300.0, -200, -150, -100, -70, -50, -30, -20, -15, -10, -7])
        value = -1000 / (4 * np.pi * 0.3 * abs(right))
        expected = bands(scale)[int(np.searchsorted(scale.levels, value))]
        np.testing.assert_allclose(at(picture, right), expected[:3], atol=0.02)

    def test_tissues_are_outlined(self, picture: FloatArray) -> None:
        width, height = HALF_MM["axial"]
        line = picture[int(HEAD_PX + (height + VENTRALLY_MM) * PX_PER_MM)].sum(axis=1)
        for radius in (-22.0, -11.0, -4.5):
            column = round(NAMES_PX + (radius + width) * PX_PER_MM)
            assert line[column - 3 : column + 4].min() < min(line[column - 5], line[column + 5]) - 0.2

    def test_the_same_field_gives_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            render_field(tmp_path / name, FIELD, Montage({"C1": 1.0}), {"CSF": ball("CSF", 9.0)})
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    def test_outside_of_the_field_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no contact C9"):
            render_field(tmp_path / "a.png", FIELD, Montage({"C1": 1.0, "C9": 0.1}), {})
        assert not list(tmp_path.iterdir())


def test_surfaces_are_coloured(tmp_path: Path) -> None:
    try:
        require_opengl()
    except BackendUnavailableError as missing:
        pytest.skip(str(missing))
    path = tmp_path / "surfaces.png"
    surfaces = {"Cord": ball("Cord", 6.0, (0, 0, 6)), "Dura": ball("Dura", 9.0), "L1_L": ball("L1_L", 1.0, (-8, 0, 0))}
    render_on_surfaces(path, FIELD, Montage({"C1": -1.0, "C2": 1.0}), surfaces, title="test")
    picture = pixels(path)[:, :650]
    red = picture[..., 0] > picture[..., 2] + 0.2
    blue = picture[..., 2] > picture[..., 0] + 0.2
    assert red.sum() > 10_000
    assert blue.sum() > 10_000
    assert np.nonzero(red)[0].mean() < np.nonzero(blue)[0].mean()
