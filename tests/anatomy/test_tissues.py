"""The completed model: a partition of space on phantoms and on a real subject."""

from dataclasses import replace

import numpy as np
import pytest

from spinemodel import BuildParameters, Phantom, TissueParameters, annotate, build, complete, read_subject
from spinemodel.anatomy.compartments import check_partition, interface, volumes
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import crossings, to_solid
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.errors import InputError
from spinemodel.levels import ROOTS, TISSUES, RootName
from tests.shapes import box

COARSE = BuildParameters(edge_mm=1.0)


@pytest.fixture(scope="module")
def phantom():
    anatomy = build(annotate(Phantom(noise_mm=0.1, seed=4, missing=(RootName("L3", "L"),))), COARSE)
    return anatomy, complete(anatomy, TissueParameters(ventral=True))


@pytest.fixture(scope="module")
def real(sub03):
    anatomy = build(read_subject(sub03))
    return anatomy, complete(anatomy)


@pytest.fixture(params=["phantom", "real"])
def case(request):
    return request.getfixturevalue(request.param)


def test_tissues_part_space_exactly(case) -> None:
    _, tissues = case
    assert tissues.failures == ()
    whole = volume(tissues.domain)
    assert check_partition(tissues.partition, whole) == ()
    assert sum(volumes(tissues.partition).values()) == pytest.approx(whole, rel=1e-12)
    assert set(tissues.partition.labels) <= set(TISSUES)


def test_tissues_are_cut_from_the_surfaces_that_were_drawn(case) -> None:
    anatomy, tissues = case
    sizes = volumes(tissues.partition)
    cord, domain = (to_solid(surface) for surface in (anatomy.surfaces["Cord"], tissues.domain))
    inside = sizes["Grey"] + sizes["DorsalColumns"] + sizes["White"]
    assert inside == pytest.approx((cord ^ domain).volume(), rel=2e-5)  # crumbs below 2e-4 mm are merged
    sac = to_solid(anatomy.surfaces["Dura"]) ^ domain
    nervous = sum(size for name, size in sizes.items() if name[0] in "LS")
    assert sizes["CSF"] + inside < sac.volume() < sizes["CSF"] + inside + nervous


def test_every_root_leaves_the_sac_once_and_no_other_way(case) -> None:
    anatomy, tissues = case
    dura = to_solid(anatomy.surfaces["Dura"])
    for root in ROOTS:
        if str(root) in tissues.partition.labels:
            assert crossings(to_solid(tissues.partition.parts[str(root)]), dura) == 1
            assert len(interface(tissues.partition, str(root), "Bone")) == 0
            assert len(interface(tissues.partition, str(root), "DuraShell")) > 0


def test_grey_lies_strictly_inside_the_cord(case) -> None:
    anatomy, tissues = case
    grey = tissues.partition.parts["Grey"].vertices
    below = grey[grey[:, 2] < grey[:, 2].max() - 0.5]
    assert signed_distance(Proximity(anatomy.surfaces["Cord"]), below)[0].max() < -0.1
    for other in ("CSF", "DuraShell", "Fat"):
        assert len(interface(tissues.partition, "Grey", other)) == 0


def test_neighbours_lie_where_anatomy_has_them(case) -> None:
    _, tissues = case
    apart = (("White", "DuraShell"), ("CSF", "Fat"), ("CSF", "Bone"), ("DuraShell", "Muscle"), ("White", "Bone"))
    for one, other in apart:
        assert len(interface(tissues.partition, one, other)) == 0, (one, other)
    for one, other in (("White", "CSF"), ("CSF", "DuraShell"), ("DuraShell", "Fat"), ("Fat", "Bone"), ("Bone", "Disc")):
        assert len(interface(tissues.partition, one, other)) > 0, (one, other)


def test_shell_is_as_thick_as_told(case) -> None:
    anatomy, tissues = case
    outer = tissues.partition.parts["DuraShell"].vertices
    distance = signed_distance(Proximity(anatomy.surfaces["Dura"]), outer, exact_within_mm=1.0)[0]
    edge = np.sqrt(np.median(distance[distance > 0.1]))
    assert edge**2 == pytest.approx(0.3, abs=0.03)
    assert distance.min() > -0.05


def test_origins_are_told(case) -> None:
    _, tissues = case
    assert set(tissues.origins) == set(tissues.partition.labels)
    assert tissues.origins["White"] == tissues.origins["S2_R"] == "annotated"
    assert tissues.origins["Grey"] == tissues.origins["S2_R_rootlets"] == "derived"
    assert tissues.origins["Bone"] == "extrapolated"


def test_missing_root_has_no_tissue_and_ventral_ones_are_there(phantom) -> None:
    labels = phantom[1].partition.labels
    assert "L3_L" not in labels
    assert "L3_L_rootlets" not in labels
    assert sum(name.endswith("_ventral") for name in labels) == 13


def test_the_same_anatomy_gives_the_same_bits(phantom) -> None:
    again = complete(phantom[0], TissueParameters(ventral=True)).partition
    for name in ("vertices", "faces", "sides"):
        assert np.array_equal(getattr(again, name), getattr(phantom[1].partition, name))


def test_what_is_left_out_goes_to_what_surrounds_it(phantom) -> None:
    without = frozenset({"Grey", "DorsalColumns", "Rootlets", "DuraShell", "Fat", "Bone", "Disc", "Muscle"})
    tissues = complete(phantom[0], TissueParameters(without))
    assert tissues.failures == ()
    assert [name for name in tissues.partition.labels if name[-2:] not in ("_L", "_R")] == ["White", "CSF", "Bulk"]


def test_unknown_parts_are_refused() -> None:
    with pytest.raises(InputError, match="without Bones: no such part; expected some of Grey"):
        TissueParameters(frozenset({"Bones"}))


def test_cut_sac_is_parted_too() -> None:
    anatomy = build(annotate(Phantom()), BuildParameters(edge_mm=1.0, caudal="cut"))
    tissues = complete(anatomy, TissueParameters(frozenset({"Rootlets"})))
    assert tissues.failures == ()
    lowest = tissues.partition.parts["CSF"].vertices[:, 2].min()
    assert Phantom().bottom_z < lowest < Phantom().bottom_z + 4


def test_vertebrae_that_are_given_become_the_bone(phantom) -> None:
    anatomy, usual = phantom
    span = next(one for one in anatomy.levels.vertebrae if one.name == "L3")
    middle = (span.bottom + span.top) / 2
    centre = anatomy.axis.points[np.searchsorted(anatomy.axis.s, middle)]
    outer = to_solid(box(tuple(centre - 14.0), 28.0))
    hole = to_solid(box(tuple(centre - [12.0, 12.0, 20.0]), 24.0))
    hole += hole.translate((0.0, 0.0, 16.0))
    mesh = (outer - hole).refine(5).to_mesh64()
    ring = Surface("L3", anatomy.axis.space, np.array(mesh.vert_properties)[:, :3], np.array(mesh.tri_verts))
    given = build(anatomy.annotation, COARSE, {"L3": ring})
    tissues = complete(given, TissueParameters(frozenset({"Rootlets"})))
    assert tissues.failures == ()
    assert tissues.origins["Bone"] == "annotated"
    assert {span.name: span.origin for span in given.levels.vertebrae}["L3"] == "annotated"
    assert any(note.startswith("Bone: L3 as given; T") for note in tissues.notes)
    assert volumes(tissues.partition)["Bone"] < volumes(usual.partition)["Bone"]
    for name in ("Muscle", "Bulk"):  # fat fills the ring, and nothing else stands in it
        off = tissues.partition.parts[name].vertices - centre
        assert np.hypot(*off[np.abs(off[:, 2]) < 8.0, :2].T).min() > 11.0


def test_tissues_without_roots_or_rootlets_of_one_side_are_built() -> None:
    drawn = annotate(Phantom())
    right = replace(drawn, roots={root: at for root, at in drawn.roots.items() if root.side == "R"})
    tissues = complete(build(right, COARSE), TissueParameters(frozenset({"Bone", "Disc", "Muscle"})))
    assert tissues.failures == ()
    assert [name for name in tissues.partition.labels if name.endswith("_L")] == []
    none = build(replace(drawn, roots={}), COARSE)
    with pytest.raises(InputError, match="no root tells where the spinal segments are; draw one, or leave out Grey"):
        complete(none)
    assert complete(none, TissueParameters(frozenset({"Grey", "DorsalColumns", "Rootlets"}))).failures == ()


def test_ventral_roots_need_rootlets() -> None:
    with pytest.raises(InputError, match="ventral roots need rootlets"):
        TissueParameters(frozenset({"Rootlets"}), ventral=True)


def test_share_below_the_marks_is_told(case) -> None:
    _, tissues = case
    assert tissues.extrapolated["White"] == tissues.extrapolated["Grey"] == 0.0
    assert 0.3 < tissues.extrapolated["CSF"] < 0.5
    assert tissues.extrapolated["S2_R"] > tissues.extrapolated["L1_R"]
