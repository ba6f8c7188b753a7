"""Where vertebrae lie along the axis."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel import Phantom, annotate, read_subject
from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import Axis, axis_of, locate
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.vertebra_sizes import VERTEBRA_SIZES
from spinemodel.anatomy.vertebral_levels import BELOW_BODY_MM, level_at, vertebra_names, vertebral_levels
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import LEVELS, ROOTS, RootName
from tests.shapes import box

STRAIGHT = Axis("test", np.array([[0.0, 0.0, z] for z in np.arange(0.0, 400.5, 0.5)]))
"""An axis on which z is the distance along it."""


def at(heights: dict[str, float], sides: str = "LR") -> dict[RootName, Markers]:
    return {
        RootName(level, side): Markers(np.array([[-15.0 if side == "L" else 15.0, 3.0, z]]), "test")
        for level, z in heights.items()
        for side in sides
    }


def by_tables(names=LEVELS, scale: float = 1.0, top: float = 300.0) -> dict[str, float]:
    """Heights of ganglia of a spine that is ``scale`` times that of the tables, L1's body ending at ``top``."""
    heights, z = {}, top
    for level in LEVELS:
        size = VERTEBRA_SIZES[level]
        if level[0] == "S":
            heights[level] = z - scale * size.height / 2
            z -= scale * size.height
        else:
            z -= scale * size.height if level != "L1" else 0.0
            heights[level] = z - scale * BELOW_BODY_MM
            z -= scale * size.disc
    return {level: heights[level] for level in names}


@given(scale=st.floats(0.8, 1.25), start=st.integers(0, 5), count=st.integers(2, 7))
def test_spine_of_the_tables_is_found_from_any_of_its_ganglia(scale, start, count) -> None:
    names = LEVELS[start : start + count]
    spans = {span.name: span for span in vertebral_levels(STRAIGHT, at(by_tables(names, scale)))}
    for name in LEVELS[:5]:
        assert spans[name].top - spans[name].bottom == pytest.approx(scale * VERTEBRA_SIZES[name].height, rel=1e-6)
        disc = spans[name].bottom - spans[name].disc_bottom
        assert disc == pytest.approx(scale * VERTEBRA_SIZES[name].disc, rel=1e-6)
    assert spans["L1"].bottom == pytest.approx(300.0, abs=1e-6)
    assert spans["S1"].bottom == spans["S1"].disc_bottom == spans["S2"].top


def test_one_ganglion_on_one_side_places_a_spine_of_the_tables_size() -> None:
    spans = {span.name: span for span in vertebral_levels(STRAIGHT, at({"L3": 200.0}, "R"))}
    assert spans["L3"].bottom == pytest.approx(200.0 + BELOW_BODY_MM)
    assert spans["L3"].origin == "derived"
    assert spans["L2"].bottom - spans["L3"].top == pytest.approx(VERTEBRA_SIZES["L2"].disc)
    assert {span.origin for name, span in spans.items() if name != "L3"} == {"extrapolated"}


def test_sides_are_averaged_and_of_two_points_the_outer_counts() -> None:
    marks = at({"L3": 200.0})
    marks[RootName("L3", "L")] = Markers(np.array([[-10.0, 0, 230.0], [-15.0, 0, 204.0]]), "test")
    spans = {span.name: span for span in vertebral_levels(STRAIGHT, marks)}
    assert spans["L3"].bottom == pytest.approx(202.0 + BELOW_BODY_MM)


def test_missing_level_lies_between_its_neighbours() -> None:
    full, gap = by_tables(scale=1.1), by_tables(("L1", "L2", "L5", "S1"), scale=1.1)
    whole, parted = (vertebral_levels(STRAIGHT, at(heights)) for heights in (full, gap))
    assert [span.name for span in whole] == [span.name for span in parted]
    np.testing.assert_allclose([s.bottom for s in whole], [s.bottom for s in parted], atol=1e-6)
    assert {s.name: s.origin for s in parted}["L3"] == "derived"


def test_sixth_lumbar_and_thirteenth_thoracic_vertebra_keep_the_numbering_straight() -> None:
    heights = by_tables(("L1", "L2", "L3", "L4", "L5"))
    heights["S1"] = heights["L5"] + 1.0 - 2 * 8.1 - 24.1 - 15.0
    spans = vertebral_levels(STRAIGHT, at(heights), last_lumbar="L6", last_thoracic="T13")
    names = [span.name for span in spans]
    assert names[names.index("L1") - 2 : names.index("L1")] == ["T12", "T13"]
    assert names[names.index("L5") : names.index("S1") + 1] == ["L5", "L6", "S1"]
    six = spans[names.index("L6")]
    assert six.top - six.bottom == pytest.approx(24.1, abs=0.1)
    assert six.origin == "derived"


def test_names_count_from_a_function() -> None:
    assert len(vertebra_names()) == 12 + 5 + 3
    assert vertebra_names("T11", "L4")[10:16] == ("T11", "L1", "L2", "L3", "L4", "S1")


def test_wrong_numbering_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"of S1 marked 2. mm below the ganglia of L5, expected about 5. mm"):
        vertebral_levels(STRAIGHT, at(by_tables()), last_lumbar="L6")
    with pytest.raises(InputError, match="L5 was marked, but the last lumbar vertebra is L4"):
        vertebral_levels(STRAIGHT, at(by_tables()), last_lumbar="L4")
    with pytest.raises(InputError, match="no ganglion was marked"):
        vertebral_levels(STRAIGHT, {})
    swapped = by_tables() | {"L2": by_tables()["L3"], "L3": by_tables()["L2"]}
    with pytest.raises(GeometryError, match="check their names"):
        vertebral_levels(STRAIGHT, at(swapped))


def body(name: str, bottom: float, height: float = 30.0) -> Surface:
    """A block in front of the canal with enough vertices to be measured by."""
    cube = box(size=30.0)
    dense = np.concatenate([cube.vertices, np.random.default_rng(1).uniform(0, 30, (500, 3))])
    dense[:, 2] *= height / 30.0
    return Surface(name, "test", dense + np.array([-15.0, 8.0, bottom]), cube.faces)


def test_a_sacrum_and_what_lies_beyond_the_axis_tell_no_level() -> None:
    meshes = {"L2": body("L2", 205.0), "L3": body("L3", 168.0)}
    more = {"S1": body("S1", 20.0, 110.0), "T8": body("T8", 385.0), "T7": body("T7", 420.0)}
    marks = at({"L2": 190.0, "S1": 70.0})
    assert vertebral_levels(STRAIGHT, marks, meshes=meshes | more) == vertebral_levels(STRAIGHT, marks, meshes=meshes)


def test_a_crushed_body_leaves_a_gap_that_no_missing_one_does() -> None:
    crushed = {"L1": body("L1", 249.0), "L2": body("L2", 218.0, 15.0), "L3": body("L3", 176.0)}
    spans = {span.name: span for span in vertebral_levels(STRAIGHT, {}, meshes=crushed)}
    assert spans["L1"].bottom - spans["L2"].top == pytest.approx(16.0, abs=1.5)
    with pytest.raises(GeometryError, match=r"L2 marked 4. mm below L1"):
        vertebral_levels(STRAIGHT, {}, meshes={"L1": body("L1", 290.0), "L2": body("L2", 221.0)})


def test_mesh_tells_its_own_place_and_counts_before_ganglia() -> None:
    meshes = {"L2": body("L2", 205.0), "L3": body("L3", 168.0)}
    spans = {s.name: s for s in vertebral_levels(STRAIGHT, at({"L2": 190.0, "S1": 70.0}), meshes=meshes)}
    assert (spans["L2"].bottom, spans["L2"].top) == pytest.approx((205.0, 235.0), abs=1.0)
    assert (spans["L3"].bottom, spans["L3"].top) == pytest.approx((168.0, 198.0), abs=1.0)
    assert spans["L2"].disc_bottom == pytest.approx(spans["L3"].top, abs=1e-9)
    assert {spans[name].origin for name in meshes} == {"annotated"}
    assert (spans["S1"].top + spans["S1"].bottom) / 2 == pytest.approx(70.0, abs=0.5)
    behind = Surface("L4", "test", meshes["L2"].vertices - [0.0, 80.0, 0.0], meshes["L2"].faces)
    with pytest.raises(GeometryError, match="L4: no part of its mesh lies in front of the canal"):
        vertebral_levels(STRAIGHT, {}, meshes={"L4": behind})


def test_place_has_a_level() -> None:
    spans = vertebral_levels(STRAIGHT, at(by_tables()))
    for upper, lower in pairwise(spans):
        assert level_at(spans, (upper.top + upper.bottom) / 2) == upper.name
        assert upper.disc_bottom == lower.top
        if upper.disc_bottom < upper.bottom:
            assert level_at(spans, (upper.bottom + lower.top) / 2) == f"{upper.name}/{lower.name}"
    assert level_at(spans, spans[0].top + 1.0) is None
    assert level_at(spans, -1.0) is None


@pytest.mark.parametrize("missing", [(), tuple(root for root in ROOTS if root.level in ("L2", "S1"))])
def test_phantoms_levels_follow_each_other(missing) -> None:
    marks = arrange(annotate(Phantom(noise_mm=0.2, lordosis_mm=5.0, missing=missing)))
    axis = axis_of(marks.space, marks.dura, marks.ganglia)
    spans = vertebral_levels(axis, marks.ganglia)
    assert {"T10", "T12", "L5", "S2"} <= {span.name for span in spans}
    for upper, lower in pairwise(spans):
        assert upper.top > upper.bottom >= upper.disc_bottom == lower.top
    assert axis.s[-1] > spans[0].top


def test_real_subjects_conus_lies_at_the_first_lumbar_vertebra(sub03) -> None:
    marks = arrange(read_subject(sub03))
    axis = axis_of(marks.space, marks.dura, marks.ganglia)
    spans = vertebral_levels(axis, marks.ganglia)
    tip = float(locate(axis, marks.cord[0].points.mean(axis=0)[None])[0][0])
    assert level_at(spans, tip) in ("L1", "L1/L2", "L2")  # L1 in 11 and L2 in 3 of the dataset's 14 subjects
    heights = {span.name: span.top - span.bottom for span in spans}
    assert all(20.0 < heights[name] < 33.0 for name in ("L1", "L2", "L3", "L4", "L5"))
