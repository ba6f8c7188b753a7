"""From models and leads to what is solved."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity, Preset
from spinemodel.io.conductivities import read_preset
from spinemodel.io.field_problem import (
    contact_electrodes,
    field_problem,
    lead_region,
    region_of,
    skin,
    with_lead,
)
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.leads.lead import Lead, Ribbon
from spinemodel.leads.parts import lead_on
from tests.io.exports.fibre_contents import block, block_model, round_design
from tests.io.exports.toy_contents import toy_lead, whole_folder
from tests.leads.models import straight_model
from tests.leads.phantoms import paddle
from tests.shapes import box

ISSUE = read_preset("capogrosso2013")


def areas(triangles: np.ndarray) -> np.ndarray:
    """Area vectors, (m, 3) mm2."""
    return np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]) / 2


def ribbon(space: str, bend_mm: float = np.inf, middle: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Ribbon:
    """Dorsal of a dura, tip towards the head; bent to a circle about a point in front of it."""
    v = np.linspace(-40, 40, 321)
    turn = v / bend_mm
    along = np.stack([0 * turn, np.sin(turn), np.cos(turn)], axis=1)
    away = np.stack([0 * turn, -np.cos(turn), np.sin(turn)], axis=1)
    straight = np.stack([0 * v, 0 * v, v], axis=1)
    bent = bend_mm * np.stack([0 * turn, 1 - np.cos(turn), np.sin(turn)], axis=1) if np.isfinite(bend_mm) else straight
    frames = np.stack([np.cross(along, away), along, away], axis=1)
    return Ribbon(space, v, bent + np.array(middle), frames, 0 * v)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> WholeModel:
    """A straight spine of tubes: White, CSF, DuraShell, Fat and Bulk."""
    return straight_model(tmp_path_factory.mktemp("straight") / "sub-toy", tissues=True)


@pytest.fixture(scope="module")
def lead(model: WholeModel) -> Lead:
    """A paddle in the fat behind the dura."""
    return lead_on(paddle(), ribbon(model.space, middle=(0.0, -9.0, 60.0)))


@pytest.mark.parametrize("bend", [np.inf, 80.0])
def test_contacts_of_a_paddle_have_the_design_s_area_and_look_at_the_dura(bend: float) -> None:
    tissues = block("Fat")
    lead = lead_on(paddle(), ribbon(tissues.space, bend))
    for contact, electrode in zip(
        lead.design.contacts, contact_electrodes(with_lead(tissues, lead), lead), strict=True
    ):
        vectors = areas(electrode.triangles)
        assert electrode.name == contact.name
        assert np.linalg.norm(vectors, axis=1).sum() == pytest.approx(8.0, rel=0.01)
        # Into the tissue: ventrally, w being the depth below the face.
        assert (vectors[:, 1] > 0).all()


def test_rings_have_the_design_s_area_and_look_outwards_all_round() -> None:
    tissues, design = block("Fat"), round_design()
    lead = lead_on(design, ribbon(tissues.space))
    radius = design.backing.thickness_mm / 2
    for contact, electrode in zip(
        design.contacts, contact_electrodes(with_lead(tissues, lead), lead), strict=True
    ):
        vectors, middles = areas(electrode.triangles), electrode.triangles.mean(axis=1)
        size = np.linalg.norm(vectors, axis=1)
        assert size.sum() == pytest.approx(np.pi * 1.3 * contact.length_mm, rel=0.01)
        outwards = (middles - [0, -radius, 0]) * [1, 1, 0]
        assert (np.einsum("ij,ij->i", vectors, outwards) > 0).all()
        assert vectors.sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-3 * size.sum())


def test_backing_is_no_part_of_an_electrode_and_nothing_but_tissue_conducts(model: WholeModel, lead: Lead) -> None:
    problem = field_problem(model, lead, ISSUE)
    assert set(problem.medium.conductivity) == {"White", "CSF", "DuraShell", "Fat", "Bulk"}
    assert set(problem.medium.parts) == {*problem.medium.conductivity, "Backing", "C1", "C2", "C3"}
    assert [contact.name for contact in problem.contacts] == ["C1", "C2", "C3"]
    # Every face of the lead's body is tissue's too, so that what is taken out is closed.
    shown = np.vstack([contact.triangles for contact in problem.contacts])
    body = sum(np.linalg.norm(areas(s.vertices[s.faces]), axis=1).sum() for s in lead.parts.parts.values())
    assert np.linalg.norm(areas(shown), axis=1).sum() < 0.1 * body
    assert problem.medium.beyond is None
    assert problem.medium.space == model.space


def test_the_grounded_skin_is_closed_and_looks_inwards(model: WholeModel, lead: Lead) -> None:
    ground = field_problem(model, lead, ISSUE).ground
    assert ground is not None
    vectors = areas(ground.triangles)
    size = np.linalg.norm(vectors, axis=1).sum()
    assert vectors.sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-9 * size)
    # By the divergence theorem -3 times the domain's volume: a prism of 40 sides, radius 30 and length 116 mm.
    volume = 40 / 2 * 30**2 * np.sin(2 * np.pi / 40) * 116
    flux = np.einsum("ij,ij->", vectors, ground.triangles.mean(axis=1))
    assert flux == pytest.approx(-3 * volume, rel=1e-3)


def test_an_insulated_skin_returns_current_at_its_caudal_end(model: WholeModel, lead: Lead) -> None:
    ground = field_problem(model, lead, ISSUE, "insulated").ground
    assert ground is not None
    np.testing.assert_allclose(ground.triangles[..., 2], 2.0, atol=1e-9)
    vectors = areas(ground.triangles)
    assert vectors.sum(axis=0) == pytest.approx([0, 0, 40 / 2 * 30**2 * np.sin(2 * np.pi / 40)], abs=1e-2)


def test_beyond_the_bulk_goes_on_without_ground(model: WholeModel, lead: Lead) -> None:
    problem = field_problem(model, lead, ISSUE, "beyond")
    assert (problem.ground, problem.medium.beyond) == (None, "Bulk")
    labels = ("White", "CSF", "DuraShell", "Fat", "Disc")
    no_bulk = replace(model, partition=replace(model.require_partition(), labels=labels))
    with pytest.raises(InputError, match="boundary beyond: the model has no Bulk"):
        field_problem(no_bulk, None, ISSUE, "beyond")


def test_a_boundary_of_another_name_is_refused(model: WholeModel) -> None:
    with pytest.raises(InputError, match="boundary: got 'open', expected one of grounded, insulated, beyond"):
        field_problem(model, None, ISSUE, "open")  # type: ignore[arg-type]


def test_without_a_lead_there_are_no_contacts(model: WholeModel) -> None:
    assert field_problem(model, None, ISSUE).contacts == ()


def test_a_skin_that_nothing_of_faces_caudally_is_refused(model: WholeModel) -> None:
    flipped = Axis(model.space, [[0, 0, 0], [0, 5, 0], [0, 100, 0.0]])
    lying = replace(model, levels=model.levels._replace(axis=flipped), partition=_ball(model.space))
    assert len(field_problem(lying, None, ISSUE, "insulated").ground.triangles)  # type: ignore[union-attr]
    ball = lying.require_partition()
    up = areas(skin(ball))[:, 1] < 0
    kept = replace(lying, partition=replace(ball, faces=ball.faces[up], sides=ball.sides[up]))
    with pytest.raises(InputError, match="boundary insulated: no skin faces caudally"):
        field_problem(kept, None, ISSUE, "insulated")


def _ball(space: str) -> Partition:
    cube = box((0, 0, 0), 1.0)
    return Partition(space, cube.vertices, cube.faces, np.tile([1, 0], (len(cube.faces), 1)), ("Bulk",))


def test_a_buried_contact_is_named_in_one_line(tmp_path: Path) -> None:
    model = read_model(whole_folder(tmp_path / "sub-toy"))
    with pytest.raises(InputError, match="lead toy: contact C1 touches no tissue") as problem:
        field_problem(model, toy_lead(), ISSUE)
    assert "\n" not in str(problem.value)


def test_a_tissue_without_a_value_is_named(model: WholeModel) -> None:
    lacking = replace(ISSUE, materials={k: v for k, v in ISSUE.materials.items() if k != "CSF"})
    with pytest.raises(InputError, match="no value for CSF"):
        field_problem(model, None, lacking)


def test_a_user_s_table_may_not_name_a_tissue_that_the_model_lacks(model: WholeModel) -> None:
    mine = replace(ISSUE, file=Path("mine.toml"), named=frozenset({"Fat", "Disc", "Metal"}))
    with pytest.raises(InputError, match=r"mine\.toml: names Disc, which the model lacks"):
        field_problem(model, None, mine)
    field_problem(model, None, replace(mine, named=frozenset({"Fat", "Metal"})))


def test_a_model_without_tissues_is_refused(model: WholeModel) -> None:
    with pytest.raises(InputError, match="has no tissues; build the model again with --tissues"):
        field_problem(replace(model, partition=None), None, ISSUE)


def test_white_matter_conducts_along_the_cord(model: WholeModel) -> None:
    direction = field_problem(model, None, ISSUE).medium.direction
    assert set(direction) == {"White"}
    np.testing.assert_allclose(direction["White"](np.array([[0.5, 1, 50], [-2, 0, 80]])), [[0, 0, 1]] * 2, atol=1e-4)


def _with(name: str) -> WholeModel:
    """A block of one tissue with a root along z."""
    return block_model(block(name))


@pytest.fixture
def anisotropic() -> Preset:
    """Every material conducts eight times as well along as across."""
    value = Conductivity(0.8, 0.1, "made up", verified=False)
    return Preset("all", "All", dict.fromkeys(ISSUE.materials, value))


def test_muscle_conducts_along_the_axis_and_of_fat_no_direction_is_known(
    anisotropic: Preset, caplog: pytest.LogCaptureFixture
) -> None:
    muscle = field_problem(_with("Muscle"), None, anisotropic).medium
    assert muscle.conductivity["Muscle"] == anisotropic.materials["Muscle"]
    np.testing.assert_allclose(muscle.direction["Muscle"](np.array([[9.0, 9, 9]])), [[0, 0, 1]], atol=1e-12)
    with caplog.at_level(logging.WARNING):
        fat = field_problem(_with("Fat"), None, anisotropic).medium
    assert "Fat: no direction" in caplog.text
    assert not fat.direction
    assert fat.conductivity["Fat"].along == fat.conductivity["Fat"].across == pytest.approx(0.2)


def test_roots_conduct_along_their_centrelines_and_rootlets_along_their_paths(anisotropic: Preset) -> None:
    root = field_problem(_with("L3_R"), None, anisotropic).medium
    np.testing.assert_allclose(root.direction["L3_R"](np.array([[2.1, 0, 3]])), [[0, 0, -1]], atol=1e-12)
    slant = np.array([0.6, 0, -0.8])
    model = _with("L3_R_rootlets")
    path = FibrePath("L3_R_fibre1", "L3_R", "L3_R_1", model.space, np.outer(np.arange(20.0), slant))
    rootlets = field_problem(model, None, anisotropic, paths=[path]).medium
    np.testing.assert_allclose(rootlets.direction["L3_R_rootlets"](np.array([[0.6, 1, -0.8]])), [slant], atol=1e-12)
    with pytest.raises(InputError, match="has no line for L3_R_rootlets, which conducts along it"):
        field_problem(model, None, anisotropic, paths=[])


def test_a_root_without_anisotropy_needs_no_lines() -> None:
    assert not field_problem(_with("L3_R_rootlets"), None, read_preset("rado-scs")).medium.direction


def test_a_problem_at_a_frequency_is_complex(model: WholeModel) -> None:
    value = field_problem(model, None, read_preset("gabriel1996", 1e4)).medium.conductivity["White"]
    assert value.is_complex
    assert value.complex_along.imag / value.along == pytest.approx(0.1, abs=0.005)
    assert not any(v.is_complex for v in field_problem(model, None, ISSUE).medium.conductivity.values())


def test_the_region_holds_the_lead_and_the_dura_beside_it(model: WholeModel, lead: Lead) -> None:
    low, high = region_of(with_lead(model.require_partition(), lead), lead, 7.0)
    # The dura's shell is a tube of radius 8.5; the paddle of 30 x 10 x 2 mm lies 9 mm behind the axis.
    np.testing.assert_allclose(low, [-8.5, -11.0, 60 - 15 - 7], atol=0.05)
    np.testing.assert_allclose(high, [8.5, 8.5, 60 + 15 + 7], atol=0.05)
    own = lead_region(lead)
    np.testing.assert_allclose(own[0], [-6.0, -12.0, 44.0], atol=0.01)
    np.testing.assert_allclose(own[1], [6.0, -8.0, 76.0], atol=0.01)
    assert (low <= own[0] + 1).all()
    assert (high >= own[1] - 1).all()


def test_the_region_of_a_model_without_a_sac_is_the_lead_s(lead: Lead) -> None:
    low, high = region_of(block("Fat"), lead, 7.0)
    np.testing.assert_allclose([low, high], [[-5, -11, 38], [5, -9, 82]], atol=0.01)
    with pytest.raises(InputError, match="margin of -1 mm, expected 0 or more"):
        region_of(block("Fat"), lead, -1)


def test_skin_is_the_domain_s_boundary_whatever_the_order_of_sides() -> None:
    cube = box((0, 0, 0), 2.0)
    inner = partition([Solid(box((0.5, 0.5, 0.5), 1.0), "White")], cube)
    turned = np.arange(len(inner.faces)) % 2 == 0
    faces = np.where(turned[:, None], inner.faces[:, ::-1], inner.faces)
    sides = np.where(turned[:, None], inner.sides[:, ::-1], inner.sides)
    for parted in (inner, Partition(inner.space, inner.vertices, faces, sides, inner.labels)):
        vectors, middles = areas(skin(parted)), skin(parted).mean(axis=1)
        assert np.linalg.norm(vectors, axis=1).sum() == pytest.approx(24.0)
        assert (np.einsum("ij,ij->i", vectors, middles - 1.0) < 0).all()


def test_surfaces_are_the_partition_s_own(model: WholeModel) -> None:
    parts = field_problem(model, None, ISSUE).medium.parts
    assert all(isinstance(part, Surface) for part in parts.values())
    assert parts.keys() == model.require_partition().parts.keys()
