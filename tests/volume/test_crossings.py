"""The whole numbers of the rasteriser: what is left out early would not have crossed anything."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.volume._crossings import (
    ABOVE,
    BELOW,
    REACH,
    ascending,
    cell,
    chord,
    column_at_or_above,
    end,
    height,
    may_cross,
    misses,
    row_at_or_above,
)

BOUND = (REACH << 16) - 1
coordinate = st.integers(-BOUND, BOUND)
near = st.integers(-70000, 70000) | st.sampled_from([k + d for k in (-65536, 0, 65536) for d in (-2, -1, 0, 1, 2)])
corner = st.tuples(near, near, st.integers(-(1 << 18), 1 << 18))


N = 12
"""Rows and columns of the grid."""


def crossed(corners: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """The columns that a triangle crosses."""
    low, middle, high, _ = ascending(*(u for u, _, _ in corners))
    a, b, c = corners[low], corners[middle], corners[high]
    found = []
    for i in range(row_at_or_above(a[0]), row_at_or_above(c[0])):
        v0, _, v1, _, _ = chord(i, *a, *b, *c)
        found += [(i, j) for j in range(column_at_or_above(v0), column_at_or_above(v1))]
    return found


def heights(corners: list[tuple[int, int, int]]) -> list[int]:
    """The first sample behind each crossing of a triangle."""
    low, middle, high, _ = ascending(*(u for u, _, _ in corners))
    a, b, c = corners[low], corners[middle], corners[high]
    found = []
    for i in range(row_at_or_above(a[0]), row_at_or_above(c[0])):
        v0, w0, v1, w1, _ = chord(i, *a, *b, *c)
        found += [height(j, v0, w0, v1, w1) for j in range(column_at_or_above(v0), column_at_or_above(v1))]
    return found


def left_out(corners: list[tuple[int, int]]) -> bool:
    """Whether a triangle is not even cut, being told from its corners to cross nothing."""
    a, b, c = corners
    return not may_cross(*(cell(*one, N, N) for one in corners), 0) or misses(*a, *b, *c)


@given(
    corners=st.lists(st.tuples(coordinate, coordinate) | st.tuples(near, near), min_size=3, max_size=3),
    n=st.tuples(st.integers(1, 8192), st.integers(1, 8192)) | st.just((1, 1)),
)
def test_corners_with_a_row_and_a_column_of_the_grid_between_them_may_cross(
    corners: list[tuple[int, int]], n: tuple[int, int]
) -> None:
    rows, columns = ([row_at_or_above(corner[axis]) for corner in corners] for axis in (0, 1))
    between = [max(min(own), 0) < min(max(own), count) for own, count in zip((rows, columns), n, strict=True)]
    assert may_cross(*(cell(*corner, *n) for corner in corners), 0) == all(between)


@given(corners=st.lists(corner, min_size=3, max_size=3), nz=st.integers(1, 3))
def test_triangles_beyond_an_end_cross_columns_only_there(corners: list[tuple[int, int, int]], nz: int) -> None:
    for hidden, beyond in ((BELOW, lambda k: k <= 0), (ABOVE, lambda k: k >= nz)):
        cells = [cell(u, v, N, N) | end(w, nz) for u, v, w in corners]
        if may_cross(*cells, 0) and not may_cross(*cells, hidden):
            assert all(map(beyond, heights(corners)))


@given(corners=st.lists(corner, min_size=3, max_size=3), shift=st.tuples(st.integers(-9, 9), st.integers(-9, 9)))
def test_what_misses_its_column_crosses_none(corners: list[tuple[int, int, int]], shift: tuple[int, int]) -> None:
    moved = [(u + (shift[0] << 16), v + (shift[1] << 16), w) for u, v, w in corners]
    if left_out([corner[:2] for corner in moved]):
        assert [at for at in crossed(moved) if all(0 <= n < N for n in at)] == []


def test_nearly_all_small_triangles_that_cross_nothing_are_left_out() -> None:
    generator = np.random.default_rng(4)
    kept, needed = 0, 0
    for _ in range(3000):
        middle = generator.integers(-30000, 30000, 2) + (5 << 16)
        corners = [tuple((middle + generator.integers(-30000, 30000, 2)).tolist()) for _ in range(3)]
        kept += not left_out(corners)
        needed += len(crossed([(u, v, 0) for u, v in corners])) > 0
    assert needed > 100
    assert needed <= kept < 1.02 * needed


def test_two_columns_in_the_box_or_one_on_an_edge_are_not_left_out() -> None:
    at = 5 << 16
    beside = [(at - 9000, at + 9000), (at - 9000, at + 8000), (at + 20000, at - 30000)]
    wide = [(at - 9000, at + 9000), (at - 9000, at + 8000), (at + 20000, at - 70000)]
    touching = [(at - 9000, at + 9000), (at - 20000, at + 8000), (at + 9000, at - 9000)]
    assert may_cross(*(cell(*corner, N, N) for corner in beside), 0)
    assert left_out(beside)
    assert not left_out(wide)
    assert not left_out(touching)
