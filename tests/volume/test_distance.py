import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from spinemodel.anatomy.build import build
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.proximity import signed_distance as by_tree
from spinemodel.anatomy.surface import Surface, corners
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.io.bids import read_subject
from spinemodel.volume._distance_cpu import nearest_in_band
from spinemodel.volume._triangle_frames import RADIUS, REACH, frames
from spinemodel.volume.distance import DistanceField, mask_distance, signed_distance
from spinemodel.volume.grid import Grid, around, spacing, to_mm
from spinemodel.volume.labels import LabelVolume
from tests.shapes import box, sphere


def places(grid):
    """Where all voxels lie, (nx, ny, nz, 3) mm."""
    return to_mm(grid, np.argwhere(np.ones(grid.shape))).reshape(*grid.shape, 3)


def diagonal(grid):
    signs = np.array([[x, y, 1] for x in (-1, 1) for y in (-1, 1)])
    return np.linalg.norm(signs @ grid.affine[:3, :3].T, axis=1).max()


def to_segment(p, a, b):
    along = b - a
    share = np.clip((p - a) @ along / max(along @ along, 1e-300), 0, 1)
    return np.linalg.norm(p - a - share[..., None] * along, axis=-1)


def to_triangle(p, a, b, c):
    """A slow distance of points from a triangle: from its sides, or from its plane where they stand above it."""
    best = np.minimum(np.minimum(to_segment(p, a, b), to_segment(p, b, c)), to_segment(p, c, a))
    normal = np.cross(b - a, c - a)
    if normal @ normal < 1e-24:
        return best
    weights = [np.cross(v - u, p - u) @ normal for u, v in ((a, b), (b, c), (c, a))]
    above = np.min(weights, axis=0) >= 0
    return np.where(above, np.abs((p - a) @ normal) / np.linalg.norm(normal), best)


def to_nearest(p, triangles):
    return np.min([to_triangle(p, *triangle) for triangle in triangles], axis=0)


def to_box(p, low, high):
    """Closed form of the signed distance to an axis-aligned box."""
    beyond = np.maximum(low - p, p - high)
    return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(axis=-1), 0)


def an_affine(seed, shear=0.0, flip=False):
    """A rotated, anisotropic lattice round the origin."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn[:, 0] *= np.sign(np.linalg.det(turn)) * (-1 if flip else 1)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.21, 0.27, 0.42]) @ (np.eye(3) + shear * np.eye(3, k=1))
    affine[:3, 3] = -affine[:3, :3] @ [11.5, 9.5, 6.5]
    return affine


def within(grid, surface, band):
    """Squared distances in the band, and the triangles that they belong to."""
    inverse = np.linalg.inv(grid.affine)
    rows = frames(surface.vertices, surface.faces, grid.affine, inverse, band)
    return rows, *nearest_in_band(rows, inverse[:3, :3] @ inverse[:3, :3].T, band, grid.shape)


coordinate = st.one_of(st.integers(-2, 2).map(float), st.floats(-2.5, 2.5))
triangle = st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=3, max_size=3)


@settings(max_examples=150)
@given(st.lists(triangle, min_size=1, max_size=5), st.integers(0, 1000), st.sampled_from([0.0, 0.4]))
def test_band_of_any_triangles_is_that_of_a_slow_implementation(soup, seed, shear):
    triangles = np.array(soup)
    grid = Grid((8, 8, 8), an_affine(seed, shear) @ np.diag([2, 2, 1.5, 1]), "test")
    surface = Surface("soup", "test", triangles.reshape(-1, 3), np.arange(3 * len(triangles)).reshape(-1, 3))
    _, squared, face = within(grid, surface, 1.5)
    truth = to_nearest(places(grid), triangles)
    near = truth < 1.5 - 1e-6
    np.testing.assert_allclose(np.sqrt(squared[near]), truth[near], atol=2e-6)
    assert (face[near] >= 0).all()
    assert (face[truth > 1.5 + 1e-6] == -1).all()


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(4, 30), st.floats(0, 1))
def test_looking_no_farther_than_the_angles_ask_misses_nothing(seed, n, dent):
    """Convex and dented bodies, smooth and spiky: what the limits leave out is never the nearest."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    hull = ConvexHull(points)
    faces = np.array(hull.simplices)
    a, b, c = np.moveaxis(points[faces], 1, 0)
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    faces[inward] = faces[inward][:, ::-1]
    points *= 1 - dent * rng.uniform(0, 0.9, size=(n, 1))
    surface = Surface("body", "test", points, faces)
    grid = Grid((24, 20, 14), an_affine(seed), "test")
    _, squared, _ = within(grid, surface, 0.8)
    truth = to_nearest(places(grid), corners(surface))
    near = truth < 0.8 - 1e-6
    np.testing.assert_allclose(np.sqrt(squared[near]), truth[near], atol=2e-6)


def test_smooth_surfaces_look_hardly_beyond_their_triangles():
    ball = sphere(1.0, rows=40)
    rows, *_ = within(Grid((4, 4, 4), np.eye(4), "test"), ball, 1.0)
    assert np.quantile(rows[:, REACH] - rows[:, RADIUS], 0.9) < 0.2
    rows, *_ = within(Grid((4, 4, 4), np.eye(4), "test"), box(), 1.0)
    np.testing.assert_allclose(rows[:, REACH] - rows[:, RADIUS], 1.0, atol=1e-6)


@pytest.mark.parametrize("shear", [0.0, 0.3])
@pytest.mark.parametrize("flip", [False, True])
def test_box_has_exact_faces_edges_and_corners(shear, flip):
    grid = Grid((24, 20, 14), an_affine(3, shear, flip), "test")
    field = signed_distance(box((-1, -1.1, -0.9), 2.0), grid)
    truth = to_box(places(grid), np.array([-1, -1.1, -0.9]), np.array([1, 0.9, 1.1]))
    near = np.abs(truth) < field.band_mm
    np.testing.assert_allclose(field.values[near], truth[near], atol=1e-6)
    assert ((field.values < 0) == (truth < 0)).all()
    assert field.band_mm == pytest.approx(3 * spacing(grid).max())


def test_plane_is_linear():
    grid = Grid((5, 5, 30), np.diag([0.5, 0.5, 0.25, 1.0]), "test")
    field = signed_distance(box((-20, -20, -37), 40.0), grid, band_mm=1.0)
    np.testing.assert_allclose(field.values, np.broadcast_to(places(grid)[..., 2] - 3, grid.shape), atol=1e-6)


def test_sphere_and_torus_by_their_formulae():
    ball = sphere(5.0, rows=80)
    field = signed_distance(ball, around([ball], 0.5))
    radius = np.linalg.norm(places(field.grid), axis=-1)
    assert np.abs(field.values - (radius - 5))[np.abs(radius - 5) < 1.45].max() < 5 * (1 - np.cos(np.pi / 80)) * 1.5

    u, v = np.meshgrid(np.arange(160), np.arange(80), indexing="ij")
    a, b = 2 * np.pi * u / 160, 2 * np.pi * v / 80
    ring = 6 + 2 * np.cos(b)
    points = np.stack([ring * np.cos(a), ring * np.sin(a), 2 * np.sin(b)], axis=-1).reshape(-1, 3)
    here, along = u * 80 + v, (u + 1) % 160 * 80 + v
    up, both = u * 80 + (v + 1) % 80, (u + 1) % 160 * 80 + (v + 1) % 80
    quads = np.stack([here, along, both, up], axis=-1).reshape(-1, 4)
    torus = Surface("torus", "test", points, np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))
    field = signed_distance(torus, around([torus], 0.5))
    x, y, z = np.moveaxis(places(field.grid), -1, 0)
    truth = np.hypot(np.hypot(x, y) - 6, z) - 2
    assert np.abs(field.values - truth)[np.abs(truth) < 1.45].max() < 0.01
    assert np.abs(field.values - truth).max() < 0.2
    inside = field.values[np.abs(truth) > 0.01] < 0
    assert (inside == (truth[np.abs(truth) > 0.01] < 0)).all()


@pytest.mark.parametrize("shear", [0.0, 0.3])
def test_far_values_are_never_too_small_and_too_large_by_less_than_a_diagonal(shear):
    grid = Grid((40, 32, 28), an_affine(5, shear) @ np.diag([1.5, 1.5, 1.5, 1.0]), "test")
    body = box((-0.6, -0.5, -0.4), 1.1)
    field = signed_distance(body, grid, band_mm=diagonal(grid))
    truth = to_box(places(grid), np.array([-0.6, -0.5, -0.4]), np.array([0.5, 0.6, 0.7]))
    excess = np.abs(field.values) - np.abs(truth)
    assert excess.min() > -2e-6
    assert excess.max() < diagonal(grid)
    assert excess.mean() < 0.02 * diagonal(grid)


def test_what_cannot_be_measured_is_refused():
    grid = Grid((10, 10, 10), np.eye(4), "test")
    body = box((2.2, 2.2, 2.2), 4.0)
    with pytest.raises(InputError, match="at least half a voxel"):
        signed_distance(body, grid, band_mm=0.5)
    with pytest.raises(InputError, match="no voxel of the grid"):
        signed_distance(box((50, 50, 50)), grid)
    with pytest.raises(GeometryError, match="open"):
        signed_distance(Surface("open", "test", body.vertices, body.faces[1:]), grid)
    with pytest.raises(SpaceMismatchError):
        signed_distance(Surface("there", "elsewhere", body.vertices, body.faces), grid)
    with pytest.raises(InputError, match="float32"):
        DistanceField("body", grid, np.zeros((2, 2, 2), dtype=np.float32), 1.0)


def test_real_cord_agrees_with_distances_by_a_tree(sub03):
    cord = build(read_subject(sub03)).surfaces["Cord"]
    grid = around([cord], 0.8)
    field = signed_distance(cord, grid, band_mm=2.0)
    chosen = np.random.default_rng(0).choice(np.flatnonzero(np.abs(field.values) < 2), 5000, replace=False)
    truth, _ = by_tree(Proximity(cord), places(grid).reshape(-1, 3)[chosen])
    np.testing.assert_allclose(field.values.reshape(-1)[chosen], truth, atol=1e-6)


@pytest.mark.parametrize(
    ("steps", "plain"), [((1.0, 1.0, 1.0), 0.2), ((0.8, 0.8, 3.3), 0.4)], ids=["cubic", "long voxels"]
)
def test_masks_of_ellipsoids_are_measured_below_the_voxel(steps, plain):
    semi = np.array([11.0, 14.0, 18.0])
    shape = tuple(int(n) for n in np.ceil(40 / np.array(steps)))
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * steps + [0.13, -0.2, 0.31]
    grid = Grid(shape, affine, "test")
    scaled = places(grid) / semi
    volume = LabelVolume(grid, (np.linalg.norm(scaled, axis=-1) <= 1).astype(np.uint16) * 3, {3: "body"})
    field = mask_distance(volume, 3)
    assert ((field.values < 0) == (volume.values == 3)).all()
    assert field.name == "body"
    # Distance to an ellipsoid, to second order in the distance: f / |grad f| with f = |p / r| - 1.
    length = np.linalg.norm(scaled, axis=-1)
    truth = (length - 1) * length / np.linalg.norm(scaled / semi, axis=-1)
    near = np.abs(truth) < 1.0
    assert np.abs(field.values - truth)[near].mean() < plain / 2
    assert abs((field.values - truth)[near].mean()) < 0.06


def test_mask_of_a_slab_is_exact_and_the_border_closes_it():
    values = np.zeros((16, 16, 24), dtype=np.uint16)
    values[:, :, 5:19] = 1
    grid = Grid(values.shape, np.diag([1.0, 1.0, 0.5, 1.0]), "test")
    column = mask_distance(LabelVolume(grid, values, {}), 1).values[8, 8]
    np.testing.assert_allclose(column, np.abs(np.arange(24) - 11.5) * 0.5 - 3.5, atol=0.02)
    with pytest.raises(InputError, match="label 2"):
        mask_distance(LabelVolume(grid, values, {}), 2)
