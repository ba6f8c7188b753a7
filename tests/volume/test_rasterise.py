from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.anatomy.build import build
from spinemodel.anatomy.surface import Surface, merge, volume
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.io.bids import read_subject
from spinemodel.volume.grid import Grid, around, refined, to_mm, voxel_mm3
from spinemodel.volume.measure import volumes
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import Spans, to_volume
from tests.shapes import box, sphere
from winding import winding_numbers


def surface_of(mesh: trimesh.Trimesh, name: str = "shape") -> Surface:
    return Surface(name, "test", np.asarray(mesh.vertices), np.asarray(mesh.faces))


def turned(surface: Surface, matrix: np.ndarray) -> Surface:
    points = surface.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    return Surface(surface.name, surface.space, points, surface.faces)


def values(spans: Spans) -> np.ndarray:
    return to_volume(spans).values


def centres(grid: Grid) -> np.ndarray:
    return to_mm(grid, np.indices(grid.shape).reshape(3, -1).T.astype(float)).reshape(*grid.shape, 3)


TURN = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3])


@pytest.mark.parametrize(
    ("mesh", "exact_mm3"),
    [
        (trimesh.creation.icosphere(subdivisions=5, radius=10.0), None),
        # Tilted: one that lies along the lattice touches whole circles of samples at once, and errs as its 1.5th power.
        (trimesh.creation.torus(8.0, 3.0, major_sections=96, minor_sections=48, transform=TURN), None),
        (trimesh.creation.box(extents=[9.1, 12.3, 7.7], transform=TURN), 9.1 * 12.3 * 7.7),
    ],
    ids=["sphere", "torus", "turned box"],
)
def test_the_volume_tends_to_the_exact_one_at_least_as_the_square_of_the_spacing(
    mesh: trimesh.Trimesh, exact_mm3: float | None
) -> None:
    surface = surface_of(mesh)
    exact = exact_mm3 or volume(surface)
    spacings = (1.0, 0.5, 0.25)
    error = []
    for h in spacings:
        # Averaged over places of the lattice, since the error of one place is a matter of luck.
        moved = [turned(surface, trimesh.transformations.translation_matrix(h * np.array(s))) for s in _PLACES]
        found = np.array([volumes(rasterise(one, around([one], h)))["shape"] for one in moved])
        error.append(np.sqrt(np.mean((found / exact - 1) ** 2)))
    assert error[0] < 0.03
    assert np.polyfit(np.log(spacings), np.log(error), 1)[0] > 1.7


_PLACES = np.random.default_rng(3).uniform(-0.5, 0.5, (12, 3))


@given(
    low=st.tuples(*[st.integers(-2, 9)] * 3),
    size=st.integers(1, 7),
    half=st.booleans(),
)
def test_cubes_with_faces_on_samples_are_exact(low: tuple[int, int, int], size: int, half: bool) -> None:
    # A face on a sample takes it on the lower side and leaves it on the upper, on every axis.
    grid = Grid((10, 10, 10), np.eye(4), "test")
    corner = np.array(low) + (0.5 if half else 0.0)
    inside = ((centres(grid) >= corner) & (centres(grid) < corner + size)).all(axis=-1)
    assert np.array_equal(values(rasterise(box(tuple(corner), size), grid)) > 0, inside)


def test_boxes_that_share_a_face_leave_no_gap_and_share_no_voxel() -> None:
    # Random lattices: the shared faces pass anywhere between samples, and through them.
    generator = np.random.default_rng(5)
    for _ in range(20):
        matrix = np.eye(4)
        matrix[:3, :3] = generator.normal(size=(3, 3))
        matrix[:3, 3] = generator.normal(size=3)
        boxes = [turned(box((x, y, z), 1), matrix) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
        whole = turned(box((0, 0, 0), 2), matrix)
        grid = around([whole], 0.11)
        parts = sum((values(rasterise(part, grid)) > 0).astype(int) for part in boxes)
        outline = values(rasterise(whole, grid)) > 0
        assert parts.max() == 1
        # The whole has long edges where the parts have corners between: only samples on the snapped faces may differ.
        assert np.count_nonzero((parts > 0) != outline) <= 2


@settings(max_examples=30)
@given(
    matrix=st.lists(st.floats(-1, 1), min_size=9, max_size=9),
    flips=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
)
def test_any_lattice_sees_what_the_exact_mesh_holds(matrix: list[float], flips: tuple[float, float, float]) -> None:
    # A convex body: inside is where every face plane is behind. Oblique, flipped, sheared and anisotropic lattices.
    linear = np.eye(3) * (0.9, 1.1, 1.6) * flips + 0.3 * np.reshape(matrix, (3, 3))
    affine = np.eye(4)
    affine[:3, :3] = linear
    affine[:3, 3] = -linear @ [7.5, 7.5, 7.5]
    if abs(np.linalg.det(linear)) < 0.2:
        return
    grid = Grid((16, 16, 16), affine, "test")
    body = surface_of(trimesh.creation.icosphere(subdivisions=2, radius=5.0))
    a, b, c = np.moveaxis(body.vertices[body.faces], 1, 0)
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    height = (centres(grid)[..., None, :] * normals).sum(-1) - (a * normals).sum(-1)
    depth = height.max(axis=-1)
    found = values(rasterise(body, grid)) > 0
    unsure = np.abs(depth) < 2.0**-16 * np.linalg.norm(linear, 2)
    assert np.array_equal(found | unsure, (depth < 0) | unsure)


def test_vertices_on_samples_are_seen_as_by_samples_moved_a_little() -> None:
    # Vertices on samples, on half and on eighth ones: the worst there is. A leak would fill a column to its end.
    torus = surface_of(trimesh.creation.torus(4.0, 1.7, major_sections=16, minor_sections=10))
    grid = Grid((13, 13, 5), np.array([[1, 0, 0, -6], [0, 1, 0, -6], [0, 0, 1, -2], [0, 0, 0, 1.0]]), "test")
    points = centres(grid).reshape(-1, 3) + np.array([1e-7, 1e-5, 1e-3])
    for step in (1.0, 0.5, 0.125):
        snapped = Surface("torus", "test", np.round(torus.vertices / step) * step, torus.faces)
        inside = np.abs(winding_numbers(snapped, points)) > 0.5
        assert np.array_equal(values(rasterise(snapped, grid)).reshape(-1) > 0, inside)


def test_a_grid_that_cuts_the_surface_sees_its_part() -> None:
    surface = sphere(6.0, rows=30)
    whole = around([surface], 0.5)
    full = values(rasterise(surface, whole))
    window = np.s_[5:17, 7:20, 3:12]
    affine = whole.affine.copy()
    affine[:3, 3] = to_mm(whole, np.array([[5.0, 7.0, 3.0]]))[0]
    part = Grid((12, 13, 9), affine, "test")
    assert np.array_equal(values(rasterise(surface, part)), full[window])


def test_overlapping_parts_of_one_surface_are_united_and_a_hole_stays_empty() -> None:
    grid = Grid((12, 12, 12), np.eye(4), "test")
    union = merge("two", [box((1.5, 1.5, 1.5), 4), box((3.5, 3.5, 3.5), 4)])
    assert (values(rasterise(union, grid)) > 0).sum() == 64 + 64 - 8
    inner = box((3.5, 3.5, 3.5), 2)
    hollow = merge("hollow", [box((1.5, 1.5, 1.5), 6), Surface("in", "test", inner.vertices, inner.faces[:, ::-1])])
    assert (values(rasterise(hollow, grid)) > 0).sum() == 216 - 8


def test_a_few_large_triangles_cross_more_columns_than_there_was_room_for() -> None:
    # A face that finds no room is begun again; its edges are counted once, or the box would be taken for open.
    for size in (30, 100):
        grid = Grid((size + 2, size + 2, 4), np.eye(4), "test")
        expected = np.zeros(grid.shape, dtype=bool)
        expected[1:-1, 1:-1] = True
        assert np.array_equal(values(rasterise(box((0.5, 0.5, -0.5), size), grid)) > 0, expected)


def test_an_inside_out_surface_holds_the_same() -> None:
    shape = sphere(4.0)
    grid = around([shape], 0.7)
    outside_in = Surface("s", "test", shape.vertices, shape.faces[:, ::-1])
    assert np.array_equal(values(rasterise(shape, grid)), values(rasterise(outside_in, grid)))


def test_the_higher_priority_has_the_voxel_and_of_equals_the_first() -> None:
    grid = Grid((12, 12, 12), np.eye(4), "test")
    a, b = box((1.5, 1.5, 1.5), 4, "a"), box((3.5, 3.5, 3.5), 4, "b")
    assert volumes(rasterise([a, b], grid)) == {"a": 64.0, "b": 56.0}
    assert volumes(rasterise([a, b], grid, priorities=[1, 2])) == {"a": 56.0, "b": 64.0}
    labelled = values(rasterise([a, b], grid, labels=[7, 300], priorities=[1, 2]))
    assert set(np.unique(labelled)) == {0, 7, 300}
    assert labelled[4, 4, 4] == 300


def test_many_nested_surfaces_as_the_slow_way_has_them() -> None:
    generator = np.random.default_rng(8)
    places = generator.uniform(-4, 4, (9, 3))
    group = [sphere(radius, tuple(at), rows=8) for radius, at in zip(generator.uniform(1, 5, 9), places, strict=True)]
    grid = around(group, 0.6)
    expected = np.zeros(grid.shape, dtype=int)
    for n in reversed(range(len(group))):
        expected[values(rasterise(group[n], grid)) > 0] = n + 1
    assert np.array_equal(values(rasterise(group, grid)), expected)


def test_no_surface_gives_no_run() -> None:
    assert len(rasterise([], Grid((3, 3, 3), np.eye(4), "test")).start) == 0
    empty = Surface("empty", "test", np.empty((0, 3)), np.empty((0, 3)))
    assert len(rasterise(empty, Grid((3, 3, 3), np.eye(4), "test")).start) == 0
    outside = rasterise(box((50, 50, 50)), Grid((3, 3, 3), np.eye(4), "test"))
    assert len(outside.start) == 0
    assert volumes(outside) == {"box": 0.0}


def test_a_hole_anywhere_is_an_error_that_says_where() -> None:
    shape = sphere(5.0)
    grid = around([shape], 1.0)
    for face in range(0, len(shape.faces), 211):
        holed = Surface("holed", "test", shape.vertices, np.delete(shape.faces, face, axis=0))
        middle = shape.vertices[shape.faces[face]].mean(axis=0)
        with pytest.raises(GeometryError, match=r"surface holed: open.*3 edges") as caught:
            rasterise(holed, grid)
        told = np.array([float(x) for x in str(caught.value).split("near (")[1].split(")")[0].split(",")])
        assert np.linalg.norm(told - middle) < 1.0


def test_holes_that_hide_behind_each_other_are_found() -> None:
    # The column between them is crossed by nothing: its signs sum to zero, and only the edges tell.
    cube = box((0.5, 0.5, 0.5), 4)
    grid = Grid((6, 6, 6), np.eye(4), "test")
    lids = np.abs(np.cross(*np.moveaxis(np.diff(cube.vertices[cube.faces], axis=1), 1, 0))[:, 2]) > 0
    with pytest.raises(GeometryError, match="open"):
        rasterise(Surface("tube", "test", cube.vertices, cube.faces[~lids]), grid)


def test_a_flipped_face_is_an_error_and_a_soup_of_closed_triangles_is_not() -> None:
    shape = sphere(5.0)
    grid = around([shape], 1.0)
    flipped = shape.faces.copy()
    flipped[100] = flipped[100, ::-1]
    with pytest.raises(GeometryError, match="disagree"):
        rasterise(Surface("flipped", "test", shape.vertices, flipped), grid)
    corners = shape.vertices[shape.faces].reshape(-1, 3)
    soup = Surface("soup", "test", corners, np.arange(len(corners)).reshape(-1, 3))
    assert np.array_equal(values(rasterise(soup, grid)), values(rasterise(shape, grid)))


def test_bounds_and_wrong_numbers_are_refused_in_one_line() -> None:
    grid = Grid((4, 4, 4), np.eye(4), "test")
    far, broken = box((20000, 0, 0)), box().vertices.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InputError, match=r"vertex \d+ at \(2000[01], .*16384 voxels"):
        rasterise(far, grid)
    with pytest.raises(InputError, match="vertex 3 at"):
        rasterise(Surface("broken", "test", broken, box().faces), grid)
    with pytest.raises(InputError, match="labels 0, expected"):
        rasterise(box(), grid, labels=[0])
    with pytest.raises(InputError, match="labels 1, 1, expected"):
        rasterise([box(), box()], grid, labels=[1, 1])
    with pytest.raises(InputError, match="priorities nan"):
        rasterise(box(), grid, priorities=[float("nan")])
    with pytest.raises(InputError, match="2 labels"):
        rasterise(box(), grid, labels=[1, 2])
    with pytest.raises(SpaceMismatchError):
        rasterise(box(), Grid((4, 4, 4), np.eye(4), "elsewhere"))


def test_a_subject_is_seen_as_its_exact_winding_numbers_say(sub03: Path) -> None:
    anatomy = build(read_subject(sub03))
    generator = np.random.default_rng(11)
    for name in ("Cord", "Dura", "L5_L"):
        surface = anatomy.surfaces[name]
        grid = around([surface], (0.9, 0.8, 1.1))
        found = values(rasterise(surface, grid)) > 0
        near = np.zeros_like(found)
        for axis in range(3):
            near |= (found != np.roll(found, 1, axis)) | (found != np.roll(found, -1, axis))
        sample = generator.permutation(np.argwhere(near))[:60]
        points = to_mm(grid, sample.astype(float))
        wrong = found[tuple(sample.T)] != (winding_numbers(surface, points) > 0.5)
        if wrong.any():
            apart = trimesh.proximity.closest_point(trimesh.Trimesh(surface.vertices, surface.faces), points[wrong])[1]
            assert apart.max() < 2.0**-16


def test_refining_the_lattice_keeps_the_volume_of_a_lattice_box() -> None:
    grid = Grid((8, 8, 8), np.eye(4) * [0.5, 0.5, 2.0, 1.0], "test")
    shape = turned(box((1.5, 1.5, 1.5), 4), grid.affine)
    for times in (1, 2, 5):
        fine = refined(grid, times)
        assert sum(volumes(rasterise(shape, fine)).values()) == pytest.approx(64 * voxel_mm3(grid))
