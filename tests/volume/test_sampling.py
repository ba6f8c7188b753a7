import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.volume.distance import DistanceField, signed_distance
from spinemodel.volume.grid import Grid, around, to_indices, to_mm
from spinemodel.volume.sampling import pack, sample, sample_parts
from tests.shapes import sphere


def a_field(shape=(4, 5, 6), shear=0.0, seed=0):
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    affine[:3, :3] = turn @ np.diag([0.5, 0.8, 2.0]) @ (np.eye(3) + shear * np.eye(3, k=1))
    affine[:3, 3] = rng.normal(size=3)
    return DistanceField("noise", Grid(shape, affine, "test"), rng.normal(size=shape).astype(np.float32), 1.0)


def test_voxels_keep_their_values_and_linear_fields_theirs():
    field = a_field()
    indices = np.argwhere(np.ones(field.grid.shape)).astype(float)
    values, _ = sample(field, to_mm(field.grid, indices))
    np.testing.assert_allclose(values, field.values.reshape(-1), atol=1e-6)

    slope = np.array([0.3, -0.2, 0.9])
    linear = (to_mm(field.grid, indices) @ slope).astype(np.float32).reshape(field.grid.shape)
    points = to_mm(field.grid, np.random.default_rng(1).uniform(0, 1, (50, 3)) * (np.array(field.grid.shape) - 1))
    values, gradients = sample(DistanceField("plane", field.grid, linear, 1.0), points)
    np.testing.assert_allclose(values, points @ slope, atol=2e-6)
    np.testing.assert_allclose(gradients, np.tile(slope, (50, 1)), atol=1e-5)


@given(
    st.integers(0, 50),
    st.sampled_from([0.0, 0.5]),
    st.tuples(*[st.floats(-3.0, 9.0)] * 3),
    st.sampled_from([(4, 5, 6), (1, 5, 2), (3, 1, 1)]),
)
def test_gradient_is_the_derivative_inside_and_outside(seed, shear, index, shape):
    field = a_field(shape, shear, seed)
    index = np.round(np.array(index), 2) + 0.0037  # Away from where cells meet.
    point = to_mm(field.grid, index[None])
    _, gradient = sample(field, point)
    step = 1e-6 * np.eye(3)
    ahead, behind = sample(field, point + step)[0], sample(field, point - step)[0]
    np.testing.assert_allclose(gradient[0], (ahead - behind) / 2e-6, atol=2e-5)


def test_outside_the_distance_to_the_border_is_added():
    field = a_field()
    index = np.array([[-2.0, 1.5, 3.25], [7.0, 1.5, 9.0]])
    border = np.clip(index, 0, np.array(field.grid.shape) - 1)
    points = to_mm(field.grid, index)
    values, _ = sample(field, points)
    expected = sample(field, to_mm(field.grid, border))[0] + np.linalg.norm(points - to_mm(field.grid, border), axis=1)
    np.testing.assert_allclose(values, expected)


def test_far_outside_the_way_to_a_sphere_is_found():
    ball = sphere(3.0, rows=30)
    field = signed_distance(ball, around([ball], 0.5))
    points = np.array([[40.0, 0.0, 0.0], [30.0, -30.0, 30.0]])
    values, gradients = sample(field, points)
    distance = np.linalg.norm(points, axis=1)
    assert (values >= distance - 3 - 0.02).all()
    assert (values < distance - 3 + 3).all()
    assert (np.einsum("ij,ij->i", gradients, points / distance[:, None]) > 0.95).all()


def test_structures_do_not_mix():
    forms = [a_field((3, 3, 3)), a_field(seed=1), a_field((4, 1, 5), seed=2)]
    points = np.random.default_rng(3).uniform(-2, 4, (30, 3))
    values, gradients = sample_parts(pack(forms), np.array([0, 10, 25, 30]), points)
    for form, part in zip(forms, (slice(0, 10), slice(10, 25), slice(25, 30)), strict=True):
        alone = sample(form, points[part])
        assert values[part].tolist() == alone[0].tolist()
        assert gradients[part].tolist() == alone[1].tolist()


def test_one_field_is_not_copied():
    field = a_field()
    assert np.shares_memory(pack([field]).values, field.values)


def test_no_number_stays_no_number_and_wrong_shapes_are_refused():
    field = a_field()
    values, _ = sample(field, np.array([[np.nan, 0.0, 0.0]]))
    assert np.isnan(values).all()
    with pytest.raises(InputError, match="expected"):
        sample(field, np.zeros(3))
    assert to_indices(field.grid, field.grid.affine[:3, 3][None]) == pytest.approx(np.zeros((1, 3)), abs=1e-9)
