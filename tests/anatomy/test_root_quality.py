import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.gaps import Skin, least_gap, part, wall
from spinemodel.anatomy.model_quality import model_quality
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.root_quality import curvature, root_course, root_shape
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.sweep import sweep
from tests.shapes import box, sphere


def line(points, radius: float = 0.5, name: str = "L1_L") -> Centreline:
    points = np.asarray(points, dtype=float)
    return Centreline(name, "test", points, np.full(len(points), radius), np.zeros(len(points), dtype=bool))


def helix(radius: float, rise: float, length: float, step: float = 0.25) -> np.ndarray:
    """Rise is the height gained per radian."""
    t = np.arange(0, length, step) / np.hypot(radius, rise)
    return np.stack([radius * np.cos(t), radius * np.sin(t), rise * t], axis=1)


@given(st.floats(3.0, 100.0), st.floats(0.0, 50.0))
def test_helix_bends_as_the_formula_says(radius, rise) -> None:
    expected = radius / (radius**2 + rise**2)
    shape = root_shape(line(helix(radius, rise, 40.0)))
    for found in (shape.rms, shape.most, shape.most_at_entry):
        assert found == pytest.approx(expected, rel=0.02)
    assert shape.turn_deg_per_mm == pytest.approx(np.degrees(expected), rel=0.02)
    assert shape.fold == pytest.approx(0.5 * expected, rel=0.02)
    assert shape.length_mm == pytest.approx(39.75, rel=0.01)


def test_circle_is_exact_at_its_points() -> None:
    ring = helix(10.0, 0.0, 30.0, step=0.5)
    chord = np.linalg.norm(ring[1] - ring[0])
    assert curvature(ring, chord * np.arange(1, 50), span=chord) == pytest.approx(0.1, rel=1e-9)


def test_straight_root_does_not_bend() -> None:
    shape = root_shape(line(np.outer(np.linspace(0, 30, 121), [0.6, 0.0, -0.8])))
    assert shape.most == pytest.approx(0, abs=1e-6)
    assert shape.turn_deg_per_mm == pytest.approx(0, abs=1e-4)


def test_rounding_of_the_table_hardly_bends_a_root() -> None:
    straight = np.outer(np.linspace(0, 80, 321), [0.36, 0.48, -0.8]).round(4)
    assert root_shape(line(straight)).most < 1e-3


def test_tightest_bend_is_found_beyond_the_entry() -> None:
    angle = np.arange(0, 1.5, 0.05)
    bend = np.stack([4 - 4 * np.cos(angle), 0 * angle, -20 - 4 * np.sin(angle)], axis=1)
    down = np.stack([0 * np.arange(80), 0 * np.arange(80), -0.25 * np.arange(80)], axis=1)
    shape = root_shape(line(np.vstack([down, bend])))
    assert shape.least_radius_mm == pytest.approx(4, rel=0.03)
    assert 19.5 < shape.bend_s_mm < 26.5
    assert shape.bend_drawn
    assert shape.most_at_entry == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("slant", [20.0, 45.0, 90.0])
def test_exit_is_where_a_line_leaves_at_its_slant(slant) -> None:
    along = np.array([np.sin(np.radians(slant)), 0.0, -np.cos(np.radians(slant))])
    start = np.array([90.0, 50.0, 50.0])
    sac = Proximity(box(size=100.0))
    course = root_course(line(start + np.outer(np.arange(0, 60, 0.25), along)), None, sac)
    assert course.exit_s_mm == pytest.approx(10 / along[0], abs=0.01)
    assert course.exit == pytest.approx(tuple(start + along * 10 / along[0]), abs=0.01)
    assert course.exit_deg == pytest.approx(slant, abs=0.1)
    assert course.entry_off_mm is None


def test_root_that_stays_inside_has_no_exit() -> None:
    inside = np.array([5.0, 5.0, 8.0]) - np.outer(np.arange(0, 5, 0.25), [0, 0, 1.0])
    course = root_course(line(inside), Proximity(sphere(1.0, (5, 5, 9))), Proximity(box(size=10.0)))
    assert course.exit is None
    assert course.end_s_mm == np.inf
    assert course.entry_off_mm == pytest.approx(0, abs=0.01)
    assert course.entry_deg == pytest.approx(90, abs=3)


@settings(max_examples=15)
@given(st.floats(0.02, 3.0), st.floats(0.0, 90.0))
def test_gap_of_two_crossing_tubes_is_manifold_s(gap, turn) -> None:
    t = np.arange(-5, 5.01, 0.25)
    way = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn)), 0.0])
    one = sweep(line(np.outer(t, [1.0, 0, 0])))
    other = sweep(line(np.outer(t, way) + np.array([0, 0, 1.03 + gap]), name="L2_L"))
    exact = to_solid(one).min_gap(to_solid(other), 10.0)
    found = least_gap(Skin(one), Skin(other)).mm
    assert exact - 1e-6 <= found <= exact + 0.015


def test_gap_has_its_place_and_its_side() -> None:
    small = Skin(sphere(1.0, (0, 0, 2.0), rows=12))
    large = Skin(sphere(5.0, rows=12))
    gap = least_gap(small, large, side=-1)
    assert gap.mm == pytest.approx(2.0, abs=5 * (1 - np.cos(np.pi / 24)))  # its faces are flat
    assert gap.at[2] > 2.9
    assert least_gap(small, large, side=1).mm == 0
    assert least_gap(Skin(sphere(1.0, (0, 0, 5.0), rows=12)), large, side=-1).mm == 0


def test_wall_has_no_flat_ends_but_keeps_a_dome() -> None:
    assert len(wall(box()).faces) == 8
    round_one = sphere()
    assert len(wall(round_one).faces) > 0.95 * len(round_one.faces)
    assert part(box(), np.zeros(12, dtype=bool)) is None


def test_least_clearances_of_a_small_model() -> None:
    down = np.stack([np.zeros(121), np.zeros(121), -0.25 * np.arange(121)], axis=1)
    places = {"L1_L": 0.0, "L1_R": 3.0, "L2_L": -2.0}
    lines = {name: line(down + np.array([x, 0.0, 0.0]), name=name) for name, x in places.items()}
    surfaces: dict[str, Surface] = {name: sweep(each) for name, each in lines.items()}
    surfaces["Dura"] = box((-20, -20, -40), 60.0, "Dura")
    quality = model_quality(surfaces, lines)
    assert quality.roots["L1_R"].nearest == "L1_L"
    assert quality.roots["L1_L"].nearest == "L2_L"
    assert quality.roots["L2_L"].to_root.mm == pytest.approx(1.0, abs=0.04)
    assert quality.roots["L1_L"].to_cord is None
    assert quality.gaps["L2_L - Dura"].mm == pytest.approx(18 - 0.5, abs=0.02)
    assert "Cord - Dura" not in quality.gaps
