from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.agreement.points import compare_points, nearest_pairs


def test_distances_of_named_points():
    one = {"L1_L": np.array([[0.0, 0, 0]]), "L1_R": np.array([[9.0, 0, 0]]), "L2_L": np.array([[1.0, 1, 1]])}
    other = {"L1_R": np.array([[9.0, 1, 2]]), "L1_L": np.array([[0.0, 3, 4]]), "S2_L": np.zeros((1, 3))}
    found = compare_points(one, other, ("A", "B"))
    assert [point.name for point in found] == ["L1_L", "L1_R"]
    assert [point.mean for point in found] == [pytest.approx(5.0), pytest.approx(np.sqrt(5))]
    assert np.isnan(found[0].sd)


def test_entry_and_exit_are_paired_whatever_their_order():
    one = np.array([[0.0, 0, 0], [0, 0, -5]])
    (found,) = compare_points({"L1_L": one}, {"L1_L": one[::-1] + np.array([1, 0, 0])}, ("A", "B"))
    np.testing.assert_allclose(found.distances, 1.0)
    assert found.unmatched == (0, 0)
    assert found.sd == pytest.approx(0, abs=1e-12)


def test_a_point_too_many_is_counted():
    (found,) = compare_points(
        {"L1_L": np.array([[0.0, 0, 0], [0, 0, -5]])}, {"L1_L": np.array([[0.0, 0, -4]])}, ("A", "B")
    )
    assert (found.mean, found.unmatched) == (pytest.approx(1.0), (1, 0))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_pairs_are_the_best_of_all(seed, n):
    one, other = np.random.default_rng(seed).normal(size=(2, n, 3))
    i, j = nearest_pairs(one, other)
    best = min(((one - other[list(order)]) ** 2).sum() for order in permutations(range(n)))
    assert ((one[i] - other[j]) ** 2).sum() == pytest.approx(best)
