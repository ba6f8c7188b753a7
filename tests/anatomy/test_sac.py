"""The sac below the scan, and the roots' way out of it."""

from dataclasses import replace

import numpy as np
import pytest

from spinemodel import BuildParameters, Phantom, annotate, audit, build, read_subject
from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.axis import Axis, axis_of, locate, place
from spinemodel.anatomy.caudal import EXIT_DEG, through_sac
from spinemodel.anatomy.curves import Contour
from spinemodel.anatomy.loft import loft
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.sac import STEPS_MM, SacParameters, Wall, extend_sac, sac_end, wall_of, wall_radius
from spinemodel.anatomy.surface import volume
from spinemodel.levels import LEVELS, ROOTS, RootName

STRAIGHT = Axis("test", np.array([[0.0, 0, z] for z in np.arange(-200.0, 10.5, 0.5)]))


def circle(radius: float, z: float, tilt_deg: float = 0.0) -> Contour:
    angle = 2 * np.pi * np.arange(256) / 256
    points = radius * np.stack([np.cos(angle), np.sin(angle), np.tan(np.radians(tilt_deg)) * np.sin(angle)], axis=1)
    return Contour(points + np.array([0.0, 0.0, z]), np.empty((0, 3)), "test")


def ganglia(levels, half: float = 15.0):
    return {
        RootName(level, side): Markers(np.array([[sign * half, 0.0, -10.0 - 25.0 * LEVELS.index(level)]]), "test")
        for level in levels
        for side, sign in (("L", -1.0), ("R", 1.0))
    }


def test_axis_places_and_locates() -> None:
    rng = np.random.default_rng(0)
    bend = np.stack([np.zeros(400), 60 * np.cos(t := np.linspace(0, 1.5, 400)), 60 * np.sin(t)], axis=1)
    axis = Axis("test", bend)
    s, right, dorsal = rng.uniform(5, 85, 100), rng.uniform(-15, 15, 100), rng.uniform(-15, 15, 100)
    found = locate(axis, place(axis, s, right, dorsal))
    np.testing.assert_allclose(np.stack(found), np.stack([s, right, dorsal]), atol=1e-6)


def test_axis_dorsal_is_backwards_and_right_is_right() -> None:
    axis = axis_of("test", annotate(Phantom(lordosis_mm=6.0)).dura[::-1], {})
    assert (axis.frame[:, 0, 0] > 0.99).all()
    assert (axis.frame[:, 1, 1] < -0.9).all()
    assert (axis.frame[:, 2, 2] > 0.9).all()
    np.testing.assert_allclose(np.linalg.det(axis.frame), -1.0)  # right x dorsal is caudal


def test_axis_runs_on_through_the_ganglia_below() -> None:
    phantom = Phantom()
    drawn = annotate(phantom)
    axis = axis_of("test", drawn.dura[::-1], drawn.ganglia)
    for level in ("L4", "L5", "S1", "S2"):
        pair = np.array([drawn.ganglia[RootName(level, side)].points[-1] for side in ("L", "R")])
        _, right, dorsal = locate(axis, pair)
        assert abs(right.sum()) < 1e-3
        assert np.abs(dorsal).max() < 6.0


def test_axis_takes_the_midline_from_its_neighbours_where_one_ganglion_is_missing() -> None:
    drawn = annotate(Phantom())
    both = axis_of("test", drawn.dura[::-1], drawn.ganglia)
    left_out = {RootName("L5", "L"), RootName("S1", "R"), RootName("S2", "L")}
    one = axis_of("test", drawn.dura[::-1], {root: at for root, at in drawn.ganglia.items() if root not in left_out})
    assert np.linalg.norm(one.points[150:] - both.points[150:], axis=1).max() < 0.5


def test_sac_ends_beside_the_ganglia_of_its_level() -> None:
    assert sac_end(STRAIGHT, ganglia(LEVELS)) == pytest.approx(200.0 - 10 - 25 * 6)
    assert sac_end(STRAIGHT, ganglia(LEVELS[:-1])) == pytest.approx(200.0 - 10 - 25 * 5 - STEPS_MM["S2"])
    assert sac_end(STRAIGHT, ganglia(LEVELS), "S1") == pytest.approx(200.0 - 10 - 25 * 5)
    assert sac_end(STRAIGHT, {}) is None
    assert sac_end(STRAIGHT, ganglia(("L1",)), begin=150.0) is None
    assert sac_end(Axis("test", STRAIGHT.points[360:]), ganglia(("L1",)), begin=28.0) == pytest.approx(0.5)


@pytest.mark.parametrize("tilt", [0.0, 20.0])
def test_extended_sac_has_its_closed_form_volume_and_ends_where_told(tilt) -> None:
    last = circle(8.0, 0.0, tilt)
    drawn = [last, circle(8.0, 4.0, tilt), circle(8.0, 8.0, tilt)]
    parameters = SacParameters(tip_share=0.5, taper_power=1.0)
    added = extend_sac(last, STRAIGHT, 100.0, parameters)
    surface = loft("Dura", "test", [*added, *drawn], ends=("dome", "flat"))
    assert surface.vertices[:, 2].min() == pytest.approx(-100.0, abs=0.15)
    cone = np.pi * 96.0 / 3 * (64 + 32 + 16)
    assert volume(surface) == pytest.approx(cone + 2 / 3 * np.pi * 64 + np.pi * 64 * 8, rel=5e-3)
    narrowing = [np.hypot(*contour.points[:, :2].T).mean() for contour in added]
    assert (np.diff(narrowing) > 0).all()


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        (("L1",), "ends with its last contour, for no ganglion tells how it goes on; roots whose ganglia lie below"),
        (("L1", "L3"), "no ganglion of S2: the end of the sac is told from the levels above"),
        (("L1", "S1"), "no ganglion of S2: the end of the sac is told from the levels above"),
    ],
)
def test_sac_goes_as_far_as_the_ganglia_tell(levels, told) -> None:
    drawn = annotate(Phantom())
    known = {root: at for root, at in drawn.ganglia.items() if root.level in levels}
    built = build(replace(drawn, ganglia=known), BuildParameters(edge_mm=1.0))
    lowest = built.surfaces["Dura"].vertices[:, 2].min()
    assert (lowest < Phantom().bottom_z - 50) == (levels != ("L1",))
    assert [told in note for note in built.annotation.notes] == [True]
    assert audit({"Dura": built.surfaces["Dura"]}).failures == ()


def test_scan_that_shows_the_sacs_end_is_not_extended() -> None:
    assert extend_sac(circle(8.0, 0.0), STRAIGHT, 190.0, SacParameters()) == []


def test_roots_below_a_sac_that_is_not_extended_end_with_it_and_that_is_said() -> None:
    shown = build(annotate(Phantom()), BuildParameters(edge_mm=1.0, sac=SacParameters(end_level="L2")))
    for level in ("L4", "S2"):
        lowest = shown.surfaces[f"{level}_R"].vertices[:, 2].min()
        assert Phantom().bottom_z < lowest < Phantom().bottom_z + 0.35
    assert [note for note in shown.annotation.notes if "dura" in note] == [
        "the dura ends with its last contour, for the sac's end is there; roots whose ganglia lie below end there"
    ]


def test_wall_is_the_contours_radius() -> None:
    wall = wall_of([circle(6.0, -50.0), circle(8.0, 0.0)], STRAIGHT)
    assert wall_radius(wall, 1.0)(175.0) == pytest.approx(7.0, abs=1e-3)
    assert wall_radius(wall, -3.1)(0.0) == pytest.approx(6.0, abs=1e-3)


@pytest.mark.parametrize("exit_deg", [16.3, 26.2])
def test_root_leaves_a_cylinder_at_its_angle_and_reaches_its_ganglion(exit_deg) -> None:
    wall = Wall(np.array([0.0, 210.0]), np.full((2, 72), 8.0))
    start, along = np.array([4.0, -2.0, 0.0]), np.array([0.0, 0.0, -1.0])
    ganglion = np.array([[17.0, 3.0, -120.0]])
    path = through_sac(start, along, ganglion, 20.0, axis=STRAIGHT, wall=wall, exit_deg=exit_deg)
    np.testing.assert_allclose(path[-1], ganglion[0], atol=1e-9)
    radius = np.hypot(*path[:, :2].T)
    assert (np.diff(np.sign(radius - 8.0)) != 0).sum() == 1
    k = int(np.flatnonzero(radius > 8.0)[0])
    step = path[k + 4] - path[k]
    assert np.degrees(np.arctan2(np.hypot(*step[:2]), -step[2])) == pytest.approx(exit_deg, abs=0.5)
    assert np.linalg.norm(np.diff(path, n=2, axis=0), axis=1).max() < 0.03


def test_ganglion_too_near_for_its_angle_is_reached_straight() -> None:
    wall = Wall(np.array([0.0, 210.0]), np.full((2, 72), 8.0))
    start, along = np.array([6.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0])
    path = through_sac(start, along, np.array([[17.0, 0.0, -12.0]]), 5.0, axis=STRAIGHT, wall=wall, exit_deg=20.0)
    np.testing.assert_allclose(path[-1], [17.0, 0.0, -12.0], atol=1e-9)


@pytest.fixture(scope="module", params=["phantom", "real"])
def extended(request):
    if request.param == "phantom":
        return build(annotate(Phantom(noise_mm=0.1, seed=2)))
    return build(read_subject(request.getfixturevalue("sub03")))


def test_every_root_leaves_through_the_wall_once_at_the_cited_angle(extended) -> None:
    checked = audit(extended.surfaces)
    assert checked.failures == ()
    assert checked.relations is not None
    assert {root.dura_crossings for root in checked.relations.roots.values()} == {1}
    dura, drawn_to = Proximity(extended.surfaces["Dura"]), extended.annotation.dura[0].points[:, 2].min()
    for root in ROOTS:
        line = extended.centrelines[str(root)]
        distance = signed_distance(dura, line.points)[0]
        k = int(np.flatnonzero(distance < 0)[-1])
        if line.points[k, 2] > drawn_to:
            continue  # the annotation shows this exit
        s, right, dorsal = (values[[0, -1]] for values in locate(extended.axis, line.points[k : k + 9]))
        across = np.hypot(np.diff(right), np.diff(dorsal))[0]
        assert np.degrees(np.arctan2(across, s[0] - s[1])) == pytest.approx(EXIT_DEG[root.level], abs=3.0), root


def test_cut_ends_roots_and_dura_with_the_last_contour() -> None:
    phantom = Phantom()
    cut = build(annotate(phantom), BuildParameters(caudal="cut"))
    checked = audit(cut.surfaces)
    assert checked.failures == ()
    assert cut.ends["Dura"] == ("flat", "flat")
    assert cut.surfaces["Dura"].vertices[:, 2].min() == pytest.approx(phantom.bottom_z, abs=1e-6)
    for level in ("L3", "L4", "L5", "S1", "S2"):
        lowest = cut.surfaces[f"{level}_R"].vertices[:, 2].min()
        assert phantom.bottom_z < lowest < phantom.bottom_z + 0.35
    assert checked.relations is not None
    assert {root: to.dura_crossings for root, to in checked.relations.roots.items() if root[:2] > "L2"} == {
        str(root): 0 for root in ROOTS if root.level > "L2"
    }
