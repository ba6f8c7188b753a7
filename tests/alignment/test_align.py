from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemodel.alignment.align import align
from spinemodel.alignment.parameters import AlignParameters, Kind
from spinemodel.alignment.shapes import Mask, Target, prepare
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import ConvergenceError, GeometryError, InputError, SpaceMismatchError
from spinemodel.spaces import Transform, apply, compose, inverse
from spinemodel.volume.grid import Grid, around, spacing
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.alignment.forms import ellipsoid, farthest, moved, pear, turned
from tests.shapes import sphere

ONE = AlignParameters(starts=1)


@cache
def fixed() -> Target:
    return prepare(pear())


def missed(moving: Surface, truth: Transform, target: Target, kind: Kind = "rigid", **given: object) -> float:
    """How far a vertex is from where it came from, mm."""
    found = align(moving, target, kind=kind, parameters=AlignParameters(**given))  # type: ignore[arg-type]
    home = apply(inverse(truth), moving.vertices, space="moving")
    return farthest(apply(found.transform, moving.vertices, space="moving"), home)


angles = st.floats(-20 / np.sqrt(3), 20 / np.sqrt(3))
shifts = st.floats(-15, 15)


@given(st.tuples(angles, angles, angles), st.tuples(shifts, shifts, shifts))
@settings(max_examples=25)
def test_a_rigid_motion_is_undone(vector: tuple[float, float, float], shift: tuple[float, float, float]) -> None:
    truth = turned(vector, shift)
    assert missed(moved(pear(), truth), truth, fixed()) < 0.02


def test_a_half_turn_is_undone_where_it_is_searched_for() -> None:
    truth = turned((170, 30, -20), (60, -40, 25))
    assert missed(moved(pear(), truth), truth, fixed(), range_deg=180.0, starts=16) < 0.02


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.4])
def test_a_similarity_is_undone(scale: float) -> None:
    rigid = turned((12, -8, 10), (5, -9, 7))
    truth = compose(rigid, Transform(np.diag([scale, scale, scale, 1.0]), "moving", "moving"))
    moving = moved(pear(), truth)

    assert missed(moving, truth, fixed(), "similarity") < 0.03
    found = align(moving, fixed(), kind="similarity")
    assert found.direction == "both"
    assert np.cbrt(np.linalg.det(found.transform.matrix)) == pytest.approx(1 / scale, rel=1e-3)


def test_an_affine_map_is_undone() -> None:
    shear = np.eye(4)
    stretch = [[1.1, 0.1, 0], [0, 0.9, 0.05], [0.05, 0, 1.05]]
    shear[:3, :3] = Rotation.from_rotvec([0.2, 0.1, -0.15]).as_matrix() @ stretch
    shear[:3, 3] = 4, -6, 3
    truth = Transform(shear, "fixed", "moving")

    assert missed(moved(pear(), truth), truth, fixed(), "affine") < 0.05


def test_a_rigid_result_is_a_rotation() -> None:
    found = align(moved(pear(), turned((9, 9, 9), (3, 3, 3))), fixed(), parameters=ONE)
    matrix = found.transform.matrix[:3, :3]

    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_a_shape_stays_on_itself() -> None:
    found = align(fixed(), fixed())

    assert found.transform.matrix == pytest.approx(np.eye(4), abs=2e-3)
    assert (found.transform.source, found.transform.target) == ("fixed", "fixed")
    assert np.abs(found.residuals_mm).max() < 0.15
    assert found.rms_mm < 0.05
    assert found.verdict.converged
    assert not found.verdict.ambiguous


def test_residuals_are_signed_and_one_per_vertex() -> None:
    ball = sphere(10.0)
    found = align(sphere(12.0), ball, parameters=replace(ONE, direction="moving"))

    assert found.residuals_mm.shape == (len(ball.vertices),)
    assert found.residuals_mm == pytest.approx(np.full(len(ball.vertices), 2.0), abs=0.1)
    assert found.rms_mm == pytest.approx(2, abs=0.05)


def test_moving_both_shapes_moves_the_result() -> None:
    other = replace(pear(), vertices=pear().vertices * [1.05, 0.97, 1.02])
    first, second = turned((5, 8, -6), (4, 2, -7)), turned((-70, 40, 20), (90, 10, -50))
    here = align(moved(other, first), fixed())
    there = align(moved(moved(other, first), replace(second, source="moving", target="far")), fixed_elsewhere(second))

    expected = compose(compose(Transform(inverse(second).matrix, "far", "moving"), here.transform), second)
    points = sphere(20.0).vertices
    # The lattice of distances is not turned with the shape: what it errs by stays.
    assert farthest(apply(there.transform, points, space="far"), apply(expected, points, space="far")) < 0.1


def fixed_elsewhere(transform: Transform) -> Target:
    return prepare(moved(pear(), transform))


def test_back_and_forth_is_nothing() -> None:
    other = moved(replace(pear(), vertices=pear().vertices * [1.05, 0.97, 1.02]), turned((5, 8, -6), (4, 2, -7)))
    both = AlignParameters(direction="both")
    there, back = align(other, fixed(), parameters=both), align(fixed(), other, parameters=both)

    around_ = compose(there.transform, back.transform)
    assert farthest(apply(around_, other.vertices, space="moving"), other.vertices) < 0.05


def test_structures_are_aligned_at_once() -> None:
    truth = turned((10, -12, 8), (7, 3, -9))
    shapes = {"pear": pear(), "egg": replace(ellipsoid(), vertices=ellipsoid().vertices + 30.0)}
    moving = {name: moved(shape, truth) for name, shape in shapes.items()}
    found = align(moving, shapes)

    home = np.vstack([shapes["egg"].vertices, shapes["pear"].vertices])
    start = np.vstack([moving["egg"].vertices, moving["pear"].vertices])
    assert farthest(apply(found.transform, start, space="moving"), home) < 0.03
    assert found.residuals_mm.shape == (len(start),)
    assert np.abs(found.residuals_mm).max() < 0.2


def test_weights_say_which_structure_counts() -> None:
    moving = {"a": sphere(8.0), "b": sphere(8.0, (40, 0, 0))}
    fixed_ = {"a": sphere(8.0), "b": sphere(8.0, (41, 0, 0))}
    half = len(sphere(8.0).vertices)
    off = []
    for weights in ({}, {"a": 50.0}):
        residuals = align(moving, fixed_, parameters=replace(ONE, weights=weights)).residuals_mm
        off.append([np.abs(residuals[:half]).max(), np.abs(residuals[half:]).max()])

    assert off[0] == pytest.approx([0.5, 0.5], abs=0.1)
    assert off[1] == pytest.approx([0.02, 0.98], abs=0.1)


@pytest.mark.parametrize("affine", [np.diag([0.8, 0.8, 3.3, 1.0]), np.diag([-1.0, 1.0, 2.0, 1.0])[[1, 2, 0, 3]]])
def test_masks_align_with_meshes_either_way(affine: np.ndarray) -> None:
    mask = mask_of(pear(), affine)
    truth = turned((8, 10, -12), (6, -7, 9))
    mesh = moved(pear(), truth)
    onto = align(mesh, mask).transform
    back = align(mask, mesh).transform
    home = pear().vertices

    assert farthest(apply(onto, mesh.vertices, space="moving"), home) < 0.8
    assert farthest(apply(back, home, space="fixed"), mesh.vertices) < 0.8


def test_masks_align_with_masks() -> None:
    truth = turned((8, 10, -12), (6, -7, 9))
    mesh = moved(pear(), truth)
    found = align(mask_of(mesh, np.diag([1.0, 1.0, 1.5, 1.0])), mask_of(pear(), np.diag([1.2, 0.9, 1.0, 1.0])))

    assert farthest(apply(found.transform, mesh.vertices, space="moving"), pear().vertices) < 0.5


def mask_of(surface: Surface, affine: np.ndarray) -> Mask:
    """The surface in voxels of this shape."""
    step = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    placed = np.array(affine)
    corner = np.linalg.inv(affine[:3, :3]) @ np.stack([low, high], axis=1)
    placed[:3, 3] = affine[:3, :3] @ (corner.min(axis=1) - 3)
    shape = np.ceil(np.ptp(corner, axis=1)).astype(int) + 6
    assert spacing(Grid(tuple(shape), placed, surface.space)) == pytest.approx(step)
    return Mask(to_volume(rasterise(surface, Grid(tuple(shape), placed, surface.space))), 1)


def test_errors_say_what_is_missing() -> None:
    grid = around([pear()], 2.0)
    nothing = LabelVolume(grid, np.zeros(grid.shape, dtype=np.uint16), {})
    empty = Surface("hole", "fixed", np.empty((0, 3)), np.empty((0, 3)))
    open_ = replace(pear(), name="open", faces=pear().faces[1:])
    with pytest.raises(InputError, match="no voxel has label 3"):
        align(Mask(nothing, 3), fixed())
    with pytest.raises(InputError, match="hole: 0 faces"):
        align(empty, fixed())
    with pytest.raises(InputError, match="finite"):
        align(replace(pear(), vertices=pear().vertices * np.nan), fixed())
    for moving, onto in [(pear(), open_), (open_, pear()), (open_, fixed()), ({"a": pear(), "b": open_}, fixed())]:
        with pytest.raises(GeometryError, match=r"surface open: open, .* 3 edges of triangles"):
            align(moving, onto)
    with pytest.raises(InputError, match="no structures"):
        align({}, fixed())
    with pytest.raises(InputError, match="same structures"):
        align({"a": pear(), "b": pear()}, {"a": pear(), "c": pear()})
    with pytest.raises(InputError, match="weight of c"):
        align(pear(), fixed(), parameters=AlignParameters(weights={"c": 1}))
    with pytest.raises(InputError, match="kind 'elastic'"):
        align(pear(), fixed(), kind="elastic")  # type: ignore[arg-type]
    with pytest.raises(SpaceMismatchError, match="fixed, moving"):
        align({"a": pear(), "b": pear("moving")}, fixed())


def test_shapes_without_counterpart_do_not_converge() -> None:
    with pytest.raises(ConvergenceError, match="none of 1 starts converged, the best is 4 mm off"):
        align(sphere(60.0), sphere(6.0), parameters=replace(ONE, direction="moving"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"direction": "up"},
        {"starts": 0},
        {"range_deg": 200.0},
        {"stretch": (1.2, 2.0)},
        {"fine_mm": ()},
        {"coarse_mm": (0.0,)},
        {"weights": {"a": -1.0}},
        {"spacing_mm": np.nan},
        {"starts": 2.5},
        {"starts": True},
        {"coarse_points": "500"},
        {"fine_points": None},
        {"range_deg": "60"},
        {"coarse_mm": 4.0},
        {"fine_mm": ("1",)},
        {"stretch": 2.0},
        {"stretch": (0.5, 1.5, 2.0)},
        {"weights": 2.0},
        {"weights": {"a": None}},
    ],
)
def test_parameters_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="expected") as told:
        AlignParameters(**wrong)  # type: ignore[arg-type]
    assert "\n" not in str(told.value)


def test_numbers_of_numpy_are_numbers() -> None:
    given = AlignParameters(starts=np.int64(3), spacing_mm=np.float32(0.5), coarse_mm=[8.0, 4.0])  # type: ignore[arg-type]
    assert (given.starts, given.spacing_mm) == (3, 0.5)


def test_a_mesh_of_separate_triangles_is_closed() -> None:
    triangles = pear().vertices[pear().faces].reshape(-1, 3)
    soup = Surface("soup", "fixed", triangles, np.arange(len(triangles)).reshape(-1, 3))
    for size in (1.0, 1e6):
        assert len(prepare(replace(soup, vertices=soup.vertices * size)).parts) == 1
