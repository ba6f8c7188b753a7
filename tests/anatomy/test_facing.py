"""Which way faces look: parts that are turned inside out are found among cavities, and faces that stand there twice."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.facing import (
    doubled_faces,
    inward_parts,
    require_once,
    require_outwards,
    turns_round,
)
from spinemodel.anatomy.surface import Surface, corners, merge
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


def test_a_closed_surface_winds_once_round_what_is_inside() -> None:
    triangles = corners(sphere(2.0))
    assert turns_round(triangles - [0.5, -1.0, 1.0]) == pytest.approx(1.0)
    assert turns_round(triangles - [0.5, -1.0, 2.0]) == pytest.approx(0.0, abs=1e-12)
    assert turns_round(triangles[:, ::-1]) == pytest.approx(-1.0)
