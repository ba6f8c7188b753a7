"""Rootlets: entry zones, ways that do not touch, and surfaces ready for a partition."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import KDTree

from spinemodel import Phantom, annotate, build, read_subject
from spinemodel.anatomy.axis import Axis, axis_of
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.rootlets import (
    RootletLevel,
    RootletParameters,
    dorsal_rootlets,
    fan_surfaces,
    rootlet_conflicts,
    ventral_roots,
)
from spinemodel.anatomy.rootlets.chart import angles, chart_of, on_cord, plane_distance
from spinemodel.anatomy.rootlets.fan import OUTER
from spinemodel.anatomy.rootlets.parameters import ROOTLET_LEVELS
from spinemodel.anatomy.rootlets.spacing import segment_distance
from spinemodel.anatomy.rootlets.strings import String, relaxed
from spinemodel.anatomy.rootlets.tubes import rootlet_tube
from spinemodel.anatomy.rootlets.zones import zones_of
from spinemodel.anatomy.solids import crossings, to_solid
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import RootName
from tests.shapes import sphere


class Case:
    """A built subject with its walls and dorsal fans."""

    def __init__(self, annotation) -> None:
        anatomy = build(annotation)
        self.lines = anatomy.centrelines
        self.cord, self.dura = (Proximity(anatomy.surfaces[name]) for name in ("Cord", "Dura"))
        self.axis = axis_of(annotation.space, anatomy.annotation.dura, annotation.ganglia)
        self.fans = dorsal_rootlets(self.lines, self.cord, self.dura, self.axis)

    @property
    def rootlets(self) -> list[Centreline]:
        return [line for fan in self.fans for line in fan.rootlets]


MISSING = (RootName("L3", "L"), RootName("S1", "R"))


@pytest.fixture(scope="module")
def case() -> Case:
    return Case(annotate(Phantom(noise_mm=0.2, seed=5, lordosis_mm=5.0, slice_spacing_mm=3.0, missing=MISSING)))


@pytest.fixture(scope="module")
def real(sub03) -> Case:
    return Case(read_subject(sub03))


def promises(case: Case) -> None:
    """Assert what every set of fans promises."""
    assert rootlet_conflicts(case.fans, case.cord.surface, own_gap_mm=0.01) == ()
    for line in case.rootlets:
        assert (-signed_distance(case.dura, line.points)[0] - OUTER * line.radius).min() > 0.05
        height = signed_distance(case.cord, line.points[6:])[0] - OUTER * line.radius[6:]
        assert height.min() > 0.03
        assert 0.1 <= line.radius[0] <= 0.16
        deepest = OUTER * line.radius[0] - signed_distance(case.cord, line.points[:1])[0][0]
        assert 0.14 < deepest < 0.25


def test_rootlets_of_phantoms_keep_every_promise(case) -> None:
    promises(case)
    assert {str(fan.root) for fan in case.fans} == set(case.lines)
    assert not {str(root) for root in MISSING} & set(case.lines)
    assert all(len(fan.rootlets) == fan.wanted == ROOTLET_LEVELS[fan.root.level].dorsal for fan in case.fans)


def test_rootlets_of_a_real_subject_keep_every_promise(real) -> None:
    promises(real)
    assert len(real.fans) == 14
    assert len(real.rootlets) >= 84
    assert all(len(fan.rootlets) >= 4 for fan in real.fans)


def test_middle_rootlet_and_trunk_are_the_annotated_line(case) -> None:
    for fan in case.fans:
        line = case.lines[str(fan.root)]
        middle = fan.rootlets[fan.middle]
        np.testing.assert_array_equal(middle.points[1:-2], line.points[: len(middle.points) - 3])
        np.testing.assert_array_equal(fan.trunk.points, line.points[-len(fan.trunk.points) :])
        np.testing.assert_array_equal(middle.points[-3], fan.trunk.points[0])
        assert not middle.extrapolated.any()
        assert all(other.extrapolated.all() for other in fan.rootlets if other is not middle)


def test_rootlets_are_attached_from_head_to_foot_in_zones_that_do_not_overlap(case) -> None:
    chart = chart_of(case.axis, case.cord)
    for side in "LR":
        fans = [fan for fan in case.fans if fan.root.side == side]
        points = np.array([line.points[1] for fan in fans for line in fan.rootlets])
        np.testing.assert_allclose(signed_distance(case.cord, points)[0], 0.0, atol=2e-3)
        s, angle = angles(chart, points, side)
        assert (np.diff(s) < -0.4).all()
        assert (np.degrees(angle) > 10).all()
        assert (np.degrees(angle) < 90).all()


def test_surfaces_are_closed_even_and_small(case) -> None:
    cord = to_solid(case.cord.surface)
    for fan in case.fans[:4]:
        trunk, rootlets = fan_surfaces(fan).values()
        assert (trunk.name, rootlets.name) == (f"{fan.root}", f"{fan.root}_rootlets")
        check = check_surface(rootlets)
        assert check.failures == ()
        assert check.components == len(fan.rootlets)
        assert check.slivers < 0.01
        assert check.parts_overlap_mm3 == 0.0
        assert check_surface(trunk).failures == ()
        for line in fan.rootlets:
            tube = rootlet_tube(line)
            assert len(tube.faces) <= 1000
            assert crossings(to_solid(tube), cord) == 1
            assert crossings(to_solid(tube), to_solid(trunk)) == 1


def test_ventral_roots_join_in_front_of_the_dorsal_ones(case) -> None:
    ventral = ventral_roots(case.lines, case.fans, case.cord, case.dura, case.axis)
    assert rootlet_conflicts((*case.fans, *ventral), case.cord.surface) == ()
    chart = chart_of(case.axis, case.cord)
    for fan, dorsal in zip(ventral, case.fans, strict=True):
        assert fan.trunk.name == f"{dorsal.root}_ventral"
        assert 1 <= len(fan.rootlets) <= ROOTLET_LEVELS[fan.root.level].ventral
        _, angle = angles(chart, np.array([line.points[1] for line in fan.rootlets]), fan.root.side)
        np.testing.assert_allclose(np.degrees(angle), 140.0, atol=8.0)
        assert KDTree(dorsal.trunk.points).query(fan.trunk.points[-1])[0] < 0.2
        assert (signed_distance(case.cord, fan.trunk.points)[0] > 0.3).all()
        assert (signed_distance(case.dura, fan.trunk.points)[0] < -0.3).all()


def test_a_shifted_fan_is_reported(case) -> None:
    moved = [replace(line, points=line.points + np.array([0, 0, 40.0])) for line in case.fans[1].rootlets]
    conflicts = rootlet_conflicts([case.fans[0], replace(case.fans[1], rootlets=tuple(moved))], case.cord.surface)
    assert {conflict.crossings for conflict in conflicts} != {None}
    assert any(str(conflict).endswith("and Cord cross 0 times, not once") for conflict in conflicts)
    onto = replace(case.fans[1], rootlets=case.fans[0].rootlets)
    overlaps = rootlet_conflicts([case.fans[0], onto], case.cord.surface)
    assert min(conflict.gap_mm for conflict in overlaps if conflict.gap_mm is not None) < -0.1
    assert re.fullmatch(r"\w+ and \w+ lie -0\.\d{3} mm apart", str(overlaps[0]))


def test_the_same_lines_give_the_same_bits(case) -> None:
    again = dorsal_rootlets(case.lines, case.cord, case.dura, case.axis)
    for once, twice in zip(case.rootlets, (line for fan in again for line in fan.rootlets), strict=True):
        np.testing.assert_array_equal(once.points, twice.points)


def test_numbers_are_obeyed(case) -> None:
    levels = {level: RootletLevel(2, 1, 4.0) for level in ROOTLET_LEVELS}
    parameters = RootletParameters(levels=levels, radius_mm=0.12)
    fans = dorsal_rootlets(case.lines, case.cord, case.dura, case.axis, parameters)
    assert {len(fan.rootlets) for fan in fans} == {2}
    assert max(line.radius.max() for fan in fans for line in fan.rootlets) == pytest.approx(0.12)


def test_no_roots_have_no_rootlets(case) -> None:
    assert dorsal_rootlets({}, case.cord, case.dura, case.axis) == ()


def test_a_root_too_thin_for_rootlets_is_refused(case) -> None:
    thin = {name: replace(line, radius=np.full(len(line.radius), 0.06)) for name, line in case.lines.items()}
    with pytest.raises(GeometryError, match="too thin for"):
        dorsal_rootlets(thin, case.cord, case.dura, case.axis)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"radius_mm": 0.4}, "rootlet radius"),
        ({"least_radius_mm": 0.2}, "rootlet radius"),
        ({"spacing_mm": 0.2}, "rootlet spacing"),
        ({"levels": {}}, "rootlets of L1"),
    ],
)
def test_senseless_parameters_are_refused(changed, named) -> None:
    with pytest.raises(InputError, match=named):
        RootletParameters(**changed)


@given(st.lists(st.floats(0.2, 20.0), min_size=1, max_size=7))
def test_zones_end_half_way_and_hold_what_fits(steps) -> None:
    at = 20.0 + np.cumsum(steps)
    names = ["S2_L", "S1_L", "L5_L", "L4_L", "L3_L", "L2_L", "L1_L"]
    table = {name: (s, 0.5) for name, s in zip(names, at, strict=False)}
    parameters = RootletParameters()
    zones = zones_of(table, (0.0, at[-1] + 30.0), parameters)
    for name, zone in zones.items():
        assert zone.s[zone.middle] == pytest.approx(table[name][0])
        assert len(zone.s) <= zone.wanted
        assert (np.diff(zone.s) <= -parameters.spacing_mm + 1e-9).all()
        assert np.ptp(zone.s) <= parameters.levels[zone.root.level].zone_mm + 1e-9
    for (low, below), (high, above) in pairwise(zones.items()):
        half = (table[low][0] + table[high][0]) / 2
        assert below.s[0] <= max(half - parameters.spacing_mm / 2, table[low][0]) + 1e-9
        assert above.s[-1] >= min(half + parameters.spacing_mm / 2, table[high][0]) - 1e-9


def test_the_chart_of_a_ball_is_the_ball() -> None:
    ball = Proximity(sphere(3.0, rows=60))
    chart = chart_of(Axis("test", np.array([[0.0, 0, -10], [0, 0, 10]])), ball)
    s, angle = np.array([9.0, 10.0, 11.5]), np.array([0.3, -1.0, 2.0])
    points = on_cord(chart, s, angle, np.full(3, 0.5))
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 3.5, atol=0.01)
    expected = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    across = points[:, :2] / np.linalg.norm(points[:, :2], axis=1, keepdims=True)
    np.testing.assert_allclose(across, expected, atol=0.02)
    np.testing.assert_allclose(plane_distance(ball, points)[0], 0.5, atol=0.02)
    assert plane_distance(ball, points + 20.0, within_mm=1.0)[0].min() == np.inf


def test_segment_distances_agree_with_dense_sampling() -> None:
    rng = np.random.default_rng(1)
    p, q, r, s = rng.normal(size=(4, 60, 3))
    q[0], s[1] = p[0], r[1]  # points
    s[2] = r[2] + 2 * (q[2] - p[2])  # parallel
    t = np.linspace(0, 1, 161)[:, None]
    for k, found in enumerate(segment_distance(p, q, r, s)):
        one, other = p[k] + t * (q[k] - p[k]), r[k] + t * (s[k] - r[k])
        dense = np.linalg.norm(one[:, None] - other, axis=-1).min()
        assert dense - 0.02 < found <= dense + 1e-9


def test_strings_are_drawn_tauter_and_part_in_the_middle() -> None:
    x = np.linspace(-5, 5, 41)
    inner = np.abs(x) < 5
    none = np.full(41, -np.inf)
    radius, apart = np.full(41, 0.2), np.full(41, np.inf)
    along = np.stack([x, 0.4 * np.sin(np.pi * x / 5), 0 * x + 0.01], axis=1)
    across = np.stack([0 * x, x, 0 * x], axis=1)
    strings = [String(k, points, radius, inner, apart, none, none) for k, points in enumerate((along, across))]
    far = Proximity(sphere(1.0, centre=(0.0, 0.0, 90.0)))
    one, other = relaxed(strings, far, far, 0.05)
    first = [np.repeat(ends, 40, axis=0) for ends in (one[:-1], one[1:])]
    second = [np.tile(ends, (40, 1)) for ends in (other[:-1], other[1:])]
    assert segment_distance(*first, *second).min() > 0.44
    assert one[20, 2] == pytest.approx(-other[20, 2] + 0.01, abs=0.03)
    assert np.abs(one[:, 1]).max() < 0.3  # from 0.4
