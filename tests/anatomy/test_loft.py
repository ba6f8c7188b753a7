import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.loft import loft, plane_of, to_contour
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.surface import volume
from spinemodel.errors import GeometryError
from tests.shapes import circle


def stack(radii, spacing=2.0, sides=20, roll=0):
    contours = [circle(r, i * spacing, sides) for i, r in enumerate(radii)]
    return [to_contour(Markers(np.roll(c, i * roll, axis=0), f"{i}.json")) for i, c in enumerate(contours)]


def test_cylinder_has_its_volume_and_keeps_every_promise() -> None:
    surface = loft("Dura", "test", stack([8.0] * 20))
    check = check_surface(surface)
    assert volume(surface) == pytest.approx(np.pi * 64 * 38, rel=1e-3)
    assert check.failures == ()
    assert (check.euler, check.components) == (2, 1)
    assert check.least_angle_deg > 25


def test_volume_converges_with_the_square_of_the_edge() -> None:
    contours = stack([8.0] * 20, sides=64)
    errors = [np.pi * 64 * 38 - volume(loft("Dura", "test", contours, edge_mm=h)) for h in (2.0, 1.0)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.3)


def test_dome_adds_half_an_ellipsoid() -> None:
    flat, dome = (loft("Cord", "test", stack([3.0] * 5), ends=(end, "flat")) for end in ("flat", "dome"))
    assert volume(dome) - volume(flat) == pytest.approx(2 / 3 * np.pi * 27, rel=0.02)
    assert dome.vertices[:, 2].min() == pytest.approx(-3.0, abs=0.01)


def test_flat_end_lies_in_its_plane() -> None:
    surface = loft("Dura", "test", stack([8.0] * 5))
    rim = surface.vertices[surface.vertices[:, 2] < 0.4]
    centre, normal = plane_of(rim)
    assert np.abs((rim - centre) @ normal).max() < 1e-12


@given(
    tilt=st.floats(-20, 20),
    roll=st.integers(0, 7),
    spacing=st.floats(1, 10),
    squash=st.floats(0.5, 1.0),
    seed=st.integers(0, 99),
)
def test_markers_lie_on_the_surface_whatever_the_slices(tilt, roll, spacing, squash, seed) -> None:
    rng = np.random.default_rng(seed)
    slope = np.tan(np.radians(tilt))
    contours = []
    for i in range(8):
        points = circle(7.0 + rng.uniform(-0.3, 0.3), i * spacing) * [1, squash, 1]
        points[:, 0] += 0.05 * spacing * rng.normal()
        points[:, 2] += slope * points[:, 1]
        contours.append(to_contour(Markers(np.roll(points, roll * i, axis=0), f"{i}.json")))
    surface = loft("Dura", "test", contours)
    distance, _ = signed_distance(Proximity(surface), np.vstack([c.markers for c in contours]))
    assert np.abs(distance).mean() < 0.02
    assert np.abs(distance).max() < 0.10
    assert check_surface(surface).failures == ()


def test_taper_to_a_tip_stays_even() -> None:
    check = check_surface(loft("Cord", "test", stack(np.linspace(0.6, 5, 20)), ends=("dome", "flat")))
    assert check.slivers == 0
    assert check.failures == ()


def test_one_contour_is_refused() -> None:
    with pytest.raises(GeometryError, match="Cord: 1 contour"):
        loft("Cord", "test", stack([3.0]))
