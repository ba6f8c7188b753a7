from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spinemodel.agreement.contours import compare_contours, summarise
from spinemodel.agreement.correspondence import ordered, shared_slices, slices_of
from spinemodel.agreement.drawing import drawing_of
from spinemodel.agreement.marker_agreement import compare
from spinemodel.agreement.roots import compare_roots, pooled
from spinemodel.agreement.slice_levels import segment_of_slices
from spinemodel.agreement.swaps import renamed
from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.perturb import EDGE_MM, perturb, sizes_of
from spinemodel.anatomy.phantom import COURSES, Phantom, annotate
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.io.bids import read_subject
from spinemodel.levels import LEVELS, ROOTS, RootName

L3_R, L4_L, L5_L = RootName("L3", "R"), RootName("L4", "L"), RootName("L5", "L")
SLICES = {"slice_spacing_mm": 4.0}
DRAWN = annotate(Phantom(**SLICES))


def called(annotation, names):
    """The annotation with roots and ganglia called by other names, (old, new) each."""
    roots, ganglia = (renamed(drawn, dict(names)) for drawn in (annotation.roots, annotation.ganglia))
    return replace(annotation, roots=roots, ganglia=ganglia)


def moved(annotation, factors=(1.0, 1.0, 1.0), shift=(0.0, 0.0, 0.0)):
    """Everything scaled by coordinate and shifted."""
    def markers(m):
        return Markers(m.points * factors + shift, m.source)

    return replace(
        annotation,
        cord=tuple(map(markers, annotation.cord)),
        dura=tuple(map(markers, annotation.dura)),
        roots={root: markers(m) for root, m in annotation.roots.items()},
        ganglia={root: markers(m) for root, m in annotation.ganglia.items()},
    )


def of(agreements, *raters):
    return [agreement for agreement in agreements if agreement.raters == raters]


@pytest.fixture(scope="module")
def three():
    """Annotators beside the truth by 0.3 mm to the right, 0.4 mm to the front, and not at all."""
    return compare({"A": moved(DRAWN, shift=(0.3, 0, 0)), "B": moved(DRAWN, shift=(0, 0.4, 0)), "C": DRAWN})


def test_every_pair_and_the_consensus_are_compared(three):
    pairs = [("A", "B"), ("A", "C"), ("A", "consensus"), ("B", "C"), ("B", "consensus"), ("C", "consensus")]
    assert list(dict.fromkeys(root.raters for root in three.roots)) == pairs
    assert list(dict.fromkeys(contour.raters for contour in three.contours)) == pairs
    assert list(dict.fromkeys(ganglion.raters for ganglion in three.ganglia)) == pairs
    assert three.pairs == (("A", "B"), ("A", "C"), ("B", "C"))
    assert (three.subject, three.space, three.raters) == ("sub-phantom", "sub-phantom/scanner", ("A", "B", "C"))


@pytest.mark.parametrize(
    ("raters", "distance"),
    [
        (("A", "B"), 0.5),
        (("A", "C"), 0.3),
        (("B", "C"), 0.4),
        (("C", "consensus"), np.hypot(0.1, 0.4 / 3)),
        (("A", "consensus"), np.hypot(0.2, 0.4 / 3)),
    ],
)
def test_known_shifts_are_found_everywhere(three, raters, distance):
    for root in of(three.roots, *raters):
        np.testing.assert_allclose(root.distances, distance)
        assert root.unmatched == (0, 0)
    for ganglion in of(three.ganglia, *raters):
        assert ganglion.mean == pytest.approx(distance)
    contours = of(three.contours, *raters)
    assert len(contours) == len(DRAWN.cord) + len(DRAWN.dura)
    for contour in contours:
        assert contour.shift_mm == pytest.approx(distance, abs=0.01)
        assert contour.largest_mm == pytest.approx(distance, abs=0.05)
        assert contour.mean_mm < distance


def test_an_annotator_and_their_own_copy():
    found = compare({"A": DRAWN, "B": DRAWN})
    assert pooled(of(found.roots, "A", "B")).largest == 0
    assert summarise(of(found.contours, "A", "B")).largest_mm == pytest.approx(0, abs=1e-12)
    assert summarise(of(found.contours, "A", "B")).dice == pytest.approx(1)
    assert found.missing == found.only_in == {"A": (), "B": ()}
    assert not found.consensus.swaps
    assert not found.unmatched


@pytest.fixture(scope="module")
def real(sub03):
    """Sub-03, and a copy of it drawn again at random."""
    drawn = read_subject(sub03)
    return compare({"A": drawn, "B": perturb(drawn, 1)})


def test_two_lie_half_their_distance_from_their_mean(real):
    between, *halves = (pooled(of(real.roots, *pair)) for pair in (("A", "B"), ("A", "consensus"), ("B", "consensus")))
    edge = summarise(of(real.contours, "A", "B"))
    for half, rater in zip(halves, "AB", strict=True):
        assert half.mean == pytest.approx(between.mean / 2)
        assert summarise(of(real.contours, rater, "consensus")).mean_mm == pytest.approx(edge.mean_mm / 2, rel=0.05)


def test_sub_03_against_a_perturbed_copy_of_itself(real):
    assert {root.correspondence for root in real.roots} == {"slice"}
    assert {root.unmatched for root in real.roots} == {(0, 0)}
    assert len(of(real.roots, "A", "B")) == 14
    assert len(of(real.contours, "A", "B")) == 146
    assert (real.consensus.swaps, real.unmatched, real.notes) == ((), (), ())
    assert {c.level for c in of(real.contours, "A", "B")} >= {"T12", *LEVELS}


def test_perturbations_of_sub_03_have_the_size_they_were_drawn_with(sub03):
    """A root's distance is Rayleigh with the SD of its level, with mean SD sqrt(pi / 2).

    Roots of a side wander together and keep clear of cord and dura, which takes some of it: a draw is one sample, and
    the truth lies within 3 SE of the draws' mean, widened by 0.1.
    """
    drawn = read_subject(sub03)
    shared = shared_slices([slices_of(drawn)])
    lines = [_lines(a) for a in (drawn, *(perturb(drawn, seed) for seed in range(5)))]
    ratio = []
    for moved_lines in lines[1:]:
        found = compare_roots(lines[0], moved_lines, ("A", "B"), shared)
        levels = {level: pooled(each for each in found if each.root.level == level).mean for level in LEVELS}
        ratio.append(np.mean([levels[v] / sizes_of(None).roots[v] / np.sqrt(np.pi / 2) for v in LEVELS]))
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.1 + 3 * np.std(ratio, ddof=1) / np.sqrt(len(ratio)))


def _lines(annotation):
    return {root: ordered(annotation.roots[root].points) for root in ROOTS}


def test_edges_have_the_size_they_were_drawn_with():
    """Across the edge a perturbation is Gaussian, of the mean size SD sqrt(2 / pi); nothing holds the dura's."""
    drawn = drawing_of(DRAWN).stacks["dura"]
    shared = shared_slices([slices_of(DRAWN)])
    means = []
    for seed in range(6):
        other = drawing_of(replace(perturb(DRAWN, seed), cord=(), roots={}, ganglia={})).stacks["dura"]
        means.append(summarise(compare_contours("dura", ("A", "B"), (drawn, other), shared)[0]).mean_mm)
    expected = EDGE_MM * np.sqrt(2 / np.pi)
    assert np.mean(means) == pytest.approx(expected, abs=0.03 * expected + 3 * np.std(means, ddof=1) / np.sqrt(6))


def test_missing_and_extra_structures_are_listed():
    one = annotate(Phantom(missing=(L3_R,), **SLICES))
    other = replace(annotate(Phantom(missing=(L4_L,), **SLICES)), dura=DRAWN.dura[2:], cord=())
    found = compare({"A": one, "B": other, "C": DRAWN})
    assert found.missing == {
        "A": ("root L3_R", "ganglion L3_R"),
        "B": ("cord", "root L4_L", "ganglion L4_L"),
        "C": (),
    }
    assert found.only_in == {"A": (), "B": (), "C": ()}
    assert [(c.structure, c.raters, c.other) for c in found.unmatched] == [("dura", ("A", "C"), "B")] * 2
    two = compare({"A": one, "B": other})
    assert two.only_in == {
        "A": ("cord", "root L4_L", "ganglion L4_L"),
        "B": ("root L3_R", "ganglion L3_R"),
    }
    assert {root.root for root in of(two.roots, "A", "B")} == set(ROOTS) - {L3_R, L4_L}
    assert {root.root for root in of(two.roots, "B", "consensus")} == set(ROOTS) - {L4_L}


def test_exchanged_names_are_reported_and_distances_are_by_name():
    found = compare({"A": DRAWN, "B": called(DRAWN, [(L4_L, L5_L), (L5_L, L4_L)])})
    assert set(found.consensus.swaps[0].names) == {(L4_L, L5_L), (L5_L, L4_L)}
    by_root = {each.root: each.mean for each in of(found.roots, "A", "B")}
    assert by_root[L4_L] > 0.5
    assert by_root[L3_R] == 0


@pytest.mark.parametrize(
    ("shift", "what", "size"),
    [
        ((15.0, 0, 0), "roots, cord, dura, ganglia", "15.00 mm (x 15.00, y 0.00, z 0.00; SD 0.00)"),
        ((0.9, -1.2, 0), "roots, cord, dura, ganglia", "1.50 mm (x 0.90, y -1.20, z 0.00; SD 0.00)"),
        ((0, 0, 10.0), "ganglia, ends of roots and contours", "10.00 mm (x 0.00, y 0.00, z 10.00; SD 0.00)"),
        ((0, 5.0, 7.0), "ends of roots and contours", "7.00 mm (x 0.00, y 0.00, z 7.00; SD 0.00)"),
    ],
)
def test_a_shift_of_the_whole_is_told(shift, what, size):
    (note,) = (note for note in compare({"A": DRAWN, "B": moved(DRAWN, shift=shift)}).notes if "shifted" in note)
    assert note.startswith("B against A: ")
    assert f"{what} look shifted as a whole by {size}" in note
    assert note.endswith("; are both drawn on one scan, in one frame?")


def test_scatter_and_small_bias_are_no_shift_of_the_whole():
    assert not compare({"A": DRAWN, "B": DRAWN}).notes
    noisy = [annotate(Phantom(noise_mm=0.3, seed=seed, **SLICES)) for seed in range(2)]
    assert not compare({"A": noisy[0], "B": moved(noisy[1], shift=(0.4, 0, 0))}).notes
    assert not compare({"A": DRAWN, "B": moved(DRAWN, shift=(0.6, 0.7, 0))}).notes  # 0.92 mm
    half = annotate(Phantom(slice_spacing_mm=2.0))
    assert not compare({"A": DRAWN, "B": half}).notes


def test_stored_order_changes_nothing():
    other, random = perturb(DRAWN, 2), np.random.default_rng(1)
    turned = replace(
        other,
        cord=other.cord[::-1],
        dura=tuple(replace(m, points=np.roll(m.points[::-1], 3, axis=0)) for m in other.dura),
        roots={name: replace(m, points=random.permutation(m.points)) for name, m in other.roots.items()},
    )
    one, two = (compare({"A": DRAWN, "B": b}) for b in (other, turned))
    for a, b in zip(one.roots, two.roots, strict=True):
        np.testing.assert_allclose(a.distances, b.distances, atol=1e-9)
    for a, b in zip(one.contours, two.contours, strict=True):
        assert (a.structure, a.raters, a.level) == (b.structure, b.raters, b.level)
        assert b.mean_mm == pytest.approx(a.mean_mm, abs=0.005)


def test_slices_are_named_after_the_segment_whose_roots_enter_there():
    found = compare({"A": DRAWN, "B": DRAWN})
    phantom = Phantom()
    for level in LEVELS:
        entry = phantom.tip_z + COURSES[level].entry_above_tip
        near = min(of(found.contours, "A", "B"), key=lambda contour: abs(contour.z - entry))
        assert near.level == level
    assert {c.level for c in found.contours if c.z < phantom.tip_z - 2} == {None}


def test_segments_that_cannot_be_told():
    drawings = [drawing_of(replace(DRAWN, roots={}, ganglia={}))]
    level_at, notes = segment_of_slices(drawings, np.array([0.0, 0, 1]))
    assert level_at(np.array([0.0, 0, -420])) is None
    assert notes == ("no spinal segment told: no annotator drew both roots and cord",)
    turned = drawing_of(called(DRAWN, [(RootName("L2", s), RootName("L5", s)) for s in "LR"]
                                + [(RootName("L5", s), RootName("L2", s)) for s in "LR"]))
    level_at, notes = segment_of_slices([turned], shared_slices([turned.slices]).normal)
    assert level_at(np.array([0.0, 0, -420])) is None
    assert "the roots of L3 enter" in notes[0]


def test_a_table_of_roots_beside_a_whole_annotation():
    table = Annotation(DRAWN.subject, DRAWN.space, (), (), moved(DRAWN, shift=(0.2, 0, 0)).roots, {})
    found = compare({"A": DRAWN, "B": table})
    assert pooled(of(found.roots, "A", "B")).mean == pytest.approx(0.2)
    assert found.missing["B"][:2] == ("dura", "cord")
    assert not of(found.contours, "A", "B")
    assert len(of(found.contours, "A", "consensus")) == len(DRAWN.cord) + len(DRAWN.dura)


class TestRefused:
    def test_one_annotation_or_a_reserved_name(self):
        with pytest.raises(InputError, match=r"got annotations by A; expected two or more"):
            compare({"A": DRAWN})
        with pytest.raises(InputError, match=r"by names other than consensus"):
            compare({"A": DRAWN, "consensus": DRAWN})

    def test_an_empty_annotation(self):
        empty = Annotation(DRAWN.subject, DRAWN.space, (), (), {}, {})
        with pytest.raises(InputError, match=r"^B: holds no contour, no root and no ganglion; draw something"):
            compare({"A": DRAWN, "B": empty})

    def test_two_subjects(self):
        with pytest.raises(InputError, match=r"B: is sub-04, and A is sub-phantom; expected one subject"):
            compare({"A": DRAWN, "B": replace(DRAWN, subject="sub-04")})

    def test_two_spaces(self):
        with pytest.raises(SpaceMismatchError, match=r"different spaces combined: sub-phantom/scanner, template"):
            compare({"A": DRAWN, "B": replace(DRAWN, space="template")})

    def test_the_other_frame(self):
        with pytest.raises(SpaceMismatchError, match=r"B: lies 11\d mm beside A.*with x and y negated it fits"):
            compare({"A": DRAWN, "B": moved(DRAWN, (-1, -1, 1))})

    def test_the_other_unit(self):
        with pytest.raises(SpaceMismatchError, match=r"B: lies \d+ mm beside A.*times 1000 it fits"):
            compare({"A": DRAWN, "B": moved(DRAWN, (1e-3, 1e-3, 1e-3))})

    def test_another_scan(self):
        with pytest.raises(SpaceMismatchError, match=r"B: lies 40 mm beside A.*are both drawn on one scan\?"):
            compare({"A": DRAWN, "B": moved(DRAWN, shift=(40.0, 0, 0))})

    @pytest.mark.parametrize("up", [20.0, -20.0, 100.0, 150.0])
    def test_a_shift_along_the_spine(self, up):
        with pytest.raises(SpaceMismatchError, match=rf"^B: lies off A as a whole by {abs(up)} mm .*z {up}\);"):
            compare({"A": DRAWN, "B": moved(DRAWN, shift=(0, 0, up))})

    @pytest.mark.parametrize("left", [{"roots": {}}, {"ganglia": {}}, {"dura": (), "cord": ()}])
    def test_a_shift_along_the_spine_of_some_structures(self, left):
        drawn = replace(DRAWN, **left)
        with pytest.raises(SpaceMismatchError, match=r"^B: lies off A as a whole by 30.0 mm"):
            compare({"A": drawn, "B": moved(drawn, shift=(0, 0, 30.0))})

    def test_a_shift_of_one_who_scatters_and_drew_less(self):
        other = moved(annotate(Phantom(noise_mm=0.5, seed=1, **SLICES)), shift=(3.0, 0, -40.0))
        some = {root: markers for root, markers in other.roots.items() if root.side == "L"}
        with pytest.raises(SpaceMismatchError, match=r"^C: lies off A as a whole by 40\.\d mm"):
            compare({"A": DRAWN, "B": DRAWN, "C": replace(other, roots=some, dura=other.dura[5:-8])})

    def test_another_stretch_of_the_same_is_no_shift(self):
        def stretch(low, high):
            def within(m):
                return Markers(m.points[(m.points[:, 2] > low) & (m.points[:, 2] < high)], m.source)

            cut = {root: markers for root, markers in ((r, within(m)) for r, m in DRAWN.roots.items())
                   if len(markers.points) > 2}
            kept = {name: tuple(c for c in getattr(DRAWN, name) if low < c.points[:, 2].mean() < high)
                    for name in ("dura", "cord")}
            return replace(DRAWN, roots=cut, ganglia={}, **kept)

        top = max(float(c.points[:, 2].max()) for c in DRAWN.dura)
        found = compare({"A": stretch(top - 90, top), "B": stretch(top - 120, top - 30)})
        assert pooled(of(found.roots, "A", "B")).largest < 1e-6
        assert not any("lies between them" in note for note in found.consensus.annotation.notes)

    def test_levels_called_by_the_next_ones_names_are_no_shift(self):
        down = [(RootName(a, s), RootName(b, s)) for a, b in pairwise(LEVELS[1:]) for s in "LR"]
        roots = {root: m for root, m in DRAWN.roots.items() if root.level in LEVELS[1:-1]}
        fewer = replace(DRAWN, roots=roots, ganglia={r: DRAWN.ganglia[r] for r in roots if r in DRAWN.ganglia})
        assert compare({"A": DRAWN, "B": called(fewer, down)}).consensus.swaps

    @pytest.mark.parametrize("what", ["dura", "cord", "roots", "ganglia"])
    def test_a_stray_point_is_named(self, what):
        stray = np.array([500.0, 0, 0])

        def strayed(markers, at):
            here = np.arange(len(markers.points)) == at
            return Markers(markers.points + np.where(here[:, None], stray, 0), "it.json")

        if what in ("dura", "cord"):
            own = {what: (strayed(getattr(DRAWN, what)[0], 3), *getattr(DRAWN, what)[1:])}
        elif what == "roots":
            own = {what: {**DRAWN.roots, L3_R: strayed(DRAWN.roots[L3_R], 3)}}
        else:
            pair = DRAWN.ganglia[L3_R].points[:1] + np.array([[0, 0, 0], [0, 0, 2.0]])
            own = {what: {**DRAWN.ganglia, L3_R: strayed(Markers(pair, ""), 1)}}
        number = 2 if what == "ganglia" else 4
        noun = {"roots": "root", "ganglia": "ganglion"}.get(what, f"{what} contour")
        said = rf"^B: it\.json: point {number} lies \d+ mm from the nearest other point of its {noun}; move it"
        with pytest.raises(InputError, match=said):
            compare({"A": DRAWN, "B": replace(DRAWN, **own)})

    def test_a_root_marked_at_its_ends_alone_has_no_stray_point(self):
        ends = {root: Markers(m.points[[0, -1]], m.source) for root, m in DRAWN.roots.items()}
        assert compare({"A": DRAWN, "B": replace(DRAWN, roots=ends)})

    def test_slices_that_do_not_overlap(self):
        with pytest.raises(InputError, match=r"B: its slices do not overlap with those of A, and lie 244 mm"):
            compare({"A": DRAWN, "B": moved(DRAWN, shift=(0, 0, 400.0))})

    def test_ganglia_do_not_bridge_slices_that_do_not_overlap(self):
        """The phantom's dura is 156 mm high; with the ganglia it spans 300."""
        above = moved(DRAWN, shift=(0, 0, 200.0))
        with pytest.raises(InputError, match=r"B: its slices do not overlap with those of A, and lie \d\d mm above"):
            compare({"A": DRAWN, "B": above})
        roots = {"A": replace(DRAWN, cord=(), dura=()), "B": replace(above, cord=(), dura=())}
        with pytest.raises(InputError, match=r"B: its slices do not overlap"):
            compare(roots)

    def test_of_three_the_one_that_fits_nobody_is_named(self):
        above = moved(DRAWN, shift=(0, 0, 400.0))
        for odd in "ABC":
            with pytest.raises(InputError, match=rf"^{odd}: its slices do not overlap"):
                compare({rater: above if rater == odd else DRAWN for rater in "ABC"})

    def test_the_other_unit_far_up_the_spine(self):
        one = moved(DRAWN, shift=(6.4, 53.2, 0))
        with pytest.raises(InputError, match=r"B: its slices do not overlap.*times 1000 it fits"):
            compare({"A": one, "B": moved(one, (1e-3, 1e-3, 1e-3))})

    def test_nothing_in_common(self):
        roots = Annotation(DRAWN.subject, DRAWN.space, (), (), DRAWN.roots, {})
        contours = replace(DRAWN, roots={}, ganglia={})
        with pytest.raises(InputError, match=r"B: drew dura, cord, and A drew root L1_L.*a structure that both drew"):
            compare({"A": roots, "B": contours})

    def test_two_that_share_nothing_are_compared_through_a_third(self):
        roots = Annotation(DRAWN.subject, DRAWN.space, (), (), DRAWN.roots, {})
        found = compare({"A": roots, "B": replace(DRAWN, roots={}, ganglia={}), "C": DRAWN})
        assert not of(found.roots, "A", "B")
        assert len(of(found.roots, "A", "C")) == len(ROOTS)
        assert len(of(found.contours, "B", "C")) == len(DRAWN.cord) + len(DRAWN.dura)

    def test_the_file_of_a_contour_of_two_points_is_named_with_its_annotator(self):
        dura = (Markers(DRAWN.dura[0].points[:2], "sub-phantom_dura_1.json"), *DRAWN.dura[1:])
        with pytest.raises(InputError, match=r"^B: sub-phantom_dura_1.json: 2 different points"):
            compare({"A": DRAWN, "B": replace(DRAWN, dura=dura)})

    def test_a_third_that_does_not_fit_is_named(self):
        with pytest.raises(SpaceMismatchError, match=r"^C: lies"):
            compare({"A": DRAWN, "B": DRAWN, "C": moved(DRAWN, (-1, -1, 1))})

    def test_messages_are_one_line(self):
        for other in (moved(DRAWN, (-1, -1, 1)), moved(DRAWN, shift=(0, 0, 400.0))):
            with pytest.raises((InputError, SpaceMismatchError)) as caught:
                compare({"A": DRAWN, "B": other})
            assert "\n" not in str(caught.value)
