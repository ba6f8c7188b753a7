"""Everything that surrounds the dura, on phantoms and on a real subject."""

from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from spinemodel import BuildParameters, Phantom, annotate, build, read_subject
from spinemodel.anatomy.axis import locate, place
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.model import Levels
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import overlap_mm3, to_solid
from spinemodel.anatomy.surround.around import surround
from spinemodel.anatomy.surround.outer import trunk_frame
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.vertebral_levels import vertebral_levels
from spinemodel.errors import InputError
from spinemodel.levels import ROOTS
from tests.anatomy.surround.spine import anatomy, tube

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
    return SimpleNamespace(model=model, around=surround(model, coarse), caudal=caudal)


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
    assert whole.model.levels.vertebrae == vertebral_levels(axis, whole.model.annotation.ganglia)
    spans = {span.name: span for span in whole.model.levels.vertebrae}
    for name in ("T12", "L1"):
        span = spans[name]
        s = np.array([(span.top + span.bottom) / 2, span.bottom + 4.0])
        points = place(axis, s, np.zeros(2), np.array([-25.0, 16.0]))
        assert (signed_distance(bone, points)[0] < 0.0).all()


def test_gap_makes_a_lumen_within_the_sleeve() -> None:
    whole = surround(anatomy(), SurroundParameters(sleeve_gap_mm=0.4))
    lumen, wide, dura = (to_solid(one) for one in (whole.lumens["L3_R"], whole.sleeves["L3_R"], tube()))
    assert overlap_mm3(lumen, wide) == pytest.approx(lumen.volume(), rel=1e-3)
    assert (wide - dura).volume() / (lumen - dura).volume() == pytest.approx((1.2 / 0.9) ** 2, rel=0.1)


def test_anatomy_without_vertebral_levels_is_refused() -> None:
    with pytest.raises(InputError, match="sub-test: nothing tells where the vertebrae are"):
        surround(replace(anatomy(), levels=Levels((), ())))
