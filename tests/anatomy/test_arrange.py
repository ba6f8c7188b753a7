from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.arrange import _missing_slices, arrange
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.ordering import contour_order, is_rotation_or_reversal, path_order
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.arrays import FloatArray
from spinemodel.io.bids import read_subject
from spinemodel.levels import SIDES, RootName

L2_L = RootName("L2", "L")


@pytest.fixture(scope="module")
def phantom() -> Annotation:
    return annotate(Phantom(noise_mm=0.1, ganglion_points=2))


@pytest.fixture(scope="module")
def real(sub03: Path) -> Annotation:
    return read_subject(sub03)


def every(annotation: Annotation, change: Callable[[FloatArray], FloatArray]) -> Annotation:
    def of(markers: Markers) -> Markers:
        return Markers(change(markers.points), markers.source)

    return replace(
        annotation,
        cord=tuple(map(of, annotation.cord)),
        dura=tuple(map(of, annotation.dura)),
        roots={name: of(markers) for name, markers in annotation.roots.items()},
        ganglia={name: of(markers) for name, markers in annotation.ganglia.items()},
    )


def require_equal_loops(one: tuple[Markers, ...], other: tuple[Markers, ...]) -> None:
    assert [m.source for m in one] == [m.source for m in other]
    for a, b in zip(one, other, strict=True):
        start = int(np.flatnonzero((b.points == a.points[0]).all(axis=1))[0])
        assert np.array_equal(a.points, np.roll(b.points, -start, axis=0)), a.source


def signed_area(points: FloatArray) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_the_real_subject_needs_one_correction(real: Annotation) -> None:
    found = arrange(real)
    assert found.notes == ("sub-03_nerveroots_L2_L.json: points were stored out of order; sorted along the root",)
    assert (len(found.cord), len(found.dura), len(found.roots), len(found.ganglia)) == (66, 80, 14, 14)


def test_the_real_stacks_rise_by_a_slice_and_run_anticlockwise(real: Annotation) -> None:
    found = arrange(real)
    for stack in (found.cord, found.dura):
        heights = np.array([contour.points[:, 2].mean() for contour in stack])
        assert np.diff(heights) == pytest.approx(2.0, abs=0.01)
        assert min(signed_area(contour.points) for contour in stack) > 0


def test_the_real_roots_descend_slice_by_slice(real: Annotation) -> None:
    for strand in arrange(real).roots.values():
        assert np.diff(strand.points[:, 2]) == pytest.approx(-2.0, abs=0.01), strand.source


@pytest.mark.parametrize("seed", range(3))
def test_order_of_points_and_files_means_nothing(phantom: Annotation, seed: int) -> None:
    random = np.random.default_rng(seed)
    shuffled = every(phantom, random.permutation)
    shuffled = replace(
        shuffled,
        cord=tuple(shuffled.cord[i] for i in random.permutation(len(shuffled.cord))),
        dura=tuple(shuffled.dura[i] for i in random.permutation(len(shuffled.dura))),
    )
    found, expected = arrange(shuffled), arrange(phantom)
    require_equal_loops(found.cord, expected.cord)
    require_equal_loops(found.dura, expected.dura)
    for name, strand in expected.roots.items():
        assert np.array_equal(found.roots[name].points, strand.points)
        assert np.array_equal(found.ganglia[name].points, expected.ganglia[name].points)


def test_reversal_and_another_start_are_not_worth_a_note(phantom: Annotation) -> None:
    assert arrange(every(phantom, lambda points: points[::-1])).notes == ()
    contours = tuple(Markers(np.roll(m.points, 5, axis=0), m.source) for m in phantom.dura)
    assert arrange(replace(phantom, dura=contours)).notes == ()


def test_a_contour_out_of_order_is_sorted_and_noted(phantom: Annotation) -> None:
    first = phantom.dura[3]
    swapped = Markers(first.points[[1, 0, *range(2, len(first.points))]], first.source)
    found = arrange(replace(phantom, dura=(*phantom.dura[:3], swapped, *phantom.dura[4:])))
    require_equal_loops(found.dura, arrange(phantom).dura)
    assert found.notes == (f"{first.source}: points were stored out of order; sorted round the contour",)


def test_coincident_points_are_left_out_and_noted(phantom: Annotation) -> None:
    root, contour = phantom.roots[L2_L], phantom.cord[7]
    roots = {**phantom.roots, L2_L: Markers(np.repeat(root.points, 2, axis=0), root.source)}
    again = Markers(np.vstack([contour.points, contour.points[2] + 1e-5]), contour.source)
    found = arrange(replace(phantom, roots=roots, cord=(*phantom.cord[:7], again, *phantom.cord[8:])))
    assert f"{root.source}: {len(root.points)} coincident points left out" in found.notes
    assert f"{contour.source}: 1 coincident point left out" in found.notes
    assert np.array_equal(found.roots[L2_L].points, arrange(phantom).roots[L2_L].points)


def test_a_copied_contour_is_left_out_and_noted(phantom: Annotation) -> None:
    copy = Markers(phantom.dura[4].points[::-1], "sub-phantom_dura_99.json")
    found = arrange(replace(phantom, dura=(*phantom.dura, copy)))
    require_equal_loops(found.dura, arrange(phantom).dura)
    assert found.notes == (f"sub-phantom_dura_99.json: the same points as {phantom.dura[4].source}; left out",)


def test_missing_slices_are_noted(phantom: Annotation) -> None:
    found = arrange(replace(phantom, dura=phantom.dura[:10] + phantom.dura[12:]))
    (note,) = found.notes
    assert note.startswith("dura: no contour over 6.0 mm between sub-phantom_dura_")


def test_a_contour_that_lies_aside_leaves_no_gap(phantom: Annotation) -> None:
    stack = list(arrange(phantom).cord)
    stack[30] = Markers(stack[30].points + np.array([3.0, 0.0, 0.0]), stack[30].source)
    assert _missing_slices("cord", stack) == []
    assert len(_missing_slices("cord", stack[:30] + stack[31:])) == 1


@pytest.mark.parametrize("which", ["phantom", "real"])
@pytest.mark.parametrize(
    ("part", "note"),
    [
        (slice(4, None), "root L5_L begins {} mm below L5_R: are its first points missing?"),
        (slice(None, -4), "root L5_L ends {} mm above L5_R: are its last points missing?"),
    ],
)
def test_a_root_shorter_than_its_partner_is_noted(
    which: str, part: slice, note: str, request: pytest.FixtureRequest
) -> None:
    subject: Annotation = request.getfixturevalue(which)
    whole, name = arrange(subject), RootName("L5", "L")
    cut = Markers(whole.roots[name].points[part], whole.roots[name].source)
    tops = [whole.roots[RootName("L5", side)].points[:, 2].max() for side in SIDES]
    rise = tops[1] - tops[0] + 8 if "begins" in note else 8
    found = arrange(replace(subject, roots={**subject.roots, name: cut}))
    assert note.format(f"{rise:.1f}") in found.notes


def test_without_roots_and_ganglia_the_frame_is_said_to_be_unverified(phantom: Annotation) -> None:
    (note,) = arrange(replace(phantom, roots={}, ganglia={})).notes
    assert note.startswith("no roots and no ganglia: nothing tells left from right")


def test_missing_levels_sides_and_ganglia_are_no_fault(phantom: Annotation) -> None:
    few = replace(phantom, roots={L2_L: phantom.roots[L2_L]}, ganglia={})
    assert list(arrange(few).roots) == [L2_L]


def test_a_root_that_turns_upwards_keeps_its_course(phantom: Annotation) -> None:
    points = np.array(phantom.roots[L2_L].points)[:-8]
    down, out = points[-1] - points[-2], points[-1] - [-6.4, points[-1, 1], points[-1, 2]]
    down, out = down / np.linalg.norm(down), out / np.linalg.norm(out)
    angle = np.linspace(0, 0.75 * np.pi, 8)[1:, None]
    bend = points[-1] + 5 * (np.sin(angle) * down + (1 - np.cos(angle)) * out)
    course = np.vstack([points, bend])
    assert (np.diff(course[:, 2]) > 0).any()
    roots = {**phantom.roots, L2_L: Markers(np.random.default_rng(0).permutation(course), "root.json")}
    assert np.array_equal(arrange(replace(phantom, roots=roots)).roots[L2_L].points, course)


def test_two_ganglion_points_run_outwards(phantom: Annotation) -> None:
    found = arrange(phantom)
    for name, ganglion in found.ganglia.items():
        near, far = np.linalg.norm(ganglion.points - found.roots[name].points[-1], axis=1)
        assert near < far


def test_a_crescent_keeps_its_stored_order() -> None:
    angle = np.linspace(0.2, 1.5 * np.pi, 14)
    outer = np.column_stack([8 * np.cos(angle), 8 * np.sin(angle), 0 * angle])
    inner = np.column_stack([6 * np.cos(angle), 6 * np.sin(angle), 0 * angle])[::-1]
    order = contour_order(np.vstack([outer, inner]))
    assert is_rotation_or_reversal(order)
    assert is_rotation_or_reversal(contour_order(np.vstack([outer, inner])[::-1]))


@pytest.mark.parametrize("seed", range(5))
def test_the_path_is_the_shortest_of_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = np.cumsum(random.normal([0, 0, 1.5], 0.6, (7, 3)), axis=0)
    shuffled = random.permutation(points)
    shortest = min(arc_length(shuffled[list(order)])[-1] for order in permutations(range(7)))
    assert arc_length(shuffled[path_order(shuffled, start=0)])[-1] == pytest.approx(shortest)


def test_the_stack_is_sorted_along_its_own_axis() -> None:
    found = arrange(annotate(Phantom(slice_tilt_deg=20.0)))
    for low, high in pairwise(found.dura):
        assert low.points.mean(axis=0)[2] < high.points.mean(axis=0)[2]
