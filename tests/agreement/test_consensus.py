from dataclasses import replace

import numpy as np
import pytest

from spinemodel.agreement.consensus import consensus
from spinemodel.agreement.correspondence import UPRIGHT, Slices, shared_slices
from spinemodel.agreement.curve_distances import curve_distances
from spinemodel.agreement.drawing import drawing_of
from spinemodel.agreement.exchanges import settled
from spinemodel.agreement.loops import loops_of
from spinemodel.agreement.means import DENSER, mean_contours, mean_line, mean_markers
from spinemodel.agreement.swaps import Swap, renamed
from spinemodel.anatomy.annotation import Annotation, Markers, Source
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.build import build
from spinemodel.anatomy.perturb import perturb
from spinemodel.anatomy.phantom import Phantom, annotate, root_path
from spinemodel.errors import InputError
from spinemodel.io.bids import read_subject, write_subject
from spinemodel.levels import ROOTS, RootName
from tests.shapes import circle

COARSE = Phantom(slice_spacing_mm=4.0)
EVERY_2_MM = shared_slices([Slices(UPRIGHT, 2.0)])
L1_L, L4_L, L5_L = RootName("L1", "L"), RootName("L4", "L"), RootName("L5", "L")


def line(heights, x=0.0, y=0.0):
    return np.column_stack([np.full(len(heights), x), np.full(len(heights), y), heights])


def called(annotation, names):
    """The annotation with roots and ganglia called by other names, (old, new) each."""
    roots, ganglia = (renamed(drawn, dict(names)) for drawn in (annotation.roots, annotation.ganglia))
    return replace(annotation, roots=roots, ganglia=ganglia)


def moved(annotation, shift):
    """Everything shifted by (3,) mm."""
    def markers(m):
        return Markers(m.points + shift, m.source)

    return replace(
        annotation,
        cord=tuple(map(markers, annotation.cord)),
        dura=tuple(map(markers, annotation.dura)),
        roots={root: markers(m) for root, m in annotation.roots.items()},
        ganglia={root: markers(m) for root, m in annotation.ganglia.items()},
    )


class TestLines:
    def test_the_mean_of_each_slice_and_its_spread(self):
        z = np.arange(0, -40, -2.0)
        found = mean_line([line(z, 0, 0), line(z, 3, 0), line(z, 0, 3)], EVERY_2_MM)
        assert found.correspondence == "slice"
        np.testing.assert_allclose(found.points, line(z, 1, 1))
        np.testing.assert_allclose(found.sd, np.sqrt(2 * (1 + 1 + 4) / 2))  # both coordinates have 1 + 1 + 4 over 2
        assert set(found.count) == {3}

    def test_the_scatter_falls_by_the_root_of_the_annotators_and_the_spread_finds_it(self):
        s, z, random = 0.2, np.arange(0, -4000, -2.0), np.random.default_rng(2)
        drawn = [line(z) + np.pad(random.normal(0, s, (len(z), 2)), ((0, 0), (0, 1))) for _ in range(4)]
        found = mean_line(drawn, EVERY_2_MM)
        error = 4 / np.sqrt(2 * len(z))
        assert found.points[:, :2].std() == pytest.approx(s / 2, rel=error)
        assert np.sqrt((found.sd**2).mean()) == pytest.approx(s * np.sqrt(2), rel=error)

    def test_a_slice_that_fewer_than_half_drew_is_left_out(self):
        z = np.arange(0, -40, -2.0)
        found = mean_line([line(z), line(z[3:], 1), line(z[3:], 2)], EVERY_2_MM)
        np.testing.assert_allclose(found.points, line(z[3:], 1.0))
        two = mean_line([line(z), line(z[3:], 1)], EVERY_2_MM)
        np.testing.assert_allclose(two.points, np.vstack([line(z[:3]), line(z[3:], 0.5)]))
        assert two.count.tolist() == [1] * 3 + [2] * 17
        assert np.isnan(two.sd[:3]).all()

    def test_a_drawing_that_skips_slices_is_interpolated(self):
        z = np.arange(0, -41, -2.0)
        found = mean_line([line(z), line(z[::2], 3), line(z[::4], 0, 3)], EVERY_2_MM)
        np.testing.assert_allclose(found.points, line(z, 1, 1))
        assert found.count.tolist() == [3] * 21
        assert found.marked.tolist() == [3, 1, 2, 1] * 5 + [3]
        np.testing.assert_allclose(found.sd, np.sqrt(6))

    def test_other_slices_are_averaged_by_arc_length(self):
        found = mean_line([line(np.arange(0, -41, -2.0)), line(np.arange(0, -41, -2.5), 1)], EVERY_2_MM)
        assert found.correspondence == "arc length"
        np.testing.assert_allclose(found.points[:, 0], 0.5)
        np.testing.assert_allclose(found.points[[0, -1], 2], [0, -40])
        np.testing.assert_allclose(found.sd, np.sqrt(0.5))

    def test_one_alone_and_no_common_height(self):
        z = np.arange(0, -40, -2.0)
        assert mean_line([line(z)], EVERY_2_MM).correspondence is None
        apart = mean_line([line(z), line(z - 100)[:12]], EVERY_2_MM)
        assert apart.correspondence is None
        np.testing.assert_array_equal(apart.points, line(z))


class TestMarkers:
    def test_whoever_marked_most_leads(self):
        found = mean_markers([np.array([[0.0, 0, 0]]), np.array([[0.0, 0, -6], [2, 0, 0]])])
        np.testing.assert_allclose(found.points, [[0, 0, -6], [1, 0, 0]])
        assert found.count.tolist() == [1, 2]
        assert np.isnan(found.sd[0])
        assert found.sd[1] == pytest.approx(np.sqrt(2))


def tube(radius, heights, shift=(0.0, 0.0), sides=24):
    contours = [Markers(circle(radius, z, sides) + np.array([*shift, 0]), f"dura_{z:g}.json") for z in heights]
    return loops_of(contours, UPRIGHT)


class TestContours:
    def test_shifted_circles_have_the_circle_between_as_mean(self):
        z = np.arange(0, 20, 2.0)
        found = mean_contours([tube(6, z, (-0.4, 0)), tube(6, z, (0.4, 0.6), sides=30)], EVERY_2_MM)
        for height, mean in zip(z, found, strict=True):
            np.testing.assert_allclose(np.linalg.norm(mean.points[:, :2] - [0, 0.3], axis=1), 6, atol=2e-3)
            np.testing.assert_allclose(mean.points[:, 2], height)
            assert len(mean.points) == DENSER * 30

    def test_the_spread_is_that_across_the_edge(self):
        """Radii 5, 6 and 7 mm have SD 1; two circles shifted by d have d |cos t| / sqrt(2) at the angle t."""
        z = np.arange(0, 10, 2.0)
        for mean in mean_contours([tube(r, z) for r in (5, 6, 7)], EVERY_2_MM):
            np.testing.assert_allclose(np.linalg.norm(mean.points[:, :2], axis=1), 6, atol=2e-3)
            np.testing.assert_allclose(mean.sd, 1.0, atol=2e-3)
        for mean in mean_contours([tube(6, z), tube(6, z, (0.5, 0))], EVERY_2_MM):
            ray = mean.points[:, :2] - [0.25, 0]
            cosine = np.abs(ray[:, 0]) / np.linalg.norm(ray, axis=1)
            np.testing.assert_allclose(mean.sd, 0.5 * cosine / np.sqrt(2), atol=2e-3)

    def test_other_slices_are_those_of_the_first(self):
        z = np.arange(0, 20, 2.0)
        found = mean_contours([tube(6, z), tube(7, z + 1)], EVERY_2_MM)
        assert [mean.correspondence for mean in found] == [None, *["interpolated"] * 9]
        np.testing.assert_allclose(np.linalg.norm(found[0].points[:, :2], axis=1), 6, atol=1e-9)
        for mean in found[1:]:
            np.testing.assert_allclose(np.linalg.norm(mean.points[:, :2], axis=1), 6.5, atol=2e-3)

    def test_a_stack_that_skips_slices_is_interpolated(self):
        z = np.arange(0, 21, 2.0)
        found = mean_contours([tube(6, z), tube(7, z[::2])], EVERY_2_MM)
        assert len(found) == 11
        for mean in found:
            np.testing.assert_allclose(np.linalg.norm(mean.points[:, :2], axis=1), 6.5, atol=2e-3)
        assert [(int(mean.count[0]), int(mean.marked[0])) for mean in found] == [(2, 2), (2, 1)] * 5 + [(2, 2)]

    def test_a_contour_that_one_alone_drew_is_taken_as_it_is(self):
        z = np.arange(0, 20, 2.0)
        found = mean_contours([tube(6, z), tube(7, z[1:])], EVERY_2_MM)
        np.testing.assert_array_equal(found[0].points[:, 2], np.zeros(24))
        assert found[0].count.tolist() == [1] * 24
        assert len(mean_contours([tube(6, z), tube(7, z[1:]), tube(7, z[1:])], EVERY_2_MM)) == 9

    def test_the_curve_through_the_mean_markers_is_the_mean_curve(self):
        drawn = annotate(Phantom(noise_mm=0.1))
        same = consensus({"A": drawn, "B": drawn})
        for name in ("cord", "dura"):
            one, other = (drawing_of(a).stacks[name].points[..., :2] for a in (drawn, same.annotation))
            assert curve_distances(one, other).largest.max() < 0.06
        assert max(np.nanmax(mean.sd) for mean in same.spread.values()) < 1e-9


class Finder:
    """Finds exchanges once, and then none."""

    def __init__(self, swaps):
        self.swaps = swaps

    def __call__(self, _):
        found, self.swaps = self.swaps, ()
        return found


class TestConsensus:
    def test_annotators_shifted_to_either_side_meet_in_the_middle(self):
        drawn, shift = annotate(Phantom()), np.array([0.3, -0.2, 0.0])
        found = consensus({"A": moved(drawn, shift), "B": moved(drawn, -shift)})
        for root in ROOTS:
            points = found.annotation.roots[root].points
            np.testing.assert_allclose(points[:, :2], root_path(Phantom(), root)(points[:, 2]), atol=1e-9)
            np.testing.assert_allclose(found.spread[f"nerveroots_{root}"].sd, np.sqrt(2) * np.linalg.norm(shift))
            np.testing.assert_allclose(found.annotation.ganglia[root].points, drawn.ganglia[root].points)
        assert found.raters == ("A", "B")
        assert found.swaps == ()
        assert found.annotation.notes == ("consensus: the mean of A, B",)

    def test_it_says_between_whom_it_lies_where_they_are_shifted_as_a_whole(self):
        drawn = annotate(COARSE)
        cases = {"15.0 mm (x -15.0, y 0.0, z 0.0)": (-15.0, 0, 0), "6.0 mm (x 0.0, y 0.0, z 6.0)": (0, 0, 6.0)}
        for told, shift in cases.items():
            notes = consensus({"A": drawn, "B": moved(drawn, np.array(shift))}).annotation.notes
            assert notes[1].startswith(f"consensus: B looks shifted as a whole against A by {told}; the mean lies")
        near = consensus({"A": drawn, "B": moved(drawn, np.array([0.6, 0.6, 0]))}).annotation.notes
        assert not any("shifted" in note for note in near)

    def test_names_are_those_of_the_files(self):
        found = consensus({"A": annotate(COARSE), "B": annotate(COARSE)})
        assert set(found.spread) == {
            *(f"cord_{i}" for i in range(1, 34)),
            *(f"dura_{i}" for i in range(1, 41)),
            *(f"{kind}_{root}" for kind in ("nerveroots", "ganglions") for root in ROOTS),
        }
        for name, mean in found.spread.items():
            assert len(mean.points) == len(mean.sd) == len(mean.count), name

    def test_it_is_written_read_and_built(self, tmp_path):
        drawn = annotate(COARSE)
        found = consensus({f"rater{seed}": perturb(drawn, seed) for seed in range(2)})
        write_subject(found.annotation, tmp_path / "sub-phantom")
        again = read_subject(tmp_path, "sub-phantom")
        assert not again.notes
        assert not arrange(again).notes
        for root in ROOTS:
            np.testing.assert_allclose(again.roots[root].points, found.annotation.roots[root].points, atol=1e-9)
        assert len(build(again).centrelines) == len(ROOTS)

    def test_what_some_did_not_draw_comes_from_the_others_and_is_said(self):
        one = annotate(replace(COARSE, missing=(L4_L, L5_L)))
        other, third = annotate(replace(COARSE, missing=(L5_L, L1_L))), annotate(replace(COARSE, missing=(L1_L,)))
        other = replace(other, cord=(), dura=other.dura[3:])
        found = consensus({"A": one, "B": other, "C": third})
        notes = found.annotation.notes
        assert set(found.annotation.roots) == set(ROOTS)
        np.testing.assert_array_equal(found.annotation.roots[L1_L].points, one.roots[L1_L].points)
        assert "root L1_L: drawn by A alone; taken as it is" in notes
        assert "root L4_L: drawn by B, C" in notes
        assert "root L5_L: drawn by C alone; taken as it is" in notes
        assert "ganglion L1_L: drawn by A alone; taken as it is" in notes
        assert "cord: drawn by A, C" in notes
        assert "dura: 3 of 40 contours by some of the annotators only" in notes

    def test_slices_left_out_and_slices_that_differ_are_said(self):
        drawn = annotate(COARSE)
        short = replace(drawn, dura=drawn.dura[2:])
        notes = consensus({"A": drawn, "B": short, "C": short}).annotation.notes
        skipping = replace(drawn, dura=drawn.dura[::2])
        skipped = consensus({"A": drawn, "B": skipping}).annotation.notes
        assert "dura: 19 of 40 slices skipped by some, whose stacks were interpolated" in skipped
        assert "dura: 1 of 40 contours by some of the annotators only" in skipped
        assert "dura: 2 slices left out, reached by fewer than half" in notes
        coarse = annotate(Phantom(slice_spacing_mm=5.5))
        notes = consensus({"A": drawn, "B": coarse}).annotation.notes
        assert "dura: slices differ; on those of A, which cut the stacks of the others" in notes
        assert any(note.startswith("roots paired by arc length, since slices differ: L1_L, L1_R") for note in notes)

    def test_slices_that_differ_still_give_the_closed_form(self):
        found = consensus({"A": annotate(Phantom()), "B": annotate(Phantom(slice_tilt_deg=10.0))})
        for root in ROOTS:
            points = found.annotation.roots[root].points[2:-3]  # not where it turns off the cord
            assert np.linalg.norm(points[:, :2] - root_path(Phantom(), root)(points[:, 2]), axis=1).max() < 0.05
        assert len(arrange(found.annotation).roots) == len(ROOTS)

    def test_no_mean_lies_between_two_roots_whose_names_were_exchanged(self):
        drawn = annotate(COARSE)
        found = consensus({"A": drawn, "B": called(drawn, [(L4_L, L5_L), (L5_L, L4_L)])})
        (swap,) = found.swaps
        assert set(swap.names) == {(L4_L, L5_L), (L5_L, L4_L)}
        told = "roots and ganglia L4_L, L5_L of B averaged as L5_L, L4_L, as A did; who is right only a person can say"
        assert found.renamed == (told,)
        assert found.annotation.notes[-2:] == (str(swap), told)
        for root in ROOTS:
            points = found.annotation.roots[root].points
            np.testing.assert_allclose(points, drawing_of(drawn).roots[root], atol=1e-9)
            np.testing.assert_allclose(found.annotation.ganglia[root].points, drawn.ganglia[root].points)

    def test_ganglia_that_kept_their_names_keep_them(self):
        drawn = annotate(COARSE)
        roots = renamed(drawn.roots, {L4_L: L5_L, L5_L: L4_L})
        found = consensus({"A": drawn, "B": replace(drawn, roots=roots)})
        assert found.renamed[0].startswith("roots L4_L, L5_L of B averaged")
        for root in (L4_L, L5_L):
            np.testing.assert_allclose(found.annotation.roots[root].points, drawing_of(drawn).roots[root], atol=1e-9)
            np.testing.assert_allclose(found.annotation.ganglia[root].points, drawn.ganglia[root].points)

    @pytest.mark.parametrize("odd", ["A", "B", "C"])
    def test_of_three_the_odd_one_is_called_anew(self, odd):
        drawn = annotate(COARSE)
        drawings = dict.fromkeys("ABC", drawn) | {odd: called(drawn, [(L4_L, L5_L), (L5_L, L4_L)])}
        found = consensus(drawings)
        assert len(found.swaps) == 2
        (told,) = found.renamed
        assert f"of {odd} averaged" in told
        assert told.endswith("as most named them")
        points = found.annotation.roots[L4_L].points
        np.testing.assert_allclose(points, drawing_of(drawn).roots[L4_L], atol=1e-9)

    def test_two_exchanges_by_two_annotators_are_both_settled(self):
        drawn, s1, s2 = annotate(COARSE), RootName("S1", "R"), RootName("S2", "R")
        found = consensus({
            "A": drawn,
            "B": called(drawn, [(L4_L, L5_L), (L5_L, L4_L)]),
            "C": called(drawn, [(s1, s2), (s2, s1)]),
        })
        assert sorted(told.split(" averaged")[0][-1] for told in found.renamed) == ["B", "C"]
        for root in (L4_L, L5_L, s1, s2):
            points = found.annotation.roots[root].points
            np.testing.assert_allclose(points, drawing_of(drawn).roots[root], atol=1e-9)

    def test_roots_that_cannot_be_called_anew_are_left_out(self):
        drawing = drawing_of(annotate(COARSE))
        swap = Swap(("A", "B"), ((L4_L, L5_L),), 1.5, 0.1)
        drawings, told = settled({"A": drawing, "B": drawing}, Finder([swap]))
        assert set(drawings["B"].roots) == set(ROOTS) - {L5_L}
        assert told == ("L5_L of B left out of the mean: two of one name",)

    def test_sources_name_the_annotator(self):
        drawn = replace(annotate(Phantom()), sources=(Source("sub-phantom_cord_1.json", "0" * 64),))
        found = consensus({"A": drawn, "B": drawn})
        assert [source.name for source in found.annotation.sources] == [
            "A/sub-phantom_cord_1.json",
            "B/sub-phantom_cord_1.json",
        ]

    def test_a_table_of_roots_alone(self):
        drawn = annotate(COARSE)
        table = Annotation(drawn.subject, drawn.space, (), (), drawn.roots, {})
        found = consensus({"A": table, "B": moved(table, np.array([0.2, 0, 0]))})
        assert not found.annotation.cord
        np.testing.assert_allclose(
            found.annotation.roots[L1_L].points, drawn.roots[L1_L].points + np.array([0.1, 0, 0]), atol=1e-9
        )

    def test_one_annotator_is_no_consensus(self):
        with pytest.raises(InputError, match=r"expected two or more"):
            consensus({"A": annotate(Phantom())})
