"""Closed surfaces are told from open ones: by the numbers of vertices, and where need be by their places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError
from spinemodel.volume._closed import mark
from spinemodel.volume._crossings import REACH
from spinemodel.volume._faces import add_edges, faces_of
from spinemodel.volume.grid import around
from spinemodel.volume.rasterise import rasterise
from tests.shapes import box, sphere

BOUND = (REACH << 16) - 1
coordinate = st.integers(-BOUND, BOUND)


def shape_of(vertices: np.ndarray, faces: np.ndarray) -> Surface:
    return Surface("shape", "test", vertices, faces)


def soup(shape: Surface) -> Surface:
    """The same triangles, of which each has corners of its own."""
    corners = shape.vertices[shape.faces].reshape(-1, 3)
    return shape_of(corners, np.arange(len(corners)).reshape(-1, 3))


def refused(shape: Surface, spacing_mm: float = 1.0) -> str:
    """What is said of an open surface."""
    with pytest.raises(GeometryError, match="open, or its faces disagree") as caught:
        rasterise(shape, around([shape], spacing_mm))
    return str(caught.value)


@given(corners=st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=4, max_size=4, unique=True))
def test_edges_of_a_closed_mesh_cancel_and_those_of_an_open_one_do_not(corners: list[tuple[int, int, int]]) -> None:
    a, b, c, d = (mark(*corner) for corner in corners)
    total = 0
    for face in ((a, c, b), (a, b, d), (a, d, c)):
        total = add_edges(total, *face)
    assert total != 0
    assert add_edges(total, b, c, d) == 0


def test_an_open_surface_is_refused_each_time_with_the_same_words() -> None:
    shape = sphere(5.0)
    holed = shape_of(shape.vertices, shape.faces[1:])
    flipped = shape_of(shape.vertices, np.vstack([shape.faces[:1, ::-1], shape.faces[1:]]))
    doubled = shape_of(shape.vertices, np.vstack([shape.faces[:1], shape.faces]))
    for wrong in (holed, flipped, doubled, soup(holed)):
        assert refused(wrong) == refused(wrong)
    assert "3 edges" in refused(holed)
    assert refused(soup(holed)) == refused(holed)


def test_triangles_with_corners_of_their_own_are_closed_by_place() -> None:
    shape = sphere(5.0)
    loose, grid = soup(shape), around([shape], 0.8)
    whole = rasterise(shape, grid)
    for _ in range(2):
        parts = rasterise(loose, grid)
        assert np.array_equal(parts.start, whole.start)
        assert np.array_equal(parts.stop, whole.stop)
    assert not faces_of(loose).matched


def test_a_crack_is_closed_on_a_lattice_that_is_coarser_and_open_on_a_finer_one() -> None:
    # What the coarse lattice says is not remembered for the fine one.
    whole = soup(box((0.25, 0.25, 0.25), 2.0))
    cracked = shape_of(whole.vertices + 1e-6 * (np.arange(len(whole.vertices)) == 0)[:, None], whole.faces)
    for _ in range(2):
        assert len(rasterise(cracked, around([cracked], 0.5)).start) > 0
        assert "edges" in refused(cracked, 0.01)
