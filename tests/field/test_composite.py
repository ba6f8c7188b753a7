"""Nested boxes as one system: its matrix, probed whole, and its solution against that of one fine box."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.arrays import FloatArray
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field.boxes import box_in_next
from spinemodel.field.composite import apply, by_node, collect, inject, inject_halves
from spinemodel.field.conjugate_gradients import solve_system
from tests.field.boxed import points_of
from tests.field.equations import counting, cube_boxes, followed, plain, probed, values_of, vector


def blocks(points: FloatArray) -> FloatArray:
    """Unlike cells, over two decades, that cross the boxes' borders."""
    x, y, z = np.moveaxis(np.floor(points + 0.3), -1, 0)
    return 10 ** (np.sin(3 * x + 5 * y + 7 * z) - 1)


@pytest.mark.parametrize("grounded", [True, False])
def test_the_matrix_is_symmetric_and_of_no_negative_energy(grounded: bool) -> None:
    matrix = probed(plain(cube_boxes([1.5, 2.0], 5.0, 0.5, 1), blocks, grounded=grounded))
    assert np.abs(matrix - matrix.T).max() <= 1e-12 * np.abs(matrix).max()
    values = np.linalg.eigvalsh(matrix)
    assert values[0] > (1e-4 if grounded else -1e-12) * values[-1]
    assert values[1] > 1e-4 * values[-1]


def test_constants_are_in_its_kernel_where_nothing_is_pinned() -> None:
    free = probed(plain(cube_boxes([1.5, 2.0], 5.0, 0.5, 1), blocks, grounded=False))
    assert np.abs(free.sum(axis=1)).max() <= 1e-12 * np.abs(free).max()
    held = probed(plain(cube_boxes([1.5, 2.0], 5.0, 0.5, 1), blocks, grounded=False, held=0.1))
    assert held.sum() == pytest.approx(0.1 * 9**3, rel=1e-6)


def test_a_uniform_field_is_exact_across_boxes() -> None:
    """A potential that is linear needs no current at any node: trilinear borders hold it."""
    boxes = cube_boxes([1.5, 2.0], 5.0, 0.5, 1)
    matrix = plain(boxes, lambda points: np.full(points.shape[:-1], 0.3), grounded=False)
    linear = [points_of(box) @ [0.3, -0.7, 0.2] for box in boxes]
    chosen = np.concatenate([part[where] for part, where in zip(linear, counting(matrix), strict=True)])
    way = vector(matrix, chosen[:, None])
    image = vector(matrix, np.zeros_like(chosen[:, None]))
    apply(matrix, way, image)
    for part, given, where in zip(followed(matrix, way, 1), linear, counting(matrix), strict=True):
        assert np.abs(part[..., 0] - given)[where].max() == 0
    inner = by_node(image[-1], 1)[1:-1, 1:-1, 1:-1]
    assert max(np.abs(image[0]).max(), np.abs(image[1]).max(), np.abs(inner).max()) <= 1e-6


def test_what_does_not_count_takes_no_part() -> None:
    matrix = plain(cube_boxes([1.5], 5.0, 0.5), blocks)
    size = sum(int(where.sum()) for where in counting(matrix))
    given = np.random.default_rng(3).normal(size=(size, 2))
    clean, image = vector(matrix, given), vector(matrix, 0 * given)
    apply(matrix, clean, image)
    for part, where in zip(image, counting(matrix), strict=True):
        assert not by_node(part, 2)[~where].any()
    dirty = vector(matrix, given)
    by_node(dirty[0], 2)[[0, -1]] = 1e6
    other = vector(matrix, 0 * given)
    apply(matrix, dirty, other)
    assert np.array_equal(values_of(matrix, other, 2), values_of(matrix, image, 2))


def test_lanes_do_not_touch_each_other() -> None:
    matrix = plain(cube_boxes([1.5], 5.0, 0.5), blocks)
    size = sum(int(where.sum()) for where in counting(matrix))
    given = np.random.default_rng(3).normal(size=(size, 3))
    image = vector(matrix, 0 * given)
    apply(matrix, vector(matrix, given), image)
    one = vector(matrix, 0 * given[:, :1])
    apply(matrix, vector(matrix, given[:, 1:2]), one)
    assert np.array_equal(values_of(matrix, image, 3)[:, 1:2], values_of(matrix, one, 1))


def test_current_on_a_border_goes_to_the_larger_box() -> None:
    """Pushed by the transposed weights, so that none is lost."""
    matrix = plain(cube_boxes([1.5], 5.0, 0.5), blocks)
    parts = tuple(Cpu().zeros(level.nodes, 1, float) for level in matrix.boxes)
    by_node(parts[0], 1)[0, 1, 3] = 2.0
    by_node(parts[0], 1)[4, 4, 4] = 1.0
    collect(matrix, parts)
    assert by_node(parts[0], 1).sum() == 1.0
    assert by_node(parts[1], 1).sum() == pytest.approx(2.0)


def test_a_larger_box_takes_the_values_of_the_finer() -> None:
    boxes = cube_boxes([1.5, 2.0], 5.0, 0.5, 1)
    matrix = plain(boxes, blocks)
    fields = [np.zeros(box.nodes) for box in boxes]
    fields[0][...] = points_of(boxes[0]) @ [1.0, 10.0, 100.0]
    inject(matrix.boxes, fields)
    first, cells = box_in_next(boxes[0], boxes[1]), boxes[0].cells
    inside = tuple(slice(a, a + n // 2 + 1) for a, n in zip(first, cells, strict=True))
    assert np.allclose(fields[1][inside], (points_of(boxes[1]) @ [1.0, 10.0, 100.0])[inside])
    assert np.count_nonzero(fields[2]) > 0


def test_a_larger_box_takes_what_a_finer_has_at_nodes_and_between() -> None:
    """Every place of it that lies in a finer box, up to its border, has that box's; the others keep their own."""
    boxes = cube_boxes([1.5, 2.0], 5.0, 0.5, 1)
    places = [np.moveaxis(np.indices(box.halves), 0, -1) * box.spacing_mm / 2 + box.low for box in boxes]
    fields = [100.0 * (n + 1) + place @ [1.0, 0.1, 0.01] for n, place in enumerate(places)]
    inject_halves(plain(boxes, blocks).boxes, fields)
    for place, field in zip(places, fields, strict=True):
        finest = np.full(place.shape[:-1], len(boxes))
        for n in range(len(boxes) - 1, -1, -1):
            finest[((place >= boxes[n].low) & (place <= boxes[n].high)).all(axis=-1)] = n + 1
        np.testing.assert_allclose(field, 100.0 * finest + place @ [1.0, 0.1, 0.01])
    assert len(fields) == 3


def potential(regions: list[float], spacing: float) -> FloatArray:
    """Return the potential of a cloud of charge in the finest box."""
    boxes = cube_boxes(regions, 6.0, spacing)
    matrix = plain(boxes, lambda points: np.full(points.shape[:-1], 0.5))
    right = tuple(Cpu().zeros(box.nodes, 1, float) for box in boxes)
    fine = points_of(boxes[0])
    cloud = np.exp(-(fine**2).sum(axis=-1)) * (np.abs(fine).max(axis=-1) < 3)
    by_node(right[0], 1)[..., 0] = cloud * spacing**3
    return followed(matrix, solve_system(matrix, right, 1, 1e-9).values, 1)[0][..., 0]


def test_nested_boxes_agree_with_one_fine_box() -> None:
    """A smooth potential: large cells round it change it by their second order."""
    errors = []
    for spacing in (0.5, 0.25):
        whole, nested = potential([6.0], spacing), potential([3.0], spacing)
        n = round(3.0 / spacing)
        errors.append(np.abs(nested - whole[n:-n, n:-n, n:-n]).max() / np.abs(whole).max())
    assert errors[0] <= 1e-2
    assert errors[1] <= errors[0] / 2**1.4
