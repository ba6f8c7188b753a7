from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, simpson
from scipy.spatial import KDTree

from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.phantom import (
    Phantom,
    annotate,
    centreline_truth,
    cord_level,
    cord_sections,
    cord_volume,
    dura_level,
    dura_sections,
    dura_volume,
    root_path,
)
from spinemodel.anatomy.phantom.drawing import GANGLION_MM, SMALLEST_SECTION_MM
from spinemodel.anatomy.phantom.shape import FEWEST_POINTS
from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, ROOT_RADIUS_MM, ROOTS, RootName

CAUDA = tuple(root for root in ROOTS if root.level not in ("L1", "L2"))
VARIANTS = {
    "default": Phantom(),
    "lordosis": Phantom(lordosis_mm=10.0),
    "kyphosis": Phantom(lordosis_mm=-10.0),
    "smaller": Phantom(dura_top_mm=(6.9, 5.9), dura_bottom_mm=(9.8, 6.8), cord_mm=(3.85, 3.05)),
    "larger": Phantom(dura_top_mm=(8.2, 7.0), dura_bottom_mm=(11.6, 8.2), cord_mm=(4.5, 3.6)),
    "high conus": Phantom(enlargement_z=-390.0, conus_z=-440.0, tip_z=-476.0, bottom_z=-520.0),
}
phantoms = st.builds(
    Phantom,
    centre_mm=st.tuples(st.floats(-50, 50), st.floats(-100, 100)),
    dura_bottom_mm=st.tuples(st.floats(9.5, 13), st.floats(6.6, 9)),
    enlargement=st.floats(0, 0.2),
    cord_dorsal_mm=st.floats(-1.2, 1.2),
    lordosis_mm=st.floats(-11, 11),
    slice_spacing_mm=st.floats(0.8, 4),
    slice_tilt_deg=st.floats(-30, 30),
    cord_points=st.integers(8, 30),
    dura_points=st.integers(8, 40),
    ganglion_points=st.sampled_from([1, 2]),
)


def stacked(markers):
    return np.vstack([m.points for m in markers])


def rings(sections, phantom, z, angle):
    """Points (z, angle, 3) on a surface."""
    y, lateral, sagittal = (column[:, None] for column in sections(phantom, z))
    x = phantom.centre_mm[0] + lateral * np.cos(angle)
    return np.stack(np.broadcast_arrays(x, y + sagittal * np.sin(angle), z[:, None]), axis=-1)


def surface_points(sections, phantom, low):
    """Points at most 0.2 mm apart: within 0.02 mm of the true distance wherever that is 0.6 mm or more."""
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    return rings(sections, phantom, np.arange(low, phantom.top_z, 0.1), angle).reshape(-1, 3)


@pytest.mark.parametrize("tilt", [-30.0, -7.0, 0.0, 15.0, 30.0])
def test_markers_lie_on_the_closed_forms_and_in_their_slices(tilt):
    phantom = Phantom(slice_tilt_deg=tilt, lordosis_mm=6.0)
    drawn = annotate(phantom)
    np.testing.assert_allclose(cord_level(phantom, stacked(drawn.cord)), 1, atol=1e-9)
    np.testing.assert_allclose(dura_level(phantom, stacked(drawn.dura)), 1, atol=1e-9)
    normal = np.array([0.0, -np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    heights = [(m.points - [0, phantom.centre_mm[1], phantom.top_z]) @ normal for m in drawn.dura]
    np.testing.assert_allclose(np.diff([h.mean() for h in heights]), -phantom.slice_spacing_mm, atol=1e-9)
    assert max(np.ptp(h) for h in heights) < 1e-9


@pytest.mark.parametrize("tilt", [-20.0, 0.0, 20.0])
def test_root_markers_lie_on_their_curve_one_per_slice(tilt):
    phantom = Phantom(slice_tilt_deg=tilt)
    drawn = annotate(phantom)
    normal = np.array([0.0, -np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    for root, markers in drawn.roots.items():
        path, z = root_path(phantom, root), markers.points[:, 2]
        np.testing.assert_allclose(path(z), markers.points[:, :2], atol=1e-9)
        assert path.x[1] - 1e-6 <= z.min() < path.x[1] + 2.5
        assert path.x[-1] - 2.5 < z.max() <= path.x[-1]
        np.testing.assert_allclose(np.diff(markers.points @ normal), -phantom.slice_spacing_mm, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(phantom=phantoms)
def test_any_phantom_is_on_its_closed_forms(phantom):
    drawn = annotate(phantom)
    np.testing.assert_allclose(cord_level(phantom, stacked(drawn.cord)), 1, atol=1e-9)
    np.testing.assert_allclose(dura_level(phantom, stacked(drawn.dura)), 1, atol=1e-9)
    assert (dura_level(phantom, stacked(drawn.cord)) < 1).all()
    assert min(len(m.points) for m in drawn.cord) >= FEWEST_POINTS
    for root, markers in drawn.roots.items():
        np.testing.assert_allclose(root_path(phantom, root)(markers.points[:, 2]), markers.points[:, :2], atol=1e-9)
        assert (cord_level(phantom, markers.points) > 1 - 1e-9).all()
        assert (dura_level(phantom, markers.points) < 1).all()
        assert drawn.ganglia[root].points.shape == (phantom.ganglion_points, 3)


@settings(max_examples=25, deadline=None)
@given(phantom=phantoms, low=st.floats(-520, -360))
def test_volumes_are_the_integrals_of_the_section_areas(phantom, low):
    def area(sections):
        return lambda z: float(np.prod([axis[0] for axis in sections(phantom, np.array([z]))[1:]]) * np.pi)

    breaks = [z for z in (phantom.enlargement_z, phantom.conus_z, phantom.tip_z) if z > low]
    dura, _ = quad(area(dura_sections), low, phantom.top_z)
    cord, _ = quad(area(cord_sections), low, phantom.top_z, points=breaks or None, epsabs=1e-8)
    assert dura_volume(phantom, low) == pytest.approx(dura, rel=1e-9)
    assert cord_volume(phantom, low) == pytest.approx(cord, rel=1e-9)


def closed_volume(rings):
    """Volume of the polyhedron through rings (m, n, 3), closed by fans, by the divergence theorem."""
    rings = rings - rings.mean(axis=(0, 1))
    a, d = rings[:-1], rings[1:]
    b, c = np.roll(a, -1, axis=1), np.roll(d, -1, axis=1)
    walls = np.einsum("ijk,ijk->", a, np.cross(b, c)) + np.einsum("ijk,ijk->", a, np.cross(c, d))
    low, high = (np.cross(end, np.roll(end, -1, axis=0)).sum(axis=0) @ end.mean(axis=0) for end in rings[[0, -1]])
    return (walls + high - low) / 6


@pytest.mark.parametrize(
    ("sections", "low", "expected"),
    [
        (dura_sections, Phantom().bottom_z, dura_volume(Phantom())),
        (cord_sections, Phantom().tip_z, cord_volume(Phantom())),
    ],
)
def test_volume_is_that_of_a_fine_closed_triangulation(sections, low, expected):
    phantom = Phantom(lordosis_mm=8.0)
    z, angle = np.linspace(low, phantom.top_z, 1500), np.linspace(0, 2 * np.pi, 800, endpoint=False)
    assert closed_volume(rings(sections, phantom, z, angle)) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("tilt", [0.0, 15.0, 30.0])
def test_tilted_ends_hardly_change_the_volume(tilt):
    spacing = 158 / 100 * np.cos(np.radians(tilt))
    drawn = annotate(Phantom(slice_tilt_deg=tilt, slice_spacing_mm=spacing, dura_points=1000, lordosis_mm=8.0))
    x, y, _ = np.stack([m.points for m in drawn.dura]).transpose(2, 0, 1)
    areas = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) / 2
    between_tilted_planes = simpson(areas, dx=158 / 100)
    assert between_tilted_planes == pytest.approx(dura_volume(Phantom()), rel=1e-4)


def test_sizes_are_those_of_the_real_subject():
    drawn = annotate(Phantom())
    assert (len(drawn.cord), len(drawn.dura)) == (66, 80)
    assert np.ptp(stacked(drawn.dura)[:, 2]) == pytest.approx(158)
    spans = np.array([np.ptp(m.points, axis=0)[:2] for m in drawn.cord])
    assert spans.max(axis=0) == pytest.approx([10, 8], abs=0.2)
    assert spans.min() >= 1.9 * SMALLEST_SECTION_MM
    assert min(stacked(drawn.cord)[:, 2]) - min(stacked(drawn.dura)[:, 2]) == pytest.approx(28)
    unmarked = [np.linalg.norm(drawn.ganglia[r].points[-1] - m.points[-1]) for r, m in drawn.roots.items()]
    assert unmarked[::2] == pytest.approx([12, 12, 36, 68, 102, 122, 142], abs=2.5)


def test_sections_change_smoothly_where_their_formulas_meet():
    phantom, step = Phantom(), 1e-5
    for z in (phantom.enlargement_z, phantom.conus_z):
        before, at, after = cord_sections(phantom, np.array([z + step, z, z - step])).lateral
        assert abs((before - at) - (at - after)) / step < 1e-3


@pytest.mark.parametrize("name", VARIANTS)
def test_roots_begin_on_the_cord_and_have_one_tangent(name):
    phantom = VARIANTS[name]
    for root in ROOTS:
        path = root_path(phantom, root)
        entry = np.append(path(path.x[-1]), path.x[-1])[None]
        assert cord_level(phantom, entry)[0] == pytest.approx(1, abs=1e-12)
        inner = path.x[1:-1]
        np.testing.assert_allclose(path(inner - 1e-9, 1), path(inner + 1e-9, 1), atol=1e-8)


@pytest.mark.parametrize("name", VARIANTS)
def test_roots_are_straight_where_nobody_draws(name):
    phantom = VARIANTS[name]
    for root in ROOTS:
        path = root_path(phantom, root)
        z = np.linspace(path.x[0], path.x[1], 50)
        np.testing.assert_allclose(path(z), path(z[:1]) + np.outer(z - z[0], path(path.x[1], 1)), atol=1e-9)


@pytest.mark.parametrize("name", VARIANTS)
def test_roots_keep_apart(name):
    lines = {root: centreline_truth(VARIANTS[name], root, 0.1) for root in ROOTS}
    trees = {root: KDTree(line) for root, line in lines.items()}
    nearest = {pair: trees[pair[0]].query(lines[pair[1]])[0].min() for pair in combinations(ROOTS, 2)}
    assert min(nearest.values()) - 0.003 > 2 * ROOT_RADIUS_MM + 0.15, min(nearest, key=nearest.__getitem__)


@pytest.mark.parametrize("name", VARIANTS)
def test_roots_rise_steadily_from_the_cord_and_stay_clear_of_it(name):
    phantom = VARIANTS[name]
    cord = KDTree(surface_points(cord_sections, phantom, phantom.tip_z))
    for root in ROOTS:
        line = centreline_truth(phantom, root, 0.1)
        s, clearance = arc_length(line), cord.query(line)[0]
        leaving = s < 3.0
        assert (np.diff(clearance[leaving][::5]) > 0).all(), root
        assert clearance[~leaving].min() > 0.6, root
        assert (cord_level(phantom, line[1:]) > 1).all(), root


@pytest.mark.parametrize("name", VARIANTS)
def test_roots_stay_clear_of_the_dura_until_they_leave_through_it_once(name):
    phantom = VARIANTS[name]
    dura = KDTree(surface_points(dura_sections, phantom, phantom.bottom_z - 5))
    for root in ROOTS:
        line, path = centreline_truth(phantom, root, 0.1), root_path(phantom, root)
        assert dura.query(line[line[:, 2] >= path.x[1]])[0].min() > 0.6, root
        inside = dura_level(phantom, line[line[:, 2] >= phantom.bottom_z]) < 1
        assert np.abs(np.diff(inside.astype(int))).sum() == (root not in CAUDA), root


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_upper_roots_leave_the_dura_at_an_angle(level):
    phantom = Phantom()
    slope = root_path(phantom, RootName(level, "R"))
    assert 25 < np.degrees(np.arctan(np.linalg.norm(slope(slope.x[0], 1)))) < 40


@pytest.mark.parametrize("name", VARIANTS)
def test_cord_and_dura_are_a_millimetre_apart(name):
    phantom = VARIANTS[name]
    cord = surface_points(cord_sections, phantom, phantom.tip_z)
    dura = KDTree(surface_points(dura_sections, phantom, phantom.bottom_z))
    assert dura.query(cord[::211])[0].min() > 1


def test_left_is_the_smaller_x_and_mirrors_right():
    phantom = Phantom()
    drawn = annotate(phantom)
    for level in LEVELS:
        left, right = (drawn.roots[RootName(level, side)].points for side in ("L", "R"))
        assert (left[:, 0] < phantom.centre_mm[0]).all()
        np.testing.assert_allclose(left[:, 0] + right[:, 0], 2 * phantom.centre_mm[0], atol=1e-9)
        np.testing.assert_allclose(left[:, 1:], right[:, 1:], atol=1e-9)


def test_roots_enter_dorsally_from_head_to_foot_and_lie_medial_the_lower_they_are():
    phantom = Phantom()
    entries = np.array([centreline_truth(phantom, RootName(level, "R"))[0] for level in LEVELS])
    assert (np.diff(entries[:, 2]) < 0).all()
    assert (phantom.top_z - entries[[0, -1], 2]).round() == pytest.approx([40, 96])
    last = np.array([root_path(phantom, root)(phantom.bottom_z) for root in CAUDA if root.side == "R"])
    assert (np.diff(last[:, 0]) < 0).all()
    assert (entries[:, 1] < cord_sections(phantom, entries[:, 2]).y).all()


def test_truth_runs_from_entry_to_ganglion_in_equal_steps():
    phantom = Phantom()
    drawn = annotate(phantom)
    for root in ROOTS:
        line = centreline_truth(phantom, root, 0.5)
        steps = np.diff(arc_length(line))
        assert steps.max() <= 0.5 + 1e-6
        assert np.ptp(steps) < 1e-3
        np.testing.assert_allclose(line[-1], drawn.ganglia[root].points[-1], atol=1e-9)


def test_two_ganglion_points_lie_on_the_axis_in_order():
    phantom = Phantom(ganglion_points=2)
    for root, markers in annotate(phantom).ganglia.items():
        entry, end = markers.points
        np.testing.assert_allclose(root_path(phantom, root)(entry[2]), entry[:2], atol=1e-9)
        np.testing.assert_allclose(end, centreline_truth(phantom, root)[-1], atol=1e-9)
        assert np.linalg.norm(entry - end) == pytest.approx(GANGLION_MM)
        assert dura_level(phantom, entry[None])[0] > 1


@pytest.mark.parametrize("tilt", [0.0, 20.0])
def test_noise_has_the_stated_size_and_stays_in_the_slice(tilt):
    exact = annotate(Phantom(slice_tilt_deg=tilt))
    noisy = annotate(Phantom(slice_tilt_deg=tilt, noise_mm=0.2, seed=3))
    for kind in ("cord", "dura"):
        moved = stacked(getattr(noisy, kind)) - stacked(getattr(exact, kind))
        across = np.array([0.0, np.cos(np.radians(tilt)), np.sin(np.radians(tilt))])
        assert moved[:, 0].std() == pytest.approx(0.2, rel=0.1)
        assert (moved @ across).std() == pytest.approx(0.2, rel=0.1)
        assert np.abs(moved @ np.cross([1.0, 0, 0], across)).max() < 1e-12
    moved = stacked(noisy.roots.values()) - stacked(exact.roots.values())
    assert np.sqrt((moved**2).sum(axis=1).mean() / 2) == pytest.approx(0.2, rel=0.1)
    assert abs(moved.mean()) < 0.02


def test_noise_is_that_of_the_seed():
    first, again, other = (stacked(annotate(Phantom(noise_mm=0.1, seed=seed)).dura) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_missing_roots_are_absent_and_change_no_other():
    gone = (RootName("L3", "L"), RootName("S2", "R"))
    whole, partial = annotate(Phantom(noise_mm=0.1)), annotate(Phantom(noise_mm=0.1, missing=gone))
    assert set(whole.roots) - set(partial.roots) == set(whole.ganglia) - set(partial.ganglia) == set(gone)
    for root, markers in partial.roots.items():
        np.testing.assert_array_equal(markers.points, whole.roots[root].points)


def test_names_are_those_of_the_dataset():
    drawn = annotate(Phantom(subject="sub-99"))
    assert (drawn.subject, drawn.space) == ("sub-99", "sub-99/scanner")
    assert (drawn.cord[0].source, drawn.dura[79].source) == ("sub-99_cord_1.json", "sub-99_dura_80.json")
    assert drawn.roots[RootName("S1", "L")].source == "sub-99_nerveroots_S1_L.json"
    assert drawn.ganglia[RootName("L2", "R")].source == "sub-99_ganglions_L2_R.json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tip_z", -440.0),
        ("tip_z", -505.0),
        ("top_z", -393.0),
        ("lordosis_mm", 12.0),
        ("lordosis_mm", float("nan")),
        ("cord_mm", (0.0, 3.3)),
        ("enlargement", -0.1),
        ("dura_bottom_mm", (10.6, 5.0)),
        ("cord_dorsal_mm", 2.0),
        ("slice_tilt_deg", 31.0),
        ("slice_spacing_mm", 0.0),
        ("noise_mm", -0.1),
        ("dura_points", 3),
        ("ganglion_points", 3),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_name(field, value):
    with pytest.raises(InputError, match=rf"phantom sub-phantom: .*(heights|{field}).*got"):
        replace(Phantom(), **{field: value})
