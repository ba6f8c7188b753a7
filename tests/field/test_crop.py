"""A part of a lead field has the numbers of the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.field.boxes import box_in_next
from spinemodel.field.crop import crop
from spinemodel.field.sampling import potential
from tests.io.made_fields import point_field

FIELD = point_field({"C1": (0, 0, 0), "C2": (1, 0, 2)})

places = st.tuples(*(st.tuples(st.floats(-19, 19), st.floats(0.1, 15)) for _ in range(3)))


@given(places)
def test_boxes_hold_what_is_asked_for_with_the_same_numbers(ends: tuple[tuple[float, float], ...]) -> None:
    low = np.array([low for low, _ in ends])
    high = np.minimum(low + [size for _, size in ends], 20.0)
    part = crop(FIELD, low, high)
    assert (part.boxes[-1].low <= low + 1e-8).all()
    assert (part.boxes[-1].high >= high - 1e-8).all()
    by_spacing = {box.spacing_mm: i for i, box in enumerate(FIELD.boxes)}
    for box, values, tissue in zip(part.boxes, part.potential, part.tissue, strict=True):
        i = by_spacing[box.spacing_mm]
        x, y, z = np.subtract(box.first, FIELD.boxes[i].first)
        nx, ny, nz = box.nodes
        whole = FIELD.potential[i][:, x : x + nx, y : y + ny, z : z + nz]
        np.testing.assert_array_equal(values, whole)
        assert tissue.shape == box.halves


@given(places)
def test_boxes_still_lie_in_one_another(ends: tuple[tuple[float, float], ...]) -> None:
    low = np.array([low for low, _ in ends])
    part = crop(FIELD, low, np.minimum(low + [size for _, size in ends], 20.0))
    for inner, outer in zip(part.boxes, part.boxes[1:], strict=False):
        assert outer.spacing_mm == 2 * inner.spacing_mm
        assert all(n % 2 == 0 for n in (*inner.first, *inner.cells))
        first = np.array(box_in_next(inner, outer))
        assert (first >= 0).all()
        assert (first + np.array(inner.cells) // 2 <= outer.cells).all()


@given(places, st.integers(0, 9))
def test_inside_the_potential_is_sampled_as_in_the_whole(ends: tuple[tuple[float, float], ...], seed: int) -> None:
    low = np.array([low for low, _ in ends])
    high = np.minimum(low + [size for _, size in ends], 20.0)
    points = np.random.default_rng(seed).uniform(low, high, (20, 3))
    part = crop(FIELD, low, high)
    np.testing.assert_allclose(potential(part, points), potential(FIELD, points), rtol=1e-9)


def test_only_the_finest_box_is_kept_where_it_holds_all() -> None:
    part = crop(FIELD, (-1, -1, -1), (1.5, 1, 1))
    assert [box.spacing_mm for box in part.boxes] == [0.5]
    assert part.about["part_mm"] == [[-1, -1, -1], [1.5, 1, 1]]
    assert not part.potential[0].flags.owndata


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ((0, 0, 0), (1, 1, 0), "each below its other end"),
        ((0, 0, 0), (1, 1, np.nan), "each below its other end"),
        ((0, 0), (1, 1), "each below its other end"),
        ((100, 0, 0), (110, 1, 1), "outside the lead field"),
    ],
)
def test_what_is_no_box_in_the_field_is_refused(low: tuple[float, ...], high: tuple[float, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        crop(FIELD, low, high)
