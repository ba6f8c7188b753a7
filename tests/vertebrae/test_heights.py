"""Heights of blocks, exactly; of real vertebrae turned, mirrored and sampled anew, nearly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import SpaceMismatchError
from spinemodel.vertebrae.body import find_body
from spinemodel.vertebrae.heights import Heights, heights
from spinemodel.volume.grid import around
from spinemodel.volume.mask_surface import mask_surface
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.vertebrae.forms import DEPTH, WIDTH, block, moved
from vertebrae import LEVELS, MESHES, vertebra


def measured(surface: Surface) -> Heights:
    return heights(find_body(surface), surface)


def three(found: Heights) -> FloatArray:
    return np.array([found.anterior, found.middle, found.posterior])


@pytest.fixture(scope="module")
def meshes() -> dict[str, Surface]:
    if not MESHES.exists():
        pytest.skip("no lumbar_meshes_vhp in the data folder")
    return {level: vertebra(level) for level in LEVELS}


@pytest.fixture(scope="module")
def known(meshes: dict[str, Surface]) -> dict[str, Heights]:
    return {level: measured(mesh) for level, mesh in meshes.items()}


@given(st.floats(14, 30), st.floats(18, 30), st.floats(0, 0.3), st.booleans())
@settings(max_examples=6)
def test_heights_of_blocks_are_exact(anterior: float, posterior: float, hollow: float, arch: bool) -> None:
    middle = (anterior + posterior) / 2 * (1 - hollow)
    found = measured(block("L1", anterior, posterior, middle, arch=arch))
    assert three(found) == pytest.approx([anterior, middle, posterior], abs=0.03)
    wedge = 2 * np.degrees(np.arctan((anterior - posterior) / 2 / DEPTH))
    if hollow < 0.1:  # deep hollows show more of one flank than of the other beside a pedicle
        assert found.wedge_sagittal_deg == pytest.approx(wedge, abs=0.2)


def test_widths_depths_and_angles_of_a_block() -> None:
    surface = block("L4", right_more=3.0)
    found = measured(surface)
    slant = np.hypot(1.5, WIDTH) / WIDTH
    assert [found.width_upper, found.width_middle, found.width_lower] == pytest.approx(
        [WIDTH * slant, WIDTH, WIDTH * slant], abs=0.1
    )
    assert [found.depth_upper, found.depth_middle, found.depth_lower] == pytest.approx([DEPTH] * 3, abs=0.05)
    assert found.wedge_coronal_deg == pytest.approx(2 * np.degrees(np.arctan(1.5 / WIDTH)), abs=0.1)
    assert found.wedge_sagittal_deg == pytest.approx(0, abs=0.05)
    body = measured(block(arch=False))
    assert body.volume_mm3 == pytest.approx(26 * WIDTH * DEPTH)


@pytest.mark.parametrize(("forwards", "to_right"), [(25.0, 0.0), (-20.0, 0.0), (0.0, 15.0)])
def test_the_tilt_is_that_of_the_block(forwards: float, to_right: float) -> None:
    lean = Rotation.from_euler("xy", [-forwards, to_right], degrees=True).as_matrix()
    found = measured(moved(block(), lean))
    assert found.tilt_deg == pytest.approx(np.hypot(forwards, to_right), abs=0.1)
    assert found.tilt_sagittal_deg == pytest.approx(forwards, abs=0.1)
    assert found.tilt_coronal_deg == pytest.approx(to_right, abs=0.1)


def test_the_six_points_lie_on_the_corners_and_middles() -> None:
    found = measured(block("L3", 20.0, 26.0, 19.0))
    y = DEPTH / 2
    expected = [[0, y, 10], [0, -y, 13], [0, y, -10], [0, -y, -13], [0, 0, 9.5], [0, 0, -9.5]]
    assert found.points == pytest.approx(np.array(expected), abs=0.3)


def test_heights_of_the_visible_human_are_those_of_a_tall_man(known: dict[str, Heights]) -> None:
    posterior = [known[level].posterior for level in LEVELS]
    assert min(posterior) > 24
    assert max(posterior) < 33
    # L5 of men, CT of 196 people (Int. J. Spine Surg. 2021;15:1072, table 6): 30.7 (1.9) in front, 26.8 (1.9) behind;
    # 37.1 (3.2) deep above and 36.7 (3.1) below
    l5 = known["L5"]
    assert abs(l5.anterior - 30.7) < 2 * 1.9
    assert abs(l5.posterior - 26.8) < 2 * 1.9
    assert abs(l5.depth_upper - 37.1) < 2 * 3.2
    assert abs(l5.depth_lower - 36.7) < 2 * 3.1
    assert l5.wedge_sagittal_deg > 8  # L5 is a wedge that makes lordosis
    assert all(abs(found.wedge_coronal_deg) < 0.5 for found in known.values())  # the meshes are mirrored halves


def test_heights_do_not_change_when_the_vertebra_turns_or_is_mirrored(
    meshes: dict[str, Surface], known: dict[str, Heights]
) -> None:
    rng = np.random.default_rng(11)
    for n, level in enumerate(LEVELS):
        axis = rng.normal(size=3)
        lean = Rotation.from_rotvec(np.radians(rng.uniform(10, 30)) * axis / np.linalg.norm(axis)).as_matrix()
        matrix = lean @ np.diag([-1.0, 1.0, 1.0]) if n % 2 else lean
        found = measured(moved(meshes[level], matrix, rng.normal(size=3) * 50))
        assert three(found) == pytest.approx(three(known[level]), abs=0.1)


@pytest.mark.parametrize(
    ("spacing", "within"),
    [((1.0, 1.0, 1.0), 0.5), ((3.0, 0.8, 0.8), 0.5), ((0.8, 0.8, 3.0), 2.0)],
)
def test_heights_survive_sampling(
    meshes: dict[str, Surface], known: dict[str, Heights], spacing: tuple[float, float, float], within: float
) -> None:
    """Across thick slices that cut the endplates steeply; along them each endplate may lie 1.5 mm wrong in the mask."""
    for level in ("L1", "L3", "L5"):
        surface = meshes[level]
        sampled = mask_surface(to_volume(rasterise(surface, around([surface], spacing))), 1)
        assert three(measured(sampled)) == pytest.approx(three(known[level]), abs=within)


def test_body_and_surface_share_a_space() -> None:
    body = find_body(block())
    other = block()
    with pytest.raises(SpaceMismatchError):
        heights(body, Surface("L3", "elsewhere", other.vertices, other.faces))
