import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.surface import volume as enclosed
from spinemodel.volume.grid import Grid, to_mm
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
@pytest.mark.parametrize(("radius", "error"), [(5.0, 0.08), (12.0, 0.07), (20.0, 0.065)])
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
