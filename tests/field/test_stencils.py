"""The equations of one box against closed forms: uniform and layered media, straight, curved and with fibres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.sparse.linalg import eigsh
from scipy.spatial.transform import Rotation

from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box
from spinemodel.field.cells import cells_of
from spinemodel.field.problem import Medium
from spinemodel.field.stencils import stencils_of
from tests.field.boxed import (
    SHELL_RADII,
    SHELL_SIGMA,
    ball,
    conductivity,
    cube,
    inner_nodes,
    layers_of,
    matrix_of,
    medium,
    points_of,
    relative,
    slab,
    solve,
    tube,
)
from tests.field.closed_forms import cylinders_in_field, plane_layers, shells_in_field, sphere_in_field

FIBRES = np.array([1.0, 2.0, 2.0]) / 3
TENSOR = 0.083 * np.eye(3) + (0.6 - 0.083) * np.outer(FIBRES, FIBRES)
TILT = Rotation.from_rotvec([0.5, -0.8, 0.3]).as_matrix()
"""Turns an oblique direction into z, so that closed forms do not lie along the axes of the box."""

ASIDE = (0.13, 0.21, -0.08)
"""Centre of round media, mm: a symmetric place on the grid would flatter."""


def whole(along: float, across: float) -> Medium:
    """One medium everywhere, with oblique fibres."""
    return medium({}, {"all": conductivity(along, across)}, "all", {"all": tuple(FIBRES)})


def sigma_and_all(normal: tuple[float, float, float]) -> tuple[Medium, FloatArray]:
    """Half-spaces that both conduct unlike in oblique directions, and their tensors."""
    other = np.array([2.0, -1.0, 0.5]) / np.linalg.norm([2.0, -1.0, 0.5])
    given = medium(
        {"low": slab("low", normal, -40, 0.07), "high": slab("high", normal, 0.07, 40)},
        {"low": conductivity(0.6, 0.083), "high": conductivity(0.3, 1.2)},
        fibres={"low": tuple(FIBRES), "high": tuple(other)},
    )
    return given, np.array([TENSOR, 1.2 * np.eye(3) - 0.9 * np.outer(other, other)])


def potential(given: Medium, box: Box, true: Callable[[FloatArray], FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the potential in a box with the true one on its faces, and the true one."""
    exact = true(points_of(box).reshape(-1, 3)).reshape(box.nodes)
    return solve(stencils_of(cells_of(given, [box])[0]), exact, inner_nodes(box.nodes)), exact


def test_entries_are_symmetric_bit_for_bit_and_rows_sum_to_zero() -> None:
    box = cube(3.0, 0.5)
    given = layers_of(partial(ball, at=(0.1, 0.2, -0.3)), (1.1, 1.9, 2.2), (0.25, 1.7, 0.03, 0.25))
    stencils = stencils_of(cells_of(given, [box])[0])
    matrix = matrix_of(stencils)
    assert stencils.dtype == np.float32
    assert (matrix != matrix.T).nnz == 0
    assert np.abs(stencils.astype(float).sum(axis=-1)).max() <= 1e-7 * stencils.max()
    assert eigsh(matrix, k=1, sigma=-1.0, return_eigenvectors=False)[0] > -1e-6


def test_a_box_that_a_finer_one_covers_takes_no_part() -> None:
    outer, inner = Box((-4, -4, -4), (9, 9, 9), 1.0), Box((-4, -4, -4), (9, 9, 9), 0.5)
    fine, coarse = cells_of(whole(1.0, 1.0), [inner, outer])
    assert fine.covered is None
    assert coarse.covered == ((2, 2, 2), (6, 6, 6))
    stencils = stencils_of(coarse)
    assert not stencils[3:6, 3:6, 3:6].any()
    assert stencils[2, 2, 2, 13] == pytest.approx(7 / 8 * stencils[1, 1, 1, 13])


@pytest.mark.parametrize("slope", [(1.0, 0.0, 0.0), (0.3, -2.0, 1.0)])
def test_linear_potentials_are_exact_where_fibres_are_oblique(slope: tuple[float, float, float]) -> None:
    found, exact = potential(whole(0.6, 0.083), cube(2.0, 0.5), lambda points: points @ np.asarray(slope))
    np.testing.assert_allclose(found, exact, atol=2e-6)


def test_smooth_potentials_in_oblique_fibres_converge_at_second_order() -> None:
    # u = exp(p.x) cos(q.x) with p.Tp = q.Tq and p.Tq = 0 obeys the equation.
    root = np.linalg.inv(np.linalg.cholesky(TENSOR).T)
    p, q = (root @ way * 0.15 for way in np.linalg.qr(TILT[:, :2])[0].T)

    def true(points: FloatArray) -> FloatArray:
        return np.asarray(np.exp(points @ p) * np.cos(points @ q))

    errors = [np.abs(np.subtract(*potential(whole(0.6, 0.083), cube(4.0, h), true))).max() for h in (1.0, 0.5)]
    assert np.log2(errors[0] / errors[1]) > 1.8
    assert errors[1] < 5e-3


def test_layers_between_planes_of_sub_voxels_are_exact() -> None:
    given = medium(
        {n: slab(n, (0, 0, 1), *z) for n, z in {"a": (-9, -0.125), "b": (-0.125, 0.25), "c": (0.25, 9)}.items()},
        {"a": conductivity(1.7), "b": conductivity(0.6, 0.083), "c": conductivity(0.25)},
        fibres={"b": tuple(FIBRES)},
    )
    tensors = np.array([1.7 * np.eye(3), TENSOR, 0.25 * np.eye(3)])
    true = partial(plane_layers, normal=(0, 0, 1), offsets=(-0.125, 0.25), tensors=tensors, along=(0.5, -1, 0))
    found, exact = potential(given, cube(2.0, 0.5), true)
    np.testing.assert_allclose(found, exact, atol=1e-5)


def test_oblique_half_spaces_with_fibres_converge() -> None:
    normal = (1.0, 2.0, -1.5)
    given, tensors = sigma_and_all(normal)
    true = partial(plane_layers, normal=normal, offsets=(0.07,), tensors=tensors, along=(0.5, -1, 0))
    errors = []
    for h in (1.0, 0.5):
        found, exact = potential(given, cube(4.0, h), true)
        errors.append(np.linalg.norm(found - exact) / np.linalg.norm(exact))
    assert errors[1] < 0.005
    assert errors[0] / errors[1] > 1.9


def test_shells_in_an_oblique_field() -> None:
    given, errors = layers_of(partial(ball, at=ASIDE), SHELL_RADII, SHELL_SIGMA), []
    for h in (1.0, 0.5):
        box = cube(11.0, h)
        radius = np.linalg.norm(points_of(box) - ASIDE, axis=-1)
        found, exact = potential(
            given, box, lambda points: shells_in_field((points - ASIDE) @ TILT.T, SHELL_RADII, SHELL_SIGMA)
        )
        core, fluid = radius < SHELL_RADII[0], (radius > SHELL_RADII[0]) & (radius < SHELL_RADII[1])
        errors.append((relative(found, exact, core), relative(found, exact, fluid)))
    assert max(errors[1]) < 0.015
    assert np.hypot(*errors[0]) / np.hypot(*errors[1]) > 2**1.2


def test_layered_cylinder_across_the_field() -> None:
    # Compared up to a constant: the sheath is two or three sub-voxels thick, and which of the two on either side, alike
    # all along the cylinder, moves the potential inside as a whole.
    given, errors = layers_of(partial(tube, at=ASIDE), SHELL_RADII, SHELL_SIGMA), []
    for h in (1.0, 0.5):
        n = round(12 / h)
        box = Box((-n, -n, 0), (2 * n + 1, 2 * n + 1, 3), h)
        points = points_of(box) - ASIDE
        exact = cylinders_in_field(points.reshape(-1, 3), SHELL_RADII, SHELL_SIGMA).reshape(box.nodes)
        found = solve(stencils_of(cells_of(given, [box])[0]), exact, inner_nodes(box.nodes, (0, 1)))
        inside = np.linalg.norm(points[..., :2], axis=-1) < SHELL_RADII[1]
        errors.append(np.std((found - exact)[inside]) / np.std(exact[inside]))
    assert errors[1] < 0.012
    assert errors[0] / errors[1] > 2**1.2


def test_hole_in_a_field_converges() -> None:
    given = medium({"hole": ball("hole", 2.0), "rest": ball("rest", 20.0, 2.0)}, {"rest": conductivity(0.4)})
    errors = []
    for h in (1.0, 0.5, 0.25):
        box = cube(4.0, h)
        found, exact = potential(given, box, lambda points: sphere_in_field(points @ TILT.T, 2.0, conducts=False))
        errors.append(relative(found, exact, np.linalg.norm(points_of(box), axis=-1) > 2.0))
    assert errors[1] < 0.01
    assert errors[0] / errors[2] > 4


def test_complex_conductivities_give_complex_stencils() -> None:
    given = layers_of(ball, (0.7,), (0.25, 1.7))
    cells = cells_of(given, [cube(1.0, 0.5)])[0]
    real = stencils_of(cells)
    turned = stencils_of(replace(cells, along=cells.along * (1 + 1j), across=cells.across * (1 + 1j)))
    assert turned.dtype == np.complex64
    np.testing.assert_allclose(turned, real * (1 + 1j), atol=1e-5)
    assert not sparse.csr_matrix(turned.sum(axis=-1).reshape(1, -1)).toarray().round(5).any()
