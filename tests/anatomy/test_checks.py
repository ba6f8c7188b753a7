import numpy as np
import pytest

from spinemodel.anatomy.audit import audit
from spinemodel.anatomy.checks import check_surface, least_angles
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.surface import Surface, area, merge, volume
from tests.shapes import box, sphere


def test_cube_is_measured_exactly() -> None:
    cube = box((5, -3, 100), 2.0)
    check = check_surface(cube)
    assert (check.vertices, check.faces, check.euler, check.components) == (8, 12, 2, 1)
    assert volume(cube) == pytest.approx(8, rel=1e-12)
    assert area(cube) == pytest.approx(24, rel=1e-12)
    assert check.least_angle_deg == pytest.approx(45)
    assert check.most_turn_deg == pytest.approx(90)
    assert check.failures == ()


def test_torus_has_euler_number_zero() -> None:
    n, m = 30, 16
    u, v = np.meshgrid(2 * np.pi * np.arange(n) / n, 2 * np.pi * np.arange(m) / m, indexing="ij")
    points = np.stack([(3 + np.cos(v)) * np.cos(u), (3 + np.cos(v)) * np.sin(u), np.sin(v)], axis=-1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n), np.arange(m), indexing="ij")
    a, b, c, d = (((i + p) % n) * m + (j + q) % m for p, q in ((0, 0), (1, 0), (1, 1), (0, 1)))
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    check = check_surface(Surface("torus", "test", points, faces))
    assert check.euler == 0
    assert check.failures == ()
    assert check.volume_mm3 == pytest.approx(6 * np.pi**2, rel=0.04)


def spoil(faces, how: str):
    faces = faces.copy()
    if how == "open":
        return faces[1:]
    if how == "flipped face":
        faces[0] = faces[0][::-1]
    if how == "inside out":
        return faces[:, ::-1]
    if how == "doubled face":
        return np.vstack([faces, faces[:1]])
    return faces


@pytest.mark.parametrize(
    ("how", "phrase"),
    [
        ("open", "3 open edges"),
        ("flipped face", "3 edges not shared"),
        ("inside out", "look inwards"),
        ("doubled face", "3 edges not shared"),
    ],
)
def test_every_broken_promise_is_named(how, phrase) -> None:
    cube = box()
    broken = Surface("broken", "test", cube.vertices, spoil(cube.faces, how))
    assert any(phrase in failure for failure in check_surface(broken).failures)


@pytest.mark.parametrize(("shift", "crossing"), [(0.5, True), (1.0, False), (1.0 + 1e-7, False), (2.0, False)])
def test_two_cubes_cross_only_when_they_overlap(shift, crossing) -> None:
    two = merge("two", [box(), box((shift, 0.3, 0.3))])
    assert (len(self_intersections(two)) > 0) is crossing
    assert check_surface(two).components == 2


def test_crossing_is_found_whatever_the_sizes_of_the_triangles() -> None:
    needle = box((0.4, 0.4, 0.9), 0.01)
    both = merge("both", [box(size=1.0), needle, box((0.4, 0.4, 0.995), 0.01)])
    pairs = self_intersections(both)
    assert len(pairs) > 0
    assert set((pairs // 12).ravel().tolist()) == {0, 2}


def test_crossings_do_not_depend_on_place_or_unit() -> None:
    two = merge("two", [sphere(rows=12), sphere(centre=(0.7, 0.1, 0.2), rows=12)])
    count = len(self_intersections(two))
    moved = Surface("moved", "test", two.vertices * 1e-3 + [500, -300, 200], two.faces)
    assert count == len(self_intersections(moved)) > 0


def test_smooth_closed_surface_does_not_cross_itself() -> None:
    assert len(self_intersections(sphere(rows=30))) == 0


def test_vertex_pulled_through_the_other_side_is_found() -> None:
    ball = sphere(rows=20)
    vertices = ball.vertices.copy()
    vertices[len(vertices) // 2] *= -1.5
    assert check_surface(Surface("pulled", "test", vertices, ball.faces)).self_intersections > 0


def test_least_angle_of_known_triangles() -> None:
    triangles = np.array([[[0.0, 0, 0], [1, 0, 0], [0.5, np.sqrt(3) / 2, 0]], [[0, 0, 0], [1, 0, 0], [1, 1, 0]]])
    np.testing.assert_allclose(least_angles(triangles), [60, 45])


@pytest.mark.parametrize(
    ("low", "size", "shared"), [((0.5, 0, 0), 1.0, 0.5), ((0.25, 0.25, 0.25), 0.5, 0.125), ((1, 0, 0), 1.0, 0.0)]
)
def test_overlap_of_parts_is_measured_even_where_no_face_is_pierced(low, size, shared) -> None:
    check = check_surface(merge("two", [box(), box(low, size)]))
    assert check.parts_overlap_mm3 == pytest.approx(shared, abs=1e-9)
    assert any("parts overlap" in failure for failure in check.failures) is (shared > 0)


def test_a_cavity_is_no_overlap() -> None:
    hole = box((0.25, 0.25, 0.25), 0.5)
    shell = merge("shell", [box(), Surface("hole", "test", hole.vertices, hole.faces[:, ::-1])])
    assert check_surface(shell).failures == ()
    assert check_surface(shell).volume_mm3 == pytest.approx(1 - 0.125)


def test_a_structure_in_two_parts_is_a_failure() -> None:
    two = merge("Cord", [box(), box((3, 0, 0))])
    assert audit({"Cord": two}).failures == ("Cord: 2 parts, expected one",)
