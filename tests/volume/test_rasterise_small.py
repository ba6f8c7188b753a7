"""Small grids in large models: most triangles are passed over, and no voxel may tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.anatomy.surface import Surface, merge
from spinemodel.errors import GeometryError
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.samples import Samples
from spinemodel.volume.spans import to_volume
from tests.shapes import box, sphere


def on_lattice(surface: Surface) -> Surface:
    """With vertices whose places in any of these grids are exact numbers: none is snapped elsewhere in a part."""
    return Surface(surface.name, surface.space, np.round(surface.vertices * 4096) / 4096, surface.faces)


def inside_out(surface: Surface) -> Surface:
    return Surface(surface.name, surface.space, surface.vertices, surface.faces[:, ::-1])


MODEL = [
    on_lattice(shape)
    for shape in (
        merge("overlapping", [sphere(2.6, (-0.9, 0, -0.4), 17), sphere(2.3, (1.1, 0.3, 0.7), 15)]),
        merge("shell", [sphere(5.2, rows=23), inside_out(sphere(4.6, (0.1, 0, 0.2), 21))]),
        box((-6.0, -6.0, -5.75), 2.5),
        sphere(9.0, (0.2, 0.1, 0.3), 13),
    )
]
"""A body of two parts in a shell, a cube across the shell, and a ball that holds all."""

SIDE = 44
PLACE = np.array([[0.5, 0, 0, -10.75], [0, 0.5, 0, -10.75], [0, 0, 0.5, -10.75], [0, 0, 0, 1]])
WHOLE = Grid((SIDE, SIDE, SIDE), PLACE, "test")


def pattern(side: int, phase: int) -> Samples:
    """Samples anywhere in their voxels, of a column above one another."""
    aside = np.random.default_rng(side).integers(-32767, 32768, (side,) * 3 + (3,))
    aside[..., :2] = aside[:, :, :1, :2]
    return Samples(aside, phase % side)


def values(group: list[Surface], grid: Grid, samples: Samples | None = None) -> np.ndarray:
    return to_volume(rasterise(group, grid, samples=samples, device="cpu")).values


def part_of(grid: Grid, first: tuple[int, int, int], shape: tuple[int, int, int]) -> Grid:
    affine = grid.affine.copy()
    affine[:3, 3] = to_mm(grid, np.array([first], dtype=float))[0]
    return Grid(shape, affine, grid.space)


FULL = {side: values(MODEL, WHOLE, pattern(side, 0) if side else None) for side in (0, 2, 3)}


@pytest.mark.parametrize("side", [0, 2, 3])
@given(first=st.tuples(*[st.integers(0, 11)] * 3), shape=st.tuples(*[st.integers(1, 11)] * 3), shift=st.integers(0, 2))
@settings(max_examples=120, deadline=None)
def test_a_part_of_a_grid_has_the_voxels_of_the_whole(
    side: int, first: tuple[int, int, int], shape: tuple[int, int, int], shift: int
) -> None:
    # Patterns repeat along all axes alike: a part begins at one place in them.
    i, j, k = (3 * n if not side else side * (3 * n // side) + shift for n in first)
    nx, ny, nz = (min(count, SIDE - at) for count, at in zip(shape, (i, j, k), strict=True))
    found = values(MODEL, part_of(WHOLE, (i, j, k), (nx, ny, nz)), pattern(side, shift) if side else None)
    assert np.array_equal(found, FULL[side][i : i + nx, j : j + ny, k : k + nz])


@pytest.mark.parametrize("samples", [None, pattern(4, 1)], ids=["middle", "aside"])
def test_a_grid_wholly_inside_a_surface_is_filled_without_a_triangle_in_it(samples: Samples | None) -> None:
    small = Grid((5, 4, 3), np.eye(4), "test")
    assert (values([box((-40, -50, -60), 100)], small, samples) == 1).all()
    hollow = merge("hollow", [box((-40, -50, -60), 100), inside_out(box((-10, -10, -10), 30))])
    assert not values([hollow], small, samples).any()
    # Far more of it above the grid than below, and the other way round.
    for side in (1, -1):
        ball = sphere(30.0, rows=40)
        fine = Surface("drop", "test", ball.vertices * (1, 1, 1) + (0, 0, side * 25.0), ball.faces)
        assert (values([fine], small, samples) == 1).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_surface_that_touches_a_face_of_the_grid_has_what_lies_on_it_on_its_lower_side_only(axis: int) -> None:
    # First and last samples lie on the faces of cubes: a face takes those on the lower side, leaves the upper.
    small = Grid((4, 4, 4), np.eye(4), "test")
    before, after = np.full(3, -3.0), np.full(3, -3.0)
    before[axis], after[axis] = -10.0, 3.0
    assert not values([box(tuple(before), 10.0)], small).any()
    found = np.moveaxis(values([box(tuple(after), 10.0)], small), axis, 0)
    assert found[3].all()
    assert not found[:3].any()


def test_an_open_surface_is_refused_where_it_is_passed_over_too() -> None:
    beside = box((50, 50, 50), 4)
    grid = Grid((4, 4, 4), np.eye(4), "test")
    assert not values([beside], grid).any()
    with pytest.raises(GeometryError, match="3 edges"):
        rasterise(Surface("open", "test", beside.vertices, beside.faces[1:]), grid)
