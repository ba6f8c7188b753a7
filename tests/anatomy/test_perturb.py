from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.build import build
from spinemodel.anatomy.clearance import LEAST_MM, keep_clear
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.ordering import plane_normal
from spinemodel.anatomy.perturb import (
    CORRELATION_MM,
    GANGLION_MM,
    perturb,
    sizes_of,
    wander,
)
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.stack import body_frame, outside, stack
from spinemodel.errors import InputError
from spinemodel.io.bids import read_subject
from spinemodel.levels import LEVELS, ROOTS, RootName
from tests.shapes import circle

WIDE = Phantom(dura_top_mm=(13, 12), dura_bottom_mm=(14, 13), slice_spacing_mm=10.0, cord_points=9, dura_points=9)
"""Has room, so that little is held at a clearance, and few slices."""


INNER = slice(2, -1)
"""A root's markers away from the cord and from the dura's wall."""


def every(annotation: Annotation):
    """All marker files, in order."""
    return [*annotation.cord, *annotation.dura, *annotation.roots.values(), *annotation.ganglia.values()]


def offset(a: Annotation, b: Annotation, root: RootName):
    """How far a root's inner markers moved, (n, 3) mm."""
    return (b.roots[root].points - a.roots[root].points)[INNER]


def moved(a: Annotation, b: Annotation) -> float:
    return max(np.abs(one.points - other.points).max() for one, other in zip(every(a), every(b), strict=True))


def clearances(annotation: Annotation):
    """Of the cord in the dura, and of the roots from both, mm in the slice."""
    frame = body_frame((*annotation.cord, *annotation.dura))
    cord, dura = stack(annotation.cord, frame), stack(annotation.dura, frame)
    of_cord = np.concatenate([-outside(dura, contour.points @ frame.T) for contour in annotation.cord])
    roots = np.vstack([root.points for root in annotation.roots.values()]) @ frame.T
    return of_cord, outside(cord, roots), -outside(dura, roots)


@pytest.fixture(scope="module")
def draws():
    """Many other annotations of one phantom with room."""
    drawn = annotate(WIDE)
    return drawn, [perturb(drawn, seed) for seed in range(40)]


def test_size_zero_is_the_identity():
    drawn = annotate(Phantom(noise_mm=0.1))
    same = perturb(drawn, 5, 0.0)
    for one, other in zip(every(drawn), every(same), strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        assert one.source == other.source


def test_a_seed_gives_the_same_bytes_and_another_does_not():
    drawn = annotate(Phantom())
    for one, other in zip(every(perturb(drawn, 7)), every(perturb(drawn, 7)), strict=True):
        assert one.points.tobytes() == other.points.tobytes()
    assert moved(perturb(drawn, 7), perturb(drawn, 8)) > 0.1


def test_a_missing_root_changes_no_other():
    gone = (RootName("L3", "L"), RootName("S2", "R"))
    whole, part = (perturb(annotate(Phantom(noise_mm=0.1, missing=missing)), 3) for missing in ((), gone))
    for root in set(ROOTS) - set(gone):
        np.testing.assert_array_equal(whole.roots[root].points, part.roots[root].points)
        np.testing.assert_array_equal(whole.ganglia[root].points, part.ganglia[root].points)
    for one, other in zip((*whole.cord, *whole.dura), (*part.cord, *part.dura), strict=True):
        np.testing.assert_array_equal(one.points, other.points)


def test_stored_order_changes_nothing():
    drawn = annotate(Phantom())
    turned = replace(
        drawn,
        cord=drawn.cord[::-1],
        roots={name: replace(root, points=root.points[::-1]) for name, root in drawn.roots.items()},
    )
    one, other = perturb(drawn, 1), perturb(turned, 1)
    for name, root in one.roots.items():
        np.testing.assert_allclose(root.points, other.roots[name].points[::-1], atol=1e-9)
    for a, b in zip(one.cord, other.cord[::-1], strict=True):
        np.testing.assert_allclose(a.points, b.points, atol=1e-9)


def test_the_process_has_the_stated_size_and_correlation():
    s = np.array([0.0, 10, 20, 40, 80])
    values = np.array([wander(s, np.random.default_rng(seed), 1)[:, 0] for seed in range(4000)])
    assert np.abs(values.mean(axis=0)).max() < 4 / np.sqrt(4000)
    expected = np.exp(-((s[:, None] - s) ** 2) / (2 * CORRELATION_MM**2))
    assert values.T @ values / 4000 == pytest.approx(expected, abs=4 * np.sqrt(2 / 4000))


def test_the_process_is_that_of_a_place():
    s = np.linspace(0, 90, 46)
    random = np.random.default_rng
    np.testing.assert_allclose(wander(s, random(1))[::5], wander(s[::5], random(1)), atol=1e-12)


def test_roots_move_by_the_size_of_their_level_and_not_to_one_side(draws):
    drawn, others = draws
    for level in LEVELS:
        names = [RootName(level, side) for side in "LR"]
        offsets = np.array([[offset(drawn, other, name) for name in names] for other in others])
        of_draws = offsets[..., :2].mean(axis=2)
        assert np.sqrt((offsets[..., :2] ** 2).mean()) == pytest.approx(sizes_of(None).roots[level], rel=0.2)
        assert np.abs(of_draws.mean(axis=(0, 1))).max() < 4 * of_draws.std() / np.sqrt(of_draws[..., 0].size)
        assert np.abs(offsets[..., 2]).max() == 0


def test_roots_wander_over_the_stated_length(draws):
    drawn, others = draws
    name = RootName("S1", "R")
    s = arc_length(drawn.roots[name].points[INNER])
    x = np.array([offset(drawn, other, name)[:, 0] for other in others])
    lag = int(np.abs(s - s[0] - CORRELATION_MM).argmin())
    pairs = (x[:, :-lag] * x[:, lag:]).mean() / (x**2).mean()
    assert pairs == pytest.approx(np.exp(-0.5), abs=0.2)


def test_edges_move_by_the_stated_size(draws):
    drawn, others = draws
    for kind in ("cord", "dura"):
        contours = [c for c in range(len(getattr(drawn, kind))) if kind == "dura" or c < 8]
        across = []
        for c in contours:
            points = getattr(drawn, kind)[c].points
            ray = points - points.mean(axis=0)
            ray /= np.linalg.norm(ray, axis=1, keepdims=True)
            across.append([((getattr(other, kind)[c].points - points) * ray).sum(axis=1) for other in others])
        values = np.concatenate([np.ravel(a) for a in across])
        assert values.std() == pytest.approx(sizes_of(None).edge, rel=0.12)
        assert abs(values.mean()) < 0.03


def test_ganglia_move_as_one():
    drawn = annotate(replace(WIDE, ganglion_points=2))
    offsets = []
    for seed in range(10):
        for name, ganglion in perturb(drawn, seed).ganglia.items():
            shift = ganglion.points - drawn.ganglia[name].points
            if name.level not in ("L1", "L2"):  # those lie beside the dura
                np.testing.assert_allclose(shift[0], shift[1], atol=1e-12)
                offsets.append(shift[0, :2])
    assert np.std(offsets) == pytest.approx(GANGLION_MM, rel=0.2)


def test_one_number_replaces_every_size():
    drawn = annotate(WIDE)
    others = [perturb(drawn, seed, 0.1) for seed in range(12)]
    offsets = [offset(drawn, other, root)[:, :2] for other in others for root in ROOTS]
    assert np.std(np.vstack(offsets)) == pytest.approx(0.1, rel=0.25)


@settings(max_examples=4, phases=[Phase.generate])
@given(st.integers(0, 10**6), st.floats(-15, 15))
def test_contours_stay_closed_ordered_planar_and_apart(seed, tilt):
    drawn = annotate(Phantom(slice_tilt_deg=tilt, noise_mm=0.05, seed=seed % 100))
    other = perturb(drawn, seed)
    arranged = arrange(other)
    assert not [note for note in arranged.notes if "out of order" in note or "interpolated" in note]
    for before, after in zip((*drawn.cord, *drawn.dura), (*other.cord, *other.dura), strict=True):
        normal = plane_normal(before.points)
        height = (after.points - after.points.mean(axis=0)) @ normal
        assert np.abs(height).max() < 1e-9
        assert after.points.shape == before.points.shape
    for now, was in zip(clearances(arranged), clearances(arrange(drawn)), strict=True):
        assert np.nanmin(now - np.minimum(was, LEAST_MM)) > -0.03


def test_a_large_size_still_keeps_the_clearance():
    drawn = arrange(annotate(Phantom()))
    of_cord, to_cord, to_dura = clearances(perturb(drawn, 2, 0.6))
    was = clearances(drawn)
    assert of_cord.min() > LEAST_MM - 0.1
    assert np.nanmin(to_cord - np.minimum(was[1], LEAST_MM)) > -0.1
    assert np.nanmin(to_dura - np.minimum(was[2], LEAST_MM)) > -0.1


def test_points_are_pushed_clear_of_a_wall_along_the_shortest_way():
    wall = stack([replace(annotate(Phantom()).dura[0], points=circle(5.0, z)) for z in (0.0, 2, 4)], np.eye(3))
    points = np.array([[4.8, 0, 1.0], [0, -5.5, 3], [1, 1, 2], [0, 5.2, 30]])
    inside = keep_clear(points, wall, np.eye(3), 0.5, -1)
    np.testing.assert_allclose(inside, [[4.5, 0, 1], [0, -4.5, 3], [1, 1, 2], [0, 5.2, 30]], atol=0.02)
    outwards = keep_clear(points, wall, np.eye(3), 0.5, 1)
    np.testing.assert_allclose(outwards[:2], [[5.5, 0, 1], [0, -5.5, 3]], atol=0.02)


def test_it_says_what_it_is():
    drawn = annotate(Phantom())
    assert "perturbed: " in perturb(drawn, 4).notes[-1]
    assert "seed 4, SD 0.15 mm (cord, dura), 0.22-0.28 mm (roots), 1 mm (ganglia)" in perturb(drawn, 4).notes[-1]
    assert perturb(drawn, 4, 0.2).notes[-1].endswith("seed 4, SD 0.2 mm")


@pytest.mark.parametrize(("seed", "size"), [(-1, None), (1.5, None), (0, -0.1), (0, float("nan")), (0, 6.0), (0, "a")])
def test_impossible_requests_are_refused(seed, size):
    with pytest.raises(InputError, match=r"perturb: (seed|sigma_mm) is .*; expected a (whole )?number"):
        perturb(annotate(Phantom()), seed, size)


@pytest.mark.parametrize("seed", [26])
def test_a_perturbed_real_subject_builds(sub03, seed):
    built = build(perturb(read_subject(sub03), seed))
    assert {d.root for d in built.displacements} == {str(root) for root in ROOTS}


def test_a_perturbed_phantom_builds():
    assert build(perturb(annotate(Phantom(noise_mm=0.1, missing=(RootName("L4", "R"),))), 1)).centrelines
