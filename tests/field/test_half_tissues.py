"""The tissues of nodes and of places half-way between them, of labels made by hand and of planes at known places."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.field._half_tissues import best_conductors, tissue_by_cells, tissue_of
from spinemodel.field.boxes import Box
from spinemodel.field.cells import Cells, cells_of
from spinemodel.field.sub_voxels import margin_of
from tests.field.boxed import conductivity, medium
from tests.shapes import box

S = 4
"""Sub-voxels along an edge of a cell: every place lies between two of them along each axis."""


def made(labels: NDArray[np.int64], tissue: list[int], across: tuple[float, ...]) -> Cells:
    """Cells in a row along x from the labels of their sub-voxels (S n, S, S), which go on in the margin."""
    n, m = len(tissue), margin_of(S)
    return Cells(
        Box((0, 0, 0), (n + 1, 2, 2), 1.0), None, S, m, np.pad(labels.astype(np.uint8), m, mode="edge"),
        ("", *"abc"[: len(across) - 1]), np.array(across), np.array(across), np.full((n, 1, 1), -1, dtype=np.int32),
        np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8), np.empty((0, 3)),
        np.array(tissue, dtype=np.uint8).reshape(n, 1, 1),
    )  # fmt: skip


def row(first: int, second: int, at: int, tissue: list[int], across: tuple[float, ...] = (0.0, 1.0, 0.1)) -> list[int]:
    """What is found along x where the second tissue begins after ``at`` sub-voxels; alike along y and z."""
    labels = np.full((S * len(tissue), S, S), first)
    labels[at:] = second
    found = tissue_of(made(labels, tissue, across))
    assert found.shape == (2 * len(tissue) + 1, 3, 3)
    assert found.dtype == np.uint8
    assert (found == found[:, :1, :1]).all()
    return found[:, 0, 0].tolist()


def test_places_have_the_tissue_of_the_side_on_which_they_lie() -> None:
    assert row(1, 2, 3, [1, 2]) == [1, 1, 2, 2, 2]
    assert row(1, 2, 5, [1, 2]) == [1, 1, 1, 2, 2]
    assert row(1, 2, 1, [2, 2]) == [1, 2, 2, 2, 2]
    assert row(1, 2, 7, [1, 1]) == [1, 1, 1, 1, 2]


@pytest.mark.parametrize(("across", "there"), [((0.0, 1.0, 0.1), 2), ((0.0, 0.1, 1.0), 1), ((0.0, 0.1j, 1.0), 1)])
@pytest.mark.parametrize("half", [1, 2, 3])
def test_places_in_the_plane_itself_have_the_poorer_conductor(half: int, across: tuple[float, ...], there: int) -> None:
    expected = [1] * half + [there] + [2] * (4 - half)
    assert row(1, 2, half * S // 2, [1, 2], across) == expected


def test_beside_an_insulator_what_conducts_has_it() -> None:
    assert row(1, 0, 4, [1, 0]) == [1, 1, 1, 0, 0], "in the plane"
    assert row(1, 0, 3, [1, 0]) == [1, 1, 1, 0, 0], "just inside of the insulator the cells decide"
    assert row(1, 0, 1, [0, 0]) == [0, 0, 0, 0, 0], "no cell conducts by half"
    assert row(1, 0, 5, [1, 0]) == [1, 1, 1, 0, 0], "beyond the last cell that conducts by half there is none"


@pytest.mark.parametrize(("eight", "there"), [([1, 1, 1, 2, 2, 2, 0, 0], 2), ([1, 1, 1, 2, 2, 0, 0, 0], 1),
                                              ([1, 0, 0, 0, 0, 0, 0, 0], 1), ([1, 1, 2, 2, 3, 3, 3, 0], 3),
                                              ([0, 0, 0, 0, 0, 0, 0, 0], 2)])  # fmt: skip
def test_most_of_the_eight_that_meet_and_conduct_have_it(eight: list[int], there: int) -> None:
    labels = np.full((S, S, S), 2)
    labels[1:3, 1:3, 1:3] = np.random.default_rng(0).permutation(eight).reshape(2, 2, 2)
    found = tissue_of(made(labels, [2], (0.0, 1.0, 0.1, 0.01)))
    assert found[1, 1, 1] == there
    found[1, 1, 1] = 2
    assert (found == 2).all(), "the other places lie elsewhere"


@pytest.mark.parametrize(("eight", "there"), [([1, 1, 1, 1, 1, 1, 1, 2], 2), ([3, 1, 1, 0, 0, 0, 0, 1], 3),
                                              ([0, 1, 0, 0, 0, 0, 0, 0], 1), ([0] * 8, 0)])  # fmt: skip
def test_of_the_eight_that_meet_the_best_conductor_touches_a_node(eight: list[int], there: int) -> None:
    cells = made(np.ones((2 * S, S, S), dtype=int), [1, 1], (0.0, 0.1, 2.0j, 0.5))
    i, j, k = (cells.margin + S, cells.margin, cells.margin)
    around = np.random.default_rng(1).permutation(eight).reshape(2, 2, 2)
    cells.labels[i - 1 : i + 1, j - 1 : j + 1, k - 1 : k + 1] = around
    assert best_conductors(cells, np.array([[1, 0, 0], [0, 1, 1]])).tolist() == [there, 1]


def test_two_boxes_in_another() -> None:
    """Surfaces a tenth of a cell off the places: each place has the innermost box that it lies in."""
    parts = {name: box((-half,) * 3, 2 * half) for name, half in (("core", 0.4), ("inner", 1.1), ("outer", 9.9))}
    given = medium(parts, {name: conductivity(value) for name, value in zip(parts, (1.0, 0.3, 2.0), strict=True)}, None)
    (cells,) = cells_of(given, [Box((-3, -3, -3), (7, 7, 7), 1.0)], 10)
    away = np.abs(places((-3.0, -3.0, -3.0), 13, 0.5)).max(axis=-1)
    np.testing.assert_array_equal(tissue_of(cells), np.where(away < 0.4, 1, np.where(away < 1.1, 2, 3)))


def places(low: tuple[float, float, float], count: int, step: float) -> FloatArray:
    """Of a cube of places, (count, count, count, 3)."""
    return np.moveaxis(np.indices((count, count, count)), 0, -1) * step + np.array(low)


def test_cells_alone_give_places_what_most_of_those_beside_them_have() -> None:
    assert tissue_by_cells(np.array([[[0, 3, 2]]], np.uint8))[0, 0].tolist() == [0, 0, 3, 3, 2, 2, 2]
    four = np.array([[[1], [2]], [[2], [0]]], np.uint8)
    assert tissue_by_cells(four)[:, :, 1].tolist() == [[1, 1, 1, 2, 2], [1, 1, 1, 2, 2], [1, 1, 2, 2, 2],
                                                       [2, 2, 2, 0, 0], [2, 2, 2, 0, 0]]  # fmt: skip
