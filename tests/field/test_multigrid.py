"""Sweeps, residuals and products against plain loops and whole matrices; the V-cycle as a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.field import _sweeps
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field.composite import by_node
from spinemodel.field.levels import Level
from tests.field.boxed import matrix_of
from tests.field.equations import cell_stencils, cube_boxes, plain, preconditioner, probed

NODES = (9, 6, 7)
LANES = 3


def layers(points: FloatArray) -> FloatArray:
    """Fluid in a thin sheath in fat, as in a canal."""
    r = np.linalg.norm(points[..., :2], axis=-1)
    return np.where(r < 1.5, 1.7, np.where(r < 2.0, 0.02, 0.04))


def box(kind: Any = np.float64) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return stencils of cells without order, and the nodes that are solved for."""
    draw = np.random.default_rng(2)
    sigma = (10 ** draw.uniform(-2, 0, [n - 1 for n in NODES])).astype(kind)
    if np.iscomplexobj(sigma):
        sigma *= 1 + 0.3j * draw.uniform(size=sigma.shape)
    active = draw.uniform(size=NODES) < 0.8
    return cell_stencils(sigma, 0.4), active


def lanes_of(draw: np.random.Generator, dtype: Any) -> NDArray[Any]:
    """Return values without order, with a border of zeros."""
    made = Cpu().zeros(NODES, LANES, dtype)
    inner = by_node(made, LANES)
    inner[...] = draw.normal(size=inner.shape)
    if np.iscomplexobj(made):
        inner[...] += 1j * draw.normal(size=inner.shape)
    return np.asarray(made)


def swept(
    stencil: NDArray[Any], active: NDArray[Any], values: NDArray[Any], given: NDArray[Any], backward: bool
) -> NDArray[Any]:
    """Return what a sweep over the eight colours makes of values, by plain loops in double precision."""
    wide = np.result_type(values, np.float64)
    found, right = values.astype(wide), by_node(given, LANES).astype(wide)
    view = found.reshape(*found.shape[:2], -1, LANES)
    colours = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    for a, b, c in reversed(colours) if backward else colours:
        for i, j, k in np.argwhere(active):
            if (i % 2, j % 2, k % 2) != (a, b, c):
                continue
            row = stencil[i, j, k].astype(wide).reshape(3, 3, 3, 1)
            own = row[1, 1, 1, 0]
            around = view[i : i + 3, j : j + 3, k : k + 3]
            rest = (row * around).sum(axis=(0, 1, 2)) - own * view[i + 1, j + 1, k + 1]
            view[i + 1, j + 1, k + 1] = (right[i, j, k] - rest) / own
    return found


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.complex64])
def test_a_sweep_is_gauss_seidel_over_eight_colours(backward: bool, kind: Any) -> None:
    stencil, active = box(np.result_type(kind, np.float64))
    draw = np.random.default_rng(7)
    values, given = lanes_of(draw, kind), lanes_of(draw, kind)
    expected = swept(stencil, active, values, given, backward)
    level = Level(stencil, active, np.zeros((0, 0, 0, 8), dtype=np.float32), (0, 0, 0))
    Cpu().smooth(level, values, given, backward=backward)
    assert np.abs(values - expected).max() <= 2e-5 * np.abs(expected).max()


@pytest.mark.parametrize("backward", [False, True])
def test_any_split_into_planes_gives_the_same_bits(backward: bool) -> None:
    stencil, active = box()
    draw = np.random.default_rng(8)
    start, given = lanes_of(draw, np.float32), lanes_of(draw, np.float32)
    found = []
    for share in (2, 4, 10):
        values = start.copy()
        for parity in (1, 0) if backward else (0, 1):
            for first in range(parity, NODES[0], share):
                last = min(first + share, NODES[0])
                _sweeps.sweep(stencil, values, given, active, _sweeps.register_of(LANES), first, last, backward)
        found.append(values)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_one_colour_may_be_done_in_any_order() -> None:
    """The planes of a parity from last to first: what a GPU, or other threads, might do."""
    stencil, active = box()
    draw = np.random.default_rng(8)
    values, given = lanes_of(draw, np.float32), lanes_of(draw, np.float32)
    other = values.copy()
    for parity in (0, 1):
        _sweeps.sweep(stencil, values, given, active, _sweeps.register_of(LANES), parity, NODES[0], False)
        for plane in reversed(range(parity, NODES[0], 2)):
            _sweeps.sweep(stencil, other, given, active, _sweeps.register_of(LANES), plane, plane + 1, False)
    assert np.array_equal(values, other)


@pytest.mark.parametrize("kind", [np.float32, np.complex64])
def test_a_residual_is_what_is_left(kind: Any) -> None:
    stencil, _ = box(np.result_type(kind, np.float64))
    draw = np.random.default_rng(9)
    values, given, left = lanes_of(draw, kind), lanes_of(draw, kind), Cpu().zeros(NODES, LANES, kind)
    level = Level(stencil, stencil[..., 13] != 0, np.zeros((0, 0, 0, 8), dtype=np.float32), (0, 0, 0))
    Cpu().residual(level, values, given, left)
    rows = stencil.reshape(-1, 27)
    matrix = matrix_of(np.real(rows).reshape(stencil.shape)) + 0j
    if np.iscomplexobj(stencil):
        matrix = matrix + 1j * matrix_of(np.imag(rows).reshape(stencil.shape))
    x, b, r = (by_node(part, LANES).reshape(-1, LANES) for part in (values, given, left))
    assert np.abs(r - (b - matrix @ x)).max() <= 2e-6 * np.abs(b).max()


def test_a_product_has_constants_in_its_kernel_but_for_what_is_pinned() -> None:
    """Stencils are of single precision, and their rows do not sum to zero: the diagonal is made to fit."""
    stencil, _ = box()
    pinned = np.zeros(NODES, dtype=np.float32)
    pinned[3, 2, 2] = 0.5
    draw = np.random.default_rng(10)
    values, image = lanes_of(draw, np.float64), Cpu().zeros(NODES, LANES, np.float64)
    Cpu().product(stencil, pinned, values, image)
    exact = stencil.astype(np.float64)
    exact[..., 13] = 0
    exact[..., 13] = pinned - exact.sum(axis=-1)
    expected = matrix_of(exact) @ by_node(values, LANES).reshape(-1, LANES)
    assert np.abs(by_node(image, LANES).reshape(-1, LANES) - expected).max() <= 1e-14 * np.abs(expected).max()
    by_node(values, LANES)[...] = 7.0
    Cpu().product(stencil, pinned, values, image)
    flat = by_node(image, LANES)
    assert np.abs(flat[3, 2, 2] - 3.5).max() <= 1e-14
    flat[3, 2, 2] = 0
    assert np.abs(flat).max() <= 1e-14


def test_where_nothing_conducts_a_product_is_zero() -> None:
    sigma = np.ones([n - 1 for n in NODES])
    sigma[4:] = 0
    stencil = cell_stencils(sigma, 0.4)
    values, image = lanes_of(np.random.default_rng(1), np.float64), Cpu().zeros(NODES, LANES, np.float64)
    by_node(image, LANES)[...] = np.nan
    Cpu().product(stencil, np.zeros(NODES, dtype=np.float32), values, image)
    assert not by_node(image, LANES)[5:].any()
    assert np.isfinite(image).all()


@pytest.mark.parametrize("grounded", [True, False])
def test_a_v_cycle_is_symmetric_and_positive(grounded: bool) -> None:
    """What conjugate gradients ask of it, with a singular matrix on the last level too."""
    matrix = plain(cube_boxes([1.5], 5.0, 0.5), layers, grounded=grounded)
    assert len(matrix.levels.levels) > len(matrix.boxes)
    cycle = preconditioner(matrix).astype(np.float64)
    assert np.abs(cycle - cycle.T).max() <= 1e-6 * np.abs(cycle).max()
    assert np.linalg.eigvalsh((cycle + cycle.T) / 2)[0] > 0


def test_a_v_cycle_leaves_little_of_any_error() -> None:
    """The whole spectrum of the preconditioned matrix lies in (0.4, 1]: measured 0.63."""
    matrix = plain(cube_boxes([1.5], 5.0, 0.5), layers)
    both = np.linalg.eigvals(preconditioner(matrix).astype(np.float64) @ probed(matrix)).real
    assert both.min() > 0.4
    assert both.max() < 1 + 1e-5
