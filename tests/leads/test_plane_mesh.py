"""Triangles in the plane: they fill the figure, keep the outlines, and are well shaped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from spinemodel.leads.plane_mesh import LEAST_ANGLE, PlaneMesh, rim, triangulate


def box(width: float, length: float, u: float = 0.0, v: float = 0.0) -> FloatArray:
    return np.array([u, v]) + np.array([width, length]) / 2 * [[-1, -1], [1, -1], [1, 1], [-1, 1]]


def angles(corners: FloatArray) -> FloatArray:
    """Angles (m, 3) of triangles (m, 3, 2), degrees."""
    out, back = np.roll(corners, -1, axis=1) - corners, np.roll(corners, 1, axis=1) - corners
    cross = out[..., 0] * back[..., 1] - out[..., 1] * back[..., 0]
    return np.degrees(np.arctan2(cross, (out * back).sum(axis=2)))


def area(mesh: PlaneMesh, region: int) -> float:
    a, b, c = np.moveaxis(mesh.points[mesh.triangles[mesh.region == region]], 1, 0)
    return float(((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum() / 2)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 2.0), st.floats(0.3, 3.0), st.floats(-0.9, 0.9), st.floats(0.25, 1.5))
def test_a_box_in_a_box(width: float, length: float, u: float, edge: float) -> None:
    loops = [box(4, 6), box(width, length, u, 0.5)]
    mesh = triangulate(loops, edge)
    assert area(mesh, 1) == pytest.approx(width * length)
    assert area(mesh, 0) == pytest.approx(24 - width * length)
    assert angles(mesh.points[mesh.triangles]).min() >= LEAST_ANGLE - 1e-6
    for region, loop in enumerate(loops):
        chosen = mesh.triangles if region == 0 else mesh.triangles[mesh.region == 1]
        on = mesh.points[np.unique(rim(chosen))]
        assert all((on == corner).all(axis=1).any() for corner in loop)


def test_narrow_bridges_get_small_triangles() -> None:
    mesh = triangulate([box(4, 6), box(1, 2, -0.53), box(1, 2, 0.53)], 0.5)
    assert angles(mesh.points[mesh.triangles]).min() >= LEAST_ANGLE - 1e-6
    assert sorted(set(mesh.region.tolist())) == [0, 1, 2]


def test_edges_are_about_as_long_as_asked_for() -> None:
    mesh = triangulate([box(10, 10)], 0.5)
    corners = mesh.points[mesh.triangles]
    length = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert length.max() <= 1.4 * 0.5 + 1e-9
    assert 0.4 < length.mean() < 0.6


def test_the_rim_of_a_region_goes_round_it_with_the_region_on_the_left() -> None:
    mesh = triangulate([box(4, 6), box(1, 2)], 0.5)
    edges = rim(mesh.triangles[mesh.region == 1])
    assert (np.sort(edges[:, 0]) == np.sort(edges[:, 1])).all()
    a, b = mesh.points[edges[:, 0]], mesh.points[edges[:, 1]]
    assert (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2 == pytest.approx(2.0)


def test_outlines_that_touch_are_refused() -> None:
    with pytest.raises(GeometryError, match="expected outlines farther apart"):
        triangulate([box(4, 6), box(0.5, 0.5, -0.25), box(0.5, 0.5, 0.25 + 1e-7)], 0.5)
