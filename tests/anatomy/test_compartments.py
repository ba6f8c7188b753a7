"""Solids into compartments: volumes, interfaces, priorities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.arrangement.tidy import FINEST_MM, tidy
from spinemodel.anatomy.build import build
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.compartments import (
    Partition,
    Solid,
    check_partition,
    interface,
    partition,
    volumes,
)
from spinemodel.anatomy.solids import crossings, to_solid
from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.bids import read_subject
from tests.anatomy.test_arrangement import posed, random_shapes, rod, unshared
from tests.shapes import box, sphere
from winding import winding_numbers

SEEDS = st.integers(0, 2**32 - 1)
ROOM = box((-1.1, -1.2, -1.3), 2.4, name="room")


def by_booleans(solids: Sequence[Solid], domain: Surface, background: str = "Bulk") -> dict[str, float]:
    """Volumes by manifold3d, solid after solid."""
    left, found = to_solid(domain), {}
    for solid in solids:
        body = to_solid(solid.surface)
        found[solid.label] = found.get(solid.label, 0.0) + (left ^ body).volume()
        left -= body
    found[background] = left.volume()
    return {label: mm3 for label, mm3 in found.items() if mm3 > 0}


def in_single_precision(surface: Surface) -> tuple[int, int]:
    """Unshared edges and triangles without area of a surface written and read as float32 triangles."""
    corners = surface.vertices.astype(np.float32)[surface.faces]
    _, where = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    u, v = corners[:, 1].astype(float) - corners[:, 0], corners[:, 2].astype(float) - corners[:, 0]
    return unshared(where.reshape(-1, 3)), int((np.linalg.norm(np.cross(u, v), axis=1) == 0).sum())


def triangles(surface: Surface) -> set[tuple[float, ...]]:
    """The triangles as sets of exact corners."""
    corners = surface.vertices[surface.faces]
    order = np.lexsort(np.moveaxis(corners, 2, 0)[::-1], axis=1)
    return {*map(tuple, np.take_along_axis(corners, order[:, :, None], axis=1).reshape(-1, 9).tolist())}


@settings(max_examples=40)
@given(SEEDS)
def test_any_shapes_in_any_pose_have_the_volumes_of_booleans(seed: int) -> None:
    solids = [Solid(shape, f"p{i}") for i, shape in enumerate(random_shapes(seed))]
    expected = by_booleans(solids, ROOM)
    solids = [solid for solid in solids if solid.label in expected]
    parted = partition(solids, ROOM, finest_mm=0)
    assert volumes(parted) == pytest.approx(expected, rel=1e-9)
    assert sum(volumes(parted).values()) == pytest.approx(volume(ROOM), rel=1e-14)
    for name in parted.labels:
        assert unshared(parted.parts[name].faces) == 0


@settings(max_examples=25)
@given(SEEDS)
def test_parts_survive_single_precision(seed: int) -> None:
    far = np.array([17.0, -60.0, -650.0])
    solids = [Solid(posed(shape, far), f"p{i % 2}") for i, shape in enumerate(random_shapes(seed))]
    room = posed(ROOM, far)
    parted = partition(solids, room)
    assert check_partition(parted, volume(room)) == ()
    assert volumes(parted) == pytest.approx(by_booleans(solids, room), rel=1e-4, abs=1e-4)
    for name in parted.labels:
        assert in_single_precision(parted.parts[name]) == (0, 0)


@settings(max_examples=6)
@given(SEEDS)
def test_points_lie_in_the_part_of_the_first_solid_that_holds_them(seed: int) -> None:
    solids = [Solid(shape, f"p{i}") for i, shape in enumerate(random_shapes(seed, 5))]
    solids = [solid for solid in solids if solid.label in by_booleans(solids, ROOM)]
    points = np.random.default_rng(seed).uniform(-1.25, 1.35, (300, 3))
    expected = np.full(len(points), "Bulk")
    for solid in reversed(solids):
        expected[winding_numbers(solid.surface, points) > 0.5] = solid.label
    expected[winding_numbers(ROOM, points) < 0.5] = ""
    parted = partition(solids, ROOM)
    found = np.full(len(points), "", dtype=expected.dtype)
    for name in parted.labels:
        inside = winding_numbers(parted.parts[name], points) > 0.5
        assert (found[inside] == "").all()
        found[inside] = name
    np.testing.assert_array_equal(found, expected)


def test_boxes_have_the_volumes_of_arithmetic() -> None:
    """A 2 mm cube in a 4 mm room, cut by a 1 mm column of higher priority that runs through the whole room."""
    column = posed(box((-0.5, -0.5, -0.5)), (0.1, 0.2, 0), scale=(1, 1, 9))
    solids = [Solid(column, "Column"), Solid(box((-1.01, -1.02, -1.03), 2), "Cube")]
    parted = partition(solids, box((-2, -2, -2), 4))
    assert volumes(parted) == pytest.approx({"Column": 4.0, "Cube": 6.0, "Bulk": 54.0}, rel=1e-12)
    walls = Surface("walls", "test", parted.vertices, interface(parted, "Column", "Cube"))
    assert area(walls) == pytest.approx(8.0)
    assert check_surface(parted.parts["Cube"]).euler == 0


def test_neighbours_hold_the_same_triangles() -> None:
    cord, root = sphere(rows=16), posed(rod(0.2, -1, 1), (0.6, 0.1, 0), name="root")
    parted = partition([Solid(root, "Root"), Solid(cord, "Cord")], box((-2, -2, -2), 4))
    shared = triangles(parted.parts["Root"]) & triangles(parted.parts["Cord"])
    between = interface(parted, "Root", "Cord")
    assert shared == triangles(Surface("x", "test", parted.vertices, between))
    assert len(shared) == len(between) > 20
    np.testing.assert_array_equal(interface(parted, "Cord", "Root")[:, ::-1], between)
    outward = volume(Surface("x", "test", parted.vertices, np.vstack([between, interface(parted, "Root", "Bulk")])))
    assert outward == pytest.approx(volumes(parted)["Root"])


def test_a_root_passes_the_dura_once() -> None:
    """A thin tube through two nested walls, and one that ends between them."""
    root = posed(rod(0.05, 0.2, 2), turn=Rotation.from_rotvec([0.7, 0.4, 0]).as_matrix(), name="root")
    stub = posed(rod(0.05, 0.3, 1.05), turn=Rotation.from_rotvec([-1.7, 0.4, 0]).as_matrix(), name="stub")
    inner, outer = sphere(1.0, rows=20), posed(sphere(1.0, rows=21), scale=1.1, name="outer")
    room = box((-2.5, -2.5, -2.5), 5)
    solids = [Solid(root, "Root"), Solid(stub, "Stub"), Solid(inner, "CSF"), Solid(outer, "Dura")]
    parted = partition(solids, room)
    assert check_partition(parted, volume(room)) == ()
    assert volumes(parted) == pytest.approx(by_booleans(solids, room), rel=1e-7)
    # The shell has an outer and an inner surface, joined by the root's hole; the stub's is a dent.
    assert check_surface(parted.parts["Dura"]).components == 1
    assert check_surface(parted.parts["Dura"]).euler == 2
    assert crossings(to_solid(parted.parts["Root"]), to_solid(inner)) == 1
    assert len(interface(parted, "Root", "Dura")) > 0
    assert len(interface(parted, "Stub", "Bulk")) == 0


def test_a_hundred_rootlets_cross_a_cord() -> None:
    """Tubes that go through each other and through the cord, under three names in turn."""
    rng = np.random.default_rng(5)
    thin = rod(0.05, -2.2, 2.2, 6, 5)
    shifts = rng.uniform([-0.4, -0.4, -3.5], [0.4, 0.4, 3.5], (100, 3))
    tubes = [Solid(posed(thin, shift, _across(rng), name=f"t{i}"), f"L{i % 3}_L") for i, shift in enumerate(shifts)]
    cord, room = rod(1.0, -6, 6, 24, 12, name="cord"), box((-4, -4, -4), 8)
    solids = [*tubes, Solid(cord, "Cord")]
    parted = partition(solids, room)
    assert check_partition(parted, volume(room)) == ()
    assert volumes(parted) == pytest.approx(by_booleans(solids, room), rel=1e-5)


def _across(rng: np.random.Generator) -> FloatArray:
    """A turn of the z axis to a direction across it."""
    angle = rng.uniform(0, 2 * np.pi)
    return Rotation.from_rotvec(rng.uniform(1.2, 1.9) * np.array([np.cos(angle), np.sin(angle), 0])).as_matrix()


def test_ten_nested_columns_cut_the_lid_of_a_room() -> None:
    columns = [Solid(rod(0.2 * i, -4, 4, 9 + 3 * i, name=f"c{i}"), f"c{i}") for i in range(1, 11)]
    room = box((-3, -3, -3), 6)
    parted = partition(columns, room)
    section = [(9 + 3 * i) / 2 * (0.2 * i) ** 2 * np.sin(2 * np.pi / (9 + 3 * i)) for i in range(11)]
    for i in range(1, 11):
        assert volumes(parted)[f"c{i}"] == pytest.approx(6 * (section[i] - section[i - 1]), rel=1e-5)
    assert check_partition(parted, volume(room)) == ()


@pytest.mark.parametrize("turn", [np.eye(3), Rotation.from_rotvec([0.3, 0.7, -0.2]).as_matrix()])
def test_solids_that_abut_share_an_interface(turn: FloatArray) -> None:
    """Eight cubes face to face, and a ninth flush with the domain."""
    cubes = [
        Solid(posed(box(low), turn=turn, name="{}{}{}".format(*low)), "{}{}{}".format(*low))
        for low in product((-1, 0), repeat=3)
    ]
    flush = Solid(posed(box((1.5, 1.5, 1.5), 1.5), turn=turn, name="flush"), "flush")
    room = posed(box((-3, -3, -3), 6), turn=turn)
    parted = partition([*cubes, flush], room)
    assert check_partition(parted, volume(room)) == ()
    sizes = {**{cube.label: 1.0 for cube in cubes}, "flush": 1.5**3, "Bulk": 216 - 8 - 1.5**3}
    assert volumes(parted) == pytest.approx(sizes, rel=1e-4)
    for other in ("-10-1", "-1-10", "0-1-1"):
        walls = interface(parted, "-1-1-1", other)
        assert area(Surface("x", "test", parted.vertices, walls)) == pytest.approx(1.0, rel=1e-3)


def test_a_solid_counts_only_within() -> None:
    """Grey matter that sticks out of the cord, in a cord that sticks out of the dura, ends at both."""
    grey, cord, dura = rod(0.3, -2.5, 2.5), rod(0.8, -2, 2, 15), rod(1.2, -1.5, 1.5, 18)
    solids = [Solid(grey, "Grey", "White"), Solid(cord, "White", "CSF"), Solid(dura, "CSF")]
    parted = partition(solids, box((-3, -3, -3), 6))
    height = {"Grey": 3.0, "White": 3.0, "CSF": 3.0}
    for surface, label in ((grey, "Grey"), (cord, "White"), (dura, "CSF")):
        sides = {"Grey": 12, "White": 15, "CSF": 18}[label]
        radius = float(surface.vertices[:, 0].max())
        height[label] *= sides / 2 * radius**2 * np.sin(2 * np.pi / sides)
    grey, white, csf = height["Grey"], height["White"], height["CSF"]
    expected = {"Grey": grey, "White": white - grey, "CSF": csf - white}
    assert {name: mm3 for name, mm3 in volumes(parted).items() if name != "Bulk"} == pytest.approx(expected, rel=1e-5)


def test_solids_of_one_name_become_one_part() -> None:
    """Where two roots of one name cross, no face is left between them."""
    roots = [posed(rod(0.2, -1, 1), (0, 0.05 * k, 0), Rotation.from_rotvec([0, k, 0]).as_matrix()) for k in (0, 1)]
    parted = partition([Solid(root, "Root") for root in roots], box((-2, -2, -2), 4))
    assert set(parted.sides.ravel().tolist()) == {0, 1, 2}
    assert check_surface(parted.parts["Root"]).failures == ()
    assert volumes(parted)["Root"] == pytest.approx((to_solid(roots[0]) + to_solid(roots[1])).volume(), rel=1e-9)


def test_without_room_for_it_there_is_no_background() -> None:
    parted = partition([Solid(box((-5, -5, -5), 10), "All"), Solid(sphere(rows=6), "None")][:1], ROOM)
    assert parted.labels == ("All",)
    assert check_partition(parted, volume(ROOM)) == ()


def test_a_tissue_that_ended_empty_is_an_error() -> None:
    hidden = [Solid(sphere(rows=8), "Cord"), Solid(posed(sphere(rows=6), scale=0.5), "Grey")]
    with pytest.raises(GeometryError, match="Grey: nothing is left"):
        partition(hidden, ROOM)
    with pytest.raises(GeometryError, match="Far: nothing is left"):
        partition([Solid(box((50, 50, 50)), "Far")], ROOM)


@pytest.mark.parametrize(
    ("within", "message"),
    [(("Cord", None), "within 'Cord', which no solid is labelled"), (("B", "A"), "lies within itself")],
)
def test_within_must_lead_outwards(within: tuple[str, str | None], message: str) -> None:
    solids = [Solid(sphere(rows=6, radius=r), label, w) for r, label, w in zip((0.5, 0.8), "AB", within, strict=True)]
    with pytest.raises(InputError, match=message):
        partition(solids, ROOM)


def test_an_unknown_part_is_refused() -> None:
    parted = partition([Solid(sphere(rows=6), "Cord")], ROOM)
    with pytest.raises(InputError, match="no compartment 'cord'; expected one of Cord, Bulk"):
        interface(parted, "cord", "Cord")


def test_what_is_broken_is_found() -> None:
    parted = partition([Solid(sphere(rows=6), "Cord")], ROOM)
    holed = Partition(parted.space, parted.vertices, parted.faces[1:], parted.sides[1:], parted.labels)
    assert any("3 open edges" in phrase for phrase in check_partition(holed, volume(ROOM)))
    assert any("differ from the domain's" in phrase for phrase in check_partition(parted, 8.0))
    flat = parted.vertices.copy()
    flat[parted.faces[0, 1]] = flat[parted.faces[0, 0]]
    squashed = Partition(parted.space, flat, parted.faces, parted.sides, parted.labels)
    assert any("triangles without area" in phrase for phrase in check_partition(squashed, volume(ROOM)))
    swapped = Partition(parted.space, parted.vertices, parted.faces, parted.sides[:, ::-1], parted.labels)
    assert any("Cord: volume -" in phrase for phrase in check_partition(swapped, volume(ROOM)))


def test_short_edges_and_flat_triangles_are_taken_out() -> None:
    """A cube whose top has a vertex next to a corner and one next to an edge."""
    corners = np.vstack([box().vertices, [[1e-5, 1e-5, 1], [0.5, 1 - 1e-5, 1]]])
    top = [[4, 5, 8], [5, 9, 8], [5, 7, 9], [7, 6, 9], [6, 8, 9], [6, 4, 8]]
    kept = [face for face in box().faces.tolist() if not all(i >= 4 for i in face)]
    faces = np.array([*kept, *top])
    assert unshared(faces) == 0
    after, sides = tidy(corners, faces, np.tile([1, 0], (len(faces), 1)), FINEST_MM)
    assert len(after) == 14
    assert (sides == [1, 0]).all()
    assert unshared(after) == 0
    assert volume(Surface("x", "test", corners, after)) == pytest.approx(1, rel=1e-5)
    assert tidy(corners, faces, np.tile([1, 0], (len(faces), 1)), 0)[0] is faces


def test_a_film_that_is_squeezed_flat_is_gone() -> None:
    """A wedge of bulk between two boxes that thins out to nothing: both sheets become one interface."""
    tilt = Rotation.from_rotvec([1e-4, 0, 0]).as_matrix()
    lower, upper = box((-1, -1, -1), 1), posed(box((-1.2, -1.2, 0), 1.4), turn=tilt)
    room = box((-3, -3, -3), 6)
    parted = partition([Solid(lower, "Lower"), Solid(upper, "Upper")], room)
    assert check_partition(parted, volume(room)) == ()


def test_the_real_subject_is_parted_exactly(sub03) -> None:  # type: ignore[no-untyped-def]
    surfaces = dict(build(read_subject(sub03)).surfaces)
    top = surfaces["Cord"].vertices[:, 2].max()
    low, high = np.array([-60, -110, -700.0]), np.array([50, 20, top - 1])
    room = Surface("room", surfaces["Cord"].space, posed(box(), low, scale=high - low).vertices, box().faces)
    cord, dura = surfaces.pop("Cord"), surfaces.pop("Dura")
    roots = [Solid(surface, name) for name, surface in surfaces.items()]
    solids = [Solid(cord, "Cord"), *roots, Solid(dura, "CSF")]
    parted = partition(solids, room)
    assert check_partition(parted, volume(room)) == ()
    whole = to_solid(room)
    enclosed = (to_solid(dura) ^ whole).volume()
    assert volumes(parted)["Cord"] == pytest.approx((to_solid(cord) ^ whole).volume(), rel=1e-7)
    assert volumes(parted)["CSF"] < enclosed - volumes(parted)["Cord"]
    for name in ("Cord", "CSF", roots[0].label):
        assert in_single_precision(parted.parts[name]) == (0, 0)
