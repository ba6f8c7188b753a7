from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spinemodel.agreement.correspondence import shared_slices, slices_of
from spinemodel.agreement.drawing import drawing_of
from spinemodel.agreement.swaps import LESS, find_swaps, renamed
from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.perturb import perturb
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, ROOTS, RootName

PAIR = ("A", "B")
DRAWN = annotate(Phantom(noise_mm=0.1))
AGAIN = [perturb(DRAWN, seed) for seed in range(2)]
SHARED = shared_slices([slices_of(DRAWN)])
L4_L, L5_L = RootName("L4", "L"), RootName("L5", "L")


def swaps(first, second):
    return find_swaps(drawing_of(first).roots, drawing_of(second).roots, PAIR, SHARED)


def roots_only(annotation):
    return Annotation(annotation.subject, annotation.space, (), (), annotation.roots, annotation.ganglia)


def called(annotation, names):
    """The annotation with roots and ganglia called by other names, (old, new) each."""
    roots, ganglia = (renamed(drawn, dict(names)) for drawn in (annotation.roots, annotation.ganglia))
    return replace(annotation, roots=roots, ganglia=ganglia)


def parallel(*x):
    """Upright roots at these x, named L1_L, L2_L, ..."""
    z = np.arange(0, -40, -2.0)
    return {
        RootName(level, "L"): np.column_stack([np.full(20, at), np.zeros(20), z])
        for level, at in zip(LEVELS, x, strict=False)
    }


def test_annotators_who_agree_on_names():
    assert swaps(roots_only(DRAWN), roots_only(DRAWN)) == ()
    for again in AGAIN:
        assert swaps(roots_only(DRAWN), roots_only(again)) == ()


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("level", range(6))
def test_exchanged_neighbours_are_found(level, side):
    one, other = RootName(LEVELS[level], side), RootName(LEVELS[level + 1], side)
    (swap,) = swaps(roots_only(DRAWN), called(roots_only(AGAIN[level % 2]), [(one, other), (other, one)]))
    assert swap.names == ((one, other), (other, one))
    assert swap.raters == PAIR
    assert swap.named_mm > LESS * swap.exchanged_mm
    assert 0.1 < swap.exchanged_mm < 0.7


def test_three_names_in_turn_are_one_finding():
    names = [RootName(level, "R") for level in ("L3", "L4", "L5")]
    turned = called(roots_only(DRAWN), list(zip(names, names[1:] + names[:1], strict=True)))
    (swap,) = swaps(roots_only(DRAWN), turned)
    assert dict(swap.names) == dict(zip(names, names[1:] + names[:1], strict=True))
    assert swap.exchanged_mm == pytest.approx(0, abs=1e-12)
    back = called(turned, [(there, here) for here, there in swap.names])
    assert swaps(roots_only(DRAWN), back) == ()
    for root in ROOTS:
        np.testing.assert_array_equal(back.roots[root].points, DRAWN.roots[root].points)
        np.testing.assert_array_equal(back.ganglia[root].points, DRAWN.ganglia[root].points)


def test_a_side_that_is_off_by_one_level_is_one_finding():
    """One began to count a level lower, and has no name left for the last root."""
    kept = [RootName(level, "L") for level in LEVELS[:-1]]
    off = annotate(Phantom(noise_mm=0.1, missing=(RootName("S2", "L"),)))
    off = called(roots_only(off), [(RootName(a, "L"), RootName(b, "L")) for a, b in pairwise(LEVELS)])
    (swap,) = swaps(roots_only(DRAWN), off)
    assert [pair[0] for pair in swap.names] == kept
    assert [pair[1].level for pair in swap.names] == list(LEVELS[1:])


def test_exchanged_sides_are_found():
    names = [RootName("L3", "L"), RootName("L3", "R")]
    (swap,) = swaps(roots_only(DRAWN), called(roots_only(DRAWN), [tuple(names), tuple(names[::-1])]))
    assert set(swap.names) == {tuple(names), tuple(names[::-1])}


@pytest.mark.parametrize(("offset", "count"), [(0.0, 1), (0.3, 1), (0.6, 1), (0.7, 0), (1.0, 0)])
def test_the_factor_decides(offset, count):
    """Roots 2 mm apart, exchanged, and each drawn ``offset`` towards its name: apart 2 - x by name, x exchanged."""
    found = find_swaps(parallel(0.0, 2.0), parallel(2.0 - offset, 0.0 + offset), PAIR, SHARED)
    assert len(found) == count
    if found:
        assert found[0].named_mm == pytest.approx(2 - offset)
        assert found[0].exchanged_mm == pytest.approx(offset)
        assert (2 - offset) / LESS > offset


def test_it_reads_as_a_sentence():
    (swap,) = find_swaps(parallel(0.0, 2.0), parallel(1.75, 0.25), PAIR, SHARED)
    assert str(swap) == (
        "names look exchanged: L1_L of A is L2_L of B, L2_L of A is L1_L of B (0.25 mm apart; by name 1.75 mm)"
    )


def test_nothing_to_compare():
    assert find_swaps({}, parallel(0.0, 2.0), PAIR, SHARED) == ()
    low = {root: line - [0, 0, 100] for root, line in parallel(2.0, 0.0).items()}
    assert find_swaps(parallel(0.0, 2.0), low, PAIR, SHARED) == ()


def test_one_name_for_two_roots_is_refused():
    with pytest.raises(InputError, match=r"two roots would be called L5_L; exchange the names of both"):
        called(DRAWN, [(L4_L, L5_L)])


def test_a_swap_on_the_real_subject(sub03):
    from spinemodel.io.bids import read_subject

    drawn = roots_only(read_subject(sub03))
    s1, s2 = RootName("S1", "R"), RootName("S2", "R")  # the nearest two, 0.85 mm apart at the narrowest
    turned = called(roots_only(perturb(read_subject(sub03), 3)), [(s1, s2), (s2, s1)])
    shared = shared_slices([slices_of(read_subject(sub03))])
    (swap,) = find_swaps(drawing_of(drawn).roots, drawing_of(turned).roots, PAIR, shared)
    assert set(swap.names) == {(s1, s2), (s2, s1)}
