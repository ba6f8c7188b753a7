"""What surrounds the dura: shell, sleeves, canal, bone, discs, muscle and domain."""

from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel import BuildParameters, Phantom, annotate, build, read_subject
from spinemodel.anatomy.axis import Axis, locate, place
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface, area, face_vectors, volume
from spinemodel.anatomy.surround.around import surround
from spinemodel.anatomy.surround.canal import bounds, canal, canal_form, epidural
from spinemodel.anatomy.surround.cleaning import without_short_edges
from spinemodel.anatomy.surround.outer import KEEP_OFF_MM, domain, trunk_frame
from spinemodel.anatomy.surround.parameters import VERTEBRA_SIZES, SurroundParameters
from spinemodel.anatomy.surround.shell import dura_shell, exit_index, sleeves
from spinemodel.anatomy.surround.stacking import across_axis, from_solid, oval, stack, unite
from spinemodel.anatomy.surround.vertebrae import discs, vertebrae
from spinemodel.anatomy.vertebral_levels import VertebralSpan, vertebral_levels
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import ROOTS
from tests.shapes import sphere

STRAIGHT = Axis("test", np.array([[0.0, 0.0, z] for z in np.arange(0.0, 300.5, 0.5)]))


def tube(half_width: float = 9.0, half_depth: float = 6.5, low: float = 100.0, high: float = 250.0) -> Surface:
    """A dura with flat ends."""
    loop = oval(half_width, -half_depth, half_depth)
    return stack("Dura", "test", across_axis(STRAIGHT, [low, high], [loop, loop]), 1.0)


def sac() -> Surface:
    """A dura that ends in a dome, along an axis that bends."""
    s = 100.0 + 60.0 * (1 - np.cos(np.linspace(0.02, np.pi / 2, 20)))
    size = np.sqrt(1 - ((160.0 - s) / 60.0) ** 2)
    loops = [oval(10.0 * k, -7.0 * k, 7.0 * k) for k in [*size, 1.0, 0.9]]
    return stack("Dura", "test", across_axis(BENT, [*s, 200.0, 240.0], loops), 0.8)


def _bent() -> Axis:
    t = np.linspace(0, 1.2, 601)
    return Axis("test", np.stack([0 * t, 250.0 * np.cos(t), 250.0 * np.sin(t)], axis=1) - [0.0, 250.0, 0.0])


BENT = _bent()

LEVELS = tuple(
    VertebralSpan(name, top, top - 27.0, top - 35.0, "derived")
    for name, top in (("T12", 280.0), ("L1", 245.0), ("L2", 210.0), ("L3", 175.0), ("L4", 140.0), ("L5", 105.0))
)


# --- stacks -----------------------------------------------------------------------------------------------------------


def test_stack_of_ellipses_has_their_volume_and_looks_outwards() -> None:
    loop = oval(10.0, -4.0, 6.0)
    for loops in (np.array([loop, loop]), np.array([loop, loop])[:, ::-1]):
        drum = stack("drum", "test", across_axis(STRAIGHT, [20.0, 50.0], loops), 1.0)
        assert volume(drum) == pytest.approx(np.pi * 10 * 5 * 30, rel=0.01)
        assert drum.vertices.min(axis=0) == pytest.approx([-10.0, -6.0, 20.0], abs=0.05)
    edges = drum.vertices[drum.faces] - drum.vertices[np.roll(drum.faces, 1, axis=1)]
    lengths = np.linalg.norm(edges, axis=2)
    assert (lengths.min(), lengths.mean(), lengths.max()) == pytest.approx((0.7, 1.0, 1.5), abs=0.4)


def test_union_of_two_drums_is_closed_and_counts_their_common_part_once() -> None:
    one, other = tube(9.0, 9.0, 100.0, 150.0), tube(5.0, 5.0, 130.0, 180.0)
    both = unite("both", [one, other], 1.0)
    assert volume(both) == pytest.approx(volume(one) + np.pi * 25 * 30, rel=0.01)
    assert not len(self_intersections(both))


def test_short_edges_of_a_cut_are_taken_out_and_the_form_stays() -> None:
    one, other = to_solid(tube(9.0, 9.0, 100.0, 150.0)), to_solid(tube(8.97, 9.02, 120.0, 180.0))
    raw = from_solid("raw", "test", one + other)
    clean = without_short_edges(raw, 0.1)
    thin = [(_heights_of(surface) < 0.01).sum() for surface in (raw, clean)]
    assert thin[1] < 0.4 * thin[0]
    assert volume(clean) == pytest.approx(volume(raw), rel=1e-4)
    assert to_solid(clean).genus() == 0
    assert not len(self_intersections(clean))
    assert without_short_edges(clean, 1e-6) is clean


def _heights_of(surface: Surface) -> np.ndarray:
    """Least height of every face."""
    triangles = surface.vertices[surface.faces]
    longest = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2).max(axis=1)
    return 2 * np.linalg.norm(face_vectors(surface), axis=1) / longest


# --- shell and sleeves ------------------------------------------------------------------------------------------------


@given(radius=st.floats(3.0, 12.0), thickness=st.floats(0.1, 0.6))
def test_shell_of_a_sphere_has_its_thickness(radius, thickness) -> None:
    inner = sphere(radius)
    outer = dura_shell(inner, thickness)
    np.testing.assert_allclose(np.linalg.norm(outer.vertices, axis=1), radius + thickness, rtol=0.002)


@pytest.mark.parametrize("make", [tube, sac])
def test_shell_is_at_its_thickness_from_every_face(make) -> None:
    inner = make()
    outer = dura_shell(inner, 0.3)
    assert not len(self_intersections(outer))
    middles = outer.vertices[outer.faces].mean(axis=1)
    distance = signed_distance(Proximity(inner), middles[::3], exact_within_mm=1.0)[0]
    assert np.percentile(distance, [0.2, 50, 99.8]) == pytest.approx([0.3, 0.3, 0.3], abs=0.03)
    assert volume(outer) - volume(inner) == pytest.approx(0.3 * area(inner), rel=0.06)


def test_flat_end_of_the_shell_moves_up_by_the_thickness() -> None:
    outer = dura_shell(tube(), 0.3)
    assert outer.vertices[:, 2].max() == pytest.approx(250.3, abs=0.01)
    assert outer.vertices[:, 2].min() == pytest.approx(99.7, abs=0.01)
    assert outer.vertices[:, 0].max() == pytest.approx(9.3, abs=0.02)


def root(name: str, end: float, s: tuple[float, float] = (200.0, 140.0), radius: float = 0.5) -> Centreline:
    """A straight root from the middle of a dura to ``end`` mm to the right."""
    share = np.linspace(0, 1, 200)
    points = place(STRAIGHT, s[0] + share * (s[1] - s[0]), 2.0 + share * (end - 2.0), 0 * share)
    return Centreline(name, "test", points, np.full(200, radius), np.zeros(200, dtype=bool))


def test_sleeve_holds_its_root_outside_the_dura_and_ends_round() -> None:
    line, dura = root("L3_R", 18.0), tube()
    (name, sleeve), = sleeves({"L3_R": line, "S2_R": root("S2_R", 6.0)}, dura).items()
    assert name == "L3_R"  # S2 ends within the dura
    distance = signed_distance(Proximity(sleeve), line.points)[0]
    outside = signed_distance(Proximity(dura), line.points)[0] > 0
    assert distance[outside].max() == pytest.approx(-0.8, abs=0.06)
    parts = (to_solid(sleeve) - to_solid(dura)).decompose()
    assert len(parts) == 1
    way = line.points[-1] - line.points[-2]
    end = line.points[-1] + 0.8 * way / np.linalg.norm(way)
    assert signed_distance(Proximity(sleeve), end[None])[0] == pytest.approx(0.0, abs=0.03)


def test_gap_makes_a_lumen_within_the_sleeve() -> None:
    parameters = SurroundParameters(sleeve_gap_mm=0.4)
    wide = sleeves({"L3_R": root("L3_R", 18.0)}, tube(), parameters)["L3_R"]
    whole = surround(
        STRAIGHT, {"Dura": tube()}, {"L3_R": root("L3_R", 18.0)}, {}, parameters, meshes={"L3": _vertebra_mesh()}
    )
    lumen = to_solid(whole.lumens["L3_R"])
    assert overlap_mm3(lumen, to_solid(wide)) == pytest.approx(lumen.volume(), rel=1e-3)
    outside = (to_solid(wide) - to_solid(tube())).volume() / (lumen - to_solid(tube())).volume()
    assert outside == pytest.approx((1.2 / 0.9) ** 2, rel=0.1)


def _vertebra_mesh() -> Surface:
    """A drum where L3's body lies."""
    loop = oval(20.0, -45.0, -9.0)
    return stack("L3", "test", across_axis(STRAIGHT, [149.0, 174.0], [loop, loop]), 2.0)


def test_root_along_the_wall_gets_a_sleeve_that_begins_inside() -> None:
    share = np.linspace(0, 1, 400)
    across = np.where(share < 0.8, 8.4 + 0.4 * share, 8.72 + 60 * (share - 0.8))
    points = place(STRAIGHT, 220 - 60 * share, across, 0 * share)
    line = Centreline("L1_R", "test", points, np.full(400, 0.5), np.zeros(400, dtype=bool))
    sleeve = sleeves({"L1_R": line}, tube())["L1_R"]
    assert len((to_solid(sleeve) - to_solid(tube())).decompose()) == 1
    s = locate(STRAIGHT, sleeve.vertices)[0]
    assert s.max() < 220 - 60 * 0.8 + 8.0


def test_exit_is_the_last_point_inside() -> None:
    assert exit_index(np.array([1.0, -0.1, 0.5, -1.0])) == 2
    assert exit_index(np.array([-1.0, -2.0])) is None


# --- canal ------------------------------------------------------------------------------------------------------------


def test_canal_has_the_cited_sizes_round_a_small_dura() -> None:
    form = canal_form(STRAIGHT, tube(7.0, 5.0), LEVELS)
    for span in LEVELS[2:4]:
        found, size = bounds(form, (span.top + span.bottom) / 2), VERTEBRA_SIZES[span.name]
        assert 2 * found.half_width == pytest.approx(size.canal_width, rel=0.02)
        assert found.dorsal - found.ventral == pytest.approx(size.canal_depth, rel=0.02)
        assert found.dorsal - 5.0 > 2 * (-found.ventral - 5.0)  # most fat lies behind


@pytest.mark.parametrize("half", [(14.0, 11.0), (9.0, 8.5), (3.0, 3.0)])
def test_canal_keeps_its_clearances_round_any_dura(half) -> None:
    own = SurroundParameters()
    form = canal_form(STRAIGHT, tube(*half), LEVELS, own)
    solid = canal(STRAIGHT, form, own)
    assert not len(self_intersections(solid))
    s, right, dorsal = locate(STRAIGHT, solid.vertices)
    beside = (s > 105) & (s < 245)
    distance = signed_distance(Proximity(tube(*half)), solid.vertices[beside], exact_within_mm=2.0)[0]
    assert distance.min() > own.ventral_mm - 0.1
    behind = (dorsal[beside] > half[1]) & (np.abs(right[beside]) < 1.0)
    assert distance[behind].min() > own.dorsal_mm - 0.1
    assert s.max() > 250 + 5


def test_canal_is_triangular_at_lumbar_and_round_at_thoracic_levels() -> None:
    thoracic = tuple(replace(span, name=f"T{6 + i}") for i, span in enumerate(LEVELS))

    def lean(levels) -> float:
        loops = canal_form(STRAIGHT, tube(5.0, 5.0), levels).loops
        loop = loops[len(loops) // 2]
        middle = (loop[:, 1].min() + loop[:, 1].max()) / 2
        wide = loop[np.abs(loop[:, 0]).argmax(), 1] - middle
        return float(wide / np.ptp(loop[:, 1]))

    assert lean(LEVELS) < -0.08
    assert abs(lean(thoracic)) < 0.04


def test_foramen_opens_the_fat_round_the_ganglion() -> None:
    line = root("L3_R", 18.0)
    form = canal_form(STRAIGHT, dura_shell(tube(), 0.3), LEVELS)
    fat = epidural(STRAIGHT, form, {"L3_R": line}, tube())
    distance = signed_distance(Proximity(fat), np.stack([line.points[-1], line.points[-1] * [-1, 1, 1]]))[0]
    assert distance[0] == pytest.approx(-SurroundParameters().foramen_mm, abs=0.2)
    assert distance[1] > 3.0
    assert len(to_solid(fat).decompose()) == 1


# --- bone and discs ---------------------------------------------------------------------------------------------------


def test_vertebra_stands_before_and_round_the_canal_and_leaves_the_foramen_open() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    bone = Proximity(vertebrae(STRAIGHT, form, LEVELS))
    span, size = LEVELS[2], VERTEBRA_SIZES["L2"]
    middle, canal_ = (span.top + span.bottom) / 2, bounds(form, (span.top + span.bottom) / 2)

    def distance(s: float, right: float, dorsal: float) -> float:
        return float(signed_distance(bone, place(STRAIGHT, *map(np.atleast_1d, (s, right, dorsal))))[0][0])

    assert distance(middle, 0.0, canal_.ventral - size.depth / 2) < -8.0
    assert distance(span.top - 9.0, canal_.half_width + 4.0, 0.0) < -2.0  # pedicle
    assert distance(span.bottom + 2.0, canal_.half_width + 4.0, canal_.ventral + 6.0) > 1.0  # foramen
    assert distance(span.bottom + 3.0, 0.0, canal_.dorsal + 3.0) < -1.0  # lamina
    assert distance(span.bottom + 4.0, 0.0, canal_.dorsal + 20.0) < -1.0  # spinous process
    for side in (-1, 1):
        assert distance(span.bottom + 0.68 * 27, side * (size.transverse - 4.0), canal_.dorsal + 1.0) < 0.0
    assert distance((span.bottom + span.disc_bottom) / 2, 0.0, canal_.ventral - 10.0) > 3.0  # disc space


def test_vertebrae_are_parts_of_their_own_and_discs_join_them() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    bone, disc = vertebrae(STRAIGHT, form, LEVELS), discs(STRAIGHT, form, LEVELS)
    assert len(to_solid(bone).decompose()) == 6
    assert len(to_solid(disc).decompose()) == 5
    assert len((to_solid(bone) + to_solid(disc)).decompose()) == 1
    reach = overlap_mm3(to_solid(bone), to_solid(disc)) / area(disc)
    assert 0.1 < reach < 0.5
    for surface in (bone, disc):
        assert not len(self_intersections(surface))


def test_given_mesh_takes_the_place_of_its_vertebra() -> None:
    form, mesh = canal_form(STRAIGHT, tube(), LEVELS), _vertebra_mesh()
    bone = vertebrae(STRAIGHT, form, LEVELS, meshes={"L3": mesh})
    parts = to_solid(bone).decompose()
    near = [part for part in parts if abs((part.bounding_box()[2] + part.bounding_box()[5]) / 2 - 161.5) < 1.0]
    assert [part.volume() for part in near] == pytest.approx([volume(mesh)], rel=1e-6)
    broken = Surface("L3", "test", mesh.vertices, mesh.faces[1:])
    with pytest.raises(GeometryError, match="L3: not a closed"):
        vertebrae(STRAIGHT, form, LEVELS, meshes={"L3": broken})


def test_disc_beside_a_mesh_reaches_into_its_hollow_endplate() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    worn = tuple(replace(span, origin="annotated") if span.name == "L3" else span for span in LEVELS)
    plain, deep = (locate(STRAIGHT, discs(STRAIGHT, form, levels).vertices)[0] for levels in (LEVELS, worn))
    top = next(span.top for span in LEVELS if span.name == "L3")
    below = [s[np.abs(s - top) < 12.0].min() for s in (plain, deep)]
    assert below == pytest.approx([top - 0.5, top - 4.0], abs=1e-6)


def test_nothing_to_build_is_refused() -> None:
    with pytest.raises(GeometryError, match="no vertebra lies within the axis"):
        canal_form(STRAIGHT, tube(), ())
    form = canal_form(STRAIGHT, tube(), LEVELS)
    with pytest.raises(GeometryError, match="no vertebra lies within the axis"):
        vertebrae(STRAIGHT, form, ())
    with pytest.raises(GeometryError, match="no two neighbouring vertebrae"):
        discs(STRAIGHT, form, LEVELS[:1])


# --- domain -----------------------------------------------------------------------------------------------------------


def test_domain_is_a_prism_of_the_stated_size_within_the_flat_ends() -> None:
    own = SurroundParameters()
    cut = domain(STRAIGHT, tube(), own, caudal="cut")
    assert (cut.vertices[:, 2].min(), cut.vertices[:, 2].max()) == pytest.approx((101.0, 249.0))
    assert np.ptp(cut.vertices[:, :2], axis=0) == pytest.approx(own.trunk_mm, rel=0.01)
    assert -cut.vertices[:, 1].min() == pytest.approx(own.skin_mm, rel=0.01)
    assert volume(cut) == pytest.approx(np.pi / 4 * own.trunk_mm[0] * own.trunk_mm[1] * 148, rel=0.01)
    low = np.array([[0.0, 0.0, 90.0]])
    whole = domain(STRAIGHT, tube(), own, lowest=low, tops=[tube(3.0, 3.0, 120.0, 245.0)])
    assert (whole.vertices[:, 2].min(), whole.vertices[:, 2].max()) == pytest.approx((70.0, 244.0))


def test_domain_keeps_off_endplates() -> None:
    cut = domain(STRAIGHT, tube(), caudal="cut", keep_off=[249.3, 101.5, 247.5])
    assert cut.vertices[:, 2].max() == pytest.approx(247.5 - KEEP_OFF_MM)
    assert cut.vertices[:, 2].min() == pytest.approx(101.5 + KEEP_OFF_MM)


def test_domain_needs_a_flat_end_and_an_axis_that_rises() -> None:
    with pytest.raises(GeometryError, match="is not below its top"):
        domain(STRAIGHT, tube(9.0, 6.5, 100.0, 101.5), caudal="cut")
    t = np.linspace(0, 3.0, 400)
    hook = Axis("test", np.stack([0 * t, 60 * np.cos(t), 60 * np.sin(t)], axis=1))
    with pytest.raises(GeometryError, match="turns back"):
        trunk_frame(hook, 0.0, 30.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dura_mm": 0.0}, "dura_mm is 0; expected a length above 0"),
        ({"sleeve_gap_mm": -0.1}, "sleeve_gap_mm is -0.1"),
        ({"foramen_mm": 1.0}, "does not hold a sleeve"),
    ],
)
def test_impossible_parameters_are_refused(changes, message) -> None:
    with pytest.raises(InputError, match=message):
        SurroundParameters(**changes)
    with pytest.raises(InputError, match="height is -1 mm"):
        replace(VERTEBRA_SIZES["L1"], height=-1.0)


# --- everything -------------------------------------------------------------------------------------------------------

GAPS = (ROOTS[0], ROOTS[6], ROOTS[7], ROOTS[13])

PHANTOMS = {
    "bowed": (Phantom(lordosis_mm=6.0, noise_mm=0.2, seed=3, slice_tilt_deg=12.0, missing=GAPS), "extend"),
    "cut": (Phantom(lordosis_mm=-5.0, noise_mm=0.1, seed=7, slice_tilt_deg=-10.0), "cut"),
}


@pytest.fixture(scope="module", params=[*PHANTOMS, "real"])
def whole(request):
    if request.param == "real":
        markers, caudal = read_subject(request.getfixturevalue("sub03")), "extend"
    else:
        phantom, caudal = PHANTOMS[request.param]
        markers = annotate(phantom)
    model = build(markers, BuildParameters(caudal=caudal, edge_mm=1.5))
    coarse = SurroundParameters(canal_edge_mm=1.5, bone_edge_mm=3.0, bulk_edge_mm=10.0)
    marks = model.annotation.ganglia
    around = surround(model.axis, model.surfaces, model.centrelines, marks, coarse, caudal=caudal)
    return SimpleNamespace(model=model, around=around, caudal=caudal)


def test_every_surface_is_closed_outward_and_free_of_self_intersection(whole) -> None:
    around = whole.around
    for surface in (around.dura_outer, around.fat, around.bone, around.disc, around.muscle, around.bulk,
                    *around.sleeves.values()):  # fmt: skip
        assert min(part.volume() for part in to_solid(surface).decompose()) > 0, surface.name
        assert not len(self_intersections(surface)), surface.name


def test_dura_lies_in_the_fat_with_its_clearance_and_roots_out_of_bone(whole) -> None:
    around, surfaces = whole.around, whole.model.surfaces
    fat, bone = to_solid(around.fat), to_solid(around.bone)
    assert (to_solid(around.dura_outer) - fat).volume() == 0
    near = signed_distance(Proximity(around.dura_outer), around.fat.vertices[::2], exact_within_mm=1.0)[0]
    assert near.min() > 0.6
    for name, sleeve in around.sleeves.items():
        assert (to_solid(sleeve) - fat).volume() == 0
        assert overlap_mm3(to_solid(surfaces[name]), bone - fat) == 0


def test_sleeves_hold_the_roots_and_keep_apart(whole) -> None:
    around, model = whole.around, whole.model
    dura = to_solid(model.surfaces["Dura"])
    solids = {name: to_solid(sleeve) for name, sleeve in around.sleeves.items()}
    assert whole.caudal == "cut" or set(solids) == set(model.centrelines)
    for name, sleeve in solids.items():
        assert (to_solid(model.surfaces[name]) - sleeve - dura).volume() == pytest.approx(0.0, abs=1e-9)
        assert len((sleeve - dura).decompose()) == 1
    assert all(one.min_gap(other, 1.0) > 0.1 for one, other in combinations(solids.values(), 2))


def test_domain_cuts_dura_cord_and_fat_but_holds_what_it_should(whole) -> None:
    around, surfaces, axis = whole.around, whole.model.surfaces, whole.model.axis
    high = float(locate(axis, surfaces["Dura"].vertices[::20])[0].max())
    rostral = trunk_frame(axis, high - 20.0, high).frame[2]
    bottom, top = np.sort(around.bulk.vertices @ rostral)[[0, -1]]
    for surface in (surfaces["Dura"], surfaces["Cord"], around.fat, around.bone):
        assert (surface.vertices @ rostral).max() > top + 0.99
    dura = to_solid(surfaces["Dura"])
    assert 0.85 < (dura ^ to_solid(around.bulk)).volume() / dura.volume() < 1.0
    assert len((dura ^ to_solid(around.bulk)).decompose()) == 1
    if whole.caudal == "extend":
        ends = np.array([line.points[-1] for line in whole.model.centrelines.values()])
        assert (ends @ rostral).min() > bottom + 19.9
    else:
        assert (surfaces["Dura"].vertices @ rostral).min() < bottom - 0.99


def test_parts_that_are_left_by_those_before_them_are_no_slivers(whole) -> None:
    around, model = whole.around, whole.model
    rest = to_solid(around.bulk)
    total, seen = rest.volume(), 0.0
    for surface in (model.surfaces["Dura"], around.dura_outer, around.fat, around.bone, around.disc, around.muscle):
        solid = to_solid(surface)
        part, rest = rest ^ solid, rest - solid
        seen += part.volume()
        assert min(piece.volume() for piece in part.decompose()) > 1.0, surface.name
    assert seen + rest.volume() == pytest.approx(total, rel=1e-9)
    assert min(piece.volume() for piece in rest.decompose()) > 1.0


def test_bone_lies_before_and_behind_the_canal_of_every_subject(whole) -> None:
    axis, bone = whole.model.axis, Proximity(whole.around.bone)
    assert whole.around.levels == vertebral_levels(axis, whole.model.annotation.ganglia)
    spans = {span.name: span for span in whole.around.levels}
    for name in ("T12", "L1"):
        span = spans[name]
        s = np.array([(span.top + span.bottom) / 2, span.bottom + 4.0])
        points = place(axis, s, np.zeros(2), np.array([-25.0, 16.0]))
        assert (signed_distance(bone, points)[0] < 0.0).all()
