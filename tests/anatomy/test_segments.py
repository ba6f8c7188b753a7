from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import Axis, axis_of
from spinemodel.anatomy.phantom import COURSES, Phantom, annotate, centreline_truth
from spinemodel.anatomy.segments import LENGTH_MM, SEGMENTS, Span, span_at, spans_over, spinal_segments
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.bids import read_subject
from spinemodel.levels import LEVELS, ROOTS, RootName

UPRIGHT = Axis("test", np.array([[0.0, 0, 0], [0, 0, 200]]))
"""Distances along it are heights."""


def entries(heights, sides=("L", "R")):
    """Roots that enter at the heights, by level."""
    return {RootName(level, side): np.array([0.0, -3, z]) for level, z in heights.items() for side in sides}


def cord(bottom=0.0, top=200.0):
    return np.array([[3.0, 0, bottom], [-3, 0, top], [0, 1, (bottom + top) / 2]])


def named(spans) -> dict[str, Span]:
    return {span.name: span for span in spans}


def phantom_spans(phantom: Phantom, missing=()):
    drawn = annotate(phantom)
    axis = axis_of(drawn.space, arrange(drawn).dura, drawn.ganglia)
    known = {root: centreline_truth(phantom, root)[0] for root in ROOTS if root not in missing}
    ends = np.array([[*phantom.centre_mm, z] for z in (phantom.tip_z, phantom.top_z)])
    return axis, spinal_segments(axis, known, ends)


@pytest.mark.parametrize("phantom", [Phantom(), Phantom(lordosis_mm=8), Phantom(slice_tilt_deg=12, noise_mm=0.1)])
def test_a_phantom_s_segments_lie_at_its_known_entries(phantom):
    axis, spans = phantom_spans(phantom)
    by_name = named(spans)
    for upper, lower in pairwise(LEVELS):
        edge = by_name[upper].bottom
        assert edge == by_name[lower].top
        height = np.interp(edge, axis.s, axis.points[:, 2]) - phantom.tip_z
        halfway = (COURSES[upper].entry_above_tip + COURSES[lower].entry_above_tip) / 2
        assert height == pytest.approx(halfway, abs=0.6)
    assert {span.origin for span in spans if span.name in LEVELS} == {"annotated"}


def test_segments_fill_the_cord_from_head_to_foot_and_no_more():
    axis, spans = phantom_spans(Phantom())
    assert all(upper.bottom == lower.top for upper, lower in pairwise(spans))
    heights = np.interp([spans[0].top, spans[-1].bottom], axis.s, axis.points[:, 2])
    assert heights == pytest.approx([Phantom().top_z, Phantom().tip_z], abs=0.3)
    assert [span.name for span in spans] == list(SEGMENTS[SEGMENTS.index("T11") :])


def test_beyond_the_entries_lengths_are_those_cited():
    heights = {"L1": 120.0}
    by_name = named(spinal_segments(UPRIGHT, entries(heights), cord()))
    for name, span in by_name.items():
        if name in LENGTH_MM and name != next(iter(by_name)):
            assert span.top - span.bottom == pytest.approx(LENGTH_MM[name])
            assert span.origin == ("annotated" if name == "L1" else "extrapolated")
    assert (by_name["L1"].top + by_name["L1"].bottom) / 2 == pytest.approx(120)
    assert by_name["Co"].bottom == 0


def test_beyond_the_entries_lengths_are_scaled_to_the_subject():
    cited = (LENGTH_MM["L1"] + LENGTH_MM["L2"]) / 2
    by_name = named(spinal_segments(UPRIGHT, entries({"L1": 120, "L2": 120 - 1.1 * cited}), cord()))
    assert by_name["T12"].top - by_name["T12"].bottom == pytest.approx(1.1 * LENGTH_MM["T12"])
    assert by_name["S3"].top - by_name["S3"].bottom == pytest.approx(1.1 * LENGTH_MM["S3"])
    crowded = named(spinal_segments(UPRIGHT, entries({"L1": 120, "L2": 119}), cord()))
    assert crowded["T12"].top - crowded["T12"].bottom == pytest.approx(0.8 * LENGTH_MM["T12"])


def test_a_missing_level_is_placed_between_its_neighbours():
    middle = {"L2": 100.0, "L4": 78.8}
    by_name = named(spinal_segments(UPRIGHT, entries(middle), cord()))
    cited = {name: LENGTH_MM[name] for name in ("L2", "L3", "L4")}
    share = (cited["L2"] + cited["L3"]) / (cited["L2"] + 2 * cited["L3"] + cited["L4"])
    placed = 100 - share * 21.2
    assert by_name["L3"].origin == "derived"
    assert (by_name["L3"].top, by_name["L3"].bottom) == pytest.approx(((100 + placed) / 2, (placed + 78.8) / 2))
    _, whole = phantom_spans(Phantom())
    _, without = phantom_spans(Phantom(), missing=[RootName("L4", "L"), RootName("L4", "R")])
    assert named(without)["L4"].top == pytest.approx(named(whole)["L4"].top, abs=1.5)


def test_both_sides_count_as_much():
    left, right = entries({"L1": 120, "L2": 104}, "L"), entries({"L1": 124, "L2": 108}, "R")
    spans = named(spinal_segments(UPRIGHT, left | right, cord()))
    assert spans["L1"].bottom == pytest.approx(114)
    one_side = named(spinal_segments(UPRIGHT, left, cord()))
    assert one_side["L1"].bottom == pytest.approx(112)


def test_a_cord_cut_short_has_fewer_segments():
    spans = spinal_segments(UPRIGHT, entries({"L1": 120, "L2": 106}), cord(bottom=100, top=125))
    assert [span.name for span in spans] == ["L1", "L2"]
    assert (spans[0].top, spans[-1].bottom) == (125, 100)


def test_a_long_cord_ends_in_t1_and_co():
    spans = spinal_segments(Axis("test", np.array([[0.0, 0, 0], [0, 0, 900]])), entries({"L1": 120}), cord(0, 900))
    assert (spans[0].name, spans[0].top) == ("T1", 900)
    assert (spans[-1].name, spans[-1].bottom) == ("Co", 0)


def test_levels_in_the_wrong_order_are_named():
    with pytest.raises(GeometryError, match=r"roots of L3 enter 2.00 mm above those of L2"):
        spinal_segments(UPRIGHT, entries({"L1": 120, "L2": 100, "L3": 102}), cord())


def test_without_roots_there_are_no_segments():
    with pytest.raises(InputError, match="no root's entry"):
        spinal_segments(UPRIGHT, {}, cord())


def test_places_are_told_by_name():
    spans = (Span("L1", 10, 20, "annotated"), Span("L2", 5, 10, "annotated"))
    assert [span_at(spans, s) for s in (20, 15, 10, 7, 5, 4.9, 21)] == ["L1", "L1", "L1", "L2", "L2", None, None]
    assert [[span.name for span in spans_over(spans, *part)] for part in ((0, 4), (0, 6), (6, 30), (10, 12))] == [
        [],
        ["L2"],
        ["L1", "L2"],
        ["L1"],
    ]


def test_a_real_cord_is_divided_as_anatomy_has_it(sub03):
    drawn = arrange(read_subject(sub03))
    axis = axis_of(drawn.space, drawn.dura, drawn.ganglia)
    first = {root: markers.points[0] for root, markers in drawn.roots.items()}
    spans = spinal_segments(axis, first, np.vstack([contour.points for contour in drawn.cord]))
    assert [span.name for span in spans] == list(SEGMENTS[SEGMENTS.index("T11") :])
    lengths = {span.name: span.top - span.bottom for span in spans}
    for name in LEVELS:
        assert lengths[name] == pytest.approx(LENGTH_MM[name], rel=0.35), name
    assert sum(lengths[name] for name in LEVELS) == pytest.approx(sum(LENGTH_MM[name] for name in LEVELS), rel=0.05)
