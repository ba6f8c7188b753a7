import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.agreement.correspondence import (
    PARALLEL_DEG,
    UPRIGHT,
    Slices,
    by_slice,
    common_parts,
    match,
    on_same_slices,
    ordered,
    shared_slices,
    slices_of,
)
from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.levels import RootName

EVERY_2_MM = shared_slices([Slices(UPRIGHT, 2.0)])


def tilted(degrees):
    return np.array([0.0, -np.sin(np.radians(degrees)), np.cos(np.radians(degrees))])


def upright_line(heights, x=0.0):
    return np.column_stack([np.full(len(heights), x), np.zeros(len(heights)), heights])


@pytest.mark.parametrize("tilt", [-20.0, 0.0, 12.0])
def test_slices_of_a_phantom_are_those_it_was_drawn_on(tilt):
    found = slices_of(annotate(Phantom(slice_tilt_deg=tilt, slice_spacing_mm=2.5)))
    np.testing.assert_allclose(found.normal, tilted(tilt), atol=1e-9)
    assert found.spacing_mm == pytest.approx(2.5)


def test_slices_of_a_table_of_roots_are_upright():
    line = upright_line(np.arange(0, -30, -3.0))
    drawn = Annotation("sub-01", "sub-01/scanner", (), (), {RootName("L1", "L"): Markers(line, "table")}, {})
    assert slices_of(drawn).normal is None
    assert slices_of(drawn).spacing_mm == pytest.approx(3.0)
    assert shared_slices([slices_of(drawn), Slices(tilted(10), 2.0)]).normal == pytest.approx(tilted(10))


def test_slices_of_nothing_have_no_spacing_and_match_only_what_coincides():
    drawn = Annotation("sub-01", "sub-01/scanner", (), (), {}, {})
    shared = shared_slices([slices_of(drawn)] * 2)
    assert shared.tolerance_mm == 0.0
    assert len(match(np.zeros((1, 3)), np.array([[0, 0, 0.1]]), shared)[0]) == 0


def test_the_tilt_is_the_angle_between_normals():
    assert shared_slices([Slices(tilted(3), 2.0), Slices(tilted(-4), 2.0)]).tilt_deg == pytest.approx(7.0)
    assert not shared_slices([Slices(tilted(0), 2.0), Slices(tilted(PARALLEL_DEG + 0.01), 2.0)]).parallel
    assert shared_slices([Slices(tilted(0), 2.0), Slices(tilted(PARALLEL_DEG - 0.01), 2.0)]).parallel


def test_points_of_one_slice_are_matched_once_and_by_distance():
    one = np.array([[0.0, 0, 0], [5, 0, 0], [0, 0, 2]])
    other = np.array([[5.1, 0, 0.1], [0.1, 0, 0.1], [9, 0, 0], [0, 0, 2.6]])
    i, j = match(one, other, EVERY_2_MM)
    assert list(zip(i, j, strict=True)) == [(0, 1), (1, 0)]


@given(st.integers(3, 30), st.integers(0, 2**32 - 1))
def test_matching_does_not_depend_on_who_comes_first(n, seed):
    random = np.random.default_rng(seed)
    one, other = (np.column_stack([random.normal(size=(n, 2)), random.uniform(0, 20, n)]) for _ in range(2))
    there, back = match(one, other, EVERY_2_MM), match(other, one, EVERY_2_MM)
    assert set(zip(*there, strict=True)) == {(i, j) for j, i in zip(*back, strict=True)}
    assert len(set(there[0])) == len(there[0])
    assert len(set(there[1])) == len(there[1])


@pytest.mark.parametrize(
    ("step", "offset", "expected"),
    [(2.0, 0.0, True), (2.0, 0.4, True), (2.0, 1.0, False), (4.0, 0.0, True), (2.5, 0.0, False), (3.0, 0.0, False)],
)
def test_same_slices(step, offset, expected):
    one, other = upright_line(np.arange(0, 60, 2.0)), upright_line(np.arange(0, 60, step) + offset)
    assert on_same_slices(one, other, EVERY_2_MM) == expected
    assert on_same_slices(other, one, EVERY_2_MM) == expected


def test_lines_that_share_no_height_share_no_slice():
    assert not on_same_slices(upright_line(np.arange(0, 20, 2.0)), upright_line(np.arange(30, 50, 2.0)), EVERY_2_MM)


def test_oblique_slices_are_told_by_their_normal_not_by_z():
    """Points a centimetre apart in their slice, which differ by 3.6 mm in z."""
    shared = shared_slices([Slices(tilted(20), 2.0)])
    front = np.array([0.0, np.cos(np.radians(20)), np.sin(np.radians(20))])
    one = np.outer(np.arange(20) * 2.0, tilted(20))
    other = one + 10 * front
    i, j = match(one, other, shared)
    np.testing.assert_array_equal(i, j)
    assert len(i) == 20
    assert on_same_slices(one, other, shared)


def test_points_by_slice():
    one, other = upright_line(np.array([0.0, 2, 4])), upright_line(np.array([2.3, 4.2, 4.3, 9]))
    assert by_slice([one, other], EVERY_2_MM) == [[(0, 0)], [(0, 1), (1, 0)], [(0, 2), (1, 1), (1, 2)], [(1, 3)]]
    assert by_slice([], EVERY_2_MM) == []


def test_a_root_is_ordered_from_the_head_whatever_was_stored():
    line = np.column_stack([np.linspace(0, 9, 20), np.zeros(20), np.arange(0, -40, -2.0)])
    shuffled = np.random.default_rng(1).permutation(np.vstack([line, line[3:4]]))
    np.testing.assert_array_equal(ordered(shuffled), line)


def test_common_parts_of_one_line_marked_twice_are_the_same_points():
    """A helix, whose length between two heights is in proportion to them."""
    def helix(z):
        return np.column_stack([3 * np.cos(z / 10), 3 * np.sin(z / 10), z])

    one, other = helix(np.arange(50, -1, -0.5)), helix(np.arange(60.3, 9, -0.7))
    parts = common_parts([one, other], EVERY_2_MM)
    np.testing.assert_allclose(parts[0], parts[1], atol=0.01)
    assert parts[0, 0, 2] == pytest.approx(50)
    assert parts[0, -1, 2] == pytest.approx(other[-1, 2])
    steps = np.diff(arc_length(parts[0]))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    assert steps[0] == pytest.approx(0.7 * np.hypot(1, 0.3), rel=0.02)  # as far apart as the coarser markers


def test_no_common_parts():
    high, low = upright_line(np.arange(40, 20, -2.0)), upright_line(np.arange(10, 0, -2.0))
    assert common_parts([high, low], EVERY_2_MM) is None
    assert common_parts([high, high[:1]], EVERY_2_MM) is None


def test_a_line_that_turns_upwards_at_its_end_keeps_its_end():
    """Down from 20 to 4 mm and up again to 6: cut at 5 mm it ends on the way down."""
    line = np.array([[0.0, 0, 20], [0, 0, 12], [0, 0, 4], [3, 0, 6]])
    whole, part = (common_parts([line, upright_line(np.array([20.0, low]), 1.0)], EVERY_2_MM)[0] for low in (4.0, 5.0))
    np.testing.assert_allclose(part[-1], [0, 0, 5], atol=1e-9)
    np.testing.assert_allclose(whole[-1], [0, 0, 4], atol=1e-9)
