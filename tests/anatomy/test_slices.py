import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.slices import Planes, in_plane, loop_area, planes_along, planes_at, section, section_area
from spinemodel.anatomy.surface import Surface, merge, volume
from spinemodel.anatomy.sweep import sweep
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from tests.shapes import box, sphere

UP = (0.0, 0.0, 1.0)
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


def turned(surface: Surface) -> Surface:
    """The same surface with its inside out."""
    return Surface(surface.name, surface.space, surface.vertices, surface.faces[:, ::-1])


def areas(loops: list[FloatArray], normal: tuple[float, float, float] = UP) -> list[float]:
    return sorted(loop_area(loop, normal) for loop in loops)


class TestSection:
    @given(directions, st.floats(-0.9, 0.9))
    def test_a_sphere_gives_a_circle_of_known_area(self, normal: tuple[float, float, float], offset: float) -> None:
        ball = sphere(10.0, (1, 2, 3), rows=60)
        unit = np.array(normal) / np.linalg.norm(normal)
        point = np.array([1, 2, 3]) + 10 * offset * unit
        (loop,) = section(ball, point, normal)
        expected = 100 * np.pi * (1 - offset**2)
        assert loop_area(loop, normal) == pytest.approx(expected, abs=0.01 * 100 * np.pi)
        assert section_area(ball, point, normal) == pytest.approx(loop_area(loop, normal), rel=1e-12)
        np.testing.assert_allclose((loop - point) @ unit, 0, atol=1e-12)

    def test_the_chords_of_a_fine_sphere_converge_at_second_order(self) -> None:
        lacking = [np.pi - section_area(sphere(1.0, rows=rows), (0, 0, 0.01), (0.1, 0.2, 1)) for rows in (20, 40, 80)]
        assert lacking[0] / lacking[1] == pytest.approx(4, abs=1)
        assert lacking[1] / lacking[2] == pytest.approx(4, abs=1)
        assert 0 < lacking[2] < 0.003

    def test_a_slanted_tube_is_cut_in_an_ellipse(self) -> None:
        s = np.linspace(-10, 10, 41)[:, None]
        direction = np.array([0.0, 0.6, 0.8])
        line = Centreline("tube", "test", s * direction, np.full(41, 1.5), np.zeros(41, dtype=bool))
        tube = sweep(line)
        straight = section_area(tube, (0, 0, 0), direction)
        assert straight == pytest.approx(np.pi * 1.5**2, rel=0.06)
        assert section_area(tube, (0, 0, 0), UP) == pytest.approx(straight / 0.8, rel=0.01)

    @pytest.mark.parametrize(("height", "area"), [(0.0, 0.0), (1e-9, 1.0), (0.5, 1.0), (1.0, 1.0), (1.0 + 1e-9, 0.0)])
    def test_faces_in_the_plane_count_as_above_it(self, height: float, area: float) -> None:
        loops = section(box(), (0, 0, height), UP)
        assert sum(areas(loops)) == pytest.approx(area)

    @pytest.mark.parametrize("normal", [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, -1, 0), (-2, 1, 1)])
    def test_planes_through_vertices_edges_and_diagonals(self, normal: tuple[float, float, float]) -> None:
        known = {(1, 1, 0): np.sqrt(2), (1, 1, 1): np.sqrt(3) * 3 / 4, (1, 0, 0): 1.0, (1, -1, 0): np.sqrt(2)}
        through = (1, 0, 0) if normal == (1, 0, 0) else (0.5, 0.5, 0.5)
        (loop,) = section(box(), through, normal)
        assert (np.linalg.norm(loop - np.roll(loop, 1, axis=0), axis=1) > 0).all()
        assert loop_area(loop, normal) == pytest.approx(known.get(normal, np.sqrt(6) / 2))

    def test_every_plane_through_vertices_of_a_sphere_closes(self) -> None:
        ball = sphere(1.0, rows=12)
        for vertex in ball.vertices:
            assert section_area(ball, vertex, UP) == pytest.approx(
                section_area(ball, vertex - [0, 0, 1e-9], UP), abs=1e-7
            )
            assert all(len(loop) > 2 for loop in section(ball, vertex, vertex))

    def test_outside_runs_anticlockwise_and_holes_clockwise(self) -> None:
        shell = merge("shell", [sphere(2.0), turned(sphere(1.0))])
        hole, outside = areas(section(shell, (0, 0, 0.1), UP))
        assert hole == pytest.approx(-np.pi, rel=0.02)
        assert outside == pytest.approx(4 * np.pi, rel=0.02)
        assert areas(section(shell, (0, 0, 0.1), (0, 0, -1)), (0, 0, -1)) == pytest.approx([hole, outside])

    def test_the_plane_misses(self) -> None:
        assert section(sphere(), (0, 0, 2), UP) == []
        assert section_area(sphere(), (0, 0, 2), UP) == 0

    def test_neighbours_share_their_outline_to_the_bit(self) -> None:
        ball = sphere(1.0, (0.3, 0.1, 0.2), rows=20)
        rng = np.random.default_rng(3)
        order = rng.permutation(len(ball.vertices))
        shuffled = Surface("hole", "test", ball.vertices[order], turned(ball).faces.copy())
        shuffled = Surface("hole", "test", shuffled.vertices, np.argsort(order)[turned(ball).faces])
        (one,), (other,) = (section(part, (0, 0, 0.17), (0.1, 0, 1)) for part in (ball, shuffled))
        assert {tuple(p) for p in one.tolist()} == {tuple(p) for p in other.tolist()}

    def test_an_edge_shared_by_four_faces(self) -> None:
        pair = merge("pair", [box((0, 0, 0)), box((1, 1, 0))])
        vertices, index = np.unique(pair.vertices, axis=0, return_inverse=True)
        touching = Surface("pair", "test", vertices, index.reshape(-1)[pair.faces])
        loops = section(touching, (0, 0, 0.5), UP)
        assert sum(areas(loops)) == pytest.approx(2.0)

    def test_an_open_surface_is_refused(self) -> None:
        whole = box()
        with pytest.raises(GeometryError, match=r"surface box: a plane cuts it in lines that do not close"):
            section(Surface("box", "test", whole.vertices, whole.faces[:-1]), (0, 0, 0.5), UP)

    @pytest.mark.parametrize("normal", [(0, 0, 0), (np.nan, 0, 1), (0, 1)])
    def test_a_plane_without_a_normal_is_refused(self, normal: tuple[float, ...]) -> None:
        with pytest.raises(GeometryError, match="normal"):
            section_area(box(), (0, 0, 0.5), normal)

    def test_areas_add_up_to_the_volume(self) -> None:
        ball = sphere(5.0, rows=30)
        levels = np.linspace(-5, 5, 2001)
        through = [section_area(ball, (0, 0, z), UP) for z in levels]
        assert np.trapezoid(through, levels) == pytest.approx(volume(ball), rel=1e-5)


class TestInPlane:
    @given(directions.filter(lambda v: np.hypot(v[1], v[2]) > 0.05))
    def test_right_ventral_and_normal_are_a_right_handed_frame(self, normal: tuple[float, float, float]) -> None:
        right, ventral = in_plane(normal)
        unit = np.array(normal) / np.linalg.norm(normal)
        np.testing.assert_allclose(np.cross(right, ventral), unit, atol=1e-9)
        assert right @ unit == pytest.approx(0, abs=1e-9)
        assert right[0] > 0

    def test_a_sagittal_plane_has_no_right(self) -> None:
        with pytest.raises(GeometryError, match="side to side"):
            in_plane((1, 0, 0))


class TestPlanes:
    def test_across_a_slanted_axis(self) -> None:
        direction = np.array([0.0, 0.6, 0.8])
        planes = planes_along(Axis("test", np.linspace(0, 20, 41)[:, None] * direction), [5.0, 10.0])
        np.testing.assert_allclose(planes.points, [5 * direction, 10 * direction], atol=1e-12)
        np.testing.assert_allclose(planes.normals, [direction, direction], atol=1e-12)

    def test_places_that_do_not_rise_are_refused(self) -> None:
        with pytest.raises(GeometryError, match="do not rise"):
            planes_at([2.0, 1.0])
        with pytest.raises(GeometryError, match="expected as many"):
            Planes(np.zeros(2), np.zeros((1, 3)), np.zeros((1, 3)))
