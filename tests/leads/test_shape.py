"""The lead as a mesh: closed, conforming, of the volumes that its sizes give, and with exact outlines on its face."""

from dataclasses import replace
from math import pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.anatomy.compartments import Partition, check_partition, interface, volumes
from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.lead_catalogue import read_catalogue
from spinemodel.leads.cylinder import SIDES
from spinemodel.leads.design import LeadDesign
from spinemodel.leads.lead import BACKING, Ribbon, to_space
from spinemodel.leads.shape import shape
from tests.leads.designs import PLATE, bar, cylinder, disc, paddle

CATALOGUE = read_catalogue()


def angles(partition: Partition) -> FloatArray:
    """Smallest angle of every triangle, degrees."""
    corners = partition.vertices[partition.faces]
    out, back = np.roll(corners, -1, axis=1) - corners, np.roll(corners, 1, axis=1) - corners
    cross = np.linalg.norm(np.cross(out, back), axis=2)
    return np.asarray(np.degrees(np.arctan2(cross, (out * back).sum(axis=2))).min(axis=1))


def edges(partition: Partition) -> FloatArray:
    """Lengths of the triangles' edges, mm."""
    corners = partition.vertices[partition.faces]
    return np.asarray(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2))


def on_face(parts: Partition, name: str) -> Surface:
    """The part of a contact's surface that lies on the face, seen from the tissue."""
    surface = parts.parts[name]
    flat = (surface.vertices[surface.faces][:, :, 2] == 0).all(axis=1)
    return Surface(name, surface.space, surface.vertices, surface.faces[flat])


def test_a_paddle_has_the_volumes_and_areas_of_its_sizes() -> None:
    parts = shape(paddle())
    size = volumes(parts)
    assert parts.space == "lead/toy"
    assert parts.labels == (BACKING, "bar", "disc")
    assert size["bar"] == pytest.approx(2 * 5 * 0.2, rel=1e-12)
    assert size["disc"] == pytest.approx(pi * 1.5**2 * 0.2, rel=1e-12)
    assert check_partition(parts, 24 * 8 * 1.5) == ()
    assert area(on_face(parts, "bar")) == pytest.approx(10)
    assert area(on_face(parts, "disc")) == pytest.approx(pi * 1.5**2)
    assert parts.vertices.min(axis=0).tolist() == [-4, -11, 0]
    assert parts.vertices.max(axis=0).tolist() == [4, 13, 1.5]


def test_the_outline_of_a_rectangle_is_exact() -> None:
    plate = on_face(shape(paddle()), "bar")
    at = plate.vertices[np.unique(plate.faces)][:, :2]
    assert (at.min(axis=0) == [0, 1.5]).all()
    assert (at.max(axis=0) == [2, 6.5]).all()
    for corner in [(0, 1.5), (2, 1.5), (2, 6.5), (0, 6.5)]:
        assert (at == corner).all(axis=1).any()


def test_a_disc_is_round() -> None:
    plate = on_face(shape(paddle(), 0.2), "disc")
    reach = np.hypot(*(plate.vertices[np.unique(plate.faces)][:, :2] - [-1.5, -4]).T)
    assert reach.max() == pytest.approx(1.5, rel=0.005)


def test_contacts_touch_backing_and_tissue_but_not_each_other() -> None:
    parts = shape(paddle())
    assert len(interface(parts, "bar", "disc")) == 0
    for name in ("bar", "disc"):
        shared = interface(parts, name, BACKING)
        side = parts.vertices[shared]
        assert side[:, :, 2].max() == 0.2
        assert len(shared) + len(on_face(parts, name).faces) == len(parts.parts[name].faces)


def test_round_corners_take_their_share_of_the_volume() -> None:
    corner = 4.0
    parts = shape(paddle(disc("a", 0, 1, 3), backing=replace(PLATE, corner_mm=corner)), 0.2)
    assert sum(volumes(parts).values()) == pytest.approx((24 * 8 - (4 - pi) * corner**2) * 1.5, rel=1e-3)


def test_a_cylinder_is_a_polygon_of_its_diameter_with_a_round_tip() -> None:
    parts, ring, share = shape(cylinder()), 3.0, SIDES / (2 * pi) * sin(2 * pi / SIDES)
    size = volumes(parts)
    for name in ("C0", "C1", "C2"):
        assert size[name] == pytest.approx(share * pi * (0.65**2 - 0.55**2) * ring, rel=1e-9)
    straight, tip = share * pi * 0.65**2 * (30 - 0.65), 2 / 3 * pi * 0.65**3
    assert sum(size.values()) == pytest.approx(straight + tip, rel=1e-3)
    assert check_partition(parts, sum(size.values())) == ()


def test_a_cylinder_lies_with_its_skin_at_the_tissue() -> None:
    parts = shape(cylinder())
    assert parts.vertices[:, 2].min() == 0
    assert np.abs(np.hypot(parts.vertices[:, 0], parts.vertices[:, 2] - 0.65)).max() == pytest.approx(0.65)
    assert parts.vertices[:, 1].min() == -17
    assert parts.vertices[:, 1].max() == 13
    assert (parts.vertices[:, 0] == 0).any()
    ring = parts.parts["C0"].vertices
    assert ring[:, 1].min() == 5.5
    assert ring[:, 1].max() == 8.5
    assert ring[:, 2].min() == 0
    assert ring[:, 2].max() == pytest.approx(1.3)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_lead_of_the_catalogue_becomes_a_sound_mesh(name: str) -> None:
    design = CATALOGUE[name]
    parts = shape(design)
    assert check_partition(parts, sum(volumes(parts).values())) == ()
    assert parts.labels == (BACKING, *(contact.name for contact in design.contacts))
    assert angles(parts).min() > 15
    assert edges(parts).max() < 1.6 * 0.5
    assert all(volume(surface) > 0 for surface in parts.parts.values())


@settings(max_examples=10, deadline=None)
@given(st.floats(0.3, 1.2), st.floats(0.05, 0.5), st.floats(0, 3.9))
def test_whatever_edge_metal_and_corner(edge: float, metal: float, corner: float) -> None:
    contacts = bar("a", -2.1, 3, 1.5, 4), bar("b", 0.3, 1, 1.5, 4), disc("c", 0.4, -5, 2.5)
    design = paddle(*contacts, backing=replace(PLATE, corner_mm=corner), metal_mm=metal)
    parts = shape(design, edge)
    size = volumes(parts)
    assert check_partition(parts, sum(size.values())) == ()
    assert size["a"] == pytest.approx(6 * metal)
    assert size["c"] == pytest.approx(pi * 1.25**2 * metal)


@pytest.mark.parametrize("design", [paddle(), cylinder()], ids=["paddle", "cylinder"])
def test_it_can_be_bent(design: LeadDesign) -> None:
    parts, v, radius = shape(design), np.linspace(-20, 20, 41), 50.0
    angle, nought = v / radius, np.zeros(41)
    points = np.stack([nought, radius * np.cos(angle) - radius, radius * np.sin(angle)], axis=1)
    along = np.stack([nought, -np.sin(angle), np.cos(angle)], axis=1)
    across = np.tile([1.0, 0, 0], (41, 1))
    ribbon = Ribbon("lab", v, points, np.stack([across, along, np.cross(across, along)], axis=1), np.full(41, 0.1))
    bent = Partition("lab", to_space(ribbon, parts.vertices), parts.faces, parts.sides, parts.labels)
    size = volumes(bent)
    assert check_partition(bent, sum(size.values())) == ()
    assert angles(bent).min() > 15
    assert sum(size.values()) == pytest.approx(sum(volumes(parts).values()), rel=0.1)


@pytest.mark.parametrize("edge", [0.0, -1.0, float("nan"), float("inf"), 1e-4])
def test_edges_that_make_no_mesh_are_refused(edge: float) -> None:
    with pytest.raises(InputError, match="lead toy: edge_mm: got"):
        shape(paddle(), edge)


def test_a_lead_that_cannot_exist_has_no_shape() -> None:
    with pytest.raises(InputError, match="beyond the backing"):
        shape(paddle(bar("a", 4, 0, 2, 2)))
