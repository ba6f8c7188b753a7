from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.edits import MOST_MM, displacement, move_of, require_acceptable
from spinemodel.anatomy.surface import Surface, merge
from spinemodel.errors import GeometryError, SpaceMismatchError
from tests.shapes import box, sphere

AXIS = Axis("test", np.array([[0.0, 0, z] for z in np.arange(-60, 60.5, 0.5)]))


def ball(radius: float = 5.0, centre: tuple[float, float, float] = (8, -40, 0)) -> Surface:
    made = sphere(radius, centre, rows=20)
    return Surface("L1_R", "test", made.vertices, made.faces)


def test_a_sphere_that_grew_by_a_millimetre_moved_by_one() -> None:
    moved = displacement(ball(5.0), ball(6.0))
    assert moved.mean_mm == pytest.approx(1.0, abs=0.03)
    assert moved.most_mm == pytest.approx(1.0, abs=0.03)
    assert moved.moved_share == 1.0
    assert moved.volume_change_mm3 == pytest.approx(4 / 3 * np.pi * (6**3 - 5**3), rel=0.03)


def test_what_was_not_touched_did_not_move() -> None:
    moved = displacement(ball(), ball())
    assert (moved.most_mm, moved.moved_share, moved.volume_change_mm3) == (0.0, 0.0, 0.0)


def test_a_dent_alone_counts_in_mean_and_share() -> None:
    before = ball()
    dented = np.array(before.vertices)
    top = int(dented[:, 2].argmax())
    dented[top, 2] += 2.0
    moved = displacement(before, replace(before, vertices=dented))
    assert moved.most_mm == pytest.approx(2.0, abs=1e-9)
    assert moved.at_mm == pytest.approx(tuple(dented[top]))
    assert moved.moved_share == pytest.approx(1 / len(dented))


def test_what_a_hand_changes_is_accepted() -> None:
    before = ball()
    raised = replace(before, vertices=np.add(before.vertices, [0, 0, 1.0]))
    assert require_acceptable(before, raised, AXIS).most_mm == pytest.approx(1.0, abs=0.01)


def opened(surface: Surface) -> Surface:
    return replace(surface, faces=surface.faces[1:])


def inwards(surface: Surface) -> Surface:
    return replace(surface, faces=surface.faces[:, ::-1])


def doubled(surface: Surface) -> Surface:
    return replace(surface, faces=np.vstack([surface.faces, np.roll(surface.faces[:3], 1, axis=1)]))


def torn(surface: Surface) -> Surface:
    points = np.array(surface.vertices)
    points[int(points[:, 2].argmax())] += [0.7, 0.4, -13]
    return replace(surface, vertices=points)


def with_a_speck(surface: Surface) -> Surface:
    speck = box((30, -40, 0))
    points = np.vstack([surface.vertices, speck.vertices])
    return replace(surface, vertices=points, faces=np.vstack([surface.faces, speck.faces + len(surface.vertices)]))


def in_lps(surface: Surface) -> Surface:
    return replace(surface, vertices=surface.vertices * [-1, -1, 1])


def mirrored(surface: Surface) -> Surface:
    middle = surface.vertices.mean(axis=0)
    return replace(surface, vertices=middle + (surface.vertices - middle) * [-1, 1, 1], faces=surface.faces[:, ::-1])


def aside(surface: Surface) -> Surface:
    return replace(surface, vertices=np.add(surface.vertices, [-12, 0, 0]))


def lifted(surface: Surface) -> Surface:
    return replace(surface, vertices=np.add(surface.vertices, [0, 0, MOST_MM + 1]))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (opened, "3 open and 0 branching edges, expected a closed surface"),
        (inwards, "faces look inwards"),
        (doubled, "3 of its 1523 faces stand there twice; delete the doubled ones"),
        (torn, "pairs of faces cut through each other"),
        (with_a_speck, "2 parts, expected 1"),
        (in_lps, "as if it were in LPS"),
        (mirrored, "is mirrored; undo the negative scale"),
        (aside, "on the subject's left, expected the right"),
        (lifted, "moved by 16.0 mm"),
    ],
)
def test_what_cannot_stand_for_the_structure_is_refused(spoil, says) -> None:
    with pytest.raises(GeometryError, match="edit of L1_R: .*" + says.replace("(", r"\(")):
        require_acceptable(ball(), spoil(ball()), AXIS)


def test_a_part_turned_inside_out_is_refused_and_a_cavity_is_not() -> None:
    parts = merge("L1_R", [ball(), ball(2.0, (8, -40, 12))])
    turned = merge("L1_R", [ball(), inwards(ball(2.0, (8, -40, 12)))])
    with pytest.raises(
        GeometryError, match=r"^edit of L1_R: 1 of its parts look inwards and bound no cavity; recalc.* the normals"
    ):
        require_acceptable(parts, turned, AXIS)
    hollow = merge("L1_R", [ball(), inwards(ball(2.0))])
    assert require_acceptable(hollow, replace(hollow, vertices=np.add(hollow.vertices, [0, 0, 1.0])), AXIS).most_mm > 0


def test_other_spaces_do_not_mix() -> None:
    with pytest.raises(SpaceMismatchError):
        displacement(ball(), replace(ball(), space="other"))


def test_vertices_go_where_they_were_put_and_else_to_the_nearest_place() -> None:
    before = ball()
    slid = replace(before, vertices=np.add(before.vertices, [0.5, 0, 0]))
    assert np.allclose(move_of(before, slid).vectors, [0.5, 0, 0])
    fewer = sphere(6.0, (8, -40, 0), rows=16)
    grown = move_of(before, Surface("L1_R", "test", fewer.vertices, fewer.faces))
    outwards = (before.vertices - [8, -40, 0]) / 5.0
    assert np.allclose(grown.vectors, outwards, atol=0.1)
