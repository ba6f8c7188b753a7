"""From nodes to every second of them: weights, Galerkin products and the inverse at the end."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.arrays import FloatArray
from spinemodel.field._transfer import add_galerkin, find_weights
from spinemodel.field.boxes import Box
from spinemodel.field.levels import FEWEST, Hierarchy, hierarchy
from tests.field.boxed import cube, matrix_of
from tests.field.equations import Sigma, cell_stencils, cube_boxes, in_next, stencils_of_boxes, weight_matrix

NODES = (12, 9, 10)
"""More than are inverted at once; even and odd."""


def random(points: FloatArray) -> FloatArray:
    """Cells without order, over two decades."""
    return 10 ** np.random.default_rng(5).uniform(-2, 0, points.shape[:-1])


def levels_of(sigma: Sigma, nodes: tuple[int, int, int] = NODES, *, grounded: bool) -> Hierarchy:
    """Return the levels of one box."""
    box = Box((0, 0, 0), nodes, 0.5)
    return hierarchy([box], stencils_of_boxes([box], sigma), grounded=grounded)


def test_weights_of_every_active_node_sum_to_one() -> None:
    """Where nothing is held, a constant on the coarse nodes is a constant on the fine ones."""
    for level in levels_of(random, (17, 14, 15), grounded=False).levels[:-1]:
        assert level.active.all()
        assert level.weights.min() >= 0
        assert np.abs(level.weights.sum(axis=-1) - 1).max() <= 1e-6


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_between_two_nodes_the_potential_is_that_of_resistances_in_series(axis: int) -> None:
    sigma = np.array([1.0, 0.01, 1.7, 0.3, 0.04, 0.04, 0.25, 5.0, 1.0, 1.0, 0.2, 0.7])
    shape = np.full(3, 12)
    layers = np.broadcast_to(sigma.reshape(np.roll([12, 1, 1], axis)), shape)
    box = Box((0, 0, 0), (13, 13, 13), 0.5)
    level = hierarchy([box], [cell_stencils(layers, 0.5)], grounded=False).levels[0]
    place = np.indices((13, 13, 13))
    odd = (place[axis] % 2 == 1) & (np.delete(place, axis, axis=0) % 2 == 0).all(axis=0)
    before = place[axis][odd] - 1
    here = level.weights[odd]
    first, second = sigma[before], sigma[before + 1]
    assert np.allclose(here[:, 0], first / (first + second), rtol=1e-5)
    assert np.allclose(here[:, 4 >> axis], second / (first + second), rtol=1e-5)


def test_in_a_uniform_medium_weights_are_those_of_trilinear_functions() -> None:
    level = levels_of(lambda points: np.full(points.shape[:-1], 0.3), (13, 13, 13), grounded=False).levels[0]
    for i, j, k in ((4, 4, 4), (5, 4, 4), (5, 4, 7), (5, 7, 3)):
        odd = i % 2 + j % 2 + k % 2
        expected = np.array([(c >> 2 <= i % 2) * ((c >> 1 & 1) <= j % 2) * ((c & 1) <= k % 2) for c in range(8)])
        assert np.allclose(level.weights[i, j, k], expected / 2**odd, atol=1e-6)


@pytest.mark.parametrize("grounded", [False, True])
def test_a_level_is_the_galerkin_product_of_the_one_before(grounded: bool) -> None:
    fine, coarse = levels_of(random, grounded=grounded).levels[:2]
    weights = weight_matrix(fine.weights, coarse.nodes, (0, 0, 0))
    product = weights.T @ matrix_of(fine.stencil).toarray() @ weights
    found = matrix_of(coarse.stencil).toarray()
    assert np.abs(found - product).max() <= 1e-6 * np.abs(product).max()
    assert np.abs(found - found.T).max() <= 1e-6 * np.abs(product).max()


def test_a_larger_box_takes_up_what_lies_in_the_finer_one() -> None:
    boxes = cube_boxes([2.0], 5.0, 0.5)
    own = stencils_of_boxes(boxes, random)
    outer = matrix_of(own[1]).toarray()
    levels = hierarchy(boxes, own, grounded=True).levels
    weights = weight_matrix(levels[0].weights, levels[1].nodes, in_next(boxes)[0])
    expected = outer + weights.T @ matrix_of(levels[0].stencil).toarray() @ weights
    assert np.abs(matrix_of(levels[1].stencil).toarray() - expected).max() <= 1e-6 * np.abs(expected).max()


def test_the_border_of_a_finer_box_takes_means_and_is_not_solved_for() -> None:
    boxes = cube_boxes([2.0], 5.0, 0.5)
    level = hierarchy(boxes, stencils_of_boxes(boxes, random), grounded=True).levels[0]
    border = np.ones(level.nodes, dtype=bool)
    border[1:-1, 1:-1, 1:-1] = False
    assert not level.active[border].any()
    assert level.active[~border].all()
    assert set(level.weights[border].ravel()) == {0.0, 0.25, 0.5, 1.0}
    assert np.array_equal(level.weights[border].sum(axis=-1), np.ones(border.sum()))


def test_what_lies_behind_a_box_in_memory_is_not_taken_in() -> None:
    fine = levels_of(random, grounded=False).levels[0]
    room = np.full((NODES[0] + 1, *NODES[1:], 8), np.nan, dtype=np.float32)
    for odd in range(4):
        find_weights(fine.stencil, np.zeros(NODES, dtype=bool), room[:-1], odd, 0, NODES[0])
    assert np.array_equal(room[:-1], fine.weights)


def test_a_product_is_the_same_in_parts() -> None:
    fine, coarse = levels_of(random, grounded=False).levels[:2]
    nx, ny, nz = coarse.nodes
    for size in (1, 2, nx):
        found = np.zeros_like(coarse.stencil)
        for first in range(0, nx, size):
            sums = np.zeros((2, ny, nz, 27))
            add_galerkin(fine.stencil, fine.weights, found, (0, 0, 0), sums, first, min(first + size, nx))
        assert np.array_equal(found, coarse.stencil)


def test_nodes_that_nothing_conducts_round_take_no_part() -> None:
    """A block of cells without conductivity, as a lead's backing: its inner nodes are left out on all levels."""

    def sigma(points: FloatArray) -> FloatArray:
        return np.where((points[..., 0] > 2) & (points[..., 1] > 1), 0.0, 0.25)

    fine = levels_of(sigma, grounded=False).levels[0]
    inside = np.zeros(NODES, dtype=bool)
    inside[5:, 3:] = True
    assert np.array_equal(fine.active, ~inside)
    assert not fine.weights[inside].any()


def test_the_last_level_is_inverted() -> None:
    for grounded in (True, False):
        levels = levels_of(random, (17, 14, 15), grounded=grounded)
        last = levels.levels[-1]
        matrix = matrix_of(last.stencil).toarray()
        matrix[~last.active.ravel()] = 0
        matrix[:, ~last.active.ravel()] = 0
        assert last.active.size <= FEWEST
        # A grounded system has an inverse; the other has constants in its kernel, and they are left out.
        assert np.abs(matrix @ levels.inverse @ matrix - matrix).max() <= 1e-4 * np.abs(matrix).max()
        assert np.abs(levels.inverse - levels.inverse.T).max() <= 1e-6 * np.abs(levels.inverse).max()
        assert not levels.inverse[~last.active.ravel()].any()


def test_a_small_box_is_a_level_by_itself() -> None:
    box = cube(1.5, 0.5)
    levels = hierarchy([box], stencils_of_boxes([box], random), grounded=True)
    assert [level.nodes for level in levels.levels] == [(7, 7, 7)]
    assert levels.inverse.shape == (343, 343)
