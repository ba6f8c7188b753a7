import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from spinemodel.anatomy.least_distance import least_distance


@given(st.integers(0, 10_000))
def test_is_the_nearest_feasible_point(seed) -> None:
    rng = np.random.default_rng(seed)
    rows, modes = rng.integers(1, 6), 6
    weights, wanted = rng.normal(size=(rows, modes)), rng.uniform(-1, 1, rows)
    normals = rng.normal(size=(rows, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    constraint = {"type": "ineq", "fun": lambda y: ((weights @ y.reshape(modes, 3)) * normals).sum(axis=1) - wanted}
    theirs = minimize(lambda y: y @ y, np.zeros(3 * modes), jac=lambda y: 2 * y, constraints=constraint, tol=1e-12)
    ours = least_distance(weights, normals, wanted)
    np.testing.assert_allclose(ours.ravel(), theirs.x, atol=2e-4)


def test_contradictions_are_split_not_fatal() -> None:
    weights, normals = np.ones((2, 1)), np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    y = least_distance(weights, normals, np.array([1.0, 1.0]))
    assert abs(y[0, 0]) < 1e-3
