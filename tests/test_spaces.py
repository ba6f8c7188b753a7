import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.surface import merge
from spinemodel.arrays import freeze
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.spaces import LPS_TO_RAS, Transform, apply, compose, inverse
from tests.shapes import box


def affine(seed: int, source: str = "a", target: str = "b") -> Transform:
    matrix = np.eye(4)
    matrix[:3] += np.random.default_rng(seed).normal(0, 0.3, (3, 4))
    return Transform(matrix, source, target)


@given(seed=st.integers(0, 1000))
def test_inverse_undoes_and_composition_applies_in_order(seed) -> None:
    points = np.random.default_rng(seed).normal(size=(5, 3))
    first, second = affine(seed), affine(seed + 1, "b", "c")
    through = apply(second, apply(first, points, space="a"), space="b")
    np.testing.assert_allclose(apply(compose(first, second), points, space="a"), through, atol=1e-12)
    back = apply(inverse(first), apply(first, points, space="a"), space="b")
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_spaces_are_never_mixed() -> None:
    with pytest.raises(SpaceMismatchError, match="a, c"):
        apply(affine(0), np.zeros((1, 3)), space="c")
    with pytest.raises(SpaceMismatchError):
        compose(affine(0), affine(1))
    other = box()
    with pytest.raises(SpaceMismatchError):
        merge("both", [box(), type(other)("box", "elsewhere", other.vertices, other.faces)])


@pytest.mark.parametrize("matrix", [np.eye(3), np.ones((4, 4))])
def test_what_is_not_affine_is_refused(matrix) -> None:
    with pytest.raises(InputError, match="a -> b"):
        Transform(matrix, "a", "b")


def test_lps_to_ras_is_its_own_inverse_and_keeps_handedness() -> None:
    np.testing.assert_array_equal(LPS_TO_RAS * LPS_TO_RAS, np.ones(3))
    assert np.prod(LPS_TO_RAS) == 1


def test_frozen_arrays_are_copies_that_cannot_change() -> None:
    values = np.zeros(2)
    frozen = freeze(values)
    values[0] = 1
    assert frozen[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 1
