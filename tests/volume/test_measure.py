from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.volume.grid import Grid, around, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.measure import (
    bounding_box,
    connected_slices,
    dice,
    jaccard,
    overlaps,
    slice_counts,
    surface_area,
    volumes,
)
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import Spans, label_of, spans_of, to_spans
from tests.shapes import box, sphere

SHAPE = (4, 5, 6)
VALUES = arrays(np.uint16, SHAPE, elements=st.integers(0, 3))
SHEARED = np.array([[0.5, 0.1, 0.0, -4.0], [-0.1, 0.6, 0.2, -4.5], [0.0, -0.1, 0.7, -3.7], [0, 0, 0, 1]])


def spans(values: np.ndarray, affine: np.ndarray = SHEARED) -> Spans:
    return to_spans(LabelVolume(Grid(values.shape, affine, "test"), values, {1: "one", 2: "two", 3: "three"}))


@given(VALUES, VALUES)
def test_overlaps_are_those_of_the_voxels(a: np.ndarray, b: np.ndarray) -> None:
    found = overlaps(spans(a), spans(b))
    for m in range(1, 4):
        for n in range(1, 4):
            assert found[m, n] == np.count_nonzero((a == m) & (b == n))
    assert found.total() == np.count_nonzero((a > 0) & (b > 0))


def test_the_largest_labels_take_no_more_memory_than_small_ones() -> None:
    values = np.array([[[0, 60000, 65535, 65535]]], dtype=np.uint16)
    assert overlaps(spans(values), spans(values)) == {(60000, 60000): 1, (65535, 65535): 2}


def test_labels_of_one_name_count_together_and_are_not_mistaken_for_one() -> None:
    values = np.array([[[3, 4, 4]]], dtype=np.uint16)
    both = to_spans(LabelVolume(Grid((1, 1, 3), np.eye(4), "test"), values, {3: "a", 4: "a"}))
    assert volumes(both) == {"a": 3.0}
    with pytest.raises(InputError, match="labels 3, 4 are all called a"):
        label_of(both, "a")


@given(VALUES, VALUES)
def test_dice_and_jaccard_are_those_of_the_voxels(a: np.ndarray, b: np.ndarray) -> None:
    if not (a.any() and b.any()):
        return
    both, either = np.count_nonzero((a > 0) & (b > 0)), np.count_nonzero((a > 0) | (b > 0))
    assert jaccard(spans(a), spans(b)) == pytest.approx(both / either)
    assert dice(spans(a), spans(b)) == pytest.approx(2 * both / (both + either))


@given(VALUES)
def test_volumes_box_and_slices_are_those_of_the_voxels(values: np.ndarray) -> None:
    runs = spans(values)
    one = voxel_mm3(runs.grid)
    names = {"one": 1, "two": 2, "three": 3}
    assert volumes(runs) == pytest.approx({name: one * np.count_nonzero(values == n) for name, n in names.items()})
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        assert np.array_equal(slice_counts(runs, axis), np.count_nonzero(values, axis=others))
    if values.any():
        places = np.argwhere(values)
        found = bounding_box(runs)
        assert found.first == tuple(places.min(axis=0))
        assert found.last == tuple(places.max(axis=0))
        assert np.allclose(found.last_mm, SHEARED[:3, :3] @ found.last + SHEARED[:3, 3])


def test_connected_slices_on_every_axis() -> None:
    values = np.zeros((5, 4, 7), dtype=np.uint16)
    values[1:3, 2, 3:5] = 1
    values[4, 2, 6] = 2
    assert connected_slices(spans(values), 0) == ((1, 2), (4, 4))
    assert connected_slices(spans(values), 1) == ((2, 2),)
    assert connected_slices(spans(values), 2) == ((3, 4), (6, 6))


def test_the_area_of_spheres_is_near_the_closed_form_on_any_lattice() -> None:
    ball = sphere(8.0, rows=60)
    for spacing_mm, most in ((0.8, 0.02), ((0.5, 0.8, 1.2), 0.03), ((0.8, 0.8, 3.3), 0.10)):
        found = surface_area(rasterise(ball, around([ball], spacing_mm)))
        assert found == pytest.approx(4 * np.pi * 64, rel=most)


def test_the_area_of_a_sphere_on_an_oblique_lattice() -> None:
    ball = sphere(8.0, rows=60)
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0] * 0.7
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn, -turn @ [14.5, 14.5, 14.5]
    found = surface_area(rasterise(ball, Grid((30, 30, 30), affine, "test")))
    assert found == pytest.approx(4 * np.pi * 64, rel=0.02)


def test_the_area_of_a_box_along_the_lattice_is_a_tenth_too_small_as_stated() -> None:
    block = rasterise(box((0.5, 0.5, 0.5), 30), Grid((34, 34, 34), np.eye(4), "test"))
    assert surface_area(block) == pytest.approx(6 * 900, rel=0.12)
    assert surface_area(block) < 6 * 900


def test_what_is_empty_or_on_other_grids_is_refused() -> None:
    grid, other = Grid((2, 2, 2), np.eye(4), "test"), Grid((2, 2, 3), np.eye(4), "test")
    none = spans_of(grid, np.zeros((2, 2, 2)))
    with pytest.raises(InputError, match="empty"):
        dice(none, none)
    with pytest.raises(InputError, match="empty"):
        bounding_box(none)
    with pytest.raises(SpaceMismatchError, match="voxels"):
        overlaps(none, spans_of(other, np.ones((2, 2, 3))))
    with pytest.raises(InputError, match="axis 3"):
        slice_counts(none, 3)
