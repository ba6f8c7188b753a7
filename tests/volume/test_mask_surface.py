import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.surface import volume as enclosed
from spinemodel.volume.grid import Grid, to_mm, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.mask_surface import boundary_points, mask_surface
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume


def ball(radius, flip=False, steps=(1.0, 1.0, 1.0)):
    """A ball in voxels, its centre off the lattice."""
    side = np.ceil((2 * radius + 4) / np.array(steps)).astype(int)
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -(side - 1) / 2 * steps + [0.21, 0.37, -0.11]
    if flip:
        affine = np.diag([-1.0, 1.0, 1.0, 1.0]) @ affine
    grid = Grid(tuple(side), affine, "test")
    at = to_mm(grid, np.argwhere(np.ones(grid.shape)).astype(float))
    inside = (np.linalg.norm(at, axis=1) <= radius).reshape(grid.shape)
    return LabelVolume(grid, inside.astype(np.uint16), {1: "ball"})


def block(*sides):
    """A block of voxels in the middle of an empty volume."""
    values = np.zeros([side + 12 for side in sides], dtype=np.uint16)
    values[tuple(slice(6, 6 + side) for side in sides)] = 1
    return LabelVolume(Grid(values.shape, np.eye(4), "test"), values, {})


def share(volume):
    """What the surface encloses, of the voxels' volume."""
    return enclosed(mask_surface(volume, 1)) / volume.values.sum() / voxel_mm3(volume.grid)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_thin_structures_keep_their_volume(n):
    assert share(block(n, n, 40)) == pytest.approx(1, abs=0.08)
    assert share(block(n, 40, 40)) == pytest.approx(1, abs=0.06)
    least = {1: 0.99, 2: 0.99, 3: 0.65, 4: 0.8}  # the corners of a cube are rounded
    assert least[n] < share(block(n, n, n)) < 1.01


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_thin_gaps_keep_their_volume(n):
    grid = Grid((24, 40, 40), np.eye(4), "test")
    whole = np.ones(grid.shape, dtype=np.uint16)
    parted = whole.copy()
    parted[10 : 10 + n] = 0
    without, with_ = (enclosed(mask_surface(LabelVolume(grid, values, {}), 1)) for values in (whole, parted))
    assert without - with_ == pytest.approx(n * 40 * 40, rel=0.1)


def tube(step, way, radius=0.5, half=4.0):
    """A round rod of so many mm, as thick as a nerve root, in cubic voxels."""
    affine = np.diag([step, step, step, 1.0])
    side = int(2 * (half + 1) / step)
    affine[:3, 3] = -(side - 1) / 2 * step + np.array([0.13, -0.07, 0.04])
    grid = Grid((side, side, side), affine, "test")
    at = to_mm(grid, np.argwhere(np.ones(grid.shape)).astype(float))
    along = at @ (np.array(way) / np.linalg.norm(way))
    inside = ((at**2).sum(axis=1) - along**2 <= radius**2) & (np.abs(along) <= half)
    return LabelVolume(grid, inside.reshape(grid.shape).astype(np.uint16), {})


@pytest.mark.parametrize(("step", "kept"), [(0.2, 0.06), (0.3, 0.1), (0.4, 0.12), (0.5, 0.05), (0.8, 0.01)])
@pytest.mark.parametrize("way", [(0, 0, 1), (1, 2, 5), (3, 4, -4)])
def test_a_root_keeps_its_volume(step, kept, way):
    """Where it is two voxels wide and runs along the lattice, or less than two, the mask itself misses the tube."""
    volume = tube(step, way)
    assert share(volume) == pytest.approx(1, abs=kept)
    if step < 0.5 or (step == 0.5 and all(way)):
        assert enclosed(mask_surface(volume, 1)) == pytest.approx(np.pi * 0.25 * 8, rel=0.15)


def test_what_touches_the_border_is_cut_half_a_voxel_beyond():
    full = LabelVolume(Grid((5, 5, 5), np.eye(4), "test"), np.ones((5, 5, 5), dtype=np.uint16), {})
    surface = mask_surface(full, 1)
    np.testing.assert_allclose(surface.vertices.min(axis=0), -0.5)
    np.testing.assert_allclose(surface.vertices.max(axis=0), 4.5)


def test_a_cut_does_not_round_what_it_cuts():
    """The sides of a bar that leaves the volume run straight up to the cut."""
    values = np.zeros((20, 20, 12), dtype=np.uint16)
    values[6:14, 6:14] = 1
    surface = mask_surface(LabelVolume(Grid(values.shape, np.eye(4), "test"), values, {}), 1)
    x, _, z = surface.vertices.T
    assert (z.min(), z.max()) == pytest.approx((-0.5, 11.5))
    assert np.ptp([x[np.isclose(z, height)].max() for height in np.arange(0.5, 11)]) < 1e-5


@given(st.integers(0, 10**6), st.floats(0.05, 0.95))
def test_surface_runs_between_the_voxels_that_the_mask_tells_apart(seed, share):
    """Any mask, of specks, threads and holes: its surface is closed and encloses exactly its voxels."""
    rng = np.random.default_rng(seed)
    values = (rng.random((5, 6, 4)) < share).astype(np.uint16)
    values[2, 2, 2] = 1
    volume = LabelVolume(Grid(values.shape, np.diag([0.8, -0.8, 3.3, 1.0]), "test"), values, {})
    surface = mask_surface(volume, 1)
    np.testing.assert_array_equal(to_volume(rasterise(surface, volume.grid)).values, values)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("radius", "error"), [(4.0, 0.09), (5.0, 0.08), (12.0, 0.07), (20.0, 0.065)])
def test_points_lie_on_a_sphere_and_look_outwards(radius, error, flip):
    points, normals = boundary_points(ball(radius, flip), 1)
    length = np.linalg.norm(points, axis=1)
    assert np.abs(length - radius).mean() < error
    assert abs((length - radius).mean()) < 0.05
    assert np.einsum("ij,ij->i", normals, points / length[:, None]).min() > 0.9
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0)


def test_volume_is_that_of_the_ball_on_long_voxels_too():
    for steps in [(1.0, 1.0, 1.0), (0.8, 0.8, 3.3)]:
        found = enclosed(mask_surface(ball(15.0, steps=steps), 1))
        assert found == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.02)
