"""The endplate of S1 on boxes turned by known angles, on a sacrum with wings, and on the Visible Human's."""

from __future__ import annotations

import numpy as np
import pytest
from manifold3d import Manifold
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.axis import frame_at
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, SpaceMismatchError
from spinemodel.vertebrae._joints import joints
from spinemodel.vertebrae.angles import disc_deg, lordosis_deg
from spinemodel.vertebrae.body import Body, find_bodies, find_body
from spinemodel.vertebrae.discs import disc_heights_on_sacrum
from spinemodel.vertebrae.endplates import Endplate, fit
from spinemodel.vertebrae.heights import heights
from spinemodel.vertebrae.mask import Region, VertebralMask
from spinemodel.vertebrae.phantom import phantom_surfaces
from spinemodel.vertebrae.sacrum import plate_marks, sacral_endplate, sacral_slope_deg
from spinemodel.volume.grid import around
from spinemodel.volume.mask_surface import mask_surface
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.spines import anatomy
from tests.vertebrae.forms import block, moved
from vertebrae import LEVELS, MESHES, vertebra

WIDTH, DEPTH = 48.0, 32.0
GAP = 10.0
"""Between the middles of the endplates of the blocks."""


def plain() -> Manifold:
    """A box whose upper face has its middle in the origin."""
    return Manifold.cube([WIDTH, DEPTH, 40.0]).translate([-WIDTH / 2, -DEPTH / 2, -40.0])


def winged() -> Manifold:
    """The same with wings that fall by 35 degrees, a canal, and articular processes beside it."""
    back = -DEPTH / 2
    solid = plain()
    for side in (1, -1):
        wing = Manifold.cube([40.0, 26.0, 20.0]).translate([0, back - 6, -20.0]).rotate([0, 35.0, 0])
        wing = wing.translate([WIDTH / 2, 0, 0])
        post = Manifold.cube([8.0, 8.0, 26.0]).translate([14.0, back - 20, -12.0])
        root = Manifold.cube([10.0, 22.0, 10.0]).translate([13.0, back - 21, -11.0])
        solid += (wing + post + root) if side == 1 else (wing + post + root).mirror([1, 0, 0])
    return solid + Manifold.cube([44.0, 6.0, 10.0]).translate([-22.0, back - 22, -12.0])


def placed(solid: Manifold, forwards: float = 0.0, to_right: float = 0.0, y: float = 0.0) -> Surface:
    """S1 below a block of 26 mm, leaning."""
    mesh = solid.to_mesh64()
    surface = Surface("S1", "blocks", np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts).astype(int))
    lean = Rotation.from_euler("xy", [-forwards, to_right], degrees=True).as_matrix()
    return moved(surface, lean, (0.0, y, -13.0 - GAP))


@pytest.fixture(scope="module")
def l5() -> Body:
    return find_body(block("L5"))


def off_deg(plate: Endplate, expected: FloatArray) -> float:
    return float(np.degrees(np.linalg.norm(np.cross(plate.normal, expected))))


@pytest.mark.parametrize(("forwards", "to_right"), [(0, 0), (12, 0), (20, 4), (25, -6), (-10, 0)])
@pytest.mark.parametrize("solid", [plain(), winged()], ids=["plain", "winged"])
def test_a_box_has_the_slope_by_which_it_was_turned(
    l5: Body, solid: Manifold, forwards: float, to_right: float
) -> None:
    plate = sacral_endplate(placed(solid, forwards, to_right), l5)
    lean = Rotation.from_euler("xy", [-forwards, to_right], degrees=True).as_matrix()
    assert off_deg(plate, lean[:, 2]) < 0.2
    assert plate.flat_mm < 0.2
    assert sacral_slope_deg(plate) == pytest.approx(forwards, abs=0.2)
    local = (plate.points - [0, 0, -13.0 - GAP]) @ lean
    low, high = local.min(axis=0), local.max(axis=0)
    assert (low[1], high[1]) == pytest.approx((-DEPTH / 2, DEPTH / 2), abs=2.5)
    assert (low[0], high[0]) == pytest.approx((-WIDTH / 2, WIDTH / 2), abs=2.5)


def test_a_sacrum_that_slipped_backwards_by_a_third_keeps_its_slope(l5: Body) -> None:
    plate = sacral_endplate(placed(winged(), 20.0, y=-DEPTH / 3), l5)
    assert sacral_slope_deg(plate) == pytest.approx(20, abs=0.2)
    assert plate.centre[1] == pytest.approx(-DEPTH / 3, abs=1)


def test_a_mask_that_fills_the_canal_changes_little(l5: Body) -> None:
    filler = Manifold.cube([44.0, 26.0, 12.0]).translate([-22.0, -DEPTH / 2 - 24, -14.0])
    plate = sacral_endplate(placed(winged() + filler + plain().translate([0, -24.0, -2.0]), 15.0), l5)
    assert sacral_slope_deg(plate) == pytest.approx(15, abs=2.5)


def test_the_disc_on_a_turned_box_is_a_wedge(l5: Body) -> None:
    plate = sacral_endplate(placed(plain(), 12.0), l5)
    assert disc_deg(l5, plate) == pytest.approx(12, abs=0.2)
    disc = disc_heights_on_sacrum(l5, plate, heights(l5, block("L5")))
    assert disc.name == "L5-S1"
    half = 2 * np.sin(np.radians(6)) * DEPTH / 2
    middle = GAP * np.cos(np.radians(6))
    assert [disc.anterior, disc.posterior] == pytest.approx([middle + half, middle - half], abs=0.3)
    assert disc.middle == pytest.approx(middle, abs=0.3)
    assert disc.mean == pytest.approx(middle, abs=0.3)


def test_marks_are_the_edges_and_the_middle() -> None:
    x, y = (np.ravel(values) for values in np.meshgrid(np.arange(-20, 20.5, 0.5), np.arange(-15, 15.5, 0.5)))
    dome = np.column_stack([x, y, 3 - 3 * (y / 15) ** 2])
    marks = plate_marks(fit(dome, np.array([0.0, 0, 1])), np.eye(3), 26.0)
    assert marks == pytest.approx(np.array([[0, 15, 0], [0, 0, 3], [0, -15, 0]]), abs=0.25)
    # a rim that slopes by 45 degrees where y is 12.25
    rounded = np.column_stack([x, y, -0.4 * np.maximum(np.abs(y) - 11, 0) ** 2])
    marks = plate_marks(fit(rounded, np.array([0.0, 0, 1])), np.eye(3), 26.0)
    assert [marks[0, 1], -marks[2, 1]] == pytest.approx([12.4, 12.4], abs=0.4)
    assert [marks[0, 2], marks[2, 2]] == pytest.approx([-0.8, -0.8], abs=0.3)


def test_what_has_no_endplate_below_says_why(l5: Body) -> None:
    far = moved(placed(plain()), np.eye(3), (0.0, 0.0, -40.0))
    with pytest.raises(GeometryError, match=r"S1: no upper endplate of S1 found, only 0 mm2 of it face L5"):
        sacral_endplate(far, l5)
    with pytest.raises(GeometryError, match=r"only \d+ mm2 of it face L5"):
        sacral_endplate(moved(placed(plain()), np.eye(3), (60.0, 0.0, 0.0)), l5)
    with pytest.raises(GeometryError, match=r"above its lower endplate, expected below it"):
        sacral_endplate(block("L5"), l5)
    with pytest.raises(SpaceMismatchError):
        sacral_endplate(Surface("S1", "elsewhere", far.vertices, far.faces), l5)


@pytest.fixture(scope="module")
def human() -> tuple[dict[str, Body], Surface, Endplate]:
    if not MESHES.exists():
        pytest.skip("no lumbar_meshes_vhp in the data folder")
    bodies, _ = find_bodies({level: vertebra(level) for level in LEVELS})
    sacrum = vertebra("S1")
    return bodies, sacrum, sacral_endplate(sacrum, bodies["L5"])


def test_the_visible_human_s_lumbosacral_angles(human: tuple[dict[str, Body], Surface, Endplate]) -> None:
    """Sacral slope of 30 to 40 degrees, lordosis of 45 to 65; the mesh is mirrored, so that nothing leans sideways."""
    bodies, _, plate = human
    assert 30 < sacral_slope_deg(plate) < 40
    whole = lordosis_deg(bodies, sacrum=plate)
    assert 45 < whole < 65
    assert whole == pytest.approx(lordosis_deg(bodies) + disc_deg(bodies["L5"], plate), abs=0.1)
    assert abs(plate.normal[0]) < 0.002
    local = (plate.points - plate.centre) @ bodies["L5"].axes.T
    assert np.ptp(local[:, 0]) == pytest.approx(54, abs=4)
    assert np.ptp(local[:, 1]) == pytest.approx(31, abs=3)
    l5 = heights(bodies["L5"], vertebra("L5"))
    disc = disc_heights_on_sacrum(bodies["L5"], plate, l5)
    assert 3 < disc.posterior < disc.anterior < 15
    assert 6 < disc.mean < 12


def test_the_column_on_a_sacrum_is_told_down_to_it(human: tuple[dict[str, Body], Surface, Endplate]) -> None:
    bodies, sacrum, plate = human
    surfaces = {level: vertebra(level) for level in LEVELS}
    mask = to_volume(rasterise([sacrum], around([sacrum], 3.0), labels=[26], device="cpu"))
    told = VertebralMask("vhp", mask, {26: Region("S1")}, "meshes")
    measured = {level: heights(bodies[level], surfaces[level]) for level in LEVELS}
    missing: list[str] = []
    found = joints(told, surfaces | {"S1": sacrum}, {}, bodies, measured, missing)
    assert missing == []
    assert found.curves["lordosis L1-S1"] == lordosis_deg(bodies, sacrum=plate)
    assert found.curves["sacral slope"] == sacral_slope_deg(plate)
    assert list(found.discs) == list(found.segmental_deg) == ["L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"]
    assert ("L5", "S1") not in found.pairs


@pytest.mark.parametrize("seed", range(3))
def test_it_turns_with_the_spine(human: tuple[dict[str, Body], Surface, Endplate], seed: int) -> None:
    _, sacrum, plate = human
    turn = Rotation.random(random_state=seed).as_matrix()
    shift = (30.0, -200.0, 70.0)
    l5 = find_body(moved(vertebra("L5"), turn, shift), cranial_hint=turn[:, 2], anterior_hint=turn[:, 1])
    found = sacral_endplate(moved(sacrum, turn, shift), l5)
    assert off_deg(found, turn @ plate.normal) < 0.2
    assert np.linalg.norm(found.centre - (turn @ plate.centre + shift)) < 0.3
    assert disc_deg(l5, found) == pytest.approx(disc_deg(human[0]["L5"], plate), abs=0.3)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.5), (3.0, 0.7, 0.7)])
def test_masks_of_it_have_the_same_endplate(
    human: tuple[dict[str, Body], Surface, Endplate], spacing: tuple[float, float, float]
) -> None:
    """Steps of 2.5 mm across a slope of 34 degrees turn it by 1.3 degrees."""
    bodies, sacrum, plate = human
    grid = around([sacrum], spacing)
    volume = to_volume(rasterise([sacrum], grid, labels=[1], device="cpu"))
    found = sacral_endplate(mask_surface(volume, 1), bodies["L5"])
    assert off_deg(found, plate.normal) < 1.5
    assert np.linalg.norm(found.centre - plate.centre) < 1.0


def test_a_synthetic_sacrum_begins_across_its_axis() -> None:
    spans = list(anatomy().levels.vertebrae)
    names = [span.name for span in spans]
    surfaces = phantom_surfaces(anatomy(), spans[names.index("L4") :])
    plate = sacral_endplate(surfaces["Sacrum"], find_body(surfaces["L5"]))
    top, along = frame_at(anatomy().axis, np.array([spans[names.index("S1")].top]))
    assert off_deg(plate, along[0, 2]) < 0.1
    assert (plate.centre - top[0]) @ along[0, 2] == pytest.approx(0, abs=0.1)
