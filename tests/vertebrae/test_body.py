"""Bodies found in vertebrae of every posture, of two people and of blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.nifti import read_volume
from spinemodel.vertebrae.body import Body, find_bodies, find_body
from spinemodel.volume.mask_surface import mask_surface
from tests.shapes import box, sphere
from tests.vertebrae.forms import DEPTH, block, moved
from vertebrae import FIRST_LABEL, LEVELS, MASKS, MESHES, VHP_TO_RAS, vertebra

VERSE = dict(zip(("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"), range(16, 25), strict=True))


@pytest.fixture(scope="module")
def meshes() -> dict[str, Surface]:
    if not MESHES.exists():
        pytest.skip("no lumbar_meshes_vhp in the data folder")
    return {level: vertebra(level) for level in LEVELS}


@pytest.fixture(scope="module")
def masked() -> dict[str, Surface]:
    if not MASKS.exists():
        pytest.skip("no verse_sample in the data folder")
    volume = read_volume(MASKS, space="verse004", names={label: name for name, label in VERSE.items()})
    return {name: mask_surface(volume, label) for name, label in VERSE.items()}


def off_deg(body: Body, axes: FloatArray) -> FloatArray:
    """How far each axis of a body is off, degrees."""
    return np.degrees(np.arccos(np.clip((body.axes * axes).sum(axis=1), -1, 1)))


def test_a_block_has_the_axes_endplates_and_foramen_that_it_was_given() -> None:
    body = find_body(block("L3", centre=(3.0, -2.0, 11.0)))
    assert off_deg(body, np.eye(3)).max() < 0.05
    assert body.centre == pytest.approx([3, -2, 11], abs=0.2)
    assert body.upper.normal == pytest.approx([0, 0, 1], abs=1e-3)
    assert body.upper.flat_mm < 0.03
    assert body.upper.points[:, 2] == pytest.approx(24, abs=0.03)
    assert body.lower.points[:, 2] == pytest.approx(-2, abs=0.03)
    assert body.depth_mm == pytest.approx(DEPTH, abs=0.01)
    assert body.canal - body.centre == pytest.approx([0, -DEPTH / 2 - 8, 0], abs=0.8)  # the lattice has 1.5 mm
    assert body.behind_mm == pytest.approx(DEPTH / 2, abs=1.5)


def test_arrays_of_a_body_cannot_be_changed() -> None:
    body = find_body(block())
    with pytest.raises(ValueError, match="read-only"):
        body.axes[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        body.upper.points[0, 0] = 2.0


def test_the_axis_of_a_wedge_is_the_mean_of_its_endplates_normals() -> None:
    body = find_body(block("T12", anterior=16.0, posterior=26.0))
    tilt = np.degrees(np.arctan(5 / DEPTH))
    assert off_deg(body, np.eye(3)).max() < 0.1
    assert np.degrees(np.arctan2(body.upper.normal[1], body.upper.normal[2])) == pytest.approx(tilt, abs=0.1)
    assert np.degrees(np.arctan2(body.lower.normal[1], -body.lower.normal[2])) == pytest.approx(tilt, abs=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_a_block_is_found_however_it_lies_with_a_hint_within_40_degrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lies = Rotation.random(rng=rng).as_matrix()
    sideways = np.cross(lies[:, 2], _unit(rng))
    off = Rotation.from_rotvec(np.radians(rng.uniform(20, 40)) * sideways / np.linalg.norm(sideways)).as_matrix()
    shift = rng.normal(size=3) * 100
    body = find_body(moved(block(), lies, shift), cranial_hint=off @ lies[:, 2])
    assert off_deg(body, lies.T).max() < 1.0
    assert body.centre == pytest.approx(shift, abs=0.5)  # columns of 0.5 mm tell the midplane


def test_a_body_alone_has_its_front_from_the_hint_and_no_foramen() -> None:
    alone = block("L2", anterior=22.0, arch=False)
    body = find_body(alone)
    assert off_deg(body, np.eye(3)).max() < 1.0  # about its axis: four walls alone tell it poorly
    assert np.isnan(body.canal).all()
    other = find_body(alone, anterior_hint=(0, -1, 0))
    assert other.axes[1] == pytest.approx([0, -1, 0], abs=2e-2)


def test_an_arch_cut_open_by_the_border_of_the_image_is_enough(meshes: dict[str, Surface]) -> None:
    from spinemodel.volume.grid import Grid, around
    from spinemodel.volume.rasterise import rasterise
    from spinemodel.volume.spans import to_volume

    whole = meshes["L3"]
    body = find_body(whole)
    grid = around([whole], 1.0)
    affine = grid.affine.copy()
    first = int(np.ceil((body.canal[1] - 3.0) - affine[1, 3]))
    affine[1, 3] += first
    cut = Grid((grid.shape[0], grid.shape[1] - first, grid.shape[2]), affine, grid.space)
    found = find_body(mask_surface(to_volume(rasterise(whole, cut)), 1))
    assert off_deg(found, body.axes).max() < 2.0
    assert found.centre == pytest.approx(body.centre, abs=1.5)


def test_lumbar_vertebrae_stand_upright_in_both_people(meshes: dict[str, Surface], masked: dict[str, Surface]) -> None:
    for surfaces in (meshes, masked):
        bodies, reasons = find_bodies(surfaces)
        assert reasons == {}
        assert list(bodies) == list(surfaces)
        for body in bodies.values():
            assert body.axes @ body.axes.T == pytest.approx(np.eye(3), abs=1e-12)
            assert np.linalg.det(body.axes) == pytest.approx(1)
            assert body.axes[0, 0] > 0.99
            assert body.axes[1, 1] > 0.8
            behind = body.axes @ (body.canal - body.centre)
            assert abs(behind[0]) < 2.0
            assert -28 < behind[1] < -16  # half a body and half a canal
        lean = [np.degrees(np.arctan2(body.axes[2, 1], body.axes[2, 2])) for body in list(bodies.values())[-5:]]
        assert lean[0] < -10
        assert lean[-1] > 15  # lordosis
        assert np.diff(lean).min() > 0


def test_axes_turn_with_the_vertebra_and_mirror_with_it(meshes: dict[str, Surface]) -> None:
    rng = np.random.default_rng(5)
    for n, level in enumerate(("L1", "L3", "L5")):
        body = find_body(meshes[level])
        lean = Rotation.from_rotvec(np.radians(rng.uniform(15, 30)) * _unit(rng)).as_matrix()
        matrix = lean @ np.diag([-1.0, 1.0, 1.0]) if n % 2 else lean
        found = find_body(moved(meshes[level], matrix, (30.0, -20.0, 5.0)))
        expected = body.axes @ matrix.T
        expected[0] *= np.linalg.det(matrix)
        assert off_deg(found, expected).max() < 0.3
        assert found.centre == pytest.approx(matrix @ body.centre + (30, -20, 5), abs=0.2)


def _unit(rng: np.random.Generator) -> FloatArray:
    """A random direction."""
    vector = rng.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def test_neighbours_tell_where_the_head_is_in_a_spine_that_lies(meshes: dict[str, Surface]) -> None:
    lying = Rotation.from_euler("x", 90, degrees=True).as_matrix()
    some = {level: moved(meshes[level], lying) for level in ("L2", "L3", "L4")}
    bodies, reasons = find_bodies(some | {"L5": sphere(6.0)})
    assert list(bodies) == ["L2", "L3", "L4"]
    assert list(reasons) == ["L5"]
    for level in ("L2", "L4"):
        assert off_deg(bodies[level], find_body(meshes[level]).axes @ lying.T).max() < 0.3


@pytest.mark.parametrize(
    ("surface", "told"),
    [(box(size=12.0), "no upper endplate"), (sphere(6.0), "no upper endplate")],
)
def test_what_is_no_vertebra_is_refused(surface: Surface, told: str) -> None:
    with pytest.raises(GeometryError, match=told):
        find_body(surface)


def test_a_mirrored_frame_is_noticed() -> None:
    flipped = moved(block(), np.diag([-1.0, -1.0, 1.0]))
    with pytest.raises(GeometryError, match=r"anterior axis is 180 degrees off.*anterior_hint"):
        find_body(flipped)
    assert find_body(flipped, anterior_hint=(0, -1, 0)).axes[1] == pytest.approx([0, -1, 0], abs=1e-2)


def test_hints_must_be_directions() -> None:
    for hint in ((0, 0, 0), (0, 0), (0, 0, np.nan)):
        with pytest.raises(InputError, match=r"cranial_hint.*direction"):
            find_body(block(), cranial_hint=hint)
    with pytest.raises(InputError, match="one line"):
        find_body(block(), cranial_hint=(0, 1, 0), anterior_hint=(0, 2, 0))


def test_the_constants_of_the_data_are_those_used_here() -> None:
    assert VERSE["L1"] == FIRST_LABEL
    assert np.linalg.det(VHP_TO_RAS) > 0
