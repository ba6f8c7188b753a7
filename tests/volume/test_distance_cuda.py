"""The GPU's kernels on tiny cases; in numba's simulator, where there is no GPU."""

import numpy as np
import pytest

pytest.importorskip("numba_cuda")

from numba import config, cuda

from spinemodel.anatomy.surface import Surface
from spinemodel.volume import _distance_cpu, distance_transform
from spinemodel.volume._triangle_frames import frames
from spinemodel.volume.distance import mask_distance
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from tests.shapes import box, sphere

if not cuda.is_available():
    pytest.skip("neither a GPU nor numba's simulator", allow_module_level=True)

from spinemodel.volume import _distance_cuda

LAST_BIT = 0 if config.ENABLE_CUDASIM else 2e-7
"""A real device fuses multiplications with additions; the simulator does the CPU's arithmetic to the last bit."""


def both(surface, grid, band):
    """Rows of the triangles, and what each processor finds in the band."""
    inverse = np.linalg.inv(grid.affine)
    rows = frames(surface.vertices, surface.faces, grid.affine, inverse, band)
    gram = inverse[:3, :3] @ inverse[:3, :3].T
    return rows, *(m.nearest_in_band(rows, gram, band, grid.shape) for m in (_distance_cpu, _distance_cuda))


def oblique(shape, steps):
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, -1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(steps)
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2 + [0.03, 0.01, -0.02]
    return Grid(shape, affine, "test")


@pytest.mark.parametrize("body", [sphere(1.0, rows=5), box((-0.7, -0.6, -0.5), 1.3)], ids=["sphere", "box"])
def test_band_is_that_of_the_cpu(body):
    grid = oblique((8, 9, 7), (0.4, 0.35, 0.5))
    rows, (best, face), (best_too, face_too) = both(body, grid, 0.6)
    np.testing.assert_allclose(best_too, best, rtol=LAST_BIT)
    assert (face >= 0).any()
    assert (face == -1).any()
    if not LAST_BIT:
        np.testing.assert_array_equal(face_too, face)
    face[face < 0] = 0
    _distance_cpu.measure(rows, face, best)
    _distance_cuda.measure(rows, face, best_too)
    np.testing.assert_allclose(best_too, best, rtol=LAST_BIT)


def test_of_triangles_as_near_the_first_counts():
    twice = box((-0.5, -0.5, -0.5), 1.0)
    twice = Surface("twice", "test", twice.vertices, np.vstack([twice.faces, twice.faces]))
    _, (_, face), (_, face_too) = both(twice, oblique((5, 5, 5), (0.4, 0.4, 0.4)), 0.7)
    assert face.max() < 12
    assert face_too.max() < 12


@pytest.mark.parametrize("shape", [(3, 5, 4), (1, 6, 2)])
def test_distance_transform_is_that_of_the_cpu(shape):
    rng = np.random.default_rng(2)
    label = np.where(rng.random(shape) < 0.15, rng.integers(0, 99, shape), -1).astype(np.int32)
    label.flat[1] = 5
    too = label.copy()
    squared = distance_transform.spread(label, oblique(shape, (0.5, 1.0, 0.25)), device="cpu")
    squared_too = distance_transform.spread(too, oblique(shape, (0.5, 1.0, 0.25)), device="cuda")
    np.testing.assert_allclose(squared_too, squared, rtol=LAST_BIT)
    np.testing.assert_array_equal(too, label)  # Spacings are powers of two: nothing is rounded.


def test_a_few_threads_take_many_lines(monkeypatch):
    monkeypatch.setattr(_distance_cuda, "LINES", 4)
    label = np.full((3, 3, 3), -1, dtype=np.int32)
    label[1, 1, 1] = 0
    squared = distance_transform.spread(label, Grid((3, 3, 3), np.eye(4), "test"), device="cuda")
    assert sorted(squared.reshape(-1).tolist()) == [0.0] + [1.0] * 6 + [2.0] * 12 + [3.0] * 8


def test_mask_distance_is_that_of_the_cpu():
    values = np.zeros((5, 5, 5), dtype=np.uint16)
    values[1:4, 2:4, 2:3] = 1
    volume = LabelVolume(Grid(values.shape, np.eye(4), "test"), values, {})
    here, there = (mask_distance(volume, 1, device=device, band_mm=1.0).values for device in ("cpu", "cuda"))
    np.testing.assert_allclose(there, here, rtol=LAST_BIT)
