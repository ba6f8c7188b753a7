import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.rings import Ring, cap, even_ring, zip_rings
from spinemodel.anatomy.surface import Surface, volume
from tests.shapes import circle, sphere


@given(
    sides=st.lists(st.integers(3, 60), min_size=1, max_size=6),
    phase=st.sampled_from([0.0, 0.25, 0.5]),
    radius=st.floats(0.5, 3),
)
def test_any_stack_of_rings_is_closed_and_looks_outwards(sides, phase, radius) -> None:
    rings = [even_ring(circle(radius, float(z), 200), n, phase) for z, n in enumerate(sides)]
    poles = [Ring(np.array([[0.0, 0.0, z]]), 0.0) for z in (-1.0, float(len(sides)))]
    check = check_surface(Surface("stack", "test", *zip_rings([poles[0], *rings, poles[1]])))
    assert (check.open_edges, check.branching_edges, check.components, check.euler) == (0, 0, 1, 2)
    assert check.volume_mm3 > 0


def test_equal_middles_are_ordered_the_same_way_from_both_sides() -> None:
    rings = [even_ring(circle(1.0, float(z), 96), n) for z, n in enumerate((16, 8, 16, 48))]
    poles = [Ring(np.array([[0.0, 0.0, z]]), 0.0) for z in (-1.0, 4.0)]
    check = check_surface(Surface("ties", "test", *zip_rings([poles[0], *rings, poles[1]])))
    assert (check.open_edges, check.branching_edges) == (0, 0)


@pytest.mark.parametrize(("height", "exact"), [(0.0, 0.0), (2.0, 2 * np.pi * 8 / 3), (1.0, np.pi * 8 / 3)])
def test_caps_hold_the_volume_of_half_an_ellipsoid(height, exact) -> None:
    rim = even_ring(circle(2.0, 0.0, 4000), 200)
    below = cap(rim, np.array([0.0, 0.0, -1.0]), 0.0)
    above = cap(rim, np.array([0.0, 0.0, 1.0]), height)
    surface = Surface("cap", "test", *zip_rings([*below[::-1], rim, *above]))
    assert volume(surface) == pytest.approx(exact, rel=2e-3, abs=1e-9)


def test_sphere_volume_converges_with_the_square_of_the_edge() -> None:
    exact = 4 / 3 * np.pi
    errors = [exact - volume(sphere(rows=rows)) for rows in (20, 40, 80)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2, abs=0.1)
