import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.spatial import ConvexHull, HalfspaceIntersection
from scipy.spatial.distance import directed_hausdorff

from spinemodel.agreement import curve_distances as curves
from spinemodel.agreement.contours import compare_contours, summarise
from spinemodel.agreement.correspondence import shared_slices, slices_of
from spinemodel.agreement.drawing import drawing_of
from spinemodel.agreement.loops import Loops, cut, loops_of
from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.loft import SAMPLES
from spinemodel.anatomy.perturb import wander
from spinemodel.anatomy.phantom import Phantom, annotate, dura_sections
from spinemodel.errors import InputError
from tests.shapes import circle

PAIR = ("A", "B")
UP = np.array([0.0, 0.0, 1.0])


def curve_distances(one, other):
    """One pair of curves (n, 2)."""
    return curves.CurveDistances(*(value[0] for value in curves.curve_distances(one[None], other[None])))


def disc(radius, centre=(0.0, 0.0), sides=SAMPLES, start=0.0):
    angle = start + 2 * np.pi * np.arange(sides) / sides
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1) + centre


def lens(radius, d):
    """The area that two circles of one radius, d apart, share."""
    return 2 * radius**2 * np.arccos(d / 2 / radius) - d / 2 * np.sqrt(4 * radius**2 - d**2)


@pytest.mark.parametrize("d", [0.1, 0.5, 2.0, 6.0])
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_shifted_circle(d, start):
    """A point at the angle t lies sqrt(r^2 + d^2 + 2 r d cos t) from the other centre."""
    r = 7.0
    found = curve_distances(disc(r, (3, -50)), disc(r, (3 + 0.6 * d, -50 + 0.8 * d), start=start))

    def off(t):
        return np.abs(np.sqrt(r**2 + d**2 + 2 * r * d * np.cos(t)) - r)

    at = np.linspace(0, np.pi, 200001)
    assert found.dice == pytest.approx(lens(r, d) / (np.pi * r**2), abs=2e-4)
    assert found.largest == pytest.approx(d, abs=2e-3)
    assert found.mean == pytest.approx(quad(off, 0, np.pi)[0] / np.pi, abs=2e-3)
    assert found.hausdorff95 == pytest.approx(np.percentile(off(at), 95), abs=0.01 * d)
    np.testing.assert_allclose(found.shift, [0.6 * d, 0.8 * d], atol=1e-9)


def test_a_small_shift_lies_two_over_pi_of_it_apart():
    found = curve_distances(disc(7.0), disc(7.0, (0.01, 0.0)))
    assert found.mean == pytest.approx(0.01 * 2 / np.pi, rel=0.01)


@given(st.floats(1.0, 10.0), st.floats(1.0, 10.0))
def test_concentric_circles(one, other):
    found = curve_distances(disc(one), disc(other))
    low, high = sorted([one, other])
    assert [found.mean, found.largest, found.hausdorff95] == pytest.approx([high - low] * 3, abs=2e-3)
    assert found.dice == pytest.approx(2 * low**2 / (low**2 + high**2), abs=1e-6)
    np.testing.assert_allclose(found.areas, [np.pi * one**2, np.pi * other**2], rtol=2e-4)
    np.testing.assert_allclose(found.shift, 0, atol=1e-9)


def test_many_pairs_at_once_are_each_as_alone():
    one, other = (np.array([ellipse(seed) for seed in seeds]) for seeds in (range(5), range(5, 10)))
    together = curves.curve_distances(one, other)
    for k in range(5):
        for value, alone in zip(together, curve_distances(one[k], other[k]), strict=True):
            np.testing.assert_allclose(value[k], alone)


def test_a_curve_that_encloses_nothing_has_its_mean_for_a_centroid():
    line = np.stack([np.concatenate([np.arange(128), np.arange(128, 0, -1)]) / 10.0, np.zeros(256)], axis=1)
    assert np.isfinite(curve_distances(disc(2.0), line).shift).all()
    np.testing.assert_allclose(curve_distances(disc(2.0), line).shift, line.mean(axis=0), atol=1e-9)


def test_discs_that_do_not_touch():
    assert curve_distances(disc(2.0), disc(2.0, (5.0, 0.0))).dice == 0
    assert curve_distances(disc(2.0), disc(2.0, (5.0, 0.0))).largest == pytest.approx(5.0, abs=1e-3)


def ellipse(seed):
    random = np.random.default_rng(seed)
    turn = random.uniform(0, np.pi)
    axes = [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    return disc(1.0) * random.uniform(3, 8, 2) @ axes + random.uniform(-2, 2, 2)


@given(st.integers(0, 2**32 - 1))
def test_shared_areas_of_ellipses_as_qhull_has_them(seed):
    one, other = ellipse(seed), ellipse(seed + 1)
    halves = np.vstack([ConvexHull(one).equations, ConvexHull(other).equations])
    corners = HalfspaceIntersection(halves, (one.mean(axis=0) + other.mean(axis=0)) / 2).intersections
    assert curves.shared_area(one, other) == pytest.approx(ConvexHull(corners).volume, rel=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_distances_of_wavy_loops_as_all_edges_have_them(seed):
    random = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(SAMPLES) / SAMPLES
    waves = [6 + sum(random.normal(0, 0.3) * np.cos(k * angle + random.uniform(0, 6)) for k in (1, 2, 3)) for _ in "AB"]
    one, other = (wave[:, None] * disc(1.0) for wave in waves)
    after = np.roll(other, -1, axis=0)
    along = after - other
    part = np.clip(np.einsum("ijk,jk->ij", one[:, None] - other, along) / (along**2).sum(axis=1), 0, 1)
    every = np.linalg.norm(one[:, None] - other - part[..., None] * along, axis=-1).min(axis=1)
    np.testing.assert_allclose(curves.to_curves(one[None], other[None])[0], every, atol=1e-9)
    found = curve_distances(one, other)
    points = max(directed_hausdorff(one, other)[0], directed_hausdorff(other, one)[0])
    assert points - 0.1 < found.largest <= points + 1e-12
    assert curve_distances(other, one).mean == pytest.approx(found.mean)
    assert curve_distances(other, one).hausdorff95 == pytest.approx(found.hausdorff95)


def stack_of(radii, heights, shifts=None, sides=24):
    shifts = np.zeros((len(heights), 2)) if shifts is None else shifts
    rings = [
        Markers(circle(r, z, sides) + np.array([*shift, 0.0]), f"dura_{i}.json")
        for i, (r, z, shift) in enumerate(zip(radii, heights, shifts, strict=True))
    ]
    return loops_of(rings[::-1], UP)


def compared(one, other, level_at=lambda _: None, spacing=2.0):
    slices = shared_slices(type("S", (), {"normal": UP, "spacing_mm": spacing})() for _ in "AB")
    return compare_contours("dura", PAIR, (one, other), slices, level_at)


def test_known_correlated_shifts_are_recovered_in_every_slice():
    z = np.arange(0, 120, 2.0)
    shifts = 0.4 * wander(z, np.random.default_rng(5))
    found, left = compared(stack_of(np.full(60, 8.0), z), stack_of(np.full(60, 8.0), z, shifts))
    assert not left
    assert {a.correspondence for a in found} == {"slice"}
    np.testing.assert_allclose([a.z for a in found], z, atol=1e-9)
    np.testing.assert_allclose([a.shift[:2] for a in found], shifts, atol=1e-6)
    size = np.linalg.norm(shifts, axis=1)
    np.testing.assert_allclose([a.shift_mm for a in found], size, atol=1e-6)
    np.testing.assert_allclose([a.largest_mm for a in found], size, atol=2e-3)
    np.testing.assert_allclose([a.mean_mm for a in found], 2 / np.pi * size, atol=5e-3)
    np.testing.assert_allclose([a.dice for a in found], lens(8.0, size) / (64 * np.pi), atol=2e-4)


def test_contours_that_one_did_not_draw_are_listed():
    z = np.arange(0, 40, 2.0)
    found, left = compared(stack_of(np.full(20, 8.0), z), stack_of(np.full(15, 8.0), np.delete(z, [0, 1, 2, 9, 19])))
    assert len(found) == 15
    assert [(c.raters, c.other, c.z) for c in left] == [(("A",), "B", pytest.approx(v)) for v in (0, 2, 4, 18, 38)]


@pytest.mark.parametrize("offset", [1.0, 0.8])
def test_stacks_on_other_slices_are_interpolated(offset):
    """A cone: between slices its radius is linear, so interpolation is exact."""
    z = np.arange(0, 40, 2.0)
    found, left = compared(stack_of(5 + 0.1 * z, z), stack_of(5.5 + 0.1 * (z + offset), z + offset))
    assert {a.correspondence for a in found} == {"interpolated"}
    assert [(c.raters, c.z) for c in left] == [(("A",), pytest.approx(0)), (("B",), pytest.approx(38 + offset))]
    np.testing.assert_allclose([a.mean_mm for a in found], 0.5, atol=1e-3)


def test_one_dura_drawn_on_tilted_slices_is_the_same_dura():
    one, other = (drawing_of(annotate(Phantom(slice_tilt_deg=tilt))) for tilt in (0.0, 15.0))
    shared = shared_slices([one.slices, other.slices])
    for name, count in (("dura", 75), ("cord", 62)):
        found, left = compare_contours(name, PAIR, (one.stacks[name], other.stacks[name]), shared)
        assert {a.correspondence for a in found} == {"interpolated"}
        assert len(found) >= count
        assert len(left) < 12
        assert summarise(found).mean_mm < 0.02
        assert summarise(found).dice > 0.99


def test_areas_are_those_of_the_closed_form_in_tilted_slices():
    """An ellipse of a slice tilted by t about the left-right axis is longer by about 1 / cos t."""
    phantom = Phantom(slice_tilt_deg=20.0, lordosis_mm=0.0, dura_top_mm=(9, 7), dura_bottom_mm=(9, 7))
    drawn = drawing_of(annotate(phantom))
    found, _ = compare_contours("dura", PAIR, (drawn.stacks["dura"],) * 2, shared_slices([drawn.slices]))
    sections = dura_sections(phantom, np.array([-400.0]))
    expected = np.pi * sections.lateral[0] * sections.sagittal[0] / np.cos(np.radians(20))
    for agreement in found:
        assert agreement.areas_mm2 == pytest.approx((expected, expected), rel=1e-3)
        assert agreement.dice == pytest.approx(1)
        assert agreement.largest_mm < 1e-6


def test_summaries_by_level():
    z = np.arange(0, 40, 2.0)
    shifts = np.where(z[:, None] < 20, [0.2, 0.0], [0.6, 0.0])
    found, _ = compared(
        stack_of(np.full(20, 8.0), z), stack_of(np.full(20, 8.0), z, shifts), lambda p: "L2" if p[2] < 20 else "L1"
    )
    by_level = {level: summarise(each for each in found if each.level == level) for level in ("L1", "L2")}
    assert by_level["L2"].shift_mm == pytest.approx(0.2)
    assert by_level["L1"].shift_mm == pytest.approx(0.6)
    assert by_level["L1"].slices == 10
    assert by_level["L1"].sd_mm == pytest.approx(0, abs=1e-9)
    every = summarise(found)
    assert every.mean_mm == pytest.approx((by_level["L1"].mean_mm + by_level["L2"].mean_mm) / 2)
    assert every.largest_mm == pytest.approx(0.6, abs=1e-3)
    assert np.isnan(summarise([]).mean_mm)
    assert summarise([]).slices == 0


def test_a_plane_that_passes_a_stack_by_cuts_nothing():
    stack = stack_of([5.0, 5.0], [0.0, 2.0])
    assert cut(stack, np.array([0.0, 0, 3]), UP) is None
    assert cut(stack, np.array([0.0, 0, 1]), np.array([0.0, -0.6, 0.8])) is None
    assert cut(Loops(stack.points[:1], stack.markers[:1], UP), np.zeros(3), UP) is None


def test_wide_gaps_are_not_bridged():
    z = np.array([0.0, 2, 4, 22, 24])
    stack = stack_of(np.full(5, 5.0), z)
    assert cut(stack, np.array([0.0, 0, 10]), UP) is None
    assert cut(stack, np.array([0.0, 0, 23]), UP) is not None
    found, left = compared(stack_of(np.full(13, 5.0), np.arange(0, 26, 2.0) + 1), stack)
    assert [a.z for a in found] == pytest.approx([1, 3, 23])
    assert [c.z for c in left if c.raters == ("A",)] == pytest.approx([5, 7, 9, 11, 13, 15, 17, 19, 21, 25])


def test_a_tilted_plane_cuts_a_tube_in_an_ellipse():
    stack = stack_of(np.full(20, 5.0), np.arange(0, 40, 2.0), sides=64)
    normal = np.array([0.0, -np.sin(0.3), np.cos(0.3)])
    loop = cut(stack, np.array([0.0, 0, 20.3]), normal)
    np.testing.assert_allclose((loop - [0, 0, 20.3]) @ normal, 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(loop[:, :2], axis=1), 5.0, atol=1e-3)


def test_loops_heed_neither_order_nor_copies():
    z = np.arange(0, 20, 2.0)
    drawn = [Markers(circle(5 + 0.1 * h, h), f"dura_{i}.json") for i, h in enumerate(z)]
    random = np.random.default_rng(1)
    turned = [
        Markers(np.vstack([np.roll(m.points, int(k), axis=0)[::-1], m.points[:1]]), m.source)
        for k, m in enumerate(drawn)
    ]
    random.shuffle(turned)
    one, other = loops_of(drawn, UP), loops_of(turned, UP)
    np.testing.assert_allclose(one.centres, other.centres, atol=1e-9)
    assert [len(markers) for markers in other.markers] == [24] * 10


def test_a_contour_of_two_points_is_refused():
    with pytest.raises(InputError, match=r"cord_7.json: 2 different points; a contour needs 3 or more"):
        loops_of([Markers(np.array([[0.0, 0, 0], [1, 0, 0], [1, 0, 0]]), "cord_7.json")], UP)


def test_slices_of_the_phantom_are_matched_one_to_one():
    one, other = (drawing_of(annotate(Phantom(noise_mm=0.1, seed=seed, slice_tilt_deg=-10))) for seed in (1, 2))
    shared = shared_slices([slices_of(annotate(Phantom(slice_tilt_deg=-10)))])
    found, left = compare_contours("cord", PAIR, (one.stacks["cord"], other.stacks["cord"]), shared)
    assert len(found) == len(one.stacks["cord"].points)
    assert not left
    assert {a.correspondence for a in found} == {"slice"}
