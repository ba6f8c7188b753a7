import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from spinemodel.errors import InputError
from spinemodel.volume.distance_transform import is_sheared, spread
from spinemodel.volume.grid import Grid, to_mm

TURN = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, -1]])


def lattice(shape, steps, shear=0.0):
    affine = np.eye(4)
    affine[:3, :3] = TURN @ np.diag(steps) @ (np.eye(3) + shear * np.eye(3, k=1))
    return Grid(shape, affine, "test")


def seeds(shape, share, seed):
    """About a share of voxels with their own number, at least one."""
    rng = np.random.default_rng(seed)
    label = np.full(shape, -1, dtype=np.int32)
    chosen = rng.random(shape) < share
    chosen.flat[rng.integers(chosen.size)] = True
    label[chosen] = np.arange(chosen.sum())
    return label


@settings(max_examples=60)
@given(
    st.tuples(*[st.integers(1, 20)] * 3),
    st.tuples(*[st.sampled_from([0.3, 0.8, 1.0, 3.3])] * 3),
    st.sampled_from([0.0, 0.01, 0.3, 1.0]),
    st.integers(0, 1000),
)
def test_distances_are_those_of_scipy_and_labels_belong_to_them(shape, steps, share, seed):
    label = seeds(shape, share, seed)
    at = np.argwhere(label >= 0)[np.argsort(label[label >= 0])]
    truth = distance_transform_edt(label < 0, sampling=steps)
    squared = spread(label, lattice(shape, steps))
    np.testing.assert_allclose(np.sqrt(squared), truth, rtol=1e-6)
    apart = (np.argwhere(np.ones(shape)) - at[label.reshape(-1)]) * steps
    np.testing.assert_allclose(np.linalg.norm(apart, axis=1), truth.reshape(-1), rtol=1e-6)


def test_sheared_axes_are_measured_in_millimetres():
    grid = lattice((7, 8, 9), (0.5, 0.7, 1.1), shear=0.6)
    assert is_sheared(grid)
    assert not is_sheared(lattice((7, 8, 9), (0.5, 0.7, 1.1), shear=1e-6))
    label = seeds(grid.shape, 0.03, 4)
    at = to_mm(grid, np.argwhere(label >= 0).astype(float))
    everywhere = to_mm(grid, np.argwhere(np.ones(grid.shape)).astype(float))
    apart = np.linalg.norm(everywhere[:, None] - at, axis=2)
    squared = spread(label, grid)
    np.testing.assert_allclose(np.sqrt(squared).reshape(-1), apart.min(axis=1), atol=1e-6)
    assert (label.reshape(-1) == apart.argmin(axis=1)).all()


def test_nothing_to_be_far_from_is_refused():
    with pytest.raises(InputError, match="no voxel has a label"):
        spread(np.full((2, 2, 2), -1, dtype=np.int32), lattice((2, 2, 2), (1, 1, 1)))
