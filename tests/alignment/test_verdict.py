from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinemodel.alignment.align import align
from spinemodel.alignment.direction import choose_direction
from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.shapes import Mask, Target, prepare
from spinemodel.anatomy.surface import Surface
from spinemodel.spaces import apply
from spinemodel.volume.grid import Grid, around, to_mm
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.alignment.forms import ellipsoid, farthest, moved, pear, spindle, turned
from tests.shapes import box, sphere

TRUTH = turned((9, -7, 11), (4, 8, -6))
ALL_TURNS = AlignParameters(range_deg=180.0, starts=12)


@cache
def target(name: str) -> Target:
    return prepare({"pear": pear, "ellipsoid": ellipsoid, "spindle": spindle, "sphere": ball}[name]())


def ball() -> Surface:
    return replace(sphere(12.0), space="fixed")


def test_what_has_one_place_is_not_ambiguous() -> None:
    verdict = align(moved(pear(), TRUTH), target("pear"), parameters=ALL_TURNS).verdict

    assert verdict.converged
    assert not verdict.ambiguous
    assert verdict.hold > 0.1
    assert 0 < verdict.basin <= 1
    if verdict.second_best is not None:
        assert verdict.second_best.error_mm > 5 * verdict.error_mm
        assert verdict.second_best.apart_mm > 1


def test_half_turns_of_an_ellipsoid_are_told() -> None:
    verdict = align(moved(ellipsoid(), TRUTH), target("ellipsoid"), parameters=ALL_TURNS).verdict

    assert verdict.ambiguous
    assert verdict.second_best is not None
    assert verdict.second_best.apart_deg == pytest.approx(180, abs=2)
    assert "fits as well" in verdict.reason
    assert verdict.basin < 0.6


@pytest.mark.parametrize("starts", [8, 24])
def test_the_turns_of_a_cube_are_told_where_it_fits_exactly(starts: int) -> None:
    """Its faces run through the lattice, so that the given pose has no error at all."""
    cube = box((0.5, 0.5, 0.5), 20.0)
    verdict = align(cube, cube, parameters=AlignParameters(starts=starts, range_deg=180.0)).verdict

    assert verdict.error_mm < 1e-3
    assert verdict.ambiguous
    assert verdict.second_best is not None
    assert verdict.second_best.apart_mm > 10
    assert "fits as well" in verdict.reason


def test_turns_beyond_the_range_stay_unseen() -> None:
    """A cube turned by 90 degrees fits as well; from turns of up to 10 degrees it is not found."""
    cube = box((0.5, 0.5, 0.5), 20.0)
    verdict = align(cube, cube, parameters=AlignParameters(range_deg=10.0)).verdict

    assert not verdict.ambiguous
    assert verdict.second_best is None


def test_starts_given_up_are_counted() -> None:
    """Far starts end in places that fit worse by far: the basin and the missing second best say so together."""
    verdict = align(moved(pear(), TRUTH), target("pear"), parameters=replace(ALL_TURNS, starts=24)).verdict
    left = re.search(r"(\d+) of 24 starts were given up early", verdict.reason)

    assert left is not None
    assert verdict.basin <= 1 - int(left[1]) / 24 + 1e-9
    assert verdict.second_best is not None or verdict.basin == pytest.approx(1 - int(left[1]) / 24)
    assert "given up" not in align(target("pear"), target("pear"), parameters=AlignParameters(starts=1)).verdict.reason


@pytest.mark.parametrize(("form", "shape"), [("spindle", spindle), ("sphere", ball)])
def test_round_shapes_slide(form: str, shape: object) -> None:
    assert callable(shape)
    verdict = align(moved(shape(), TRUTH), target(form), parameters=AlignParameters(starts=1)).verdict

    assert verdict.converged
    assert verdict.ambiguous
    assert verdict.hold < 0.045
    assert "slides" in verdict.reason


def test_a_part_is_pulled_into_the_whole() -> None:
    mesh = moved(pear(), TRUTH)
    rest = part_of(pear(), 0.65)
    onto, back = align(mesh, rest), align(rest, mesh)

    assert onto.direction == "fixed"
    assert back.direction == "moving"
    assert "may be only a part" in onto.why
    assert farthest(apply(onto.transform, mesh.vertices, space="moving"), pear().vertices) < 0.6
    assert farthest(apply(back.transform, pear().vertices, space="fixed"), mesh.vertices) < 0.6


def test_the_other_direction_misses_a_part() -> None:
    mesh, rest = moved(pear(), TRUTH), part_of(pear(), 0.5)
    wrong = align(mesh, rest, parameters=AlignParameters(direction="moving"))
    right = align(mesh, rest)
    off = [farthest(apply(one.transform, mesh.vertices, space="moving"), pear().vertices) for one in (wrong, right)]

    assert off[0] > 3 * off[1]
    assert wrong.why == "as asked for"


def test_directions_by_kind_and_extent() -> None:
    small = prepare(replace(pear(), vertices=0.8 * pear().vertices))
    half = prepare(part_of(pear(), 0.45))

    assert choose_direction(target("pear"), target("pear"), "rigid")[0] == "moving"
    assert choose_direction(target("pear"), small, "rigid")[0] == "fixed"
    assert choose_direction(small, target("pear"), "rigid")[0] == "moving"
    assert choose_direction(target("pear"), small, "similarity")[0] == "both"
    assert choose_direction(target("pear"), half, "similarity")[0] == "fixed"
    assert choose_direction(half, target("pear"), "affine")[0] == "moving"


def test_the_volume_of_a_mask_is_that_of_its_voxels() -> None:
    values = np.zeros((12, 12, 40), dtype=np.uint16)
    values[4:7, 4:7, 3:37] = 1
    thin = LabelVolume(Grid(values.shape, np.diag([0.5, -0.5, 2.0, 1.0]), "fixed"), values, {1: "thread"})

    assert prepare(Mask(thin, 1)).parts[0].mm3 == pytest.approx(9 * 34 * 0.5)
    assert prepare(box(size=2.0)).parts[0].mm3 == pytest.approx(8)


def part_of(surface: Surface, share: float) -> Mask:
    """The lower ``share`` of the voxels of a surface."""
    grid = around([surface], 1.0)
    values = to_volume(rasterise(surface, grid)).values.copy()
    inside = np.argwhere(values)
    height = to_mm(grid, inside.astype(float))[:, 2]
    values[tuple(inside[height > np.quantile(height, share)].T)] = 0
    return Mask(LabelVolume(grid, values, {1: "part"}), 1)


def test_a_scale_does_not_collapse() -> None:
    other = replace(ball(), vertices=ball().vertices * [1.0, 0.7, 1.3])
    for kind in ("similarity", "affine"):
        found = align(other, target("pear"), kind=kind)  # type: ignore[arg-type]
        stretch = np.linalg.svd(found.transform.matrix[:3, :3], compute_uv=False)
        assert 0.4 < stretch.min() <= stretch.max() < 2.1
