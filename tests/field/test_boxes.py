"""Boxes in one another: every second node of one is one of the next, and they hold what was asked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.field.boxes import Box, Corners, box_in_next, nested_boxes, node_points

places = st.tuples(*[st.floats(-40, 40)] * 3).map(np.array)
sizes = st.tuples(*[st.floats(0.5, 30)] * 3).map(np.array)
spacings = st.sampled_from([0.1, 0.3, 0.4, 1.0, 2.3])


@st.composite
def asked(draw: st.DrawFn) -> tuple[list[Corners], Corners]:
    """Return some regions, and a domain that holds a part of each."""
    domain_low, domain_size = draw(places), draw(sizes)
    domain = domain_low, domain_low + domain_size
    shares = draw(st.lists(st.tuples(*[st.floats(0.0, 0.9)] * 3).map(np.array), min_size=1, max_size=3))
    lows = [domain_low + share * domain_size for share in shares]
    return [(low, low + draw(sizes)) for low in lows], domain


@given(asked(), spacings, st.integers(1, 6))
def test_each_box_lies_in_the_next_and_all_hold_what_was_asked(
    wanted: tuple[list[Corners], Corners], spacing: float, widen: int
) -> None:
    regions, domain = wanted
    boxes = nested_boxes(regions, domain, spacing, widen)
    slack = 1e-6 * spacing
    for n, box in enumerate(boxes):
        assert box.spacing_mm == pytest.approx(spacing * 2**n)
        assert all(first % 2 == 0 and cells % 2 == 0 for first, cells in zip(box.first, box.cells, strict=True))
        assert (box.low >= domain[0] - 2 * box.spacing_mm).all() or n
        assert (box.low >= domain[0] - 2 * box.spacing_mm - slack).all()
        assert (box.high <= domain[1] + 2 * box.spacing_mm + slack).all()
    for box, (low, high) in zip(boxes, regions, strict=False):
        assert (box.low <= np.maximum(low, domain[0]) + slack).all()
        assert (box.high >= np.minimum(high, domain[1]) - slack).all()
    assert (boxes[-1].low <= domain[0] + slack).all()
    assert (boxes[-1].high >= domain[1] - slack).all()
    for inner, outer in pairwise(boxes):
        assert (outer.low <= inner.low + slack).all()
        assert (outer.high >= inner.high - slack).all()


@given(asked(), spacings, st.integers(1, 6))
def test_every_second_node_is_one_of_the_next(
    wanted: tuple[list[Corners], Corners], spacing: float, widen: int
) -> None:
    boxes = nested_boxes(*wanted, spacing, widen)
    for inner, outer in pairwise(boxes):
        for start, fine, coarse in zip(
            box_in_next(inner, outer), node_points(inner), node_points(outer), strict=True
        ):
            assert start >= 0
            assert np.allclose(fine[::2], coarse[start : start + (len(fine) + 1) // 2], rtol=0, atol=1e-9)


@given(asked(), spacings, st.integers(1, 6))
def test_a_box_is_wider_than_the_one_in_it(
    wanted: tuple[list[Corners], Corners], spacing: float, widen: int
) -> None:
    regions, domain = wanted
    for inner, outer in pairwise(nested_boxes(regions, domain, spacing, widen)):
        room = widen * outer.spacing_mm
        assert (outer.low <= np.maximum(inner.low - room, domain[0]) + 1e-6).all()
        assert (outer.high >= np.minimum(inner.high + room, domain[1]) - 1e-6).all()


@given(asked(), spacings)
def test_the_first_box_is_no_larger_than_the_region_needs(
    wanted: tuple[list[Corners], Corners], spacing: float
) -> None:
    regions, domain = wanted
    box, (low, high) = nested_boxes(regions, domain, spacing)[0], regions[0]
    assert (box.low > np.maximum(low, domain[0]) - 2 * spacing).all()
    assert (box.high < np.minimum(high, domain[1]) + 2 * spacing).all()


def test_nodes_do_not_move_with_the_region() -> None:
    domain = np.full(3, -50.0), np.full(3, 50.0)
    for shift in (0.0, 0.37):
        box = nested_boxes([(np.full(3, shift), np.full(3, shift + 5))], domain, 0.4)[0]
        assert np.allclose(box.low / 0.8, np.round(box.low / 0.8))


def test_rounding_makes_no_box_larger() -> None:
    """Three tenths over 0.1 is a little less than 3 in floating point."""
    edge = np.full(3, 0.6)
    boxes = nested_boxes([(-edge, edge)], (-edge, edge), 0.1)
    assert boxes == (Box((-6, -6, -6), (13, 13, 13), 0.1),)


def test_one_box_is_enough_where_the_region_is_the_domain() -> None:
    corners = np.array([-3.0, -4.0, -5.0]), np.array([3.0, 4.0, 5.0])
    assert len(nested_boxes([corners], corners, 0.5)) == 1


@pytest.mark.parametrize("spacing", [0.0, -0.4, float("nan"), float("inf")])
def test_a_spacing_is_positive(spacing: float) -> None:
    corners = -np.ones(3), np.ones(3)
    with pytest.raises(InputError, match=r"spacing: got .*, expected more than 0"):
        nested_boxes([corners], corners, spacing)


def test_a_region_beyond_the_domain_is_refused() -> None:
    with pytest.raises(InputError, match="outside the domain"):
        nested_boxes([(np.full(3, 5.0), np.full(3, 6.0))], (np.zeros(3), np.full(3, 4.0)), 0.5)
