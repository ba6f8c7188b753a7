"""Which way faces look: parts that are turned inside out are found among cavities, and faces that stand there twice."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy import winding
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.facing import (
    doubled_faces,
    inward_parts,
    require_once,
    require_outwards,
)
from spinemodel.anatomy.surface import Surface, merge
from spinemodel.errors import GeometryError
from tests.shapes import box, sphere


def turned(surface: Surface) -> Surface:
    return Surface(surface.name, surface.space, surface.vertices, surface.faces[:, ::-1])


HOLLOW = merge("hollow", [box(size=8.0), turned(box((2, 2, 2), 2.0)), turned(box((5, 5, 5), 2.0))])
NESTED = merge("nested", [box(size=8.0), turned(box((1, 1, 1), 6.0)), box((3, 3, 3), 2.0)])


@pytest.mark.parametrize("surface", [box(), sphere(3.0), HOLLOW, NESTED, merge("two", [box(), box((5, 0, 0))])])
def test_what_looks_outwards_passes_with_its_cavities(surface: Surface) -> None:
    require_once(surface)
    require_outwards(surface)
    assert len(inward_parts(surface)) == 0
    assert check_surface(surface).inward_parts == check_surface(surface).doubled_faces == 0


@pytest.mark.parametrize("surface", [turned(box()), turned(sphere(3.0)), turned(HOLLOW)])
def test_what_is_turned_inside_out_is_refused(surface: Surface) -> None:
    with pytest.raises(GeometryError, match=r"^surface \w+: its faces look inwards: it bounds -.* mm3, expected more"):
        require_outwards(surface)


def test_a_turned_part_beside_others_is_found() -> None:
    mixed = merge("mixed", [box(size=8.0), turned(box((2, 2, 2), 2.0)), turned(box((20, 2, 2), 2.0))])
    (place,) = inward_parts(mixed)
    assert ((place >= [20, 2, 2]) & (place <= [22, 4, 4])).all()
    with pytest.raises(GeometryError, match=r"^surface mixed: 1 of its parts look inwards and bound no cavity"):
        require_outwards(mixed)
    assert "1 parts look inwards and bound no cavity" in check_surface(mixed).failures


def welded(*parts: Surface) -> Surface:
    """As one surface in which vertices at one place are one."""
    both = merge("welded", list(parts))
    vertices, which = np.unique(both.vertices, axis=0, return_inverse=True)
    return Surface(both.name, both.space, vertices, which.reshape(-1)[both.faces])


@pytest.mark.parametrize(("low", "shared"), [((8.0, 8.0, 8.0), 1), ((8.0, 8.0, 0.0), 2)])
def test_parts_that_share_a_vertex_or_an_edge_are_judged_each(low: tuple[float, float, float], shared: int) -> None:
    """Together they bound more than 0, so that one part of both would pass."""
    small = box(low, 8.0)
    small = replace(small, vertices=np.where(small.vertices > np.array(low) + 4, small.vertices - 4, small.vertices))
    if shared == 2:  # as high as the other
        small = replace(small, vertices=small.vertices * [1, 1, 2])
    both = welded(box(size=8.0), turned(small))
    assert len(both.vertices) == 16 - shared
    assert len(inward_parts(both)) == 1
    with pytest.raises(GeometryError, match=r"^surface welded: 1 of its parts look inwards and bound no cavity"):
        require_outwards(both)
    require_outwards(welded(box(size=8.0), small))
    if shared == 1:
        assert check_surface(both).failures == ("1 parts look inwards and bound no cavity",)


@pytest.mark.parametrize("low", [(0.0, 0.0, 0.0), (0.0, 0.0, 4.0)])
def test_a_cavity_that_shares_a_vertex_with_the_wall_is_a_cavity(low: tuple[float, float, float]) -> None:
    found = welded(box(size=8.0), turned(box(low, 4.0)))
    assert len(found.vertices) == 15
    require_outwards(found)


def test_what_falls_apart_where_edges_branch_is_joined_by_vertices() -> None:
    """Two boxes with their common face, in both directions: no edge round it has two faces."""
    inwards = turned(welded(box((20.0, 0, 0), 2.0), box((22.0, 0, 0), 2.0)))
    assert len(inwards.faces) == 24
    assert len(inward_parts(merge("both", [box(size=8.0), inwards]))) == 1


def test_faces_are_counted_twice_whichever_corner_comes_first() -> None:
    cube = box()
    again = np.roll(cube.faces[:3], 1, axis=1)
    doubled = Surface("cube", "test", cube.vertices, np.vstack([cube.faces, again]))
    assert doubled_faces(doubled) == 3
    with pytest.raises(GeometryError, match=r"^surface cube: 3 of its 15 faces stand there twice; leave out"):
        require_once(doubled)
    assert "3 faces stand there twice" in check_surface(doubled).failures


def test_parts_that_touch_with_a_face_have_none_twice() -> None:
    cube = box()
    touching = Surface("two", "test", cube.vertices, np.vstack([cube.faces, cube.faces[:2, ::-1]]))
    assert doubled_faces(touching) == 0
    require_once(touching)


def test_a_surface_without_faces_has_nothing_to_refuse() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = Surface("empty", "test", np.empty((0, 3)), np.empty((0, 3)))
        require_once(empty)
        require_outwards(empty)


def ball(radius: float, centre: tuple[float, float, float], size: int = 8) -> Surface:
    return sphere(radius, centre, rows=size)


JUTTING = merge("jutting", [ball(10.0, (0, 0, 0), 20), turned(ball(5.0, (9.0, 0, 0)))])
CAVITIES = merge(
    "cavities", [ball(10.0, (0, 0, 0), 20), turned(ball(3.0, (1.0, 0, 0))), turned(ball(3.0, (4.0, 0, 0)))]
)
IN_CAVITY = merge("in", [box(size=8.0), turned(box((1, 1, 1), 6.0)), turned(box((3, 3, 3), 2.0))])


@pytest.mark.parametrize(("surface", "lost"), [(JUTTING, 1), (CAVITIES, 2), (IN_CAVITY, 1)])
def test_a_part_that_does_not_lie_wholly_inside_the_others_bounds_no_cavity(surface: Surface, lost: int) -> None:
    """It juts out, also where its first face lies inside, or lies in another cavity, wholly or partly."""
    found = inward_parts(surface)
    assert len(found) == lost
    with pytest.raises(GeometryError, match=rf"^surface \w+: {lost} of its parts look inwards and bound no cavity"):
        require_outwards(surface)
    if surface is JUTTING:
        assert np.linalg.norm(found[0]) > 9.9
        assert np.linalg.norm(found[0] - [9.0, 0, 0]) == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("low", [(0, 0, 0), (0, 3, 3), (3, 3, 6), (0, 0, 2)])
def test_a_cavity_may_touch_the_wall_from_within(low: tuple[float, float, float]) -> None:
    require_outwards(merge("touching", [box(size=8.0), turned(box(low, 2.0))]))
    with pytest.raises(GeometryError, match="bound no cavity"):
        require_outwards(merge("beyond", [box(size=8.0), turned(box((low[0], low[1], -2), 2.0))]))


def test_each_of_many_cavities_is_judged() -> None:
    """Two hundred, in columns; those whose middles lie beyond the ball are none."""
    grid = np.stack(np.meshgrid(*[np.arange(-3.5, 3.0)] * 2, np.arange(-2.0, 2.0), indexing="ij"), -1).reshape(-1, 3)
    assert len(grid) == 196
    beyond = np.array([[0.0, 0.0, 8.0], [0.0, -8.0, 0.0], [6.0, 6.0, 6.0], [5.9, 0.0, 0.0]])
    holes = [turned(ball(0.3, tuple(at), 6)) for at in np.vstack([grid, beyond])]
    found = inward_parts(merge("sponge", [ball(6.0, (0, 0, 0), 30), *holes]))
    assert len(found) == 4
    assert np.linalg.norm(found[:, None] - beyond, axis=2).min(axis=0).max() < 0.35


def test_the_work_grows_with_the_triangles_over_each_vertex_not_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many cavities beside each other have the same triangles over each: the table of cells grows as they do."""
    entries = []
    enter = winding._enter
    monkeypatch.setattr(winding, "_enter", lambda *given: (entries.append(len(given[3])), enter(*given)))
    for count in (10, 40):
        holes = [turned(ball(0.3, (float(x), float(y), 0.5), 6)) for x in range(count) for y in range(10)]
        wall = box()
        vertices = wall.vertices * [count + 1, 11, 1] - [1, 1, 0]
        assert not len(inward_parts(merge("plate", [Surface("wall", "test", vertices, wall.faces), *holes])))
    assert entries[1] < 5 * entries[0]


def test_faces_that_look_both_ways_are_named_as_what_they_are() -> None:
    cube = box()
    both = Surface("cube", "test", cube.vertices, np.vstack([cube.faces, np.roll(cube.faces[:, ::-1], 1, axis=1)]))
    require_once(both)
    with pytest.raises(
        GeometryError, match=r"^surface cube: its faces bound 0 mm3, expected more than 0: 24 of its 24 f"
    ):
        require_outwards(both)
    assert "volume 0 mm3 is not positive: faces stand there both ways, or are flat" in check_surface(both).failures
    faces = [[0, 1, 2], [1, 3, 2], [0, 2, 3], [0, 3, 1]]
    flat = Surface("sheet", "test", [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], faces)
    with pytest.raises(GeometryError, match=r"bound 0 mm3, expected more than 0: is it flat\?; give a closed surface"):
        require_outwards(flat)


def test_a_sheet_beside_others_bounds_nothing_and_is_passed_over() -> None:
    sheet = Surface("sheet", "test", [[3, 3, 3], [4, 3, 3.1], [3, 4, 3.2]], [[0, 1, 2], [0, 2, 1]])
    both = merge("both", [box(), sheet])
    require_outwards(both)
    assert len(inward_parts(both)) == 0


def test_parts_that_are_open_are_judged_by_those_who_look_for_edges() -> None:
    cube, open_ = box(), turned(sphere(3.0))
    holed = Surface("open", "test", open_.vertices, open_.faces[1:])
    require_outwards(holed)
    assert len(inward_parts(holed)) == 0
    lid = Surface("lid", "test", [[0, 0, -2], [1, 0, -2], [0, 1, -2]], [[0, 1, 2]])
    beside = merge("beside", [cube, lid, turned(lid)])
    require_outwards(beside)
    assert len(inward_parts(beside)) == 0


@pytest.mark.parametrize("turn", range(8))
def test_small_cavities_that_touch_the_wall_are_cavities_in_single_precision_too(turn: int) -> None:
    cavity = box((0.0, 0.3, 0.0), 1.0)
    both = merge("m", [box((-4.0, -4.0, 0.0), 8.0), replace(cavity, faces=cavity.faces[:, ::-1])])
    far = 0.1 * both.vertices @ Rotation.random(random_state=turn).as_matrix().T + [300.0, -250.0, 220.0]
    found = inward_parts(replace(both, vertices=far.astype(np.float32).astype(np.float64)))
    assert found.tolist() == []


@pytest.mark.parametrize("axis", range(3))
def test_a_face_without_area_does_not_hide_that_a_part_is_a_cavity(axis: int) -> None:
    """It comes first, in the plane in which the cavity touches the wall: a place off it would be on the wall."""
    outer, cavity = box(size=8.0), box(tuple(np.where(np.arange(3) == axis, 6.0, 3.0)), 2.0)
    faces = [tuple(face) for face in cavity.faces[:, ::-1]]
    a, b, c = next(face for face in faces if (cavity.vertices[list(face), axis] == 8).all())
    middle = len(cavity.vertices)
    split = [(a, b, middle), *(face for face in faces if face != (a, b, c)), (a, middle, c), (middle, b, c)]
    vertices = np.vstack([cavity.vertices, cavity.vertices[[a, b]].mean(axis=0)])
    found = inward_parts(merge("m", [outer, replace(cavity, vertices=vertices, faces=np.array(split))]))
    assert found.tolist() == []
