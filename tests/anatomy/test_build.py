"""The whole recipe, against the phantom's closed forms and on a real subject."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.spatial import KDTree

from spinemodel import BuildParameters, Phantom, RootParameters, annotate, audit, build, marker_errors, read_subject
from spinemodel.anatomy.curves import arc_length, closed_spline
from spinemodel.anatomy.fidelity import summarise
from spinemodel.anatomy.phantom import centreline_truth, cord_level, cord_volume, dura_level, dura_volume
from spinemodel.anatomy.surface import volume
from spinemodel.errors import InputError
from spinemodel.levels import ROOTS, RootName

PHANTOMS = {
    "exact": Phantom(),
    "tilted": Phantom(slice_tilt_deg=15.0),
    "curved": Phantom(lordosis_mm=8.0),
    "noisy": Phantom(noise_mm=0.1, seed=5),
    "wide slices": Phantom(slice_spacing_mm=4.0),
}


@pytest.fixture(scope="module", params=PHANTOMS)
def case(request):
    phantom = PHANTOMS[request.param]
    return phantom, build(annotate(phantom))


def test_every_promise_is_kept(case) -> None:
    checked = audit(case[1].surfaces)
    assert checked.failures == ()
    assert all(check.euler == 2 and check.components == 1 for check in checked.surfaces.values())
    assert checked.relations is not None
    assert checked.relations.root_overlaps_mm3 == {}
    assert {root.dura_crossings for root in checked.relations.roots.values()} == {1}


def test_surfaces_lie_on_the_closed_form(case) -> None:
    phantom, anatomy = case
    allowed = 0.03 + 4 * phantom.noise_mm
    for name, level, size in (("Cord", cord_level, 3.0), ("Dura", dura_level, 7.0)):
        vertices = anatomy.surfaces[name].vertices
        heights = [markers.points[:, 2] for markers in getattr(anatomy.annotation, name.lower())]
        between = (vertices[:, 2] > heights[0].max() + 0.5) & (vertices[:, 2] < heights[-1].min() - 0.5)
        off = np.abs(level(phantom, vertices[between]) - 1) * size
        assert np.percentile(off, 99) < allowed


def test_centrelines_follow_the_truth_and_end_at_the_ganglion(case) -> None:
    phantom, anatomy = case
    for root in ROOTS:
        line = anatomy.centrelines[str(root)]
        gaps = KDTree(centreline_truth(phantom, root, 0.02)).query(line.points)[0]
        between_markers = 0.06 * phantom.slice_spacing_mm**2 / 2  # a turn of 8 mm radius, seen from both markers
        assert gaps[~line.extrapolated].max() < 0.13 + between_markers + 4 * phantom.noise_mm
        above = line.points[:, 2] > phantom.bottom_z  # below, the truth is a straight line through the dura's cut
        assert gaps[above].max() < 0.6 + 0.15 * phantom.slice_spacing_mm
        np.testing.assert_allclose(line.points[-1], anatomy.annotation.ganglia[root].points[-1], atol=1e-9)


def test_volumes_are_the_closed_form() -> None:
    phantom = PHANTOMS["exact"]
    anatomy = build(annotate(phantom), BuildParameters(edge_mm=0.3, caudal="cut"))
    assert volume(anatomy.surfaces["Dura"]) == pytest.approx(dura_volume(phantom), rel=1e-3)
    assert volume(anatomy.surfaces["Cord"]) == pytest.approx(cord_volume(phantom), rel=2e-3)


def test_missing_levels_and_sides_are_built_without() -> None:
    phantom = Phantom(missing=(RootName("L3", "L"), RootName("S2", "L"), RootName("S2", "R")))
    anatomy = build(annotate(phantom))
    assert sorted(set(map(str, ROOTS)) - set(anatomy.surfaces)) == ["L3_L", "S2_L", "S2_R"]
    assert audit(anatomy.surfaces).failures == ()


def test_root_without_ganglion_ends_with_its_markers() -> None:
    annotation = annotate(Phantom())
    ganglia = {root: markers for root, markers in annotation.ganglia.items() if root != RootName("S1", "R")}
    anatomy = build(replace(annotation, ganglia=ganglia))
    last = annotation.roots[RootName("S1", "R")].points[:, 2].min()
    assert anatomy.centrelines["S1_R"].points[-1, 2] == pytest.approx(last, abs=0.1)
    assert audit(anatomy.surfaces).failures == ()


def test_radius_per_level_and_edge_are_obeyed() -> None:
    parameters = BuildParameters(edge_mm=1.0, root=RootParameters(radius_mm=0.4), level_radius_mm={"L1": 0.3})
    anatomy = build(annotate(Phantom()), parameters)
    assert anatomy.centrelines["L1_L"].radius.max() == 0.3
    assert anatomy.centrelines["S2_R"].radius.max() == 0.4
    assert len(anatomy.surfaces["Dura"].faces) < 0.4 * len(build(annotate(Phantom())).surfaces["Dura"].faces)


@pytest.mark.parametrize("edge", [0.0, 5.0])
def test_senseless_edges_are_refused(edge) -> None:
    with pytest.raises(InputError, match="edge_mm"):
        BuildParameters(edge_mm=edge)


def test_the_same_markers_give_the_same_bits() -> None:
    once, again = (build(annotate(PHANTOMS["noisy"])) for _ in range(2))
    for name, surface in once.surfaces.items():
        assert np.array_equal(surface.vertices, again.surfaces[name].vertices)
        assert np.array_equal(surface.faces, again.surfaces[name].faces)


@pytest.fixture(scope="module")
def real(sub03):
    return build(read_subject(sub03))


def stack_volume(stack) -> float:
    """Volume of the interpolating stack: contour areas over height, by Cavalieri."""
    areas = []
    for markers in stack:
        x, y, _ = closed_spline(markers.points, 4000).T
        areas.append((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)
    heights = [markers.points[:, 2].mean() for markers in stack]
    return float(CubicSpline(heights, areas).integrate(heights[0], heights[-1]))


def test_real_subject_keeps_every_promise(real) -> None:
    checked = audit(real.surfaces)
    assert len(checked.surfaces) == 16
    assert checked.failures == ()
    assert max(check.slivers for check in checked.surfaces.values()) < 0.005
    relations = checked.relations
    assert relations is not None
    assert relations.root_overlaps_mm3 == {}
    assert {root.dura_crossings for root in relations.roots.values()} == {1}
    assert max(root.stub_mm for root in relations.roots.values()) < 0.3


def test_real_subject_is_faithful_to_its_markers(real) -> None:
    fidelity = summarise(marker_errors(real))
    for name in ("Cord", "Dura"):
        assert fidelity[name].mean_mm < 0.02
        assert fidelity[name].max_mm < 0.10
    assert fidelity["Roots"].mean_mm < 0.15
    assert fidelity["Roots"].p95_mm < 0.35
    assert all(displacement.within_noise for displacement in real.displacements)


def test_real_subject_has_the_volume_of_its_stack(sub03) -> None:
    cut = build(read_subject(sub03), BuildParameters(caudal="cut"))
    for name, stack in (("Cord", cut.annotation.cord), ("Dura", cut.annotation.dura)):
        assert volume(cut.surfaces[name]) == pytest.approx(stack_volume(stack), rel=0.005)


def test_real_roots_end_at_their_ganglia(real) -> None:
    for root in ROOTS:
        line = real.centrelines[str(root)]
        ganglion = real.annotation.ganglia[root].points[-1]
        assert np.linalg.norm(line.points[-1] - ganglion) < 0.05
        assert line.extrapolated[-1]
        assert arc_length(line.points)[-1] > 70
