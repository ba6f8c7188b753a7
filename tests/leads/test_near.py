"""Distances from surfaces of very uneven triangles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.surface import area
from spinemodel.leads.near import EXACT_MM, PIECE_MM, distances, least, near, whole
from tests.shapes import box

SIZE = 20.0
BOX = box((0, 0, 0), SIZE)
WHOLE = whole(BOX)
COORDINATE = st.floats(-8.0, SIZE + 8.0)


def _signed(point: np.ndarray) -> float:
    """Distance of a point from a cube: from its box outside, to its nearest side inside."""
    beyond = np.maximum(np.maximum(-point, point - SIZE), 0.0)
    return float(np.linalg.norm(beyond)) if beyond.any() else float(np.maximum(-point, point - SIZE).max())


@given(st.tuples(COORDINATE, COORDINATE, COORDINATE))
def test_distances_from_a_cube(place: tuple[float, float, float]) -> None:
    point = np.array(place)
    mm, way = distances(WHOLE, point[None])
    known = abs(_signed(point))
    assert abs(mm[0]) == pytest.approx(known, abs=1e-9 if known < EXACT_MM else PIECE_MM)
    assert np.linalg.norm(way[0]) == pytest.approx(1.0)
    assert least(WHOLE, point[None])[0] == pytest.approx(known, abs=1e-9)


def test_the_sign_off_the_edges() -> None:
    points = np.array([[10.0, 10, 1], [10, 10, -1], [10, 19, 10], [10, 21, 10]])
    assert distances(WHOLE, points)[0] == pytest.approx([-1, 1, -1, 1])


def test_pieces_are_small_and_cover_the_whole() -> None:
    corners = WHOLE.pieces.corners
    assert np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2).max() <= PIECE_MM
    assert area(WHOLE.pieces.surface) == pytest.approx(6 * SIZE**2)
    assert np.bincount(WHOLE.parent).min() > 1


def test_only_what_is_near_is_cut_out() -> None:
    found = near(Proximity(BOX), np.array([[10.0, 10.0, 24.0]]), 5.0)
    assert found is not None
    # The top, and of the other sides the triangles that reach up to it.
    assert 2 <= len(found.surface.surface.faces) < len(BOX.faces)
    assert near(Proximity(BOX), np.array([[10.0, 10.0, 124.0]]), 5.0) is None
