"""The solver's kernels for a GPU, in numba's simulator where there is none: the results of the CPU."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.field import levels
from spinemodel.field._processor import Processor
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field.boxes import Box
from spinemodel.field.composite import Composite, by_node, collect, composite, follow
from spinemodel.field.conjugate_gradients import solve_system
from spinemodel.field.processors import processor
from spinemodel.volume import _device

pytest.importorskip("numba_cuda", reason="the extra spinemodel[gpu] is not installed")

from numba import config, cuda

if not cuda.is_available():
    pytest.skip("neither a GPU nor numba's simulator", allow_module_level=True)

from spinemodel.field import _processor_cuda
from spinemodel.field._processor_cuda import Cuda

BOXES = Box((2, 2, 2), (7, 7, 9), 1.0), Box((0, 0, 0), (7, 7, 7), 2.0)
LANES = 2
ROUNDING = 0 if config.ENABLE_CUDASIM else 1e-5
"""A real device fuses multiplications with additions; the simulator does the CPU's arithmetic to the last bit."""

TURN = np.complex64(0.6 + 0.8j)
"""What real conductivities are multiplied with, to make them complex."""


@dataclass(frozen=True, eq=False)
class Both:
    """The same equations on both processors."""

    cpu: Composite
    gpu: Composite

    def run(
        self, operation: Callable[..., Any], *vectors: NDArray[Any]
    ) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Return what an operation (composite, processor, vectors) leaves in vectors, on each."""
        found = []
        for matrix in (self.cpu, self.gpu):
            sent = [matrix.on.send(vector.copy()) for vector in vectors]
            operation(matrix, matrix.on, *sent)
            found.append([matrix.on.fetch(vector) for vector in sent])
        return found[0], found[1]

    def agree(self, operation: Callable[..., Any], *vectors: NDArray[Any], rounding: float = ROUNDING) -> None:
        """Check that an operation leaves the same on each, and does something."""
        here, there = self.run(operation, *vectors)
        assert any(not np.array_equal(one, vector) for one, vector in zip(here, vectors, strict=True))
        for one, other in zip(here, there, strict=True):
            np.testing.assert_allclose(other, one, rtol=rounding, atol=rounding * np.abs(one).max())


@pytest.fixture(autouse=True)
def small_launches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Launch few threads, which take several values and rows each: the simulator starts one of Python's for each.

    It waits for them in a busy loop, so that they shall take turns often.
    """
    before = sys.getswitchinterval()
    if config.ENABLE_CUDASIM:
        launch_as(monkeypatch, 2, 3)
        sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def launch_as(monkeypatch: pytest.MonkeyPatch, blocks: int, threads: int) -> None:
    """Set the size of launches."""
    for name, value in {"FEWEST_BLOCKS": 1, "MAX_BLOCKS": blocks, "THREADS": threads}.items():
        monkeypatch.setattr(_processor_cuda, name, value)


@pytest.fixture(scope="module")
def real() -> Iterator[Both]:
    """Random media in a box in another, and every second node of that: three levels."""
    rng = np.random.default_rng(3)
    outer = np.ones(BOXES[1].cells, dtype=bool)
    outer[1:4, 1:4, 1:5] = False
    own, pinned = zip(stencils(rng, np.ones(BOXES[0].cells, dtype=bool)), stencils(rng, outer), strict=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "FEWEST", 100)
        yield Both(*(composite(BOXES, own, pinned, grounded=True, on=on) for on in (Cpu(), Cuda())))


def stencils(rng: np.random.Generator, own: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Stencils of trilinear cells that conduct unlike or not at all, with a conductor pinned on some nodes."""
    mass, stiff = np.array([[2, 1], [1, 2]]) / 6, np.array([[1, -1], [-1, 1]])
    cell = sum(np.kron(np.kron(*pair), last) for pair, last in zip(
        [(stiff, mass), (mass, stiff), (mass, mass)], [mass, mass, stiff], strict=True))  # fmt: skip
    sigma = np.where(own & (rng.random(own.shape) < 0.9), rng.lognormal(size=own.shape), 0)
    nodes = tuple(n + 1 for n in own.shape)
    wide = np.zeros((*nodes, 27))
    for a, b in product(range(8), repeat=2):
        (di, dj, dk), (ei, ej, ek) = ((n >> 2, n >> 1 & 1, n & 1) for n in (a, b))
        at = tuple(slice(d, d + n) for d, n in zip((di, dj, dk), own.shape, strict=True))
        wide[(*at, 9 * (ei - di + 1) + 3 * (ej - dj + 1) + ek - dk + 1)] += sigma * cell[a, b]
    pinned = (0.3 * ((rng.random(nodes) < 0.1) & (wide[..., 13] != 0))).astype(np.float32)
    wide[..., 13] += pinned
    return wide.astype(np.float32), pinned


def vector(nodes: tuple[int, int, int], kind: Any, seed: int = 0) -> NDArray[Any]:
    """A vector of random numbers in a border of zeros."""
    rng = np.random.default_rng(seed)
    values = Cpu().zeros(nodes, LANES, kind)
    inner = by_node(values, LANES)
    inner[...] = rng.normal(size=inner.shape)
    if np.iscomplexobj(values):
        inner += 1j * rng.normal(size=inner.shape)
    return values


def pair(both: Both, level: int, double: bool = False, count: int = 2) -> list[NDArray[Any]]:
    """Vectors of a level's nodes."""
    kind = np.float64 if double else np.float32
    return [vector(both.cpu.levels.levels[level].nodes, kind, n) for n in range(count)]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("level", [0, 1])
def test_a_sweep_is_that_of_the_cpu(real: Both, level: int, backward: bool) -> None:
    real.agree(
        lambda matrix, on, x, b: on.smooth(matrix.levels.levels[level], x, b, backward=backward), *pair(real, level)
    )


def test_the_order_of_colours_counts(real: Both) -> None:
    there = [
        real.run(lambda m, on, x, b, way=way: on.smooth(m.levels.levels[0], x, b, backward=way), *pair(real, 0))[1][0]
        for way in (False, True)
    ]
    assert np.abs(there[0] - there[1]).max() > 0.1


@pytest.mark.parametrize("level", [0, 1])
def test_what_is_left_goes_down_and_comes_back_as_on_the_cpu(real: Both, level: int) -> None:
    def go_down(matrix: Composite, on: Processor, x: Any, b: Any, left: Any, coarse: Any) -> None:
        on.residual(matrix.levels.levels[level], x, b, left)
        on.restrict(matrix.levels.levels[level], left, coarse)

    def come_back(matrix: Composite, on: Processor, coarse: Any, x: Any) -> None:
        on.prolong(matrix.levels.levels[level], coarse, x)

    coarse = pair(real, level + 1)[0]
    real.agree(go_down, *pair(real, level, count=3), coarse)
    real.agree(come_back, coarse, pair(real, level)[0])


def test_the_coarsest_level_is_solved_as_on_the_cpu(real: Both) -> None:
    real.agree(lambda matrix, on, b, x: on.solve_last(matrix.levels, b, x), *pair(real, 2), rounding=1e-6)


@pytest.mark.parametrize("box", [0, 1])
def test_the_product_is_that_of_the_cpu_and_of_constants_nothing(real: Both, box: int) -> None:
    def multiply(matrix: Composite, on: Processor, values: Any, image: Any) -> None:
        on.product(matrix.own[box], matrix.pinned[box], values, image)

    values, image = pair(real, box, double=True)
    real.agree(multiply, values, image)
    by_node(values, LANES)[...] = 1
    found = by_node(real.run(multiply, values, image)[1][1], LANES)
    free = real.cpu.pinned[box] == 0
    assert np.abs(found[free]).max() < 1e-14


def test_borders_follow_and_hand_over_as_on_the_cpu(real: Both) -> None:
    fine, coarse = pair(real, 0, double=True)[0], pair(real, 1, double=True)[0]
    real.agree(lambda matrix, on, x, y: follow(matrix, (x, y)), fine, coarse)
    real.agree(lambda matrix, on, x, y: collect(matrix, (x, y)), fine, coarse)
    handed = real.run(lambda matrix, on, x, y: on.push_border(matrix.boxes[0], x, y), fine, coarse)[1]
    inner = by_node(fine, LANES)[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(by_node(handed[0], LANES)[1:-1, 1:-1, 1:-1], inner)
    # Weights add up to one, so that nothing is lost on the way.
    np.testing.assert_allclose(handed[1].sum() + handed[0].sum(), coarse.sum() + fine.sum(), rtol=1e-6)


def test_with_complex_conductivities_real_and_imaginary_parts_are_each_solved(real: Both) -> None:
    on, here, there = real.gpu.on, real.cpu.boxes[0], real.gpu.boxes[0]
    turned = replace(there, stencil=on.send(here.stencil * TURN))
    values, given = vector(here.nodes, np.complex64), vector(here.nodes, np.complex64, 1)
    parts = real.run(smooth_both, values.real, given.real, values.imag, given.imag)[1]
    sent = on.send(values)
    on.smooth(turned, sent, on.send(given * TURN), backward=False)
    np.testing.assert_allclose(on.fetch(sent), parts[0] + 1j * parts[2], rtol=1e-4, atol=1e-4)
    left = on.zeros(here.nodes, LANES, np.complex64)
    on.residual(turned, sent, on.send(given * TURN), left)
    last = by_node(on.fetch(left), LANES)[1:-1:2, 1:-1:2, 1:-1:2]
    assert np.abs(last).max() < 1e-4 < 0.1 < np.abs(on.fetch(left)).max()


def smooth_both(matrix: Composite, on: Processor, x: Any, b: Any, y: Any, c: Any) -> None:
    """Sweep over the first level for two right-hand sides."""
    on.smooth(matrix.boxes[0], x, b, backward=False)
    on.smooth(matrix.boxes[0], y, c, backward=False)


def test_the_product_of_complex_conductivities_is_that_of_their_parts(real: Both) -> None:
    on, wide = real.gpu.on, np.complex128
    values = vector(BOXES[0].nodes, wide)
    image = on.zeros(BOXES[0].nodes, LANES, wide)
    stencil, pinned = (on.send(one[0].astype(wide) * TURN) for one in (real.cpu.own, real.cpu.pinned))
    on.product(stencil, pinned, on.send(values), image)
    parts = [on.zeros(BOXES[0].nodes, LANES, np.float64) for _ in range(2)]
    for part, into in zip((values.real, values.imag), parts, strict=True):
        on.product(real.gpu.own[0], real.gpu.pinned[0], on.send(part), into)
    found = np.complex128(TURN) * (on.fetch(parts[0]) + 1j * on.fetch(parts[1]))
    np.testing.assert_allclose(on.fetch(image), found, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.complex128])
def test_vectors_are_moved_and_summed(kind: Any) -> None:
    on = Cuda()
    given = [vector((3, 4, 5), kind, seed) for seed in range(4)]
    steep = vector((3, 4, 5), np.complex64 if kind is np.complex128 else np.float32, 9)
    x, r, p, q, z = (on.send(one) for one in (*given, steep))
    factor = np.array([0.3, -1.7]).astype(kind)
    each = np.tile(factor, 7)
    on.advance(x, r, p, q, factor)
    np.testing.assert_allclose(on.fetch(x), given[0] + each * given[2], rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(on.fetch(r), given[1] - each * given[3], rtol=1e-14, atol=1e-14)
    on.turn(p, z, factor)
    np.testing.assert_allclose(on.fetch(p), steep + each * given[2], rtol=1e-14, atol=1e-14)
    for other, known in ((q, given[3]), (z, steep)):
        true = (given[3] * known).reshape(-1, LANES).sum(axis=0)
        np.testing.assert_allclose(on.dot(q, other, LANES), true, rtol=1e-12)
    np.testing.assert_allclose(on.norm(q, LANES), (np.abs(given[3]) ** 2).reshape(-1, LANES).sum(axis=0), rtol=1e-12)
    on.clear(q)
    assert not on.fetch(q).any()


def test_vectors_are_moved_and_summed_as_on_the_cpu(real: Both) -> None:
    factor = np.array([0.3, -1.7])

    def move(matrix: Composite, on: Processor, *vectors: Any) -> None:
        on.advance(*vectors[:4], factor)
        on.turn(vectors[2], vectors[4], factor)
        on.clear_faces(vectors[1], LANES)

    parts = [vector((3, 4, 5), np.float64, seed) for seed in range(4)]
    real.agree(move, *parts, vector((3, 4, 5), np.float32, 9), rounding=ROUNDING and 1e-14)
    here, there = real.cpu.on, real.gpu.on
    found = there.dot(there.send(parts[0]), there.send(parts[1]), LANES)
    np.testing.assert_allclose(found, here.dot(parts[0], parts[1], LANES), rtol=1e-12)
    np.testing.assert_allclose(there.norm(there.send(parts[0]), LANES), here.norm(parts[0], LANES), rtol=1e-12)
    np.testing.assert_array_equal(there.fetch(there.zeros((2, 3, 1), LANES, np.float64)), np.zeros((4, 5, 6)))


def test_precision_changes_in_a_copy(real: Both) -> None:
    source, values = vector((3, 3, 3), np.float64), vector((3, 3, 3), np.float32, 1)
    found = real.run(lambda matrix, on, x, y: on.copy(x, y), source, values)[1][1]
    np.testing.assert_array_equal(found, source.astype(np.float32))


@pytest.mark.skipif(not config.ENABLE_CUDASIM, reason="a real device is launched as it is")
@pytest.mark.parametrize(("blocks", "threads"), [(1, 1), (3, 7)])
def test_results_do_not_depend_on_the_size_of_a_launch(
    real: Both, monkeypatch: pytest.MonkeyPatch, blocks: int, threads: int
) -> None:
    def several(matrix: Composite, on: Processor, fine: Any, coarse: Any, sums: Any) -> None:
        on.push_border(matrix.boxes[0], fine, coarse)
        on.pull_border(matrix.boxes[0], coarse, fine)
        on.copy(on.send(np.broadcast_to(on.dot(fine, fine, LANES), (1, 1, LANES))), sums)

    vectors = pair(real, 0, double=True)[0], pair(real, 1, double=True)[0], np.zeros((1, 1, LANES))
    before = real.run(several, *vectors)[1]
    launch_as(monkeypatch, blocks, threads)
    for one, other in zip(before, real.run(several, *vectors)[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_system_is_solved_as_on_the_cpu(real: Both) -> None:
    right = [vector(box.nodes, np.float64, n) for n, box in enumerate(BOXES)]
    for part, level in zip(right, real.cpu.boxes, strict=True):
        by_node(part, LANES)[~level.active] = 0
    by_node(right[1], LANES)[1:5, 1:5, 1:6] = 0
    here, there = (
        solve_system(matrix, tuple(matrix.on.send(part.copy()) for part in right), LANES, 1e-4)
        for matrix in (real.cpu, real.gpu)
    )
    assert 3 < len(here.residuals) == len(there.residuals)
    np.testing.assert_allclose(there.residuals, here.residuals, rtol=1e-2)
    for one, other in zip(here.values, there.values, strict=True):
        np.testing.assert_allclose(real.gpu.on.fetch(other), one, rtol=0, atol=1e-5 * np.abs(one).max())


def test_the_processor_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(processor("cpu"), Cpu)
    assert isinstance(processor("cuda"), Cuda)
    with pytest.raises(InputError, match="auto, cpu or cuda"):
        processor("gpu")  # type: ignore[arg-type]
    monkeypatch.setattr(_device, "_lack", lambda: "numba-cuda is not installed; pip install 'spinemodel[gpu]'")
    with pytest.raises(BackendUnavailableError, match=r"spinemodel\[gpu\]"):
        processor("cuda")
    with caplog.at_level(logging.INFO):
        assert isinstance(processor("auto"), Cpu)
    assert "not installed" in caplog.text
