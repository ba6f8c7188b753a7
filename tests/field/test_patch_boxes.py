"""Where patches lie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.arrays import FloatArray
from spinemodel.field.patch_boxes import MARGIN, MARGIN_MM, patch_boxes


def line(slope: float, length: float = 30.0) -> FloatArray:
    """Points every 0.2 mm along a line that comes away from z."""
    z = np.arange(0, length, 0.2)
    return np.stack([slope * z, np.zeros_like(z), z], axis=1)


@given(st.floats(-2, 2), st.sampled_from([0.07, 0.2, 0.5]))
def test_every_point_lies_in_a_patch_with_room_round_it(slope: float, spacing: float) -> None:
    points, room = line(slope), max(MARGIN_MM, MARGIN * spacing) - 1e-9
    boxes = patch_boxes(points, spacing)
    deep = [np.minimum(points - box.low, box.high - points).min(axis=1) for box in boxes]
    assert (np.max(deep, axis=0) >= room).all()
    assert all(box.spacing_mm == spacing for box in boxes)


def test_threads_apart_have_patches_of_their_own() -> None:
    one = line(0.0, 6.0)
    assert len(patch_boxes(np.vstack([one, one + np.array([1.0, 0, 0])]), 0.1)) == 1
    assert len(patch_boxes(np.vstack([one, one + np.array([9.0, 0, 0])]), 0.1)) == 2


def test_patches_of_a_long_thread_overlap() -> None:
    boxes = sorted(patch_boxes(line(0.0), 0.1), key=lambda box: box.low[2])
    assert len(boxes) == 4
    for one, next_ in pairwise(boxes):
        assert one.high[2] - next_.low[2] > 1.0


def test_together_they_are_far_smaller_than_one_box() -> None:
    points = line(2.0)
    small = sum(np.prod(box.high - box.low) for box in patch_boxes(points, 0.1))
    low, high = points.min(axis=0) - 0.7, points.max(axis=0) + 0.7
    assert small < 0.6 * np.prod(high - low)


def test_nothing_has_no_patch() -> None:
    assert patch_boxes(np.zeros((0, 3)), 0.1) == ()


@pytest.mark.parametrize("spacing", [0.07, 0.3])
def test_corners_are_even_nodes(spacing: float) -> None:
    for box in patch_boxes(line(0.7), spacing):
        assert all(n % 2 == 0 for n in (*box.first, *box.cells))
