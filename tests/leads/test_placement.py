"""Leads on tubes: gaps, bends, clearances and moves are known in closed form."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.compartments import Partition, check_partition, volumes
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.fit import fit_of
from spinemodel.leads.marked_point import off_dura
from spinemodel.leads.placement import Placed, place
from spinemodel.leads.series import courses, series
from spinemodel.leads.shape import shape
from spinemodel.leads.site import Site, Wall
from spinemodel.leads.track import Course, Keys, Target
from tests.leads.phantoms import CORD, LENGTH, MIDDLE, RADIUS, bent, paddle, site, straight, tube
from tests.shapes import sphere

GAP = 0.5
FACE = RADIUS + GAP
AT = Target("middle", "the middle", s=MIDDLE)
MESH = 0.02
"""What the polygons of tube and lead miss a circle by, mm, with some room."""


@cache
def _straight() -> Site:
    return site(straight())


@cache
def _own(design: LeadDesign) -> Partition:
    return shape(design, 1.0)


@cache
def _placed(where: Site, design: LeadDesign, course: Course | None = None, target: Target = AT) -> Placed:
    return place(design, where, target, course, GAP, _own(design))


def _middle(placed: Placed, contact: str) -> FloatArray:
    return np.array(next(one.at for one in placed.fit.contacts if one.name == contact))


def _clearance(placed: Placed, wall: str) -> float:
    mm = next(one.mm for one in placed.fit.clearances if one.to == wall)
    assert mm is not None
    return mm


def test_a_flat_rigid_paddle_touches_a_tube_along_its_middle() -> None:
    placed = _placed(_straight(), paddle())
    gaps = {one.name: one.gap_mm for one in placed.fit.contacts}
    off = [np.hypot(FACE, u) - RADIUS for u in (0.0, 1.0, 2.0, 4.0)]
    assert gaps["C1"][0] == pytest.approx(off[0], abs=MESH)
    assert gaps["C1"][2] == pytest.approx(off[1], abs=MESH)
    assert (gaps["C3"][0], gaps["C3"][2]) == pytest.approx((off[2], off[3]), abs=MESH)
    u = np.linspace(2, 4, 1001)
    assert gaps["C3"][1] == pytest.approx(np.mean(np.hypot(FACE, u) - RADIUS), abs=MESH)
    assert placed.lead.ribbon.curvature_across == pytest.approx(0.0, abs=1e-9)
    assert placed.fit.bend.radius_mm is None
    assert placed.fit.fits


def test_a_limp_paddle_keeps_the_gap_all_over() -> None:
    placed = _placed(_straight(), paddle(0.0))
    for contact in placed.fit.contacts:
        assert contact.gap_mm == pytest.approx((GAP, GAP, GAP), abs=MESH)
    assert placed.lead.ribbon.curvature_across == pytest.approx(1 / FACE, rel=0.01)


def test_a_paddle_curved_more_than_the_dura_is_lifted_until_its_edges_clear_it() -> None:
    own = 6.0
    placed = _placed(_straight(), paddle(1.0, own))
    turn = 5.0 / own
    u, sunk = own * np.sin(turn), own * (1 - np.cos(turn))
    lift = np.sqrt(FACE**2 - u**2) + sunk - RADIUS
    assert lift > GAP + 0.1
    middle = placed.fit.contacts[0]
    assert middle.gap_mm[2] == pytest.approx(lift, abs=2 * MESH)
    assert _clearance(placed, "dura") == pytest.approx(GAP, abs=MESH)


def test_a_bent_dura_bends_the_lead_to_its_own_radius() -> None:
    radius = 80.0
    placed = _placed(site(bent(radius)), paddle(0.0))
    bend = placed.fit.bend.radius_mm
    assert bend is not None
    assert bend == pytest.approx(radius + FACE, rel=0.02)
    for contact in placed.fit.contacts:
        assert contact.gap_mm == pytest.approx((GAP, GAP, GAP), abs=2 * MESH)
    assert _middle(placed, "C1") == pytest.approx((0, -FACE, 0), abs=3 * MESH)  # the mean of a curved face


def _slab(y: float) -> Surface:
    """A box 60 mm wide whose front is at y."""
    corners = np.array([[x, b, z] for z in (0.0, LENGTH) for b in (y - 20, y) for x in (-30.0, 30.0)])
    quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    faces = np.array([triangle for a, b, c, d in quads for triangle in ([a, b, c], [a, c, d])])
    return Surface("slab", "phantom", corners, faces)


def test_clearance_to_known_walls() -> None:
    back = FACE + 2.0
    walls = (
        Wall("bone", _slab(-back - 1.25), origin="extrapolated"),
        Wall("canal", tube(straight(), 12.0, "canal"), "in"),
        Wall("domain", tube(straight(), 40.0, "domain", (0.5, LENGTH - 0.5)), "in"),
    )
    placed = _placed(site(straight(), *walls), paddle())
    assert _clearance(placed, "bone") == pytest.approx(1.25, abs=MESH)
    assert _clearance(placed, "cord") == pytest.approx(FACE - CORD, abs=MESH)
    assert _clearance(placed, "dura") == pytest.approx(GAP, abs=MESH)
    assert _clearance(placed, "canal") == pytest.approx(12.0 - np.hypot(back, 5.0), abs=2 * MESH)
    assert next(one.mm for one in placed.fit.clearances if one.to == "domain") is None
    assert placed.fit.fits
    assert any("bone: extrapolated" in note for note in placed.fit.notes)


def test_what_crosses_a_wall_is_a_fault_with_its_depth_and_volume() -> None:
    back = FACE + 2.0
    walls = Wall("bone", _slab(-back + 0.75)), Wall("canal", tube(straight(), 11.0, "canal"), "in")
    placed = _placed(site(straight(), *walls), paddle())
    bone = next(one for one in placed.fit.clearances if one.to == "bone")
    assert bone.mm == pytest.approx(-0.75, abs=MESH)
    assert bone.crossing_mm3 == pytest.approx(0.75 * 30 * 10, rel=0.03)
    assert bone.part == "Backing"
    assert bone.at is not None
    assert bone.at[1] < -FACE
    assert _clearance(placed, "canal") == pytest.approx(11.0 - np.hypot(back, 5.0), abs=2 * MESH)
    assert not placed.fit.fits
    assert [fault.split(" by ")[0] for fault in placed.fit.faults] == [
        "Backing lies in bone", "Backing leaves the canal",
    ]  # fmt: skip


def test_a_wall_with_fewer_points_than_the_lead_is_found_by_its_own() -> None:
    spike = sphere(0.3, (0.0, -FACE - 2.5, MIDDLE), rows=10)
    wall = Wall("bone", Surface("bone", "phantom", spike.vertices, spike.faces))
    assert _clearance(_placed(site(straight(), wall), paddle()), "bone") == pytest.approx(0.2, abs=MESH)


def test_lateral_goes_round_the_dura_to_the_right() -> None:
    placed = _placed(_straight(), paddle(), Course(lateral_mm=3.0))
    angle = 3.0 / RADIUS
    assert _middle(placed, "C1") == pytest.approx((FACE * np.sin(angle), -FACE * np.cos(angle), MIDDLE), abs=MESH)


@pytest.mark.parametrize(("side", "sign"), [("dorsal", 1.0), ("ventral", -1.0)])
def test_a_turn_is_anticlockwise_seen_from_outside(side: str, sign: float) -> None:
    turn = np.radians(8.0)
    placed = _placed(_straight(), paddle(0.0), Course(tilt_deg=8.0, side=side))  # type: ignore[arg-type]
    height = 10.0 / np.hypot(1.0, np.tan(turn) * FACE / RADIUS)
    angle = -sign * np.tan(turn) * height / RADIUS
    expected = (FACE * np.sin(angle), -sign * FACE * np.cos(angle), MIDDLE + height)
    assert _middle(placed, "C2") == pytest.approx(expected, abs=2 * MESH)


def test_the_ventral_side_faces_the_other_way() -> None:
    placed = _placed(_straight(), paddle(), Course(side="ventral"))
    assert _middle(placed, "C1") == pytest.approx((0, FACE, MIDDLE), abs=MESH)
    assert _middle(placed, "C3")[0] == pytest.approx(-3.0, abs=MESH)
    assert np.linalg.det(placed.lead.ribbon.frames) == pytest.approx(1.0)
    assert placed.fit.fits


def test_frames_point_to_head_and_away_from_the_dura() -> None:
    frames = _placed(_straight(), paddle()).lead.ribbon.frames
    assert frames == pytest.approx(np.broadcast_to([[1, 0, 0], [0, 0, 1], [0, -1, 0]], frames.shape), abs=1e-3)


def test_series_move_along_and_turn() -> None:
    design = paddle()
    along = list(series(design, _straight(), AT, courses(Course(), 2, step_mm=3.0), GAP, _own(design)))
    assert _middle(along[1], "C1") - _middle(along[0], "C1") == pytest.approx((0, 0, 3), abs=MESH)
    assert [course.tilt_deg for course in courses(Course(tilt_deg=-5), 3, turn_deg=5.0)] == [-5, 0, 5]
    with pytest.raises(InputError, match="a step or a turn"):
        courses(Course(), 2)


def test_targets_by_height_and_by_point() -> None:
    by_height = _placed(_straight(), paddle(), target=Target("z:50", "z", z=50.0))
    assert _middle(by_height, "C1")[2] == pytest.approx(50.0, abs=MESH)
    angle = 0.3
    point = (20 * np.sin(angle), -20 * np.cos(angle), 47.3)
    by_point = _placed(_straight(), paddle(), target=Target("point", "p", point=point))
    assert _middle(by_point, "C1") == pytest.approx((FACE * np.sin(angle), -FACE * np.cos(angle), 47.3), abs=0.25)


def test_a_point_within_reach_is_moved_to_the_dura() -> None:
    target = Target("point", "p", point=(0.0, -27.5, 60.0))
    assert off_dura(_straight(), target) == pytest.approx(19.5, abs=MESH)
    assert off_dura(_straight(), AT) is None
    assert _middle(_placed(_straight(), paddle(), target=target), "C1") == pytest.approx((0, -FACE, 60), abs=0.25)


def test_the_midline_is_the_cord_or_the_canal() -> None:
    axis = straight()
    cord = tube(axis, CORD, "Cord", sides=40)
    aside = replace(cord, vertices=cord.vertices + np.array([1.5, 0.0, 0.0]))
    where = replace(_straight(), cord=aside)
    for midline, x in (("cord", 1.5), ("canal", 0.0)):
        placed = _placed(where, paddle(0.0), Course(midline=midline))  # type: ignore[arg-type]
        assert _middle(placed, "C1")[0] == pytest.approx(x * FACE / RADIUS, abs=0.05)


def _moved(axis: Axis, turn: FloatArray, shift: FloatArray) -> Axis:
    return Axis(axis.space, axis.points @ turn.T + shift)


@pytest.mark.parametrize("about", ["x", "y"])
def test_the_lead_moves_with_the_model(about: str) -> None:
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]] if about == "x" else [[c, 0, s], [0, 1, 0], [-s, 0, c]])
    shift, axis = np.array([13.0, -57.0, -420.0]), bent(100.0) if about == "x" else straight()
    here, there = (site(one) for one in (axis, _moved(axis, turn, shift)))
    course = Course(lateral_mm=1.0, tilt_deg=4.0)
    one, other = (_placed(where, paddle(0.5), course).lead.parts.vertices for where in (here, there))
    assert other == pytest.approx(one @ turn.T + shift, abs=2e-3)


def test_what_lies_under_a_contact() -> None:
    ball = sphere(0.5, (2.0, -5.0, 70.0), rows=20)
    roots = {"L1_R": Surface("L1_R", "phantom", ball.vertices, ball.faces)}
    entries = {
        "L1_R": np.array([[2.0, -2.0, 59.0], [2.5, -2.0, 61.0], [2.5, -2.0, 63.0]]),
        "L2_L": np.array([[-1.5, -2.0, 71.0]]),
        "L3_L": np.array([[-1.5, -2.0, 40.0]]),
    }
    placed = _placed(site(straight(), roots=roots, entries=entries), paddle())
    first, second, third = placed.fit.contacts
    assert [(zone.root, zone.rootlets, round(zone.lateral_mm, 2)) for zone in first.entries] == [("L1_R", 2, 2.0)]
    assert [(zone.root, round(zone.lateral_mm, 2)) for zone in second.entries] == [("L2_L", -1.5)]
    assert third.entries[0].lateral_mm == pytest.approx(-0.5, abs=MESH)
    assert second.nearest_root == "L1_R"
    assert second.nearest_root_mm == pytest.approx(np.hypot(1.0, FACE - 5.0) - 0.5, abs=MESH)
    assert (first.segment, first.segment_origin, first.vertebra) == ("L1", "annotated", "T11")


def test_beyond_the_dura_is_a_fault_and_what_is_extrapolated_a_note() -> None:
    where = replace(_straight(), dura_from_mm=30.0)
    placed = _placed(where, paddle(verified=False), target=Target("top", "top", s=100.0))
    assert placed.fit.faults[0].startswith("the lead reaches 5.0 mm beyond the upper end of the dura")
    assert any("not verified" in note for note in placed.fit.notes)
    low = _placed(where, paddle(), target=Target("low", "low", s=35.0))
    assert any("lowest 10.0 mm of the lead was not drawn" in note for note in low.fit.notes)
    assert any("spinal segments beside the lead that nobody marked: L2" in note for note in low.fit.notes)


def test_parts_stay_whole_and_keep_their_volume() -> None:
    placed = _placed(_straight(), paddle(0.0), Course(tilt_deg=5.0))
    parts = placed.lead.parts
    assert check_partition(parts, sum(volumes(parts).values())) == ()
    assert volumes(parts)["C1"] == pytest.approx(2 * 4 * 0.2, rel=0.03)


def test_a_percutaneous_lead_lies_with_its_skin_at_the_gap() -> None:
    rings = tuple(Contact(f"C{i}", "ring", 0.0, 7.0 * i - 7.0, 1.3, 3.0) for i in range(3))
    design = LeadDesign("test-rod", "", Backing("cylinder", 26.0, 1.3, 1.3), rings, 0.1, "made up", True)
    placed = place(design, _straight(), AT, Course(lateral_mm=2.0), GAP, shape(design, 1.0))
    for contact in placed.fit.contacts:
        assert contact.gap_mm[0] == pytest.approx(GAP, abs=MESH)
        assert contact.gap_mm[2] == pytest.approx(GAP + 1.3, abs=2 * MESH)
    assert fit_of(placed.lead, _straight()) == placed.fit


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target("z:900", "z", z=900.0), r"^lead\.at z:900: z 900 mm, where the model has no dura"),
        (Target("z:50", "z"), r"^lead\.at z:50: expected a place along the axis, a height or a point"),
        (Target("point:a", "point a", point=(0, -28.5, 60)), r"^lead\.at point:a: point a, at 0.0 -28.5 60.0"),
        (Target("--at", "point a", point=(0, 9, 60)), r"^lead\.at --at: point a lies .* or lead\.side ventral$"),
    ],
)
def test_the_place_is_called_as_whoever_asks_calls_it(target: Target, said: str) -> None:
    with pytest.raises(InputError, match=said):
        place(paddle(), _straight(), target, own=_own(paddle()), keys=Keys("lead.at", "lead.side"))


@pytest.mark.parametrize(
    ("course", "target", "gap", "said"),
    [
        (Course(tilt_deg=80), AT, GAP, "tilt 80 degrees: expected at most 60"),
        (Course(lateral_mm=14), AT, GAP, "beyond the side of the dura"),
        (Course(), Target("z:900", "z", z=900.0), GAP, "--at z:900: z 900 mm, where the model has no dura"),
        (Course(offset_mm=300), AT, GAP, "offset 300 mm: the dura ends 48 mm below and 48 mm above"),
        (Course(), AT, 40.0, "gap 40 mm: expected 0 to 10"),
        (Course(), Target("point:a", "point a", point=(0, -28.5, 60)), GAP, "at 0.0 -28.5 60.0 .RAS., lies 20.5 mm"),
        (Course(), Target("point:a", "point a", point=(0, -8, 900)), GAP, "lies 790.0 mm from the dura"),
        (Course(), Target("point:a", "point a", point=(0, 9, 60)), GAP, "on its ventral side; .* or --side ventral"),
    ],
)
def test_what_cannot_be_placed_says_why(course: Course, target: Target, gap: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        place(paddle(), _straight(), target, course, gap, _own(paddle()))
