"""Surfaces cut by each other: what is shared, what is kept, what is refused."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemodel.anatomy import arrangement as package
from spinemodel.anatomy.arrangement import Arrangement, arrangement
from spinemodel.anatomy.arrangement.broad import overlapping
from spinemodel.anatomy.arrangement.crossings import cross_edges
from spinemodel.anatomy.arrangement.delaunay import make_delaunay
from spinemodel.anatomy.arrangement.predicates import INSIDE, OUTSIDE, UNDECIDED, orient, pierce
from spinemodel.anatomy.arrangement.soup import to_soup
from spinemodel.anatomy.arrangement.triples import find_triples
from spinemodel.anatomy.checks import least_angles
from spinemodel.anatomy.rings import Ring, cap, zip_rings
from spinemodel.anatomy.surface import Surface, area, merge, volume
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from tests.shapes import box, circle, sphere
from winding import winding_numbers

SEEDS = st.integers(0, 2**32 - 1)


def posed(
    surface: Surface, shift: object = (0, 0, 0), turn: FloatArray | None = None, scale: object = 1.0, name: str = ""
) -> Surface:
    """A scaled, turned and shifted copy."""
    points = surface.vertices * np.asarray(scale) @ (np.eye(3) if turn is None else turn).T + np.asarray(shift, float)
    return Surface(name or surface.name, surface.space, points, surface.faces)


def torus(radius: float = 1.0, thickness: float = 0.3, around: int = 24, across: int = 9) -> Surface:
    """A ring."""
    u, v = np.meshgrid(2 * np.pi * np.arange(around) / around, 2 * np.pi * np.arange(across) / across, indexing="ij")
    reach = radius + thickness * np.cos(v)
    points = np.stack([reach * np.cos(u), reach * np.sin(u), thickness * np.sin(v)], axis=-1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(around), np.arange(across), indexing="ij")
    a, b = i * across + j, (i + 1) % around * across + j
    c, d = (i + 1) % around * across + (j + 1) % across, i * across + (j + 1) % across
    faces = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)]).reshape(-1, 3)
    return Surface("torus", "test", points, faces)


def rod(radius: float, low: float, high: float, sides: int = 12, rows: int = 6, name: str = "rod") -> Surface:
    """A cylinder along z with flat ends."""
    rings = [Ring(circle(radius, z, sides), 0.0) for z in np.linspace(low, high, rows)]
    bottom, top = cap(rings[0], np.array([0.0, 0.0, -1.0]), 0.0), cap(rings[-1], np.array([0.0, 0.0, 1.0]), 0.0)
    return Surface(name, "test", *zip_rings([*bottom[::-1], *rings, *top]))


def random_shapes(seed: int, most: int = 4) -> list[Surface]:
    """A few shapes of any pose that overlap near the origin."""
    rng = np.random.default_rng(seed)
    makers = [
        lambda: sphere(rows=int(rng.integers(4, 12))),
        lambda: box((-0.5, -0.5, -0.5)),
        lambda: torus(around=int(rng.integers(5, 24)), across=int(rng.integers(4, 10))),
    ]
    return [
        posed(
            makers[rng.integers(3)](),
            rng.uniform(-0.6, 0.6, 3),
            Rotation.from_quat(rng.normal(size=4)).as_matrix(),
            rng.uniform(0.5, 2, 3),
            f"s{i}",
        )
        for i in range(rng.integers(2, most + 1))
    ]


def pieces(cut: Arrangement, solid: int) -> Surface:
    """The surface of one solid, after cutting."""
    return Surface("pieces", cut.space, cut.vertices, cut.faces[cut.owner == solid])


def unshared(faces: np.ndarray) -> int:
    """The number of edges that do not have just two faces that run along it in opposite directions."""
    directed = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges, count = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    return int((count != 2).sum()) + 2 * len(edges) - len(np.unique(directed, axis=0))


@given(st.lists(st.integers(-8, 8), min_size=12, max_size=12), st.integers(0, 60), SEEDS)
def test_a_sign_beyond_the_bound_is_exact(grid: list[int], shrink: int, seed: int) -> None:
    """Points near a common plane: either the bound admits doubt, or exact arithmetic agrees."""
    noise = np.random.default_rng(seed).normal(size=(4, 3)) * 2.0**-shrink
    points = np.array(grid, float).reshape(4, 3) + noise + 500.0
    (value,), (bound,) = orient(*points[:, :, None])
    a, b, c, d = ([Fraction(float(x)) for x in p] for p in points)
    u, v, w = ([p[i] - a[i] for i in range(3)] for p in (b, c, d))
    exact = sum(w[i] * (u[(i + 1) % 3] * v[(i + 2) % 3] - u[(i + 2) % 3] * v[(i + 1) % 3]) for i in range(3))
    assert abs(Fraction(float(value)) - exact) <= Fraction(float(bound))


@pytest.mark.parametrize(
    ("p", "q", "state", "along"),
    [
        ((0.2, 0.2, -1), (0.2, 0.2, 3), INSIDE, 0.25),
        ((0.2, 0.2, 1), (0.2, 0.2, 3), OUTSIDE, None),
        ((0.9, 0.9, -1), (0.9, 0.9, 1), OUTSIDE, None),
        ((0.5, 0.0, -1), (0.5, 0.0, 1), UNDECIDED, None),
        ((0.2, 0.2, 0), (0.2, 0.2, 1), UNDECIDED, None),
        ((0.2, 0.2, 1e-11), (0.2, 0.2, 1), UNDECIDED, None),
    ],
)
def test_a_segment_pierces_a_triangle_or_not_or_touches_it(p, q, state, along) -> None:  # type: ignore[no-untyped-def]
    corners = tuple(np.array(point, float)[:, None] for point in ((0, 0, 0), (1, 0, 0), (0, 1, 0)))
    found, at = pierce(np.array(p, float)[:, None], np.array(q, float)[:, None], corners)  # type: ignore[arg-type]
    assert found[0] == state
    assert along is None or at[0] == along


@settings(max_examples=15)
@given(SEEDS)
def test_the_tree_of_boxes_misses_no_cut(seed: int) -> None:
    soup = to_soup(random_shapes(seed))
    every = np.arange(len(soup.faces))
    one, other = np.nonzero(soup.owner[:, None] < soup.owner)
    low, high = soup.boxes
    near = ((low[:, one] <= high[:, other]) & (low[:, other] <= high[:, one])).all(axis=0)
    brute = np.stack([one[near], other[near]], axis=1)
    found = overlapping(soup.corners(every), soup.owner)
    assert {*map(tuple, cross_edges(soup, brute).pairs)} == {*map(tuple, cross_edges(soup, found).pairs)}


def test_three_planes_meet_in_one_point() -> None:
    """Three boxes of which one face each passes through the origin; the other meetings are counted by arithmetic."""
    turn = Rotation.from_rotvec([0.3, 0.4, 0.5]).as_matrix()
    lows, sizes = np.array([(0, -3.1, -2.9), (-3.2, 0, -2.8), (-3.3, -2.7, 0)]), np.array([6.0, 5.7, 6.4])
    boxes = [box(tuple(low), size, name="xyz"[i]) for i, (low, size) in enumerate(zip(lows, sizes, strict=True))]
    soup = to_soup([posed(surface, turn=turn) for surface in boxes])
    triples = find_triples(soup, cross_edges(soup, overlapping(soup.corners(np.arange(36)), soup.owner)))
    expected = []
    for who in permutations(range(3)):
        for high in product((0, 1), repeat=3):
            point = np.array([lows[i, axis] + high[axis] * sizes[i] for axis, i in enumerate(who)])
            if ((point >= lows) & (point <= lows + sizes[:, None])).all():
                expected.append(point)
    found = triples.points.T @ turn
    assert len(found) == len(expected) > 1
    assert max(np.linalg.norm(found - point, axis=1).min() for point in expected) < 1e-14


@settings(max_examples=40)
@given(SEEDS)
def test_cutting_keeps_every_surface_whole(seed: int) -> None:
    shapes = random_shapes(seed)
    cut = arrangement(shapes)
    for i, shape in enumerate(shapes):
        after = pieces(cut, i)
        assert unshared(after.faces) == 0
        assert volume(after) == pytest.approx(volume(shape), rel=1e-12)
        assert area(after) == pytest.approx(area(shape), rel=1e-9)


@settings(max_examples=15)
@given(SEEDS)
def test_each_piece_knows_which_solids_contain_it(seed: int) -> None:
    shapes = random_shapes(seed)
    cut = arrangement(shapes)
    corner = cut.vertices[cut.faces]
    size = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    some = np.argsort(-size)[:200]
    for i, shape in enumerate(shapes):
        other = some[cut.owner[some] != i]
        inside = winding_numbers(shape, corner[other].mean(axis=1)) > 0.5
        np.testing.assert_array_equal(cut.inside[cut.patch[other], i], inside)


def test_surfaces_share_the_points_on_their_cuts() -> None:
    """Two spheres cut in one closed curve, whose points both hold."""
    cut = arrangement([sphere(rows=16), posed(sphere(rows=12), (0.7, 0.1, 0.2))])
    one, two = (np.unique(cut.faces[cut.owner == i]) for i in (0, 1))
    shared = np.intersect1d(one, two)
    given_points = len(sphere(rows=16).vertices) + len(sphere(rows=12).vertices)
    assert len(shared) > 30
    assert shared.min() >= given_points
    assert len(np.unique(cut.patch)) == 4


def test_outside_the_domain_nothing_is_kept_and_nothing_must_cross() -> None:
    """Two rods of one height stand out of a domain: their coplanar ends never meet."""
    rods = [rod(0.5, -3, 3), rod(1.0, -3, 3, sides=15)]
    domain = box((-2, -2, -2), 4)
    cut = arrangement([*rods, domain], 2)
    heights = cut.vertices[cut.faces][:, :, 2]
    assert np.abs(heights).max() == 2
    given_points = np.vstack([surface.vertices for surface in (*rods, domain)])
    np.testing.assert_array_equal(cut.vertices[: len(given_points)], given_points)


@pytest.mark.parametrize("shift", [(1, 0, 0), (1, 0.3, 0.2), (0, 0, 0), (0.5, 0, 0)])
def test_solids_that_touch_are_moved_by_less_than_a_nanometre(shift: tuple[float, float, float]) -> None:
    boxes = [box(name="a"), box(shift, name="b")]
    cut = arrangement(boxes)
    moved = np.abs(cut.vertices[:16] - np.vstack([surface.vertices for surface in boxes]))
    assert moved[:8].max() < 1e-6
    assert moved[8:].max() == 0
    assert all(unshared(pieces(cut, i).faces) == 0 for i in (0, 1))


def test_an_error_names_solids_that_touch_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "ATTEMPTS", 1)
    with pytest.raises(GeometryError, match=r"a and b touch near \(\d"):
        arrangement([box(name="a"), box((1, 0, 0), name="b")])


def test_a_tube_through_one_large_triangle_leaves_a_hole() -> None:
    """Ten tubes through the top of a box, and one that ends inside."""
    tubes = [posed(rod(0.03, -1, 1, 8), (0.1 * i - 0.45, 0.26 - 0.05 * i, 0), name=f"t{i}") for i in range(10)]
    short = posed(rod(0.03, -0.2, 2.0, 8), (0.31, 0.4, 0), name="short")
    lid = box((-0.5, -0.5, -3.5), 4)
    cut = arrangement([*tubes, short, lid])
    whole = pieces(cut, 11)
    assert unshared(whole.faces) == 0
    assert area(whole) == pytest.approx(area(lid), rel=1e-12)
    discs = [cut.faces[(cut.owner == 11) & cut.inside[cut.patch, i]] for i in range(11)]
    inside = [area(Surface("disc", "test", cut.vertices, faces)) for faces in discs]
    disc = 4 * np.sqrt(2) * 0.03**2 / 2
    assert inside == pytest.approx([disc] * 11, rel=1e-9)


def test_flips_end_in_the_best_angles() -> None:
    """A fan over a row of points becomes a strip; what is covered stays."""
    x = np.linspace(0, 1, 12)
    flat = np.vstack([np.stack([x, 0 * x], axis=1), np.stack([x[::-1], 0 * x + 0.1], axis=1)])
    fan = np.array([[0, i, i + 1] for i in range(1, 23)])
    def angles(faces: np.ndarray) -> FloatArray:
        return least_angles(np.pad(flat, ((0, 0), (0, 1)))[faces])

    better = make_delaunay(fan.copy(), np.zeros(22, dtype=np.int64), flat)
    assert angles(fan).min() == 0
    assert angles(better).min() > 40
    u, v = (flat[better[:, i]] - flat[better[:, 0]] for i in (1, 2))
    assert (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / 2 == pytest.approx(0.1)


def test_an_open_surface_is_refused() -> None:
    broken = Surface("dura", "test", box().vertices, box().faces[1:])
    with pytest.raises(GeometryError, match="surface dura: 3 sides of its faces are open"):
        arrangement([sphere(rows=4), broken])


def test_a_surface_that_looks_inwards_is_refused() -> None:
    turned = Surface("dura", "test", box().vertices, box().faces[:, ::-1])
    with pytest.raises(GeometryError, match="surface dura: volume -1 mm3"):
        arrangement([sphere(rows=4), turned])


def test_a_solid_whose_parts_overlap_is_refused() -> None:
    """What the curves say of one patch contradicts itself: it enters one part and leaves the other."""
    twins = merge("twins", [box((-0.5, -0.5, -0.5)), box((0.1, -0.4, -0.3))])
    with pytest.raises(GeometryError, match="twins"):
        arrangement([twins, posed(rod(0.2, -2, 2), turn=Rotation.from_rotvec([0, 1.5, 0]).as_matrix(), name="rod")])
