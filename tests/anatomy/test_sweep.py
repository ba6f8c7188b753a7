import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.curves import Centreline, arc_length
from spinemodel.anatomy.surface import volume
from spinemodel.anatomy.sweep import SECTION, rotation_minimising_frame, sweep


def tube(points, radius) -> Centreline:
    return Centreline("L1_L", "test", points, np.full(len(points), radius), np.zeros(len(points), dtype=bool))


def helix(turns: float, pitch: float, count: int = 2000):
    t = np.linspace(0, 2 * np.pi * turns, count)
    return np.stack([10 * np.cos(t), 10 * np.sin(t), pitch * t], axis=1)


def test_straight_capsule_has_its_volume() -> None:
    line = np.linspace([0.0, 0, 0], [0, 0, 50], 201)
    exact = np.pi * 0.25 * 50 + 4 / 3 * np.pi * 0.125
    assert volume(sweep(tube(line, 0.5))) == pytest.approx(exact, rel=2e-3)


def test_bent_tube_has_the_volume_of_pappus() -> None:
    line = helix(1.0, 3.0)
    exact = np.pi * 0.25 * arc_length(line)[-1] + 4 / 3 * np.pi * 0.125
    assert volume(sweep(tube(line, 0.5))) == pytest.approx(exact, rel=3e-3)


def test_outermost_vertices_lie_a_section_from_the_axis() -> None:
    line = np.linspace([0.0, 0, 0], [0, 0, 20], 81)
    surface = sweep(tube(line, 0.4))
    assert np.linalg.norm(surface.vertices[:, :2], axis=1).max() == pytest.approx(0.4 * SECTION)


@given(turns=st.floats(0.1, 1.5), pitch=st.floats(-5, 5).filter(lambda p: abs(p) > 1), radius=st.floats(0.1, 1.5))
def test_tubes_keep_every_promise(turns, pitch, radius) -> None:
    check = check_surface(sweep(tube(helix(turns, pitch), radius)))
    assert check.failures == ()
    assert (check.euler, check.components) == (2, 1)
    assert check.least_angle_deg > 20


def test_frame_does_not_turn_about_the_curve() -> None:
    points = helix(1.0, 5.0, 20000)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    u, v = rotation_minimising_frame(points, tangent)
    twist = np.einsum("ij,ij->i", np.diff(u, axis=0), v[1:])
    assert abs(twist.sum()) < 1e-4
    np.testing.assert_allclose(np.einsum("ij,ij->i", u, tangent), 0, atol=1e-12)


def test_frame_of_a_plane_curve_keeps_its_normal() -> None:
    t = np.linspace(0, 2, 500)
    points = np.stack([np.cos(t), np.sin(t), np.zeros_like(t)], axis=1)
    tangent = np.stack([-np.sin(t), np.cos(t), np.zeros_like(t)], axis=1)
    u, v = rotation_minimising_frame(points, tangent)
    along_normal = np.stack([u[:, 2], v[:, 2]], axis=1)
    np.testing.assert_allclose(along_normal, np.broadcast_to(along_normal[0], along_normal.shape), atol=1e-9)
