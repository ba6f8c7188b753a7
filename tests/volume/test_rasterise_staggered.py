"""Samples elsewhere in their voxels than in the middle: against places that are known to lie inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.volume import _device
from spinemodel.volume.grid import Grid
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.samples import Samples
from spinemodel.volume.spans import to_volume
from tests.shapes import box, sphere

GRID = Grid((13, 11, 9), np.array([[0.5, 0, 0, -3], [0, 0.5, 0, -2.7], [0, 0, 0.5, -2.1], [0, 0, 0, 1]]), "test")


def samples(side: int, seed: int, phase: int) -> Samples:
    """Anywhere in their voxels, of a column above one another."""
    aside = np.random.default_rng(seed).integers(-32767, 32768, (side,) * 3 + (3,))
    aside[..., :2] = aside[:, :, :1, :2]
    return Samples(aside, phase)


def places(given: Samples) -> np.ndarray:
    """Where samples lie, (nx, ny, nz, 3) mm."""
    voxel = np.moveaxis(np.indices(GRID.shape), 0, -1)
    aside = given.aside[tuple(np.moveaxis((voxel + given.phase) % len(given.aside), -1, 0))] / 65536
    return (voxel + aside) * 0.5 + GRID.affine[:3, 3]


@given(st.integers(1, 5), st.integers(0, 10**6), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_a_voxel_is_inside_where_its_sample_is(side: int, seed: int, phase: int) -> None:
    given = samples(side, seed, phase % side)
    at = places(given)
    radius = np.linalg.norm(at, axis=-1)
    inside, sure = to_volume(rasterise(sphere(1.7), GRID, samples=given)).values > 0, np.abs(radius - 1.7) > 0.01
    assert np.array_equal(inside[sure], (radius < 1.7)[sure])
    low, high = (-1.31, -0.93, -0.77), (1.12, 1.5, 1.66)
    within = ((at > low) & (at < high)).all(axis=-1)
    assert np.array_equal(to_volume(rasterise(box(low, 2.43), GRID, samples=given)).values > 0, within)


@pytest.mark.parametrize("side", [1, 2, 4])
def test_samples_in_the_middle_give_the_same_runs_as_none(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    middle = Samples(np.zeros((side,) * 3 + (3,), dtype=np.int64), 0)
    assert middle.is_middle
    # By the loop for samples that are anywhere, which else is not asked for these.
    monkeypatch.setattr(Samples, "is_middle", False)
    shapes = [sphere(1.7), box((-1.0, -0.7, -0.6), 1.5)]
    one, two = (rasterise(shapes, GRID, samples=each, device="cpu") for each in (None, middle))
    for name in ("start", "stop", "label"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize(
    ("aside", "phase", "wrong"),
    [
        (np.zeros((2, 2, 3)), 0, r"shape \(2, 2, 3\)"),
        (np.zeros((2, 2, 1, 3)), 0, r"shape \(2, 2, 1, 3\)"),
        (np.zeros((0, 0, 0, 3)), 0, "shape"),
        (np.full((2, 2, 2, 3), 0.5), 0, "whole numbers"),
        (np.full((2, 2, 2, 3), np.nan), 0, "whole numbers"),
        (np.full((2, 2, 2, 3), "1"), 0, "expected whole numbers"),
        (np.full((2, 2, 2, 3), -(1 << 15), np.int16), 0, "less than 32768"),
        (np.full((2, 2, 2, 3), 1 << 15), 0, "less than 32768"),
        (np.full((2, 2, 2, 3), -(1 << 15)), 0, "less than 32768"),
        (np.arange(24).reshape(2, 2, 2, 3), 0, "along a column"),
        (np.zeros((2, 2, 2, 3)), 2, "phase 2, expected a whole number from 0 to 1"),
        (np.zeros((2, 2, 2, 3)), -1, "phase -1"),
        (np.zeros((2, 2, 2, 3)), 0.5, "phase 0.5"),
    ],
)
def test_what_is_no_pattern_is_refused_in_one_line(aside: np.ndarray, phase: int, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong) as caught:
        Samples(aside, phase)
    assert "\n" not in str(caught.value)


def test_samples_are_kept_from_changes() -> None:
    given = np.zeros((2, 2, 2, 3), dtype=np.int64)
    kept = Samples(given, 0)
    given[:] = 7
    assert kept.is_middle
    with pytest.raises(ValueError, match="read-only"):
        kept.aside[:] = 7


def test_cuda_is_refused_for_samples_aside_and_auto_takes_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    given = samples(2, 3, 0)
    with pytest.raises(BackendUnavailableError, match="device cuda and samples"):
        rasterise(sphere(), GRID, samples=given, device="cuda")
    with pytest.raises(InputError, match="expected auto, cpu or cuda"):
        rasterise(sphere(), GRID, samples=given, device="gpu")  # type: ignore[arg-type]
    on_cpu = rasterise(sphere(), GRID, samples=given, device="cpu")
    monkeypatch.setattr(_device, "_lack", lambda: "")
    monkeypatch.setattr(_device, "_is_simulated", lambda: False)  # as with a GPU
    assert np.array_equal(rasterise(sphere(), GRID, samples=given).start, on_cpu.start)


def test_solids_that_share_faces_share_no_sample_and_leave_none_out() -> None:
    given = samples(3, 7, 1)
    parts = [box((x, y, z), 1.25) for x in (-1.25, 0) for y in (-1.25, 0) for z in (-1.25, 0)]
    taken = sum((to_volume(rasterise(part, GRID, samples=given)).values > 0).astype(int) for part in parts)
    whole = to_volume(rasterise(box((-1.25, -1.25, -1.25), 2.5), GRID, samples=given)).values > 0
    assert np.array_equal(taken, whole.astype(int))
