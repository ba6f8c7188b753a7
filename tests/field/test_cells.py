"""Cells: what fills most of each, which way its fibres run, and what a finer box covers."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.boxes import Box, nested_boxes
from spinemodel.field.cells import cells_of
from spinemodel.field.problem import Medium
from spinemodel.field.sub_voxels import sub_voxels
from tests.field.boxed import ball, conductivity, cube, medium, slab


def test_tissue_is_what_fills_most_of_what_conducts_if_that_is_half() -> None:
    parts = {n: slab(n, (0, 0, 1), *z) for n, z in {"a": (-3, 0.1), "none": (0.1, 0.8), "b": (0.8, 3)}.items()}
    given = medium(parts, {"a": conductivity(1.0), "b": conductivity(2.0)})
    cells = cells_of(given, [Box((-2, -2, -4), (5, 5, 9), 1.0)])[0]
    assert cells.names == ("", "a", "", "b")
    assert cells.along.tolist() == [0, 1, 0, 2]
    assert cells.tissue[0, 0].tolist() == [0, 1, 1, 1, 0, 3, 3, 0]
    wide = medium({"a": slab("a", (0, 0, 1), -3, 0.5)}, {"a": conductivity(1.0)})
    assert cells_of(wide, [Box((-2, -2, -4), (5, 5, 9), 1.0)])[0].tissue[0, 0].tolist() == [0, 1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("subsamples", [4, 6])
def test_cells_in_which_no_more_than_a_sliver_conducts_are_empty(subsamples: int) -> None:
    box, s = cube(4.0, 1.0), subsamples
    given = medium({"a": slab("a", (3, 4, 5), -1, 2)}, {"a": conductivity(0.6, 0.1)}, fibres={"a": (0, 0, 1)})
    (cells,) = cells_of(given, [box], s)
    m, (nx, ny, nz) = cells.margin, box.cells
    before, now = (
        labels[m:-m, m:-m, m:-m].reshape(nx, s, ny, s, nz, s) for labels in (sub_voxels(given, box, s), cells.labels)
    )
    count = (before > 0).sum(axis=(1, 3, 5))
    is_sliver = (count > 0) & (64 * count <= s**3)
    assert 5 < is_sliver.sum() < 0.1 * (count > 0).sum()
    np.testing.assert_array_equal(now, np.where(is_sliver[:, None, :, None, :, None], 0, before))
    np.testing.assert_array_equal(cells.first_fibre >= 0, (count > 0) & ~is_sliver)


def test_fibres_run_as_they_do_at_the_centre_of_each_cell_that_has_them() -> None:
    def round_z(points: np.ndarray) -> np.ndarray:
        return np.stack([-points[:, 1], points[:, 0], 0.5 * np.ones(len(points))], axis=1) * 3

    given = Medium(
        "test",
        {"in": ball("in", 1.3), "out": ball("out", 9.0, 1.3)},
        {"in": conductivity(0.6, 0.08), "out": conductivity(0.3, 0.4)},
        {"in": round_z, "out": lambda points: np.tile([0.0, 0.0, 2.0], (len(points), 1))},
    )
    box = cube(2.0, 0.5)
    cells = cells_of(given, [box])[0]
    m, s = cells.margin, cells.subsamples
    nx, ny, nz = box.cells
    inner = cells.labels[m:-m, m:-m, m:-m].reshape(nx, s, ny, s, nz, s)
    for label in (1, 2):
        has = (inner == label).any(axis=(1, 3, 5))
        np.testing.assert_array_equal(np.flatnonzero(has), np.sort(cells.fibre_cell[cells.fibre_label == label]))
    rows = cells.first_fibre[cells.first_fibre >= 0]
    np.testing.assert_array_equal(cells.fibre_cell[rows], np.flatnonzero(cells.first_fibre.ravel() >= 0))
    assert (np.diff(cells.fibre_cell) >= 0).all()
    centre = (np.stack(np.unravel_index(cells.fibre_cell, box.cells), axis=1) + 0.5) * 0.5 + box.low
    expected = np.where((cells.fibre_label == 1)[:, None], round_z(centre), [0.0, 0.0, 1.0])
    np.testing.assert_allclose(cells.fibres, expected / np.linalg.norm(expected, axis=1, keepdims=True))


def test_each_box_knows_what_the_finer_one_covers() -> None:
    far = np.full(3, 20.0)
    boxes = nested_boxes([(np.full(3, -1.2), np.full(3, 2.3))], (-far, far), 0.5, widen=2)
    given = medium({"all": ball("all", 15.0)}, {"all": conductivity(1.0)})
    for inner, cells in zip(boxes, cells_of(given, boxes, 2)[1:], strict=False):
        assert cells.covered is not None
        low, high = (cells.box.low + np.array(corner) * cells.box.spacing_mm for corner in cells.covered)
        np.testing.assert_allclose(low, inner.low)
        np.testing.assert_allclose(high, inner.high)


def test_fibres_without_a_direction_are_refused() -> None:
    given = medium({"white": ball("white", 1.0)}, {"white": conductivity(0.6, 0.08)})
    with pytest.raises(InputError, match="white conducts unlike along and across"):
        cells_of(given, [cube(1.0, 0.5)])
