"""Leads that cannot exist are refused, by a message that names the fault."""

from dataclasses import replace
from math import inf, nan, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.leads.checks import CLEAR_MM, check_design, gap
from spinemodel.leads.design import Backing, Contact
from tests.leads.designs import PLATE, bar, cylinder, disc, paddle

PLACE = st.floats(-20, 20)
SIZE = st.floats(0.1, 10)


def test_sound_leads_pass() -> None:
    check_design(paddle())
    check_design(cylinder())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"length_mm": 0.0}, "length_mm: got 0"),
        ({"width_mm": -1.0}, "width_mm: got -1"),
        ({"thickness_mm": nan}, "thickness_mm: got nan"),
        ({"length_mm": inf}, "length_mm: got inf"),
        ({"corner_mm": 4.1}, "corner_mm: got 4.1, expected 0 to 4 mm"),
        ({"length_mm": 30000.0}, "backing: length_mm: got 30000, expected at most 300; is it in mm"),
        ({"width_mm": 80.0}, "width_mm: got 80, expected at most 30; is it in mm"),
        ({"thickness_mm": 15.0}, "thickness_mm: got 15, expected at most 10; is it in mm"),
        ({"radius_across_mm": 0.0}, "radius_across_mm"),
        ({"radius_across_mm": 8 / pi - 0.001}, "radius_across_mm: got .* 8 mm of width turn through more than half"),
        ({"stiffness_across": 1.5}, "stiffness_across: got 1.5, expected 0 to 1"),
        ({"middle_mm": nan}, "middle_mm"),
        ({"form": "cylinder"}, "a cylinder's diameter twice"),
    ],
)
def test_a_body_must_have_a_size(change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_design(paddle(backing=replace(PLATE, **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("contacts", "says"),
    [
        ((bar("a", 0, 0, 2, 0),), "contact a: length_mm: got 0"),
        ((bar("a", nan, 0, 2, 2),), "contact a: u_mm, v_mm"),
        ((bar("a", 0, 0, 2, 2), bar("A", 0, 6, 2, 2)), "contact A: the name is taken"),
        ((bar("backing", 0, 0, 2, 2),), "the name is taken"),
        ((bar("a/b", 0, 0, 2, 2),), "'a/b': expected a name of letters"),
        ((Contact("a", "ring", 0, 0, 8, 2),), "got ring on a paddle, expected a rectangle or a disc"),
        ((Contact("a", "disc", 0, 0, 2, 3),), "a disc's diameter twice"),
        ((bar("a", 3.5, 0, 2, 2),), "contact a: reaches 0.500 mm beyond the backing"),
        ((bar("a", 3.0, 0, 2, 2),), "lies on the backing's edge"),
        ((bar("a", 0, 13.5, 2, 2),), "reaches 1.500 mm beyond"),
        ((bar("a", 0, 0, 2, 2), bar("b", 1.5, 1.5, 2, 2)), "contacts a and b overlap by 0.500 mm"),
        ((bar("a", 0, 0, 2, 2), bar("b", 0, 2.01, 2, 2)), "contacts a and b are 0.010 mm apart"),
    ],
)
def test_contacts_must_fit(contacts: tuple[Contact, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_design(paddle(*contacts))


def test_a_corner_that_is_cut_off_by_a_round_one_is_outside() -> None:
    corner = bar("a", 2.9, 12.0 - 0.1, 2.0, 2.0)
    check_design(paddle(corner))
    with pytest.raises(InputError, match="beyond"):
        check_design(paddle(corner, backing=replace(PLATE, corner_mm=2.0)))


def test_a_disc_may_follow_a_round_end() -> None:
    round_ended = replace(PLATE, corner_mm=4.0)
    check_design(paddle(disc("a", 0, 9.0, 8 - 2 * CLEAR_MM), backing=round_ended))
    with pytest.raises(InputError, match="edge"):
        check_design(paddle(disc("a", 0, 9.0, 8 - CLEAR_MM), backing=round_ended))


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        (Contact("C", "ring", 0.1, 0, 1.3, 3), "u_mm and width_mm: expected 0"),
        (Contact("C", "ring", 0, 0, 1.2, 3), "u_mm and width_mm"),
        (Contact("C", "disc", 0, 0, 1, 1), "got disc on a cylinder, expected a ring"),
        (Contact("C", "ring", 0, 11.0, 1.3, 3), "beyond the backing"),
        (Contact("C", "ring", 0, -15.6, 1.3, 3), "beyond the backing"),
    ],
)
def test_rings_stay_on_the_straight_part_of_a_cylinder(ring: Contact, says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_design(replace(cylinder(), contacts=(ring,)))


@pytest.mark.parametrize("metal", [0.0, -0.1, 1.5, nan])
def test_metal_lies_in_the_backing(metal: float) -> None:
    with pytest.raises(InputError, match="metal_mm"):
        check_design(paddle(metal_mm=metal))


def test_half_a_circle_across_and_the_largest_body_pass() -> None:
    check_design(paddle(backing=replace(PLATE, radius_across_mm=8 / pi + 0.001)))
    check_design(paddle(backing=replace(PLATE, length_mm=300.0, width_mm=30.0, thickness_mm=10.0)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": "\x1b[31mred"}, r"lead toy: title: got '\\x1b\[31mred', expected text without control"),
        ({"source": "two\nlines"}, "lead toy: source: got .*without control"),
        ({"source": " "}, "lead toy: source: got none"),
        ({"name": "\x1b[31m"}, r"lead '\\x1b\[31m': name: expected letters"),
    ],
)
def test_words_are_printable_and_the_source_is_said(change: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says) as problem:
        check_design(replace(paddle(), **change))  # type: ignore[arg-type]
    assert str(problem.value).isprintable()


def test_other_faults_of_the_whole() -> None:
    with pytest.raises(InputError, match="has no contacts"):
        check_design(replace(paddle(), contacts=()))
    with pytest.raises(InputError, match="name: expected letters"):
        check_design(paddle(name="a b"))
    with pytest.raises(InputError, match="all tip"):
        check_design(replace(cylinder(), backing=Backing("cylinder", 0.6, 1.3, 1.3)))


@given(PLACE, PLACE, SIZE, PLACE, PLACE, SIZE)
def test_gap_of_discs_is_that_of_circles(u: float, v: float, d: float, s: float, t: float, e: float) -> None:
    apart = sqrt((u - s) ** 2 + (v - t) ** 2) - (d + e) / 2
    assert gap(disc("a", u, v, d), disc("b", s, t, e)) == pytest.approx(apart, abs=1e-9)


@given(PLACE, PLACE, SIZE, SIZE, st.floats(0, 2 * pi), st.floats(0.1, 5))
def test_gap_is_the_same_both_ways_and_falls_with_size(
    u: float, v: float, width: float, length: float, angle: float, d: float
) -> None:
    one, other = bar("a", u, v, width, length), disc("b", angle, -v, d)
    assert gap(one, other) == gap(other, one)
    assert gap(one, disc("b", angle, -v, d + 0.5)) == pytest.approx(gap(one, other) - 0.25)
