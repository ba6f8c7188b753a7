"""One partition laid over another: volumes, labels, what stays as it was, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.arrangement.tidy import FINEST_MM
from spinemodel.anatomy.compartments import Partition, Solid, check_partition, interface, partition, volumes
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.overlay import overlay
from spinemodel.anatomy.overlaying import crossing
from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from tests.anatomy.test_arrangement import posed, random_shapes, rod
from tests.shapes import box, sphere
from winding import winding_numbers

SEEDS = st.integers(0, 2**32 - 1)
ROOM = box((-3, -3, -3), 6, name="room")
TURN = Rotation.from_rotvec([0.3, 0.4, 0.5]).as_matrix()


def block(low: object, high: object, name: str = "block") -> Surface:
    """A box between two corners."""
    return posed(box(), low, scale=np.asarray(high, float) - np.asarray(low, float), name=name)


def turned(parts: Partition, turn: FloatArray, shift: object = (0, 0, 0)) -> Partition:
    """A turned and shifted copy."""
    points = parts.vertices @ turn.T + np.asarray(shift, float)
    return Partition(parts.space, points, parts.faces, parts.sides, parts.labels)


def paddle(length: float = 4.0, turn: FloatArray | None = None, shift: object = (0, 0, 0)) -> Partition:
    """A plate of 1 by 0.4 mm with two contacts, 0.5 mm wide and 0.1 mm deep, in its lower face: cells of a grid."""
    along = np.array([-0.5, -0.35, -0.2, 0.2, 0.35, 0.5]) * length
    lines = [np.array([-0.5, -0.25, 0.25, 0.5]), along, np.array([0, 0.1, 0.4])]
    label = np.ones((3, 5, 2), dtype=int)
    label[1, 1, 0], label[1, 3, 0] = 2, 3
    index = np.arange(4 * 6 * 3).reshape(4, 6, 3)
    padded, faces, sides = np.pad(label, 1), [], []
    for axis in range(3):
        cells, nodes = np.moveaxis(padded, axis, 0)[:, 1:-1, 1:-1], np.moveaxis(index, axis, 0)
        inner, outer = cells[:-1], cells[1:]
        square = np.stack([nodes[:, :-1, :-1], nodes[:, 1:, :-1], nodes[:, 1:, 1:], nodes[:, :-1, 1:]], axis=-1)
        square = square[inner != outer][:, ::-1 if axis == 1 else 1]
        faces += [square[:, [0, 1, 2]], square[:, [0, 2, 3]]]
        sides += 2 * [np.stack([inner, outer], axis=-1)[inner != outer]]
    points = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    lead = Partition("test", points, np.vstack(faces), np.vstack(sides), ("Backing", "C1", "C2"))
    return turned(lead, np.eye(3) if turn is None else turn, shift)


def lead_solid(lead: Partition) -> Solid:
    """All of a lead as one solid."""
    rim = (lead.sides == 0).any(axis=1)
    faces = np.where(lead.sides[rim, :1] == 0, lead.faces[rim][:, ::-1], lead.faces[rim])
    return Solid(Surface("Backing", lead.space, lead.vertices, faces), "Backing")


def layers() -> list[Solid]:
    """Three tissues that meet at the z axis, and the rest."""
    return [
        Solid(rod(0.7, -2.5, 2.5, 15, name="Cord"), "Cord"),
        Solid(posed(rod(1.3, -2.6, 2.6, 20), name="CSF"), "CSF"),
        Solid(block((-2.2, -2.3, -2.7), (2.1, 0.11, 2.8)), "Bone"),
    ]


def alone(lead: Partition) -> Partition:
    """A lead in a room with nothing else."""
    return overlay(partition([], ROOM), lead)


def test_a_box_in_a_box_has_the_volumes_of_arithmetic() -> None:
    """A 2 mm cube from -1 to 1, and a cube that reaches 0.5, 0.4 and 0.3 mm into it."""
    under = partition([Solid(box((-1, -1, -1), 2), "Cube")], ROOM)
    over = partition([], box((0.5, 0.6, 0.7)), "Lead")
    both = overlay(under, over)
    assert both.labels == ("Cube", "Bulk", "Lead")
    lost = 0.5 * 0.4 * 0.3
    expected = {"Cube": 8 - lost, "Bulk": 216 - 8 - (1 - lost), "Lead": 1.0}
    assert volumes(both) == pytest.approx(expected, rel=1e-12)
    assert check_partition(both, 216) == ()
    walls = Surface("walls", "test", both.vertices, interface(both, "Lead", "Cube"))
    assert area(walls) == pytest.approx(0.5 * 0.4 + 0.5 * 0.3 + 0.4 * 0.3)


@pytest.mark.parametrize("side", [0.3, 1.7])
def test_a_lead_clear_of_every_face_is_added_whole(side: float) -> None:
    """In one tissue, beside another: no face is cut, and a line of sight tells where it lies."""
    under = partition([Solid(box((-1, -1, -1), 2), "Cube")], ROOM)
    over = partition([Solid(box((0.05, 0.05, 0.05), 0.1), "C1")], box((0, 0, 0), 0.2), "Backing")
    both = overlay(under, turned(over, np.eye(3), (side, side, side)))
    place = {0.3: "Cube", 1.7: "Bulk"}[side]
    assert volumes(both) == pytest.approx({**volumes(under), **volumes(over), place: volumes(under)[place] - 0.008})
    np.testing.assert_array_equal(both.faces[: len(under.faces)], under.faces)
    assert len(both.faces) == len(under.faces) + len(over.faces)


def test_a_lead_across_three_tissues_equals_the_partition_of_all_solids() -> None:
    """The same solids in one go: the same labels everywhere, the same volumes."""
    shift = (0.35, 0.21, 0.13)
    backing = posed(block((-0.5, -2, 0), (0.5, 2, 0.4)), shift, TURN)
    plates = [posed(block((-0.3, y, -0.1), (0.3, y + 0.8, 0.1), f"C{y}"), shift, TURN) for y in (-1.4, 0.6)]
    contacts = [Solid(plate, plate.name, "Backing") for plate in plates]
    lead = partition([Solid(plate, plate.name) for plate in plates], backing, "Backing")
    assert volumes(lead) == pytest.approx({"C-1.4": 0.048, "C0.6": 0.048, "Backing": 1.6 - 0.096})
    both = overlay(partition(layers(), ROOM, finest_mm=0), lead, finest_mm=0)
    expected = partition([*contacts, Solid(backing, "Backing"), *layers()], ROOM, finest_mm=0)
    assert volumes(both) == pytest.approx(dict(volumes(expected)), rel=1e-9, abs=1e-9)
    assert min(len(interface(both, "Backing", name)) for name in ("Cord", "CSF", "Bone")) > 0
    rng = np.random.default_rng(1)
    near = backing.vertices.mean(axis=0) + rng.normal(size=(200, 3)) / 2
    points = np.vstack([rng.uniform(-2.9, 2.9, (300, 3)), near])
    for name in both.labels:
        found, wanted = (winding_numbers(parts.parts[name], points) > 0.5 for parts in (both, expected))
        np.testing.assert_array_equal(found, wanted)


def test_faces_away_from_the_lead_are_as_they_were() -> None:
    under = partition(layers(), ROOM)
    lead = turned(paddle(0.8), TURN, (0.6, 0.1, 1.2))
    both = overlay(under, lead)
    low, high = lead.vertices.min(axis=0), lead.vertices.max(axis=0)
    corners = under.vertices[under.faces]
    clear = ((corners.max(axis=1) < low) | (corners.min(axis=1) > high)).any(axis=1)
    assert 0.5 * len(clear) < clear.sum() < len(clear)
    assert _labelled(under, clear) <= _labelled(both, np.ones(len(both.faces), dtype=bool))


def _labelled(parts: Partition, chosen: np.ndarray) -> set[tuple[float, ...]]:
    """The exact corners and the labels of faces."""
    return {*map(tuple, np.hstack([parts.vertices[parts.faces].reshape(-1, 9), parts.sides])[chosen].tolist())}


def test_the_outline_of_the_lead_stays() -> None:
    """Every vertex of the lead is within the finest size of one of the part, and its volumes stay."""
    lead = paddle(4.0, TURN, (0.35, 0.21, 0.13))
    both = overlay(partition(layers(), ROOM), lead)
    for name, part in lead.parts.items():
        gaps = np.linalg.norm(part.vertices[:, None] - both.parts[name].vertices, axis=2).min(axis=1)
        assert gaps.max() < FINEST_MM
        assert volumes(both)[name] == pytest.approx(volume(part), rel=1e-5)
        assert len(self_intersections(both.parts[name])) == 0
    assert check_partition(both, 216) == ()


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_any_lead_over_any_shapes_adds_up(seed: int) -> None:
    """Random shapes in a room, a lead in any pose: volumes as if all were parted in one go."""
    rng = np.random.default_rng(seed)
    shift, turn = rng.uniform((-0.3, -0.8, -0.4), (0.7, 0.2, 0.6)), Rotation.from_quat(rng.normal(size=4)).as_matrix()
    lead = paddle(2.0, turn, shift)
    solids = [Solid(shape, f"p{i}") for i, shape in enumerate(random_shapes(seed, 3))]
    try:
        under, parted = partition(solids, ROOM), partition([lead_solid(lead), *solids], ROOM, finest_mm=0)
    except GeometryError:
        assume(False)  # a shape that is wholly hidden
    both = overlay(under, lead)
    assert check_partition(both, 216) == ()
    sizes, expected = dict(volumes(both)), dict(volumes(parted))
    assert sum(sizes.pop(name) for name in lead.labels) == pytest.approx(expected.pop("Backing"), rel=1e-5)
    assert sizes == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("turn", [np.eye(3), TURN])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        ((0, 0, 0), (1, 1, 1)),
        ((-1, -1, 0), (1, 1, 2)),
        ((1, -1, -1), (2, 1, 1)),
        ((-1, 0, -1), (1, 1, 1)),
        ((0.5, 0.5, 1), (1.5, 1.5, 2)),
    ],
)
def test_flush_faces_edges_and_corners_are_cut_cleanly(low: object, high: object, turn: FloatArray) -> None:
    """A lead that shares planes, edges and corners with a cube from -1 to 1, from inside and outside."""
    under = turned(partition([Solid(box((-1, -1, -1), 2), "Cube")], ROOM), turn)
    lead = turned(partition([], block(low, high), "Lead"), turn)
    both = overlay(under, lead)
    shared = np.prod(np.clip(np.minimum(high, 1) - np.maximum(low, -1), 0, None))  # type: ignore[arg-type]
    whole = np.prod(np.subtract(high, low))
    expected = {"Cube": 8 - shared, "Bulk": 208 - (whole - shared), "Lead": whole}
    assert volumes(both) == pytest.approx(expected, rel=1e-3)
    assert check_partition(both, 216) == ()
    assert sum(volumes(both).values()) == pytest.approx(216, rel=1e-12)


def test_a_lead_flush_with_the_domain_ends_there() -> None:
    under = partition([Solid(sphere(rows=8), "Cord")], ROOM)
    both = overlay(under, partition([], box((2, 0, 0)), "Lead"))
    assert check_partition(both, 216) == ()
    assert volumes(both)["Lead"] == pytest.approx(1, rel=1e-3)
    assert both.vertices[:, 0].max() == 3


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        ((2.7, 0, 0), r"Lead: sticks out of the domain by 0\.7 mm right, at \(3\.70, "),
        ((0, -3.25, 0), r"by 0\.25 mm backwards"),
        ((0, 0, -3.5), r"by 0\.5 mm towards the feet"),
        ((0, 0, 5), r"all of it lies outside the domain, 2\.00 mm towards the head of it at the nearest"),
        ((8, 0, 0), r"all of it lies outside the domain, 5\.00 mm right"),
    ],
)
def test_what_sticks_out_is_refused(shift: tuple[float, float, float], message: str) -> None:
    under = partition([Solid(sphere(rows=8), "Cord")], ROOM)
    with pytest.raises(GeometryError, match=message):
        overlay(under, partition([], box(shift), "Lead"))


def test_a_lead_that_swallows_a_root_is_refused() -> None:
    under = partition([Solid(box((0.1, 0.1, 0.1), 0.1), "L5_R"), Solid(sphere(rows=8), "Cord")], ROOM)
    with pytest.raises(GeometryError, match="L5_R: nothing is left where Lead was laid over it"):
        overlay(under, partition([], box((0.05, 0.05, 0.05), 0.2), "Lead"))


def test_names_must_differ() -> None:
    with pytest.raises(InputError, match="Bulk: label of both partitions"):
        overlay(partition([], ROOM), partition([], box()))


def test_spaces_must_agree() -> None:
    lead = paddle()
    elsewhere = Partition("lab", lead.vertices, lead.faces, lead.sides, lead.labels)
    with pytest.raises(SpaceMismatchError, match="lab, test"):
        alone(elsewhere)


def test_an_open_or_empty_lead_is_refused() -> None:
    lead = paddle()
    with pytest.raises(InputError, match="open edges; expected a closed part"):
        alone(Partition("test", lead.vertices, lead.faces[1:], lead.sides[1:], lead.labels))
    with pytest.raises(InputError, match="has no faces"):
        alone(Partition("test", lead.vertices, lead.faces[:0], lead.sides[:0], lead.labels))


def test_a_lead_that_cuts_itself_is_refused() -> None:
    """Two boxes of one part that overlap: what the curves tell of a tissue's face contradicts itself."""
    one, other = box((-0.5, -0.5, -2.5)), box((0.1, -0.4, -2.3))
    points = np.vstack([one.vertices, other.vertices])
    faces = np.vstack([one.faces, other.faces + len(one.vertices)])
    twins = Partition("test", points, faces, np.tile([1, 0], (len(faces), 1)), ("Lead",))
    under = partition([Solid(block((-2, -2, -2), (2, 2, 2)), "Cube")], ROOM)
    with pytest.raises(GeometryError, match="a face lies in two compartments"):
        overlay(under, twins)


def test_an_error_names_what_touches_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing, "ATTEMPTS", 1)
    under = partition([Solid(box(), "Cube")], ROOM)
    with pytest.raises(GeometryError, match=r"Lead: touch a face of Cube, Bulk near \(\d"):
        overlay(under, partition([], box((1, 0, 0)), "Lead"))
