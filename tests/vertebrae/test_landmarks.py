"""Pedicles and foramina: of blocks whose sizes are known, and of real vertebrae."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError
from spinemodel.vertebrae.body import Body, find_bodies, find_body
from spinemodel.vertebrae.landmarks import foramina, next_above, next_below, pedicle, pedicles
from tests.vertebrae.forms import DEPTH, block, moved
from vertebrae import MESHES, VHP_TO_RAS, vertebra

APART = 36.0


def stack() -> tuple[dict[str, Surface], dict[str, Body]]:
    """Two blocks, L3 on L4."""
    surfaces = {"L3": block("L3", centre=(0, 0, APART)), "L4": block("L4")}
    return surfaces, find_bodies(surfaces)[0]


@pytest.mark.parametrize(("side", "sign"), [("L", -1), ("R", 1)])
def test_the_pedicle_of_a_block_is_its_box(side: str, sign: int) -> None:
    surface = block()
    found = pedicle(surface, find_body(surface), side)  # type: ignore[arg-type]
    # A box from 11 to 17 mm beside the midplane, 2 below to 8 above the middle.
    np.testing.assert_allclose(found.centre[[0, 2]], [14 * sign, 3], atol=0.1)
    assert -DEPTH / 2 - 16 < found.centre[1] < -DEPTH / 2
    np.testing.assert_allclose([found.width_mm, found.height_mm, found.area_mm2], [6, 10, 60], rtol=0.02)
    np.testing.assert_allclose([found.lower[2], found.upper[2]], [-2, 8], atol=0.2)


def test_a_turned_vertebra_has_its_landmarks_turned() -> None:
    turn = Rotation.from_euler("xyz", [12, -8, 5], degrees=True).as_matrix()
    straight, turned = block(), moved(block(), turn, (5, -20, 100))
    for side in ("L", "R"):
        here, there = pedicle(straight, find_body(straight), side), pedicle(turned, find_body(turned), side)
            # The axes of the body are found to a few tenths of a degree.
        np.testing.assert_allclose(there.lower, turn @ here.lower + (5, -20, 100), atol=0.3)
        np.testing.assert_allclose(there.height_mm, here.height_mm, rtol=0.03)
        np.testing.assert_allclose(there.area_mm2, here.area_mm2, rtol=0.03)


def test_a_foramen_lies_between_two_pedicles() -> None:
    found = foramina(*stack())
    assert set(found) == {("L3", "L"), ("L3", "R"), ("L4", "L"), ("L4", "R")}
    between = found["L3", "R"]
    assert between.below == "L4"
    np.testing.assert_allclose(between.height_mm, APART - 2 - 8, atol=0.2)
    np.testing.assert_allclose(between.centre[[0, 2]], [14, (APART - 2 + 8) / 2], atol=0.2)


def test_the_last_foramen_is_told_from_above_and_says_so() -> None:
    last = foramina(*stack())["L4", "L"]
    assert last.below is None
    # As high as the foramen above: 26 mm below the roof 2 mm below the middle.
    np.testing.assert_allclose([last.roof[2], last.floor[2]], [-2, -28], atol=0.4)


def test_a_missing_vertebra_leaves_no_floor() -> None:
    surfaces = {"L2": block("L2", centre=(0, 0, 2 * APART)), "L4": block("L4")}
    assert foramina(surfaces, find_bodies(surfaces)[0])["L2", "L"].below is None


def test_neighbours_are_known_by_their_names() -> None:
    assert next_below("T12", ["L1", "T12"]) == "L1"
    assert next_below("L5", ["L6", "L5", "S1"]) == "L6"
    assert next_below("L3", ["L3", "L5"]) is None
    assert next_above("S1", ["L4", "L5", "S1"]) == "L5"
    assert next_above("T11", ["T11", "T12"]) is None


def test_a_body_without_arch_has_no_pedicle() -> None:
    alone = block(arch=False)
    with pytest.raises(GeometryError, match=r"L3: no right pedicle.*with its arch"):
        pedicle(alone, find_body(alone), "R")


@pytest.fixture(scope="module")
def real() -> dict[str, Surface]:
    """L5 and the sacrum of the Visible Human."""
    if not MESHES.exists():
        pytest.skip(f"no {MESHES.name} in the data folder; set SPINEMODEL_DATA to the folder that holds it")
    from spinemodel.io.surfaces import read_surface

    sacrum = read_surface(MESHES / "S1_Schrumpfverpacken.obj", space="vhp", name="S1")
    turned = Surface("S1", "vhp", sacrum.vertices @ VHP_TO_RAS.T, sacrum.faces)
    return {"L4": vertebra("L4"), "L5": vertebra("L5"), "S1": turned}


def test_real_vertebrae_that_are_symmetric_have_symmetric_landmarks(real: dict[str, Surface]) -> None:
    bodies = find_bodies({name: real[name] for name in ("L4", "L5")})[0]
    found = pedicles(real, bodies)
    for name in ("L4", "L5"):
        left, right = found[name, "L"], found[name, "R"]
        np.testing.assert_allclose(left.centre * [-1, 1, 1], right.centre, atol=1.5)
        assert 10 < left.width_mm < 25
        assert 14 < left.height_mm < 26
    # Pedicles of L5 are the widest and stand farthest apart.
    assert found["L5", "R"].width_mm > found["L4", "R"].width_mm
    assert found["L5", "R"].centre[0] > found["L4", "R"].centre[0] + 2
    last = foramina(real, bodies, found)["L5", "R"]
    assert last.below == "S1"
    assert 8 < last.height_mm < 22
    assert np.abs(real["S1"].vertices - last.floor).max(axis=1).min() < 3
