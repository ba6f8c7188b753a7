from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.levels import ROOTLET_TISSUES, ROOTS, STRUCTURES, TISSUES, RootName
from spinemodel.report.panels import require_opengl
from spinemodel.report.rootlets import entry_zones, render_rootlets
from spinemodel.report.section_parts import LABELS, Station, half_slice
from spinemodel.report.sections import (
    HEAD_PX,
    NARROW_MM,
    STATION_PX,
    VIEW_PX,
    WIDE_MM,
    WIDTH_PX,
    render_sections,
    stations_along,
)
from tests.shapes import circle, sphere

AXIS = Axis("test", np.array([[0.0, 0, -50], [0, 0, 50]]))


def ball(name: str, radius: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Surface:
    shape = sphere(radius, centre, rows=60)
    return Surface(name, "test", shape.vertices, shape.faces)


def nested() -> dict[str, Surface]:
    """Bulk around fluid around white matter, a root on the right and one in front at the left."""
    return {
        "White": ball("White", 4.0),
        "L1_R": ball("L1_R", 1.0, (6, 0, 0)),
        "S2_L": ball("S2_L", 1.0, (-5, 5, 0)),
        "Bulk": ball("Bulk", 80.0),
        "CSF": ball("CSF", 9.0),
    }


def drawn() -> Annotation:
    dura = tuple(Markers(circle(9.0, z, 12), "dura") for z in (-1.0, 0.0, 1.0))
    root = RootName("L1", "R")
    ganglia = {root: Markers(np.array([[25.0, 0, 2], [30, 0, 9]]), "ganglion")}
    return Annotation("sub-00", "test", (), dura, {root: Markers(np.array([[6.0, 0, 0.2]]), "root")}, ganglia)


def pixels(path: Path) -> FloatArray:
    return np.asarray(Image.open(path).convert("RGB"), dtype=float) / 255


def views(picture: FloatArray, station: int = 0) -> tuple[FloatArray, FloatArray]:
    """The wide and the narrow view of a station."""
    left, top = station % 2 * WIDTH_PX // 2 + 12, HEAD_PX + (station // 2 + 1) * STATION_PX - 18 - VIEW_PX
    wide, narrow = (picture[top : top + VIEW_PX, x : x + VIEW_PX] for x in (left, left + VIEW_PX + 8))
    return wide, narrow


def where(picture: FloatArray, name: str) -> tuple[float, float, float]:
    """Column and row of the middle of a part's colour, and its area, px."""
    rows, columns = np.nonzero(np.abs(picture - (TISSUES | STRUCTURES)[name].colour).max(axis=2) < 0.01)
    return columns.mean(), rows.mean(), len(rows)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> FloatArray:
    path = tmp_path_factory.mktemp("figures") / "new" / "sections.png"
    render_sections(path, nested(), None, stations_along(AXIS, {50.0: "middle", 53.0: "above"}), title="sub-00")
    assert [file.name for file in path.parent.iterdir()] == ["sections.png"]
    return pixels(path)


class TestSections:
    def test_size_is_that_of_the_stations_and_the_legend(self, picture: FloatArray) -> None:
        assert picture.shape == (HEAD_PX + 2 * STATION_PX, WIDTH_PX, 3)

    def test_right_is_at_the_left_and_the_front_above(self, picture: FloatArray) -> None:
        _, narrow = views(picture)
        scale, middle = VIEW_PX / NARROW_MM, VIEW_PX / 2
        right, front = where(narrow, "L1_R"), where(narrow, "S2_L")
        assert right[:2] == pytest.approx((middle - 6 * scale, middle), abs=2)
        assert front[:2] == pytest.approx((middle + 5 * scale, middle - 5 * scale), abs=2)

    def test_areas_are_true_at_both_scales_and_heights(self, picture: FloatArray) -> None:
        for station, square in ((0, 16.0), (1, 16.0 - 9)):
            for view, width in zip(views(picture, station), (WIDE_MM, NARROW_MM), strict=True):
                area = where(view, "White")[2] * (width / VIEW_PX) ** 2
                line = 2 * np.pi * np.sqrt(square) * width / VIEW_PX
                assert area == pytest.approx(np.pi * square, abs=0.01 * np.pi * square + 1.2 * line)

    def test_inner_parts_are_drawn_over_outer_ones_whatever_their_order(self, picture: FloatArray) -> None:
        _, narrow = views(picture)
        middle = VIEW_PX // 2
        np.testing.assert_allclose(narrow[middle, middle], TISSUES["White"].colour, atol=0.01)
        np.testing.assert_allclose(narrow[middle + 75, middle], TISSUES["CSF"].colour, atol=0.01)

    def test_markers_near_the_plane_are_drawn(self, tmp_path: Path) -> None:
        stations = stations_along(AXIS, {50.0: "middle"})
        render_sections(tmp_path / "plain.png", nested(), None, stations, title="")
        render_sections(tmp_path / "marked.png", nested(), drawn(), stations, title="")
        plain, marked = (views(pixels(tmp_path / name)) for name in ("plain.png", "marked.png"))
        changed = [np.abs(one - other).max(axis=2) > 0.1 for one, other in zip(plain, marked, strict=True)]
        scale, middle = VIEW_PX / NARROW_MM, VIEW_PX / 2
        for x, y, _ in circle(9.0, 0.0, 12):
            assert changed[1][round(middle - y * scale), round(middle - x * scale)]
        assert changed[1][round(middle), round(middle - 6 * scale)]
        rows, columns = np.nonzero(changed[0])
        assert columns.mean() == pytest.approx(middle - 25 * VIEW_PX / WIDE_MM, abs=2)
        assert len(rows) < 150

    def test_same_parts_give_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            render_sections(tmp_path / name, nested(), drawn(), stations_along(AXIS, {50.0: "middle"}), title="sub-00")
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    def test_a_plane_beyond_the_model(self, tmp_path: Path) -> None:
        beyond = Station("beyond", np.array([0.0, 0.0, 90.0]), np.array([0.0, 0.0, 1.0]))
        with pytest.raises(InputError, match="plane of 'beyond' meets no part"):
            render_sections(tmp_path / "s.png", nested(), None, [beyond], title="")
        with pytest.raises(InputError, match="no station"):
            render_sections(tmp_path / "s.png", nested(), None, (), title="")
        assert not list(tmp_path.iterdir())

    def test_half_the_distance_between_slices(self) -> None:
        assert half_slice(drawn()) == pytest.approx(0.5)

    def test_every_tissue_has_a_name_in_the_legend(self) -> None:
        assert set(LABELS) | set(ROOTLET_TISSUES) | set(map(str, ROOTS)) == set(TISSUES) | set(STRUCTURES)


def fan() -> dict[str, Surface]:
    """A cord, and a fan of two rootlets at the left with its root below them."""
    low, high = ball("", 1.0, (-6, -3, 8)), ball("", 1.0, (-6, -3, 12))
    vertices, faces = np.vstack([low.vertices, high.vertices]), np.vstack([low.faces, high.faces + len(low.vertices)])
    return {
        "Cord": ball("Cord", 15.0),
        "Dura": ball("Dura", 30.0),
        "L5_L": ball("L5_L", 1.0, (-17, 0, -5)),
        "L5_L_rootlets": Surface("L5_L_rootlets", "test", vertices, faces),
    }


class TestRootlets:
    def test_entries_are_the_tops_of_the_rootlets(self) -> None:
        zones = entry_zones(fan() | {"S1_R": ball("S1_R", 1.0)})
        assert zones[RootName("L5", "L")] == pytest.approx((9.0, 13.0))
        assert zones[RootName("S1", "R")] == pytest.approx((1.0, 1.0))

    def test_nothing_to_draw(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no root and no rootlet"):
            render_rootlets(tmp_path / "r.png", {"Cord": ball("Cord", 5.0)}, title="")

    def test_the_picture_shows_the_left_at_the_left_without_the_dura(self, tmp_path: Path) -> None:
        try:
            require_opengl()
        except BackendUnavailableError as missing:
            pytest.skip(str(missing))
        render_rootlets(tmp_path / "r.png", fan(), title="sub-00")
        picture = pixels(tmp_path / "r.png")
        hue = np.array(STRUCTURES["L5_L"].colour)
        teal = np.abs(picture / picture.max(axis=2, keepdims=True).clip(1e-6) - hue / hue.max()).max(axis=2) < 0.05
        cream = np.array(STRUCTURES["Cord"].colour)
        cord = np.abs(picture / picture.max(axis=2, keepdims=True).clip(1e-6) - cream / cream.max()).max(axis=2) < 0.05
        cord &= picture.max(axis=2) < 0.999
        assert teal.sum() > 200
        assert np.nonzero(teal[:, :520])[1].mean() < np.nonzero(cord[:, :520])[1].mean()
        blue = np.abs(picture - STRUCTURES["Dura"].colour).max(axis=2) < 0.02
        assert not blue.any()
