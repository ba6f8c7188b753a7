import ctypes.util
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.levels import STRUCTURES
from spinemodel.report.fidelity import group_markers, render_fidelity
from spinemodel.report.panels import DORSAL, FOOT_PX, HEAD_PX, LEFT, SCALE_BAR_MM, View, axes, lay_out, require_opengl
from spinemodel.report.render import CLOSE_UP, OBLIQUE, SIZE, TITLE_PX, render_model
from tests.shapes import sphere

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _opengl() -> None:
    try:
        require_opengl()
    except BackendUnavailableError as missing:
        pytest.skip(str(missing))


def ball(name: str, radius: float, centre: tuple[float, float, float]) -> Surface:
    shape = sphere(radius, centre, rows=20)
    return Surface(name, "test", shape.vertices, shape.faces)


def three_balls() -> dict[str, Surface]:
    """Left (red), right front (violet) and one at the head (cream), far enough apart to tell directions by colour."""
    return {
        "L1_L": ball("L1_L", 5.0, (-20, 0, 0)),
        "S2_R": ball("S2_R", 5.0, (20, 30, 0)),
        "Cord": ball("Cord", 5.0, (0, 0, 60)),
    }


def pixels(path: Path) -> FloatArray:
    return np.asarray(Image.open(path).convert("RGB"), dtype=float) / 255


def where(picture: FloatArray, name: str, left: int, right: int) -> tuple[float, float, float]:
    """Column and row of the middle of a structure's colour between two columns, and its width, px."""
    colour = np.array(STRUCTURES[name].colour)
    part = picture[TITLE_PX + HEAD_PX : SIZE[1] - FOOT_PX, left:right]
    hue = part / part.max(axis=2, keepdims=True).clip(1e-6) - colour / colour.max()
    rows, columns = np.nonzero((np.abs(hue).max(axis=2) < 0.05) & (part.max(axis=2) > 0.3))
    return left + columns.mean(), TITLE_PX + HEAD_PX + rows.mean(), np.ptp(columns) + 1


def lookalike() -> dict[str, tuple[FloatArray, FloatArray]]:
    rng = np.random.default_rng(1)
    return {
        "Cord": (rng.normal((0, 0, 60), size=(40, 3)), rng.normal(0, 0.01, 40)),
        "L1_L": (rng.normal((-20, 0, 0), size=(20, 3)), np.abs(rng.normal(0, 0.1, 20))),
        "S2_R": (rng.normal((20, 30, 0), size=(30, 3)), np.abs(rng.normal(0, 0.1, 30))),
    }


class TestAxes:
    def test_from_behind_the_subjects_right_is_at_the_right(self) -> None:
        np.testing.assert_allclose(axes(DORSAL), [[1, 0, 0], [0, 0, 1], [0, 1, 0]])

    def test_from_the_left_the_back_is_at_the_right(self) -> None:
        np.testing.assert_allclose(axes(LEFT), [[0, -1, 0], [0, 0, 1], [1, 0, 0]])

    @pytest.mark.parametrize("view", [OBLIQUE, CLOSE_UP])
    def test_others_look_from_behind_and_left_with_the_head_up(self, view: View) -> None:
        right, up, forward = axes(view)
        np.testing.assert_allclose(axes(view) @ axes(view).T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(np.cross(right, up), -forward, atol=1e-12)
        assert forward[0] > 0
        assert forward[1] > 0
        assert right[2] == 0
        assert up[2] > 0.9


class TestLayOut:
    def test_everything_is_inside_and_one_dimension_is_filled(self) -> None:
        surfaces = three_balls()
        panels = lay_out((DORSAL, LEFT, OBLIQUE), surfaces, (900, 1300))
        assert [panel.box[0] for panel in panels] == [0, panels[0].box[2], panels[0].box[2] + panels[1].box[2]]
        assert sum(panel.box[2] for panel in panels) == 900
        points = np.vstack([surface.vertices for surface in surfaces.values()])
        free = []
        for panel in panels:
            right, up, _ = axes(panel.view)
            x = panel.box[2] / 2 + (points - panel.centre) @ right * panel.px_per_mm
            y = panel.box[3] / 2 + (points - panel.centre) @ up * panel.px_per_mm
            free += [x.min(), panel.box[2] - x.max(), y.min() - FOOT_PX, panel.box[3] - HEAD_PX - y.max()]
        assert min(free) >= -1e-9
        assert len({panel.px_per_mm for panel in panels}) == 1
        grown = [panel.px_per_mm * 1.05 for panel in panels]
        assert grown[0] * 75 > 1300 - HEAD_PX - FOOT_PX or grown[0] * (50 + 40 + 60) > 900 - 6 * 46


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> FloatArray:
    path = tmp_path_factory.mktemp("figures") / "new" / "model.png"
    render_model(path, three_balls(), title="sub-00")
    assert [file.name for file in path.parent.iterdir()] == ["model.png"]
    return pixels(path)


class TestModelPicture:
    def test_size_and_light_background(self, picture: FloatArray) -> None:
        assert picture.shape == (SIZE[1], SIZE[0], 3)
        assert np.mean(picture.min(axis=2) > 0.99) > 0.5

    def test_left_and_right_and_head_are_where_the_labels_say(self, picture: FloatArray) -> None:
        panels = lay_out((DORSAL, LEFT, OBLIQUE), three_balls(), (SIZE[0], SIZE[1] - TITLE_PX))
        width = panels[0].box[2]
        red, violet, cream = (where(picture, name, 0, width) for name in ("L1_L", "S2_R", "Cord"))
        assert red[0] < cream[0] < violet[0]
        assert cream[1] < red[1] == pytest.approx(violet[1], abs=2)
        start, stop = width, width + panels[1].box[2]
        red, violet, cream = (where(picture, name, start, stop) for name in ("L1_L", "S2_R", "Cord"))
        assert violet[0] < red[0] == pytest.approx(cream[0], abs=2)

    def test_scale_and_scale_bar_are_true(self, picture: FloatArray) -> None:
        panel = lay_out((DORSAL, LEFT, OBLIQUE), three_balls(), (SIZE[0], SIZE[1] - TITLE_PX))[0]
        left, right = where(picture, "L1_L", 0, panel.box[2]), where(picture, "S2_R", 0, panel.box[2])
        assert right[0] - left[0] == pytest.approx(40 * panel.px_per_mm, abs=2)
        assert left[2] == pytest.approx(10 * panel.px_per_mm, abs=6)
        dark = picture[SIZE[1] - 54, : panel.box[2]].max(axis=1) < 0.3
        ends = np.flatnonzero(np.diff(dark.astype(int)))
        assert ends[1] - ends[0] == pytest.approx(SCALE_BAR_MM * panel.px_per_mm, abs=1.5)

    def test_same_model_gives_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            render_model(tmp_path / name, three_balls(), title="sub-00")
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    @pytest.mark.parametrize("name", ["Cord", "Dura", "L3_L", "something"])
    def test_a_model_of_one_structure(self, tmp_path: Path, name: str) -> None:
        render_model(tmp_path / "m.png", {name: ball(name, 5.0, (0, 0, 0))}, title="part")
        assert pixels(tmp_path / "m.png").min() < 0.5

    def test_nothing_to_draw(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"m\.png: no surface to draw"):
            render_model(tmp_path / "m.png", {}, title="none")
        assert not list(tmp_path.iterdir())


def in_a_new_process(
    code: str, tmp_path: Path, changes: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run code without a display."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])} | dict(changes or {})
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )


DRAW = """
from pathlib import Path
from spinemodel.errors import BackendUnavailableError
from spinemodel.report.render import render_model
from tests.shapes import box
try:
    render_model(Path("m.png"), {"Cord": box()}, title="t")
except BackendUnavailableError as error:
    print(error)
"""


class TestWithoutDisplay:
    @pytest.mark.parametrize("display", [None, ":987"])
    def test_draws_and_says_nothing(self, tmp_path: Path, display: str | None) -> None:
        done = in_a_new_process(DRAW, tmp_path, {"DISPLAY": display} if display else {})
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (tmp_path / "m.png").exists()

    @pytest.mark.skipif(ctypes.util.find_library("OSMesa") is not None, reason="VTK can draw with OSMesa here")
    @pytest.mark.skipif(sys.platform != "linux", reason="only on Linux VTK falls back to OSMesa unseen")
    def test_names_the_packages_where_no_opengl_is_found(self, tmp_path: Path) -> None:
        done = in_a_new_process(DRAW, tmp_path, {"VTK_DEFAULT_OPENGL_WINDOW": "vtkOSOpenGLRenderWindow"})
        assert (done.returncode, done.stderr) == (0, "")
        assert "apt install libegl1" in done.stdout
        assert not (tmp_path / "m.png").exists()


class TestFidelityPicture:
    def test_groups_cord_and_all_roots(self) -> None:
        cord, roots = group_markers(three_balls(), lookalike())
        assert (cord.name, len(cord.points), list(cord.surfaces)) == ("Cord", 40, ["Cord"])
        assert (roots.name, len(roots.errors), list(roots.surfaces)) == ("Roots", 50, ["L1_L", "S2_R"])
        assert roots.most == max(lookalike()["L1_L"][1].max(), lookalike()["S2_R"][1].max())

    def test_draws_the_same_bytes_twice(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        for name in ("a.png", "b.png"):
            render_fidelity(tmp_path / name, three_balls(), lookalike())
        first = (tmp_path / "a.png").read_bytes()
        assert first == (tmp_path / "b.png").read_bytes()
        assert struct.unpack(">II", first[16:24]) == SIZE
        assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "b.png"]

    def test_far_markers_are_bright_and_near_ones_dark(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        points = np.array([[-20.0, 0, 0], [20, 0, 60]])
        render_fidelity(tmp_path / "f.png", {}, {"Cord": (points, np.array([0.0, 0.2]))})
        seen = pixels(tmp_path / "f.png")[:960, : SIZE[0] * 5 // 8]
        yellow = np.argwhere((seen[..., 0] > 0.9) & (seen[..., 2] < 0.3))
        violet = np.argwhere((seen[..., 0] < 0.35) & (seen[..., 1] < 0.1) & (seen[..., 2] > 0.25))
        assert yellow[:, 0].max() < violet[:, 0].min()
        assert yellow[:, 1].min() > violet[:, 1].max()

    def test_no_marker(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        with pytest.raises(InputError, match=r"f\.png: no marker to draw"):
            render_fidelity(tmp_path / "f.png", three_balls(), {"Cord": (np.empty((0, 3)), np.empty(0))})

    def test_without_matplotlib_names_the_extra(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        with pytest.raises(BackendUnavailableError, match=r'pip install "spinemodel\[report\]"'):
            render_fidelity(tmp_path / "f.png", three_balls(), lookalike())


def test_importing_the_room_loads_neither_vtk_nor_matplotlib(tmp_path: Path) -> None:
    code = "import sys, spinemodel.report.fidelity, spinemodel.io.surfaces; print(*sorted(sys.modules))"
    loaded = set(in_a_new_process(code, tmp_path).stdout.split())
    assert "spinemodel.report.fidelity" in loaded
    assert not loaded & {"pyvista", "vtkmodules", "matplotlib", "trimesh", "nibabel"}
