"""Where patches lie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.arrays import FloatArray
from spinemodel.field.patch_boxes import FREE, HELD, patch_boxes


def line(slope: float, length: float = 30.0) -> FloatArray:
    """Points every 0.2 mm along a line that comes away from z."""
    z = np.arange(0, length, 0.2)
    return np.stack([slope * z, np.zeros_like(z), z], axis=1)


@given(st.floats(-2, 2), st.sampled_from([0.07, 0.2, 0.5]), st.booleans())
def test_every_point_lies_in_a_patch_with_room_round_it(slope: float, spacing: float, held: bool) -> None:
    points, room = line(slope), HELD if held else FREE
    boxes = patch_boxes(points, spacing, held=held)
    deep = np.array([np.minimum(points - box.low, box.high - points) / spacing for box in boxes])
    enough = (deep[..., :2].min(axis=2) >= room.beside - 1e-6) & (deep[..., 2] >= room.ends - 1e-6)
    assert enough.any(axis=0).all()
    assert all(box.spacing_mm == spacing for box in boxes)


def test_patches_that_larger_ones_hold_are_smaller() -> None:
    free, held = (sum(np.prod(box.nodes) for box in patch_boxes(line(0.3), 0.1, held=one)) for one in (False, True))
    assert held < 0.65 * free


def test_threads_apart_have_patches_of_their_own() -> None:
    one = line(0.0, 4.0)
    assert len(patch_boxes(np.vstack([one, one + np.array([1.0, 0, 0])]), 0.1)) == 1
    assert len(patch_boxes(np.vstack([one, one + np.array([9.0, 0, 0])]), 0.1)) == 2


def test_patches_of_a_long_thread_overlap() -> None:
    boxes = sorted(patch_boxes(line(0.0), 0.1), key=lambda box: box.low[2])
    assert len(boxes) == 3
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
