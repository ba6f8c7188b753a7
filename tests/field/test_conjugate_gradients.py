"""Solutions against a direct solver's, how many steps they take, and what is no solution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve

from spinemodel.arrays import FloatArray
from spinemodel.errors import ConvergenceError
from spinemodel.field import conjugate_gradients
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field.boxes import Box
from spinemodel.field.composite import Composite, by_node
from spinemodel.field.conjugate_gradients import solve_by_cycles, solve_system
from tests.field.equations import counting, cube_boxes, plain, probed, values_of, vector

CONDUCT = (0.6, 1.7, 0.01, 0.04, 0.01, 0.25)
"""Cord, fluid, a thin sheath, fat, bone and muscle, S/m: the contrasts of an anatomy."""


def canal(points: FloatArray) -> FloatArray:
    """Tubes in one another, aside and aslant of the axes; the sheath is thinner than a cell."""
    r = np.linalg.norm(points[..., :2] - [0.31, 0.17] - 0.1 * points[..., 2:], axis=-1)
    return np.asarray(CONDUCT)[np.searchsorted([2.0, 3.4, 3.75, 4.7, 5.7], r)]


def drawn(matrix: Composite, lanes: int, dtype: Any = np.float64) -> NDArray[Any]:
    """Return right-hand sides without order on the nodes that count, in the finest box."""
    kept = counting(matrix)
    given = np.zeros((sum(int(where.sum()) for where in kept), lanes), dtype=dtype)
    draw = np.random.default_rng(4)
    given[: kept[0].sum()] = draw.normal(size=(kept[0].sum(), lanes))
    return given


@pytest.mark.parametrize("grounded", [True, False])
def test_the_solution_is_a_direct_solvers(grounded: bool) -> None:
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal, grounded=grounded, held=0.0 if grounded else 0.02)
    given = drawn(matrix, 3)
    solution = solve_system(matrix, vector(matrix, given), 3, 1e-10)
    expected = spsolve(sparse.csc_matrix(probed(matrix)), given)
    found = values_of(matrix, solution.values, 3)
    assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()
    assert solution.residuals.shape[1] == 3
    assert np.array_equal(solution.residuals[0], np.ones(3))
    assert solution.residuals[-1].max() <= 1e-10


@pytest.mark.parametrize("tolerance", [1e-2, 1e-8])
def test_cycles_alone_find_the_same_on_one_box(tolerance: float) -> None:
    matrix = plain([Box((-12, -12, -12), (25, 25, 25), 0.5)], canal, grounded=False, held=0.02)
    right = vector(matrix, drawn(matrix, 3, np.float32))
    expected = values_of(matrix, solve_system(matrix, tuple(part.copy() for part in right), 3, 1e-8).values, 3)
    found, left = solve_by_cycles(matrix.levels, right[0], 3, tolerance, matrix.on)
    assert tolerance / 1000 < left <= tolerance
    assert np.linalg.norm(values_of(matrix, (found,), 3) - expected) <= 5 * max(left, 1e-6) * np.linalg.norm(expected)


def test_complex_conductivities_are_solved_too() -> None:
    """A share of the current is stored, unlike in fluid and fat: the matrix is symmetric, not Hermitian."""
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), lambda points: canal(points) + 0.03j)
    given = drawn(matrix, 2, np.complex128)
    solution = solve_system(matrix, vector(matrix, given), 2, 1e-9)
    probe = probed(matrix)
    assert np.abs(probe - probe.T).max() <= 1e-12 * np.abs(probe).max()
    expected = np.linalg.solve(probe, given)
    assert np.abs(values_of(matrix, solution.values, 2) - expected).max() <= 1e-6 * np.abs(expected).max()


def test_a_complex_factor_divides_the_potential() -> None:
    found = []
    for factor in (1.0, 1 + 0.5j):
        matrix = plain(cube_boxes([2.0], 6.0, 0.5), lambda points, factor=factor: canal(points) * factor)
        given = drawn(matrix, 1, type(factor))
        found.append(values_of(matrix, solve_system(matrix, vector(matrix, given), 1, 1e-9).values, 1))
    assert np.abs(found[1] * (1 + 0.5j) - found[0]).max() <= 1e-6 * np.abs(found[0]).max()


@pytest.mark.parametrize("grounded", [True, False])
def test_few_steps_at_an_anatomys_contrasts_and_no_more_on_finer_cells(grounded: bool) -> None:
    """At most 15 to 1e-7."""
    steps = []
    for spacing in (1.0, 0.5):
        boxes = cube_boxes([8.0], 24.0, spacing, 4)
        matrix = plain(boxes, canal, grounded=grounded, held=0.0 if grounded else 1e-3 * spacing**3)
        right = tuple(Cpu().zeros(box.nodes, 2, float) for box in boxes)
        at = round(8.0 / spacing)
        by_node(right[0], 2)[at, at, at, 0] = 1.0
        by_node(right[0], 2)[at + 3, at, at, 1] = 1.0
        steps.append(len(solve_system(matrix, right, 2, 1e-7).residuals) - 1)
    assert max(steps) <= 15
    assert steps[1] <= steps[0] + 2


def test_nothing_to_solve_takes_no_step() -> None:
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal)
    given = drawn(matrix, 2)
    zero = solve_system(matrix, vector(matrix, 0 * given), 2, 1e-7)
    assert not values_of(matrix, zero.values, 2).any()
    assert len(zero.residuals) == 1
    given[:, 0] = 0
    half = solve_system(matrix, vector(matrix, given), 2, 1e-7)
    found = values_of(matrix, half.values, 2)
    assert not found[:, 0].any()
    assert np.isfinite(found).all()


def test_lanes_have_their_own_steps() -> None:
    """A right-hand side's answer does not depend on its neighbours', but for how long they are worked on."""
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal)
    given = drawn(matrix, 3)
    given[:, 2] *= 1e-9
    together = solve_system(matrix, vector(matrix, given), 3, 1e-9)
    alone = solve_system(matrix, vector(matrix, given[:, 2:]), 1, 1e-9)
    one, other = values_of(matrix, together.values, 3)[:, 2], values_of(matrix, alone.values, 1)[:, 0]
    assert np.abs(one - other).max() <= 1e-8 * np.abs(other).max()


def test_not_converged_is_an_error_and_never_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal)
    monkeypatch.setattr(conjugate_gradients, "MOST_STEPS", 3)
    with pytest.raises(ConvergenceError, match=r"after 3 steps .* is left, expected 1e-07 or less"):
        solve_system(matrix, vector(matrix, drawn(matrix, 1)), 1, 1e-7)


def test_the_last_step_allowed_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the last step brings below the tolerance is a solution."""
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal)
    given = drawn(matrix, 1)
    steps = len(solve_system(matrix, vector(matrix, given), 1, 1e-7).residuals) - 1
    monkeypatch.setattr(conjugate_gradients, "MOST_STEPS", steps)
    assert len(solve_system(matrix, vector(matrix, given), 1, 1e-7).residuals) == steps + 1


def test_progress_is_told_of_every_step() -> None:
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal)
    told: list[tuple[int, float]] = []
    solution = solve_system(
        matrix, vector(matrix, drawn(matrix, 2)), 2, 1e-7, lambda step, left: told.append((step, left))
    )
    assert [step for step, _ in told] == list(range(1, len(solution.residuals)))
    assert [left for _, left in told] == [float(left) for left in solution.residuals[1:].max(axis=1)]


def test_the_same_bits_twice() -> None:
    matrix = plain(cube_boxes([2.0], 6.0, 0.5), canal)
    first, second = (solve_system(matrix, vector(matrix, drawn(matrix, 2)), 2, 1e-7).values for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
